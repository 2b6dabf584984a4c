"""Last period's figures as a form shows them: beside the unit that it asks for now.

Which of them still compare, and what they are in another unit of one dimension, belong here. Whose figures they are
and where a form prints them do not (``plan``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_project.catalogue.definitions import breaks_beside_unit, unit_factors

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

_SIGNIFICANT = 15
#: What the column has room for.
_MOST_DECIMALS = 9
_KEY = ["data_element_code", "unit"]

Row = Mapping[str, Any]


def comparable(prior: pl.DataFrame, catalogue: Catalogue, round_row: Row) -> pl.DataFrame:
    """``prior`` in the units of the round, without the figures of elements that were something else before it.

    ``decimals``: those of a converted figure; null where the unit is the same.
    """
    old = _versions(catalogue, round_row["period_start"] - timedelta(days=1))
    new = _versions(catalogue, round_row["period_end"])
    factors = unit_factors(catalogue)
    ratios = {
        (code, unit): _ratio(unit, old.get(code), new[code], factors)
        for code, unit in prior.select(_KEY).unique().iter_rows()
        if code in new
    }
    times = pl.DataFrame(
        [
            (*key, float(ratio.numerator), float(ratio.denominator))
            for key, ratio in ratios.items()
            if ratio is not None
        ],
        schema=dict.fromkeys(_KEY, pl.String) | {"times": pl.Float64, "parts": pl.Float64},
        orient="row",
    )
    value, is_same = pl.col("value"), pl.col("times") == pl.col("parts")
    converted = (value * pl.col("times") / pl.col("parts")).round_sig_figs(_SIGNIFICANT)
    fewest = pl.min_horizontal(
        *(pl.when(value.round(places) == value).then(places) for places in range(_MOST_DECIMALS)),
        _MOST_DECIMALS,
    )
    return (
        prior.join(times, on=_KEY, nulls_equal=True, maintain_order="left")
        .with_columns(pl.when(is_same).then(value).otherwise(converted).alias("value"))
        .with_columns(pl.when(~is_same).then(fewest).alias("decimals"))
        .drop("times", "parts")
    )


def _versions(catalogue: Catalogue, day: date) -> dict[str, Row]:
    """Data elements as valid on ``day``, by their code."""
    valid = catalogue.table("data_elements").filter(
        pl.col("valid_from").fill_null(date.min) <= day, pl.col("valid_to").fill_null(date.max) >= day
    )
    return {row["data_element_code"]: row for row in valid.iter_rows(named=True)}


def _ratio(
    unit: str | None, old: Row | None, new: Row, factors: Mapping[str, tuple[str, float]]
) -> Fraction | None:
    """By what a figure in ``unit`` is multiplied to stand in that of ``new``; None where it does not compare."""
    if old is not None and breaks_beside_unit(old, new, factors):
        return None
    if unit is None or new["unit"] is None or unit == new["unit"]:
        return Fraction(1)
    given, asked = factors.get(unit), factors.get(new["unit"])
    if given is None or asked is None or given[0] != asked[0]:
        return None
    return Fraction(str(given[1])) / Fraction(str(asked[1]))
