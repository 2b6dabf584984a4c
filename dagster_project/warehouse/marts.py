"""The tables of schema ``marts`` as data: their content hash, and copying them into another file.

Set-wise over whole tables, whatever columns they have; which tables and columns there are is decided in ``dbt/``.
A table is looked at in parts, so that what another workbook changes is found and hashed without the rest.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from dagster_project.limits import processors
from dagster_project.text import sql_literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SCHEMA = "marts"

#: Rows are copied in the order in which people look for them, which also packs best; the first column, a mart's key,
#: decides between equals.
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

#: A mart is looked at in parts, one for each round; rows of no round are one more. A round with more rows than these is
#: parted again by the end of its areas' codes, which parts the areas of a country about evenly, or of its keys.
_ROUND, _AREA = "round_code", "area_code"
_ROWS_OF_A_PART = 100_000
_LENGTH_OF_END = 2
#: Stands between a round and such an end: no code has it (ASCII's unit separator).
_BETWEEN = "\x1f"

#: Rows that lie in one group, which one thread reads.
_ROWS_OF_A_GROUP = 122_880
#: What stands for the length of a null, which has no text, and in SQL for the code of none.
_NULL = -1
_NONE = "''"


@dataclass(frozen=True)
class Column:
    """One column as the file's catalogue tells it."""

    name: str
    type: str
    comment: str | None


@dataclass(frozen=True)
class Seen:
    """How many rows there are, and two sums over quick hashes of them: differs where a row does."""

    rows: int
    total: int
    parity: int

    def __add__(self, other: Seen) -> Seen:
        return Seen(self.rows + other.rows, self.total + other.total, self.parity ^ other.parity)


@dataclass(frozen=True)
class Part:
    """The rows of one part of a table: what a quick look at them finds, and the hash of their set."""

    seen: Seen
    sha256: str


@dataclass(frozen=True)
class Mart:
    """One table with the hash over its rows, and its parts by what tells them."""

    name: str
    comment: str | None
    columns: Sequence[Column]
    rows: int
    sha256: str
    parts: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True)
class Reached:
    """What a build that went on from another made anew: of each of these ``tables`` its rows of a scope.

    The scopes are those of ``dbt/macros/slices.sql``, and ``all``; a table that is not named was not touched.
    """

    rounds: Collection[str]
    areas: Collection[str]
    tables: Mapping[str, str]


@dataclass(frozen=True)
class _Look:
    """What a quick look at each part of a table finds, and the rounds that are of many parts."""

    parts: Mapping[str, Seen]
    parted: Collection[str]


def list_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str | None, Sequence[Column]]]:
    """Every table of the schema in the connected file by name: its comment and its columns in order."""
    # Written out: for a query with parameters DuckDB loads pandas, which takes a second.
    comments = dict(
        connection.execute(
            "select table_name, comment from duckdb_tables() "  # noqa: S608
            f"where schema_name = {sql_literal(SCHEMA)} and not internal"
        ).fetchall()
    )
    found: dict[str, list[Column]] = {}
    for table, column, kind, comment in connection.execute(
        "select table_name, column_name, data_type, comment from duckdb_columns() "  # noqa: S608
        f"where schema_name = {sql_literal(SCHEMA)} and database_name = current_database() "
        "order by table_name, column_index"
    ).fetchall():
        found.setdefault(table, []).append(Column(column, kind, comment))
    return {table: (comments.get(table), tuple(columns)) for table, columns in found.items()}


def describe(
    connection: duckdb.DuckDBPyConnection,
    known: Mapping[str, Mapping[str, Part]] | None = None,
    reached: Reached | None = None,
) -> list[Mart]:
    """Every table of the schema in the connected file, by name.

    Of parts that are ``known`` by table the hash is taken as it is, unless a quick look at them finds another thing;
    where it is told what was ``reached`` since they were known, nothing else is looked at.
    Small tables are hashed side by side, for each is read by one thread; large ones one after another, for memory holds
    no two, each in shares side by side.
    """
    tables = list_columns(connection)
    looks = {
        table: _look_again(connection, table, columns, known[table], reached)
        if known and reached and table in known
        else _look(connection, table, columns)
        for table, (_, columns) in tables.items()
    }
    parts = {
        table: {
            code: part
            for code, part in (known or {}).get(table, {}).items()
            if looks[table].parts.get(code) == part.seen
        }
        for table in tables
    }
    asked = {
        table: {code: found for code, found in looks[table].parts.items() if code not in parts[table]}
        for table in tables
    }

    def hash_share(table: str, seen: Mapping[str, Seen]) -> Mapping[str, Part]:
        return _hash_parts(connection.cursor(), table, tables[table][1], seen, looks[table].parted)

    small = [table for table in tables if _rows(asked[table]) <= _ROWS_OF_A_GROUP]
    with ThreadPoolExecutor(processors()) as pool:
        of_small = pool.map(hash_share, small, [asked[table] for table in small])
        for table, hashed in zip(small, of_small, strict=True):
            parts[table] |= hashed
        for table in tables.keys() - small:
            for hashed in pool.map(partial(hash_share, table), _shares(asked[table])):
                parts[table] |= hashed
    return [
        Mart(
            table,
            comment,
            columns,
            _rows(looks[table].parts),
            _combined(columns, parts[table]),
            parts[table],
        )
        for table, (comment, columns) in sorted(tables.items())
    ]


