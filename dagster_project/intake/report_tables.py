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

    A table has codes or names, and figures. Where a file has tables with numerators, its others only repeat them.
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
    heads = (
        headed.group_by(LINE)
        .agg(
            pl.col("role").is_in(["code", "name"]).any().alias("names"),
            pl.col("role").is_in(["value", "numerator"]).any().alias("gives"),
        )
        .filter("names", "gives")
        .group_by(SHEET)
        .agg(pl.col("row").min().alias("head_row"))
    )
    columns = headed.join(heads, left_on=LINE, right_on=[*SHEET, "head_row"], how="semi")
    columns = columns.with_columns((pl.col("role") == "numerator").any().over(SHEET).alias("has_parts"))
    return (
        columns.filter(pl.col("has_parts") | ~pl.col("has_parts").any().over("sha256"))
        .select(*SHEET, pl.col("row").alias("head_row"), "col", "role", "period_code")
        .sort(*SHEET, "col")
    )


def _words() -> pl.DataFrame:
    pairs = {
        fold(word): role
        for role in ROLES
        for lang in ("vi", "en")
        for word in message(f"intake.report_head_{role}", lang).split("|")
    }
    return pl.DataFrame({"key": list(pairs), "role": list(pairs.values())})


def read_lines(raw: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """One row per line below a table's head: the text of each role's first column (``<role>_text``)."""
    inside = raw.join(tables, on=[*SHEET, "col"], maintain_order="left").filter(
        pl.col("row") > pl.col("head_row")
    )
    text = pl.col("raw_text").str.strip_chars()
    return inside.group_by(LINE, maintain_order=True).agg(
        text.filter(pl.col("role") == role, text != "").first().alias(f"{role}_text") for role in ROLES
    )
