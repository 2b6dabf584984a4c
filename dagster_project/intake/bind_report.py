"""Bind the figures of a report that is no form of ours: an annex of another kho, tables of a Word document.

What becomes of each cell belongs here. A line is bound by its code, else by its whole name, and a figure by the heading
of its column; a rate is told and kept but never taken for its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.forms.plan import assigned_elements
from dagster_project.frames import CELLS, FINDINGS, SUBMISSIONS, conform
from dagster_project.intake.cell_names import a1
from dagster_project.intake.form_codes import code_key
from dagster_project.intake.form_findings import finding
from dagster_project.intake.keys import folded
from dagster_project.intake.layout_checks import check_time
from dagster_project.intake.report_identity import identify_reports
from dagster_project.intake.report_meanings import meanings
from dagster_project.intake.report_tables import LINE, SHEET, find_tables, read_lines
from dagster_project.messages import message
from dagster_project.quality.findings import build_findings
from dagster_project.settings import Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted

_SPOT = [*SHEET, "row", "col"]
_TOTAL = "_T"
_FIGURES = ("numerator", "denominator", "value")


@dataclass(frozen=True)
class BoundReports:
    """All cells of the files (CELLS), one submission a file (SUBMISSIONS), what was found (FINDINGS).

    A bound cell of an unblocked file has a null ``disposition``: whoever parses it decides.
    """

    cells: pl.DataFrame
    submissions: pl.DataFrame
    findings: pl.DataFrame


def find_reports(raw: pl.DataFrame, taken: Sequence[str]) -> list[str]:
    """The sha256 of files, other than those ``taken``, that have a table of figures with codes or names."""
    return sorted(find_tables(raw, taken)["sha256"].unique())


def bind_reports(
    raw: pl.DataFrame, files: pl.DataFrame, catalogue: Catalogue, office: Office, wanted: Wanted
) -> BoundReports:
    """Bind ``raw`` (``read.RAW``), every cell with content of ``files`` (sha256, file_name, received_at)."""
    columns = find_tables(raw, ())
    lines = read_lines(raw, columns)
    reports, found = identify_reports(
        raw, files, lines=lines, columns=columns, catalogue=catalogue, office=office, wanted=wanted
    )
    known = reports.drop_nulls(["round_code", "form_code"])
    untimely = check_time(known, wanted, catalogue, office).drop("submission_id")
    meant = _meant(lines, known, catalogue)
    figures = _figures(raw, columns, meant, known, catalogue)
    blocking = pl.concat(
        [found.filter(pl.col("rule_code") != "REPORT_IS_DRAFT"), untimely], how="diagonal_relaxed"
    )
    blocked = blocking.group_by("sha256", maintain_order=True).agg(
        pl.col("rule_code").first().alias("blocked_by")
    )
    cells = _settle(raw, columns, figures, reports, blocked)
    told = pl.concat([found, untimely, _about_cells(cells)], how="diagonal_relaxed")
    submissions = known.with_columns(
        pl.col("sha256").is_in(blocked["sha256"].implode()).alias("blocked"),
        pl.lit(value=False).alias("signed_copy"),
        pl.lit("layout").alias("entered_how"),
    )
    return BoundReports(
        cells=conform(cells.select(name for name in CELLS if name in cells.columns), CELLS),
        submissions=conform(
            submissions.select(name for name in SUBMISSIONS if name in submissions.columns), SUBMISSIONS
        ),
        findings=_describe(told, reports),
    )


def _meant(lines: pl.DataFrame, reports: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Lines about the report's own period and area, with what their code or name means."""
    whose = reports.select(
        "sha256", "round_code", "criteria_set_code", "period_code", "period_end", "area_code"
    )
    own = lines.join(whose, on="sha256", maintain_order="left")
    as_reported = [message("reports.basis.as_reported", lang) for lang in ("vi", "en")]
    # A column that a table lacks says nothing against a line.
    own = own.filter(
        pl.col("period_text").fill_null(pl.col("period_code")) == pl.col("period_code"),
        pl.col("area_code_text").fill_null(pl.col("area_code")) == pl.col("area_code"),
        pl.col("basis_text").is_null() | pl.col("basis_text").is_in(as_reported),
    )
    rounds = reports.select("round_code", "criteria_set_code", "period_end").unique()
    known = meanings(catalogue, rounds)
    mark = message("reports.unconfirmed", "vi")
    names = own["name_text"].str.strip_suffix(mark).str.strip_chars()
    keyed = own.with_columns(code_key(pl.col("code_text")).alias("code_key"), folded(names).alias("name_key"))
    by_code = known.filter("is_code").rename({"key": "code_key"}).drop("is_code")
    by_name = known.filter(~pl.col("is_code")).rename({"key": "name_key"}).drop("is_code")
    split = keyed.with_columns(
        pl.col("code_key").str.splitn(":", 2).struct.field("field_0").alias("code_key")
    )
    coded = split.join(by_code, on=["round_code", "code_key"], how="left", maintain_order="left")
    named = coded.join(
        by_name, on=["round_code", "name_key"], how="left", suffix="_named", maintain_order="left"
    )
    is_coded = pl.col("is_rate").is_not_null()
    columns = ("indicator_code", "numerator", "denominator", "value", "is_rate")
    return named.with_columns(
        pl.when(is_coded).then(name).otherwise(f"{name}_named").alias(name) for name in columns
    )


