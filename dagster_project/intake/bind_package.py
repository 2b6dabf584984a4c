"""Bind the figures of a machine package that the level below made: the same facts, at this level.

What becomes of each cell of its table of figures belongs here. The other parts are compared with it and with the
catalogue (``package_checks``); a fault of the whole package blocks it, one of a single figure holds that figure out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.forms.plan import assigned_elements
from dagster_project.frames import CELLS, FINDINGS, SUBMISSIONS, conform
from dagster_project.intake import package_checks
from dagster_project.intake.cell_names import a1
from dagster_project.intake.layout_checks import check_time
from dagster_project.intake.package_parts import table_path
from dagster_project.intake.package_tables import about, table
from dagster_project.intake.report_meanings import valid_at_end
from dagster_project.quality.findings import build_findings
from dagster_project.settings import Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted

_FACTS = "fct_element_value"
_COLUMNS = (
    *(
        "round_code",
        "area_code",
        "data_element_code",
        "category_code",
        "value",
        "value_decimal",
        "value_text",
    ),
    *("value_state", "value_status", "unit", "source_places", "note_text"),
)
_SAID = (
    *("round.round_code", "round.criteria_set_code", "round.period_code", "round.level", "round.state"),
    *("area.code", "area.name", "is_sample"),
)
_WORDED = ("text", "level", "yes_no")
_STATUSES = ("estimate", "preliminary", "final")
_WITHOUT = ("missing", "not_applicable", "not_available", "partial")


@dataclass(frozen=True)
class BoundPackages:
    """The cells of each table of figures (CELLS), one submission a package (SUBMISSIONS), what was found (FINDINGS)."""

    cells: pl.DataFrame
    submissions: pl.DataFrame
    findings: pl.DataFrame


def bind_packages(
    raw: pl.DataFrame, files: pl.DataFrame, catalogue: Catalogue, office: Office, wanted: Wanted
) -> BoundPackages:
    """Bind ``raw`` (``read.RAW``), every cell of ``files`` (sha256, file_name, received_at)."""
    broken = package_checks.check_parts(raw, package_checks.needed_tables())
    said = about(raw, _SAID).rename({"is_sample": "said_sample"})
    packages = package_checks.identify(
        files.join(said, on="sha256", how="left", maintain_order="left"), catalogue, office, wanted
    )
    whole = packages.join(broken, on="sha256", how="anti")
    foreign = package_checks.check_identity(whole, catalogue, office)
    ours = whole.join(foreign, on="sha256", how="anti")
    untimely = check_time(ours, wanted, catalogue, office).drop("submission_id")
    differing = package_checks.check_annex(raw, ours)
    blocking = pl.concat([broken, foreign, untimely, differing], how="diagonal_relaxed")
    blocked = blocking.group_by("sha256", maintain_order=True).agg(
        pl.col("rule_code").first().alias("blocked_by")
    )
    defined = package_checks.check_definitions(raw, ours, catalogue)
    facts = _facts(raw, ours, defined, catalogue)
    cells = _settle(raw, facts, packages, blocked)
    told = [
        blocking,
        defined,
        package_checks.check_state(ours),
        package_checks.tell_open(raw, ours),
        _about_figures(cells),
    ]
    submissions = packages.drop_nulls(["round_code", "form_code"]).with_columns(
        pl.col("sha256").is_in(blocked["sha256"].implode()).alias("blocked"),
        pl.lit(value=False).alias("signed_copy"),
        pl.lit("package").alias("entered_how"),
    )
    return BoundPackages(
        cells=conform(cells.select(name for name in CELLS if name in cells.columns), CELLS),
        submissions=conform(
            submissions.select(name for name in SUBMISSIONS if name in submissions.columns), SUBMISSIONS
        ),
        findings=_describe(pl.concat(told, how="diagonal_relaxed"), packages),
    )


def _facts(
    raw: pl.DataFrame, packages: pl.DataFrame, defined: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """One row per line of the packages' tables of figures: what it gives, in which column, and what is wrong."""
    whose = packages.select(
        *("sha256", "round_code", "criteria_set_code", "period_end", "reporting_unit_code"),
        pl.col("round.round_code").alias("their_round"),
        pl.col("area_code").alias("own_area"),
    )
    rounds = whose.select("round_code", "criteria_set_code", "period_end").unique().drop_nulls()
    elements = valid_at_end(catalogue.table("data_elements"), rounds).select(
        "round_code", "data_element_code", "indicator_code", "value_type", pl.col("unit").alias("own_unit")
    )
    asked = (
        assigned_elements(catalogue)
        .select(
            "reporting_unit_code", "round_code", "data_element_code", pl.lit(value=True).alias("is_asked")
        )
        .unique()
    )
    held = defined.filter(pl.col("rule_code") == "PACKAGE_OTHER_DEFINITION").select(
        "sha256", "data_element_code", pl.lit(value=True).alias("is_otherwise")
    )
    below = package_checks.held_below(raw, packages).with_columns(pl.lit(value=True).alias("is_held"))
    whole = (
        below.filter(pl.col("category_code").is_null()).drop("category_code").rename({"is_held": "all_held"})
    )
    lines = (
        table(raw, _FACTS, _COLUMNS)
        .rename({"round_code": "said_round", "unit": "said_unit"})
        .join(whose, on="sha256", maintain_order="left")
        .join(elements, on=["round_code", "data_element_code"], how="left", maintain_order="left")
        .join(
            asked,
            on=["reporting_unit_code", "round_code", "data_element_code"],
            how="left",
            maintain_order="left",
        )
        .join(held, on=["sha256", "data_element_code"], how="left", maintain_order="left")
        .with_columns(pl.col("category_code").fill_null("_T"))
        .join(whole, on=["sha256", "data_element_code"], how="left", maintain_order="left")
        .join(
            below,
            on=["sha256", "data_element_code", "category_code"],
            how="left",
            maintain_order="left",
        )
    )
    number = pl.col("value").cast(pl.Float64, strict=False)
    exact = pl.col("value_decimal").cast(pl.Decimal(38, 10), strict=False)
    lines = lines.with_columns(
        pl.col("value_type").is_in(_WORDED).fill_null(value=False).alias("is_worded"),
        pl.when(number.is_finite()).then(number).alias("figure"),
        exact.alias("exact"),
    )
    state = pl.col("value_state")
    is_valid = (
        pl.when(state == "zero")
        .then(pl.col("figure") == 0)
        .when(state == "value")
        .then(pl.col("figure").is_not_null() | pl.col("is_worded") & pl.col("value_text").is_not_null())
        .otherwise(state.is_in(_WITHOUT) & pl.col("value").is_null())
    )
    agrees = pl.col("value_decimal").is_null() | (
        (pl.col("exact").cast(pl.Float64) - pl.col("figure")).abs() <= 1e-9 * pl.col("figure").abs()
    )
    known_status = pl.col("value_status").is_null() | pl.col("value_status").is_in(_STATUSES)
    twice = pl.len().over("sha256", "said_round", "area_code", "data_element_code", "category_code") > 1
    foreign = (pl.col("said_round") != pl.col("their_round")) | (pl.col("area_code") != pl.col("own_area"))
    return lines.with_columns(
        pl.when(foreign.fill_null(value=True))
        .then(pl.lit("other_area"))
        .when(pl.col("value_type").is_null())
        .then(pl.lit("PACKAGE_ELEMENT_UNKNOWN"))
        .when(pl.col("is_asked").is_null())
        .then(pl.lit("not_assigned"))
        .when(pl.col("is_otherwise").is_not_null())
        .then(pl.lit("PACKAGE_OTHER_DEFINITION"))
        .when((state == "held") | pl.coalesce("is_held", "all_held").fill_null(value=False))
        .then(pl.lit("PACKAGE_FIGURE_HELD"))
        .when(twice | ~(is_valid & agrees & known_status).fill_null(value=False))
        .then(pl.lit("PACKAGE_VALUE_UNREADABLE"))
        .alias("fault"),
        pl.when("is_worded", pl.col("figure").is_null())
        .then(pl.lit("value_text"))
        .otherwise(pl.lit("value"))
        .alias("bound_column"),
    )


