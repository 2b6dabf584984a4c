"""Seventy-three long tables of a national statistical office, in and out again: no row lost, no value changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dagster_project.paths import Project
from tests.command import kho
from tests.third_party.main_job import Run
from tests.third_party.ons_catalogue import COUNTRY, ROLES, LongTable, element, write_catalogue

#: A line of a file, by the file's name.
Line = tuple[str, int]
#: As the publisher's own notes on the code list have them.
_FACTORS = {"": None, "Unit": 1.0, "Units": 1.0, "Thousands": 1e3, "Millions": 1e6}


@dataclass(frozen=True)
class Published:
    run: Run
    files: list[LongTable]
    lines: dict[Line, Mapping[str, str]]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, third_party: Path) -> Published:
    folder = tmp_path_factory.mktemp("ons")
    files = write_catalogue(third_party / "ons_sdg", Project().reference, folder / "catalogue")
    data, catalogue = folder / "data", folder / "catalogue"
    done = kho(data, "run", "--no-report", *(file.path for file in files), "--json", catalogue=catalogue)
    assert done.code == 1, done.err  # rows that contradict one another are told
    lines = {(file.path.name, number): row for file in files for number, row in file.rows}
    return Published(Run(data, catalogue, done.json), files, lines)


@pytest.fixture(scope="module")
def figures(published: Published) -> dict[Line, dict[str, Any]]:
    """Every reported figure that is not held, by the line that it was read from."""
    found = published.run.rows(
        "select file_name, cell, data_element_code, indicator_code, category_code, period_code, period_text, "
        "area_code, unit, unit_multiplier, status_text, obs_status, value, value_state, raw_text "
        "from fct_reported_value where value_state <> 'held'"
    )
    figures = {_line(row): row for row in found}
    assert len(figures) == len(found)
    return figures


@pytest.fixture(scope="module")
def categories(published: Published) -> dict[tuple[str, str], dict[str, str]]:
    """The label of each dimension, by disaggregation and category."""
    labels: dict[tuple[str, str], dict[str, str]] = {}
    for row in published.run.rows(
        "select disaggregation_code, category_code, dimension_code, dimension_category_name_en as label "
        "from bridge_category_dimension where dimension_category_code <> '_T'"
    ):
        whole = labels.setdefault((row["disaggregation_code"], row["category_code"]), {})
        whole[row["dimension_code"]] = row["label"]
    return labels


def _line(row: Mapping[str, Any]) -> Line:
    return row["file_name"], int(row["cell"].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def test_the_set_is_whole(published: Published) -> None:
    assert len(published.files) == 73
    assert len(published.lines) == 15_807


def test_every_row_is_a_figure_or_told(published: Published, figures: dict[Line, dict[str, Any]]) -> None:
    told = published.run.rows("select rule_code, file_name, cell from fct_finding where cell is not null")
    held = {
        _line(row): row["rule_code"]
        for row in told
        if row["rule_code"] in ("LAYOUT_ROWS_DIFFER", "LAYOUT_ROW_REPEATED", "LAYOUT_AREA_UNKNOWN")
    }
    assert set(figures).isdisjoint(held)
    assert set(figures) | set(held) == set(published.lines)
    # Counted by hand in the files: 13 figures given twice or more with other values, one given twice alike, and
    # one row whose area is one past the country's code, as filling a column downwards makes it.
    assert Counter(held.values()) == {
        "LAYOUT_ROWS_DIFFER": 44,
        "LAYOUT_ROW_REPEATED": 1,
        "LAYOUT_AREA_UNKNOWN": 1,
    }


def test_values_are_the_published_ones_to_the_last_bit(
    published: Published, figures: dict[Line, dict[str, Any]]
) -> None:
    texts = {line: published.lines[line]["Value"] for line in figures}
    assert {line: row["raw_text"] for line, row in figures.items()} == texts
    assert {line: row["value"] for line, row in figures.items()} == {
        line: float(text) if text else None for line, text in texts.items()
    }


def test_the_other_columns_come_out_as_they_went_in(
    published: Published,
    figures: dict[Line, dict[str, Any]],
    categories: dict[tuple[str, str], dict[str, str]],
) -> None:
    for file in published.files:
        for number, row in file.rows:
            figure = figures.get((file.path.name, number))
            if figure is None:
                continue
            assert figure["data_element_code"] == element(file.number)
            parts = categories.get((f"SDG{file.number}", figure["category_code"]), {})
            out = {
                "Year": figure["period_text"],
                "Observation status": figure["status_text"] or "",
                "Unit multiplier": figure["unit_multiplier"],
                "GeoCode": figure["area_code"],
                file.unit_columns[-1]: figure["unit"],
                **{
                    name: parts.get(code, "")
                    for name, code in file.dimensions.items()
                    if name != file.unit_columns[-1]
                },
            }
            expected = {**row, "Unit multiplier": _FACTORS[row.get("Unit multiplier", "")]}
            expected["GeoCode"] = row.get("GeoCode") or COUNTRY
            del expected["Value"]
            assert _as_named(out) == _as_named(expected), (file.path.name, number)


def _as_named(row: Mapping[str, Any]) -> dict[str, Any]:
    """The set writes some labels with capitals here and without there ("Yorkshire and the Humber"): one category."""
    return {name: value if name in ROLES else value.casefold() for name, value in row.items()}


def test_indicators_hold_the_same_values(published: Published, figures: dict[Line, dict[str, Any]]) -> None:
    key = ("indicator_code", "area_code", "category_code", "period_code")
    shown = (*key, "unit", "unit_multiplier", "obs_status", "value")
    found = published.run.rows("select * from fct_indicator where value is not null")
    assert {tuple(row[name] for name in shown) for row in found} == {
        tuple(row[name] for name in shown) for row in figures.values() if row["value"] is not None
    }
    assert len({tuple(row[name] for name in key) for row in found}) == len(found)


def test_a_blank_figure_says_why_it_is_blank(figures: dict[Line, dict[str, Any]]) -> None:
    """SDMX: O missing, Q suppressed, M cannot exist; blanks beside any other word are simply missing."""
    blank = [figure for figure in figures.values() if figure["raw_text"] == ""]
    states = {"O": "not_available", "Q": "not_available", "M": "not_applicable"}
    assert {figure["value_state"] for figure in blank} == {"not_available", "not_applicable", "missing"}
    assert all(figure["value_state"] == states.get(figure["obs_status"], "missing") for figure in blank)


def test_periods_keep_what_they_are(published: Published) -> None:
    found = published.run.rows(
        "select period_code, period_type, data_year, cast(period_start as varchar) as starts, "
        "cast(period_end as varchar) as ends from dim_period"
    )
    periods = {row.pop("period_code"): tuple(row.values()) for row in found}
    assert periods["2016"] == ("year", 2016, "2016-01-01", "2016-12-31")
    assert periods["2015/16"] == ("fiscal_year", 2015, "2015-04-01", "2016-03-31")
    assert periods["2016-Q4"] == ("quarter", 2016, "2016-10-01", "2016-12-31")
    assert periods["2015/16–2017/18"] == ("ad_hoc", 2017, "2015-04-01", "2018-03-31")


def test_trends_rest_on_calendar_years_alone(published: Published) -> None:
    mixed = published.run.rows(
        "select count(*) as n from fct_indicator_trend as trends where trends.n > ("
        "select count(*) from dim_period where period_type = 'year' "
        "and data_year between trends.first_year and trends.last_year)"
    )
    assert mixed == [{"n": 0}]
