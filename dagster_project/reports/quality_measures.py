"""What a release can say on each criterion of statistical quality, as parts of a whole.

A measure that the release does not support is not there; nothing is estimated. Findings are counted elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from dagster_project.reports.dimensions import DIMENSIONS
from dagster_project.reports.quality_counts import QualityFacts
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.table import TOTAL, tree_lines

_FIGURE = ("value", "zero")
#: Told by units already: one check per unit would say the same again.
_BY_UNIT = ("timeliness", "punctuality")


@dataclass(frozen=True)
class Measure:
    """``part`` of ``whole``; without a whole a number of its own. ``code`` names its words."""

    dimension: str
    code: str
    part: int
    whole: int | None = None

    @property
    def share(self) -> float | None:
        return self.part / self.whole if self.whole else None


def measures(quality: QualityFacts, documents: int) -> list[Measure]:
    """All measures in the order of the criteria; ``documents`` is how many stand beside the report."""
    found = [
        *(_of_round(quality.facts) if quality.facts else ()),
        *_of_cells(quality),
        *_of_checks(quality),
        Measure("accessibility", "documents", documents),
    ]
    return sorted(
        (measure for measure in found if measure.whole is None or measure.whole > 0),
        key=lambda measure: DIMENSIONS.index(measure.dimension),
    )


def _of_round(facts: RoundFacts) -> Iterator[Measure]:
    units = facts.expected_units
    yield Measure("timeliness", "received", sum(not unit.is_missing for unit in units), len(units))
    on_time = sum(not unit.is_missing and not unit.is_late for unit in units)
    yield Measure("punctuality", "on_time", on_time, len(units))
    figures = facts.indicators.filter(round_code=facts.round.code, category_code=TOTAL)
    applicable = figures.filter(pl.col("value_state") != "not_applicable")
    yield Measure("relevance", "with_figure", _with_figure(applicable), applicable.height)
    indicators = [line for line in tree_lines(facts.nodes, "vi") if not line.is_heading]
    confirmed = sum(line.is_confirmed for line in indicators)
    yield Measure("accessibility", "confirmed", confirmed, len(indicators))
    held = facts.values.filter(value_state="held").height
    yield Measure("accuracy", "values", facts.values.height - held, facts.values.height)
    earlier = facts.periods["period_code"].implode()
    compared = facts.harmonised.filter(
        pl.col("period_code").is_in(earlier),
        pl.col("period_code") != facts.round.period_code,
        category_code=TOTAL,
    ).filter(pl.col("value_state") != "not_applicable")
    yield Measure("comparability", "harmonised", _with_figure(compared), compared.height)
    yield Measure("comparability", "breaks", facts.periods.filter("is_break").height)


def _of_cells(quality: QualityFacts) -> Iterator[Measure]:
    accepted, quarantined = (int(quality.files[name].sum() or 0) for name in ("accepted", "quarantined"))
    yield Measure("accuracy", "cells", accepted, accepted + quarantined)


def _of_checks(quality: QualityFacts) -> Iterator[Measure]:
    """Rules of which every result is kept, not only what failed."""
    told = quality.checks.filter(status="pass").select("rule_code").unique()
    checks = quality.checks.join(told, on="rule_code", how="semi")
    if quality.facts:
        checks = checks.filter(round_code=quality.facts.round.code)
    for dimension in (name for name in DIMENSIONS if name not in _BY_UNIT):
        own = checks.filter(dimension=dimension)
        passed, failed = (int(own.filter(status=status)["n"].sum()) for status in ("pass", "fail"))
        yield Measure(dimension, "checks", passed, passed + failed)


def _with_figure(figures: pl.DataFrame) -> int:
    return figures.filter(pl.col("value_state").is_in(_FIGURE)).height