def _figures(
    raw: pl.DataFrame,
    columns: pl.DataFrame,
    meant: pl.DataFrame,
    reports: pl.DataFrame,
    catalogue: Catalogue,
) -> pl.DataFrame:
    """Every place where a line crosses a column of figures: the element and category that it is, or what is wrong."""
    own = columns.join(
        reports.select("sha256", pl.col("period_code").alias("own_period")), on="sha256"
    ).filter(
        pl.col("role").is_in(_FIGURES),
        pl.col("period_code").is_null() | (pl.col("period_code") == pl.col("own_period")),
    )
    crossed = (
        meant.drop("period_code")
        .join(
            own.select(*SHEET, "col", "role", "head_row"),
            on=[*SHEET, "head_row"],
            maintain_order="left_right",
        )
        .join(raw.select(*_SPOT, "raw_text", "cell_type"), on=_SPOT, how="left", maintain_order="left")
        .with_columns(pl.col("raw_text").fill_null("").str.strip_chars().alias("shown"))
        .with_columns(
            pl.when(pl.col("role") == "numerator")
            .then("numerator")
            .when(pl.col("role") == "denominator")
            .then("denominator")
            .otherwise("value")
            .alias("data_element_code")
        )
    )
    # Where the parts are given, the value is what follows from them.
    filled = pl.col("shown") != ""
    crossed = crossed.with_columns(
        (pl.col("role").is_in(["numerator", "denominator"])).any().over(LINE).alias("has_parts"),
        (filled & (pl.col("role") == "numerator")).any().over(LINE).alias("numerator_given"),
    )
    types = catalogue.table("data_elements").select("data_element_code", "value_type")
    crossed = _with_states(_with_categories(crossed, catalogue), catalogue).join(
        types.unique("data_element_code", keep="last", maintain_order=True),
        on="data_element_code",
        how="left",
        maintain_order="left",
    )
    asked = assigned_elements(catalogue).select(
        "reporting_unit_code", "round_code", "data_element_code", pl.lit(value=True).alias("is_asked")
    )
    crossed = crossed.join(
        reports.select("sha256", "reporting_unit_code"), on="sha256", maintain_order="left"
    ).join(
        asked.unique(),
        on=["reporting_unit_code", "round_code", "data_element_code"],
        how="left",
        maintain_order="left",
    )
    is_value = pl.col("role") == "value"
    of_parts = is_value & pl.col("has_parts") & (pl.col("numerator_given") | ~filled)
    crossed = crossed.with_columns(
        pl.when(of_parts & ~(filled & _is_compared()).fill_null(value=False))
        .then(pl.lit("recomputed"))
        .when(pl.col("is_rate").is_null() & filled & pl.col("shown").str.contains(r"\d"))
        .then(pl.lit("REPORT_ROW_UNKNOWN"))
        .when(pl.col("is_rate").is_null())
        .then(pl.lit("heading"))
        .when(pl.col("category_code").is_null())
        .then(pl.lit("REPORT_CATEGORY_UNKNOWN"))
        .when(pl.col("data_element_code").is_null() & filled & (is_value | (pl.col("role") == "numerator")))
        .then(pl.lit("REPORT_NOT_BINDABLE"))
        .when(pl.col("data_element_code").is_null())
        .then(pl.lit("no_such_part"))
        .when(pl.col("is_asked").is_null())
        .then(pl.lit("not_assigned"))
        .alias("fault")
    )
    bound = pl.col("fault").is_null()
    contradicted = crossed.with_columns(
        pl.when(bound & _contradicts()).then(pl.lit("STATE_CONTRADICTS")).otherwise("fault").alias("fault")
    )
    placed = contradicted.filter(filled | bound).with_columns(
        (is_value & pl.col("is_rate") & bound & filled & ~pl.col("numerator_given"))
        .fill_null(value=False)
        .alias("is_bare_rate")
    )
    return _once(placed).filter(filled | pl.col("fault").ne_missing("repeated_row"))


