"""Scores: figures brought to one scale, weighted, put together up a tree, and ranked where a scheme says so.

After the OECD/JRC handbook on composite indicators. Areas are compared with the areas of their own level in the same
period. Which scheme and tree apply is ``schemes``; nothing is imputed: what is missing is told by coverage and reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from dagster_project.statistics.schemes import Scheme

#: One row per area × period × indicator; a figure that is not there may have no row or no value.
FIGURES = pl.Schema(
    {
        "area_level": pl.String,
        "area_code": pl.String,
        "period_code": pl.String,
        "indicator_code": pl.String,
        "value": pl.Float64,
    }
)

#: One row per area × period × scored indicator; ``score_reason``: no_value, no_direction, no_goalposts, no_spread.
INDICATOR_SCORES = pl.Schema(
    {
        "scheme_code": pl.String,
        **dict.fromkeys(FIGURES.names()[:-1], pl.String),
        "value": pl.Float64,
        "normalised": pl.Float64,
        "weight": pl.Float64,
        "score": pl.Float64,  # normalised × weight
        "rank": pl.Int64,
        "score_reason": pl.String,
    }
)

#: One row per area × period × group; ``score_reason``: too_little_data, negative (has no geometric mean).
GROUP_SCORES = pl.Schema(
    {
        "scheme_code": pl.String,
        "area_level": pl.String,
        "area_code": pl.String,
        "period_code": pl.String,
        "indicator_code": pl.String,
        "score": pl.Float64,
        "coverage": pl.Float64,  # share of the weight of all below that has a figure
        "rank": pl.Int64,
        "score_reason": pl.String,
    }
)

_AREA = ("area_level", "area_code", "period_code")
#: What is compared with one another.
_PEERS = ("area_level", "period_code", "indicator_code")
#: Significant digits in which figures differ, as in the hashes of releases.
_DIGITS = 12


class Scores(NamedTuple):
    """What one scheme gives: ``INDICATOR_SCORES`` and ``GROUP_SCORES``."""

    indicators: pl.DataFrame
    groups: pl.DataFrame


def find_scores(figures: pl.DataFrame, tree: pl.DataFrame, scheme: Scheme) -> Scores:
    """Scores of ``FIGURES`` over the ``NODES`` of a scheme, for every area and period that has a figure."""
    leaves = _normalise(_complete(figures, tree), scheme)
    groups = _aggregate(leaves, tree, scheme)
    named = pl.lit(scheme.code).alias("scheme_code")
    order = ["period_code", "area_level", "area_code", "indicator_code"]
    return Scores(
        *(
            frame.with_columns(named, _rank(ranked_by, scheme))
            .select(schema.names())
            .cast(schema)
            .sort(order)
            for frame, ranked_by, schema in (
                (leaves, "normalised", INDICATOR_SCORES),
                (groups, "score", GROUP_SCORES),
            )
        )
    )


def _complete(figures: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """Every leaf for every area and period, with its figure or none."""
    leaves = tree.filter(pl.col("is_leaf"))
    known = figures.select(FIGURES.names()).cast(FIGURES)
    scored = known.join(leaves, on="indicator_code", how="semi")
    return (
        scored.select(_AREA)
        .unique()
        .join(leaves, how="cross")
        .join(scored, on=[*_AREA, "indicator_code"], how="left", validate="1:1")
    )


def _normalise(leaves: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """With ``directed`` (higher is better), ``normalised``, ``score`` and why there is none."""
    sign = pl.col("direction").replace_strict(
        {"higher_better": 1.0, "lower_better": -1.0}, default=None, return_dtype=pl.Float64
    )
    without = "no_goalposts" if scheme.normalisation == "goalposts" else "no_spread"
    return (
        leaves.with_columns(directed=pl.col("value") * sign)
        .with_columns(normalised=_NORMALISATIONS[scheme.normalisation](scheme))
        .with_columns(
            score=pl.col("normalised") * pl.col("weight"),
            score_reason=pl.when(pl.col("value").is_null())
            .then(pl.lit("no_value"))
            .when(sign.is_null())
            .then(pl.lit("no_direction"))
            .when(pl.col("normalised").is_null())
            .then(pl.lit(without)),
        )
    )


def _min_max(scheme: Scheme) -> pl.Expr:
    low, high = pl.col("directed").min().over(_PEERS), pl.col("directed").max().over(_PEERS)
    return _where_peers_differ(_on_scale((pl.col("directed") - low) / (high - low), scheme))


def _z_score(scheme: Scheme) -> pl.Expr:
    mean, deviation = pl.col("directed").mean().over(_PEERS), pl.col("directed").std().over(_PEERS)
    return _where_peers_differ(
        scheme.scale_mean + (pl.col("directed") - mean) / deviation * scheme.scale_deviation
    )


def _percentile_rank(_: Scheme) -> pl.Expr:
    return _places() / (pl.col("directed").count().over(_PEERS) - 1)


def _borda(_: Scheme) -> pl.Expr:
    return _places()


def _goalposts(scheme: Scheme) -> pl.Expr:
    low, high = pl.col("goalpost_low"), pl.col("goalpost_high")
    share = ((pl.col("value") - low) / (high - low)).clip(0, 1)
    directed = pl.when(pl.col("direction") == "higher_better").then(share).otherwise(1 - share)
    return pl.when(pl.col("directed").is_not_null() & (low < high)).then(_on_scale(directed, scheme))


_NORMALISATIONS: dict[str, Callable[[Scheme], pl.Expr]] = {
    "min_max": _min_max,
    "z_score": _z_score,
    "percentile_rank": _percentile_rank,
    "goalposts": _goalposts,
    "borda": _borda,
}


def _on_scale(share: pl.Expr, scheme: Scheme) -> pl.Expr:
    return scheme.scale_low + share * (scheme.scale_high - scheme.scale_low)


def _places() -> pl.Expr:
    """How many peers an area leaves behind."""
    return _where_peers_differ(_told_apart("directed").rank("min").over(_PEERS).cast(pl.Float64) - 1)


def _where_peers_differ(normalised: pl.Expr) -> pl.Expr:
    told_apart = _told_apart("directed")
    return pl.when(told_apart.min().over(_PEERS) < told_apart.max().over(_PEERS)).then(normalised)


def _told_apart(column: str) -> pl.Expr:
    """Figures that differ by no more than rounding count as equal."""
    return pl.col(column).round_sig_figs(_DIGITS)


def _aggregate(leaves: pl.DataFrame, tree: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """Groups from the deepest up, each from what stands right below it."""
    found = leaves.select(
        *_AREA,
        "indicator_code",
        pl.col("normalised").alias("score"),
        pl.col("normalised").is_not_null().cast(pl.Float64).alias("coverage"),
        pl.lit(None, dtype=pl.String).alias("score_reason"),
    )
    groups = found.clear()
    for (depth,), level in sorted(tree.partition_by("depth", as_dict=True).items(), reverse=True):
        if depth == tree["depth"].min():
            break
        children = pl.concat([found, groups]).join(
            level.select("indicator_code", "parent_code", "weight"), on="indicator_code"
        )
        groups = pl.concat([groups, _put_together(children, scheme).select(groups.columns)])
    return groups


def _put_together(children: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    weight, score = pl.col("weight"), pl.col("score")
    present = score.is_not_null()
    share = (weight * pl.col("coverage")).filter(present).sum() / weight.sum()
    mean = {"arithmetic": score, "geometric": score.log()}[scheme.aggregation]
    mean = (weight * mean).sum() / weight.filter(present).sum()
    return (
        children.group_by(*_AREA, pl.col("parent_code").alias("indicator_code"))
        .agg(
            coverage=share,
            score=mean.exp() if scheme.aggregation == "geometric" else mean,
            negative=(score < 0).any() & (scheme.aggregation == "geometric"),
        )
        .with_columns(
            score_reason=pl.when((_told_apart("coverage") < scheme.min_coverage) | (pl.col("coverage") == 0))
            .then(pl.lit("too_little_data"))
            .when(pl.col("negative"))
            .then(pl.lit("negative"))
        )
        .with_columns(pl.when(pl.col("score_reason").is_null()).then(pl.col("score")))
    )


def _rank(column: str, scheme: Scheme) -> pl.Expr:
    """Place among the areas, the best first; null unless the scheme ranks areas."""
    if not scheme.ranks_areas:
        return pl.lit(None, dtype=pl.Int64).alias("rank")
    return _told_apart(column).rank("min", descending=True).over(_PEERS).alias("rank")
