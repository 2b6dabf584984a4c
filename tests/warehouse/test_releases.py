"""What readers rely on: a release is whole, equal content is one release, a crash leaves the old or the new one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from tiny import make_build

from dagster_project import durable
from dagster_project.errors import KhoError
from dagster_project.paths import DataFolder
from dagster_project.warehouse import marts
from dagster_project.warehouse.releases import (
    Release,
    current_manifest,
    current_release,
    list_releases,
    make_release,
)

ROWS = """
    create table marts.dim_area as select * from (values ('03390', 'Xã Bình Lư'), ('12', 'Lai Châu'))
        t(area_code, name_vi);
    create table marts.fct_indicator as
    select md5(i::varchar) as indicator_value_key, '03390' as area_code, i / 7.0::double as value
    from range(1000) t(i)
"""


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "office")
    made.make()
    return made


def release(folder: DataFolder, inputs: str = "1", *, keep: int = 10, is_sample: bool = False) -> Release:
    return make_release(
        folder,
        inputs_hash=inputs,
        catalogue_hash="c",
        code_version="v",
        is_sample=is_sample,
        created_at=datetime(2026, 4, 11, 8, 0, tzinfo=UTC),
        keep=keep,
    )


def content_of(folder: DataFolder, table: str) -> str:
    """The content hash of a build that holds one table."""
    make_build(folder, f"create table marts.fct_a as {table}")
    return release(folder).content_hash


def test_a_release_holds_the_marts_and_only_them(folder: DataFolder) -> None:
    make_build(
        folder,
        ROWS + "; create table staging.stg_a as select 1 as a; comment on table marts.dim_area is 'Địa bàn'; "
        "comment on column marts.dim_area.area_code is 'Mã'",
    )
    made = release(folder)
    assert made.release_id == f"R0001-{made.content_hash[:8]}"
    with duckdb.connect(str(folder.release(made.release_id) / "kho.duckdb"), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        words = connection.execute(
            "select comment from duckdb_tables() where comment is not null "
            "union all select comment from duckdb_columns() where comment is not null and schema_name = 'marts'"
        ).fetchall()
        storage = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where path is not null"
        ).fetchone()
    assert sorted(tables) == [("marts", "dim_area"), ("marts", "fct_indicator")]
    assert words == [("Địa bàn",), ("Mã",)]
    assert storage is not None
    assert storage[0].startswith("v1.0")


def test_the_manifest_tells_what_the_release_is_and_was_made_from(folder: DataFolder) -> None:
    make_build(folder, ROWS)
    made = release(folder, "inputs", is_sample=True)
    manifest = current_manifest(folder)
    assert manifest is not None
    file = folder.release(made.release_id) / "kho.duckdb"
    assert manifest.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert manifest.rows == {"dim_area": 2, "fct_indicator": 1000}
    assert (manifest.inputs_hash, manifest.is_sample) == ("inputs", True)
    assert manifest.created_at == "2026-04-11T08:00:00+00:00"
    assert json.loads(json.dumps(manifest.as_json()))["release_id"] == made.release_id


def test_a_mart_may_have_columns_of_any_name(folder: DataFolder) -> None:
    make_build(
        folder, "create table marts.fct_a as select i % 3 as part, i as rows, i as table from range(10) t(i)"
    )
    release(folder)
    manifest = current_manifest(folder)
    assert manifest is not None
    assert manifest.rows == {"fct_a": 10}


def test_equal_content_is_no_new_release_but_the_inputs_are_learned(folder: DataFolder) -> None:
    make_build(folder, ROWS)
    first = release(folder, "1")
    again = release(folder, "2")
    assert (again.release_id, again.changed) == (first.release_id, False)
    manifest = current_manifest(folder)
    assert manifest is not None
    assert manifest.inputs_hash == "2"
    assert len(list_releases(folder)) == 1


def test_equal_content_gives_equal_files(folder: DataFolder, tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "other")
    make_build(folder, ROWS)
    make_build(other, ROWS.replace("range(1000) t(i)", "range(1000) t(i) order by -i"))
    files = [
        each.release(release(each).release_id).joinpath("kho.duckdb").read_bytes() for each in (folder, other)
    ]
    assert files[0] == files[1]


def test_content_does_not_hang_on_the_order_of_rows_or_on_noise_below_twelve_digits(
    folder: DataFolder,
) -> None:
    plain = content_of(folder, "select i as k, 0.3::double as v, 0.0::double as z from range(5000) t(i)")
    other = content_of(
        folder,
        "select i as k, 0.1::double + 0.2::double as v, -0.0::double as z from range(5000) t(i) order by -i",
    )
    assert plain == other


def test_content_does_not_hang_on_how_many_rows_are_read_at_once(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = """
        select 'R' || i % 3 as round_code, md5(i::varchar) as k, case when i % 7 > 0 then i / 7 end as v
        from range(10_000) t(i)
    """
    at_once = content_of(folder, table)
    monkeypatch.setattr("dagster_project.warehouse.marts._ROWS_OF_A_GROUP", 2048)
    (folder.build / "contents.json").unlink(missing_ok=True)
    assert content_of(folder, table) == at_once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select null::varchar as a", "select '' as a"),
        ("select null::varchar as a", "select '-' as a"),
        ("select 'a' as a, 'bc' as b", "select 'ab' as a, 'c' as b"),
        ("select null::varchar as a, 'x' as b", "select 'x' as a, null::varchar as b"),
        ("select unnest(['a', 'bc']) as a", "select unnest(['ab', 'c']) as a"),
        ("select unnest([null, 'a']) as a", "select unnest(['', 'a']) as a"),
        ("select '1' as a", "select 1 as a"),
        ("select 1 as a", "select 1 as b"),
        ("select 1 as a", "select 1 as a from range(2)"),
        ("select 0.30000000000::double as a", "select 0.30000000001::double as a"),
        (
            "select timestamptz '2026-01-01 00:00:00+00' as a",
            "select timestamptz '2026-01-01 00:00:00+07' as a",
        ),
    ],
)
def test_content_differs_where_a_reader_would_see_a_difference(
    folder: DataFolder, one: str, other: str
) -> None:
    assert content_of(folder, one) != content_of(folder, other)


def test_the_last_releases_are_kept_and_the_newest_comes_first(folder: DataFolder) -> None:
    made = []
    for number in range(4):
        make_build(folder, f"create table marts.fct_a as select {number} as a")
        made.append(release(folder, str(number), keep=2).release_id)
    assert [manifest.release_id for manifest in list_releases(folder)] == [made[3], made[2]]
    assert current_release(folder) == made[3]
    assert [name[:5] for name in made] == ["R0001", "R0002", "R0003", "R0004"]


def test_the_current_release_is_never_dropped(folder: DataFolder) -> None:
    for number in range(3):
        make_build(folder, f"create table marts.fct_a as select {number} as a")
        release(folder, str(number))
    oldest = list_releases(folder)[-1]
    durable.write_text(folder.current_release, oldest.release_id)
    make_build(folder, "create table marts.fct_a as select 0 as a")
    assert release(folder, "back", keep=1) == Release(oldest.release_id, False, oldest.content_hash)
    assert current_release(folder) == oldest.release_id


def test_what_a_crash_left_is_passed_over_and_its_number_is_not_used_again(folder: DataFolder) -> None:
    for name, manifest in (
        ("R0007-00000000", None),
        ("R0008-00000000", "{"),
        ("R0009-00000000", '{"release_id": 1}'),
    ):
        (folder.releases / name).mkdir()
        (folder.releases / name / "kho.duckdb").write_bytes(b"half")
        if manifest:
            (folder.releases / name / "manifest.json").write_text(manifest)
    folder.current_release.write_text("R0009-00000000\n")
    assert list_releases(folder) == []
    assert current_release(folder) is None
    make_build(folder, ROWS)
    assert release(folder).release_id.startswith("R0010-")


def test_a_pointer_that_leads_elsewhere_is_no_release(folder: DataFolder) -> None:
    for pointer in ("", "../outside", "R0001-0123456789", "R0001-01234567"):
        folder.current_release.write_text(pointer)
        assert current_release(folder) is None


def test_a_damaged_release_is_made_anew(folder: DataFolder) -> None:
    make_build(folder, ROWS)
    first = release(folder)
    with (folder.release(first.release_id) / "kho.duckdb").open("r+b") as stream:
        stream.truncate(100)
    second = release(folder)
    assert (second.changed, second.content_hash) == (True, first.content_hash)
    assert second.release_id.startswith("R0002-")


def test_a_build_without_marts_is_not_published(folder: DataFolder) -> None:
    with pytest.raises(KhoError):
        release(folder)
    make_build(folder, "select 1")
    with pytest.raises(KhoError):
        release(folder)
    assert current_release(folder) is None


#: On copies of one folder, makes a release in processes of which the n-th dies, without any clean-up, right before
#: its n-th step on the disk; ends with the first that lives.
DYING = """
import os, shutil, sys
from datetime import datetime, UTC
from pathlib import Path
from dagster_project.paths import DataFolder
from dagster_project.warehouse import releases

