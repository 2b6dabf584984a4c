"""The figures of one round, as a signed report says them: their hash, and what differs between two files.

Which rounds are fixed and what follows is told by the caller. Keys, files and cells are left out: they lead to a
figure and are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.text import sql_literal
from dagster_project.warehouse import marts
from dagster_project.warehouse.connection import connect, tell

if TYPE_CHECKING:
    import duckdb

_SUBJECT = ("area_code", "reporting_unit_code", "indicator_code", "data_element_code", "category_code")
_SAID = (
    "name_vi",
    "unit",
    "decimals",
    "applicability",
    "numerator",
    "denominator",
    "value",
    "value_decimal",
    "value_text",
    "value_state",
    "value_status",
    "coverage",
)
_TABLES = ("fct_reported_value", "fct_indicator")


@dataclass(frozen=True)
class ChangedFigure:
    """One figure that differs: what it is of, and what the two files say; "–" where one has none."""

    place: str
    old: str
    new: str


def figures_hash(file: Path, round_code: str) -> str:
    """The hash over all figures of a round in a release or a build."""
    with connect() as connection:
        _attach(connection, {"one": file})
        tell(connection, round_code=round_code)
        parts = [_hash(connection, table) for table in _TABLES]
    return "-".join(part[:32] for part in parts)


def changed_figures(old: Path, new: Path, round_code: str) -> list[ChangedFigure]:
    """Figures of a round that two files tell differently, on the columns that both have."""
    found: list[ChangedFigure] = []
    with connect() as connection:
        _attach(connection, {"old": old, "new": new})
        tell(connection, round_code=round_code)
        for table in _TABLES:
            found.extend(_changed(connection, table))
    return found


def files_that_came(old: Path, new: Path) -> list[str]:
    """Names of the files that ``new`` tells of and ``old`` does not, in order."""
    with connect() as connection:
        _attach(connection, {"old": old, "new": new})
        rows = connection.execute(
            "select distinct file_name from new.marts.fct_receipt "
            "where sha256 not in (select sha256 from old.marts.fct_receipt) order by file_name"
        ).fetchall()
    return [name for (name,) in rows]


def _attach(connection: duckdb.DuckDBPyConnection, files: dict[str, Path]) -> None:
    for alias, file in files.items():
        connection.execute(f"attach {sql_literal(file)} as {marts.name(alias)} (read_only)")


def _columns(connection: duckdb.DuckDBPyConnection, table: str, *aliases: str) -> list[marts.Column]:
    """The columns of _SUBJECT and _SAID that the table has in every file."""
    of_files = [
        dict(
            connection.execute(
                "select column_name, data_type from duckdb_columns() "  # noqa: S608  # names are our own
                f"where database_name = {sql_literal(alias)} and schema_name = {sql_literal(marts.SCHEMA)} "
                f"and table_name = {sql_literal(table)}"
            ).fetchall()
        )
        for alias in aliases
    ]
    return [
        marts.Column(name, of_files[0][name], None)
        for name in (*_SUBJECT, *_SAID)
        if all(name in columns for columns in of_files)
    ]


def _hash(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    columns = _columns(connection, table, "one")
    marked = " || ".join(marts.marked(column) for column in columns)
    row = connection.execute(
        f"with hashed as (select sha256({marked}) as h from one.{marts.SCHEMA}.{table} "  # noqa: S608  # names are our own
        "where round_code = getvariable('round_code')) "
        "select sha256(coalesce(string_agg(h, '' order by h), '')) from hashed"
    ).fetchone()
    return str(row[0]) if row else ""


def _changed(connection: duckdb.DuckDBPyConnection, table: str) -> list[ChangedFigure]:
    columns = _columns(connection, table, "old", "new")
    subject = [column for column in columns if column.name in _SUBJECT]
    said = [column for column in columns if column.name in _SAID]
    place = f"concat_ws(' ', {', '.join(marts.name(column.name) for column in subject)})"
    shown = f"concat_ws(' · ', {', '.join(_shown(column) for column in said)})"
    marked = " || ".join(marts.marked(column) for column in columns)
    query = f"""
        with rows_old as (
            select {marked} as marked, {place} as place, {shown} as shown
            from old.{marts.SCHEMA}.{table} where round_code = getvariable('round_code')
        ), rows_new as (
            select {marked} as marked, {place} as place, {shown} as shown
            from new.{marts.SCHEMA}.{table} where round_code = getvariable('round_code')
        ), gone as (
            select place, string_agg(shown, ' / ' order by shown) as shown
            from rows_old where marked not in (select marked from rows_new) group by place
        ), come as (
            select place, string_agg(shown, ' / ' order by shown) as shown
            from rows_new where marked not in (select marked from rows_old) group by place
        )
        select coalesce(gone.place, come.place), coalesce(gone.shown, '–'), coalesce(come.shown, '–')
        from gone full join come on gone.place = come.place
        order by 1
    """  # noqa: S608  # names are our own
    rows = connection.execute(query).fetchall()
    return [ChangedFigure(*row) for row in rows]


def _shown(column: marts.Column) -> str:
    name = marts.name(column.name)
    return f"format('{{:.12g}}', {name})" if column.type in ("DOUBLE", "FLOAT") else f"{name}::varchar"
