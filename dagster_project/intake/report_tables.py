"""Tables of figures in reports that are no form of ours: an annex of another kho, a table in a Word document.

Finding such tables, their columns by the words of their headings, and their lines belongs here. Whose report it is and
what each figure means does not (``bind_report``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dagster_project.intake.keys import folded
from dagster_project.messages import message
from dagster_project.text import fold

SHEET = ["sha256", "sheet"]
LINE = [*SHEET, "row"]
#: What a column of a report's table may be; its words stand in the message table, several separated by "|".
ROLES = (
    *("code", "name", "category", "unit", "numerator", "denominator", "value", "state", "status"),
    *("period", "area_code", "basis"),
)
_YEAR = r"^(?:thực hiện |số liệu |kết quả )?(?:năm )?(20[0-9]{2})$"


def find_tables(raw: pl.DataFrame, taken: Sequence[str]) -> pl.DataFrame:
    """One row per column of each table: sha256, sheet, head_row, col, role, period_code of a column headed by a year.

    A table has codes or names, and figures. One that gives no figures is told only where it ends such a table. Where a
    file has sheets with numerators, its others only repeat them.
    """
    cells = raw.filter(~pl.col("sha256").is_in(list(taken)), ~pl.col("sheet_hidden").fill_null(value=False))
    cells = cells.with_columns(folded(cells["raw_text"]).alias("key"))
    # Folding moves tones behind their word, so that a year's heading is looked for in the text as it stands.
    lowered = pl.col("raw_text").str.normalize("NFC").str.strip_chars().str.to_lowercase()
    headed = (
        cells.join(_words(), on="key", how="left", maintain_order="left")
        .with_columns(lowered.str.extract(_YEAR).alias("period_code"))
        .with_columns(
            pl.when(pl.col("period_code").is_not_null()).then(pl.lit("value")).otherwise("role").alias("role")
        )
        .filter(pl.col("role").is_not_null())
    )
    columns = headed.join(_heads(headed), on=LINE, how="semi")
    columns = columns.with_columns((pl.col("role") == "numerator").any().over(SHEET).alias("has_parts"))
    return (
        columns.filter(pl.col("has_parts") | ~pl.col("has_parts").any().over("sha256"))
        .select(*SHEET, pl.col("row").alias("head_row"), "col", "role", "period_code")
        .sort(*SHEET, "head_row", "col")
    )


def _heads(headed: pl.DataFrame) -> pl.DataFrame:
    """Rows that head a table: those of figures, and those that name lines in a column where one of them does."""
    marked = headed.with_columns(
        pl.col("role").is_in(["code", "name"]).alias("names"),
        pl.col("role").is_in(["value", "numerator"]).any().over(LINE).alias("gives"),
    )
    naming = marked.filter("names", "gives").select(*SHEET, "col")
    heads = (
        marked.filter("names").join(naming, on=[*SHEET, "col"], how="semi").select(*LINE, "gives").unique()
    )
    # A head of two rows may repeat its names in the second; that is no table of its own.
    second = heads.select(*SHEET, pl.col("row") + 1, pl.lit(value=True).alias("is_second"))
    return heads.join(second, on=LINE, how="left").filter(pl.col("gives") | pl.col("is_second").is_null())


def _words() -> pl.DataFrame:
    pairs = {
        fold(word): role
        for role in ROLES
        for lang in ("vi", "en")
        for word in message(f"intake.report_head_{role}", lang).split("|")
    }
    return pl.DataFrame({"key": list(pairs), "role": list(pairs.values())})


def read_lines(raw: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """One row per line below a table's head: ``head_row``, the text of each role's first column (``<role>_text``).

    A line is of the last head above it. ``raw`` comes in the order in which sheets are read.
    """
    heads = tables.select(*SHEET, "head_row", pl.col("head_row").alias("row")).unique()
    inside = (
        raw.join(heads, on=LINE, how="left", maintain_order="left")
        .with_columns(pl.col("head_row").forward_fill().over(SHEET))
        .filter(pl.col("row") > pl.col("head_row"))
        .join(tables, on=[*SHEET, "head_row", "col"], maintain_order="left")
    )
    text = pl.col("raw_text").str.strip_chars()
    return inside.group_by(*LINE, "head_row", maintain_order=True).agg(
        text.filter(pl.col("role") == role, text != "").first().alias(f"{role}_text") for role in ROLES
    )
