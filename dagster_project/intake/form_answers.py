"""What a unit wrote into the column of answers of a feedback workbook that it sent back.

Reading that sheet belongs here, also where it comes alone, without a form. What an answer does to its finding is
not known here.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from dagster_project.forms.layout import FEEDBACK_ANSWER, FEEDBACK_SHEET
from dagster_project.frames import ANSWERS, CELLS, FINDING_KEY, conform, empty

#: Told by the form where there is one: a list copied from another unit's workbook answers nothing in its name.
_OF_FORM = ("reporting_unit_code", "area_code", "period_code")
_CODES = (FEEDBACK_ANSWER, "finding_id", *FINDING_KEY)


def read_answers(raw: pl.DataFrame, submissions: pl.DataFrame) -> pl.DataFrame:
    """Answers (ANSWERS) in the feedback sheets of ``raw``, for the unblocked ``submissions`` of the same files.

    ``raw``: sha256, sheet, row, col, raw_text, as it was read. A row without an answer, or without the hidden parts
    by which it finds its finding, gives nothing.
    """
    whose = submissions.filter(~pl.col("blocked")).select("sha256", "submission_id", *_OF_FORM)
    given = _given(raw).drop(_OF_FORM).join(whose, on="sha256", maintain_order="left")
    return conform(given.select(ANSWERS.names()), ANSWERS)


def answers_of_parts(raw: pl.DataFrame, submissions: pl.DataFrame) -> pl.DataFrame:
    """Answers (ANSWERS) where one file holds several unblocked ``submissions``: each answers the one it names."""
    given = _given(raw)
    whose = submissions.filter(~pl.col("blocked")).select("sha256", "submission_id", *_OF_FORM)
    return conform(
        given.join(whose, on=["sha256", *_OF_FORM], maintain_order="left").select(ANSWERS.names()), ANSWERS
    )


def find_lists(raw: pl.DataFrame, others: Collection[str]) -> list[str]:
    """The sha256 of files that are the list of a feedback workbook and nothing else; ``others`` are known as such."""
    alone = raw.group_by("sha256").agg((pl.col("sheet") == FEEDBACK_SHEET).all().alias("is_list"))
    coded = raw.filter(pl.col("raw_text") == FEEDBACK_ANSWER).select("sha256").unique()
    found = alone.filter("is_list").join(coded, on="sha256", how="semi")["sha256"]
    return sorted(set(found) - set(others))


def answers_of_lists(raw: pl.DataFrame) -> pl.DataFrame:
    """Answers (ANSWERS) in lists that came without a form: the unit is the one for which the list was made."""
    given = _given(raw).drop_nulls("reporting_unit_code")
    return conform(given.select(name for name in ANSWERS if name in given.columns), ANSWERS)


def cells_of_lists(raw: pl.DataFrame, *, is_sample: bool) -> pl.DataFrame:
    """The cells (CELLS) of such lists: there is no figure in them."""
    ignored = raw.with_columns(
        pl.lit("ignored").alias("disposition"),
        pl.lit("feedback_sheet").alias("reason"),
        pl.lit(is_sample).alias("is_sample"),
    )
    return conform(ignored.select(name for name in CELLS if name in ignored.columns), CELLS)


def _given(raw: pl.DataFrame) -> pl.DataFrame:
    """Rows of feedback sheets with an answer: sha256, the finding's key, text; in the order of the sheet."""
    cells = raw.filter(pl.col("sheet") == FEEDBACK_SHEET, pl.col("raw_text").str.strip_chars() != "")
    codes = cells.filter(pl.col("raw_text").is_in(_CODES))
    if codes.is_empty():
        return empty(ANSWERS).drop("submission_id")
    per_row = pl.len().over("sha256", "row")
    heads = (
        codes.filter(per_row == per_row.max().over("sha256"))
        .select("sha256", "col", pl.col("row").alias("code_row"), pl.col("raw_text").alias("code"))
        .unique(["sha256", "col"], keep="first", maintain_order=True)
    )
    typed = cells.join(heads, on=["sha256", "col"]).filter(pl.col("row") > pl.col("code_row"))
    rows = typed.group_by("sha256", "row").agg(
        pl.col("raw_text").filter(pl.col("code") == code).first().alias(code) for code in _CODES
    )
    return (
        rows.drop_nulls([FEEDBACK_ANSWER, "finding_id", "rule_code"])
        .sort("sha256", "row")
        .with_columns(pl.col(FEEDBACK_ANSWER).str.strip_chars().alias("text"))
        .drop(FEEDBACK_ANSWER, "row")
    )