def dying(step):
    def told(*arguments, **options):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        return step(*arguments, **options)
    return told

def release(root):
    os.fsync, os.unlink, shutil.rmtree = dying(os.fsync), dying(os.unlink), dying(shutil.rmtree)
    Path.rename, Path.replace, Path.mkdir = dying(Path.rename), dying(Path.replace), dying(Path.mkdir)
    releases.marts.copy = dying(releases.marts.copy)
    releases.make_release(
        DataFolder(root), inputs_hash="2", catalogue_hash="c", code_version="v", is_sample=False,
        created_at=datetime(2026, 4, 12, tzinfo=UTC), keep=1)
    os._exit(0)

for steps in range(1000):
    left = steps
    copied = shutil.copytree(sys.argv[1], Path(sys.argv[2]) / str(steps))
    child = os.fork()
    if child == 0:
        release(copied)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 9:
        break
assert code == 0
print(steps)
"""


@pytest.mark.parametrize(
    "fault",
    [
        "delete from release.marts.fct_a where a = 2",
        "update release.marts.fct_a set b = 'y' where a = 1",
        "insert into release.marts.fct_a values (2, null)",
        "update release.marts.fct_a set b = case a when 1 then null else 'x' end",
    ],
)
def test_a_copy_that_is_not_what_was_built_is_no_release(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    make_build(folder, "create table marts.fct_a as from (values (1, 'x'), (2, null)) as t (a, b)")
    old = release(folder)
    make_build(folder, "create table marts.fct_a as from (values (1, 'x'), (2, null), (3, 'z')) as t (a, b)")
    copy = marts.copy

    def copy_badly(connection: duckdb.DuckDBPyConnection, mart: marts.Mart, source: str, target: str) -> None:
        copy(connection, mart, source, target)
        connection.execute(fault)

    monkeypatch.setattr(marts, "copy", copy_badly)
    with pytest.raises(KhoError) as told:
        release(folder, "2")
    assert told.value.code == "warehouse.copy_differs"
    assert current_release(folder) == old.release_id


def test_a_crash_at_any_step_leaves_the_old_release_or_the_new_one(
    folder: DataFolder, tmp_path: Path
) -> None:
    make_build(folder, "create table marts.fct_a as select 1 as a")
    old = release(folder, keep=1)
    make_build(folder, "create table marts.fct_a as select 2 as a")
    told = [sys.executable, "-c", DYING, str(folder.root), str(tmp_path)]
    printed = subprocess.run(told, check=True, capture_output=True, text=True).stdout
    seen = []
    for step in range(int(printed) + 1):
        crashed = DataFolder(tmp_path / str(step))
        manifest = current_manifest(crashed)
        assert manifest is not None
        file = crashed.release(manifest.release_id) / "kho.duckdb"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == manifest.sha256
        assert (manifest.release_id == old.release_id) == (manifest.content_hash == old.content_hash)
        seen.append(manifest.release_id)
        durable.sweep(crashed.releases)
        new = release(crashed, "2", keep=1)
        assert new.content_hash != old.content_hash
        assert {path.name for path in crashed.releases.iterdir()} == {"CURRENT", new.release_id}
    turn = seen.index(seen[-1])
    assert 5 < turn < len(seen) - 1
    assert set(seen[:turn]) == {old.release_id}
    assert set(seen[turn:]) == {seen[-1]}


ROUNDS = "create table marts.fct_a as from (values {}) as t (round_code, area_code, a)"


@pytest.fixture
def go_on(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Release]:
    """Makes a large release of a build by these models; figures by the year of a round, or one for each area of it."""
    monkeypatch.setattr("dagster_project.warehouse.releases._WRITTEN_WHOLE", 0)

    def made(models: str = "m", **years: float | dict[str, float]) -> Release:
        rows = ", ".join(
            f"('T-{year[1:]}', '{area}', {figure}::double)"
            for year, figures in years.items()
            for area, figure in (figures if isinstance(figures, dict) else {"03390": figures}).items()
        )
        make_build(folder, ROUNDS.format(rows))
        monkeypatch.setattr("dagster_project.warehouse.contents.read_built", lambda _: models)
        return release(folder)

    return made


def held(folder: DataFolder, made: Release) -> dict[str, float]:
    """The figures of the first area, by round."""
    with duckdb.connect(str(folder.release(made.release_id) / "kho.duckdb"), read_only=True) as connection:
        rows = connection.execute("select round_code, a from marts.fct_a where area_code = '03390'")
        return dict(rows.fetchall())


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What releases write: a mart that is written whole, or its parts."""
    told: list[str] = []
    copy, replace = marts.copy, marts.replace

    def listen(connection: duckdb.DuckDBPyConnection, mart: marts.Mart, source: str, target: str) -> None:
        told.append(mart.name)
        copy(connection, mart, source, target)

    def listen_to_parts(
        connection: duckdb.DuckDBPyConnection,
        mart: marts.Mart,
        parts: Collection[str],
        source: str,
        target: str,
    ) -> None:
        told.extend(sorted(parts))
        replace(connection, mart, parts, source, target)

    monkeypatch.setattr(marts, "copy", listen)
    monkeypatch.setattr(marts, "replace", listen_to_parts)
    return told


