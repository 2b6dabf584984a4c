"""What differs between two catalogues, row by row.

Only comparing belongs here; writing a change is ``exchange``'s and ``confirm``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.tables import TABLES, Table
from dagster_project.messages import message


@dataclass(frozen=True)
class Change:
    """One row that came, went, or holds another value in ``column``."""

    table: str
    key: str
    kind: str  # added, removed, changed
    column: str = ""
    old: str = ""
    new: str = ""

    def text(self, lang: str) -> str:
        return message(
            f"catalogue.change_{self.kind}",
            lang,
            table=self.table,
            key=self.key,
            column=self.column,
            old=self.old or "∅",
            new=self.new or "∅",
        )


def diff(old: Catalogue, new: Catalogue) -> list[Change]:
    """Changes from ``old`` to ``new``, in the order of the tables and of ``new``'s rows."""
    return [
        change
        for table in TABLES.values()
        for change in _changes(old.table(table.name), new.table(table.name), table)
    ]


def _changes(old: pl.DataFrame, new: pl.DataFrame, table: Table) -> Iterator[Change]:
    # A row of one key may stand more than once, each with its own validity.
    key = [*table.key, "valid_from"] if table.has_validity else list(table.key)
    before, after = (frame.with_columns(pl.all().cast(pl.String)) for frame in (old, new))
    for row in after.join(before, on=key, how="anti", nulls_equal=True).iter_rows(named=True):
        yield Change(table.name, _name(row, key), "added")
    for row in before.join(after, on=key, how="anti", nulls_equal=True).iter_rows(named=True):
        yield Change(table.name, _name(row, key), "removed")
    others = [name for name in table.columns if name not in key]
    both = after.join(before, on=key, how="inner", nulls_equal=True, suffix=":old", maintain_order="left")
    for name in others:
        for row in both.filter(pl.col(name).ne_missing(pl.col(f"{name}:old"))).iter_rows(named=True):
            yield Change(
                table.name, _name(row, key), "changed", name, row[f"{name}:old"] or "", row[name] or ""
            )


def _name(row: dict[str, str | None], key: list[str]) -> str:
    return " | ".join(row[column] or "" for column in key).rstrip(" |")