def _settle(
    raw: pl.DataFrame, facts: pl.DataFrame, packages: pl.DataFrame, blocked: pl.DataFrame
) -> pl.DataFrame:
    """Every cell of the tables of figures, and every place of a figure even if blank."""
    sheet = table_path(_FACTS)
    own = raw.filter(pl.col("sheet") == sheet)
    heads = own.filter(pl.col("row") == 1).select("sha256", "col", pl.col("raw_text").alias("bound_column"))
    places = facts.join(heads, on=["sha256", "bound_column"], how="inner", maintain_order="left")
    plain = pl.col("exact").cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
    places = places.select(
        *("sha256", "row", "col", "data_element_code", "category_code", "fault", "value_state"),
        pl.lit(sheet).alias("sheet"),
        pl.lit(value=True).alias("is_figure"),
        pl.col("figure").alias("value"),
        pl.when(plain == "").then(pl.lit("0")).otherwise(plain).alias("value_exact"),
        *("value_text", "value_status"),
        pl.coalesce("own_unit", "said_unit").alias("unit"),
        pl.col("source_places").alias("source_text"),
        "note_text",
    )
    whose = packages.select(
        *("sha256", "submission_id", "reporting_unit_code", "area_code", "form_code", "round_code"),
        *("period_code", "is_sample"),
        pl.col("file_name").alias("name_of_file"),
    )
    both = (
        own.join(
            places,
            on=["sha256", "sheet", "row", "col"],
            how="full",
            coalesce=True,
            maintain_order="left_right",
        )
        .join(whose, on="sha256", how="left", maintain_order="left")
        .join(blocked, on="sha256", how="left", maintain_order="left")
    )
    is_figure = pl.col("is_figure").fill_null(value=False)
    reason = (
        pl.when(is_figure)
        .then(pl.coalesce("blocked_by", "fault"))
        .when(pl.col("row") == 1)
        .then(pl.lit("heading"))
        .otherwise(pl.lit("label"))
    )
    cells = both.with_columns(
        pl.coalesce("file_name", "name_of_file").alias("file_name"),
        pl.coalesce("cell", a1(pl.col("row"), pl.col("col"))).alias("cell"),
        pl.col("raw_text").fill_null(""),
        pl.col("cell_type").fill_null("blank"),
        reason.alias("reason"),
    ).with_columns(
        pl.when(is_figure, pl.col("reason").is_null())
        .then(pl.lit("accepted"))
        .when(pl.col("reason").str.to_uppercase() == pl.col("reason"))
        .then(pl.lit("quarantined"))
        .otherwise(pl.lit("ignored"))
        .alias("disposition")
    )
    is_taken = pl.col("disposition") == "accepted"
    figures = (
        "value",
        "value_exact",
        "value_text",
        "value_state",
        "value_status",
        "source_text",
        "note_text",
    )
    is_bound = is_figure & (pl.col("disposition") != "ignored")
    return cells.with_columns(
        pl.when(is_bound).then(pl.lit("value")).alias("role"),
        pl.when(is_bound).then(pl.lit("package")).alias("entered_how"),
        pl.when(is_bound).then("unit").alias("unit"),
        *(pl.when(is_taken).then(name).alias(name) for name in figures),
    ).sort("sha256", "row", "col")


