"""The tables of schema ``marts`` as data: their content hash, and copying them into another file.

Set-wise over whole tables, whatever columns they have; which tables and columns there are is decided in ``dbt/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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

#: A mart is hashed in parts, one for each round; rows of no round are one more, a mart without rounds only that one.
ROUND = "round_code"
NO_ROUND = ""

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
class Part:
    """The rows of one round: how many they are, and the hash of their set."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Mart:
    """One table with the hash over its rows, and where they were looked at, its parts by round."""

    name: str
    comment: str | None
    columns: Sequence[Column]
    rows: int
    sha256: str
    parts: Mapping[str, Part] = field(default_factory=dict)


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


def describe(
    connection: duckdb.DuckDBPyConnection, known: Mapping[str, Mapping[str, Part]] | None = None
) -> list[Mart]:
    """Every table of the schema in the connected file, by name.

    Parts that are ``known`` by table and round are taken as they are, unless they have more or fewer rows.
    Small tables side by side, for each is read by one thread; of large ones never two are put in order at once.
    """
    tables = list_columns(connection)
    counted = {table: _count(connection, table, columns) for table, (_, columns) in tables.items()}
    parts = {
        table: {
            code: part
            for code, part in (known or {}).get(table, {}).items()
            if counted[table].get(code) == part.rows
        }
        for table in tables
    }
    asked = {
        table: {code: rows for code, rows in counted[table].items() if code not in parts[table]}
        for table in tables
    }

    def look(table: str) -> None:
        parts[table] |= _hash_parts(connection.cursor(), table, tables[table][1], asked[table])

    small = [table for table in tables if sum(asked[table].values()) <= _ROWS_OF_A_GROUP]
    with ThreadPoolExecutor(processors()) as pool:
        list(pool.map(look, small))
    for table in tables.keys() - small:
        look(table)
    return [
        Mart(
            table,
            comment,
            columns,
            sum(counted[table].values()),
            _combined(columns, parts[table]),
            parts[table],
        )
        for table, (comment, columns) in sorted(tables.items())
    ]


def _combined(columns: Sequence[Column], parts: Mapping[str, Part]) -> str:
    """The hash of a table: over its columns, then over its parts in the order of their rounds."""
    heading = [f"{column.name} {column.type}" for column in columns]
    hashes = [f"{code}:{part.sha256}" for code, part in sorted(parts.items())]
    return hashlib.sha256("\n".join([*heading, "", *hashes]).encode()).hexdigest()


def _count(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column]) -> Mapping[str, int]:
    """Rows of each part."""
    return dict(
        connection.execute(
            f"select {_part(columns)} as part, count(*) from {SCHEMA}.{name(table)} group by part"  # noqa: S608
        ).fetchall()
    )


def _part(columns: Sequence[Column]) -> str:
    """SQL for the part to which a row belongs."""
    return f"coalesce({ROUND}, {text(NO_ROUND)})" if _has_rounds(columns) else text(NO_ROUND)


def _has_rounds(columns: Sequence[Column]) -> bool:
    return any(column.name == ROUND for column in columns)


def copy(connection: duckdb.DuckDBPyConnection, mart: Mart, source: str, target: str) -> None:
    """Copy one table between two attached databases: rows in order, with what the comments say.

    In one transaction: a wait for the disk after each of a thousand comments would cost more than the rows.
    """
    table = f"{target}.{SCHEMA}.{name(mart.name)}"
    connection.execute("begin")
    connection.execute(f"create or replace table {table} as {_in_order(mart, source)}")
    comments = [f"comment on table {table} is {text(mart.comment)};"] if mart.comment else []
    comments += [
        f"comment on column {table}.{name(column.name)} is {text(column.comment)};"
        for column in mart.columns
        if column.comment
    ]
    connection.execute("\n".join([*comments, "commit;"]))


def replace(
    connection: duckdb.DuckDBPyConnection, mart: Mart, kept: Mapping[str, Part], source: str, target: str
) -> None:
    """Let a table hold what the source holds; those of its parts that are ``kept`` it holds already."""
    table = f"{target}.{SCHEMA}.{name(mart.name)}"
    condition = f"where not ({_is_of(kept, mart.columns)})"
    connection.execute(
        f"begin; delete from {table} {condition}; "  # noqa: S608  # names of the file's own catalogue
        f"insert into {table} {_in_order(mart, source, condition)}; commit"
    )


def _is_of(parts: Collection[str], columns: Sequence[Column]) -> str:
    listed = ", ".join(text(code) for code in sorted(parts))
    return f"{_part(columns)} in ({listed})"


def _in_order(mart: Mart, source: str, condition: str = "") -> str:
    names = [column.name for column in mart.columns]
    order = dict.fromkeys([*(column for column in _ORDER if column in names), names[0]])
    return (
        f"from {source}.{SCHEMA}.{name(mart.name)} {condition} "
        f"order by {', '.join(name(column) for column in order)}"
    )


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


def _hash_parts(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column], counted: Mapping[str, int]
) -> Mapping[str, Part]:
    """Hashes of these parts: each row's own, in the order of these hashes, so no storage order matters.

    Hashes are gathered by their first two digits, then the gathers: no text grows with the whole table. Those of a
    large table are laid down first and gathered piece by piece, for what is put in order is held in memory.
    """
    if not counted:
        return {}
    row_text = ", ".join(marked(column) for column in columns)
    hashed = (
        f"select {_part(columns)} as part, sha256(concat({row_text})) as h from {SCHEMA}.{name(table)} "  # noqa: S608
        f"where {_is_of(counted, columns)}"
    )
    pieces = min(1 + sum(counted.values()) // _ROWS_IN_ORDER, _STARTS)
    if pieces > 1:
        connection.execute(f"create or replace temp table hashed_rows as {hashed}")
        hashed = "select part, h from hashed_rows"
    gathered: dict[str, list[str]] = {code: [] for code in counted}
    for piece in range(pieces):
        first, last = (f"{number * _STARTS // pieces:02x}" for number in (piece, piece + 1))
        is_in_piece = f"where h >= '{first}'" + (f" and h < '{last}'" if piece + 1 < pieces else "")
        for code, _, together in connection.execute(
            "select part, left(h, 2) as start, sha256(string_agg(h, '' order by h)) "  # noqa: S608
            f"from ({hashed}) {is_in_piece} group by part, start order by part, start"
        ).fetchall():
            gathered[code].append(together)
    if pieces > 1:
        connection.execute("drop table hashed_rows")
    return {
        code: Part(counted[code], hashlib.sha256("".join(found).encode()).hexdigest())
        for code, found in gathered.items()
    }


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
