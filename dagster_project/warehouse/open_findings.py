"""What of one release each reporting unit still has to mend, explain or know: by the file that it sent last.

Choosing findings and files belongs here. The workbook that goes back is made in ``quality.feedback``; findings of a
version that was replaced are history and concern nobody any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import UsageError
from dagster_project.warehouse.connection import ask, connect

if TYPE_CHECKING:
    import polars as pl

#: Where findings of one round are looked for: its own, those of its files, and those of files of no known round.
_FINDINGS = """
    with files as (
        select distinct sha256 from marts.fct_submission where round_code = getvariable('round_code')
    ), unknown as (
        select r.sha256
        from marts.fct_receipt as r
        inner join marts.dim_round as d on d.round_code = getvariable('round_code')
        where r.received_at >= cast(d.opens_on as timestamp) at time zone 'Asia/Ho_Chi_Minh'
        and r.status <> 'duplicate'
    ), texts as (
        select sha256, sheet, cell, max(raw_text) as entered from marts.fct_reported_cell group by all
    ), names as (
        select indicator_code, bool_or(is_confirmed) as is_confirmed from marts.dim_indicator group by all
    )
    select f.*, t.entered, n.is_confirmed
    from marts.fct_finding as f
    left join names as n on f.indicator_code = n.indicator_code
    left join texts as t on f.sha256 = t.sha256 and f.sheet = t.sheet and f.cell = t.cell
    where f.status = 'fail' and (
        f.round_code = getvariable('round_code')
        or f.round_code is null and f.sha256 in (select sha256 from files union all select sha256 from unknown)
    )
    order by f.finding_id
"""
_SUBMISSIONS = """
    select reporting_unit_code, form_code, area_code, sha256, file_name, is_current, received_at
    from marts.fct_submission
    where round_code = getvariable('round_code')
    order by received_at, sha256
"""
_REPORTING = """
    select distinct reporting_unit_code
    from marts.fct_reporting_rate
    where round_code = getvariable('round_code')
"""


@dataclass(frozen=True)
class SendBack:
    """One workbook to send back; without findings there is nothing to send.

    ``reporting_unit_code`` is None for a file of which no unit or round could be told. ``sha256`` is the file to mark,
    None where none came; ``is_refused`` says that it must not be opened.
    """

    reporting_unit_code: str | None
    sha256: str | None
    file_name: str | None
    is_refused: bool
    findings: pl.DataFrame


def open_findings(release_file: Path, round_code: str, units: Sequence[str] | None = None) -> list[SendBack]:
    """What goes back in one round, unit by unit, to ``units`` or to all that report in it.

    Files of which no unit or round could be told come last, and only where no units are named. Raises ``UsageError``
    for a unit that does not report in the round.
    """
    connection = connect(release_file)
    try:
        findings = ask(connection, _FINDINGS, round_code=round_code)
        submissions = ask(connection, _SUBMISSIONS, round_code=round_code)
        reporting = ask(connection, _REPORTING, round_code=round_code)["reporting_unit_code"]
        refused = connection.execute(
            "select sha256 from marts.fct_receipt where status = 'refused'"
        ).fetchall()
        names = dict(
            connection.execute(
                "select sha256, min(file_name) from marts.fct_receipt group by sha256"
            ).fetchall()
        )
    finally:
        connection.close()
    known = {str(code) for code in reporting}
    known |= {str(code) for code in submissions["reporting_unit_code"].drop_nulls().unique()}
    unknown = sorted(set(units or ()) - known)
    if unknown:
        raise UsageError("feedback.unknown_units", round_code=round_code, units=", ".join(unknown))
    chosen = _Choice(_open(findings), submissions, {str(row[0]) for row in refused}, names)
    back = [item for unit in sorted(set(units) if units else known) for item in chosen.of_unit(unit)]
    return back if units else [*back, *chosen.of_nobody()]


def _open(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings on which nothing was decided; a release from before decisions has only such."""
    import polars as pl

    return (
        findings.filter(pl.col("is_open").fill_null(value=True))
        if "is_open" in findings.columns
        else findings
    )


@dataclass(frozen=True)
class _Choice:
    findings: pl.DataFrame
    submissions: pl.DataFrame
    refused: set[str]
    names: dict[str, str]

    def of_unit(self, unit: str) -> Iterator[SendBack]:
        """One workbook per file that the unit sent last for a form and an area."""
        import polars as pl

        sent = self.submissions.filter(reporting_unit_code=unit)
        last = sent.unique(["form_code", "area_code"], keep="last", maintain_order=True)["sha256"].unique(
            maintain_order=True
        )
        counting = sent.filter(pl.col("is_current").fill_null(value=False))["sha256"]
        of_unit = pl.col("reporting_unit_code").fill_null(unit) == unit
        about_file = pl.col("sha256").is_in([*last, *counting]) & of_unit
        about_unit = pl.col("sha256").is_null() & (pl.col("reporting_unit_code") == unit)
        returned = (pl.col("stage") == "returned") & (pl.col("reporting_unit_code") == unit)
        mine = self.findings.filter(
            pl.any_horizontal(part.fill_null(value=False) for part in (about_file, about_unit, returned))
        )
        first = last[0] if len(last) else None
        elsewhere = mine.filter(~pl.col("sha256").is_in(last.implode()).fill_null(value=False))
        yield self._item(unit, first, pl.concat([mine.filter(sha256=first), elsewhere]) if first else mine)
        for sha256 in last[1:]:
            yield self._item(unit, sha256, mine.filter(sha256=sha256))

    def of_nobody(self) -> Iterator[SendBack]:
        """One list per file of which no unit or round could be told."""
        import polars as pl

        is_of_nobody = pl.col("reporting_unit_code").is_null()
        of_somebody = self.submissions.filter(~is_of_nobody)["sha256"].implode()
        of_nobody = self.submissions.filter(is_of_nobody)["sha256"].implode()
        lost = self.findings.filter(
            pl.col("round_code").is_null() | pl.col("sha256").is_in(of_nobody),
            ~pl.col("sha256").is_in(of_somebody),
        )
        for (sha256,), part in lost.partition_by("sha256", as_dict=True, maintain_order=True).items():
            yield self._item(None, str(sha256), part)

    def _item(self, unit: str | None, sha256: str | None, findings: pl.DataFrame) -> SendBack:
        import polars as pl

        other = (pl.col("sha256") != sha256).fill_null(value=False) if sha256 else pl.lit(value=False)
        return SendBack(
            reporting_unit_code=unit,
            sha256=sha256,
            file_name=self.names.get(sha256) if sha256 else None,
            is_refused=sha256 in self.refused,
            findings=findings.with_columns(other.alias("other_file")),
        )
