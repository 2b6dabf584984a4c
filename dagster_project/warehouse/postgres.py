"""PostgreSQL as a place for marts: connecting, the shape of tables, and moving rows into them by COPY.

What is published when, and in which transaction, is ``publish``. No statement here drops, renames or truncates a
table, so views that others made stay, and only two take a lock that readers notice: a column that a new version of
the program brings, and a key on a table that had none.
"""

# ruff: noqa: S608  # names of schemas, tables and columns are quoted

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from dagster_project.errors import KhoError, LockedError, UsageError
from dagster_project.warehouse.keys import Key
from dagster_project.warehouse.marts import SCHEMA, Column, Mart, name

if TYPE_CHECKING:
    import duckdb
    import psycopg

OLDEST_VERSION = 150_000
_CONNECT_SECONDS = 10
#: Whoever holds a table for longer than this keeps us from waiting in front of every reader that comes after.
_LOCK_SECONDS = 15
_BATCH_ROWS = 50_000
_TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    **dict.fromkeys(("FLOAT", "DOUBLE"), "double precision"),
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "bigint"
    ),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT"), "numeric(39,0)"),
}
#: Classes of errors that end a connection.
_LOST = ("08", "57P")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")

Connection = Any  # psycopg's, which an installation without the extra has not


@dataclass(frozen=True)
class Table:
    """A table as the server has it; ``key`` names the constraint that we made, with its columns in order."""

    columns: Mapping[str, str]
    comments: Mapping[str | None, str]
    key_name: str | None
    key: Sequence[str]


@contextmanager
def connected(address: SecretStr) -> Iterator[Connection]:
    """A connection in autocommit. Every error is told without the address, which may hold a password."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise UsageError("publish.no_driver") from None
    told = re.sub(r"^postgres(ql)?\+\w+:", "postgresql:", address.get_secret_value())
    try:
        parts = conninfo_to_dict(
            told, connect_timeout=_CONNECT_SECONDS, application_name="kho publish", client_encoding="utf8"
        )
    except psycopg.Error:
        raise UsageError("publish.wrong_address") from None
    where = f"{parts.get('host') or ''}/{parts.get('dbname') or ''}"
    try:
        connection = psycopg.connect(**parts, autocommit=True)  # type: ignore[arg-type]  # the same parts
    except psycopg.Error:
        raise KhoError("publish.unreachable", where=where) from None
    try:
        with connection:
            connection.execute(f"set lock_timeout = '{_LOCK_SECONDS}s'")
            connection.execute("set time zone 'UTC'")
            yield connection
    except psycopg.Error as error:
        raise _told(error, where) from None


def _told(error: psycopg.Error, where: str) -> KhoError:
    from psycopg import errors

    detail = error.diag.message_primary or type(error).__name__
    if isinstance(error, errors.LockNotAvailable):
        return LockedError("publish.table_held", where=where, detail=detail)
    if isinstance(error, errors.InsufficientPrivilege):
        return UsageError("publish.no_right", where=where, detail=detail)
    if isinstance(error, errors.OperationalError) and (error.sqlstate or _LOST[0]).startswith(_LOST):
        return KhoError("publish.lost", where=where)
    return KhoError("publish.refused", where=where, detail=detail)


def table_name(schema: str, table: str) -> str:
    """A table as SQL writes it: quoted in PostgreSQL as in DuckDB."""
    return f"{name(schema)}.{name(table)}"


def type_of(column: Column) -> str:
    """PostgreSQL's type for a column of a mart, as its own catalogue calls it; text for what has none."""
    decimal = _DECIMAL.fullmatch(column.type)
    return f"numeric({decimal[1]},{decimal[2]})" if decimal else _TYPES.get(column.type, "text")


def read_tables(connection: Connection, schema: str) -> dict[str, Table]:
    """The tables of a schema, by name."""
    columns: dict[str, dict[str, str]] = {}
    comments: dict[str, dict[str | None, str]] = {}
    for table, column, kind, comment, table_comment in connection.execute(
        """
        select r.relname, a.attname, format_type(a.atttypid, a.atttypmod), col_description(r.oid, a.attnum),
            obj_description(r.oid, 'pg_class')
        from pg_class r
        join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
        where r.relnamespace = to_regnamespace(quote_ident(%s)) and r.relkind = 'r'
        order by r.relname, a.attnum
        """,
        [schema],
    ):
        columns.setdefault(table, {})[column] = kind
        comments.setdefault(table, {None: table_comment})[column] = comment
    keys = {
        table: (constraint, key)
        for table, constraint, key in connection.execute(
            """
            select r.relname, c.conname,
                (select array_agg(a.attname::text order by k.place)
                 from unnest(c.conkey) with ordinality k(attnum, place)
                 join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum)
            from pg_constraint c
            join pg_class r on r.oid = c.conrelid
            where r.relnamespace = to_regnamespace(quote_ident(%s)) and c.contype in ('p', 'u')
                and c.conname = r.relname || '_key'
            """,
            [schema],
        )
    }
    return {table: Table(columns[table], comments[table], *keys.get(table, (None, ()))) for table in columns}


