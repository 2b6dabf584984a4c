"""Where each cell of a mapped table stands, and which figure each position of a value is.

Rows and columns are turned into areas, elements and periods here. What becomes of a cell does not belong here
(``bind_layout``), nor do the findings (``layout_checks``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.intake.layout_areas import resolve_areas
from dagster_project.intake.layout_maps import SHEET, Layouts
from dagster_project.intake.layout_rows import mark_multiplied, mark_repeated
from dagster_project.intake.units import measures, read_heading, table_units

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

COLUMN = [*SHEET, "col"]
SPOT = [*SHEET, "row", "col"]
_WHOSE = ["sha256", "reporting_unit_code", "form_code", "period_code"]
_MARK = " | "


def locate(raw: pl.DataFrame, layouts: Layouts) -> pl.DataFrame:
    """Every cell with its sheet's map, its column's role, and the part of the table that it stands in."""
    row = pl.col("row")
    head, last_head = pl.col("header_first_row"), pl.col("header_last_row")
    return (
        raw.join(layouts.sheets, on=SHEET, how="left", maintain_order="left")
        .join(
            layouts.columns.select(*COLUMN, pl.col("role").alias("column_role")),
            on=COLUMN,
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.when(pl.col("map_sheet").is_null())
            .then(pl.lit("unknown_sheet"))
            .when(pl.col("skip"))
            .then(pl.lit("skipped_sheet"))
            .when(row.is_between(head, last_head))
            .then(pl.lit("header"))
            .when(row < pl.col("first_row"))
            .then(pl.lit("above"))
            .when(row > pl.col("last_row"))
            .then(pl.lit("below"))
            .otherwise(pl.lit("data"))
            .alias("part")
        )
    )


def read_headers(cells: pl.DataFrame) -> pl.DataFrame:
    """What stands above each column, its header rows joined."""
    return (
        cells.filter(pl.col("part") == "header")
        .sort(*SPOT)
        .group_by(COLUMN, maintain_order=True)
        .agg(pl.col("raw_text").str.replace_all(r"\s+", " ").str.strip_chars().str.join(_MARK).alias("found"))
    )


def place_values(cells: pl.DataFrame, layouts: Layouts, catalogue: Catalogue) -> pl.DataFrame:
    """One row per position of a value: rows that name an area, and cells with content beside no area at all."""
    columns = layouts.columns.filter(pl.col("role") == "value").drop("map_area_code")
    columns = columns.join(layouts.rows.select(SHEET).unique(), on=SHEET, how="anti").join(
        layouts.rounds, on=_WHOSE, how="left", maintain_order="left"
    )
    data = cells.filter(pl.col("part") == "data")
    labels = data.filter(pl.col("column_role").is_in(["area_name", "area_code"])).select(
        *SHEET,
        "row",
        "skip_rows",
        pl.col("col").alias("area_col"),
        pl.col("column_role").alias("area_role"),
        pl.col("cell").alias("area_cell"),
        pl.col("raw_text").alias("area_text"),
    )
    filled = data.filter(pl.col("column_role") == "value").select(
        *SPOT, pl.lit(value=True).alias("is_filled")
    )
    beside = labels.join(columns, on=[*SHEET, "area_col"], maintain_order="left")
    alone = (
        filled.join(beside, on=SPOT, how="anti")
        .join(columns, on=COLUMN, maintain_order="left")
        .select(*SPOT, *(name for name in columns.columns if name not in COLUMN))
    )
    every = pl.concat([beside, alone, _of_rows(data, layouts)], how="diagonal").drop("role")
    resolved = resolve_areas(every, catalogue).join(filled, on=SPOT, how="left", maintain_order="left")
    given = _with_headings(_with_elements(resolved, catalogue), cells, columns, catalogue)
    told = given.with_columns(
        pl.col("is_filled").fill_null(value=False),
        _skipped().alias("is_skipped"),
    )
    return mark_multiplied(mark_repeated(told))


def _of_rows(data: pl.DataFrame, layouts: Layouts) -> pl.DataFrame:
    """The figures of long tables, each with its round and the text of its cell."""
    rows = layouts.rows.join(
        layouts.rounds,
        on=_WHOSE,
        how="left",
        maintain_order="left",
    )
    texts = data.select(*SPOT, "raw_text")
    return rows.join(texts, on=SPOT, how="left", maintain_order="left").with_columns(
        pl.lit(value=True).alias("is_long"), pl.lit("value").alias("role")
    )


def _skipped() -> pl.Expr:
    """Whether the label that names the row is one that the map skips."""
    return (
        pl.col("skip_rows").is_not_null() & pl.col("skip_rows").list.contains(pl.col("label_key"))
    ).fill_null(value=False)


def _with_elements(values: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Unit and indicator of each value's element, and whether the element is valid at the period's end."""
    asked = values.select("data_element_code", "period_end").unique()
    end = pl.col("period_end")
    valid = pl.col("valid_from").fill_null(pl.date(1, 1, 1)) <= end
    valid &= pl.col("valid_to").fill_null(pl.date(9999, 12, 31)) >= end
    known = (
        asked.join(
            catalogue.table("data_elements").select(
                "data_element_code", "indicator_code", "unit", "valid_from", "valid_to"
            ),
            on="data_element_code",
        )
        .with_columns(valid.fill_null(value=True).alias("is_valid"))
        .sort("is_valid", "valid_from", nulls_last=False)
        .unique(["data_element_code", "period_end"], keep="last", maintain_order=True)
        .drop("valid_from", "valid_to")
    )
    return values.join(
        known, on=["data_element_code", "period_end"], how="left", nulls_equal=True, maintain_order="left"
    )


def _with_headings(
    values: pl.DataFrame, cells: pl.DataFrame, columns: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """The unit that a column's heading gives, else the one that the lines above its table give for all of it.

    A unit of another kind above the table says nothing of a column; two different ones say nothing at all.
    """
    headed = columns.select(
        *COLUMN, read_heading(columns["header"], catalogue).alias("heading_unit")
    ).drop_nulls()
    lines = cells.filter(pl.col("part").is_in(["above", "header"]), pl.col("cell_type") == "text")
    dimensions = measures(catalogue).select("unit", "dimension")
    above = table_units(lines, catalogue)
    return (
        values.join(headed.unique(COLUMN), on=COLUMN, how="left", maintain_order="left")
        .join(dimensions, on="unit", how="left", maintain_order="left")
        .join(above, on=[*SHEET, "dimension"], how="left", maintain_order="left")
        .with_columns(pl.coalesce("row_unit", "heading_unit", "table_unit", "unit").alias("unit"))
        .drop("heading_unit", "table_unit", "dimension")
    )


def value_fault() -> pl.Expr:
    """The rule that holds a figure out because of where it stands."""
    return (
        pl.when(pl.col("is_skipped"))
        .then(None)
        .when(pl.col("row_fault").is_not_null())
        .then("row_fault")
        .when(pl.col("area_text").is_null())
        .then(pl.lit("LAYOUT_AREA_MISSING"))
        .when(pl.col("n_areas") == 0)
        .then(pl.lit("LAYOUT_AREA_UNKNOWN"))
        .when(pl.col("n_areas") > 1)
        .then(pl.lit("LAYOUT_AREA_AMBIGUOUS"))
        .when("is_filled" & ~pl.col("is_valid"))
        .then(pl.lit("LAYOUT_ELEMENT_NOT_VALID"))
    )
