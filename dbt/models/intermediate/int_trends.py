"""Slope, tau and p of every yearly series: the statistics room over the figures that compare."""

from __future__ import annotations

from typing import Any


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001 - dbt gives both by name
    """One row per series."""
    from dagster_project.statistics.trends import find_set_trends

    dbt.config(
        materialized="table",
        meta={
            "slice": "series",
            "by_series": ["int_trend_points"],
            "rows_of": {"relation": "fct_indicator_trend", "key": "indicator_trend_key", "as": "series"},
        },
    )
    points = "indicator_trend_key as series, criteria_set_code, data_year, value"
    return find_set_trends(
        dbt.ref("int_trend_points").select(points).pl(), dbt.ref("stg_criteria_sets").pl()
    ).to_arrow()
