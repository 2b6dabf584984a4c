"""Areas beside indicators in the period of a round: which areas there are, and the cell of each.

The report's and the annex's tables of areas take their figures from here, so that they agree. Nothing is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from dagster_project.reports.read import RoundFacts
from dagster_project.reports.table import TOTAL, Figure, Line, figure, round_rows

_FIGURES = ("value", "zero")


@dataclass(frozen=True)
class AreaFigures:
    """``names`` of the areas by code, in the order of the names, without ``whole`` (``RoundFacts.own``).

    ``shown`` by codes of area and indicator; the cell of the whole tells what some areas add up to, but not of how
    many: that is its ``coverage``.
    """

    whole: str | None
    names: Mapping[str, str]
    shown: Mapping[tuple[str, str], Figure]
    counted: Mapping[str, tuple[int, int]]

    def coverage(self, code: str) -> str:
        """How many areas went into the total ("37/38"), else how many of those that should have a figure."""
        if code in self.counted:
            return "/".join(map(str, self.counted[code]))
        states = [self.shown[area, code].state for area in self.names]
        expected = [state for state in states if state != "not_applicable"]
        return f"{sum(state in _FIGURES for state in expected)}/{len(expected)}"


def read_area_figures(facts: RoundFacts, indicators: tuple[Line, ...], lang: str) -> AreaFigures | None:
    """The totals of every area in the round's own period; null where the round is of one area."""
    if len(facts.areas) < 2:  # one alone is told by the indicator table
        return None
    rows = round_rows(facts).filter(category_code=TOTAL)
    whole = facts.own
    areas = (
        rows.filter(pl.col("area_code") != (whole or ""))
        .select("area_code", "area_name")
        .unique("area_code", keep="first", maintain_order=True)
        .sort("area_name", "area_code")
    )
    names = {code: name or code for code, name in areas.iter_rows()}
    by_place = {(row["area_code"], row["indicator_code"]): row for row in rows.iter_rows(named=True)}
    shown = {
        (area, line.code): _without_count(figure(by_place.get((area, line.code)), line, lang))
        for area in (*names, *filter(None, [whole]))
        for line in indicators
    }
    totals = {line.code: by_place.get((whole or "", line.code)) for line in indicators}
    return AreaFigures(whole, names, shown, dict(filter(None, map(_counted, totals.items()))))


def _counted(total: tuple[str, dict[str, Any] | None]) -> tuple[str, tuple[int, int]] | None:
    code, row = total
    if row is None or row.get("n_areas_expected") is None:
        return None
    return code, (row["n_areas"] or 0, row["n_areas_expected"])


def _without_count(item: Figure) -> Figure:
    return replace(item, digits=item.digits.partition(" (")[0]) if item.state == "partial" else item