def _about_figures(cells: pl.DataFrame) -> pl.DataFrame:
    rules = ["PACKAGE_ELEMENT_UNKNOWN", "PACKAGE_VALUE_UNREADABLE", "PACKAGE_FIGURE_HELD"]
    unknown = pl.col("reason") == "PACKAGE_ELEMENT_UNKNOWN"
    return cells.filter(pl.col("reason").is_in(rules)).select(
        pl.col("reason").alias("rule_code"),
        *("sha256", "sheet", "cell", "category_code"),
        pl.when(~unknown).then("data_element_code").alias("data_element_code"),
        pl.when(unknown).then("data_element_code").otherwise("raw_text").alias("observed"),
    )


def _describe(found: pl.DataFrame, packages: pl.DataFrame) -> pl.DataFrame:
    whose = packages.select(
        *("sha256", "file_name", "submission_id", "reporting_unit_code", "area_code", "round_code"),
        *("period_code", "is_sample"),
        pl.col("form_code").is_not_null().alias("is_known"),
    )
    full = found.join(whose, on="sha256", how="left", maintain_order="left").with_columns(
        pl.when("is_known").then("submission_id").alias("submission_id")
    )
    return build_findings(
        full.select(
            *(name for name in full.columns if name in FINDINGS),
            pl.coalesce("data_element_code", "indicator_code").alias("subject"),
            pl.lit("intake").alias("stage"),
        )
    )
