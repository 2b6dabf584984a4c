"""Scores: figures brought to one scale, weighted, put together up a tree, and ranked where a scheme says so.

After the OECD/JRC handbook on composite indicators. Areas are compared with the areas of their own level in the same
round. Which scheme and tree apply is ``schemes``; nothing is imputed: what is missing is told by coverage and reason.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from dagster_project.statistics.schemes import Scheme

#: One row per area × round × indicator; a figure that is not there may have no row or no value. Of the states of a
#: value, ``not_applicable`` counts: it leaves the indicator out for that area.
FIGURES = pl.Schema(
    {
        "round_code": pl.String,
        "area_level": pl.String,
        "area_code": pl.String,
        "indicator_code": pl.String,
        "value": pl.Float64,
        "value_state": pl.String,
    }
)

#: One row per area × round × node of the scheme's tree. ``score_reason`` says why there is no score: no_value,
#: not_applicable, no_direction, no_goalposts, no_spread; of groups: too_little_data, negative (has no geometric mean).
SCORES = pl.Schema(
    {
        "scheme_code": pl.String,
        "round_code": pl.String,
        "area_level": pl.String,
        "area_code": pl.String,
        "indicator_code": pl.String,
        "is_leaf": pl.Boolean,
        "value": pl.Float64,
        "normalised": pl.Float64,
        "weight": pl.Float64,  # among the children of its parent
        "score": pl.Float64,  # normalised × weight; of a group, the mean of what is below it
        "coverage": pl.Float64,  # share of the weight of all below that is normalised
        "rank": pl.Int64,
        "score_reason": pl.String,
    }
)

_AREA = ("round_code", "area_level", "area_code")
#: What is compared with one another.
_PEERS = ("round_code", "area_level", "indicator_code")
#: Significant digits in which figures differ, as in the hashes of releases.
_DIGITS = 12


def find_scores(figures: pl.DataFrame, tree: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """``SCORES`` of ``FIGURES`` over the ``NODES`` of a scheme, for every area and round that has a figure."""
    leaves = _normalise(_complete(figures, tree), scheme)
    nodes = tree.select("indicator_code", "is_leaf", "weight")
    groups = _aggregate(leaves, tree, scheme).join(nodes, on="indicator_code")
    return (
        pl.concat([_ranked(leaves, "normalised", scheme), _ranked(groups, "score", scheme)], how="diagonal")
        .with_columns(pl.lit(scheme.code).alias("scheme_code"))
        .select(SCORES.names())
        .cast(SCORES)
        .sort("round_code", "area_level", "area_code", "indicator_code")
    )


def _complete(figures: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """Every leaf for every area and round, with its figure or none."""
    leaves = tree.filter(pl.col("is_leaf"))
    known = figures.select(FIGURES.names()).cast(FIGURES)
    scored = known.join(leaves, on="indicator_code", how="semi")
    return (
        scored.select(_AREA)
        .unique()
        .join(leaves, how="cross")
        .join(scored, on=[*_AREA, "indicator_code"], how="left", validate="1:1")
        .sort(*_AREA, "indicator_code")
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
            coverage=pl.col("normalised").is_not_null().cast(pl.Float64),
            score_reason=pl.when(pl.col("value_state") == "not_applicable")
            .then(pl.lit("not_applicable"))
            .when(pl.col("value").is_null())
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
    """Groups from the deepest up, each from what stands right below it and applies to the area."""
    found = leaves.filter(pl.col("score_reason").ne_missing("not_applicable")).select(
        *_AREA,
        "indicator_code",
        pl.col("normalised").alias("score"),
        "coverage",
        "score_reason",
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
        children.sort("indicator_code")
        .group_by(*_AREA, pl.col("parent_code").alias("indicator_code"))
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


def _ranked(nodes: pl.DataFrame, column: str, scheme: Scheme) -> pl.DataFrame:
    """With the place among the areas, the best first; null unless the scheme ranks areas."""
    place = _told_apart(column).rank("min", descending=True).over(_PEERS)
    return nodes.with_columns(rank=(place if scheme.ranks_areas else pl.lit(None)).cast(pl.Int64))
