"""Faults of a form's layout, rows and cells: what is missing, there twice, moved, or stands where nothing is bound.

Faults of identity are in ``form_identity``, those of what was typed in ``values``.
"""

from __future__ import annotations

from functools import reduce

import polars as pl

from dagster_project.catalogue.load import Catalogue
from dagster_project.forms.layout import HIDDEN_SHEET, REQUIRED_COLUMNS, ROLES
from dagster_project.intake.form_codes import SPOT, TABLE, printed_code
from dagster_project.intake.form_findings import finding, suggest


def check_layout(tables: pl.DataFrame, columns: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Faults under which no figure can be told apart; each blocks its file."""
    return pl.concat(
        [_check_tables(tables), _check_columns(columns, tables), _check_duplicates(rows)],
        how="diagonal_relaxed",
    )


def check_content(
    keyed: pl.DataFrame,
    placed: pl.DataFrame,
    *,
    tables: pl.DataFrame,
    columns: pl.DataFrame,
    rows: pl.DataFrame,
    sound: pl.DataFrame,
    assigned: pl.DataFrame,
    catalogue: Catalogue,
) -> pl.DataFrame:
    """Whatever else there is to say of forms; ``sound`` are those without a fault that blocks them.

    ``assigned`` says who reports what, as ``assigned_elements`` does.
    """
    return pl.concat(
        [
            _check_missing_columns(columns, tables),
            _check_map(keyed, placed, tables),
            _check_spelling(keyed, tables),
            _check_rows(rows, placed, sound, assigned, catalogue),
            _check_cells(placed),
        ],
        how="diagonal_relaxed",
    )


def _check_tables(tables: pl.DataFrame) -> pl.DataFrame:
    none = tables.filter(pl.col("code_row").is_null())
    several = tables.filter(pl.col("n_tables") > 1)
    return pl.concat(
        [
            finding(none, "FORM_CODE_ROW_MISSING"),
            finding(several, "FORM_TABLE_TWICE", observed=pl.col("n_tables").cast(pl.String)),
        ],
        how="diagonal_relaxed",
    )


def _check_columns(columns: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """Required columns that are not printed, and codes that are printed twice."""
    twice = columns.filter(pl.col("n_printed") > 1)
    return pl.concat(
        [
            finding(_absent(columns, tables, list(REQUIRED_COLUMNS)), "FORM_COLUMN_MISSING", expected="code"),
            finding(twice, "FORM_COLUMN_TWICE", observed="column_code"),
        ],
        how="diagonal_relaxed",
    )


def _check_missing_columns(columns: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """Bound columns without which the figures can still be taken."""
    others = [code for code in ROLES if code not in REQUIRED_COLUMNS]
    return finding(_absent(columns, tables, others), "FORM_COLUMN_DROPPED", expected="code")


def _absent(columns: pl.DataFrame, tables: pl.DataFrame, codes: list[str]) -> pl.DataFrame:
    return (
        tables.drop_nulls("code_row")
        .join(pl.DataFrame({"code": codes}), how="cross")
        .join(columns, left_on=[*TABLE, "code"], right_on=[*TABLE, "column_code"], how="anti")
    )


def _check_duplicates(rows: pl.DataFrame) -> pl.DataFrame:
    twice = rows.filter((pl.col("n_printed") > 1) & pl.col("is_known"))
    return finding(twice, "FORM_ROW_TWICE", observed="raw_text")


def _check_map(keyed: pl.DataFrame, placed: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """Where the hidden map is missing, or remembers bound cells in other places than they stand now."""
    usable = tables.drop_nulls("code_row")
    sheet = keyed.select(*SPOT, "raw_text").filter(pl.col("sheet") == HIDDEN_SHEET)
    without = usable.join(sheet, on="sha256", how="anti")
    named = [
        sheet.filter(pl.col("col") == position).select("sha256", "row", pl.col("raw_text").alias(name))
        for position, name in ((4, "map_cell"), (1, "data_element_code"), (2, "category_code"))
    ]
    remembered = reduce(lambda left, right: left.join(right, on=["sha256", "row"], how="left"), named)
    codes = ["sha256", "data_element_code", "category_code"]
    stands = placed.select(*codes, "sheet", "cell", "is_bound").filter("is_bound").drop("is_bound")
    known = remembered.join(stands.select(codes).unique(), on=codes)
    moved = (
        stands.join(known.select(codes).unique(), on=codes, how="semi")
        .join(known, left_on=[*codes, "cell"], right_on=[*codes, "map_cell"], how="anti")
        .group_by("sha256", "sheet")
        .agg(pl.len().cast(pl.String).alias("observed"))
    )
    return pl.concat(
        [
            finding(without, "FORM_MAP_MISSING"),
            finding(moved, "FORM_CELLS_MOVED", observed="observed"),
        ],
        how="diagonal_relaxed",
    )


def _check_spelling(keyed: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """Text saved as letters plus separate marks: read all the same, and said once per file."""
    texts = keyed["raw_text"].unique()
    apart = texts.filter(texts != texts.str.normalize("NFC"))
    decomposed = (
        keyed.select(*TABLE, "raw_text")
        .filter(pl.col("raw_text").is_in(apart.implode()))
        .join(tables.select(TABLE).drop_nulls(), on=TABLE)
        .group_by("sha256", "sheet")
        .agg(pl.len().cast(pl.String).alias("observed"))
    )
    return finding(decomposed, "FORM_TEXT_DECOMPOSED", observed="observed")


def _check_rows(
    rows: pl.DataFrame,
    placed: pl.DataFrame,
    forms: pl.DataFrame,
    assigned: pl.DataFrame,
    catalogue: Catalogue,
) -> pl.DataFrame:
    """Rows with a code that the catalogue lacks, rows of other units, and assigned rows that are gone."""
    held = placed.filter(pl.col("reason") == "FORM_ELEMENT_UNKNOWN").select(*TABLE, "row").unique()
    unknown = rows.filter("has_set").join(held, on=[*TABLE, "row"])
    codes = catalogue.table("data_elements")["data_element_code"]
    assigned = assigned.select(
        "reporting_unit_code",
        "area_code",
        "form_code",
        "round_code",
        "data_element_code",
        "category_code",
        "indicator_code",
        "name_vi",
    )
    identified = forms.filter("unit_valid").select(
        "sha256", "sheet", "reporting_unit_code", "area_code", "form_code", "round_code"
    )
    whose = ["reporting_unit_code", "area_code", "form_code", "round_code"]
    key = [*whose, "data_element_code", "category_code"]
    filled = placed.filter(pl.col("is_bound") & (pl.col("raw_text") != "") & (pl.col("role") == "value"))
    foreign = (
        filled.join(identified.select("sha256"), on="sha256")
        .join(assigned, on=key, how="anti", nulls_equal=True)
        .with_columns(printed_code().alias("observed"))
    )
    expected = identified.drop_nulls().join(assigned, on=whose)
    gone = expected.join(
        rows.filter("is_known"), on=["sha256", "data_element_code", "category_code"], how="anti"
    )
    return pl.concat(
        [
            finding(
                unknown.with_columns(suggest(unknown["key"], codes)),
                "FORM_ELEMENT_UNKNOWN",
                observed="raw_text",
                expected="suggestion",
            ),
            finding(foreign, "FORM_ELEMENT_NOT_ASSIGNED", observed="observed"),
            finding(gone, "FORM_ROW_MISSING", expected=printed_code()),
        ],
        how="diagonal_relaxed",
    )


def _check_cells(placed: pl.DataFrame) -> pl.DataFrame:
    """Text and figures typed inside the table, but where nothing is bound."""
    lost = placed.filter(pl.col("reason") == "FORM_FIGURE_WITHOUT_CODE")
    outside = placed.filter(
        (pl.col("reason") == "outside_layout") & pl.col("row").is_between("code_row", "last_row")
    )
    return pl.concat(
        [
            finding(lost, "FORM_FIGURE_WITHOUT_CODE", observed="raw_text"),
            finding(outside, "FORM_CELL_OUTSIDE", observed="raw_text"),
        ],
        how="diagonal_relaxed",
    )
