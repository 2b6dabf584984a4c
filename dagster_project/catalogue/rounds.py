"""Which rounds an office means by a data year.

Due dates and working days are in ``calendar``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.settings import Office


def rounds_of(catalogue: Catalogue, office: Office, data_year: int) -> list[str]:
    """Codes of the yearly rounds of ``data_year`` at the office's level, oldest period first.

    Where the office has no criteria set of its own, rounds of every set and level count.
    """
    rounds = catalogue.table("rounds").filter(
        (pl.col("data_year") == data_year) & (pl.col("period_type").fill_null("year") == "year")
    )
    if office.criteria_set_code:
        rounds = rounds.filter(
            (pl.col("criteria_set_code") == office.criteria_set_code) & (pl.col("level") == office.level)
        )
    return rounds.sort("period_end", "round_code")["round_code"].to_list()