def _combined(columns: Sequence[Column], parts: Mapping[str, Part]) -> str:
    """The hash of a table: over its columns, then over its parts in their order."""
    heading = [f"{column.name} {column.type}" for column in columns]
    hashes = [f"{code}:{part.sha256}" for code, part in sorted(parts.items())]
    return hashlib.sha256("\n".join([*heading, "", *hashes]).encode()).hexdigest()


def _look(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column], database: str = ""
) -> _Look:
    """Look at a table, in a fraction of the time that its hashes take."""
    found = _see(connection, table, columns, database=database)
    parted = _parted(found)
    return _Look(_by_part(found, parted), parted)


def _look_again(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[Column],
    known: Mapping[str, Part],
    reached: Reached,
) -> _Look:
    """Look at those parts of a table that were reached; the others are as they were."""
    scope = reached.tables.get(table, "none")
    if scope == "all":
        return _look(connection, table, columns)
    parted = {code.split(_BETWEEN)[0] for code in known if _BETWEEN in code}
    if scope == "none":
        return _Look({code: part.seen for code, part in known.items()}, parted)
    rounds, ends = {"", *reached.rounds}, {"", *(code[-_LENGTH_OF_END:] for code in reached.areas)}
    of_rounds = f"{_round(columns)} in ({_listed(rounds)})" if scope in ("round", "area") else "true"
    is_by_area = parted and scope in ("area", "series") and _has(columns, _AREA)
    of_areas = f"({_round(columns)} not in ({_listed(parted)}) or {_end(columns)} in ({_listed(ends)}))"

    def is_reached(code: str, end: str) -> bool:
        is_of_rounds = code in rounds or scope == "series"
        return is_of_rounds and (code not in parted or end in ends or not is_by_area)

    found = {}
    for told, part in known.items():
        code, _, end = told.partition(_BETWEEN)
        if not is_reached(code, end):
            found[code, end] = part.seen
    found |= _see(connection, table, columns, f"{of_rounds} and {of_areas}" if is_by_area else of_rounds)
    if _parted(found) != parted:
        return _look(connection, table, columns)
    return _Look(_by_part(found, parted), parted)


def _see(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[Column],
    where: str = "true",
    *,
    database: str = "",
) -> Mapping[tuple[str, str], Seen]:
    """What there is by round and end."""
    row = f"hash({', '.join(name(column.name) for column in columns)})"
    place = f"{database}.{SCHEMA}" if database else SCHEMA
    found = connection.execute(
        f"select {_round(columns)}, {_end(columns)}, "  # noqa: S608
        f"count(*), sum({row}), bit_xor({row}) from {place}.{name(table)} where {where} group by 1, 2"
    ).fetchall()
    return {(code, end): Seen(*told) for code, end, *told in found}


def _parted(found: Mapping[tuple[str, str], Seen]) -> Collection[str]:
    """The rounds of which there are too many rows for one part."""
    rows: Counter[str] = Counter()
    for (code, _), seen in found.items():
        rows[code] += seen.rows
    return {code for code, count in rows.items() if count > _ROWS_OF_A_PART}


def _by_part(found: Mapping[tuple[str, str], Seen], parted: Collection[str]) -> Mapping[str, Seen]:
    parts: dict[str, Seen] = {}
    for (code, end), seen in found.items():
        part = f"{code}{_BETWEEN}{end}" if code in parted else code
        parts[part] = seen + parts.get(part, Seen(0, 0, 0))
    return parts


def _shares(seen: Mapping[str, Seen]) -> Sequence[Mapping[str, Seen]]:
    """The parts in about equal shares, one for each processor."""
    largest_first = sorted(seen, key=lambda code: -seen[code].rows)
    shares = processors()
    return [{code: seen[code] for code in largest_first[start::shares]} for start in range(shares)]


def _rows(seen: Mapping[str, Seen]) -> int:
    return sum(found.rows for found in seen.values())


def _has(columns: Sequence[Column], wanted: str) -> bool:
    return any(column.name == wanted for column in columns)


def _round(columns: Sequence[Column]) -> str:
    return f"coalesce({_ROUND}, {_NONE})" if _has(columns, _ROUND) else _NONE


def _end(columns: Sequence[Column]) -> str:
    told = _AREA if _has(columns, _AREA) else name(columns[0].name)
    return f"coalesce(right({told}::varchar, {_LENGTH_OF_END}), {_NONE})"


def _part(columns: Sequence[Column], parted: Collection[str]) -> str:
    """SQL for the part to which a row belongs."""
    code = _round(columns)
    if not parted:
        return code
    parts_of_round = f"{code} || {sql_literal(_BETWEEN)} || {_end(columns)}"
    return f"case when {code} in ({_listed(parted)}) then {parts_of_round} else {code} end"


