"""Which area a label of somebody's table means, in the areas of its period.

Exact codes and folded names and aliases are looked up; nothing is matched because it is near.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.intake.keys import coded, folded

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

_FIRST, _LAST = pl.date(1, 1, 1), pl.date(9999, 12, 31)


def resolve_areas(values: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """``values`` (area_role, area_text, period_end, …) with area_code, where one area is meant.

    ``label_key`` is the label folded, ``n_areas`` how many areas it may mean, ``area_codes`` which.
    """
    keyed = values.with_columns(
        folded(values["area_text"]).alias("label_key"), coded(values["area_text"]).alias("area_key")
    ).with_columns(
        pl.when(pl.col("area_role") == "area_code").then("area_key").otherwise("label_key").alias("area_key")
    )
    asked = keyed.select("area_role", "area_key", "period_end").drop_nulls("area_key").unique()
    end = pl.col("period_end")
    meant = (
        asked.join(_known(catalogue), on=["area_role", "area_key"], how="left")
        .filter(end.is_null() | pl.col("area_code").is_null() | end.is_between("valid_from", "valid_to"))
        .group_by("area_role", "area_key", "period_end")
        .agg(pl.col("area_code").drop_nulls().unique().sort())
        .with_columns(
            pl.col("area_code").list.len().alias("n_areas"),
            pl.col("area_code").list.join(", ").alias("area_codes"),
            pl.when(pl.col("area_code").list.len() == 1)
            .then(pl.col("area_code").list.first())
            .alias("one_area"),
        )
        .select(
            "area_role",
            "area_key",
            "period_end",
            "n_areas",
            "area_codes",
            pl.col("one_area").alias("area_code"),
        )
    )
    if "area_code" in keyed.columns:
        keyed = keyed.drop("area_code")
    return keyed.join(
        meant, on=["area_role", "area_key", "period_end"], how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(pl.col("n_areas").fill_null(0))


def _known(catalogue: Catalogue) -> pl.DataFrame:
    """Every label under which an area is known, with the time in which it is.

    A name that the office's own areas bear means one of them; elsewhere in the country others may bear it too.
    """
    own = _labels(catalogue, catalogue.own("areas"))
    others = _labels(catalogue, catalogue.table("areas").slice(catalogue.own("areas").height))
    return pl.concat([own, others.join(own, on=["area_role", "area_key"], how="anti")])


def _labels(catalogue: Catalogue, areas: pl.DataFrame) -> pl.DataFrame:
    validity = (pl.col("valid_from").fill_null(_FIRST), pl.col("valid_to").fill_null(_LAST))
    parts = [
        areas.select(pl.lit(role).alias("area_role"), pl.col(name).alias("label"), "area_code", *validity)
        for role, name in (("area_code", "area_code"), ("area_name", "name_vi"), ("area_name", "name_en"))
    ]
    aliases = [
        catalogue.table("area_aliases").select(
            pl.lit(role).alias("area_role"), pl.col("alias").alias("label"), "area_code", *validity
        )
        for role in ("area_code", "area_name")
    ]
    labels = pl.concat([*parts, *aliases]).drop_nulls("label")
    key = pl.when(pl.col("area_role") == "area_code").then("code_key").otherwise("name_key")
    return (
        labels.with_columns(
            coded(labels["label"]).alias("code_key"), folded(labels["label"]).alias("name_key")
        )
        .select("area_role", key.alias("area_key"), "area_code", "valid_from", "valid_to")
        .unique(maintain_order=True)
    )
