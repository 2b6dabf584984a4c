"""The tables of schema ``marts`` as data: their content hash, and copying them into another file.

Set-wise over whole tables, whatever columns they have; which tables and columns there are is decided in ``dbt/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.limits import processors

if TYPE_CHECKING:
    import duckdb

SCHEMA = "marts"

#: Rows are stored in the order in which people look for them, which also packs best; the first column, a mart's
#: key, decides between equals.
_ORDER = (
    "criteria_set_code",
    "sort_order",
    "round_code",
    "area_code",
    "reporting_unit_code",
    "sha256",
    "sheet",
    "row",
    "col",
    "indicator_code",
    "data_element_code",
    "category_code",
    "data_year",
    "period_code",
    "form_code",
    "valid_from",
)

#: Row hashes that are put in order at once, some 200 bytes each, and how many beginnings of two digits there are.
_ROWS_IN_ORDER = 2_000_000
_STARTS = 256
#: Rows that lie in one group, which one thread reads.
_ROWS_OF_A_GROUP = 122_880


@dataclass(frozen=True)
class Column:
    """One column as the file's catalogue tells it."""

    name: str
    type: str
    comment: str | None


@dataclass(frozen=True)
class Mart:
    """One table with the hash over its rows."""

    name: str
    comment: str | None
    columns: Sequence[Column]
    rows: int
    sha256: str


def list_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str | None, Sequence[Column]]]:
    """Every table of the schema in the connected file by name: its comment and its columns in order."""
    # Written out: for a query with parameters DuckDB loads pandas, which takes a second.
    comments = dict(
        connection.execute(
            f"select table_name, comment from duckdb_tables() where schema_name = {text(SCHEMA)} and not internal"  # noqa: S608
        ).fetchall()
    )
    found: dict[str, list[Column]] = {}
    for table, column, kind, comment in connection.execute(
        "select table_name, column_name, data_type, comment from duckdb_columns() "  # noqa: S608
        f"where schema_name = {text(SCHEMA)} and database_name = current_database() "
        "order by table_name, column_index"
    ).fetchall():
        found.setdefault(table, []).append(Column(column, kind, comment))
    return {table: (comments.get(table), tuple(columns)) for table, columns in found.items()}


def describe(connection: duckdb.DuckDBPyConnection) -> list[Mart]:
    """Every table of the schema in the connected file, by name.

    Small ones side by side, for each is read by one thread; of large ones never two are put in order at once.
    """
    found = [
        (table, comment, columns, _count(connection, table))
        for table, (comment, columns) in list_columns(connection).items()
    ]
    with ThreadPoolExecutor(processors()) as pool:
        few = pool.map(lambda one: _mart(connection.cursor(), *one), filter(_is_small, found))
        described = [*few, *(_mart(connection, *one) for one in found if not _is_small(one))]
    return sorted(described, key=lambda mart: mart.name)


def _is_small(found: tuple[str, str | None, Sequence[Column], int]) -> bool:
    return found[-1] <= _ROWS_OF_A_GROUP


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {SCHEMA}.{name(table)}").fetchall()[0]  # noqa: S608
    return int(row[0])


def copy(connection: duckdb.DuckDBPyConnection, mart: Mart, source: str, target: str) -> None:
    """Copy one table between two attached databases: rows in order, with what the comments say.

    In one transaction: a wait for the disk after each of a thousand comments would cost more than the rows.
    """
    table = f"{target}.{SCHEMA}.{name(mart.name)}"
    names = [column.name for column in mart.columns]
    order = dict.fromkeys([*(column for column in _ORDER if column in names), names[0]])
    connection.execute("begin")
    connection.execute(
        f"create table {table} as from {source}.{SCHEMA}.{name(mart.name)} "
        f"order by {', '.join(name(column) for column in order)}"
    )
    comments = [f"comment on table {table} is {text(mart.comment)};"] if mart.comment else []
    comments += [
        f"comment on column {table}.{name(column.name)} is {text(column.comment)};"
        for column in mart.columns
        if column.comment
    ]
    connection.execute("\n".join([*comments, "commit;"]))


def is_copied(connection: duckdb.DuckDBPyConnection, mart: Mart, source: str, target: str) -> bool:
    """Whether two attached databases hold the same rows of a table.

    By how many there are and by sums over quick hashes of them: that finds what a disk or a copy lost, in a fiftieth of
    the time of ``describe``.
    """
    row = f"hash({', '.join(name(column.name) for column in mart.columns)})"
    found = [
        connection.execute(
            f"select count(*), sum({row}), bit_xor({row}) from {database}.{SCHEMA}.{name(mart.name)}"  # noqa: S608
        ).fetchall()
        for database in (source, target)
    ]
    return found[0] == found[1]


def name(identifier: str) -> str:
    """``identifier`` as SQL writes it."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: object) -> str:
    """``value`` as a literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def _mart(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    comment: str | None,
    columns: Sequence[Column],
    counted: int,
) -> Mart:
    """Hash of the set of rows: each row's own hash, in the order of these hashes, so no storage order matters.

    Hashes are gathered by their first two digits, then the gathers: no text grows with the whole table. Those of a
    large table are laid down first and gathered piece by piece, for what is put in order is held in memory.
    """
    heading = "\n".join(f"{column.name} {column.type}" for column in columns)
    row_text = ", ".join(marked(column) for column in columns)
    hashed = f"select sha256(concat({row_text})) as h from {SCHEMA}.{name(table)}"  # noqa: S608  # names of the file's own catalogue
    pieces = min(1 + counted // _ROWS_IN_ORDER, _STARTS)
    if pieces > 1:
        connection.execute(f"create or replace temp table hashed_rows as {hashed}")
        hashed = "select h from hashed_rows"
    gathered: list[tuple[str, str]] = []
    for piece in range(pieces):
        first, last = (f"{number * _STARTS // pieces:02x}" for number in (piece, piece + 1))
        is_in_piece = f"where h >= '{first}'" + (f" and h < '{last}'" if piece + 1 < pieces else "")
        gathered += connection.execute(
            f"select left(h, 2) as start, sha256(string_agg(h, '' order by h)) from ({hashed}) {is_in_piece} "  # noqa: S608
            "group by start order by start"
        ).fetchall()
    if pieces > 1:
        connection.execute("drop table hashed_rows")
    digest = hashlib.sha256("".join([heading, "\n", *(h for _, h in gathered)]).encode()).hexdigest()
    return Mart(table, comment, columns, counted, digest)


def marked(column: Column) -> str:
    """SQL for a value as text that tells null from every text and where it ends, doubles at 12 significant digits."""
    value = name(column.name)
    if column.type in ("DOUBLE", "FLOAT"):
        shown = f"format('{{:.11e}}', {value}::double + 0.0)"  # + 0.0: zero has one sign
    elif column.type.startswith("TIMESTAMP"):
        shown = f"epoch_us({value})::varchar"  # no time zone of the session
    else:
        shown = f"{value}::varchar"
    return f"coalesce(length({shown}) || ':' || {shown}, '-')"
