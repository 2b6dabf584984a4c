"""What the quality report counts: rounds, files and their cells, and which of them concern the round.

Words and the page belong to ``quality_report``.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dagster_project.reports.dimensions import with_dimension
from dagster_project.reports.findings import GROUPS, counted, findings_of
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.release import Release, Stamp, local_times

DISPOSITIONS = ("accepted", "quarantined", "ignored")


@dataclass(frozen=True)
class QualityFacts:
    """Files and findings of the round (or of no round), those of other rounds, and counts per round.

    Without a round everything is the round's. ``checks`` has the results of all checks of the release by round, stage,
    rule and status; findings and checks know the ``dimension`` of their rule.
    """

    stamp: Stamp
    facts: RoundFacts | None
    rounds: pl.DataFrame
    files: pl.DataFrame
    other_files: pl.DataFrame
    findings: pl.DataFrame
    other_findings: pl.DataFrame
    checks: pl.DataFrame


def read_quality(release: Release, facts: RoundFacts | None) -> QualityFacts:
    """Everything received, told apart into what concerns the round and what concerns others."""
    findings = findings_of(release)
    files = _files(release, findings)
    here = _concern(release, facts)
    return QualityFacts(
        stamp=release.stamp,
        facts=facts,
        rounds=_rounds(release, findings),
        files=files.filter(here),
        other_files=files.filter(~here),
        findings=with_dimension(findings if facts is None else facts.findings),
        other_findings=with_dimension(findings.clear() if facts is None else facts.other_findings),
        checks=with_dimension(release.counts("fct_finding", ["round_code", "stage", "rule_code", "status"])),
    )


def _concern(release: Release, facts: RoundFacts | None) -> pl.Expr:
    """Files with a cell or a submission in the round, and files without any round."""
    if facts is None:
        return pl.lit(value=True)
    columns = ["sha256", "round_code"]
    known = pl.concat(
        [release.slim("fct_reported_cell", columns), release.slim("fct_submission", columns)]
    ).filter(pl.col("round_code").is_not_null())
    own = known.filter(round_code=facts.round.code)["sha256"].unique()
    return pl.col("sha256").is_in(own.implode()) | ~pl.col("sha256").is_in(known["sha256"].unique().implode())


def _rounds(release: Release, findings: pl.DataFrame) -> pl.DataFrame:
    """One row per round with submissions: expected, actual, on time, findings by how they stand."""
    rates = release.mart("fct_reporting_rate").filter(pl.col("exempt").not_())
    names = release.mart("dim_round").select("round_code", "name_vi", "name_en", "period_code", "period_end")
    return (
        rates.group_by("round_code")
        .agg(pl.col("expected", "actual", "actual_on_time").cast(pl.Int64).sum())
        .join(findings.group_by("round_code").agg(counted()), on="round_code", how="left")
        .join(names, on="round_code", how="left")
        .with_columns(pl.col(GROUPS).fill_null(0))
        .sort("period_end", "round_code")
    )


def _files(release: Release, findings: pl.DataFrame) -> pl.DataFrame:
    """One row per receipt: what became of its cells (of the first of equal bytes), and its findings."""
    receipts = local_times(release.mart("fct_receipt"))
    cells = release.slim("fct_reported_cell", ["sha256", "disposition"])
    first = pl.col("status") != "duplicate"
    counts = cells.group_by("sha256").agg(
        (pl.col("disposition") == name).sum().cast(pl.Int64).alias(name) for name in DISPOSITIONS
    )
    found = findings.group_by("sha256").agg(counted())
    numbers = (*DISPOSITIONS, *GROUPS)
    return (
        receipts.join(counts, on="sha256", how="left")
        .join(found, on="sha256", how="left")
        .with_columns(pl.when(first).then(pl.col(name)).fill_null(0).alias(name) for name in numbers)
        .sort("received_at", "file_name", "receipt_id")
    )
