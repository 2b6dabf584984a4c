"""An indicator of one area as a line over periods: what documents, annex and portal draw.

The figures are those of the indicator table, so that a chart and a table beside it agree; forecast and target come
from their marts. Nothing is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from dagster_project.reports.charts import Outlook, Point, Series
from dagster_project.reports.read import LATER, RoundFacts
from dagster_project.reports.release import Release
from dagster_project.reports.safe import plain
from dagster_project.reports.table import TOTAL, IndicatorTable, Line

#: Types whose figures do not make a line.
_WORDS = ("yes_no", "text", "level")
_MARTS = ("fct_indicator_forecast", "fct_target_progress")


@dataclass(frozen=True)
class Ahead:
    """What lies ahead of a round, of all areas: forecasts that start from its year, and targets with their lights.

    Both are empty where the release is older than their marts.
    """

    forecasts: pl.DataFrame
    targets: pl.DataFrame

    def targets_of(self, area: str, indicator: str) -> list[dict[str, Any]]:
        """Targets of one indicator, the nearest first."""
        return self._targets.get((area, indicator), [])

    def forecasts_of(self, area: str, indicator: str) -> list[dict[str, Any]]:
        """Forecasts of one indicator by year, on today's areas where there are any."""
        rows = self._forecasts.get((area, indicator), [])
        chosen = next((row["basis"] for row in rows if row["basis"] == "harmonised"), "as_reported")
        return [row for row in rows if row["basis"] == chosen]

    @cached_property
    def _targets(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        return _by_place(self.targets, "target_period_code")

    @cached_property
    def _forecasts(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        return _by_place(self.forecasts, "forecast_year")


def read_ahead(release: Release, facts: RoundFacts) -> Ahead:
    """Forecasts and targets of the round's set that belong to its year and period; totals only."""
    there = {column.mart for column in release.columns()}
    forecast, progress = (
        release.mart(name, criteria_set_code=facts.round.criteria_set_code, category_code=TOTAL)
        if name in there
        else pl.DataFrame()
        for name in _MARTS
    )
    if not forecast.is_empty():
        is_later = (pl.col("basis") == "harmonised") & pl.col("area_code").is_in(list(facts.later_areas))
        forecast = forecast.filter(
            pl.col("forecast").is_not_null(), pl.col("last_year") == facts.round.data_year
        ).with_columns(
            pl.when(is_later).then(pl.col("area_code") + LATER).otherwise("area_code").alias("area_code")
        )
    if not progress.is_empty():
        progress = progress.filter(round_code=facts.round.code)
    return Ahead(forecast, progress)


def _by_place(frame: pl.DataFrame, order: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in frame.sort(order).to_dicts() if not frame.is_empty() else ():
        found.setdefault((row["area_code"], row["indicator_code"]), []).append(row)
    return found


def area_series(table: IndicatorTable, ahead: Ahead, area: str) -> dict[str, Series]:
    """A series per indicator of the table of one area; none for what is told in words or has no figure.

    A target that is a span is no single line and stays out; so do the later ones where there are several.
    """
    found = ((line.code, indicator_series(line, table, ahead, area)) for line in table.indicators)
    return {code: series for code, series in found if series is not None}


def indicator_series(line: Line, table: IndicatorTable, ahead: Ahead, area: str) -> Series | None:
    """The series of one line of an area's table."""
    known = [figure.value is not None for figure in line.figures]
    if line.value_type in _WORDS or table.is_overview or not any(known):
        return None
    first = known.index(True)
    cells = list(zip(table.periods, line.figures, strict=True))[first:]
    target = _target(ahead.targets_of(area, line.code))
    return Series(
        title=plain(line.name),
        unit=plain(line.unit, 60),
        decimals=line.decimals,
        points=tuple(Point(period.label, figure.value, figure.is_final) for period, figure in cells),
        breaks=frozenset(period.label for period, figure in cells[1:] if period.is_break or figure.is_break),
        outlook=tuple(_outlook(row) for row in ahead.forecasts_of(area, line.code)),
        target=(str(target["target_period_code"]), target["target"]) if target else None,
        is_target_confirmed=target is None or target["target_status"] == "confirmed",
    )


def _outlook(row: Mapping[str, Any]) -> Outlook:
    return Outlook(str(row["forecast_year"]), row["forecast"], row["forecast_low"], row["forecast_high"])


def _target(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((row for row in rows if row["target_high"] is None and row["target"] is not None), None)
