"""Look whether targets and lights can be told: a comparison, a whole baseline, a period that comes, rules in order.

Each check takes the tables numbered as their files number them. Words, codes and keys are ``lint``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from dagster_project.catalogue.load import Problem

_YEAR = r"^[0-9]{4}$"


def check_targets(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    """All problems of ``targets`` and ``light_rules``."""
    targets = tables["targets"]
    yield from _check_operators(targets, tables["indicators"])
    yield from _check_periods(targets, tables["rounds"])
    yield from _check_baselines(targets)
    yield from _check_lights(tables["light_rules"])


def _check_operators(targets: pl.DataFrame, indicators: pl.DataFrame) -> Iterator[Problem]:
    """Where the indicator has no direction the target must compare by itself; a span has two ends."""
    directed = indicators.filter(pl.col("direction").is_in(["higher_better", "lower_better"]))
    open_ = targets.filter(pl.col("operator").is_null()).join(directed, on="indicator_code", how="anti")
    yield from _told(open_, "targets", "operator", "catalogue.target_without_operator", "indicator_code")
    is_span = pl.col("operator").eq_missing("between")
    odd = targets.filter(is_span != pl.col("target_high").is_not_null())
    yield from _told(odd, "targets", "target_high", "catalogue.target_span", "operator")


def _check_periods(targets: pl.DataFrame, rounds: pl.DataFrame) -> Iterator[Problem]:
    known = rounds.select("period_code").unique()
    other = targets.filter(~pl.col("period_code").str.contains(_YEAR)).join(
        known, on="period_code", how="anti"
    )
    yield from _told(other, "targets", "period_code", "catalogue.target_period", "period_code")


def _check_baselines(targets: pl.DataFrame) -> Iterator[Problem]:
    half = targets.filter(pl.col("baseline_year").is_null() != pl.col("baseline_value").is_null())
    yield from _told(half, "targets", "baseline_year", "catalogue.target_baseline_half", "indicator_code")
    year = pl.col("period_code").str.slice(0, 4).cast(pl.Int64, strict=False)
    late = targets.filter(pl.col("baseline_year") >= year)
    yield from _told(late, "targets", "baseline_year", "catalogue.target_baseline_late", "baseline_year")


def _check_lights(rules: pl.DataFrame) -> Iterator[Problem]:
    """One rule after the other, and none behind one that takes everything that is left."""
    place = ["criteria_set_code", "sort_order", "valid_from", "valid_to"]
    yield from _told(
        rules.filter(pl.struct(place).is_first_distinct().not_()),
        "light_rules",
        "sort_order",
        "catalogue.light_order_twice",
        "sort_order",
    )
    ends = pl.col("sort_order").filter(pl.col("at_least").is_null()).min().over(place[0], *place[2:])
    yield from _told(
        rules.filter(pl.col("sort_order") > ends),
        "light_rules",
        "sort_order",
        "catalogue.light_unreachable",
        "light",
    )


def _told(rows: pl.DataFrame, table: str, column: str, code: str, shown: str) -> Iterator[Problem]:
    for row, observed in rows.select("row", shown).iter_rows():
        yield Problem(table, row, column, code, {"observed": "" if observed is None else str(observed)})
