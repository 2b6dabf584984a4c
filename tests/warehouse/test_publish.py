"""What BI users rely on in a published schema, against a real PostgreSQL that these tests start."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dagster_project.errors import ExitCode, KhoError, LockedError, UsageError
from dagster_project.ledger.store import list_acts, open_ledger
from dagster_project.paths import DataFolder, Project
from dagster_project.settings import read_settings
from dagster_project.warehouse.keys import Key, read_keys
from dagster_project.warehouse.releases import Manifest, make_release, read_manifest
from tests.benchmarks.publish import (
    Expected,
    kill_publisher,
    make_two_releases,
    make_view,
    put,
    reading,
    state,
)
from tests.command import kho_inside
from tests.warehouse.tiny import make_build

SECRET = "mat-khau-rat-dai"  # noqa: S105  # a made-up password that must not be repeated
_NUMBERS = count()


@pytest.fixture
def address(postgres: str) -> str:
    """A database of its own."""
    database = f"bao_cao_{next(_NUMBERS)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    return make_conninfo(postgres, dbname=database)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataFolder, list[Manifest], Expected]:
    return make_two_releases(tmp_path_factory.mktemp("office"), 4_000)


def released(root: Path, statements: str, **more: Any) -> tuple[DataFolder, Manifest]:
    """One more release of a data folder."""
    folder = DataFolder(root)
    folder.make()
    make_build(folder, statements)
    told = {"inputs_hash": "i", "catalogue_hash": "c", "code_version": "v", "is_sample": False, **more}
    made = make_release(folder, created_at=datetime(2026, 4, 11, tzinfo=UTC), keep=9, **told)
    return folder, read_manifest(folder, made.release_id)


def keyed(**columns: str) -> Mapping[str, Key]:
    return {table: Key((column,), frozenset({column})) for table, column in columns.items()}


def asked(address: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute(query.encode()).fetchall()


def test_readers_meet_one_release_or_the_other_and_their_view_stays(
    two: tuple[DataFolder, list[Manifest], Expected], address: str
) -> None:
    folder, (first, second), expected = two
    put(folder, first, address)
    make_view(address)
    with reading(address, expected, 2) as readers:
        for manifest in (second, first, second):
            before = readers.reads
            assert put(folder, manifest, address).changed
            while readers.reads < before + 10 and not readers.errors:
                pass
    assert readers.errors == []
    assert readers.mixed == []
    assert readers.seen == {first.release_id, second.release_id}
    assert asked(address, "select count(*) from bi.figures") == [(expected[second.release_id][0],)]


def test_a_publisher_killed_half_way_leaves_the_release_of_before(
    two: tuple[DataFolder, list[Manifest], Expected], address: str
) -> None:
    folder, (first, second), expected = two
    put(folder, first, address)
    assert kill_publisher(folder, second.release_id, address, table="fct_reported_value") < 0
    assert state(address) == (first.release_id, *expected[first.release_id])
    put(folder, second, address)
    assert state(address) == (second.release_id, *expected[second.release_id])


def test_a_server_that_ends_the_connection_is_told_and_nothing_changed(
    two: tuple[DataFolder, list[Manifest], Expected], address: str
) -> None:
    folder, (first, second), expected = two
    put(folder, first, address)

    def cut(_: str) -> None:
        asked(
            address,
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kho publish'",
        )

    with pytest.raises(KhoError) as caught:
        put(folder, second, address, on_table=cut)
    assert caught.value.code == "publish.lost"
    assert state(address) == (first.release_id, *expected[first.release_id])


def test_the_same_release_again_writes_nothing(
    two: tuple[DataFolder, list[Manifest], Expected], address: str
) -> None:
    folder, (first, _), _ = two
    written = """
        select xmin::text, ctid::text from marts.fct_indicator
        union all select xmin::text, ctid::text from marts.kho_release
        union all select xmin::text, ctid::text from marts.kho_table
        union all select xmin::text, ctid::text from pg_catalog.pg_description
    """
    assert put(folder, first, address).changed
    before = sorted(asked(address, written))
    for all_rows in (False, True):
        again = put(folder, first, address, all_rows=all_rows)
        assert (again.changed, again.tables) == (False, [])
        assert sorted(asked(address, written)) == before


def test_a_small_change_touches_the_rows_that_changed(tmp_path: Path, address: str) -> None:
    table = "create table marts.fct_a as select i::varchar as k, {value} as v from range({rows}) t(i)"
    keys = keyed(fct_a="k")
    folder, first = released(tmp_path, table.format(value="0", rows=100))
    put(folder, first, address, keys=keys)
    folder, second = released(tmp_path, table.format(value="(i = 7)::integer", rows=99))
    (done,) = put(folder, second, address, keys=keys).tables
    assert (done.rows, done.removed, done.added) == (99, 2, 1)


def test_figures_and_texts_arrive_exactly(tmp_path: Path, address: str) -> None:
    folder, manifest = released(
        tmp_path,
        r"""
        create table marts.fct_a (
            k varchar, t varchar, n bigint, d double, m decimal(38, 10), b boolean, day date, moment timestamptz
        );
        insert into marts.fct_a values
            ('1', '', 9007199254740993, 0.1, 12345678901234567890.0123456789, true, '2026-04-10',
             '2026-04-10 09:00:00.123456+07'),
            ('2', 'Ô "F12", \N' || chr(10) || 'dòng; hai', -1, 1e-300, -0.0000000001, false, '0001-01-01',
             '1900-01-01 00:00:00+00'),
            ('3', null, null, 'nan', null, null, null, null),
            ('4', '\.', 0, '-inf', 0, null, null, null),
            ('5', 'a' || chr(0) || 'b', 0, 5e-324, 0, null, null, null);
        """,
    )
    put(folder, manifest, address, keys=keyed(fct_a="k"))
    found = asked(address, "select * from marts.fct_a order by k")
    assert found[0] == (
        "1",
        "",
        9007199254740993,
        0.1,
        Decimal("12345678901234567890.0123456789"),
        True,
        date(2026, 4, 10),
        datetime(2026, 4, 10, 2, 0, 0, 123456, tzinfo=UTC),
    )
    assert found[1] == (
        "2",
        'Ô "F12", \\N\ndòng; hai',
        -1,
        1e-300,
        Decimal("-0.0000000001"),
        False,
        date(1, 1, 1),
        datetime(1900, 1, 1, tzinfo=UTC),
    )
    assert found[2][1:3] == (None, None)
    assert math.isnan(found[2][3])
    assert found[3][1:4] == ("\\.", 0, -math.inf)
    assert found[4][1:4] == ("a␀b", 0, 5e-324)


def test_keys_comments_and_the_release_stand_in_the_schema(tmp_path: Path, address: str) -> None:
    folder, manifest = released(
        tmp_path,
        """
        create table marts.dim_area as select '03390' as area_key;
        comment on table marts.dim_area is 'Địa bàn. — Areas.';
        comment on column marts.dim_area.area_key is 'Khóa. — Key.';
        create table marts.fct_rate as select * from (values ('R', null), ('R', 'A')) t(round_code, area_code);
        """,
    )
    keys = {
        **keyed(dim_area="area_key"),
        "fct_rate": Key(("round_code", "area_code"), frozenset({"round_code"})),
    }
    put(folder, manifest, address, keys=keys)
    assert asked(
        address,
        "select obj_description('marts.dim_area'::regclass), col_description('marts.dim_area'::regclass, 1)",
    ) == [("Địa bàn. — Areas.", "Khóa. — Key.")]
    assert asked(
        address,
        "select conname, pg_get_constraintdef(oid) from pg_constraint where contype in ('p', 'u') "
        "and connamespace = 'marts'::regnamespace and conname not like 'kho%' order by 1",
    ) == [
        ("dim_area_key", "PRIMARY KEY (area_key)"),
        ("fct_rate_key", "UNIQUE NULLS NOT DISTINCT (round_code, area_code)"),
    ]
    (row,) = asked(address, "select release_id, content_hash, is_sample, area_code from marts.kho_release")
    assert row == (manifest.release_id, manifest.content_hash, False, "03390")
    assert asked(address, "select table_name, rows, sha256 from marts.kho_table order by 1") == [
        (table, manifest.rows[table], manifest.mart_hashes[table]) for table in ("dim_area", "fct_rate")
    ]


def test_every_mart_has_a_key_that_dbt_proves() -> None:
    described = {
        name.stem for name in (Project().dbt / "models" / "marts").iterdir() if name.suffix in {".sql", ".py"}
    }
    assert set(read_keys(Project())) == described


def test_the_reader_may_read_and_nothing_else(
    two: tuple[DataFolder, list[Manifest], Expected], address: str
) -> None:
    folder, (first, _), expected = two
    put(folder, first, address)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("set role kho_reader")
        (rows,) = connection.execute("select count(*) from marts.fct_indicator").fetchone() or (0,)
        assert rows == expected[first.release_id][0]
        for statement in (
            "delete from marts.fct_indicator",
            "insert into marts.kho_release select * from marts.kho_release",
            "create table marts.mine (a int)",
            "drop table marts.fct_indicator",
            "copy marts.fct_indicator to '/tmp/out.csv'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_an_account_of_its_own_needs_no_more_than_to_create(tmp_path: Path, address: str) -> None:
    """What docs/sql.md tells an administrator to do is enough, and less is told."""
    folder, manifest = released(tmp_path, "create table marts.fct_a as select '1' as k")
    own = make_conninfo(address, user="kho")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("drop role if exists kho")
        connection.execute("create role kho login")
        with pytest.raises(UsageError) as caught:
            put(folder, manifest, own, keys=keyed(fct_a="k"))
        assert caught.value.code == "publish.no_right"
        (database,) = connection.execute("select quote_ident(current_database())").fetchone() or ("",)
        connection.execute(f"grant create on database {database} to kho".encode())
        if not connection.execute("select 1 from pg_roles where rolname = 'kho_reader'").fetchone():
            connection.execute("create role kho_reader nologin")
    assert put(folder, manifest, own, keys=keyed(fct_a="k")).changed
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute("drop owned by kho cascade")


def test_a_new_version_adds_columns_and_empties_what_it_has_no_more(tmp_path: Path, address: str) -> None:
    keys = keyed(fct_a="k", fct_b="k")
    folder, first = released(
        tmp_path,
        "create table marts.fct_a as select '1' as k, 'x' as old; create table marts.fct_b as select '1' as k",
    )
    put(folder, first, address, keys=keys)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("create view public.mine as select a.old, b.k from marts.fct_a a, marts.fct_b b")
    folder, second = released(
        tmp_path, "create table marts.fct_a as select '1' as id, 5.5::double as new", code_version="w"
    )
    put(folder, second, address, keys=keyed(fct_a="id"))
    assert asked(address, "select k, old, id, new from marts.fct_a") == [(None, None, "1", 5.5)]
    assert asked(address, "select * from public.mine") == []
    put(folder, first, address, keys=keys)
    assert asked(address, "select * from public.mine") == [("x", "1")]


def test_what_is_not_ours_is_left_alone(tmp_path: Path, address: str) -> None:
    keys = keyed(fct_a="k")
    folder, manifest = released(tmp_path / "a", "create table marts.fct_a as select '1' as k, 5 as v")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.fct_a (k text)")
        with pytest.raises(UsageError) as caught:
            put(folder, manifest, address, keys=keys)
        assert caught.value.code == "publish.foreign_table"
        connection.execute("drop table marts.fct_a")
        put(folder, manifest, address, keys=keys)
        sample, other = released(
            tmp_path / "b", "create table marts.fct_a as select '2' as k", is_sample=True
        )
        with pytest.raises(UsageError) as caught:
            put(sample, other, address, keys=keys)
        assert caught.value.code == "publish.other_office"
        folder, changed = released(tmp_path / "a", "create table marts.fct_a as select '1' as k, 'x' as v")
        with pytest.raises(UsageError) as caught:
            put(folder, changed, address, keys=keys)
        assert "fct_a.v (bigint → text)" in caught.value.text("vi")
        connection.execute("select pg_advisory_lock(hashtextextended('kho publish marts', 0))")
        with pytest.raises(LockedError):
            put(folder, manifest, address, keys=keys)
    assert asked(address, "select k, v from marts.fct_a") == [("1", 5)]


def test_a_damaged_release_is_not_published(tmp_path: Path, address: str) -> None:
    folder, manifest = released(tmp_path, "create table marts.fct_a as select '1' as k")
    with pytest.raises(KhoError) as caught:
        put(folder, replace(manifest, sha256="0" * 64), address)
    assert caught.value.code == "releases.damaged"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (f"postgresql://kho:{SECRET}@127.0.0.1:1/kho", ExitCode.FAILED),
        (f"postgresql+psycopg://kho:{SECRET}@127.0.0.1:1/kho", ExitCode.FAILED),
        (f"mysql://kho:{SECRET}@127.0.0.1/kho", ExitCode.WRONG_USAGE),
        (SECRET, ExitCode.WRONG_USAGE),
        (None, ExitCode.WRONG_USAGE),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(
    told: str | None, code: ExitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(tmp_path, "create table marts.fct_a as select '1' as k")
    if told:
        monkeypatch.setenv("KHO_POSTGRES_URL", told)
    printed = kho_inside(tmp_path, "publish", "postgres")
    assert printed.code == code
    assert printed.err
    assert SECRET not in printed.out + printed.err
    assert SECRET not in repr(read_settings(tmp_path))


def test_the_command_says_what_it_did(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, manifest = released(tmp_path, "create table marts.dim_area as select '1' as area_key")
    monkeypatch.setenv("KHO_POSTGRES_URL", address)
    told = kho_inside(tmp_path, "publish", "postgres", "--json").json
    assert told == {
        "release_id": manifest.release_id,
        "changed": True,
        "tables": [{"table": "dim_area", "rows": 1, "removed": 0, "added": 1}],
    }
    printed = kho_inside(tmp_path, "publish", "postgres")
    assert (printed.code, manifest.release_id in printed.out) == (0, True)
    acts = [(act["act"], act["subject"], act["detail"]) for act in list_acts(open_ledger(folder.ledger_file))]
    assert acts == [("publish.postgres", manifest.release_id, "marts")]