def test_a_large_release_begins_as_the_one_before_unless_that_is_damaged(
    folder: DataFolder, go_on: Callable[..., Release], written: list[str]
) -> None:
    first = go_on(y2024=1, y2025=10)
    written.clear()
    second = go_on(y2024=1, y2025=20)
    assert (held(folder, second), written) == ({"T-2024": 1, "T-2025": 20}, ["T-2025"])
    written.clear()
    file = folder.release(second.release_id) / "kho.duckdb"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])
    third = go_on(y2024=1, y2025=30)
    assert (held(folder, third), written) == ({"T-2024": 1, "T-2025": 30}, ["fct_a"])
    assert held(folder, first) == {"T-2024": 1, "T-2025": 10}


def test_of_a_large_round_only_the_areas_that_differ_are_hashed_and_written(
    folder: DataFolder,
    go_on: Callable[..., Release],
    written: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marts, "_ROWS_OF_A_PART", 2)
    go_on(y2024={"03390": 1, "03391": 2, "03491": 3}, y2025=10)
    written.clear()
    hashed: list[str] = []
    hash_parts = marts._hash_parts

    def listen(
        connection: duckdb.DuckDBPyConnection,
        table: str,
        columns: Sequence[marts.Column],
        seen: Mapping[str, marts.Seen],
        parted: Collection[str],
    ) -> Mapping[str, marts.Part]:
        hashed.extend(seen)
        return hash_parts(connection, table, columns, seen, parted)

    monkeypatch.setattr(marts, "_hash_parts", listen)
    second = go_on(y2024={"03390": 1, "03391": 2.5, "03491": 3}, y2025=10)
    assert hashed == written == ["T-2024\x1f91"]
    monkeypatch.setattr("dagster_project.warehouse.contents.read_built", lambda _: None)
    assert release(folder).content_hash == second.content_hash


