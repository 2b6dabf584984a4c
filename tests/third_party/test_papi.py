"""Ten yearly tables of the PAPI: columns that came later are empty at first, and some provinces miss some years."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.third_party.main_job import Run, run_main_job

_YEARS = range(2011, 2021)
#: Empty cells of each year's table, as counted by the publisher of the set.
_EMPTY = dict(zip(_YEARS, (441, 441, 441, 485, 441, 441, 441, 79, 0, 0), strict=True))
#: Seven columns had not been introduced by 2017, one of them not by 2018 either.
_LATER = {**dict.fromkeys(("SC24", "SC71", "SC72", "SC73", "SC81", "SC82"), 2018), "SC83": 2019}


@pytest.fixture(scope="module")
def folder(third_party: Path) -> Path:
    return third_party / "vn_papi_2011_2020" / "csv"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, folder: Path, catalogues: Path) -> Run:
    files = [folder / f"{year}.csv" for year in _YEARS]
    return run_main_job(tmp_path_factory.mktemp("papi") / "data", catalogues / "papi", files)


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[tuple[int, str, str], str]:
    """Every cell of the ten tables by year, province and column."""
    cells = {}
    for year in _YEARS:
        with (folder / f"{year}.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                province = row.pop("Province")
                cells.update({(year, province, column): text for column, text in row.items()})
    return cells


@pytest.fixture(scope="module")
def provinces(catalogues: Path) -> dict[str, str]:
    """The tables' own codes of the provinces, by area code."""
    with (catalogues / "papi" / "area_aliases.csv").open(encoding="utf-8", newline="") as file:
        return {row["area_code"]: row["alias"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def reported(run: Run, provinces: dict[str, str]) -> dict[tuple[int, str, str], tuple[str, float | None]]:
    """State and value of every reported figure, keyed as the tables are."""
    found = run.rows(
        "select data_year, area_code, indicator_code, value_state, value from fct_reported_value"
    )
    figures = {
        (
            row["data_year"],
            provinces[row["area_code"]],
            row["indicator_code"].removeprefix("PAPI."),
        ): (row["value_state"], row["value"])
        for row in found
    }
    assert len(figures) == len(found)
    return figures


def test_every_score_of_63_provinces_and_ten_years_is_the_published_one(
    reported: dict[tuple[int, str, str], tuple[str, float | None]], tables: dict[tuple[int, str, str], str]
) -> None:
    assert Counter(year for year, _ in {(year, province) for year, province, _ in tables}) == dict.fromkeys(
        _YEARS, 63
    )
    assert {cell: value for cell, (state, value) in reported.items() if state == "value"} == {
        cell: float(text) for cell, text in tables.items() if text
    }


def test_provinces_without_figures_are_missing(
    reported: dict[tuple[int, str, str], tuple[str, float | None]], tables: dict[tuple[int, str, str], str]
) -> None:
    missing = {cell for cell, (state, _) in reported.items() if state == "missing"}
    assert missing == {
        cell for cell, text in tables.items() if not text and cell[0] >= _LATER.get(cell[2], 0)
    }
    assert Counter(year for year, _, _ in missing) == {2014: 44, 2018: 16}
    assert {province for year, province, _ in missing if year == 2014} == {"P15", "P56"}


def test_columns_that_came_later_owe_nothing_before(run: Run) -> None:
    found = run.rows(
        "select data_year, count(*) as n from fct_reported_cell where reason = 'not_introduced' group by all"
    )
    not_introduced = {row["data_year"]: row["n"] for row in found}
    assert not_introduced == {**dict.fromkeys(range(2011, 2018), 7 * 63), 2018: 63}
    blanks = run.rows(
        "select data_year, count(*) as n from fct_reported_cell where role = 'value' and raw_text = '' "
        "group by all"
    )
    assert {**dict.fromkeys(_YEARS, 0), **{row["data_year"]: row["n"] for row in blanks}} == _EMPTY


def test_indicators_have_no_row_before_they_were_introduced(run: Run) -> None:
    found = run.rows("select indicator_code, min(data_year) as first_year from fct_indicator group by all")
    later = {row["indicator_code"]: row["first_year"] for row in found if row["first_year"] != 2011}
    assert later == {f"PAPI.{column}": year for column, year in _LATER.items()}


def test_every_cell_of_the_tables_is_accounted_for(run: Run, tables: dict[tuple[int, str, str], str]) -> None:
    assert run.unaccounted() == []
    # Each table has a header and a column of codes; a blank figure is a cell too.
    assert {one["cells"] for one in run.printed["files"]} == {(63 + 1) * (29 + 1)}
    assert len(tables) == 63 * 29 * len(_YEARS)


@pytest.fixture(scope="module")
def trends(run: Run, provinces: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What the release says of each series as reported, named as the published statistics name them."""
    found = run.rows("select * from fct_indicator_trend where basis = 'as_reported'")
    return {
        f"{row['indicator_code'].removeprefix('PAPI.')}|{provinces[row['area_code']]}": row for row in found
    }


@pytest.mark.parametrize(
    ("published", "ours", "factor"),
    [
        ("n", "n", 1),
        ("first_year", "first_year", 1),
        ("last_year", "last_year", 1),
        ("kendall_tau", "tau", 1),
        ("mk_p", "p_value", 1),
        ("sen_slope", "slope", 1),
        ("cagr", "cagr_pct", 100),
    ],
)
def test_trends_in_a_release_are_the_published_ones(
    third_party: Path, trends: dict[str, dict[str, Any]], published: str, ours: str, factor: float
) -> None:
    with (third_party / "trend_mannkendall" / "expected_trends.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        expected = {row["series"]: factor * float(row[published]) for row in csv.DictReader(file)}
    assert len(expected) == 189
    assert {name: trends[name][ours] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_series_that_began_late_is_too_short_for_a_trend_test(trends: dict[str, dict[str, Any]]) -> None:
    late = [trends[f"{column}|P01"] for column in _LATER]
    assert {(row["n"], row["p_value"], row["trend_reason"]) for row in late} == {
        (3, None, "too_short"),
        (2, None, "too_short"),
    }


def test_forecasts_rest_on_trials_that_beat_the_last_figure_and_are_no_figures(run: Run) -> None:
    found = run.rows("select * from fct_indicator_forecast where basis = 'as_reported'")
    told = [row for row in found if row["reason"] is None]
    assert {row["forecast_year"] for row in told} == {2021, 2022, 2023}
    assert all(row["forecast_low"] <= row["forecast"] <= row["forecast_high"] for row in told)
    series = {row["indicator_trend_key"] for row in found}
    assert len({row["indicator_trend_key"] for row in told}) < len(series) / 2
    for key in {row["indicator_trend_key"] for row in told}:
        rows = [row for row in told if row["indicator_trend_key"] == key]
        ours, naive = (
            sum(row["backtest_n"] * row[column] for row in rows) for column in ("backtest_mae", "naive_mae")
        )
        assert ours <= 0.8 * naive * (1 + 1e-9)
    assert run.rows("select max(data_year) as last from fct_indicator") == [{"last": 2020}]


def test_series_that_began_late_have_no_forecast_and_say_so(run: Run) -> None:
    late = ", ".join(f"'PAPI.{column}'" for column in _LATER)
    assert run.rows(
        "select reason, forecast, forecast_year, count(*) as n from fct_indicator_forecast "  # noqa: S608 - codes above
        f"where basis = 'as_reported' and indicator_code in ({late}) group by all"
    ) == [{"reason": "too_short", "forecast": None, "forecast_year": 2021, "n": 7 * 63}]
