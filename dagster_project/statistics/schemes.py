"""What is scored, and how: a scoring scheme of the catalogue, and its tree of indicators with weights and goalposts.

Reads rows of ``score_schemes``, ``weights`` and ``indicators`` as typed frames; the arithmetic is ``scores``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

#: Stands above several groups: the criteria set as a whole.
OVERALL = "_T"

#: One row per node of a scheme's tree; a node that is nobody's parent is scored from figures.
NODES = pl.Schema(
    {
        "indicator_code": pl.String,
        "parent_code": pl.String,
        "depth": pl.Int64,
        "is_leaf": pl.Boolean,
        "direction": pl.String,  # higher_better, lower_better; anything else leaves the node without a score
        "weight": pl.Float64,  # among the children of its parent
        "goalpost_low": pl.Float64,
        "goalpost_high": pl.Float64,
    }
)


@dataclass(frozen=True)
class Scheme:
    """One row of ``score_schemes``, with what an empty cell means."""

    code: str
    criteria_set_code: str
    normalisation: str  # min_max, z_score, percentile_rank, goalposts, borda
    aggregation: str  # arithmetic, geometric
    scale_low: float = 0.0  # min_max and goalposts end here
    scale_high: float = 100.0
    scale_mean: float = 0.0  # z_score centres here
    scale_deviation: float = 1.0
    min_coverage: float = 1.0  # share of its weight that a group needs to be scored
    ranks_areas: bool = False


def schemes_on(score_schemes: pl.DataFrame, day: date) -> Iterator[Scheme]:
    """The schemes that are valid on ``day``, by code."""
    columns = {"scheme_code": "code"}
    for row in _valid_on(score_schemes, day).sort("scheme_code").rename(columns).iter_rows(named=True):
        yield Scheme(**{name: row[name] for name in Scheme.__dataclass_fields__ if row[name] is not None})


def tree_on(indicators: pl.DataFrame, weights: pl.DataFrame, scheme: Scheme, day: date) -> pl.DataFrame:
    """``NODES`` of ``scheme`` on ``day``: equal weights where none is declared.

    Left out are texts, indicators declared neutral, what has weight 0, all below them, and groups of nothing.
    Several topmost nodes come together in ``OVERALL``.
    """
    declared = _valid_on(weights, day).filter(pl.col("scheme_code") == scheme.code)
    of_set = _valid_on(indicators, day).filter(pl.col("criteria_set_code") == scheme.criteria_set_code)
    nodes = of_set.join(
        declared.select("indicator_code", "weight", "goalpost_low", "goalpost_high"),
        on="indicator_code",
        how="left",
        validate="1:1",
    ).with_columns(pl.col("weight").fill_null(1.0))
    scored = nodes.filter(
        pl.col("weight") > 0,
        pl.col("direction").ne_missing("neutral"),
        pl.col("value_type").ne_missing("text"),
    )
    placed = _without_hollow_groups(_descend(scored)).with_columns(is_leaf=_is_childless())
    tops = placed.filter(pl.col("depth") == 1)
    if tops.height > 1:
        overall = pl.DataFrame({"indicator_code": OVERALL, "depth": 0, "is_leaf": False, "weight": 1.0})
        below = placed.with_columns(pl.col("parent_code").fill_null(OVERALL))
        placed = pl.concat([overall, below], how="diagonal")
    return placed.select(NODES.names()).cast(NODES).sort("depth", "indicator_code")


def _valid_on(table: pl.DataFrame, day: date) -> pl.DataFrame:
    begun = pl.col("valid_from").fill_null(date.min) <= day
    return table.filter(begun, day <= pl.col("valid_to").fill_null(date.max))


def _descend(nodes: pl.DataFrame) -> pl.DataFrame:
    """The nodes that a way of nodes leads to from the top, with their depth: 1 at the top."""
    levels: list[pl.DataFrame] = []
    level = nodes.filter(pl.col("parent_code").is_null())
    while level.height or not levels:
        levels.append(level.with_columns(pl.lit(len(levels) + 1, dtype=pl.Int64).alias("depth")))
        above = level.select(pl.col("indicator_code").alias("parent_code"))
        level = nodes.join(above, on="parent_code", how="semi")
    return pl.concat(levels)


def _without_hollow_groups(nodes: pl.DataFrame) -> pl.DataFrame:
    hollow = (pl.col("node_type") == "group") & _is_childless()
    while nodes.select(hollow.any()).item():
        nodes = nodes.filter(~hollow)
    return nodes


def _is_childless() -> pl.Expr:
    return ~pl.col("indicator_code").is_in(pl.col("parent_code").drop_nulls().implode())
