"""Forecasts count years, stay within what a series can be, and are told only where trials speak for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from dagster_project.statistics.forecasts import (
    FORECASTS,
    POINTS,
    ForecastRule,
    find_forecasts,
    find_set_forecasts,
    theta,
)

Series = Sequence[tuple[int, float]]


def _points(*several: Series, **told: Any) -> pl.DataFrame:
    columns = {"is_quantity": True, "least": None, "most": None, **told}
    rows = [
        {"series": f"S{number}", "data_year": year, "value": value, **columns}
        for number, one in enumerate(several)
        for year, value in one
    ]
    return pl.DataFrame(rows, schema=POINTS)


def _line(*years: int, start: float = 10, step: float = 2) -> Series:
    return [(year, start + step * (year - 2011)) for year in years]


#: Rises by 2 a year to 24 in 2018.
_RISING = _line(*range(2011, 2019))


def test_a_straight_rise_goes_on_at_half_its_pace() -> None:
    # the mean of the line (26, 28, 30) and of the newest figure (24)
    found = find_forecasts(_points(_RISING), ForecastRule())
    assert found["forecast"].to_list() == pytest.approx([25, 26, 27])
    # five, six and seven years known: each first year ahead is missed by 1 where the last figure misses it by 2
    assert found["backtest_n"].to_list() == [3, 2, 1]
    assert found["backtest_mae"].to_list() == pytest.approx([1, 2, 3])
    assert found["naive_mae"].to_list() == pytest.approx([2, 4, 6])
    # seven errors of 1 within, five of them free; t with 5 degrees of freedom leaves a tenth above 1.475884
    assert (found["high"] - found["forecast"]).to_list() == pytest.approx(
        [1.475884 * (7 / 5 * ahead) ** 0.5 for ahead in (1, 2, 3)], rel=1e-6
    )


def test_a_missing_year_is_no_step() -> None:
    with_gap = _line(*range(2011, 2015), *range(2016, 2020))
    found = find_forecasts(_points(with_gap), ForecastRule())
    assert found["forecast"].to_list() == pytest.approx([27, 28, 29])
    assert found["n_used"].unique().to_list() == [8]


def test_smoothing_is_that_of_statsmodels_at_the_weight_that_fits_best(third_party: Any) -> None:
    series = pl.read_csv(third_party / "trend_mannkendall" / "series.csv").drop_nulls().sort("series", "year")
    for name, one in list(series.group_by("series", maintain_order=True))[:25]:
        years, values = (one[column].to_numpy().astype(float) for column in ("year", "value"))
        if not (np.diff(years) == 1).all():
            continue
        slope, level = np.polyfit(years, values, 1)
        doubled = 2 * values - (slope * years + level)
        fits = [
            SimpleExpSmoothing(doubled, initialization_method="known", initial_level=doubled[0]).fit(
                smoothing_level=weight, optimized=False
            )
            for weight in np.arange(1, 21) / 20
        ]
        best = min(fits, key=lambda fit: fit.sse)
        wanted = years[-1] + np.arange(1, 4)
        expected = (slope * wanted + level + best.forecast(3)) / 2
        found, spread = theta(years[None], values[None], wanted[None])
        assert found[0] == pytest.approx(expected, rel=1e-7), name
        assert spread[0] == pytest.approx(np.sqrt(best.sse / 4 / (len(values) - 3)), rel=1e-7), name


#: Some years of sixteen, enough for a forecast.
_SERIES = st.lists(
    st.tuples(st.integers(2005, 2020), st.floats(0, 100).map(lambda value: round(value, 3))),
    min_size=8,
    max_size=14,
    unique_by=lambda point: point[0],
).map(sorted)


@settings(max_examples=25, deadline=None)
@given(st.lists(_SERIES, min_size=1, max_size=3))
def test_errors_in_trials_are_those_of_forecasts_made_with_the_years_before(several: list[Series]) -> None:
    found = find_forecasts(_points(*several, least=0, most=100), ForecastRule())
    for number, one in enumerate(several):
        years, values = (np.array(column, dtype=float) for column in zip(*one, strict=True))
        errors: dict[int, list[tuple[float, float]]] = {1: [], 2: [], 3: []}
        for origin in range(5, len(one)):
            for later in range(origin, len(one)):
                ahead = int(years[later] - years[origin - 1])
                if ahead <= 3:
                    ours = theta(years[None, :origin], values[None, :origin], years[None, later : later + 1])[
                        0
                    ]
                    told = min(max(ours.item(), 0), 100)
                    errors[ahead].append((abs(values[later] - told), abs(values[later] - values[origin - 1])))
        rows = found.filter(series=f"S{number}").to_dicts()
        total, naive = (sum(pair[which] for pairs in errors.values() for pair in pairs) for which in (0, 1))
        if len(set(values)) == 1:
            assert [row["forecast_reason"] for row in rows] == ["constant"]
        elif not any(errors.values()):
            assert [row["forecast_reason"] for row in rows] == ["no_backtest"]
        elif abs(total - 0.8 * naive) > 1e-9:
            assert (rows[0]["forecast_reason"] is None) == (total < 0.8 * naive)
        for row in rows:
            of_distance = errors[row["horizon"]]
            assert row["backtest_n"] == len(of_distance) or row["forecast_reason"] == "constant"
            if of_distance:
                mean = np.mean(of_distance, axis=0)
                assert [row["backtest_mae"], row["naive_mae"]] == pytest.approx(list(mean), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(_SERIES, min_size=2, max_size=4))
def test_forecasts_stay_within_bounds_and_depend_on_their_own_series_alone(several: list[Series]) -> None:
    points = _points(*several, least=0, most=100)
    found = find_forecasts(points, ForecastRule())
    told = found.filter(pl.col("forecast").is_not_null())
    assert told.select(pl.col("forecast", "low", "high").is_between(0, 100).all()).row(0) == (True,) * 3
    assert told.filter(
        (pl.col("low") > pl.col("forecast")) | (pl.col("forecast") > pl.col("high"))
    ).is_empty()
    alone = pl.concat(
        [find_forecasts(points.filter(series=f"S{number}"), ForecastRule()) for number in range(len(several))]
    )
    for other in (alone, find_forecasts(points.reverse(), ForecastRule())):
        assert_frame_equal(other, found, rel_tol=1e-12, abs_tol=1e-12)


def test_a_share_is_cut_off_at_a_hundred_and_says_so_unless_it_has_been_above() -> None:
    share = _line(*range(2011, 2019), start=85.5)
    found = find_forecasts(_points(share, least=0, most=100), ForecastRule())
    # 99.5 and a half of 2 more each year
    assert found["forecast"].to_list() == [100, 100, 100]
    assert found["is_bounded"].to_list() == [True, True, True]
    assert found["low"].max() < 100
    above = _line(*range(2011, 2019), start=90)
    found = find_forecasts(_points(above, least=0, most=100), ForecastRule())
    assert found["forecast"].to_list() == pytest.approx([105, 106, 107])
    assert found["is_bounded"].to_list() == [False, False, False]


@pytest.mark.parametrize(
    ("series", "told", "reason"),
    [
        (_RISING[1:], {}, "too_short"),
        (_RISING, {"is_quantity": False}, "not_a_quantity"),
        (_line(*range(2011, 2019), step=0), {}, "constant"),
        # after five years every one lies more than three years behind the one before
        ([*_line(*range(2000, 2005)), (2010, 40), (2015, 41), (2020, 46)], {}, "no_backtest"),
        # it once rose by ten: a line through it goes on rising, the last figure does not
        ([(2010 + year, 0.0 if year < 7 else 10.0) for year in range(11)], {}, "no_better_than_naive"),
    ],
)
def test_a_series_without_a_forecast_has_one_row_that_says_why(
    series: Series, told: dict[str, Any], reason: str
) -> None:
    (row,) = find_forecasts(_points(series, **told), ForecastRule()).to_dicts()
    assert (row["horizon"], row["forecast_reason"], row["n_used"]) == (1, reason, len(series))
    assert {row[name] for name in ("method", "forecast", "low", "high", "interval_level", "is_bounded")} == {
        None
    }


def test_a_criteria_set_declares_length_horizon_and_level() -> None:
    sets = pl.DataFrame(
        {
            "criteria_set_code": ["C", "D", "E"],
            "forecast_min_years": [6, None, None],
            "forecast_horizon": [1, None, 0],
            "forecast_level": [0.95, None, None],
            "valid_from": [None, None, None],
        },
        schema_overrides={"valid_from": pl.Date},
    )
    points = _points(_RISING[1:], _RISING, _RISING).with_columns(
        criteria_set_code=pl.col("series").replace({"S0": "C", "S1": "D", "S2": "E"})
    )
    found = find_set_forecasts(points, sets)
    assert found.select("series", "horizon", "interval_level").rows() == [
        ("S0", 1, 0.95),
        *(("S1", ahead, 0.8) for ahead in (1, 2, 3)),
    ]


def test_two_values_for_one_year_are_refused_and_nothing_gives_a_table_without_rows() -> None:
    with pytest.raises(ValueError, match="two values"):
        find_forecasts(_points([(2021, 1.0), (2021, 2.0)]), ForecastRule())
    assert find_forecasts(_points(), ForecastRule()).schema == FORECASTS
