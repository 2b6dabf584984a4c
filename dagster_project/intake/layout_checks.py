"""Faults of a table against its layout map, and of its labels and periods, in words.

Each check takes the frames of ``layout_maps`` and ``layout_cells`` and gives rows for ``build_findings``; all of one
kind in one sheet are named in one finding. What they hold out is decided in ``bind_layout``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.catalogue.rounds import rounds_of
from dagster_project.frames import FINDINGS
from dagster_project.intake.cell_names import a1, letters
from dagster_project.intake.keys import folded
from dagster_project.intake.layout_cells import COLUMN, SPOT, read_headers, value_fault
from dagster_project.intake.layout_maps import SHEET, Layouts
from dagster_project.intake.words import near
from dagster_project.quality.findings import build_findings
from dagster_project.settings import Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted

_TIME_ZONE = "Asia/Ho_Chi_Minh"


def first_rule(found: pl.DataFrame, of: list[str]) -> pl.DataFrame:
    """The first rule of ``found`` for each subject."""
    if found.is_empty():
        return pl.DataFrame(schema={**dict.fromkeys(of, pl.String()), "rule_code": pl.String()})
    return found.group_by(of, maintain_order=True).agg(pl.col("rule_code").first())


def check_sheets(layouts: Layouts) -> pl.DataFrame:
    """Sheets that the map does not speak of, and sheets that it does and the file lacks; one finding each."""
    unknown = layouts.sheets.filter(pl.col("map_sheet").is_null())
    return pl.concat(
        [
            unknown.group_by("sha256", maintain_order=True).agg(
                pl.lit("LAYOUT_SHEET_UNKNOWN").alias("rule_code"),
                pl.col("sheet").str.join("; ").alias("observed"),
            ),
            layouts.missing_sheets.group_by("sha256", maintain_order=True).agg(
                pl.lit("LAYOUT_SHEET_MISSING").alias("rule_code"),
                pl.col("map_sheet").str.join("; ").alias("expected"),
            ),
        ],
        how="diagonal_relaxed",
    )


def check_columns(cells: pl.DataFrame, layouts: Layouts) -> pl.DataFrame:
    """Columns with content that the map does not speak of, and columns that are not what the map says."""
    headers = read_headers(cells)
    inside = cells.filter(pl.col("part").is_in(["header", "data"]))
    unmapped = (
        inside.filter(pl.col("column_role").is_null())
        .sort(*SPOT)
        .group_by(COLUMN, maintain_order=True)
        .agg(pl.col("cell").first())
        .join(headers, on=COLUMN, how="left", maintain_order="left")
        .sort(COLUMN)
        .group_by(SHEET, maintain_order=True)
        .agg(
            pl.lit("LAYOUT_COLUMN_UNMAPPED").alias("rule_code"),
            pl.col("cell").first(),
            pl.format("{}: {}", letters(pl.col("col")), pl.col("found").fill_null("–"))
            .str.join("; ")
            .alias("observed"),
        )
    )
    compared = (
        layouts.columns.filter((pl.col("role") != "skip") | pl.col("header").is_not_null())
        .join(headers, on=COLUMN, how="left", maintain_order="left")
        .with_columns(pl.col("header", "found").fill_null(""))
    )
    differing = compared.filter(folded(compared["header"]) != folded(compared["found"]))
    missing = differing.group_by(SHEET, maintain_order=True).agg(
        pl.lit("LAYOUT_COLUMN_MISSING").alias("rule_code"),
        pl.format("{}{}", letters(pl.col("col").first()), pl.col("header_first_row").first()).alias("cell"),
        pl.format("{}: {}", letters(pl.col("col")), "found").str.join("; ").alias("observed"),
        pl.format("{}: {}", letters(pl.col("col")), "header").str.join("; ").alias("expected"),
    )
    return pl.concat([unmapped, missing], how="diagonal_relaxed")


def check_rounds(layouts: Layouts) -> pl.DataFrame:
    """Periods for which there is no round."""
    return (
        layouts.rounds.filter(pl.col("round_code").is_null())
        .group_by("sha256", maintain_order=True)
        .agg(
            pl.lit("LAYOUT_ROUND_UNKNOWN").alias("rule_code"),
            pl.col("period_code").fill_null("–").str.join(", ").alias("observed"),
        )
    )


def check_time(
    submissions: pl.DataFrame, wanted: Wanted, catalogue: Catalogue, office: Office
) -> pl.DataFrame:
    """Rounds that are not open yet, or not those that the run was told to take."""
    received = pl.col("received_at").dt.convert_time_zone(_TIME_ZONE).dt.date()
    subject = ["sha256", "submission_id"]
    early = submissions.filter(received < pl.col("opens_on")).select(
        pl.lit("LAYOUT_ROUND_NOT_OPEN").alias("rule_code"),
        *subject,
        pl.col("round_code").alias("observed"),
        pl.col("opens_on").dt.strftime("%d/%m/%Y").alias("expected"),
    )
    year = pl.lit(wanted.year, dtype=pl.Int64)
    wrong_year = submissions.filter(pl.col("data_year") != year).select(
        pl.lit("LAYOUT_WRONG_YEAR").alias("rule_code"),
        *subject,
        pl.col("data_year").cast(pl.String).alias("observed"),
        year.cast(pl.String).alias("expected"),
    )
    expected = wanted.round_code or ", ".join(rounds_of(catalogue, office, wanted.year or 0))
    unlike = pl.col("round_code") != pl.lit(wanted.round_code, dtype=pl.String)
    part_of_year = (pl.col("data_year") == year) & (pl.col("period_type") != "year")
    other_round = submissions.filter(pl.any_horizontal(unlike, part_of_year)).select(
        pl.lit("LAYOUT_OTHER_ROUND").alias("rule_code"),
        *subject,
        pl.col("round_code").alias("observed"),
        pl.lit(expected).alias("expected"),
    )
    return pl.concat([early, wrong_year, other_round])


def check_labels(labels: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Labels beside figures of long tables that name nothing; one finding per label and column, at the first cell.

    For a category the nearest known one is suggested; it is never taken.
    """
    unknown = labels.drop_nulls("fault")
    found = unknown.group_by("fault", *COLUMN, "disaggregation_code", "text", maintain_order=True).agg(
        pl.coalesce("cell", a1(pl.col("row"), pl.col("col"))).first().alias("cell"), pl.len().alias("n_rows")
    )
    names = catalogue.table("categories")["name_vi"]
    is_category = pl.col("fault") == "LAYOUT_CATEGORY_UNKNOWN"
    texts = found.select(pl.when(is_category).then("text")).to_series()
    return found.select(
        pl.col("fault").alias("rule_code"),
        *SHEET,
        "cell",
        pl.format("{} ({})", pl.col("text").fill_null("–"), "n_rows").alias("observed"),
        near(texts, names).alias("expected"),
    )


