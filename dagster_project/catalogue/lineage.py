"""Which areas and units came before those of today, by code and date: a code alone names no area.

Shares of figures are not looked at (``dbt``): here it is only who stood where, and who took over from whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import date

    from dagster_project.catalogue.load import Catalogue

FIRST, LAST = pl.date(1, 1, 1), pl.date(9999, 12, 31)


def area_members(catalogue: Catalogue) -> pl.DataFrame:
    """Every area of today with itself and all areas that it was made from.

    One row per area_code × member_code × member_from, with member_to and the member's name_vi (``member_name``).
    """
    areas = catalogue.table("areas").select(
        "area_code",
        "name_vi",
        pl.col("valid_from").fill_null(FIRST).alias("begins"),
        pl.col("valid_to").fill_null(LAST).alias("ends"),
    )
    steps = (
        catalogue.table("area_successions")
        .select("old_code", "new_code", "date")
        .join(areas, left_on="new_code", right_on="area_code")
        .filter(pl.col("date").is_between("begins", "ends"))
        .select("old_code", "new_code", "date", pl.col("begins").alias("new_begins"))
        .join(areas, left_on="old_code", right_on="area_code")
        .filter(
            pl.col("date").dt.offset_by("-1d").is_between("begins", "ends"),
            pl.col("ends") < pl.col("new_begins"),
        )
        .select("old_code", "new_code", "new_begins", pl.col("begins").alias("old_begins"))
    )
    today = areas.filter(pl.col("ends") == LAST)
    found = latest = today.select("area_code", pl.col("area_code").alias("member_code"), "begins")
    while len(latest):
        latest = latest.join(
            steps, left_on=["member_code", "begins"], right_on=["new_code", "new_begins"]
        ).select("area_code", pl.col("old_code").alias("member_code"), pl.col("old_begins").alias("begins"))
        found = pl.concat([found, latest])
    return (
        found.unique(maintain_order=True)
        .join(areas, left_on=["member_code", "begins"], right_on=["area_code", "begins"])
        .select(
            "area_code",
            "member_code",
            pl.col("name_vi").alias("member_name"),
            pl.col("begins").alias("member_from"),
            pl.col("ends").alias("member_to"),
        )
    )


def unchanged_areas(catalogue: Catalogue, first: date, last: date) -> set[str]:
    """Codes of the areas that are on the ``last`` day what they were on the ``first``, perhaps under another name."""
    begins, ends = pl.col("valid_from").fill_null(FIRST), pl.col("valid_to").fill_null(LAST)
    lasting = catalogue.table("areas").filter(begins <= first, ends >= last)
    members = area_members(catalogue).filter(pl.lit(first).is_between("member_from", "member_to"))
    alone = members.filter(
        pl.col("area_code") == pl.col("member_code"),
        pl.len().over("area_code") == 1,
        pl.len().over("member_code", "member_from") == 1,
    )
    return {*lasting["area_code"], *alone["area_code"]}


def unit_successors(catalogue: Catalogue) -> dict[str, str]:
    """The unit of today that took over from each unit that is no more; none where several did, or nobody."""
    successions = catalogue.table("reporting_unit_successions").select("old_code", "new_code")
    steps: dict[str, set[str]] = {}
    for old, new in successions.iter_rows():
        steps.setdefault(old, set()).add(new)
    today = set(
        catalogue.table("reporting_units").filter(pl.col("valid_to").is_null())["reporting_unit_code"]
    )
    found = {}
    for unit, successors in steps.items():
        heirs: set[str] = set()
        seen, ahead = {unit}, set(successors)
        while ahead:
            heirs |= ahead & today
            seen |= ahead
            ahead = {new for old in ahead - today for new in steps.get(old, ())} - seen
        if unit not in today and len(heirs) == 1:
            found[unit] = heirs.pop()
    return found
