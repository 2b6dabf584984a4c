"""`kho publish postgres`: the marts of a release in a PostgreSQL schema that BI tools may build on.

Tables are stable and contents change in one transaction, so a reader sees the old release or the new one and a crash
leaves the old one. Beside the marts stand ``kho_release``, one row that names the release, and ``kho_table``, one row
per mart. How rows get there is ``postgres``.
"""

# ruff: noqa: S608  # names of schemas and tables are quoted, values are parameters

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from dagster_project.errors import KhoError, LockedError, UsageError
from dagster_project.paths import DataFolder
from dagster_project.warehouse import marts, postgres
from dagster_project.warehouse.connection import connect
from dagster_project.warehouse.keys import Key
from dagster_project.warehouse.marts import Mart, name
from dagster_project.warehouse.releases import RELEASE_FILE, Manifest, check_whole

_RELEASE, _TABLE = "kho_release", "kho_table"
_OWN = f"""
    create table if not exists {{schema}}.{_RELEASE} (
        release_id text primary key, created_at timestamptz not null, published_at timestamptz not null,
        content_hash text not null, area_code text not null, is_sample boolean not null
    );
    create table if not exists {{schema}}.{_TABLE} (
        table_name text primary key, rows bigint not null, sha256 text not null
    );
    comment on table {{schema}}.{_RELEASE} is
        'Bản chốt số liệu đang có trong lược đồ này: một dòng. — The release that this schema holds: one row.';
    comment on table {{schema}}.{_TABLE} is
        'Một dòng cho mỗi bảng: số dòng và mã nội dung. — One row per table: rows and content hash.';
"""


@dataclass(frozen=True)
class Target:
    """Where to publish: the address, the schema, and the role that may read there."""

    address: SecretStr
    schema: str = marts.SCHEMA
    reader: str = "kho_reader"


@dataclass(frozen=True)
class PublishedTable:
    """One mart: its rows, and how many rows were taken out and put in."""

    table: str
    rows: int
    removed: int
    added: int


@dataclass(frozen=True)
class Published:
    """What a publication did; ``tables`` are those whose rows changed."""

    release_id: str
    changed: bool
    tables: Sequence[PublishedTable]


@dataclass(frozen=True)
class _Known:
    """What the schema holds before."""

    release_id: str | None
    hashes: Mapping[str, str]
    tables: Mapping[str, postgres.Table]


@dataclass(frozen=True)
class _Wanted:
    """What it shall hold."""

    manifest: Manifest
    area_code: str
    marts: Sequence[Mart]
    keys: Mapping[str, Key]


def publish(
    folder: DataFolder,
    manifest: Manifest,
    keys: Mapping[str, Key],
    target: Target,
    *,
    area_code: str,
    now: datetime,
    all_rows: bool = False,
    on_table: Callable[[str], None] = lambda _: None,
) -> Published:
    """Make the schema hold the release; nothing is written where it does already.

    ``all_rows`` compares every row also of marts that are known to be published. Raises ``LockedError`` where another
    publication or a reader's lock is in the way, ``UsageError`` where the schema holds another office's figures or
    columns of other types, ``KhoError`` where the server fails: the schema then holds what it held.
    """
    check_whole(folder, manifest)
    file = folder.release(manifest.release_id) / RELEASE_FILE
    with connect(file) as source, postgres.connected(target.address) as connection:
        source.execute("set timezone = 'UTC'")
        _check_server(connection)
        with _alone(connection, target.schema):
            wanted = _Wanted(manifest, area_code, _read_marts(source, manifest), keys)
            known = _read_known(connection, target.schema, wanted)
            _check_types(known, wanted)
            shaped = _fit(connection, target.schema, known, wanted)
            tables = _swap(
                connection, source, target, known, wanted, now=now, all_rows=all_rows, on_table=on_table
            )
            keyed = _complete_keys(connection, target.schema, wanted, lambda _: True)
            # Plans need statistics, and the space of dead rows is used again; no reader waits for it.
            for table in tables:
                where = postgres.table_name(target.schema, table.table)
                connection.execute(f"vacuum (analyze, truncate false, skip_locked) {where}")
    changed = bool(tables) or shaped or keyed or known.release_id != manifest.release_id
    return Published(manifest.release_id, changed, tables)


