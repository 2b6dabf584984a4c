"""What readers rely on: a release is whole, equal content is one release, a crash leaves the old or the new one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
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
from dagster_project.warehouse.build import Built
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
    releases.marts.copy, shutil.copyfile = dying(releases.marts.copy), dying(shutil.copyfile)
    releases._WRITTEN_IN_ORDER = int(sys.argv[3])
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


@pytest.mark.parametrize("written_in_order", [2_000_000, 0])
def test_a_crash_at_any_step_leaves_the_old_release_or_the_new_one(
    folder: DataFolder, tmp_path: Path, written_in_order: int
) -> None:
    make_build(folder, "create table marts.fct_a as select 1 as a")
    old = release(folder, keep=1)
    make_build(folder, "create table marts.fct_a as select 2 as a")
    told = [sys.executable, "-c", DYING, str(folder.root), str(tmp_path), str(written_in_order)]
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


FIRST = Built("models", "first", went_on_from=None, reached=None)
ROUNDS = "create table marts.fct_a as from (values {}) as t (round_code, area_code, a)"


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every release counts as a large one."""
    monkeypatch.setattr("dagster_project.warehouse.releases._WRITTEN_IN_ORDER", 0)


@pytest.mark.usefixtures("large")
def test_a_large_release_is_the_build_file_and_has_the_hash_of_a_small_one(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_build(folder, ROWS)
    made = release(folder)
    assert (folder.release(made.release_id) / "kho.duckdb").samefile(folder.build_file)
    monkeypatch.undo()
    folder.current_release.unlink()
    small = release(folder, is_sample=True)
    assert (small.changed, small.content_hash) == (True, made.content_hash)


@pytest.mark.usefixtures("large")
def test_a_large_release_holds_what_a_full_disk_left_beside_the_build_file(folder: DataFolder) -> None:
    make_build(folder, ROWS)
    with duckdb.connect(str(folder.build_file)) as connection:
        connection.execute("pragma disable_checkpoint_on_shutdown; create table marts.fct_b as select 7 as b")
    assert folder.build_file.with_name("kho.duckdb.wal").exists()
    made = release(folder)
    with duckdb.connect(str(folder.release(made.release_id) / "kho.duckdb"), read_only=True) as connection:
        assert connection.execute("select b from marts.fct_b").fetchall() == [(7,)]


@pytest.mark.usefixtures("large")
def test_a_large_copy_that_is_not_the_build_file_is_no_release(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_build(folder, ROWS)
    copy = shutil.copyfile

    def refuse(_source: Path, _target: Path) -> None:
        raise OSError

    def lose_the_end(source: Path, target: Path) -> None:
        copy(source, target)
        os.truncate(target, target.stat().st_size - 1)

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(shutil, "copyfile", lose_the_end)
    with pytest.raises(KhoError) as told:
        release(folder)
    assert told.value.code == "warehouse.copy_differs"
    assert current_release(folder) is None


@pytest.fixture
def go_on(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Release]:
    """Makes a release of a build by these models; figures by the year of a round, or one for each area of it."""

    def made(built: Built = FIRST, **years: float | dict[str, float]) -> Release:
        rows = ", ".join(
            f"('T-{year[1:]}', '{area}', {figure}::double)"
            for year, figures in years.items()
            for area, figure in (figures if isinstance(figures, dict) else {"03390": figures}).items()
        )
        make_build(folder, ROUNDS.format(rows))
        monkeypatch.setattr("dagster_project.warehouse.contents.read_built", lambda _: built)
        return release(folder)

    return made


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that are hashed."""
    told: list[str] = []
    hash_parts = marts._hash_parts

    def listen(
        connection: duckdb.DuckDBPyConnection,
        table: str,
        columns: Sequence[marts.Column],
        seen: Mapping[str, marts.Seen],
        parted: Collection[str],
    ) -> Mapping[str, marts.Part]:
        told.extend(sorted(seen))
        return hash_parts(connection, table, columns, seen, parted)

    monkeypatch.setattr(marts, "_hash_parts", listen)
    return told


def made_anew(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> Release:
    """The release of the same build by someone who kept nothing of the one before."""
    monkeypatch.setattr("dagster_project.warehouse.contents.read_built", lambda _: None)
    return release(folder)


def test_of_a_build_that_goes_on_only_the_rounds_that_differ_are_hashed(
    folder: DataFolder, go_on: Callable[..., Release], hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on(y2023=5, y2024=1, y2025=10)
    hashed.clear()
    made = go_on(y2024=1, y2025=20, y2026=5)
    assert hashed == ["T-2025", "T-2026"]
    assert made_anew(folder, monkeypatch).content_hash == made.content_hash


def test_of_a_large_round_only_the_areas_that_differ_are_hashed(
    folder: DataFolder, go_on: Callable[..., Release], hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marts, "_ROWS_OF_A_PART", 2)
    go_on(y2024={"03390": 1, "03391": 2, "03491": 3}, y2025=10)
    hashed.clear()
    made = go_on(y2024={"03390": 1, "03391": 2.5, "03491": 3}, y2025=10)
    assert hashed == ["T-2024\x1f91"]
    assert made_anew(folder, monkeypatch).content_hash == made.content_hash


@pytest.mark.parametrize("bounds", [(0, 9), (9, 0)])
def test_a_round_that_grows_or_shrinks_over_the_bound_takes_the_place_of_its_parts(
    folder: DataFolder,
    go_on: Callable[..., Release],
    monkeypatch: pytest.MonkeyPatch,
    bounds: tuple[int, int],
) -> None:
    before, now = bounds
    monkeypatch.setattr(marts, "_ROWS_OF_A_PART", before)
    go_on(y2024={"03390": 1, "03391": 2}, y2025=10)
    monkeypatch.setattr(marts, "_ROWS_OF_A_PART", now)
    made = go_on(y2024={"03390": 1, "03391": 3}, y2025=10)
    assert made_anew(folder, monkeypatch).content_hash == made.content_hash


def test_digits_beyond_the_twelfth_are_hashed_again_and_make_no_release(
    go_on: Callable[..., Release], hashed: list[str]
) -> None:
    first = go_on(y2024=0.3, y2025=10)
    hashed.clear()
    second = go_on(y2024=0.1 + 0.2, y2025=10)
    assert (second.release_id, hashed) == (first.release_id, ["T-2024"])


def test_of_a_build_by_other_models_all_is_hashed(go_on: Callable[..., Release], hashed: list[str]) -> None:
    go_on(y2024=1, y2025=10)
    hashed.clear()
    go_on(Built("other", "second", went_on_from=None, reached=None), y2024=5, y2025=10)
    assert hashed == ["T-2024", "T-2025"]


@pytest.mark.parametrize(
    ("scope", "is_seen"),
    [
        ("area", (False, False, True)),
        ("round", (False, True, True)),
        ("series", (True, False, True)),
        ("all", (True, True, True)),
    ],
)
@pytest.mark.usefixtures("large")
def test_where_it_is_told_what_was_made_anew_nothing_else_is_looked_at(
    folder: DataFolder,
    go_on: Callable[..., Release],
    monkeypatch: pytest.MonkeyPatch,
    scope: str,
    is_seen: tuple[bool, bool, bool],
) -> None:
    monkeypatch.setattr(marts, "_ROWS_OF_A_PART", 1)
    go_on(y2024={"03390": 1, "03391": 1}, y2025={"03390": 1, "03391": 1})
    reached = marts.Reached(["T-2025"], ["03390"], {"fct_a": scope})
    second = Built("models", "second", went_on_from="first", reached=reached)
    made = go_on(second, y2024={"03390": 2, "03391": 1}, y2025={"03390": 2, "03391": 2})
    year_before, other_area, told = (2 if seen else 1 for seen in is_seen)
    go_on(y2024={"03390": year_before, "03391": 1}, y2025={"03390": told, "03391": other_area})
    assert made_anew(folder, monkeypatch).content_hash == made.content_hash


def test_where_the_build_before_is_not_the_one_that_was_kept_all_is_looked_at(
    folder: DataFolder, go_on: Callable[..., Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on(y2024=1, y2025=10)
    reached = marts.Reached(["T-2025"], ["03390"], {"fct_a": "area"})
    made = go_on(Built("models", "third", went_on_from="second", reached=reached), y2024=2, y2025=20)
    assert made_anew(folder, monkeypatch).content_hash == made.content_hash


def test_a_round_that_comes_over_the_bound_by_what_was_made_anew_is_looked_at_whole(
    folder: DataFolder, go_on: Callable[..., Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marts, "_ROWS_OF_A_PART", 1)
    go_on(y2025=10)
    reached = marts.Reached(["T-2025"], ["03391"], {"fct_a": "area"})
    second = Built("models", "second", went_on_from="first", reached=reached)
    made = go_on(second, y2025={"03390": 10, "03391": 1})
    assert made_anew(folder, monkeypatch).content_hash == made.content_hash
