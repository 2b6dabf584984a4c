"""What differs between two releases, or between two revisions of one form: value by value, with the cells.

Reads releases and nothing else. Releases made by different versions of the program may lack a table or a column: what
only one of the two knows is not compared. How a difference reads on a terminal is ``diff_text``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.text import sql_literal
from dagster_project.warehouse import marts
from dagster_project.warehouse.connection import connect

REPORTED, INDICATOR = "reported", "indicator"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"

_OLD, _NEW = "older", "newer"
_KEY = ("round_code", "period_code", "area_code", "reporting_unit_code", "code", "category_code")
_WORDS = ("area_name", "reporting_unit_name", "name_vi", "category_name")
_FIGURE = (
    "value",
    "value_decimal",
    "value_text",
    "value_state",
    "value_status",
    "unit",
    "partial_value",
    "n_areas",
    "n_areas_expected",
)
_COLUMNS: Mapping[str, str] = {
    "data_year": "integer",
    "value": "double",
    "value_decimal": "decimal(38, 10)",
    "partial_value": "double",
    "n_areas": "bigint",
    "n_areas_expected": "bigint",
    "decimals": "integer",
    "revision": "integer",
    "is_open": "boolean",
    "is_confirmed": "boolean",
}
_FINDING_KEY = (
    "rule_code",
    "severity",
    "round_code",
    "area_code",
    "reporting_unit_code",
    "indicator_code",
    "data_element_code",
    "category_code",
)


@dataclass(frozen=True)
class Place:
    """Where a figure was read."""

    file_name: str | None
    sheet: str | None
    cell: str | None


@dataclass(frozen=True)
class Figure:
    """One figure as one side has it; an indicator's ``places`` are those of all figures under it.

    ``value_decimal`` are the exact digits of a reported figure; ``partial_value`` is what ``n_areas`` of
    ``n_areas_expected`` areas add up to.
    """

    value: float | None
    value_decimal: Decimal | None
    value_text: str | None
    value_state: str | None
    value_status: str | None
    unit: str | None
    partial_value: float | None
    n_areas: int | None
    n_areas_expected: int | None
    decimals: int | None
    revision: int | None
    entered_how: str | None
    places: Sequence[Place]


@dataclass(frozen=True)
class Change:
    """One figure that is not the same on both sides; ``kind`` is reported or indicator, whose name may be confirmed."""

    kind: str
    change: str
    round_code: str | None
    period_code: str | None
    data_year: int | None
    area_code: str | None
    area_name: str | None
    reporting_unit_code: str | None
    reporting_unit_name: str | None
    code: str | None
    category_code: str | None
    name_vi: str | None
    category_name: str | None
    is_confirmed: bool | None
    old: Figure | None
    new: Figure | None


@dataclass(frozen=True)
class FindingChange:
    """How many open findings of a rule came, and how many went."""

    rule_code: str
    severity: str
    came: int
    went: int


@dataclass(frozen=True)
class Diff:
    """All differences; ``moved`` counts reported figures that stayed the same and were read from another cell."""

    changes: Sequence[Change]
    findings: Sequence[FindingChange]
    moved: int

    def count(self, kind: str, change: str) -> int:
        """How many figures of a kind were added, removed or changed."""
        return sum(item.kind == kind and item.change == change for item in self.changes)

    def as_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return asdict(self)


@dataclass(frozen=True)
class _Side:
    """One side of the comparison: a database that is attached, the table of figures, and which of its rows."""

    database: str
    columns: Mapping[str, frozenset[str]]
    table: str
    condition: str = "true"
    findings: str = "true"


def diff_releases(older: Path, newer: Path) -> Diff:
    """What changed from one release file to the other: reported figures, indicator values, open findings."""
    if older.resolve() == newer.resolve():
        return Diff((), (), 0)
    with _attached({_OLD: older, _NEW: newer}) as connection:
        known = {name: _columns_of(connection, name) for name in (_OLD, _NEW)}
        reported = [_Side(name, known[name], "fct_reported_value") for name in (_OLD, _NEW)]
        indicators = [_Side(name, known[name], "fct_indicator") for name in (_OLD, _NEW)]
        return Diff(
            changes=(
                *_changes(connection, REPORTED, *reported),
                *_changes(connection, INDICATOR, *indicators),
            ),
            findings=_findings(connection, *reported),
            moved=_moved(connection, *reported),
        )


def diff_submissions(release: Path, older: str, newer: str) -> Diff:
    """What a unit changed from one revision of a form to another, as ``release`` keeps both.

    Of findings, those of the submission itself are compared: rules between figures speak of current ones only.
    """
    with _attached({_OLD: release}) as connection:
        known = _columns_of(connection, _OLD)
        sides = [
            _Side(
                database=_OLD,
                columns=known,
                table="fct_reported_value_history",
                condition=_first_spans(submission),
                findings=f"submission_id = {sql_literal(submission)} and stage <> 'meaning'",
            )
            for submission in (older, newer)
        ]
        return Diff(
            changes=_changes(connection, REPORTED, *sides),
            findings=_findings(connection, *sides),
            moved=_moved(connection, *sides),
        )


def _first_spans(submission: str) -> str:
    """What a file itself says: later spans, and those of what was entered, hold its figures again or other ones."""
    own = f"submission_id = {sql_literal(submission)} and entered_how not in ('correction', 'on_behalf')"
    history = f"{_OLD}.{marts.SCHEMA}.fct_reported_value_history"
    return f"{own} and known_from = (select min(known_from) from {history} where {own})"  # noqa: S608  # quoted, or ours


@contextmanager
def _attached(files: Mapping[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        for name, file in files.items():
            connection.execute(f"attach {sql_literal(file)} as {name} (read_only)")
        yield connection


def _columns_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, frozenset[str]]:
    rows = connection.execute(
        "select table_name, list(column_name) from duckdb_columns() "
        "where database_name = ? and schema_name = ? group by table_name",
        [database, marts.SCHEMA],
    ).fetchall()
    return {table: frozenset(columns) for table, columns in rows}


def _both_know(table: str, older: _Side, newer: _Side) -> bool:
    return table in older.columns and table in newer.columns


def _select(side: _Side, table: str, columns: Mapping[str, str], condition: str) -> str:
    """A query over one table with exactly these columns (name as: name there), null where the release has none."""
    there = side.columns.get(table, frozenset())
    shown = ", ".join(
        f"{marts.name(source) if source in there else 'null'}::{_COLUMNS.get(name, 'varchar')} as {name}"
        for name, source in columns.items()
    )
    if not there:
        return f"select {shown} where false"
    return f"select {shown} from {side.database}.{marts.SCHEMA}.{marts.name(table)} where {condition}"  # noqa: S608  # quoted, or ours


def _figures(kind: str, side: _Side) -> str:
    code = "indicator_code" if kind == INDICATOR else "data_element_code"
    names = [*_KEY, *_WORDS, *_FIGURE, "data_year", "is_confirmed", "decimals", "revision", "entered_how"]
    places = ["file_name", "sheet", "cell"]
    columns = {name: name for name in (*names, *places, "indicator_value_key")} | {"code": code}
    if kind == REPORTED:
        columns["indicator_value_key"] = columns["decimals"] = ""
    return _select(side, side.table, columns, side.condition)


def _compared(older: _Side, newer: _Side) -> str:
    """Whether two figures differ, in what both sides know of them."""
    both = older.columns.get(older.table, frozenset()) & newer.columns.get(newer.table, frozenset())
    return " or ".join(_differs(name) for name in _FIGURE if name in both) or "false"


def _differs(name: str) -> str:
    """Doubles as the content hash compares them; how many areas are in counts where not all of them are."""
    if name == "value_decimal":
        return "coalesce(o.value_decimal <> n.value_decimal, false)"
    if name in ("value", "partial_value"):
        old, new = (f"format('{{:.11e}}', {side}.{name} + 0.0)" for side in "on")
    elif name in ("n_areas", "n_areas_expected"):
        old, new = (f"case when {side}.value_state = 'partial' then {side}.{name} end" for side in "on")
    else:
        old, new = (f"{side}.{name}" for side in "on")
    return f"{old} is distinct from {new}"


def _joined(kind: str, older: _Side, newer: _Side) -> str:
    same = " and ".join(f"o.{name} is not distinct from n.{name}" for name in _KEY)
    return f"""
        (select *, true as present from ({_figures(kind, older)})) as o
        full join (select *, true as present from ({_figures(kind, newer)})) as n on {same}
    """  # noqa: S608  # every name is quoted or ours


def _changes(
    connection: duckdb.DuckDBPyConnection, kind: str, older: _Side, newer: _Side
) -> tuple[Change, ...]:
    if not _both_know(older.table, older, newer):
        return ()
    told = [*_KEY, *_WORDS, "data_year", "is_confirmed"]
    of_sides = [*_FIGURE, "decimals", "revision", "entered_how"]
    query = f"""
        with changed as (
            select
                case when o.present is null then '{ADDED}' when n.present is null then '{REMOVED}'
                else '{CHANGED}' end as change,
                {", ".join(f"coalesce(n.{name}, o.{name}) as {name}" for name in told)},
                {", ".join(f"{side}.{name} as {side}_{name}" for side in "on" for name in (*of_sides, "present"))},
                {", ".join(_own_place(side) for side in "on")},
                o.indicator_value_key as o_key, n.indicator_value_key as n_key
            from {_joined(kind, older, newer)}
            where o.present is null or n.present is null or {_compared(older, newer)}
        ),
        o_sources as ({_sources(older, "o_key")}),
        n_sources as ({_sources(newer, "n_key")})
        select changed.* exclude (o_key, n_key), o_sources.places as o_under, n_sources.places as n_under
        from changed
        left join o_sources on changed.o_key = o_sources.indicator_value_key
        left join n_sources on changed.n_key = n_sources.indicator_value_key
        order by round_code, area_code, reporting_unit_code, code, category_code
    """  # noqa: S608  # every name is quoted or ours
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    rows = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    return tuple(
        Change(
            kind=kind,
            change=row["change"],
            old=_figure(row, "o"),
            new=_figure(row, "n"),
            **{name: row[name] for name in told},
        )
        for row in rows
    )


def _own_place(side: str) -> str:
    return (
        f"case when {side}.file_name is not null then [{{'file_name': {side}.file_name, "
        f"'sheet': {side}.sheet, 'cell': {side}.cell}}] end as {side}_places"
    )


def _sources(side: _Side, key: str) -> str:
    """The cells under the indicator values that changed."""
    keys = {name: name for name in ("indicator_value_key", "reported_value_key")}
    cells = {name: name for name in ("reported_value_key", "file_name", "sheet", "cell")}
    return f"""
        select b.indicator_value_key, list_distinct(list(
            {{'file_name': v.file_name, 'sheet': v.sheet, 'cell': v.cell}}
        )) as places
        from ({_select(side, "bridge_indicator_source", keys, "true")}) as b
        join ({_select(side, "fct_reported_value", cells, "true")}) as v
            on b.reported_value_key = v.reported_value_key
        where b.indicator_value_key in (select {key} from changed)
        group by b.indicator_value_key
    """  # noqa: S608  # every name is quoted or ours


def _figure(row: Mapping[str, Any], side: str) -> Figure | None:
    if not row[f"{side}_present"]:
        return None
    places = [Place(**place) for place in row[f"{side}_places"] or row[f"{side}_under"] or ()]
    return Figure(
        **{name: row[f"{side}_{name}"] for name in (*_FIGURE, "decimals", "revision", "entered_how")},
        places=tuple(
            sorted(places, key=lambda place: (str(place.file_name), str(place.sheet), str(place.cell)))
        ),
    )


def _moved(connection: duckdb.DuckDBPyConnection, older: _Side, newer: _Side) -> int:
    elsewhere = " or ".join(f"o.{name} is distinct from n.{name}" for name in ("file_name", "sheet", "cell"))
    row = connection.execute(
        f"select count(*) from {_joined(REPORTED, older, newer)} "  # noqa: S608  # every name is quoted or ours
        f"where o.present and n.present and not ({_compared(older, newer)}) and ({elsewhere})"
    ).fetchone()
    return int(row[0]) if row else 0


def _findings(connection: duckdb.DuckDBPyConnection, older: _Side, newer: _Side) -> tuple[FindingChange, ...]:
    """Open findings by rule: one that speaks of the same figure on both sides neither came nor went."""
    if not _both_know("fct_finding", older, newer):
        return ()
    key = ", ".join((*_FINDING_KEY, "file_name"))
    union = " union all ".join(
        f"select *, {number} as was, {1 - number} as is_now from ({_open_findings(side)})"  # noqa: S608  # as above
        for number, side in ((1, older), (0, newer))
    )
    rows = connection.execute(
        f"""
        with counted as (
            select {key}, sum(is_now) - sum(was) as more from ({union}) group by {key}
        )
        select rule_code, severity, sum(greatest(more, 0))::integer, sum(greatest(-more, 0))::integer
        from counted
        where more <> 0
        group by rule_code, severity
        order by severity, rule_code
        """  # noqa: S608  # every name is quoted or ours
    ).fetchall()
    return tuple(FindingChange(*row) for row in rows)


def _open_findings(side: _Side) -> str:
    columns = {name: name for name in (*_FINDING_KEY, "file_name", "status", "is_open")}
    found = _select(side, "fct_finding", columns, side.findings)
    return f"""
        select {", ".join(_FINDING_KEY)}, case when reporting_unit_code is null then file_name end as file_name
        from ({found})
        where status = 'fail' and coalesce(is_open, true)
    """  # noqa: S608  # every name is quoted or ours