def _listed(codes: Collection[str]) -> str:
    return ", ".join(sql_literal(code) for code in sorted(codes))


def copy(connection: duckdb.DuckDBPyConnection, mart: Mart, source: str, target: str) -> None:
    """Copy one table between two attached databases: rows in order, with what the comments say.

    In one transaction: a wait for the disk after each of a thousand comments would cost more than the rows.
    """
    table = f"{target}.{SCHEMA}.{name(mart.name)}"
    connection.execute("begin")
    connection.execute(f"create table {table} as {_in_order(mart, source)}")
    comments = [f"comment on table {table} is {sql_literal(mart.comment)};"] if mart.comment else []
    comments += [
        f"comment on column {table}.{name(column.name)} is {sql_literal(column.comment)};"
        for column in mart.columns
        if column.comment
    ]
    connection.execute("\n".join([*comments, "commit;"]))


def _in_order(mart: Mart, source: str) -> str:
    names = [column.name for column in mart.columns]
    order = dict.fromkeys([*(column for column in _ORDER if column in names), names[0]])
    return f"from {source}.{SCHEMA}.{name(mart.name)} order by {', '.join(name(column) for column in order)}"


def is_copied(connection: duckdb.DuckDBPyConnection, mart: Mart, target: str) -> bool:
    """Whether an attached database holds these rows, by a quick look: it finds what a disk or a copy lost."""
    seen = {code: part.seen for code, part in mart.parts.items()}
    return _look(connection, mart.name, mart.columns, target).parts == seen


def name(identifier: str) -> str:
    """``identifier`` as SQL writes it."""
    return '"' + identifier.replace('"', '""') + '"'


def _hash_parts(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[Column],
    seen: Mapping[str, Seen],
    parted: Collection[str],
) -> Mapping[str, Part]:
    """Hashes of these parts: over the values of each column as text, in the order of these texts.

    So neither the order of storage nor the size of a batch matters. Batches come one after another: what memory does
    not hold of the order lies aside.
    """
    if not seen:
        return {}
    import pyarrow.compute as pc

    part = _part(columns, parted)
    texts = ", ".join(f"{_as_text(column)} as {name(column.name)}" for column in columns)
    batches = connection.execute(
        f"select {part}, {texts} from {SCHEMA}.{name(table)} "  # noqa: S608
        f"where {_is_of_parts(columns, seen)} and {part} in ({_listed(seen)}) order by all nulls last"
    ).to_arrow_reader(_ROWS_OF_A_GROUP)
    hashes = {code: [_ColumnHash() for _ in columns] for code in seen}
    for batch in batches:
        codes, *values = batch.columns
        runs = pc.run_end_encode(codes)
        start = 0
        for code, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            for column_hash, column in zip(hashes[code], values, strict=True):
                column_hash.add(column.slice(start, end - start))
            start = end
    return {
        code: Part(seen[code], hashlib.sha256(b"".join(one.digest() for one in found)).hexdigest())
        for code, found in hashes.items()
    }


def _is_of_parts(columns: Sequence[Column], parts: Collection[str]) -> str:
    """SQL that holds for the rows of these parts, perhaps for others too: found sooner than the name of each part."""
    places = [code.partition(_BETWEEN) for code in parts]
    told = f"{_round(columns)} in ({_listed({code for code, _, _ in places})})"
    if all(between for _, between, _ in places):
        told = f"{told} and {_end(columns)} in ({_listed({end for _, _, end in places})})"
    return told


class _ColumnHash:
    """The hash of a column of texts that comes in batches: over their lengths, which tell null, and their bytes."""

    def __init__(self) -> None:
        self._lengths = hashlib.sha256()
        self._bytes = hashlib.sha256()

    def add(self, texts: pa.StringArray) -> None:
        """Add a batch, which may be a slice of an array."""
        import numpy as np
        import pyarrow.compute as pc

        lengths = pc.fill_null(pc.binary_length(texts), _NULL)
        self._lengths.update(np.asarray(lengths, dtype="<i4").data)
        _, offsets, content = texts.buffers()
        if content is not None:
            ends = np.frombuffer(offsets, dtype=np.int32)
            self._bytes.update(memoryview(content)[ends[texts.offset] : ends[texts.offset + len(texts)]])

    def digest(self) -> bytes:
        """The 64 bytes of both hashes."""
        return self._lengths.digest() + self._bytes.digest()


def marked(column: Column) -> str:
    """SQL for a value as text that tells null from every text and where it ends, doubles at 12 significant digits."""
    shown = _as_text(column)
    return f"coalesce(length({shown}) || ':' || {shown}, '-')"


def _as_text(column: Column) -> str:
    """SQL for a value as text, the same in every session."""
    value = name(column.name)
    if column.type in ("DOUBLE", "FLOAT"):
        return f"format('{{:.11e}}', {value}::double + 0.0)"  # + 0.0: zero has one sign
    if column.type.startswith("TIMESTAMP"):
        return f"epoch_us({value})::varchar"
    return f"{value}::varchar"
