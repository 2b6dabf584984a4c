"""Figures that an officer entered for a unit: corrections, and those told by telephone or on paper.

Whether the unit has confirmed one is told by the finding that waits for it.
"""

from __future__ import annotations

import polars as pl

HOW = ("correction", "on_behalf")
WAITING_RULE = "ENTRY_UNCONFIRMED"
_KEY = ("area_code", "reporting_unit_code", "data_element_code", "category_code")


def entered_figures(values: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """The entered ones of a round's values, those first that ``is_waiting`` for the unit's confirmation."""
    waiting = findings.filter(rule_code=WAITING_RULE).select(*_KEY, pl.lit(value=True).alias("is_waiting"))
    return (
        values.filter(pl.col("entered_how").is_in(HOW))
        .join(waiting.unique(), on=list(_KEY), how="left", nulls_equal=True)
        .with_columns(pl.col("is_waiting").fill_null(value=False))
        .sort([~pl.col("is_waiting"), *_KEY], nulls_last=True)
    )
