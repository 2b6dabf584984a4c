"""Figures of many areas over some years, made up from a seed: smooth over the years, parts adding up to their totals.

Nothing here is wrong on purpose (``kinds``), and where a figure stands in a form is not known here (``blank``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor
from pathlib import Path
from random import Random

import polars as pl

from dagster_project.catalogue.load import Catalogue
from dagster_project.forms.layout import TOTAL, row_code
from dagster_project.forms.plan import assigned_elements

_BASES = Path(__file__).parent.parent / "sample" / "bases.csv"
_BASE_YEAR = 2025


@dataclass(frozen=True)
class Spot:
    """One figure that one unit has to give for one year."""

    area: int
    kind: str
    unit_code: str
    area_code: str
    year: int
    element: str
    category: str
    indicator: str
    value_type: str
    role: str
    measure: str
    decimals: int
    leads: bool  # the figure of the area, and not the copy that a contributor gives
    summed: bool  # each unit gives its own part
    parts: int  # named categories beside the total
    value: float | None = None
    prior: float | None = None
    below: float | None = None  # the whole that this is a part of

    @property
    def code(self) -> str:
        """What its row prints."""
        return row_code(self.element, self.category)

    @property
    def whole(self) -> bool:
        return self.category == TOTAL

    def sibling(self, suffix: str) -> str:
        """Code of the element beside this one: TS above, MS below, TL as typed."""
        return f"{self.element.rsplit('.', 1)[0]}.{suffix}"


def make_spots(catalogue: Catalogue, years: Sequence[int], seed: int) -> list[Spot]:
    """Every figure of every unit of the made-up areas for ``years``."""
    spots = [_spot(row) for row in _asked(catalogue, years).iter_rows(named=True)]
    world = _World(_read_bases(), {spot.element: spot.decimals for spot in spots}, seed)
    values = {
        (spot.unit_code, spot.element, spot.category, spot.year): value
        for group in _grouped(spots)
        for spot, value in zip(group, world.values(group), strict=True)
    }
    return [
        replace(
            spot,
            value=values[spot.unit_code, spot.element, spot.category, spot.year],
            prior=values.get((spot.unit_code, spot.element, spot.category, spot.year - 1)),
            below=values.get((spot.unit_code, spot.sibling("MS"), spot.category, spot.year)),
        )
        for spot in spots
    ]


def _asked(catalogue: Catalogue, years: Sequence[int]) -> pl.DataFrame:
    rounds = catalogue.table("rounds").select("round_code", "data_year")
    return (
        assigned_elements(catalogue)
        .filter((pl.col("level") == "commune") & pl.col("reporting_unit_code").str.contains("^A[0-9]+-"))
        .join(rounds, on="round_code")
        .filter(pl.col("data_year").is_in(list(years)))
        .sort("data_year", "reporting_unit_code", "data_element_code", "category_order")
        .with_columns(
            (pl.len().over("data_year", "reporting_unit_code", "data_element_code") - 1).alias("parts")
        )
    )


def _spot(row: Mapping[str, object]) -> Spot:
    unit = str(row["reporting_unit_code"])
    letters, kind = unit.split("-", 1)
    return Spot(
        area=int(letters[1:]),
        kind=kind,
        unit_code=unit,
        area_code=str(row["area_code"]),
        year=int(str(row["data_year"])),
        element=str(row["data_element_code"]),
        category=str(row["category_code"]),
        indicator=str(row["indicator_code"]),
        value_type=str(row["value_type"]),
        role=str(row["role"]),
        measure=str(row["unit"]),
        decimals=int(str(row["decimals"] or 0)),
        leads=row["assignment_role"] == "lead",
        summed=row["unit_aggregation"] == "sum",
        parts=int(str(row["parts"])),
    )


def _grouped(spots: Sequence[Spot]) -> Iterator[list[Spot]]:
    """The total of an element in one form, and its parts behind it."""
    group: list[Spot] = []
    for spot in spots:
        if group and (spot.whole or spot.unit_code != group[0].unit_code):
            yield group
            group = []
        group.append(spot)
    if group:
        yield group


@dataclass(frozen=True)
class _Base:
    series: str
    last: float


@dataclass(frozen=True)
class _World:
    bases: Mapping[str, _Base]
    decimals: Mapping[str, int]
    seed: int

    def values(self, group: Sequence[Spot]) -> list[float | None]:
        """The figure of a total and of its parts."""
        total, named = group[0], len(group) - 1
        value = self._value(total, total.element)
        if value is None or not named:
            return [value, *([None] * named)]
        weights = [self._draw(1.0, 3.0, total.area, total.element, number) for number in range(named)]
        ends = [_rounded(value * sum(weights[:n]) / sum(weights), total.decimals) for n in range(named + 1)]
        return [value, *(round(ends[n + 1] - ends[n], total.decimals) for n in range(named))]

    def _value(self, spot: Spot, element: str) -> float | None:
        stem, suffix = element.rsplit(".", 1)
        if suffix == "TL":
            above, below = (self._value(spot, f"{stem}.{part}") for part in ("TS", "MS"))
            return _rounded(100 * above / below, 2) if below and above is not None else None
        if suffix != "TS":
            return self._size(spot, element)
        share = self.bases[element].last / self.bases[f"{stem}.MS"].last
        share *= self._draw(0.92, 1.04, spot.area, element) * 1.01 ** (spot.year - _BASE_YEAR)
        below = self._size(spot, f"{stem}.MS")
        return _rounded(below * min(share, 0.97), self.decimals[element])

    def _size(self, spot: Spot, element: str) -> float:
        base = self.bases[element]
        whose = spot.unit_code if spot.summed else spot.area
        by_area = spot.value_type == "index"
        scale = self._draw(0.94, 1.06, spot.area) if by_area else self._draw(0.75, 1.4, spot.area)
        scale *= self._draw(0.25, 0.4, whose, base.series) if spot.summed else 1
        growth = self._draw(1.02, 1.05, whose, base.series) ** (spot.year - _BASE_YEAR)
        return _rounded(base.last * scale * growth, self.decimals[element])

    def _draw(self, low: float, high: float, *what: object) -> float:
        return Random("|".join(map(str, (self.seed, *what)))).uniform(low, high)  # noqa: S311


def _rounded(value: float, decimals: int) -> float:
    return round(floor(value * 10**decimals + 0.5 + 1e-9) / 10**decimals, decimals)


def _read_bases() -> dict[str, _Base]:
    with _BASES.open(encoding="utf-8", newline="") as stream:
        return {
            row["data_element_code"]: _Base(row["series"], float(row["last"]))
            for row in csv.DictReader(stream)
        }
