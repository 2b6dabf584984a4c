"""Which layout map speaks of which file, sheet and column, and of which rounds.

Looking maps up in the catalogue belongs here; holding a file against its map does not (``bind_layout``).
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.intake.keys import folded
from dagster_project.intake.layout_rows import read_labels, read_rows
from dagster_project.text import fold

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

SHEET = ["sha256", "sheet"]
_EVERY_OTHER = "*"
_TOTAL = "_T"


@dataclass(frozen=True)
class Layouts:
    """The maps of a batch of files.

    ``sheets``: one row per sheet of a file with its map; ``map_sheet`` is null where no map speaks of it.
    ``missing_sheets``: sheets of a map that the file lacks. ``columns``: one row per mapped column of a sheet.
    ``rounds``: one row per file and period with its round (null where there is none) and submission.
    ``labels`` and ``rows``: what stands beside each figure of a long table, and the figures (``layout_rows``).
    """

    sheets: pl.DataFrame
    missing_sheets: pl.DataFrame
    columns: pl.DataFrame
    rounds: pl.DataFrame
    labels: pl.DataFrame
    rows: pl.DataFrame


def find_layouts(files: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per file of ``files`` (sha256, file_name) and layout map whose pattern its name matches."""
    patterns = (
        catalogue.table("layout_maps").select("layout_code", "file_pattern").unique(maintain_order=True)
    )
    found = [
        (sha256, code)
        for sha256, name in files.select("sha256", "file_name").iter_rows()
        for code, pattern in patterns.iter_rows()
        if pattern and fnmatchcase(_comparable(PurePosixPath(name).name), _comparable(pattern))
    ]
    schema = {"sha256": pl.String, "layout_code": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row").unique(maintain_order=True)


def _comparable(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def read_layouts(raw: pl.DataFrame, files: pl.DataFrame, catalogue: Catalogue) -> Layouts:
    """The maps of ``files`` (sha256, file_name, received_at, layout_code) over the sheets that ``raw`` has."""
    maps = catalogue.table("layout_maps").with_columns(
        pl.col("sheet").fill_null("").alias("map_sheet"), pl.col("skip").fill_null(value=False)
    )
    maps = maps.with_columns(folded(maps["map_sheet"]).alias("sheet_key")).drop(
        "sheet", "file_pattern", "note"
    )
    wanted = files.select("sha256", "layout_code").join(maps, on="layout_code", maintain_order="left")
    sheets = _sheets(raw, files, wanted)
    missing = wanted.filter(~pl.col("skip") & (pl.col("map_sheet") != _EVERY_OTHER)).join(
        sheets, on=["sha256", "map_sheet"], how="anti"
    )
    columns = _columns(sheets, catalogue)
    labels = read_labels(raw, sheets, columns, catalogue)
    rows = read_rows(labels, columns, catalogue)
    return Layouts(sheets, missing, columns, _rounds(columns, rows, files, catalogue), labels, rows)


def _sheets(raw: pl.DataFrame, files: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Each sheet with the map of its name, else with the map of every other sheet."""
    there = (
        raw.select(SHEET).unique(maintain_order=True).join(files.select("sha256"), on="sha256", how="semi")
    )
    there = there.with_columns(folded(there["sheet"]).alias("sheet_key"))
    named = there.join(
        wanted.unique(["sha256", "sheet_key"], maintain_order=True),
        on=["sha256", "sheet_key"],
        how="left",
        maintain_order="left",
    )
    others = wanted.filter(pl.col("map_sheet") == _EVERY_OTHER).drop("sheet_key")
    rest = there.join(named.drop_nulls("map_sheet"), on=SHEET, how="anti").join(
        others, on="sha256", how="left", maintain_order="left"
    )
    own = ["period_code", "form_code", "reporting_unit_code", "area_code"]
    together = pl.concat([named.drop_nulls("map_sheet"), rest.select(named.columns)]).drop("sheet_key")
    skipped = pl.Series(
        "skip_rows",
        [
            None if text is None else [fold(label) for label in text.split("|")]
            for text in together["skip_rows"]
        ],
        dtype=pl.List(pl.String),
    )
    return together.with_columns(skipped).rename({name: f"map_{name}" for name in own})


def _columns(sheets: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Mapped columns of each sheet; a value column without an area column takes the sheet's, codes before names."""
    mapped = (
        catalogue.table("layout_columns")
        .with_columns(pl.col("sheet").fill_null("").alias("map_sheet"))
        .drop("sheet")
    )
    columns = (
        sheets.filter(~pl.col("skip").fill_null(value=True))
        .select(
            *SHEET,
            "layout_code",
            "map_sheet",
            "header_first_row",
            "map_period_code",
            "map_area_code",
            pl.col("map_form_code").alias("form_code"),
            pl.col("map_reporting_unit_code").alias("reporting_unit_code"),
        )
        .join(mapped, on=["layout_code", "map_sheet"], maintain_order="left")
        .with_columns(
            _column_number("column").alias("col"),
            _column_number("area_column").alias("area_col"),
            pl.coalesce("period_code", "map_period_code").alias("period_code"),
            pl.col("category_code").fill_null(_TOTAL),
        )
        .sort(*SHEET, "col", maintain_order=True)
    )
    code, name = (
        pl.col("col").filter(pl.col("role") == role).first().over(SHEET)
        for role in ("area_code", "area_name")
    )
    return columns.with_columns(pl.coalesce("area_col", code, name).alias("area_col")).drop(
        "map_period_code", "column", "area_column"
    )


def _column_number(name: str) -> pl.Expr:
    """Number of a column's letters, from 1."""
    values = {chr(ord("A") + index): index + 1 for index in range(26)}
    last = pl.col(name).str.to_uppercase().str.strip_chars()

    def digit(at: int) -> pl.Expr:
        return last.str.slice(at, 1).replace_strict(values, default=0, return_dtype=pl.Int32)

    size = last.str.len_chars()
    number = (
        pl.when(size == 1)
        .then(digit(0))
        .when(size == 2)
        .then(digit(0) * 26 + digit(1))
        .when(size == 3)
        .then((digit(0) * 26 + digit(1)) * 26 + digit(2))
    )
    return number.cast(pl.Int32)


def _rounds(
    columns: pl.DataFrame, rows: pl.DataFrame, files: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """The round of each file and period, through the criteria set and the level of the map's form."""
    whose = ("sha256", "reporting_unit_code", "form_code", "period_code")
    wide = columns.filter(pl.col("role") == "value").join(rows.select(SHEET).unique(), on=SHEET, how="anti")
    spoken = pl.concat([wide.select(whose), rows.drop_nulls("period_code").select(whose)]).unique(
        maintain_order=True
    )
    forms = (
        catalogue.table("forms")
        .select("form_code", "form_version", "criteria_set_code", pl.col("level").alias("form_level"))
        .unique("form_code", keep="last", maintain_order=True)
    )
    rounds = catalogue.table("rounds").select(
        "criteria_set_code",
        "period_code",
        "round_code",
        "data_year",
        pl.col("period_type").fill_null("year"),
        "period_end",
        "opens_on",
        pl.col("level").alias("round_level"),
        pl.col("request_number").fill_null(1),
    )
    found = (
        spoken.join(forms, on="form_code", how="left", maintain_order="left")
        .join(rounds, on=["criteria_set_code", "period_code"], how="left", maintain_order="left")
        .filter(
            pl.col("form_level").is_null()
            | pl.col("round_level").is_null()
            | (pl.col("form_level") == pl.col("round_level"))
        )
        .sort(pl.col("period_type") == "ad_hoc", "request_number", maintain_order=True)
        .unique(spoken.columns, keep="first", maintain_order=True)
        .drop("request_number", "form_level", "round_level", "criteria_set_code")
    )
    whole = spoken.join(found, on=spoken.columns, how="left", nulls_equal=True, maintain_order="left")
    units = (
        catalogue.table("reporting_units")
        .select("reporting_unit_code", pl.col("area_code"))
        .unique("reporting_unit_code", keep="last", maintain_order=True)
    )
    named = whole.join(units, on="reporting_unit_code", how="left", maintain_order="left").join(
        files.select("sha256", "file_name", "received_at"), on="sha256", how="left", maintain_order="left"
    )
    return named.with_columns(_submission_ids(named))


def _submission_ids(rounds: pl.DataFrame) -> pl.Series:
    parts = rounds.select(
        pl.col("sha256", "form_code", "round_code", "reporting_unit_code", "area_code").fill_null("")
    )
    # polars has no md5; one short text per file and period.
    ids = [
        hashlib.md5("|".join(row).encode(), usedforsecurity=False).hexdigest() for row in parts.iter_rows()
    ]
    return pl.Series("submission_id", ids, dtype=pl.String)
