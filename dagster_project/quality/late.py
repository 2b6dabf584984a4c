"""What came for a fixed round: its submissions are refused, its cells held, returns wait, and each file is told why.

Which rounds are fixed and which receipt was the last before is told by the caller; the files stay where they are, so
that a round that is opened again takes them in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from dagster_project.frames import FINDINGS, TIMESTAMP, empty
from dagster_project.quality.findings import build_findings
from dagster_project.quality.returned import STAGE as RETURNED

ROUND_FIXED = "ROUND_FIXED"


@dataclass(frozen=True)
class Fixed:
    """A fixed round: the last receipt that it holds, and the day since when, as people write it."""

    last_receipt_number: int
    since: str


@dataclass(frozen=True)
class Held:
    """SUBMISSIONS and ANSWERS without what came late, the FINDINGS that say so, and the late ones per file."""

    submissions: pl.DataFrame
    answers: pl.DataFrame
    findings: pl.DataFrame
    late: Mapping[str, Sequence[str]]


def hold_late(
    submissions: pl.DataFrame,
    answers: pl.DataFrame,
    fixed: Mapping[str, Fixed],
    receipt_numbers: Mapping[str, int],
) -> Held:
    """Refuse submissions of fixed rounds whose file has a later place in the ledger than the round's last receipt.

    ``receipt_numbers`` gives the place of each sha256. A file of which nothing is left gets findings of stage "guard"
    and so is refused as a whole; one that also serves an open round is refused in part.
    """
    if not fixed:
        return Held(submissions, answers, empty(FINDINGS), {})
    rounds = pl.DataFrame(
        [(code, item.last_receipt_number, item.since) for code, item in fixed.items()],
        schema={"round_code": pl.String, "last_number": pl.Int64, "since": pl.String},
        orient="row",
    )
    places = _places(receipt_numbers)
    is_open = ~pl.col("blocked").fill_null(value=False)
    late = (
        submissions.filter(is_open)
        .join(rounds, on="round_code", maintain_order="left")
        .join(places, on="sha256", maintain_order="left")
        .filter(pl.col("place") > pl.col("last_number"))
    )
    ids = late["submission_id"].implode()
    left = submissions.filter(is_open & ~pl.col("submission_id").is_in(ids))["sha256"].implode()
    is_late = pl.col("submission_id").is_in(ids).fill_null(value=False)
    return Held(
        submissions=submissions.with_columns(pl.col("blocked").fill_null(value=False) | is_late),
        answers=answers.filter(~is_late),
        findings=build_findings(
            late.select(
                pl.lit(ROUND_FIXED).alias("rule_code"),
                pl.when(pl.col("sha256").is_in(left))
                .then(pl.lit("intake"))
                .otherwise(pl.lit("guard"))
                .alias("stage"),
                "sha256",
                "file_name",
                "submission_id",
                "reporting_unit_code",
                "area_code",
                "round_code",
                "period_code",
                pl.col("round_code").alias("observed"),
                pl.col("since").alias("expected"),
                "is_sample",
            )
        ),
        late=dict(late.group_by("sha256").agg("submission_id").iter_rows()),
    )


def hold_cells(cells: pl.LazyFrame, late: Collection[str]) -> pl.LazyFrame:
    """CELLS, those that were accepted of ``late`` submissions held."""
    ids = pl.Series(list(late), dtype=pl.String).implode()
    was_taken = pl.col("submission_id").is_in(ids).fill_null(value=False) & (
        pl.col("disposition") == "accepted"
    )
    return cells.with_columns(
        pl.when(was_taken).then(pl.lit("quarantined")).otherwise("disposition").alias("disposition"),
        pl.when(was_taken).then(pl.lit(ROUND_FIXED)).otherwise("reason").alias("reason"),
    )


def hold_late_returns(
    findings: pl.DataFrame, fixed: Mapping[str, Fixed], receipt_numbers: Mapping[str, int]
) -> pl.DataFrame:
    """``findings`` (FINDINGS) without what the level above asks of fixed rounds in packages that came after them.

    Each such package gets a finding of stage "guard" instead: it is refused as a whole until the round is opened.
    """
    if not fixed:
        return findings
    place = pl.col("sha256").replace_strict(receipt_numbers, default=None, return_dtype=pl.Int64)
    last = pl.col("round_code").replace_strict(
        {code: item.last_receipt_number for code, item in fixed.items()},
        default=None,
        return_dtype=pl.Int64,
    )
    since = pl.col("round_code").replace_strict(
        {code: item.since for code, item in fixed.items()}, default=None, return_dtype=pl.String
    )
    is_late = ((pl.col("stage") == RETURNED) & (place > last)).fill_null(value=False)
    late = findings.filter(is_late).unique("sha256", keep="first", maintain_order=True)
    told = late.select(
        pl.lit(ROUND_FIXED).alias("rule_code"),
        pl.lit("guard").alias("stage"),
        *("sha256", "file_name", "area_code", "round_code", "period_code", "is_sample"),
        pl.col("round_code").alias("observed"),
        since.alias("expected"),
    )
    return pl.concat([findings.filter(~is_late), build_findings(told)])


def let_in(
    submissions: pl.DataFrame,
    reopened: Sequence[tuple[str, int, datetime]],
    receipt_numbers: Mapping[str, int],
) -> pl.DataFrame:
    """SUBMISSIONS with ``counts_from`` where a file that came for a fixed round had to wait until it was opened again.

    ``reopened``: round, the last receipt that it held while it was fixed, and when it was opened again.
    """
    if not reopened:
        return submissions.with_columns(pl.lit(None, TIMESTAMP).alias("counts_from"))
    opened = pl.DataFrame(
        list(reopened),
        schema={"round_code": pl.String, "last_number": pl.Int64, "opened_at": TIMESTAMP},
        orient="row",
    )
    waited = (
        submissions.join(opened, on="round_code")
        .join(_places(receipt_numbers), on="sha256")
        .filter(pl.col("place") > pl.col("last_number"), pl.col("received_at") < pl.col("opened_at"))
        .group_by("submission_id")
        .agg(pl.col("opened_at").max())
    )
    return (
        submissions.join(waited, on="submission_id", how="left", maintain_order="left")
        .with_columns(pl.col("opened_at").alias("counts_from"))
        .drop("opened_at")
    )


def _places(receipt_numbers: Mapping[str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        list(receipt_numbers.items()), schema={"sha256": pl.String, "place": pl.Int64}, orient="row"
    )
