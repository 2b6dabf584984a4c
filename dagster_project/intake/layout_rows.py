"""Long tables: one figure a row, with its period, area, categories, unit, multiplier and status in columns beside it.

What those columns name is looked up here, exactly or folded and never because it is near. Wide tables, whose columns
are fixed by their map, are ``layout_cells``'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.intake.keys import coded, folded
from dagster_project.intake.units import unit_names
from dagster_project.intake.words import visible

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

#: What a column of a long table may say of the figure in its row.
KEY_ROLES = ("area_name", "area_code", "period", "category", "unit", "multiplier", "status")
_TOTAL = "_T"
_SHEET = ["sha256", "sheet"]
_LINE = [*_SHEET, "row"]
#: A year that a spreadsheet or a program wrote as a number with decimals.
_YEAR_AS_NUMBER = r"^(\d{4})\.0+$"


def read_labels(
    raw: pl.DataFrame, sheets: pl.DataFrame, columns: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """One row per row and naming column of a long table: the text there, ``code`` that it means, ``fault`` if none.

    ``columns`` as ``Layouts.columns``; a table is long where one of its columns names the period.
    """
    keys = columns.filter(pl.col("role").is_in(KEY_ROLES)).join(
        columns.filter(pl.col("role") == "period").select(_SHEET).unique(), on=_SHEET, how="semi"
    )
    bounds = sheets.select(*_SHEET, "first_row", "last_row")
    inside = raw.join(bounds, on=_SHEET).filter(
        (pl.col("row") >= pl.col("first_row"))
        & (pl.col("row") <= pl.col("last_row").fill_null(2**31 - 1))
        & (visible(pl.col("raw_text")) != "")
    )
    lines = inside.select(_LINE).unique(maintain_order=True)
    texts = inside.select(*_LINE, "col", "cell", pl.col("raw_text").alias("text"))
    named = (
        lines.join(
            keys.select(*_SHEET, "col", "role", "disaggregation_code", "form_code"),
            on=_SHEET,
            maintain_order="left",
        )
        .join(texts, on=[*_LINE, "col"], how="left", maintain_order="left")
        .with_columns(pl.col("text").str.replace(_YEAR_AS_NUMBER, "$1").alias("year"))
    )
    period = pl.col("role") == "period"
    named = named.with_columns(
        pl.when(period).then(coded(named["year"])).otherwise(folded(named["text"])).alias("key"),
        pl.when(pl.col("role") == "unit").then(pl.lit("category")).otherwise("role").alias("kind"),
    )
    split = pl.col("disaggregation_code").is_not_null()
    return (
        named.join(_periods(catalogue), on=["form_code", "key"], how="left", maintain_order="left")
        .join(_categories(catalogue), on=["disaggregation_code", "key"], how="left", maintain_order="left")
        .join(_units(catalogue), on="key", how="left", maintain_order="left")
        .join(_multipliers(catalogue), on="key", how="left", maintain_order="left")
        .join(_statuses(catalogue), on="key", how="left", maintain_order="left")
        .with_columns(
            pl.when(period & pl.col("period_code").is_null())
            .then(pl.lit("LAYOUT_PERIOD_UNKNOWN"))
            .when(pl.col("text").is_null())
            .then(None)
            .when(split & pl.col("category_code").is_null())
            .then(pl.lit("LAYOUT_CATEGORY_UNKNOWN"))
            .when((pl.col("role") == "unit") & pl.col("unit").is_null())
            .then(pl.lit("LAYOUT_UNIT_UNKNOWN"))
            .when((pl.col("role") == "multiplier") & pl.col("unit_multiplier").is_null())
            .then(pl.lit("LAYOUT_MULTIPLIER_UNKNOWN"))
            .when((pl.col("role") == "status") & pl.col("obs_status").is_null())
            .then(pl.lit("LAYOUT_STATUS_UNKNOWN"))
            .alias("fault")
        )
        .drop("kind", "year")
    )


def read_rows(labels: pl.DataFrame, columns: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per row and value column of a long table, with all that its labels say of the figure.

    ``row_fault`` is the first label that means nothing; an unknown status holds no figure out.
    """
    lines = labels.group_by(_LINE, maintain_order=True).agg(
        *(
            pl.col(name).filter(pl.col("role") == role).first().alias(to)
            for role, name, to in (
                ("period", "period_code", "period_code"),
                ("period", "text", "period_text"),
                ("unit", "unit", "row_unit"),
                ("multiplier", "unit_multiplier", "unit_multiplier"),
                ("status", "obs_status", "obs_status"),
                ("status", "text", "status_text"),
                ("status", "value_status", "row_status"),
                ("status", "value_state", "row_state"),
            )
        ),
        pl.col("fault").filter(pl.col("fault") != "LAYOUT_STATUS_UNKNOWN").first().alias("row_fault"),
    )
    values = columns.filter(pl.col("role") == "value").drop("role", "period_code", "category_code")
    rows = lines.join(values, on=_SHEET, maintain_order="left")
    rows = rows.join(
        _composed(rows, labels, catalogue), on=[*_LINE, "col"], how="left", maintain_order="left"
    )
    named = labels.filter(pl.col("role").is_in(["area_name", "area_code"])).select(
        *_LINE,
        pl.col("col").alias("area_col"),
        pl.col("role").alias("area_role"),
        pl.col("cell").alias("area_cell"),
        pl.col("text").alias("area_text"),
    )
    blank = pl.col("area_text").is_null() & pl.col("map_area_code").is_not_null()
    return (
        rows.join(named, on=[*_LINE, "area_col"], how="left", maintain_order="left")
        .with_columns(
            pl.when(blank).then(pl.lit("area_code")).otherwise("area_role").alias("area_role"),
            pl.coalesce("area_text", "map_area_code").alias("area_text"),
            pl.col("category_code").fill_null(_TOTAL),
        )
        .drop("map_area_code")
    )


