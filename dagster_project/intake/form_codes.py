"""The codes that a form prints, read back wherever they stand now: its table, columns and rows.

What makes two spellings of a code equal belongs here. Who and what a form is about does not (``form_identity``), nor
which cell is bound to what (``form_cells``).
"""

from __future__ import annotations

import polars as pl

from dagster_project.catalogue.load import Catalogue
from dagster_project.forms.layout import (
    CATEGORY_MARK,
    COLUMNS,
    FEEDBACK_SHEET,
    HIDDEN_SHEET,
    IDENTITY,
    TOTAL,
)
from dagster_project.messages import message

#: Names of the codes of the identity block.
CODES = [item.name for item in IDENTITY]
VISIBLE = ~pl.col("sheet").is_in([HIDDEN_SHEET, FEEDBACK_SHEET]) & ~pl.col("sheet_hidden").fill_null(
    value=False
)
TABLE = ["sha256", "sheet"]
SPOT = ["sha256", "sheet", "row", "col"]
#: A row with this many column codes was meant as the row of column codes, whatever it lacks.
_CODE_ROW_LIKE = 4


def with_keys(raw: pl.DataFrame) -> pl.DataFrame:
    """``raw`` with ``key``, the cell's text as a code, and ``label``, the same as a label; as it is if it has both."""
    if {"key", "label"} <= set(raw.columns):
        return raw
    # Forms print the same texts over and over: each is made comparable once.
    key = code_key(pl.col("raw_text"))
    keys = (
        raw.select("raw_text")
        .unique()
        .with_columns(key.alias("key"), key.str.strip_chars_end(" :").alias("label"))
    )
    return raw.join(keys, on="raw_text", how="left", maintain_order="left")


def code_key(text: pl.Expr) -> pl.Expr:
    """Make a printed code comparable, however it was saved: NFC, no invisible letters, usual dashes, one case."""
    return (
        text.str.normalize("NFC")
        .str.replace_all("[\u200b\u200c\u200d\u2060\ufeff\u00ad]", "")
        .str.replace_all("[\u2010-\u2014\u2212]", "-")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
        .str.to_lowercase()
    )


def label_key(code: str) -> str:
    """Give the printed text of the message ``code`` as ``with_keys`` shows labels."""
    return str(pl.select(code_key(pl.lit(message(code, "vi"))).str.strip_chars_end(" :")).item())


def code_rows(keyed: pl.DataFrame) -> pl.DataFrame:
    """Rows that print column codes: sha256, sheet, row, and which codes."""
    codes = [column.code.lower() for column in COLUMNS]
    return (
        keyed.filter(VISIBLE & pl.col("key").is_in(codes))
        .group_by(*TABLE, "row", maintain_order=True)
        .agg(pl.col("key").unique().alias("codes"))
        .filter(
            pl.col("codes").list.len() >= _CODE_ROW_LIKE,
        )
    )


def find_tables(keyed: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """One row per file: the sheet and row of its column codes (null where there is none), how many there are."""
    found = (
        code_rows(keyed)
        .sort("sha256", "sheet", "row")
        .group_by("sha256", maintain_order=True)
        .agg(
            pl.col("sheet").first(),
            pl.col("row").first().alias("code_row"),
            pl.len().alias("n_tables"),
        )
    )
    return files.select("sha256").join(found, on="sha256", how="left", maintain_order="left")


def find_columns(keyed: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """One row per printed column code: sha256, sheet, col, column_code, and the cell that prints it."""
    codes = pl.DataFrame(
        {
            "key": [column.code.lower() for column in COLUMNS],
            "column_code": [column.code for column in COLUMNS],
            "role": [column.role for column in COLUMNS],
        }
    )
    return (
        keyed.join(tables.select(*TABLE, pl.col("code_row").alias("row")), on=[*TABLE, "row"])
        .join(codes, on="key")
        .select(*TABLE, "col", "cell", "column_code", "role")
        .with_columns(pl.len().over("sha256", "column_code").alias("n_printed"))
    )


def find_rows(
    keyed: pl.DataFrame,
    tables: pl.DataFrame,
    columns: pl.DataFrame,
    forms: pl.DataFrame,
    catalogue: Catalogue,
) -> pl.DataFrame:
    """One row per printed row code: where it stands, and the data element and category that it names.

    ``is_known`` says that the catalogue has both for the form's criteria set; ``has_set`` that the form's round is
    known, for of another one nothing can be said of its codes.
    """
    at = columns.filter(pl.col("column_code") == "MA").select(*TABLE, "col")
    printed = (
        keyed.join(at, on=[*TABLE, "col"])
        .join(tables.select(*TABLE, "code_row"), on=TABLE)
        .filter(pl.col("row") > pl.col("code_row"))
        .select(*TABLE, "row", "cell", "raw_text", "key")
    )
    return (
        printed.join(
            forms.select("sha256", "submission_id", "round_set", "day"),
            on="sha256",
            how="left",
            maintain_order="left",
        )
        .join(
            catalogue.derived(_printed_codes),
            left_on=["key", "round_set"],
            right_on=["key", "criteria_set_code"],
            how="left",
            maintain_order="left",
        )
        .filter(
            pl.col("valid_from").is_null()
            | pl.col("day").is_between("valid_from", "valid_to")
            | ~pl.col("day").is_between("valid_from", "valid_to").any().over(*TABLE, "row")
        )
        .unique([*TABLE, "row"], keep="last", maintain_order=True)
        .with_columns(
            pl.col("data_element_code").is_not_null().alias("is_known"),
            pl.col("round_set").is_not_null().alias("has_set"),
            pl.len().over("sha256", "key").alias("n_printed"),
        )
        .drop("valid_from", "valid_to", "day", "round_set")
    )


def _printed_codes(catalogue: Catalogue) -> pl.DataFrame:
    """Every row code that a form of the catalogue may print, with its element, category, unit and validity."""
    elements = catalogue.table("data_elements").select(
        "criteria_set_code",
        "data_element_code",
        "disaggregation_code",
        "indicator_code",
        "unit",
        pl.col("valid_from").fill_null(pl.date(1, 1, 1)),
        pl.col("valid_to").fill_null(pl.date(9999, 12, 31)),
    )
    parts = elements.join(
        catalogue.table("categories")
        .filter(pl.col("category_code") != TOTAL)
        .select("disaggregation_code", "category_code"),
        on="disaggregation_code",
    )
    total = elements.with_columns(pl.lit(TOTAL).alias("category_code"))
    return (
        pl.concat([total, parts.select(total.columns)])
        .with_columns(code_key(printed_code()).alias("key"))
        .drop("disaggregation_code")
    )


def printed_code() -> pl.Expr:
    """Give the code that a row of ``data_element_code`` and ``category_code`` prints."""
    split = pl.concat_str("data_element_code", pl.lit(CATEGORY_MARK), "category_code")
    return pl.when(pl.col("category_code") == TOTAL).then("data_element_code").otherwise(split)
