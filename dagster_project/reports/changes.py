"""How the indicators of a round's area changed since the year before, and per year since their figures compare.

The mart of trends tells it of the newest year only, and a round may be of an earlier one: here it is told of the
figures of the indicator table, as that mart does it. What is told of which change belongs to the documents.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.reports.read import RoundFacts
from dagster_project.reports.table import area_rows

CHANGES = ("change", "yoy_pct", "cagr_pct")
#: Types whose figures are no quantities: they differ, but not by a share.
_NO_QUANTITY = ("rank", "level", "yes_no", "text")
_COLUMNS = {
    "indicator_code": pl.String,
    **dict.fromkeys(("last_value", "previous_value", *CHANGES), pl.Float64),
}


def changes(facts: RoundFacts) -> pl.DataFrame:
    """Per indicator with a figure: it, that of the year before if the two compare, and ``CHANGES``, null if untold.

    No rows where no area stands for all, and of a round that is not of a year.
    """
    if facts.own is None or facts.round.period.kind != "year":
        return pl.DataFrame(schema=_COLUMNS)
    year = facts.round.data_year
    value, data_year = pl.col("value"), pl.col("data_year")
    quantities = facts.nodes.select(
        "indicator_code",
        pl.col("value_type").is_in(_NO_QUANTITY).not_().fill_null(value=True).alias("is_quantity"),
    )
    change = pl.col("last_value") - pl.col("previous_value")
    share = pl.col("last_value") / pl.col("first_value")
    return (
        _comparable(facts)
        .group_by("indicator_code", maintain_order=True)
        .agg(
            value.filter(data_year == year).first().alias("last_value"),
            value.filter(data_year == year - 1).first().alias("previous_value"),
            value.sort_by("data_year").first().alias("first_value"),
            (year - data_year.min()).alias("years"),
        )
        .filter(pl.col("last_value").is_not_null())
        .join(quantities, on="indicator_code", maintain_order="left")
        .select(
            *("indicator_code", "last_value", "previous_value"),
            change.alias("change"),
            pl.when(pl.col("is_quantity") & (pl.col("previous_value") != 0))
            .then(100 * change / pl.col("previous_value").abs())
            .alias("yoy_pct"),
            pl.when(
                pl.col("is_quantity")
                & (pl.col("years") > 0)
                & (pl.col("first_value") > 0)
                & (pl.col("last_value") >= 0)
            )
            .then(100 * (share.pow(1 / pl.col("years")) - 1))
            .alias("cagr_pct"),
        )
    )


def changes_by_code(facts: RoundFacts) -> Mapping[str, Mapping[str, float | None]]:
    """``CHANGES`` of each indicator with a figure."""
    rows = changes(facts).iter_rows(named=True)
    return {row["indicator_code"]: {name: row[name] for name in CHANGES} for row in rows}


def _comparable(facts: RoundFacts) -> pl.DataFrame:
    """The own area's figures up to the round's year, of each indicator from its last break on.

    On today's areas figures compare across a break of areas or rounds, which the round's reason tells; what else is
    told is another definition, and so is a break in a year without rows.
    """
    periods = facts.periods.select(
        "period_code", "data_year", pl.col("break_reason_vi").fill_null("").alias("reason_of_period")
    )
    rows = area_rows(facts, facts.own or "").join(periods, on="period_code", maintain_order="left")
    told = pl.col("break_reason_vi").fill_null("").str.strip_prefix(pl.col("reason_of_period"))
    is_told = pl.struct("indicator_code", pl.col("comparable_from")).is_in(
        rows.select(pl.struct("indicator_code", pl.col("data_year").alias("comparable_from")))
        .to_series()
        .implode()
    )
    since = (
        pl.when((pl.col("basis") == "harmonised") & (told.str.strip_chars() != ""))
        .then("data_year")
        .when((pl.col("basis") == "as_reported") | ~is_told)
        .then("comparable_from")
    )
    return rows.filter(
        pl.col("value").is_not_null(),
        pl.col("data_year") >= since.max().over("indicator_code").fill_null(0),
    )