def create_table(connection: Connection, schema: str, mart: Mart) -> None:
    """A table with the columns of a mart and no key yet."""
    columns = ", ".join(f"{name(column.name)} {type_of(column)}" for column in mart.columns)
    connection.execute(f"create table {table_name(schema, mart.name)} ({columns})")


def add_columns(connection: Connection, schema: str, mart: Mart, table: Table) -> None:
    """What a new version of the program tells more; a column that it tells no more stays, and empties."""
    for column in mart.columns:
        if column.name not in table.columns:
            connection.execute(
                f"alter table {table_name(schema, mart.name)} add column {name(column.name)} {type_of(column)}"
            )


def add_key(connection: Connection, schema: str, table: str, key: Key) -> None:
    """A primary key; where a part of it may be null, its nearest kin, in which nulls are a value of their own."""
    kind = "primary key" if key.is_primary else "unique nulls not distinct"
    columns = ", ".join(map(name, key.columns))
    connection.execute(
        f"alter table {table_name(schema, table)} add constraint {name(table + '_key')} {kind} ({columns})"
    )


def drop_key(connection: Connection, schema: str, table: str, found: Table) -> None:
    """Take back a key that another version of the program made."""
    changes = [f"drop constraint {name(found.key_name or '')}"]
    changes += [f"alter column {name(column)} drop not null" for column in found.key]
    connection.execute(f"alter table {table_name(schema, table)} {', '.join(changes)}")


def comment(connection: Connection, schema: str, mart: Mart, table: Table | None) -> None:
    """Say on table and columns what the release says, where the server does not say it yet."""
    where = table_name(schema, mart.name)
    known = table.comments if table else {}
    wanted: dict[str | None, str | None] = {
        None: mart.comment,
        **{column.name: column.comment for column in mart.columns},
    }
    for column, text in wanted.items():
        if text and known.get(column) != text:
            thing = f"table {where}" if column is None else f"column {where}.{name(column)}"
            connection.execute(f"comment on {thing} is {quoted(connection, text)}")


def quoted(connection: Connection, text: str) -> str:
    """A text as a literal, for statements that take no parameters."""
    from psycopg import sql

    return sql.Literal(text).as_string(connection)


def swap_rows(
    connection: Connection,
    source: duckdb.DuckDBPyConnection,
    schema: str,
    mart: Mart,
    key: Key | None,
    *,
    is_new: bool,
) -> tuple[int, int]:
    """Make the rows of a table those of the mart, within the open transaction; rows taken out and put in.

    Rows that stay the same are not touched: a small change leaves few dead rows behind. Readers wait for nothing.
    """
    where, stage = table_name(schema, mart.name), name("kho_stage")
    if is_new:
        _copy_rows(connection, source, mart, where)
        return 0, mart.rows
    connection.execute(f"create temp table {stage} (like {where}) on commit drop")
    _copy_rows(connection, source, mart, stage)
    connection.execute(f"analyze {stage}")
    names = [name(column) for column in _columns_of(connection, schema, mart.name)]
    if key is None:
        removed = connection.execute(f"delete from {where}").rowcount
        added = connection.execute(f"insert into {where} select * from {stage}").rowcount
    else:
        same = " and ".join(
            f"s.{name(part)} {'=' if part in key.never_null else 'is not distinct from'} t.{name(part)}"
            for part in key.columns
        )
        ours, theirs = (", ".join(f"{side}.{column}" for column in names) for side in "st")
        removed = connection.execute(
            f"delete from {where} t where not exists (select from {stage} s where {same} "
            f"and row({ours}) is not distinct from row({theirs}))"
        ).rowcount
        added = connection.execute(
            f"insert into {where} ({', '.join(names)}) select {ours} from {stage} s "
            f"where not exists (select from {where} t where {same})"
        ).rowcount
    connection.execute(f"drop table {stage}")
    return removed, added


def _columns_of(connection: Connection, schema: str, table: str) -> list[str]:
    return [
        column
        for (column,) in connection.execute(
            "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 "
            "and not attisdropped order by attnum",
            [table_name(schema, table)],
        )
    ]


def _copy_rows(connection: Connection, source: duckdb.DuckDBPyConnection, mart: Mart, into: str) -> None:
    """Stream a mart as CSV, where a text is quoted and a null is not. PostgreSQL takes no zero character."""
    import pyarrow as pa
    from pyarrow import csv

    columns = ", ".join(name(column.name) for column in mart.columns)
    taken = ", ".join(
        f"replace({name(column.name)}::varchar, chr(0), '␀') as {name(column.name)}"
        if type_of(column) == "text"
        else name(column.name)
        for column in mart.columns
    )
    query = f"select {taken} from {SCHEMA}.{name(mart.name)}"
    options = csv.WriteOptions(include_header=False)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy {into} ({columns}) from stdin (format csv)") as copy,
    ):
        for batch in source.execute(query).to_arrow_reader(_BATCH_ROWS):
            sink = pa.BufferOutputStream()
            csv.write_csv(batch, sink, options)
            copy.write(memoryview(sink.getvalue()))
