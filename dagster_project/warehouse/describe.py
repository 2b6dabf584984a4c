"""What the tables of a release and their columns mean, in two languages.

dbt's descriptions are kept in the file as comments: Vietnamese, a dash, English. Wording belongs in
``dbt/models/marts``; printing, in the commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dagster_project.errors import UsageError
from dagster_project.text import sql_literal
from dagster_project.warehouse.connection import connect
from dagster_project.warehouse.marts import SCHEMA, Column, list_columns

_DASH = " — "


@dataclass(frozen=True)
class TableText:
    """One table; comments hold both languages."""

    name: str
    rows: int
    comment: str | None
    columns: Sequence[Column]


def in_language(comment: str | None, lang: str) -> str:
    """One language of a comment; the whole of it where it has no dash."""
    vietnamese, dash, english = (comment or "").rpartition(_DASH)
    return english if lang == "en" or not dash else vietnamese


def read_texts(file: Path) -> list[TableText]:
    """Every table of a release's file, by name, with its columns in order."""
    with connect(file) as connection:
        told = list_columns(connection)
        # What DuckDB itself says of a table's size counts rows that were deleted, too.
        counted = " union all ".join(
            f"select {sql_literal(table)}, count(*) from {SCHEMA}.{table}"  # noqa: S608 - names of our own tables
            for table in told
        )
        rows = dict(connection.execute(counted).fetchall()) if told else {}
        return [TableText(table, rows[table], *about) for table, about in told.items()]


def find_text(texts: Sequence[TableText], told: str) -> TableText:
    """The table called so, with or without its schema; ``UsageError`` naming the nearest where there is none."""
    wanted = told.strip().lower().removeprefix(f"{SCHEMA}.")
    names = [text.name for text in texts]
    for text in texts:
        if text.name == wanted:
            return text
    near = get_close_matches(wanted, names, cutoff=0.5) or names
    raise UsageError("sql.no_table", given=told, near=", ".join(near))
