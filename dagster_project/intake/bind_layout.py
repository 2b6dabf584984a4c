"""Bind tables that others made to their meaning, by the layout maps of the catalogue.

What becomes of each cell of such a file belongs here: what a header says must be what the map says, and each value's
area is the one that its own area column names, so that nothing is bound by position alone. Where cells stand is
``layout_cells``, what is wrong with them ``layout_checks``; parsing figures does not belong here (``values``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.frames import CELLS, SUBMISSIONS, conform
from dagster_project.intake.cell_names import a1
from dagster_project.intake.layout_cells import SPOT, locate, place_values, value_fault
from dagster_project.intake.layout_checks import (
    check_areas,
    check_columns,
    check_elements,
    check_labels,
    check_multipliers,
    check_repeated,
    check_rounds,
    check_sheets,
    check_statuses,
    check_time,
    describe,
    first_rule,
)
from dagster_project.intake.layout_maps import Layouts, find_layouts, read_layouts
from dagster_project.intake.layout_rows import KEY_ROLES
from dagster_project.settings import Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted

#: What a row of a long table says of its figure beside the value.
_SAID = ("unit_multiplier", "obs_status", "status_text", "period_text")

__all__ = ["BoundLayouts", "bind_layouts", "find_layouts"]


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
    wanted: Wanted,
) -> BoundLayouts:
    """Bind ``raw`` (``read.RAW``), every cell with content of ``files``.

    ``files``: sha256, file_name, received_at, layout_code, one row per file, as ``find_layouts`` chose.
    ``wanted`` is what the run was told to take, if anything.
    """
    layouts = read_layouts(raw, files, catalogue)
    cells = locate(raw, layouts)
    faults = pl.concat(
        [check_sheets(layouts), check_columns(cells, layouts), check_rounds(layouts)],
        how="diagonal_relaxed",
    )
    blocked = first_rule(faults, ["sha256"])
    submissions = _submissions(layouts, office)
    untimely = check_time(submissions, wanted, catalogue, office)
    values = place_values(cells, layouts, catalogue)
    placed = _settle(cells, values, blocked, first_rule(untimely, ["submission_id"]))
    found = pl.concat(
        [
            faults,
            untimely,
            check_labels(layouts.labels, catalogue),
            check_repeated(values),
            check_multipliers(values),
            check_statuses(values),
            check_areas(values, catalogue),
            check_elements(values),
        ],
        how="diagonal_relaxed",
    )
    return BoundLayouts(
        cells=conform(
            placed.select(name for name in CELLS if name in placed.columns).with_columns(
                pl.lit(office.is_sample).alias("is_sample")
            ),
            CELLS,
        ),
        submissions=_blocked_or_not(submissions, blocked, untimely),
        findings=describe(found, submissions, files, office),
    )


def _settle(
    cells: pl.DataFrame,
    values: pl.DataFrame,
    blocked: pl.DataFrame,
    untimely: pl.DataFrame,
) -> pl.DataFrame:
    """Every cell, and every blank position that is owed a figure, with binding, disposition and reason."""
    bound = (
        values.join(blocked.rename({"rule_code": "blocked_file"}), on="sha256", how="left")
        .join(untimely.rename({"rule_code": "blocked_round"}), on="submission_id", how="left")
        .with_columns(
            pl.coalesce("blocked_file", "blocked_round").alias("blocked_by"),
            value_fault().alias("fault"),
        )
        .filter(
            "is_filled" | (~pl.col("is_skipped") & pl.all_horizontal(pl.col("fault", "blocked_by").is_null()))
        )
        .select(
            *SPOT,
            "reporting_unit_code",
            "form_code",
            "submission_id",
            "area_code",
            "round_code",
            "period_code",
            "data_element_code",
            "category_code",
            "unit",
            *_SAID,
            pl.col("row_status").alias("value_status"),
            pl.col("row_state").alias("value_state"),
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
        context.join(bound, on=SPOT, how="full", coalesce=True, maintain_order="left_right")
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
        .sort(*SPOT)
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
        .when(role.is_in(KEY_ROLES))
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
