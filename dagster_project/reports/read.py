"""Typed reads of what one round says in a release.

Choosing and ordering rows belongs here, computing figures does not. Shaping them into the indicator table is
``table``, into words ``numbers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from dagster_project.catalogue.rounds import Period
from dagster_project.errors import KhoError
from dagster_project.reports.entered import entered_figures
from dagster_project.reports.findings import findings_of, with_columns
from dagster_project.reports.release import Release, Stamp, local_times, valid_at

#: Behind the code of an area of today that was made after the round.
LATER = "*"
#: What releases of earlier programs lack.
_LATER = {"break_reason_vi": pl.String(), "is_retrospective": pl.Boolean()}
_OF_RATES = {"note": pl.String(), "due_at": pl.Datetime("us", "UTC")}
_ROUND = ("criteria_set_name_vi", "legal_basis_vi", "addressee_vi", "recipients_vi")
_TEXTS = {"section": pl.String(), "text": pl.String(), "is_current": pl.Boolean()}
_TARGETS = dict.fromkeys(
    ("round_code", "area_code", "indicator_code", "category_code", "target_period_code", "comparison"),
    pl.String(),
)


@dataclass(frozen=True)
class Round:
    """A reporting round; due dates are null where the catalogue gives none."""

    code: str
    name_vi: str
    name_en: str
    criteria_set_code: str
    level: str
    period_code: str
    data_year: int
    period: Period
    period_end: date
    due_unit: date | None
    due_office: date | None
    state: str = "draft"
    criteria_set_name: str = ""
    legal_basis: str = ""
    addressee: str = ""
    recipients: str = ""

    @property
    def is_draft(self) -> bool:
        """Whether its documents bear the mark of a draft: until it goes for signature."""
        return self.state in ("draft", "reviewed")

    def name(self, lang: str) -> str:
        return self.name_vi if lang == "vi" or not self.name_en else self.name_en


@dataclass(frozen=True)
class Area:
    """An area as it was at a round's end, with the area above it."""

    code: str
    name: str
    level: str
    parent_name: str


@dataclass(frozen=True)
class UnitLine:
    """One reporting unit in one round, over all its forms.

    ``late_at``: when the last of its forms that were late first came.
    """

    code: str
    name: str
    area_name: str
    expected: int
    actual: int
    on_time: int
    exempt: bool
    received_at: datetime | None
    due_at: datetime | None
    note: str = ""
    late_at: datetime | None = None

    @property
    def due(self) -> str:
        """The last moment in time, in words: midnight belongs to the day that it ends."""
        if self.due_at is None:
            return ""
        if (self.due_at.hour, self.due_at.minute) == (0, 0):
            return f"24:00 {self.due_at - timedelta(days=1):%d/%m/%Y}"
        return f"{self.due_at:%H:%M %d/%m/%Y}"

    @property
    def is_missing(self) -> bool:
        return not self.exempt and self.actual < self.expected

    @property
    def is_late(self) -> bool:
        """Whether it has sent all, and not all in time."""
        return not self.is_missing and self.actual > self.on_time


@dataclass(frozen=True)
class Letter:
    """The document of a round: number, date and signer once it is issued, and what it is to the one before it."""

    number: str | None = None
    dated: date | None = None
    signer: str | None = None
    relation: str | None = None
    cites_number: str | None = None
    cites_date: date | None = None


@dataclass(frozen=True)
class RoundFacts:
    """What a release says about one round. ``area`` is null where several areas report and none stands for all.

    An area stands for all where it alone is of the round's level: the others are those below it; and where all were
    made into it later (``is_made_later``). ``later_areas``: codes of those of today that were made after the round.
    """

    stamp: Stamp
    round: Round
    area: Area | None
    is_made_later: bool
    areas: tuple[str, ...]
    later_areas: frozenset[str]
    units: tuple[UnitLine, ...]
    periods: pl.DataFrame
    nodes: pl.DataFrame
    dim_area: pl.DataFrame
    indicators: pl.DataFrame
    harmonised: pl.DataFrame
    values: pl.DataFrame
    entered: pl.DataFrame
    submissions: pl.DataFrame
    findings: pl.DataFrame
    other_findings: pl.DataFrame
    letter: Letter
    targets: pl.DataFrame
    texts: pl.DataFrame

    @property
    def own(self) -> str | None:
        """What stands for ``area`` among the areas: its code, with a mark where that may have been another's then."""
        return None if self.area is None else self.area.code + LATER * self.is_made_later

    @property
    def expected_units(self) -> tuple[UnitLine, ...]:
        return tuple(unit for unit in self.units if unit.expected and not unit.exempt)


