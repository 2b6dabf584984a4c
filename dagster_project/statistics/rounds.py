"""The scores of every round: each by the schemes and the tree that held when its period ended.

The one place that brings catalogue and figures together for the models; the arithmetic is ``scores``.
"""

from __future__ import annotations

import polars as pl

from dagster_project.statistics.schemes import schemes_on, tree_on
from dagster_project.statistics.scores import SCORES, find_scores

#: One row per round that has figures.
ROUNDS = pl.Schema({"round_code": pl.String, "criteria_set_code": pl.String, "period_end": pl.Date})


def score_rounds(
    figures: pl.DataFrame,
    rounds: pl.DataFrame,
    *,
    indicators: pl.DataFrame,
    score_schemes: pl.DataFrame,
    weights: pl.DataFrame,
) -> pl.DataFrame:
    """``SCORES`` of the ``FIGURES`` of all ``ROUNDS``, with the catalogue's tables as they are."""
    parts = [pl.DataFrame(schema=SCORES)]
    for round_code, criteria_set_code, day in rounds.select(ROUNDS.names()).sort("round_code").iter_rows():
        of_round = figures.filter(pl.col("round_code") == round_code)
        schemes = schemes_on(score_schemes.filter(criteria_set_code=criteria_set_code), day)
        parts.extend(
            find_scores(of_round, tree_on(indicators, weights, scheme, day), scheme) for scheme in schemes
        )
    return pl.concat(parts)
