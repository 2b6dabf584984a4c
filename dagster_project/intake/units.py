"""Units of measure as people write them: which unit a name means, and what it takes to convert it into another.

Names and aliases of the catalogue are looked up folded; nothing is matched because it is near. What a figure becomes
does not belong here (``figures``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.intake.keys import folded

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

_MARK = "|"
#: A unit in a column's heading stands in brackets at the end of one of its lines.
_IN_HEADING = r"\(\s*(?:(?i:đvt|đơn vị tính|đơn vị)\s*:?\s*)?([^()]+?)\s*\)\s*$"
#: One for a whole table stands above it, behind these words.
_ABOVE_TABLE = r"^\(?\s*(?i:đvt|đơn vị tính|đơn vị)\s*:\s*([^()]+?)\s*\)?\s*$"


def measures(catalogue: Catalogue) -> pl.DataFrame:
    """One row per unit: unit, dimension, factor, unit_name."""
    return (
        catalogue.table("units_of_measure")
        .select("unit", "dimension", "factor", pl.col("name_vi").alias("unit_name"))
        .unique("unit", maintain_order=True)
    )


def unit_names(catalogue: Catalogue) -> pl.DataFrame:
    """Every name of a unit, folded (``key``), with its dimension and factor; n_units of that dimension have it."""
    return catalogue.derived(_unit_names)


def _unit_names(catalogue: Catalogue) -> pl.DataFrame:
    table = catalogue.table("units_of_measure")
    names = pl.concat(
        [
            *(
                table.select("unit", "dimension", "factor", pl.col(name).alias("name"))
                for name in ("unit", "name_vi", "name_en")
            ),
            table.select(
                "unit", "dimension", "factor", pl.col("aliases").str.split(_MARK).alias("name")
            ).explode("name"),
        ]
    ).drop_nulls("name")
    return (
        names.with_columns(folded(names["name"]).alias("key"))
        .filter(pl.col("key") != "")
        .group_by("key", "dimension")
        .agg(pl.col("factor").first(), pl.col("unit").first(), pl.col("unit").n_unique().alias("n_units"))
    )


def with_declared(values: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """What the row or the heading says that its figures are in (``declared``), against the element's ``unit``.

    ``declared_ratio``: by what a figure is multiplied, 1 where nothing else is said, null where the unit is not
    known or is one of something else.
    """
    keyed = values.with_columns(
        folded(values["declared"]).alias("declared_key"), folded(values["unit"]).alias("unit_key")
    )
    own = measures(catalogue).select("unit", "dimension", pl.col("factor").alias("own_factor"))
    one = (
        unit_names(catalogue)
        .filter(pl.col("n_units") == 1)
        .select(pl.col("key").alias("declared_key"), "dimension", pl.col("factor").alias("declared_factor"))
    )
    silent = pl.col("declared_key").fill_null("").is_in(["", "-", "…", "..."]) | pl.col("unit").is_null()
    return (
        keyed.join(own, on="unit", how="left", maintain_order="left")
        .join(one, on=["declared_key", "dimension"], how="left", maintain_order="left")
        .with_columns(
            pl.when(silent | (pl.col("declared_key") == pl.col("unit_key")))
            .then(1.0)
            .otherwise(pl.col("declared_factor") / pl.col("own_factor"))
            .alias("declared_ratio")
        )
        .drop("declared_key", "unit_key", "dimension", "own_factor", "declared_factor")
    )


def read_heading(headings: pl.Series, catalogue: Catalogue) -> pl.Series:
    """The name of the unit that each heading (lines joined by " | ") ends on in brackets, where it is a unit."""
    return _known(headings, _IN_HEADING, catalogue)


def table_units(lines: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Which unit the lines above a table (sha256, sheet, raw_text) give for all of it: dimension, table_unit.

    It speaks for figures of its own kind only; where two are given, neither counts.
    """
    names = lines.select("sha256", "sheet", read_above(lines["raw_text"], catalogue).alias("table_unit"))
    named = names.drop_nulls("table_unit")
    return (
        named.with_columns(folded(named["table_unit"]).alias("key"))
        .join(unit_names(catalogue).select("key", "dimension"), on="key")
        .group_by("sha256", "sheet", "dimension")
        .agg(pl.col("table_unit").first(), pl.col("key").n_unique())
        .filter(pl.col("key") == 1)
        .drop("key")
    )


def mark_differing(placed: pl.DataFrame, headings: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Cells of forms, the ``unit`` of which names both units where a line above the table says another than the row.

    Neither of the two can then be trusted, so that no name of a unit is left.
    """
    above = table_units(headings, catalogue)
    if above.is_empty():
        return placed
    kinds = unit_names(catalogue).select("key", "dimension").unique("key")
    keyed = placed.with_columns(folded(placed["unit"]).alias("key"))
    told = keyed.join(kinds, on="key", how="left", maintain_order="left").join(
        above, on=["sha256", "sheet", "dimension"], how="left", maintain_order="left"
    )
    differs = (folded(told["table_unit"]) != told["key"]).fill_null(value=False)
    return told.with_columns(
        pl.when(pl.Series(differs))
        .then(pl.format("{} / {}", "unit", "table_unit"))
        .otherwise("unit")
        .alias("unit")
    ).drop("key", "dimension", "table_unit")


def read_above(texts: pl.Series, catalogue: Catalogue) -> pl.Series:
    """The name of the unit that a text above a table gives for all of it."""
    return _known(texts, _ABOVE_TABLE, catalogue)


def _known(texts: pl.Series, pattern: str, catalogue: Catalogue) -> pl.Series:
    # Forms print the same texts over and over: each is looked at once.
    lines = (
        pl.DataFrame({"whole": texts.drop_nulls().unique()})
        .with_columns(pl.col("whole").str.split(" | ").alias("text"))
        .explode("text")
        .with_columns(pl.col("text").str.normalize("NFC").str.extract(pattern).alias("name"))
        .drop_nulls("name")
    )
    lines = lines.with_columns(folded(lines["name"]).alias("key"))
    found = (
        lines.join(unit_names(catalogue), on="key", how="semi", maintain_order="left")
        .group_by("whole", maintain_order=True)
        .agg(pl.col("name").last())
    )
    return texts.replace_strict(found["whole"], found["name"], default=None, return_dtype=pl.String)