def check_statuses(values: pl.DataFrame) -> pl.DataFrame:
    """Figures that stand beside a word for a missing one; one finding per word and column, at the first cell."""
    against = values.filter("is_long", "is_filled", pl.col("row_state").is_not_null())
    return (
        against.group_by(*COLUMN, "status_text", maintain_order=True)
        .agg(
            pl.lit("LAYOUT_STATUS_CONTRADICTS").alias("rule_code"),
            a1(pl.col("row").first(), pl.col("col").first()).alias("cell"),
            pl.format("{} ({})", pl.col("status_text").first(), pl.len()).alias("observed"),
            pl.col("raw_text").first().alias("expected"),
        )
        .drop("col", "status_text")
    )


def check_repeated(values: pl.DataFrame) -> pl.DataFrame:
    """Figures that a long table gives again; one finding per repeating row."""
    again = values.filter(pl.col("row_fault").is_in(["LAYOUT_ROWS_DIFFER", "repeated_row"]))
    return again.select(
        pl.when(pl.col("row_fault") == "repeated_row")
        .then(pl.lit("LAYOUT_ROW_REPEATED"))
        .otherwise("row_fault")
        .alias("rule_code"),
        *SHEET,
        a1(pl.col("row"), pl.col("col")).alias("cell"),
        "data_element_code",
        "category_code",
        "submission_id",
        "round_code",
        "period_code",
        pl.col("raw_text").fill_null("–").alias("observed"),
        a1(pl.col("first_row_of_figure"), pl.col("col")).alias("expected"),
    )


