"""Targets and lights that could not be told are problems of the catalogue, each at its column."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import load_catalogue
from dagster_project.paths import Project

_TARGET = {
    "indicator_code": "IV.18",
    "area_code": "12",
    "period_code": "2030",
    "target": "5",
    "source_vi": "Kế hoạch thử",
    "status": "confirmed",
}
_LIGHTS = [
    {"light": light, "sort_order": order, "measure": "pace", "at_least": least, "name_vi": light}
    for light, order, least in (("green", "1", "100"), ("amber", "2", "90"), ("red", "3", None))
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Project().reference, tmp_path / "catalogue"))


def _problems(folder: Path, table: str, *rows: dict[str, str | None]) -> list[tuple[int, str, str]]:
    pl.DataFrame(list(rows)).write_csv(folder / f"{table}.csv")
    return [(one.row, one.column, one.code) for one in check(load_catalogue(folder)) if one.table == table]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"operator": "between", "target_high": "6"},
        {"indicator_code": "IV.27", "operator": ">="},
        {"baseline_year": "2024", "baseline_value": "7"},
        {"period_code": "2025"},
    ],
)
def test_a_target_that_can_be_told_is_no_problem(folder: Path, told: dict[str, str]) -> None:
    assert _problems(folder, "targets", {**_TARGET, **told}) == []


@pytest.mark.parametrize(
    ("told", "column", "code"),
    [
        ({"indicator_code": "IV.27"}, "operator", "target_without_operator"),
        ({"operator": "about"}, "operator", "word_unknown"),
        ({"operator": "between"}, "target_high", "target_span"),
        ({"target_high": "6"}, "target_high", "target_span"),
        ({"operator": "between", "target_high": "4"}, "target", "bounds_reversed"),
        ({"period_code": "năm 2030"}, "period_code", "target_period"),
        ({"baseline_year": "2024"}, "baseline_year", "target_baseline_half"),
        ({"baseline_year": "2030", "baseline_value": "7"}, "baseline_year", "target_baseline_late"),
        ({"target": None}, "target", "required"),
        ({"source_vi": None}, "source_vi", "required"),
        ({"area_code": "99999"}, "area_code", "code_unresolved"),
    ],
)
def test_a_target_that_cannot_be_told_is_named_at_its_column(
    folder: Path, told: dict[str, str | None], column: str, code: str
) -> None:
    assert _problems(folder, "targets", {**_TARGET, **told}) == [(2, column, f"catalogue.{code}")]


def test_lights_come_one_after_the_other_and_each_can_be_reached(folder: Path) -> None:
    rows: list[dict[str, str | None]] = [{"criteria_set_code": "2244", **light} for light in _LIGHTS]
    assert _problems(folder, "light_rules", *rows) == []
    twice = [*rows[:2], {**rows[2], "sort_order": "2"}]
    assert _problems(folder, "light_rules", *twice) == [(4, "sort_order", "catalogue.light_order_twice")]
    behind = [{**rows[0], "at_least": None}, *rows[1:]]
    assert _problems(folder, "light_rules", *behind) == [
        (3, "sort_order", "catalogue.light_unreachable"),
        (4, "sort_order", "catalogue.light_unreachable"),
    ]