def read_round(release: Release, round_code: str) -> RoundFacts:
    """Everything that the reports of one round need. Raises ``KhoError`` for a round that the release lacks."""
    rounds = with_columns(
        release.mart("dim_round", round_code=round_code), dict.fromkeys(_ROUND, pl.String())
    )
    if rounds.is_empty():
        raise KhoError("reports.no_round", round_code=round_code)
    chosen = _round(rounds.row(0, named=True))
    dim_area = release.mart("dim_area")
    of_set = {"criteria_set_code": chosen.criteria_set_code}
    series = _series(release.mart("dim_round", **of_set), chosen)
    in_series = pl.col("round_code").is_in(series["round_code"].implode())
    indicators = with_columns(
        release.mart("fct_indicator", **of_set).filter(in_series),
        {"partial_value": pl.Float64(), "n_areas": pl.Int64(), "n_areas_expected": pl.Int64(), **_LATER},
    )
    harmonised = with_columns(release.mart("fct_indicator_harmonised", **of_set).filter(in_series), _LATER)
    submissions = local_times(release.mart("fct_submission", round_code=round_code))
    rates = local_times(with_columns(release.mart("fct_reporting_rate", round_code=round_code), _OF_RATES))
    of_round = pl.col("round_code") == round_code
    found = findings_of(release)
    values = local_times(release.mart("fct_reported_value", round_code=round_code))
    here = of_round | pl.col("round_code").is_null()
    reporting = _codes(indicators.filter(of_round)) or _codes(submissions) or _codes(rates)
    today = _codes(harmonised.filter(of_round))
    above = _codes(indicators.filter(of_round, area_level=chosen.level)) if len(reporting) > 1 else ()
    one = next((codes[0] for codes in (today, above, reporting) if len(codes) == 1), None)
    is_of_today = len(today) == 1
    later_areas = _later_areas(dim_area, harmonised.filter(of_round), chosen.period_end)
    return RoundFacts(
        stamp=release.stamp,
        round=chosen,
        area=_area(dim_area, one, chosen.period_end, of_today=is_of_today) if one else None,
        is_made_later=is_of_today and one in later_areas,
        areas=reporting,
        later_areas=later_areas,
        units=_units(rates, submissions),
        periods=_periods(release.mart("dim_period"), series, chosen),
        nodes=valid_at(release.mart("dim_indicator", **of_set), chosen.period_end),
        dim_area=dim_area,
        indicators=indicators,
        harmonised=harmonised,
        values=values,
        entered=entered_figures(values, found.filter(of_round)),
        submissions=submissions,
        findings=found.filter(here),
        other_findings=found.filter(~here),
        letter=_letter(release, chosen),
        targets=_later(release, "fct_target_progress", round_code, _TARGETS),
        texts=_later(release, "fct_report_text", round_code, _TEXTS),
    )


