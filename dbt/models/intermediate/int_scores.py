"""Scores of indicators and groups in each round: the statistics room over what dbt made and what the catalogue says."""

from __future__ import annotations

from typing import Any

_FIGURE = "round_code, area_level, area_code, indicator_code, category_code, value, value_state"


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001 - dbt gives both by name
    """One row per scheme, round, area and node of the scheme's tree."""
    from dagster_project.statistics.rounds import score_rounds

    dbt.config(materialized="table")
    figures = dbt.ref("int_indicator_values").select(_FIGURE).pl()
    rounds = dbt.ref("int_rounds").select("round_code, criteria_set_code, period_end, is_of_interest").pl()
    return score_rounds(
        figures.filter(category_code="_T").drop("category_code"),
        rounds.filter("is_of_interest"),
        indicators=dbt.ref("stg_indicators").pl(),
        score_schemes=dbt.ref("stg_score_schemes").pl(),
        weights=dbt.ref("stg_weights").pl(),
    ).to_arrow()