def _is_compared() -> pl.Expr:
    """Whether a value beside its parts counts itself: a rate as typed, or a count that is not its numerator."""
    typed = pl.col("data_element_code").is_not_null() & pl.col("category_code").is_not_null()
    # Only of whole numbers is a difference no matter of rounding.
    digits = pl.col("shown").str.replace_all(r"\D", "")
    whole = pl.col("shown").str.replace(r"[.,]0{1,2}$", "").str.replace_all(r"\D", "")
    ways, ways_beside = (
        [
            text.filter(pl.col("role") == "numerator").first().over(LINE) if beside else text
            for text in (digits, whole)
        ]
        for beside in (False, True)
    )
    is_same = pl.any_horizontal(one == other for one in ways for other in ways_beside)
    is_number = pl.col("shown").str.contains(r"^[^#]*\d")
    return is_number & pl.when(pl.col("is_rate")).then(typed & pl.col("is_asked")).otherwise(
        (pl.col("value_type") == "count") & ~is_same
    )


def _contradicts() -> pl.Expr:
    """Whether a figure stands against what its line says in words; of a rate they say nothing about its parts."""
    figure, some = (pl.col("shown").str.contains(digits) for digits in (r"\d", "[1-9]"))
    state = pl.col("value_state")
    is_meant = (pl.col("role") == "value") | ~pl.col("is_rate")
    return (
        is_meant & (((state == "zero") & some) | (state.is_in(["not_applicable", "not_available"]) & figure))
    ).fill_null(value=False)


def _once(placed: pl.DataFrame) -> pl.DataFrame:
    """The places with each figure taken from one: alike, the first counts, and a blank one only if no other is filled.

    ``fault`` says why another place does not count, ``given_at`` where the one that counts stands.
    """
    figure = ["sha256", "data_element_code", "category_code"]
    bound, filled = pl.col("fault").is_null(), pl.col("shown") != ""
    said = (
        pl.when(bound & filled)
        .then("shown")
        .when(bound & (pl.col("value_state") == "zero"))
        .then(pl.lit("0"))
        .when(bound)
        .then("value_state")
    )
    numbered = placed.with_columns(said.alias("said"), pl.int_range(pl.len()).alias("place"))
    tells = pl.col("said").is_not_null()
    counts = pl.coalesce(
        pl.col("place").filter(which).min().over(figure) for which in (bound & filled, tells, bound)
    )
    differ = pl.col("said").drop_nulls().n_unique().over(figure) > 1
    sheet = pl.col("sheet").gather(counts)
    cell = a1(pl.col("row"), pl.col("col")).gather(counts)
    return numbered.with_columns(
        pl.when(tells & differ)
        .then(pl.lit("REPORT_FIGURE_TWICE"))
        .when(bound & (pl.col("place") != counts))
        .then(pl.lit("repeated_row"))
        .otherwise("fault")
        .alias("fault"),
        pl.when(sheet == pl.col("sheet"))
        .then(cell)
        .otherwise(pl.format("{}!{}", sheet, cell))
        .alias("given_at"),
    )