def _later(release: Release, mart: str, round_code: str, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """A round's rows of a mart that releases of earlier programs lack: no rows there."""
    if not release.has(mart):
        return pl.DataFrame(schema=dict(columns))
    return release.mart(mart, round_code=round_code)


def _round(row: dict[str, Any]) -> Round:
    return Round(
        code=row["round_code"],
        name_vi=row["name_vi"] or row["round_code"],
        name_en=row["name_en"] or "",
        criteria_set_code=row["criteria_set_code"],
        level=row["level"] or "",
        period_code=row["period_code"],
        data_year=row["data_year"],
        period=Period(
            kind=row.get("period_type") or "year",
            code=row["period_code"],
            data_year=row["data_year"],
            end=row["period_end"],
            request_number=row.get("request_number") or 1,
        ),
        period_end=row["period_end"],
        due_unit=row["due_unit"],
        due_office=row.get(f"due_{row['level']}"),
        state=row.get("state") or "draft",
        criteria_set_name=row["criteria_set_name_vi"] or "",
        legal_basis=row["legal_basis_vi"] or "",
        addressee=row["addressee_vi"] or "",
        recipients=row["recipients_vi"] or "",
    )


def _letter(release: Release, chosen: Round) -> Letter:
    """The document that was issued, or the one to come, which cites the last that was; a release of old has none."""
    if not release.has("fct_document"):
        return Letter()
    documents = release.mart("fct_document", round_code=chosen.code).sort("revision")
    if documents.is_empty():
        return Letter()
    last = documents.row(-1, named=True)
    if chosen.state in ("issued", "locked"):
        return Letter(
            number=last["document_number"],
            dated=last["document_date"],
            signer=last["signer"],
            relation=last["relation"],
            cites_number=last["cites_number"],
            cites_date=last["cites_date"],
        )
    since = release.mart("fct_round_state", round_code=chosen.code).filter(
        pl.col("set_at") > last["registered_at"]
    )
    told = since.sort("act_number")["amendment"].drop_nulls()
    return Letter(
        relation=told[-1] if len(told) else "replacement",
        cites_number=last["document_number"],
        cites_date=last["document_date"],
    )


def _codes(frame: pl.DataFrame) -> tuple[str, ...]:
    return tuple(sorted(frame["area_code"].drop_nulls().unique()))


def _area(dim_area: pl.DataFrame, code: str, moment: date, *, of_today: bool) -> Area:
    """The version valid on the day, or the latest where figures are on today's areas."""
    versions = dim_area.filter(area_code=code).sort("valid_from", nulls_last=False)
    chosen = versions if of_today else valid_at(versions, moment)
    if chosen.is_empty():
        return Area(code, code, "", "")
    row = chosen.row(-1, named=True)
    parents = dim_area.filter(area_code=row["parent_code"])["name_vi"] if row["parent_code"] else pl.Series()
    return Area(code, row["name_vi"] or code, row["level"] or "", parents[-1] if len(parents) else "")


def _later_areas(dim_area: pl.DataFrame, harmonised: pl.DataFrame, moment: date) -> frozenset[str]:
    """Codes of areas of today that were made after the day, and not on the ground of one area."""
    later = dim_area.filter(pl.col("valid_from") > moment)["area_code"]
    same_ground = harmonised.filter(method="reported")["area_code"]
    return frozenset(later) - frozenset(same_ground)


def _series(rounds: pl.DataFrame, chosen: Round) -> pl.DataFrame:
    """The rounds that compare with this one: of its set and kind; one out of turn stands alone.

    Where a period was asked for several times, the last request that is no later one than this round's.
    """
    told = with_columns(rounds, {"period_type": pl.String(), "request_number": pl.Int64()})
    if chosen.period.kind == "ad_hoc":
        return told.filter(round_code=chosen.code)
    request = pl.col("request_number").fill_null(1)
    return (
        told.filter(
            pl.col("period_type").fill_null("year") == chosen.period.kind,
            request <= chosen.period.request_number,
        )
        .sort(request, descending=True, maintain_order=True)
        .unique(["level", "period_code"], keep="first", maintain_order=True)
    )


def _periods(dim_period: pl.DataFrame, series: pl.DataFrame, chosen: Round) -> pl.DataFrame:
    """Periods of the round's series up to its own, oldest first."""
    return (
        dim_period.filter(
            pl.col("period_code").is_in(series["period_code"].implode()),
            pl.col("period_end") <= chosen.period_end,
        )
        .sort("period_end", "period_code")
        .unique("period_code", keep="first", maintain_order=True)
    )


def _units(rates: pl.DataFrame, submissions: pl.DataFrame) -> tuple[UnitLine, ...]:
    received = (
        submissions.filter("is_current")
        .group_by("reporting_unit_code", "area_code")
        .agg(pl.col("received_at").max(), pl.col("due_at").min())
    )
    came_late = (
        submissions.filter(pl.col("on_time").not_(), revision=1)
        .group_by("reporting_unit_code", "area_code")
        .agg(pl.col("received_at").max().alias("late_at"))
    )
    lines = (
        rates.group_by("area_code", "area_name", "reporting_unit_code", "reporting_unit_name")
        .agg(
            pl.col("expected", "actual", "actual_on_time").cast(pl.Int64).sum(),
            pl.col("exempt").all(),
            pl.col("note").drop_nulls().unique(maintain_order=True).str.join("; "),
            pl.col("due_at").filter(pl.col("exempt").not_()).min().alias("asked_until"),
        )
        .join(received, on=["reporting_unit_code", "area_code"], how="left")
        .join(came_late, on=["reporting_unit_code", "area_code"], how="left")
        .sort("area_code", "reporting_unit_code")
    )
    return tuple(
        UnitLine(
            code=row["reporting_unit_code"],
            name=row["reporting_unit_name"] or row["reporting_unit_code"],
            area_name=row["area_name"] or "",
            expected=row["expected"],
            actual=row["actual"],
            on_time=row["actual_on_time"],
            exempt=bool(row["exempt"]),
            received_at=row["received_at"],
            due_at=row["asked_until"] or row["due_at"],
            note=row["note"] or "",
            late_at=row["late_at"],
        )
        for row in lines.iter_rows(named=True)
    )