@pytest.mark.parametrize("bounds", [(0, 9), (9, 0)])
def test_a_round_that_grows_or_shrinks_over_the_bound_takes_the_place_of_its_parts(
    folder: DataFolder,
    go_on: Callable[..., Release],
    written: list[str],
    monkeypatch: pytest.MonkeyPatch,
    bounds: tuple[int, int],
) -> None:
    before, now = bounds
    monkeypatch.setattr(marts, "_ROWS_OF_A_PART", before)
    go_on(y2024={"03390": 1, "03391": 2}, y2025=10)
    monkeypatch.setattr(marts, "_ROWS_OF_A_PART", now)
    written.clear()
    made = go_on(y2024={"03390": 1, "03391": 3}, y2025=10)
    assert held(folder, made) == {"T-2024": 1, "T-2025": 10}
    assert set(written) > {"T-2024", "T-2024\x1f90", "T-2024\x1f91"}
    assert "fct_a" not in written
    monkeypatch.setattr("dagster_project.warehouse.contents.read_built", lambda _: None)
    assert release(folder).content_hash == made.content_hash


def test_a_release_that_goes_on_loses_the_round_that_is_gone(
    folder: DataFolder, go_on: Callable[..., Release], written: list[str]
) -> None:
    go_on(y2024=1, y2025=10)
    written.clear()
    made = go_on(y2024=1, y2026=5)
    assert (held(folder, made), written) == ({"T-2024": 1, "T-2026": 5}, ["T-2025", "T-2026"])


def test_a_part_is_written_again_even_where_only_digits_beyond_the_twelfth_differ(
    folder: DataFolder, go_on: Callable[..., Release], written: list[str]
) -> None:
    go_on(y2024=0.3, y2025=10)
    written.clear()
    second = go_on(y2024=0.1 + 0.2, y2025=20)
    assert held(folder, second) == {"T-2024": 0.1 + 0.2, "T-2025": 20}
    assert written == ["T-2024", "T-2025"]
    assert go_on(y2024=0.3, y2025=20).release_id == second.release_id
    last = go_on(y2024=0.3, y2025=30)
    assert held(folder, last) == {"T-2024": 0.3, "T-2025": 30}


def test_a_build_by_other_models_is_written_whole(
    folder: DataFolder, go_on: Callable[..., Release], written: list[str]
) -> None:
    go_on(y2024=1, y2025=10)
    written.clear()
    assert held(folder, go_on("other", y2024=5, y2025=10)) == {"T-2024": 5, "T-2025": 10}
    assert written == ["fct_a"]