def _with_states(crossed: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """What a line says in words where it gives no figures; it says so of all of them."""
    words = catalogue.table("value_states")
    states = words.select("value_state", folded(words["word"]).alias("state_key")).unique("state_key")
    return crossed.with_columns(folded(crossed["state_text"]).alias("state_key")).join(
        states, on="state_key", how="left", maintain_order="left"
    )


def _with_categories(crossed: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """The category that a line's own column or the end of its code names, exactly; the total where neither does."""
    parts = (
        catalogue.table("data_elements")
        .select("data_element_code", "disaggregation_code")
        .unique("data_element_code", keep="last")
        .join(catalogue.table("categories"), on="disaggregation_code")
    )
    parts = pl.concat(
        [
            parts.select("data_element_code", "category_code", folded(parts[column]).alias("category_key"))
            for column in ("name_vi", "category_code")
        ]
    ).unique(["data_element_code", "category_key"])
    of_code = pl.col("code_text").str.splitn(":", 2).struct.field("field_1")
    said = crossed.with_columns(pl.coalesce(of_code, "category_text").alias("category_said"))
    said = said.with_columns(folded(said["category_said"]).alias("category_key"))
    return said.join(
        parts, on=["data_element_code", "category_key"], how="left", maintain_order="left"
    ).with_columns(
        pl.when(pl.col("category_said").is_null())
        .then(pl.lit(_TOTAL))
        .otherwise("category_code")
        .alias("category_code")
    )


def _settle(
    raw: pl.DataFrame,
    columns: pl.DataFrame,
    figures: pl.DataFrame,
    reports: pl.DataFrame,
    blocked: pl.DataFrame,
) -> pl.DataFrame:
    """Every cell, and every blank place that is asked for, with binding, disposition and reason."""
    places = figures.select(
        *_SPOT,
        "data_element_code",
        "category_code",
        "indicator_code",
        "fault",
        "is_bare_rate",
        "given_at",
        "role",
        "name_text",
        "code_text",
        "state_text",
        "value_state",
    )
    whose = reports.select(
        "sha256",
        pl.col("file_name").alias("name_of_file"),
        *("submission_id", "reporting_unit_code", "area_code", "form_code", "round_code", "period_code"),
        "is_sample",
    )
    both = (
        raw.join(places, on=_SPOT, how="full", coalesce=True, maintain_order="left_right")
        .join(whose, on="sha256", how="left", maintain_order="left")
        .join(blocked, on="sha256", how="left", maintain_order="left")
        .join(
            columns.group_by(SHEET).agg(pl.col("head_row").unique().alias("heads")),
            on=SHEET,
            how="left",
            maintain_order="left",
        )
    )
    is_bound = pl.col("role").is_not_null() & pl.col("fault").is_null()
    reason = (
        pl.when(is_bound)
        .then("blocked_by")
        .when(pl.col("role").is_not_null())
        .then("fault")
        .when(pl.col("heads").is_null())
        .then(pl.lit("outside_table"))
        .when((pl.col("row") < pl.col("heads").list.min()) | pl.col("heads").list.contains(pl.col("row")))
        .then(pl.lit("heading"))
        .otherwise(pl.lit("label"))
    )
    cells = both.with_columns(
        pl.coalesce("file_name", "name_of_file").alias("file_name"),
        pl.coalesce("cell", a1(pl.col("row"), pl.col("col"))).alias("cell"),
        pl.col("raw_text").fill_null(""),
        pl.col("cell_type").fill_null("blank"),
        reason.alias("reason"),
        is_bound.alias("is_bound"),
    )
    is_told = pl.col("value_state").is_not_null() & (pl.col("cell_type") == "blank")
    return cells.with_columns(
        pl.when("is_bound", pl.col("reason").is_null())
        .then(pl.when(is_told).then(pl.lit("accepted")))
        .when(pl.col("reason").str.to_uppercase() == pl.col("reason"))
        .then(pl.lit("quarantined"))
        .otherwise(pl.lit("ignored"))
        .alias("disposition"),
        pl.when("is_bound").then(pl.lit("value")).alias("role"),
        pl.when("is_bound").then(pl.lit("layout")).alias("entered_how"),
        pl.when("is_bound", is_told).then("value_state").alias("value_state"),
    ).sort(*_SPOT)


def _about_cells(cells: pl.DataFrame) -> pl.DataFrame:
    rules = [
        "REPORT_ROW_UNKNOWN",
        "REPORT_CATEGORY_UNKNOWN",
        "REPORT_NOT_BINDABLE",
        "REPORT_FIGURE_TWICE",
        "STATE_CONTRADICTS",
        "repeated_row",
    ]
    held = cells.filter(pl.col("reason").is_in(rules))
    again = pl.col("reason") == "repeated_row"
    line = pl.concat_str("code_text", "name_text", separator=" ", ignore_nulls=True)
    return pl.concat(
        [
            held.select(
                pl.when(again).then(pl.lit("LAYOUT_ROW_REPEATED")).otherwise("reason").alias("rule_code"),
                *("sha256", "sheet", "cell", "data_element_code", "indicator_code"),
                pl.col("name_text").alias("element_name"),
                pl.when(pl.col("reason") == "REPORT_ROW_UNKNOWN")
                .then(line)
                .when(pl.col("reason") == "STATE_CONTRADICTS")
                .then(pl.format("{} | {}", "raw_text", "state_text"))
                .otherwise("raw_text")
                .alias("observed"),
                pl.when(again).then("given_at").alias("expected"),
            ),
            finding(
                cells.filter(pl.col("is_bare_rate"), pl.col("disposition").is_null()),
                "REPORT_RATE_WITHOUT_PARTS",
                observed="raw_text",
            ),
        ],
        how="diagonal_relaxed",
    )


def _describe(found: pl.DataFrame, reports: pl.DataFrame) -> pl.DataFrame:
    whose = reports.select(
        *("sha256", "file_name", "submission_id", "reporting_unit_code", "area_code", "round_code"),
        *("period_code", "is_sample"),
    )
    full = found.drop("submission_id", strict=False).join(
        whose, on="sha256", how="left", maintain_order="left"
    )
    return build_findings(
        full.select(name for name in full.columns if name in FINDINGS or name == "element_name").with_columns(
            pl.lit("intake").alias("stage")
        )
    )