def check_multipliers(values: pl.DataFrame) -> pl.DataFrame:
    """Figures of one element and period that stand in several multiples; one finding per column, element and period."""
    held = values.filter(pl.col("row_fault") == "LAYOUT_MULTIPLIERS_DIFFER")
    subject = ["data_element_code", "category_code", "submission_id", "round_code", "period_code"]
    return (
        held.group_by(*COLUMN, *subject, maintain_order=True)
        .agg(
            pl.lit("LAYOUT_MULTIPLIERS_DIFFER").alias("rule_code"),
            a1(pl.col("row").first(), pl.col("col").first()).alias("cell"),
            pl.col("unit_multiplier")
            .fill_null(1)
            .unique()
            .sort()
            .cast(pl.String)
            .str.strip_suffix(".0")
            .str.join("; ")
            .alias("observed"),
        )
        .drop("col")
    )


def check_areas(values: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Labels that name no area or several, and figures beside no label; one finding per label.

    For a label that names none, the nearest known one is suggested; it is never taken.
    """
    held = values.with_columns(value_fault().alias("rule_code")).filter(
        "is_filled", pl.col("rule_code").str.starts_with("LAYOUT_AREA_")
    )
    where = pl.coalesce("area_cell", a1(pl.col("row"), pl.col("area_col")))
    known = pl.concat(
        [catalogue.own("areas")["name_vi"], catalogue.table("area_aliases")["alias"].rename("name_vi")]
    )
    unknown = pl.col("rule_code") == "LAYOUT_AREA_UNKNOWN"
    texts = held.select(pl.when(unknown).then("area_text")).to_series()
    return (
        held.with_columns(
            where.alias("cell"),
            pl.when(unknown).then(near(texts, known)).otherwise("area_codes").alias("area_codes"),
        )
        .group_by("rule_code", *SHEET, "row", "cell", maintain_order=True)
        .agg(
            pl.col("area_text").first().alias("observed"),
            pl.col("area_codes").first().alias("expected"),
            *_only_one("submission_id", "round_code", "period_code"),
        )
    )


def check_elements(values: pl.DataFrame) -> pl.DataFrame:
    """Figures of elements that are not valid in their period; one finding per column."""
    held = values.with_columns(value_fault().alias("rule_code")).filter(
        pl.col("rule_code") == "LAYOUT_ELEMENT_NOT_VALID"
    )
    return held.group_by("rule_code", *COLUMN, maintain_order=True).agg(
        a1(pl.col("row").first(), pl.col("col").first()).alias("cell"),
        pl.col("data_element_code").first(),
        pl.col("category_code").first(),
        pl.col("indicator_code").first(),
        pl.col("data_element_code").first().alias("observed"),
        pl.col("period_code").first().alias("expected"),
        *_only_one("submission_id", "round_code", "period_code"),
    )


def _only_one(*names: str) -> list[pl.Expr]:
    """The value of a group where it has only one."""
    return [pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name) for name in names]


def describe(
    found: pl.DataFrame, submissions: pl.DataFrame, files: pl.DataFrame, office: Office
) -> pl.DataFrame:
    """``found`` with file and submission filled in, where only one submission can be meant, in words."""
    for name in ("submission_id", "round_code", "period_code", "sheet", "cell"):
        if name not in found.columns:
            found = found.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    subject = ["reporting_unit_code", "area_code", "round_code", "period_code"]
    by_id = submissions.select("submission_id", *(pl.col(name).alias(f"its_{name}") for name in subject))
    single = (
        submissions.group_by("sha256")
        .agg(pl.col("submission_id").first().alias("of_file"), pl.len().alias("n"))
        .filter(pl.col("n") == 1)
        .drop("n")
    )
    # Figures of a period without a round bear the id of no submission.
    is_known = pl.col("submission_id").is_in(submissions["submission_id"].implode())
    full = (
        found.join(single, on="sha256", how="left", maintain_order="left")
        .with_columns(pl.coalesce(pl.when(is_known).then("submission_id"), "of_file").alias("submission_id"))
        .join(by_id, on="submission_id", how="left", maintain_order="left")
        .drop("round_code", "period_code")
        .rename({f"its_{name}": name for name in subject})
        .join(files.select("sha256", "file_name"), on="sha256", how="left", maintain_order="left")
        .with_columns(pl.lit("intake").alias("stage"), pl.lit(office.is_sample).alias("is_sample"))
    )
    return build_findings(full.select(name for name in full.columns if name in FINDINGS))
