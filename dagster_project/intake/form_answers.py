"""What a unit wrote into the column of answers of a feedback workbook that it sent back.

Reading that sheet belongs here; which unit answers is told by the form's own identity, never by the sheet. What an
answer does to its finding is not known here.
"""

from __future__ import annotations

import polars as pl

from dagster_project.forms.layout import FEEDBACK_ANSWER, FEEDBACK_SHEET
from dagster_project.frames import ANSWERS, FINDING_KEY, conform, empty

#: Told by the form: a sheet that was copied from another unit's workbook answers nothing in its name.
_OF_FORM = ("reporting_unit_code", "area_code", "period_code")
_ON_SHEET = ("finding_id", *(name for name in FINDING_KEY if name not in _OF_FORM))


def read_answers(raw: pl.DataFrame, submissions: pl.DataFrame) -> pl.DataFrame:
    """Answers (ANSWERS) in the feedback sheets of ``raw``, for the unblocked ``submissions`` of the same files.

    ``raw``: sha256, sheet, row, col, raw_text, as it was read. A row without an answer, or without the hidden parts
    by which it finds its finding, gives nothing.
    """
    cells = raw.filter(pl.col("sheet") == FEEDBACK_SHEET, pl.col("raw_text").str.strip_chars() != "")
    codes = cells.filter(pl.col("raw_text").is_in([FEEDBACK_ANSWER, *_ON_SHEET]))
    if codes.is_empty():
        return empty(ANSWERS)
    heads = (
        codes.with_columns(pl.len().over("sha256", "row").alias("n"))
        .filter(pl.col("n") == pl.col("n").max().over("sha256"))
        .select("sha256", "col", pl.col("row").alias("code_row"), pl.col("raw_text").alias("code"))
        .unique(["sha256", "col"], keep="first", maintain_order=True)
    )
    typed = cells.join(heads, on=["sha256", "col"]).filter(pl.col("row") > pl.col("code_row"))
    rows = typed.group_by("sha256", "row").agg(
        pl.col("raw_text").filter(pl.col("code") == code).first().alias(code)
        for code in (FEEDBACK_ANSWER, *_ON_SHEET)
    )
    given = rows.drop_nulls([FEEDBACK_ANSWER, "finding_id", "rule_code"]).rename({FEEDBACK_ANSWER: "text"})
    whose = submissions.filter(~pl.col("blocked")).select("sha256", "submission_id", *_OF_FORM)
    answers = (
        given.join(whose, on="sha256").sort("sha256", "row").with_columns(pl.col("text").str.strip_chars())
    )
    return conform(answers.select(name for name in ANSWERS if name in answers.columns), ANSWERS)
