"""Forecasts of every yearly series that allows one: the statistics room over the figures that compare."""

from __future__ import annotations

from typing import Any

_POINTS = "indicator_trend_key as series, criteria_set_code, indicator_code, round_code, data_year, value"
_INDICATORS = (
    "round_code, indicator_code, lowest as least, highest as most, "
    "coalesce(value_type not in ('rank', 'level', 'yes_no', 'text'), true) as is_quantity"
)


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001 - dbt gives both by name
    """One row per series and year ahead, or one that says why there is none."""
    from dagster_project.statistics.forecasts import find_set_forecasts

    dbt.config(
        materialized="table",
        meta={
            "slice": "series",
            "by_series": ["int_trend_points"],
            "rows_of": {"relation": "fct_indicator_trend", "key": "indicator_trend_key", "as": "series"},
        },
    )
    indicators = dbt.ref("int_round_indicators").select(_INDICATORS).pl()
    points = dbt.ref("int_trend_points").select(_POINTS).pl()
    return find_set_forecasts(
        points.join(indicators, on=["round_code", "indicator_code"], how="left", validate="m:1"),
        dbt.ref("stg_criteria_sets").pl(),
    ).to_arrow()
