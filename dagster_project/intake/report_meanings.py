"""What a line of a report may mean: the elements that stand behind each code and name of the catalogue.

Looking meanings up in the catalogue belongs here; binding the cells of a file does not (``bind_report``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.catalogue.artifacts import formula_terms
from dagster_project.intake.form_codes import code_key
from dagster_project.intake.keys import folded

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

_TOTAL = "_T"


def meanings(catalogue: Catalogue, rounds: pl.DataFrame) -> pl.DataFrame:
    """One row per round and code or name: round_code, key, is_code, indicator_code, and the elements of its columns.

    ``rounds``: round_code, criteria_set_code, period_end. ``numerator``, ``denominator`` and ``value`` are the elements
    that a line's figures under such headings are; null where no one element is meant. ``is_rate`` says that the value
    is what somebody computed. A name that several things bear is left out.
    """
    indicators = _indicators(catalogue, rounds)
    elements = valid_at_end(catalogue.table("data_elements"), rounds)
    alone = elements.select(
        "round_code",
        "indicator_code",
        pl.col("data_element_code").alias("code"),
        pl.col("name_vi").alias("name"),
        pl.lit(None, pl.String).alias("numerator"),
        pl.lit(None, pl.String).alias("denominator"),
        pl.col("data_element_code").alias("value"),
        (pl.col("role") == "typed").fill_null(value=False).alias("is_rate"),
    )
    both = pl.concat([indicators, alone])
    subject = ["round_code", "indicator_code", "numerator", "denominator", "value", "is_rate"]
    by_code = both.select(
        *subject, code_key(pl.col("code")).alias("key"), pl.lit(value=True).alias("is_code")
    )
    names = both.with_columns(folded(both["name"]).alias("key"), pl.lit(value=False).alias("is_code"))
    # An indicator and its only element bear one name; two indicators, or two elements of one, are told by codes only.
    first = names.unique(["round_code", "key", "indicator_code"], keep="first", maintain_order=True)
    by_name = first.filter(pl.len().over("round_code", "key") == 1).select(by_code.columns)
    return pl.concat([by_code, by_name])


def _indicators(catalogue: Catalogue, rounds: pl.DataFrame) -> pl.DataFrame:
    """Indicators with the element that is their whole numerator and the one that is their whole denominator."""
    valid = valid_at_end(catalogue.table("indicators"), rounds).filter(pl.col("numerator").is_not_null())
    terms = valid_at_end(
        formula_terms(catalogue).filter(pl.col("owner_type") == "indicator"),
        rounds.drop("criteria_set_code"),
    )
    one = (
        (pl.len() == 1)
        & (pl.col("coefficient").first() == 1)
        & (pl.col("lag").first() == 0)
        & (pl.col("category_code").first() == _TOTAL)
    )
    whole = terms.group_by("round_code", "owner_code", "part").agg(
        pl.when(one).then(pl.col("data_element_code").first()).alias("element")
    )
    typed = (
        valid_at_end(catalogue.table("data_elements"), rounds)
        .filter(pl.col("role") == "typed")
        .group_by("round_code", "indicator_code")
        .agg(pl.when(pl.len() == 1).then(pl.col("data_element_code").first()).alias("typed"))
    )
    parts = {
        part: whole.filter(pl.col("part") == part).select(
            "round_code", pl.col("owner_code").alias("indicator_code"), pl.col("element").alias(f"{part}_of")
        )
        for part in ("numerator", "denominator")
    }
    place = ["round_code", "indicator_code"]
    # Without a denominator the value is the numerator itself, unless it is multiplied.
    is_rate = pl.col("denominator").is_not_null() | (pl.col("multiplier").fill_null(1) != 1)
    return (
        valid.join(parts["numerator"], on=place, how="left")
        .join(parts["denominator"], on=place, how="left")
        .join(typed, on=place, how="left")
        .sort(*place)
        .select(
            *place,
            pl.col("indicator_code").alias("code"),
            pl.col("name_vi").alias("name"),
            pl.col("numerator_of").alias("numerator"),
            pl.col("denominator_of").alias("denominator"),
            pl.when(is_rate).then("typed").otherwise("numerator_of").alias("value"),
            is_rate.alias("is_rate"),
        )
    )


def valid_at_end(table: pl.DataFrame, rounds: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``table`` as valid on the last day of each round, of the round's criteria set where both have one."""
    how = "criteria_set_code" if {"criteria_set_code"} <= {*table.columns} & {*rounds.columns} else None
    pairs = table.join(rounds, on=how) if how else table.join(rounds, how="cross")
    begins = pl.col("valid_from").fill_null(pl.date(1, 1, 1))
    ends = pl.col("valid_to").fill_null(pl.date(9999, 12, 31))
    return pairs.filter(pl.col("period_end").is_between(begins, ends))
