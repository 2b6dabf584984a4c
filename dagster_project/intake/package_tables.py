"""The sheets of packages as wide tables again, and what their manifests say.

Turning cells into rows belongs here; what is wrong with them does not (``package_checks``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dagster_project.intake.package_parts import ABOUT, PARTS, table_path

#: An apostrophe that the writer put before what a spreadsheet would run (``reports.safe``).
_DISARMED = r"^'('*[\t\r\n ]*[=@+\-\t\r])"


def about(raw: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """One row per package: sha256, and what its manifest says of ``keys``; a key within another is ``a.b``."""
    cells = raw.filter(pl.col("sheet") == ABOUT)
    told = (
        cells.filter(pl.col("col") == 1)
        .select("sha256", "row", pl.col("raw_text").alias("key"))
        .join(
            cells.filter(pl.col("col") == 2).select("sha256", "row", pl.col("raw_text").alias("said")),
            on=["sha256", "row"],
        )
    )
    return told.group_by("sha256", maintain_order=True).agg(
        pl.col("said").filter(pl.col("key") == key).first().alias(key) for key in keys
    )


def parts(raw: pl.DataFrame) -> pl.DataFrame:
    """One row per part of each package: sha256, path, told, found; null where the manifest or the zip lacks it."""
    return _wide(raw, PARTS, ("path", "told", "found"))


def table(raw: pl.DataFrame, name: str, columns: Sequence[str]) -> pl.DataFrame:
    """One row per line of a CSV table: sha256, row, and its texts by heading; null for a column that it lacks."""
    wide = _wide(raw, table_path(name), columns)
    return wide.with_columns(pl.col(column).str.replace(_DISARMED, "${1}") for column in columns)


def _wide(raw: pl.DataFrame, sheet: str, columns: Sequence[str]) -> pl.DataFrame:
    cells = raw.filter(pl.col("sheet") == sheet)
    heads = cells.filter(pl.col("row") == 1, pl.col("raw_text").is_in(columns)).select(
        "sha256", "col", pl.col("raw_text").alias("head")
    )
    lines = cells.filter(pl.col("row") > 1).join(
        heads, on=["sha256", "col"], how="left", maintain_order="left"
    )
    is_head = [pl.col("head") == name for name in columns]
    return lines.group_by("sha256", "row", maintain_order=True).agg(
        pl.col("raw_text").filter(condition).first().alias(name)
        for condition, name in zip(is_head, columns, strict=True)
    )