def _check_server(connection: postgres.Connection) -> None:
    if connection.info.server_version < postgres.OLDEST_VERSION:
        raise UsageError("publish.too_old", version=connection.info.server_version // 10_000)


@contextmanager
def _alone(connection: postgres.Connection, schema: str) -> Iterator[None]:
    """One publication at a time; the server frees the lock when the connection ends, however it ends."""
    (is_free,) = connection.execute(
        "select pg_try_advisory_lock(hashtextextended(%s, 0))", [f"kho publish {schema}"]
    ).fetchone()
    if not is_free:
        raise LockedError("publish.another", schema=schema)
    yield


def _read_marts(source: Any, manifest: Manifest) -> list[Mart]:
    """The marts of the release; rows and hashes as its manifest tells them."""
    return [
        Mart(table, comment, columns, manifest.rows[table], manifest.mart_hashes[table])
        for table, (comment, columns) in marts.list_columns(source).items()
    ]


def _read_known(connection: postgres.Connection, schema: str, wanted: _Wanted) -> _Known:
    tables = postgres.read_tables(connection, schema)
    release_id, hashes = None, {}
    if _RELEASE in tables:
        where = name(schema)
        row = connection.execute(
            f"select release_id, area_code, is_sample from {where}.{_RELEASE}"
        ).fetchone()
        if row and row[1:] != (wanted.area_code, wanted.manifest.is_sample):
            raise UsageError("publish.other_office", schema=schema, area=row[1] or "–")
        release_id = row[0] if row else None
        hashes = dict(connection.execute(f"select table_name, sha256 from {where}.{_TABLE}").fetchall())
    foreign = sorted({mart.name for mart in wanted.marts} & tables.keys() - hashes.keys())
    if foreign:
        raise UsageError("publish.foreign_table", schema=schema, tables=", ".join(foreign))
    return _Known(release_id, hashes, tables)


def _check_types(known: _Known, wanted: _Wanted) -> None:
    """A column keeps its type, since views of others stand on it."""
    differing = [
        f"{mart.name}.{column.name} ({known.tables[mart.name].columns[column.name]} → {postgres.type_of(column)})"
        for mart in wanted.marts
        for column in mart.columns
        if mart.name in known.tables
        and known.tables[mart.name].columns.get(column.name, postgres.type_of(column))
        != postgres.type_of(column)
    ]
    if differing:
        raise UsageError("publish.other_type", columns=", ".join(differing))


def _key_of(mart: Mart, keys: Mapping[str, Key]) -> Key | None:
    """The key, where the release has its columns: those of earlier programs may not."""
    key = keys.get(mart.name)
    return key if key and {column.name for column in mart.columns}.issuperset(key.columns) else None


def _fit(connection: postgres.Connection, schema: str, known: _Known, wanted: _Wanted) -> bool:
    """What a new version of the program changes on tables that are there, each by itself and for a moment.

    Done before the transaction, so that no reader waits for one table while we wait for another.
    """
    changed = False
    for mart in wanted.marts:
        table = known.tables.get(mart.name)
        if table is None:
            continue
        key = _key_of(mart, wanted.keys)
        if table.key_name and list(table.key) != list(key.columns if key else ()):
            postgres.drop_key(connection, schema, mart.name, table)
            changed = True
        if {column.name for column in mart.columns} - table.columns.keys():
            postgres.add_columns(connection, schema, mart, table)
            changed = True
    return changed


def _swap(
    connection: postgres.Connection,
    source: Any,
    target: Target,
    known: _Known,
    wanted: _Wanted,
    *,
    now: datetime,
    all_rows: bool,
    on_table: Callable[[str], None],
) -> list[PublishedTable]:
    """The one transaction: rows, what they mean, who may read them, and the release's name."""
    changed: list[PublishedTable] = []
    with connection.transaction():
        connection.execute("set local work_mem = '128MB'")
        _make_own(connection, target, known)
        for mart in wanted.marts:
            is_new = mart.name not in known.tables
            if is_new:
                postgres.create_table(connection, target.schema, mart)
            if all_rows or known.hashes.get(mart.name) != mart.sha256:
                on_table(mart.name)
                key = _key_of(mart, wanted.keys)
                changed.append(_fill(connection, source, target.schema, mart, key, is_new=is_new))
            postgres.comment(connection, target.schema, mart, known.tables.get(mart.name))
        changed += _empty(connection, target.schema, known, wanted)
        changed = [table for table in changed if table.removed or table.added]
        _let_read(connection, target, [_RELEASE, _TABLE, *(mart.name for mart in wanted.marts)])
        if changed or known.release_id != wanted.manifest.release_id:
            _write_release(connection, target.schema, wanted, now)
        # Keys of new tables come after their rows: an index is built faster than it is kept.
        _complete_keys(connection, target.schema, wanted, lambda table: table not in known.tables)
    return changed


def _make_own(connection: postgres.Connection, target: Target, known: _Known) -> None:
    has_schema, has_reader = connection.execute(
        "select to_regnamespace(quote_ident(%s)) is not null, "
        "exists (select from pg_roles where rolname = %s)",
        [target.schema, target.reader],
    ).fetchone()
    if not has_schema:
        connection.execute(f"create schema {name(target.schema)}")
    if not has_reader:
        connection.execute(f"create role {name(target.reader)} nologin")
    if _RELEASE not in known.tables:
        connection.execute(_OWN.format(schema=name(target.schema)))


def _fill(
    connection: postgres.Connection, source: Any, schema: str, mart: Mart, key: Key | None, *, is_new: bool
) -> PublishedTable:
    """The rows of one mart, counted before anyone sees them."""
    removed, added = postgres.swap_rows(connection, source, schema, mart, key, is_new=is_new)
    (rows,) = connection.execute(f"select count(*) from {postgres.table_name(schema, mart.name)}").fetchone()
    if rows != mart.rows:
        raise KhoError("publish.count_differs", table=mart.name, rows=rows, expected=mart.rows)
    connection.execute(
        f"insert into {name(schema)}.{_TABLE} as known values (%s, %s, %s) on conflict (table_name) "
        "do update set rows = excluded.rows, sha256 = excluded.sha256 where known.sha256 <> excluded.sha256",
        [mart.name, mart.rows, mart.sha256],
    )
    return PublishedTable(mart.name, mart.rows, removed, added)


def _empty(
    connection: postgres.Connection, schema: str, known: _Known, wanted: _Wanted
) -> list[PublishedTable]:
    """Tables of other versions of the program stay, since views may stand on them, and hold nothing."""
    gone = sorted(
        table
        for table, sha256 in known.hashes.items()
        if sha256 and table not in {mart.name for mart in wanted.marts}
    )
    emptied = []
    for table in gone:
        removed = connection.execute(f"delete from {postgres.table_name(schema, table)}").rowcount
        connection.execute(
            f"update {name(schema)}.{_TABLE} set rows = 0, sha256 = '' where table_name = %s", [table]
        )
        emptied.append(PublishedTable(table, 0, removed, 0))
    return emptied


def _let_read(connection: postgres.Connection, target: Target, tables: Sequence[str]) -> None:
    """The reader may select, and nothing else; who is a reader is for the server's owner to say."""
    schema, reader = target.schema, name(target.reader)
    (may_look,) = connection.execute(
        "select has_schema_privilege(%s, %s, 'usage')", [target.reader, schema]
    ).fetchone()
    if not may_look:
        connection.execute(f"grant usage on schema {name(schema)} to {reader}")
    for table in tables:
        where = postgres.table_name(schema, table)
        (may_read,) = connection.execute(
            "select has_table_privilege(%s, %s, 'select')", [target.reader, where]
        ).fetchone()
        if not may_read:
            connection.execute(f"grant select on {where} to {reader}")


def _write_release(connection: postgres.Connection, schema: str, wanted: _Wanted, now: datetime) -> None:
    manifest = wanted.manifest
    connection.execute(f"delete from {name(schema)}.{_RELEASE}")
    connection.execute(
        f"insert into {name(schema)}.{_RELEASE} values (%s, %s, %s, %s, %s, %s)",
        [
            manifest.release_id,
            datetime.fromisoformat(manifest.created_at),
            now,
            manifest.content_hash,
            wanted.area_code,
            manifest.is_sample,
        ],
    )


def _complete_keys(
    connection: postgres.Connection, schema: str, wanted: _Wanted, is_meant: Callable[[str], bool]
) -> bool:
    """Add the keys that are not there yet."""
    tables = postgres.read_tables(connection, schema)
    lacking = [
        (mart.name, key)
        for mart in wanted.marts
        if is_meant(mart.name) and (key := _key_of(mart, wanted.keys)) and tables[mart.name].key_name is None
    ]
    for table, key in lacking:
        postgres.add_key(connection, schema, table, key)
    return bool(lacking)