def _composed(rows: pl.DataFrame, labels: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """The category of each figure: one code, or for several dimensions their codes in order with dots between."""
    elements = catalogue.table("data_elements").select("data_element_code", "disaggregation_code").unique()
    wanted = rows.select(*_LINE, "col", "data_element_code").join(elements, on="data_element_code")
    parts = wanted.join(dimensions(catalogue), on="disaggregation_code", maintain_order="left_right")
    said = labels.drop_nulls("disaggregation_code").select(
        *_LINE, pl.col("disaggregation_code").alias("dimension_code"), "category_code"
    )
    code = pl.col("category_code").fill_null(_TOTAL)
    return (
        parts.join(said, on=[*_LINE, "dimension_code"], how="left", maintain_order="left")
        .sort(*_LINE, "col", "position", maintain_order=True)
        .group_by(*_LINE, "col", maintain_order=True)
        .agg(
            pl.when((code == _TOTAL).all())
            .then(pl.lit(_TOTAL))
            .otherwise(code.str.join("."))
            .alias("category_code")
        )
    )


def dimensions(catalogue: Catalogue) -> pl.DataFrame:
    """disaggregation_code, position, dimension_code: a disaggregation without dimensions is its own only one."""
    composite = catalogue.table("disaggregation_dimensions")
    single = (
        catalogue.table("disaggregations")
        .join(composite, on="disaggregation_code", how="anti")
        .select(
            "disaggregation_code",
            pl.lit(1, dtype=pl.Int64).alias("position"),
            pl.col("disaggregation_code").alias("dimension_code"),
        )
    )
    return pl.concat([composite.select(single.columns), single]).sort("disaggregation_code", "position")


def mark_repeated(values: pl.DataFrame) -> pl.DataFrame:
    """``values`` with the fault of figures that a long table gives twice: alike, the first counts; else none does."""
    figure = [
        *("sha256", "reporting_unit_code", "round_code"),
        *("area_code", "data_element_code", "category_code"),
    ]
    said = ["raw_text", "unit_multiplier", "status_text"]
    again = (
        values.filter("is_long", pl.col("row_fault").is_null(), pl.col("area_code").is_not_null())
        .select(*_LINE, "col", *figure[1:], *said)
        .sort(*_SHEET, "row", maintain_order=True)
        .with_columns(
            pl.len().over(figure).alias("times"),
            pl.struct(said).n_unique().over(figure).alias("ways"),
            (pl.int_range(pl.len()).over(figure) == 0).alias("is_first"),
            pl.col("row").first().over(figure).alias("first_row_of_figure"),
        )
        .filter(pl.col("times") > 1)
        .select(
            *_SHEET,
            "row",
            "col",
            "first_row_of_figure",
            pl.when(pl.col("ways") > 1)
            .then(pl.lit("LAYOUT_ROWS_DIFFER"))
            .when(~pl.col("is_first"))
            .then(pl.lit("repeated_row"))
            .alias("repeated"),
        )
    )
    return (
        values.join(again, on=[*_SHEET, "row", "col"], how="left", maintain_order="left")
        .with_columns(pl.coalesce("row_fault", "repeated").alias("row_fault"))
        .drop("repeated")
    )


def mark_multiplied(values: pl.DataFrame) -> pl.DataFrame:
    """``values`` with the fault of figures of one element and period in several multiples: areas could not be added."""
    figure = ["sha256", "reporting_unit_code", "round_code", "data_element_code", "category_code"]
    counts = pl.col("is_long") & pl.col("row_fault").is_null() & pl.col("is_filled")
    said = pl.when(counts).then(pl.col("unit_multiplier").fill_null(1))
    differ = counts & (said.drop_nulls().n_unique().over(figure) > 1)
    return values.with_columns(
        pl.when(differ).then(pl.lit("LAYOUT_MULTIPLIERS_DIFFER")).otherwise("row_fault").alias("row_fault"),
    )


# --- what a text may mean ---------------------------------------------------------------------------


def _periods(catalogue: Catalogue) -> pl.DataFrame:
    """form_code, key, period_code: the periods of the rounds of each form, by code and by other labels."""
    forms = catalogue.table("forms").select("form_code", "criteria_set_code", "level").unique()
    rounds = catalogue.table("rounds").select(
        "criteria_set_code", "period_code", pl.col("level").alias("of_level")
    )
    own = rounds.with_columns(pl.col("period_code").alias("label"))
    other = rounds.join(
        catalogue.table("period_aliases").select(
            "criteria_set_code", "period_code", pl.col("alias").alias("label")
        ),
        on=["criteria_set_code", "period_code"],
    )
    labels = pl.concat([own, other.select(own.columns)])
    found = (
        labels.with_columns(coded(labels["label"]).alias("key"))
        .join(forms, on="criteria_set_code")
        .filter(
            pl.col("level").is_null() | pl.col("of_level").is_null() | (pl.col("level") == pl.col("of_level"))
        )
    )
    return _one(found, ["form_code", "key"], "period_code")


def _categories(catalogue: Catalogue) -> pl.DataFrame:
    table = catalogue.table("categories")
    labels = pl.concat(
        table.select("disaggregation_code", "category_code", pl.col(name).alias("label"))
        for name in ("category_code", "name_vi", "name_en")
    ).drop_nulls("label")
    keyed = labels.with_columns(folded(labels["label"]).alias("key"))
    return _one(keyed, ["disaggregation_code", "key"], "category_code")


def _units(catalogue: Catalogue) -> pl.DataFrame:
    return _one(unit_names(catalogue).filter(pl.col("n_units") == 1), ["key"], "unit")


def _multipliers(catalogue: Catalogue) -> pl.DataFrame:
    table = catalogue.table("unit_multipliers")
    keyed = table.select(folded(table["word"]).alias("key"), pl.col("factor").alias("unit_multiplier"))
    return _one(keyed, ["key"], "unit_multiplier")


def _statuses(catalogue: Catalogue) -> pl.DataFrame:
    table = catalogue.table("observation_statuses")
    return table.select(
        folded(table["word"]).alias("key"), "obs_status", "value_status", "value_state"
    ).unique("key", maintain_order=True)


def _one(keyed: pl.DataFrame, key: list[str], code: str) -> pl.DataFrame:
    """Keys that mean one code only."""
    return (
        keyed.group_by(key)
        .agg(pl.col(code).first(), pl.col(code).n_unique().alias("n"))
        .filter(pl.col("n") == 1)
        .drop("n")
    )
