"""What the tables of a release and their columns mean, in two languages: as dbt's descriptions, kept in the file.

A description is Vietnamese, a dash, English. Wording belongs in ``dbt/models/marts``; printing, in the commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dagster_project.errors import UsageError
from dagster_project.warehouse.connection import connect
from dagster_project.warehouse.marts import SCHEMA

_DASH = " — "


@dataclass(frozen=True)
class ColumnText:
    """One column; ``type`` is DuckDB's name, ``description`` holds both languages."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class TableText:
    """One table; ``rows`` is exact, since nothing was ever deleted in a release; both languages in ``description``."""

    name: str
    rows: int
    description: str
    columns: Sequence[ColumnText]


def in_language(description: str, lang: str) -> str:
    """One language of a description; the whole of it where it has no dash."""
    vietnamese, dash, english = description.rpartition(_DASH)
    return english if lang == "en" or not dash else vietnamese


def read_texts(file: Path) -> list[TableText]:
    """Every table of a release's file, by name, with its columns in order."""
    columns: dict[str, list[ColumnText]] = {}
    with connect(file) as connection:
        for table, *column in connection.execute(
            "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
            "where schema_name = ? and database_name = current_database() order by table_name, column_index",
            [SCHEMA],
        ).fetchall():
            columns.setdefault(table, []).append(ColumnText(*column))
        tables = connection.execute(
            "select table_name, estimated_size, coalesce(comment, '') from duckdb_tables() "
            "where schema_name = ? and database_name = current_database() order by table_name",
            [SCHEMA],
        ).fetchall()
    return [TableText(name, rows, comment, tuple(columns[name])) for name, rows, comment in tables]


def find_text(texts: Sequence[TableText], told: str) -> TableText:
    """The table called so, with or without its schema; ``UsageError`` naming the nearest where there is none."""
    wanted = told.strip().lower().removeprefix(f"{SCHEMA}.")
    names = [text.name for text in texts]
    for text in texts:
        if text.name == wanted:
            return text
    near = get_close_matches(wanted, names, cutoff=0.5) or names
    raise UsageError("sql.no_table", given=told, near=", ".join(near))
