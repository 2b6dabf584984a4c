"""Bind tables that others made to their meaning, by the layout maps of the catalogue.

Which sheet, column and row of such a file means which figure of which area and period belongs here, with every
fault of layout. What a header says must be what the map says, and each value's area is the one that its own area
column names: nothing is bound by position alone. Parsing figures does not belong here (``values``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.frames import CELLS, FINDINGS, SUBMISSIONS, conform
from dagster_project.intake.layout_areas import resolve_areas
from dagster_project.intake.layout_maps import SHEET, Layouts, find_layouts, folded, read_layouts
from dagster_project.quality.findings import build_findings
from dagster_project.settings import Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

__all__ = ["BoundLayouts", "bind_layouts", "find_layouts"]

_COLUMN = [*SHEET, "col"]
_SPOT = [*SHEET, "row", "col"]
_TIME_ZONE = "Asia/Ho_Chi_Minh"
_MARK = " | "


@dataclass(frozen=True)
class BoundLayouts:
    """All cells of the files (CELLS), their submissions (SUBMISSIONS), what was found (FINDINGS).

    A bound cell of an unblocked submission has a null ``disposition``: whoever parses it decides.
    """

    cells: pl.DataFrame
    submissions: pl.DataFrame
    findings: pl.DataFrame


def bind_layouts(
    raw: pl.DataFrame,
    files: pl.DataFrame,
    catalogue: Catalogue,
    office: Office,
    expected_year: int | None,
) -> BoundLayouts:
    """Bind ``raw`` (``read.RAW``), every cell with content of ``files``.

    ``files``: sha256, file_name, received_at, layout_code, one row per file, as ``find_layouts`` chose.
    ``expected_year`` is the data year that the run was told to take, if any.
    """
    layouts = read_layouts(raw, files, catalogue)
    cells = _locate(raw, layouts)
    faults = pl.concat(
        [_check_sheets(layouts), _check_columns(cells, layouts), _check_rounds(layouts)],
        how="diagonal_relaxed",
    )
    blocked = _first_rule(faults, ["sha256"])
    submissions = _submissions(layouts, office)
    untimely = _check_time(submissions, expected_year)
    values = _place_values(cells, layouts, catalogue)
    placed = _settle(cells, values, submissions, blocked, _first_rule(untimely, ["submission_id"]))
    found = pl.concat(
        [faults, untimely, _check_areas(values), _check_elements(values)], how="diagonal_relaxed"
    )
    return BoundLayouts(
        cells=conform(placed.select(name for name in CELLS if name in placed.columns), CELLS),
        submissions=_blocked_or_not(submissions, blocked, untimely),
        findings=_findings(found, submissions, files, office),
    )


# ---- where a cell stands ---------------------------------------------------------------------------------------


def _locate(raw: pl.DataFrame, layouts: Layouts) -> pl.DataFrame:
    """Every cell with its sheet's map, its column's role, and the part of the table that it stands in."""
    row = pl.col("row")
    head, last_head = pl.col("header_first_row"), pl.col("header_last_row")
    return (
        raw.join(layouts.sheets, on=SHEET, how="left", maintain_order="left")
        .join(
            layouts.columns.select(*_COLUMN, pl.col("role").alias("column_role")),
            on=_COLUMN,
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


def _headers(cells: pl.DataFrame) -> pl.DataFrame:
    """What stands above each column, its header rows joined."""
    return (
        cells.filter(pl.col("part") == "header")
        .sort(*_SPOT)
        .group_by(_COLUMN, maintain_order=True)
        .agg(pl.col("raw_text").str.replace_all(r"\s+", " ").str.strip_chars().str.join(_MARK).alias("found"))
    )


def _place_values(cells: pl.DataFrame, layouts: Layouts, catalogue: Catalogue) -> pl.DataFrame:
    """One row per position of a value: rows that name an area, and cells with content beside no area at all."""
    columns = layouts.columns.filter(pl.col("role") == "value").join(
        layouts.rounds, on=["sha256", "period_code"], how="left", maintain_order="left"
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
        *_SPOT, pl.lit(value=True).alias("is_filled")
    )
    beside = labels.join(columns, on=[*SHEET, "area_col"], maintain_order="left")
    alone = (
        filled.join(beside, on=_SPOT, how="anti")
        .join(columns, on=_COLUMN, maintain_order="left")
        .select(*_SPOT, *(name for name in columns.columns if name not in _COLUMN))
    )
    every = pl.concat([beside, alone], how="diagonal").drop("role")
    resolved = resolve_areas(every, catalogue).join(filled, on=_SPOT, how="left", maintain_order="left")
    return _with_elements(resolved, catalogue).with_columns(
        pl.col("is_filled").fill_null(value=False),
        _skipped().alias("is_skipped"),
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


# ---- what becomes of a cell ------------------------------------------------------------------------------------


def _settle(
    cells: pl.DataFrame,
    values: pl.DataFrame,
    submissions: pl.DataFrame,
    blocked: pl.DataFrame,
    untimely: pl.DataFrame,
) -> pl.DataFrame:
    """Every cell, and every blank position that is owed a figure, with binding, disposition and reason."""
    ids = submissions.select("sha256", "round_code", "submission_id")
    bound = (
        values.join(ids, on=["sha256", "round_code"], how="left", nulls_equal=True, maintain_order="left")
        .join(blocked.rename({"rule_code": "blocked_file"}), on="sha256", how="left")
        .join(untimely.rename({"rule_code": "blocked_round"}), on="submission_id", how="left")
        .with_columns(
            pl.coalesce("blocked_file", "blocked_round").alias("blocked_by"),
            _value_fault().alias("fault"),
        )
        .filter(
            "is_filled" | (~pl.col("is_skipped") & pl.all_horizontal(pl.col("fault", "blocked_by").is_null()))
        )
        .select(
            *_SPOT,
            "reporting_unit_code",
            "form_code",
            "submission_id",
            "area_code",
            "round_code",
            "period_code",
            "data_element_code",
            "category_code",
            "unit",
            "is_valid",
            "is_skipped",
            "fault",
            "blocked_by",
        )
    )
    whose = cells.select("sha256", pl.col("file_name").alias("name_of_file")).unique()
    context = cells.select(
        *(
            name
            for name in cells.columns
            if name in CELLS and name not in ("form_code", "period_code", "reporting_unit_code")
        ),
        "part",
        "column_role",
    )
    both = (
        context.join(bound, on=_SPOT, how="full", coalesce=True, maintain_order="left_right")
        .join(whose, on="sha256", how="left", maintain_order="left")
        .join(blocked.rename({"rule_code": "file_rule"}), on="sha256", how="left", maintain_order="left")
    )
    return (
        both.with_columns(
            pl.coalesce("file_name", "name_of_file").alias("file_name"),
            pl.coalesce("cell", a1(pl.col("row"), pl.col("col"))).alias("cell"),
            pl.col("raw_text").fill_null(""),
            pl.col("cell_type").fill_null("blank"),
            _reason().alias("reason"),
        )
        .with_columns(_disposition().alias("disposition"), *_binding())
        .sort(*_SPOT)
    )


def _value_fault() -> pl.Expr:
    """The rule that holds a figure out because of where it stands."""
    return (
        pl.when(pl.col("is_skipped"))
        .then(None)
        .when(pl.col("area_text").is_null())
        .then(pl.lit("LAYOUT_AREA_MISSING"))
        .when(pl.col("n_areas") == 0)
        .then(pl.lit("LAYOUT_AREA_UNKNOWN"))
        .when(pl.col("n_areas") > 1)
        .then(pl.lit("LAYOUT_AREA_AMBIGUOUS"))
        .when("is_filled" & ~pl.col("is_valid"))
        .then(pl.lit("LAYOUT_ELEMENT_NOT_VALID"))
    )


def _reason() -> pl.Expr:
    """Why a cell is not taken as a figure; null where it is."""
    role, part = pl.col("column_role"), pl.col("part")
    is_value = pl.col("data_element_code").is_not_null()
    blank = pl.col("cell_type").fill_null("blank") == "blank"
    return (
        pl.when(is_value & pl.col("is_skipped"))
        .then(pl.lit("skipped_row"))
        .when(is_value & pl.col("blocked_by").is_not_null())
        .then("blocked_by")
        .when(is_value & pl.col("fault").is_not_null())
        .then("fault")
        .when(is_value & blank & ~pl.col("is_valid"))
        .then(pl.lit("not_introduced"))
        .when(is_value)
        .then(None)
        .when(part == "unknown_sheet")
        .then("file_rule")
        .when(part == "skipped_sheet")
        .then(part)
        .when(part.is_in(["header", "above"]))
        .then(pl.lit("heading"))
        .when(part == "below")
        .then(pl.lit("outside_layout"))
        .when(role == "skip")
        .then(pl.lit("skipped_column"))
        .when(role.is_in(["area_name", "area_code"]))
        .then(pl.lit("label"))
        .otherwise(pl.coalesce("file_rule", pl.lit("outside_layout")))
    )


def _disposition() -> pl.Expr:
    reason = pl.col("reason")
    return (
        pl.when(reason.is_null())
        .then(None)
        .when(reason.str.to_uppercase() == reason)
        .then(pl.lit("quarantined"))
        .otherwise(pl.lit("ignored"))
    )


def _binding() -> list[pl.Expr]:
    """Role and way of entry of what is bound; a figure of a skipped row is bound to nothing."""
    is_value = pl.col("data_element_code").is_not_null() & ~pl.col("is_skipped")
    cleared = (
        "submission_id",
        "reporting_unit_code",
        "area_code",
        "form_code",
        "round_code",
        "period_code",
        "data_element_code",
        "category_code",
        "unit",
    )
    return [
        pl.when(is_value).then(pl.lit("value")).alias("role"),
        pl.when(is_value).then(pl.lit("layout")).alias("entered_how"),
        *(pl.when(is_value).then(name).alias(name) for name in cleared),
    ]


def a1(row: pl.Expr, col: pl.Expr) -> pl.Expr:
    """A1 notation of ``row`` and ``col`` (from 1), up to column ZZ."""
    letters = [chr(ord("A") + index) for index in range(26)]

    def letter(index: pl.Expr) -> pl.Expr:
        return index.replace_strict(list(range(26)), letters, default="", return_dtype=pl.String)

    return pl.concat_str(letter((col - 1) // 26 - 1), letter((col - 1) % 26), row.cast(pl.String))


def _submissions(layouts: Layouts, office: Office) -> pl.DataFrame:
    """One row per file, reporting unit and round that the maps of its sheets speak of."""
    return layouts.rounds.drop_nulls("round_code").with_columns(
        pl.lit(value=False).alias("signed_copy"),
        pl.lit("layout").alias("entered_how"),
        pl.lit(office.is_sample).alias("is_sample"),
    )


def _blocked_or_not(submissions: pl.DataFrame, blocked: pl.DataFrame, untimely: pl.DataFrame) -> pl.DataFrame:
    late = (
        untimely["submission_id"] if "submission_id" in untimely.columns else pl.Series([], dtype=pl.String)
    )
    rows = submissions.with_columns(
        (
            pl.col("sha256").is_in(blocked["sha256"].implode())
            | pl.col("submission_id").is_in(late.implode())
        ).alias("blocked")
    )
    return conform(rows.select(name for name in SUBMISSIONS if name in rows.columns), SUBMISSIONS)


# ---- findings --------------------------------------------------------------------------------------------------


def _first_rule(found: pl.DataFrame, of: list[str]) -> pl.DataFrame:
    if found.is_empty():
        return pl.DataFrame(schema={**dict.fromkeys(of, pl.String()), "rule_code": pl.String()})
    return found.group_by(of, maintain_order=True).agg(pl.col("rule_code").first())


def _check_sheets(layouts: Layouts) -> pl.DataFrame:
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


def _check_columns(cells: pl.DataFrame, layouts: Layouts) -> pl.DataFrame:
    """Columns with content that the map does not speak of, and columns that are not what the map says."""
    headers = _headers(cells)
    inside = cells.filter(pl.col("part").is_in(["header", "data"]))
    unmapped = (
        inside.filter(pl.col("column_role").is_null())
        .sort(*_SPOT)
        .group_by(_COLUMN, maintain_order=True)
        .agg(pl.col("cell").first())
        .join(headers, on=_COLUMN, how="left", maintain_order="left")
        .sort(_COLUMN)
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
        .join(headers, on=_COLUMN, how="left", maintain_order="left")
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


def letters(col: pl.Expr) -> pl.Expr:
    """Letters of a column from 1."""
    return a1(pl.lit(None, dtype=pl.Int32), col).fill_null(a1(pl.lit(1), col).str.strip_suffix("1"))


def _check_rounds(layouts: Layouts) -> pl.DataFrame:
    return (
        layouts.rounds.filter(pl.col("round_code").is_null())
        .group_by("sha256", maintain_order=True)
        .agg(
            pl.lit("LAYOUT_ROUND_UNKNOWN").alias("rule_code"),
            pl.col("period_code").fill_null("–").str.join(", ").alias("observed"),
        )
    )


def _check_time(submissions: pl.DataFrame, expected_year: int | None) -> pl.DataFrame:
    """Rounds that are not open yet, or not of the year that the run was told to take."""
    received = pl.col("received_at").dt.convert_time_zone(_TIME_ZONE).dt.date()
    subject = ["sha256", "submission_id"]
    early = submissions.filter(received < pl.col("opens_on")).select(
        pl.lit("LAYOUT_ROUND_NOT_OPEN").alias("rule_code"),
        *subject,
        pl.col("round_code").alias("observed"),
        pl.col("opens_on").dt.strftime("%d/%m/%Y").alias("expected"),
    )
    other = submissions.filter(pl.col("data_year") != pl.lit(expected_year, dtype=pl.Int64)).select(
        pl.lit("LAYOUT_WRONG_YEAR").alias("rule_code"),
        *subject,
        pl.col("data_year").cast(pl.String).alias("observed"),
        pl.lit(str(expected_year)).alias("expected"),
    )
    return pl.concat([early, other])


def _check_areas(values: pl.DataFrame) -> pl.DataFrame:
    """Labels that name no area or several, and figures beside no label; one finding per label."""
    held = values.with_columns(_value_fault().alias("rule_code")).filter(
        "is_filled", pl.col("rule_code").str.starts_with("LAYOUT_AREA")
    )
    where = pl.coalesce("area_cell", a1(pl.col("row"), pl.col("area_col")))
    return (
        held.with_columns(where.alias("cell"))
        .group_by("rule_code", *SHEET, "row", "cell", maintain_order=True)
        .agg(
            pl.col("area_text").first().alias("observed"),
            pl.col("area_codes").first().alias("expected"),
            *_only_one("round_code", "period_code"),
        )
    )


def _check_elements(values: pl.DataFrame) -> pl.DataFrame:
    """Figures of elements that are not valid in their period; one finding per column."""
    held = values.with_columns(_value_fault().alias("rule_code")).filter(
        pl.col("rule_code") == "LAYOUT_ELEMENT_NOT_VALID"
    )
    return held.group_by("rule_code", *_COLUMN, maintain_order=True).agg(
        a1(pl.col("row").first(), pl.col("col").first()).alias("cell"),
        pl.col("data_element_code").first(),
        pl.col("category_code").first(),
        pl.col("indicator_code").first(),
        pl.col("data_element_code").first().alias("observed"),
        pl.col("period_code").first().alias("expected"),
        *_only_one("round_code", "period_code"),
    )


def _only_one(*names: str) -> list[pl.Expr]:
    """The value of a group where it has only one."""
    return [pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name) for name in names]


def _findings(
    found: pl.DataFrame, submissions: pl.DataFrame, files: pl.DataFrame, office: Office
) -> pl.DataFrame:
    """``found`` with file and submission filled in, where only one submission can be meant, in words."""
    for name in ("submission_id", "round_code", "period_code", "sheet", "cell"):
        if name not in found.columns:
            found = found.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    subject = ["reporting_unit_code", "area_code", "round_code", "period_code"]
    by_id = submissions.select("submission_id", *(pl.col(name).alias(f"its_{name}") for name in subject))
    by_round = submissions.select("sha256", "round_code", pl.col("submission_id").alias("of_round"))
    single = (
        submissions.group_by("sha256")
        .agg(pl.col("submission_id").first().alias("of_file"), pl.len().alias("n"))
        .filter(pl.col("n") == 1)
        .drop("n")
    )
    full = (
        found.join(by_round, on=["sha256", "round_code"], how="left", maintain_order="left")
        .join(single, on="sha256", how="left", maintain_order="left")
        .with_columns(pl.coalesce("submission_id", "of_round", "of_file").alias("submission_id"))
        .join(by_id, on="submission_id", how="left", maintain_order="left")
        .drop("round_code", "period_code")
        .rename({f"its_{name}": name for name in subject})
        .join(files.select("sha256", "file_name"), on="sha256", how="left", maintain_order="left")
        .with_columns(pl.lit("intake").alias("stage"), pl.lit(office.is_sample).alias("is_sample"))
    )
    return build_findings(full.select(name for name in full.columns if name in FINDINGS))
