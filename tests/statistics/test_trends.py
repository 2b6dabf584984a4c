"""Slopes, tau and p agree with R, pymannkendall and scipy, whatever the gaps and ties."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pymannkendall
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dagster_project.statistics.trends import TRENDS, TrendRule, find_set_trends, find_trends

_CLOSE = 1e-9


def _points(*series: list[tuple[int, float | None]]) -> pl.DataFrame:
    rows = [(f"S{number}", year, value) for number, one in enumerate(series) for year, value in one]
    return pl.DataFrame(
        rows, schema={"series": pl.String, "data_year": pl.Int64, "value": pl.Float64}, orient="row"
    )


@pytest.fixture(scope="module")
def published(third_party: Path) -> pl.DataFrame:
    """The 189 series of R and pymannkendall beside ours."""
    folder = third_party / "trend_mannkendall"
    points = pl.read_csv(folder / "series.csv").rename({"year": "data_year"})
    expected = pl.read_csv(folder / "expected_trends.csv")
    both = expected.join(find_trends(points, TrendRule()), on="series", suffix="_ours", validate="1:1")
    assert both.height == expected.height == 189
    return both


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("kendall_tau", "tau"),
        ("mk_p", "p_value"),
        ("pymk_p", "p_value"),
        ("sen_slope", "slope"),
        ("n", "n_ours"),
    ],
)
def test_189_published_series_have_the_same_statistics_gaps_in_years_or_not(
    published: pl.DataFrame, theirs: str, ours: str
) -> None:
    assert published.filter(~pl.col("consecutive_years")).height == 7
    assert published[ours].null_count() == 0
    assert published.select((pl.col(theirs) - pl.col(ours)).abs().max()).item() <= _CLOSE


#: Some years of twenty, with values that often tie.
_SERIES = st.lists(
    st.tuples(st.integers(2001, 2020), st.one_of(st.integers(-3, 3), st.floats(-1e6, 1e6))),
    min_size=5,
    max_size=20,
    unique_by=lambda point: point[0],
).map(sorted)


@settings(max_examples=60, deadline=None)
@given(st.lists(_SERIES, min_size=1, max_size=4))
def test_any_series_have_the_statistics_of_scipy_and_pymannkendall(
    several: list[list[tuple[int, float | None]]],
) -> None:
    found = find_trends(_points(*several), TrendRule(confidence=0.9))
    for one, ours in zip(several, found.iter_rows(named=True), strict=True):
        years, values = zip(*one, strict=True)
        theirs = stats.theilslopes(values, years, alpha=0.9)
        slopes = [ours[name] for name in ("slope", "slope_low", "slope_high")]
        assert slopes == pytest.approx([theirs.slope, theirs.low_slope, theirs.high_slope], rel=_CLOSE)
        if len(set(values)) == 1:
            assert (ours["tau"], ours["p_value"], ours["trend_reason"]) == (None, None, "constant")
        else:
            assert ours["tau"] == pytest.approx(stats.kendalltau(years, values).statistic, abs=_CLOSE)
            assert ours["p_value"] == pytest.approx(pymannkendall.original_test(values).p, abs=_CLOSE)
            assert ours["trend_reason"] is None


def test_a_series_below_the_declared_length_says_so_instead_of_a_p_value() -> None:
    years: list[tuple[int, float | None]] = [(2021, 1.0), (2022, None), (2023, 3.0), (2024, 4.0), (2025, 9.0)]
    row = find_trends(_points(years), TrendRule(min_years=5)).row(0, named=True)
    assert row == dict.fromkeys(TRENDS.names()) | {"series": "S0", "n": 4, "trend_reason": "too_short"}
    assert find_trends(_points(years), TrendRule(min_years=4))["p_value"].is_between(0, 1).all()


def test_two_values_for_one_year_are_refused() -> None:
    with pytest.raises(ValueError, match="two values"):
        find_trends(_points([(2021, 1.0), (2021, 2.0)]), TrendRule())


def test_nothing_gives_a_table_without_rows() -> None:
    assert find_trends(_points(), TrendRule()).schema == TRENDS


def test_a_criteria_set_declares_how_many_years_a_trend_takes() -> None:
    years: list[tuple[int, float | None]] = [(2021, 1.0), (2022, 2.0), (2023, 3.0), (2024, 4.0), (2025, 9.0)]
    points = _points(years, years).with_columns(
        criteria_set_code=pl.col("series").replace({"S0": "C", "S1": "D"})
    )
    sets = pl.DataFrame(
        {
            "criteria_set_code": ["C", "C", "D"],
            "trend_min_years": [3, 6, None],
            "valid_from": [None, date(2025, 1, 1), None],
        }
    )
    found = find_set_trends(points, sets)
    assert found["trend_reason"].to_list() == ["too_short", None]
