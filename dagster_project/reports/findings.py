"""The failed checks of a release: those that still concern somebody, the gravest first, and how each one stands.

Choosing and ordering belongs here; their words in a language and their place on a page do not. Findings of a file
that was replaced by a later one are history: they stay in the open data.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.reports.release import Release, local_times

SEVERITIES = ("blocking", "warning", "info")
SETTLED = "settled"
#: How a finding stands: open and as grave as its severity, or answered or decided on.
GROUPS = (*SEVERITIES, SETTLED)

#: What releases of the first version do not have.
_LATER: Mapping[str, pl.DataType] = {
    "unit_response": pl.String(),
    "is_open": pl.Boolean(),
    "decided_by": pl.String(),
    "decided_at": pl.Datetime("us", "UTC"),
    "decision_reason": pl.String(),
}


def findings_of(release: Release) -> pl.DataFrame:
    """All failed checks of current files, the gravest first, then by unit, file, sheet and cell.

    ``group`` is one of ``GROUPS``. ``is_confirmed`` is about the name of the indicator concerned, null where none is.
    """
    rank = pl.col("group").replace_strict({name: i for i, name in enumerate(GROUPS)}, default=9)
    return (
        local_times(with_columns(release.mart("fct_finding", status="fail"), _LATER))
        .join(_replaced(release), on="submission_id", how="anti")
        .join(_confirmed(release), on="indicator_code", how="left")
        .with_columns(_group().alias("group"))
        .sort(
            rank,
            *("reporting_unit_code", "file_name", "sheet"),
            pl.col("cell").str.extract(r"(\d+)$").cast(pl.Int64),
            *("cell", "rule_code", "finding_id"),
            nulls_last=True,
        )
    )


def with_columns(frame: pl.DataFrame, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """``frame`` with those of ``columns`` that it lacks, empty: marts only ever gain columns."""
    lacking = (
        pl.lit(None, dtype).alias(name) for name, dtype in columns.items() if name not in frame.columns
    )
    return frame.with_columns(lacking)


def counted(group: str = "group") -> list[pl.Expr]:
    """How many findings are in each of ``GROUPS``."""
    return [(pl.col(group) == name).sum().cast(pl.Int64).alias(name) for name in GROUPS]


def _group() -> pl.Expr:
    """A blocking finding or a warning that is no longer open is settled; an info is where it was answered."""
    closed = pl.col("is_open").fill_null(value=True).not_() & (pl.col("severity") != "info")
    answered = pl.col("unit_response").is_not_null() & (pl.col("severity") == "info")
    decided = pl.col("decided_by").is_not_null()
    return pl.when(closed | answered | decided).then(pl.lit(SETTLED)).otherwise("severity")


def _replaced(release: Release) -> pl.DataFrame:
    """Submissions whose figures do not count and after which the unit sent another."""
    sent = release.mart("fct_submission").sort("received_at", "revision", "sha256", nulls_last=True)
    grain = ["reporting_unit_code", "area_code", "form_code", "round_code"]
    last = pl.col("submission_id") == pl.col("submission_id").last().over(grain)
    counts = pl.col("is_current").fill_null(value=False)
    # A file of which one of these is not known may be anybody's: none that came later need be in its place.
    is_known = pl.all_horizontal(pl.col(grain).is_not_null())
    return sent.filter(is_known & ~(last | counts)).select("submission_id").unique()


def _confirmed(release: Release) -> pl.DataFrame:
    """Whether every version of an indicator's name is confirmed."""
    return release.mart("dim_indicator").group_by("indicator_code").agg(pl.col("is_confirmed").all())
