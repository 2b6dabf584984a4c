"""The sample's own figures: made up, smooth over the years, equal on every machine.

``bases.csv`` gives each data element for the whole of today's xã Bình Lư in 2021 and in 2025; everything between,
every area and every unit follows from it. Which cells the figures stand in is not known here (``make``).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from math import floor
from pathlib import Path

import polars as pl

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.forms.plan import assigned_elements
from dagster_project.paths import Project

YEARS = range(2021, 2026)
TOTAL = "_T"
#: Share of each predecessor commune in the whole, by the first letters of its units' codes.
_AREA_SHARES = {"TD": 0.42, "BLC": 0.35, "SB": 0.23}
#: How far an area is ahead in what makes up the upper part of a rate, and in indices.
_AREA_LEADS = {"TD": 1.04, "BLC": 1.0, "SB": 0.93}
_BASES = Path(__file__).parent / "bases.csv"

#: Reporting unit, data element, category, data year.
Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class _Element:
    code: str
    role: str
    decimals: int
    is_sum_of_units: bool
    is_sum_of_areas: bool

    def part(self, suffix: str) -> str:
        """Give the code of the upper (TS) or lower (MS) part beside this element."""
        return f"{self.code.rsplit('.', 1)[0]}.{suffix}"


@dataclass(frozen=True)
class _Place:
    """An area, by the first letters of its units' codes, in a year."""

    prefix: str
    year: int


@cache
def figures() -> Mapping[Key, float | None]:
    """Every figure of the clean sample; None where a rate has nothing below it and is not applicable."""
    return dict(_make(load_catalogue(Project().reference)))


def _make(catalogue: Catalogue) -> Iterator[tuple[Key, float | None]]:
    asked = _asked(catalogue)
    world = _World(
        _read_bases(), {row["data_element_code"]: _element(row) for row in asked.iter_rows(named=True)}
    )
    groups = asked.partition_by("data_year", "prefix", "data_element_code", as_dict=True, maintain_order=True)
    for (year, prefix, code), part in groups.items():
        place = _Place(str(prefix), int(str(year)))
        units = part["reporting_unit_code"].unique(maintain_order=True).to_list()
        categories = part["category_code"].unique(maintain_order=True).to_list()
        element = world.elements[str(code)]
        for unit, value in zip(units, world.by_unit(element, place, len(units)), strict=True):
            for category, share in zip(categories, _by_category(value, categories, element), strict=True):
                yield (unit, element.code, category, place.year), share


def _asked(catalogue: Catalogue) -> pl.DataFrame:
    rounds = catalogue.table("rounds").select("round_code", "data_year")
    return (
        assigned_elements(catalogue)
        .filter((pl.col("level") == "commune") & (pl.col("criteria_set_code") == "2244"))
        .join(rounds, on="round_code")
        .filter(pl.col("data_year").is_in(list(YEARS)))
        .with_columns(pl.col("reporting_unit_code").str.split("-").list.first().alias("prefix"))
        .sort("data_year", "prefix", "data_element_code", "reporting_unit_code", "category_order")
    )


def _element(row: Mapping[str, object]) -> _Element:
    return _Element(
        code=str(row["data_element_code"]),
        role=str(row["role"]),
        decimals=int(str(row["decimals"] or 0)),
        is_sum_of_units=row["unit_aggregation"] == "sum",
        is_sum_of_areas=row["area_aggregation"] == "sum",
    )


@dataclass(frozen=True)
class _Base:
    series: str
    first: float
    last: float


@dataclass(frozen=True)
class _World:
    bases: Mapping[str, _Base]
    elements: Mapping[str, _Element]

    def by_unit(self, element: _Element, place: _Place, units: int) -> list[float | None]:
        """What each unit reports: its part of the whole, or all the same figure."""
        whole = self.of_area(element, place)
        if whole is None or not element.is_sum_of_units or units == 1:
            return [whole] * units
        if element.role != "numerator":
            return list(_split(whole, [1 + 1 / (1 + unit) for unit in range(units)], element.decimals))
        lower = self.by_unit(self.elements[element.part("MS")], place, units)
        return list(_split(whole, [value or 0 for value in lower], element.decimals))

    def of_area(self, element: _Element, place: _Place) -> float | None:
        if element.role == "typed":
            upper, lower = (
                self.of_area(self.elements[element.part(suffix)], place) for suffix in ("TS", "MS")
            )
            return _rounded(100 * upper / lower, element.decimals) if upper is not None and lower else None
        value = _rounded(self._share(element, place) * self._whole(element, place.year), element.decimals)
        if element.role == "numerator":
            return min(value, self.of_area(self.elements[element.part("MS")], place) or 0)
        return value

    def _whole(self, element: _Element, year: int) -> float:
        base = self.bases[element.code]
        step = (year - YEARS[0]) / (YEARS[-1] - YEARS[0])
        if base.first > 0 and base.last > 0:
            smooth = base.first * (base.last / base.first) ** step
        else:
            smooth = base.first + (base.last - base.first) * step
        # Up to 1 % either way, one for all that hangs together, so that rates stay smooth.
        byte = hashlib.sha256(f"{base.series}|{year}".encode()).digest()[0]
        return smooth * (1 + (byte / 255 - 0.5) / 50)

    @staticmethod
    def _share(element: _Element, place: _Place) -> float:
        if place.prefix not in _AREA_SHARES:
            return 1
        if not element.is_sum_of_areas:
            return _AREA_LEADS[place.prefix]
        leads = _AREA_LEADS if element.role == "numerator" else dict.fromkeys(_AREA_SHARES, 1)
        weights = {prefix: share * leads[prefix] for prefix, share in _AREA_SHARES.items()}
        return weights[place.prefix] / sum(weights.values())


def _by_category(whole: float | None, categories: Sequence[str], element: _Element) -> Iterator[float | None]:
    """The total first, then parts that add up to it."""
    named = len(categories) - 1
    yield whole
    if named and whole is not None:
        yield from _split(whole, [named - number for number in range(named)], element.decimals)


def _split(whole: float, weights: Sequence[float], decimals: int) -> Iterator[float]:
    """``whole`` by ``weights``, rounded so that nothing is lost; no part passes its weight while the whole does not."""
    ends = [_rounded(whole * end / sum(weights), decimals) for end in accumulate(weights, initial=0)]
    for start, end in pairwise(ends):
        yield round(end - start, decimals)


def _rounded(value: float, decimals: int) -> float:
    return round(floor(value * 10**decimals + 0.5 + 1e-9) / 10**decimals, decimals)


def _read_bases() -> dict[str, _Base]:
    with _BASES.open(encoding="utf-8", newline="") as stream:
        return {
            row["data_element_code"]: _Base(row["series"], float(row["first"]), float(row["last"]))
            for row in csv.DictReader(stream)
        }
