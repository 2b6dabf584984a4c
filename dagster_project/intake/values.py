"""What was typed into bound cells, parsed by the value type of its data element: a value, a state, or a finding.

What a row says of one element belongs here: its figure, the words for a state, and its companions (state, status,
source, note). Nothing is guessed: what can be read in two ways is held back. Ranges and sums are not looked at
(``quality``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.frames import CELLS, FINDINGS, conform
from dagster_project.intake.figures import read_figures
from dagster_project.intake.keys import folded
from dagster_project.intake.units import unit_names, with_declared
from dagster_project.intake.words import number_in_note, visible, with_words
from dagster_project.quality.findings import build_findings

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

__all__ = ["Parsed", "parse_values"]

_LINE = ["sha256", "sheet", "row", "round_code", "data_element_code", "category_code"]
_COMPANIONS = ("state", "status", "source", "note")


@dataclass(frozen=True)
class Parsed:
    """The same cells with values and dispositions (CELLS), and what was found (FINDINGS)."""

    cells: pl.DataFrame
    findings: pl.DataFrame


def parse_values(cells: pl.DataFrame, catalogue: Catalogue) -> Parsed:
    """Parse every bound cell of ``cells`` (CELLS) whose disposition is null."""
    numbered = cells.with_row_index("cell_number")
    waiting = numbered.filter(pl.col("disposition").is_null())
    values = waiting.filter(pl.col("role") == "value")
    values = with_words(_with_elements(_with_companions(values, waiting), catalogue), catalogue)
    values = read_figures(values, catalogue)
    values = values.with_columns(pl.coalesce("fault", _contradiction()).alias("fault"))
    values = values.with_columns(_state().alias("new_state"))
    return Parsed(cells=_write_back(numbered, values), findings=_find(values))


def _with_companions(values: pl.DataFrame, waiting: pl.DataFrame) -> pl.DataFrame:
    """Values with what their row says of state, status, source and note; blank is null."""
    text = visible(pl.col("raw_text"))
    said = (
        waiting.filter(pl.col("role") != "value", text != "")
        .group_by(_LINE)
        .agg(
            *(text.filter(pl.col("role") == role).first().alias(f"{role}_said") for role in _COMPANIONS),
            pl.col("cell").filter(pl.col("role") == "status").first().alias("status_cell"),
        )
    )
    return values.join(said, on=_LINE, how="left", nulls_equal=True, maintain_order="left")


def _with_elements(values: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Value type, unit and indicator of each element, in the version valid at the round's end, else the latest."""
    rounds = (
        catalogue.table("rounds").select("round_code", "period_end").unique("round_code", maintain_order=True)
    )
    end = pl.col("period_end")
    valid = (pl.col("valid_from").fill_null(end) <= end) & (pl.col("valid_to").fill_null(end) >= end)
    known = (
        values.select("round_code", "data_element_code")
        .unique()
        .join(rounds, on="round_code", how="left")
        .join(catalogue.table("data_elements"), on="data_element_code")
        .with_columns(valid.fill_null(value=False).alias("is_valid"))
        .sort("is_valid", "valid_from", nulls_last=False)
        .unique(["round_code", "data_element_code"], keep="last", maintain_order=True)
        .select(
            "round_code",
            "data_element_code",
            "indicator_code",
            "value_type",
            "decimals",
            pl.col("name_vi").alias("element_name"),
            pl.col("unit").alias("element_unit"),
        )
    )
    names = (
        unit_names(catalogue).group_by("key").agg(pl.col("unit").first().alias("named"), pl.len().alias("n"))
    )
    joined = (
        values.join(
            known, on=["round_code", "data_element_code"], how="left", nulls_equal=True, maintain_order="left"
        )
        .with_columns(pl.col("unit").alias("declared"), folded(values["unit"]).alias("key"))
        .join(names.filter(pl.col("n") == 1), on="key", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("value_type").is_null())
            .then("unit")
            .otherwise(pl.coalesce("element_unit", "named"))
            .alias("unit")
        )
        .drop("key", "named", "n")
    )
    return with_declared(joined, catalogue)


def _is_blank() -> pl.Expr:
    return visible(pl.col("raw_text")) == ""


def _contradiction() -> pl.Expr:
    """The rule that fails where the state cell and the value cell do not say the same."""
    said, typed = pl.col("said_state"), pl.col("typed_state")
    given = pl.col("figure").is_not_null() | pl.col("figure_text").is_not_null()
    nought = pl.col("figure") == 0
    agree = (
        pl.when(said == "zero")
        .then(_is_blank() | (typed == "zero") | nought)
        .when(said == "value")
        .then(given)
        .otherwise(_is_blank() | (typed == said))
    )
    return (
        pl.when(pl.col("state_said").is_null())
        .then(None)
        .when(said.is_null())
        .then(pl.lit("STATE_UNKNOWN"))
        .when(~agree.fill_null(value=False))
        .then(pl.lit("STATE_CONTRADICTS"))
    )


def _state() -> pl.Expr:
    """value, zero, not_applicable, not_available or missing; null where the cell is held out."""
    said = pl.when(pl.col("said_state") != "value").then("said_state")
    return (
        pl.when(pl.col("fault").is_not_null())
        .then(None)
        .when(said.is_not_null())
        .then(said)
        .when(pl.col("typed_state").is_not_null())
        .then("typed_state")
        .when(_is_blank())
        .then(pl.col("value_state").fill_null("missing"))
        .when((pl.col("figure") == 0) & (pl.col("value_type") != "yes_no").fill_null(value=True))
        .then(pl.lit("zero"))
        .otherwise(pl.lit("value"))
    )


def _write_back(numbered: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """The cells in their order: values with what was parsed, companions with the fate of their value."""
    zero = pl.col("new_state") == "zero"
    fine = pl.col("fault").is_null()
    parsed = values.select(
        "cell_number",
        pl.lit(value=True).alias("is_parsed"),
        pl.when(zero).then(0.0).when(fine).then("figure").alias("new_value"),
        pl.when(zero & pl.col("value_type").is_in(["count", "money"]))
        .then(pl.lit("0"))
        .when(fine)
        .then("figure_exact")
        .alias("new_exact"),
        pl.when(fine).then("figure_text").alias("new_text"),
        "new_state",
        pl.coalesce("said_status", "typed_status", "value_status").alias("new_status"),
        "source_said",
        "note_said",
        pl.col("unit").alias("new_unit"),
    )
    waiting = pl.col("disposition").is_null()
    beside = (
        numbered.select("cell_number", *_LINE, "role", "disposition")
        .filter(waiting, pl.col("role").ne_missing("value"))
        .join(values.select(*_LINE, "fault").unique(_LINE, maintain_order=True), on=_LINE, nulls_equal=True)
        .select("cell_number", "fault")
    )
    # Figures of several areas may stand side by side in one row: each has its own fate.
    fates = pl.concat([values.select("cell_number", "fault"), beside])
    # Each of these joins copies what it is given: they are given no more than numbers of cells.
    told = (
        numbered.select("cell_number")
        .join(parsed, on="cell_number", how="left", maintain_order="left")
        .join(fates, on="cell_number", how="left", maintain_order="left")
        .drop("cell_number")
    )
    is_parsed = pl.col("is_parsed").fill_null(value=False)
    full = (
        pl.concat([numbered, told], how="horizontal")
        .with_columns(
            pl.when(is_parsed).then(new).otherwise(old).alias(old)
            for new, old in (
                ("new_value", "value"),
                ("new_exact", "value_exact"),
                ("new_text", "value_text"),
                ("new_state", "value_state"),
                ("new_status", "value_status"),
                ("source_said", "source_text"),
                ("note_said", "note_text"),
                ("new_unit", "unit"),
            )
        )
        .with_columns(
            pl.when(waiting).then("fault").otherwise("reason").alias("reason"),
            pl.when(~waiting)
            .then("disposition")
            .when(pl.col("fault").is_not_null())
            .then(pl.lit("quarantined"))
            .otherwise(pl.lit("accepted"))
            .alias("disposition"),
        )
    )
    return conform(full.select(name for name in CELLS), CELLS)


def _find(values: pl.DataFrame) -> pl.DataFrame:
    """Findings of stage "intake" at the cells, in their order."""
    told = values.filter(pl.col("fault").is_null(), pl.col("remark").is_not_null())
    found = pl.concat(
        [_of_held(values), _of_taken(told), *_of_companions(values), _by_file(told)], how="diagonal_relaxed"
    ).sort("cell_number", maintain_order=True)
    keep = [name for name in found.columns if name in FINDINGS and name != "status"]
    return build_findings(
        found.select(
            *keep,
            "element_name",
            pl.coalesce("unit_name", "unit").alias("unit"),
            pl.lit("intake").alias("stage"),
        )
    )


def _of_held(values: pl.DataFrame) -> pl.DataFrame:
    both = pl.format("{} | {}", pl.col("raw_text").str.strip_chars(), "state_said")
    by_state = pl.col("fault").str.starts_with("STATE_")
    return values.filter(pl.col("fault").is_not_null()).with_columns(
        pl.col("fault").alias("rule_code"),
        pl.when(by_state & ~_is_blank())
        .then(both)
        .when(by_state)
        .then("state_said")
        .when(pl.col("fault") == "UNIT_UNKNOWN")
        .then("declared")
        .otherwise("raw_text")
        .alias("observed"),
        pl.when(pl.col("fault") == "STATE_UNKNOWN")
        .then("near_state")
        .otherwise("expected")
        .alias("expected"),
    )


def _of_taken(told: pl.DataFrame) -> pl.DataFrame:
    given = pl.format("{} {}", pl.col("raw_text").str.strip_chars(), "declared")
    return told.filter(pl.col("remark") != "NUMBER_READ_AS_FILE").with_columns(
        pl.col("remark").alias("rule_code"),
        pl.when(pl.col("remark") == "UNIT_CONVERTED").then(given).otherwise("raw_text").alias("observed"),
        pl.coalesce("figure_exact", pl.col("figure").cast(pl.String).str.strip_suffix(".0")).alias(
            "expected"
        ),
    )


def _of_companions(values: pl.DataFrame) -> list[pl.DataFrame]:
    """What there is to say of status and note beside a value; the value is taken all the same."""
    unknown = values.filter(pl.col("status_said").is_not_null(), pl.col("said_status").is_null())
    differing = values.filter(pl.col("said_status") != pl.col("typed_status"))
    noted = values.filter(pl.col("new_state") == "missing", number_in_note())
    return [
        unknown.with_columns(
            pl.lit("STATUS_UNKNOWN").alias("rule_code"),
            pl.col("status_said").alias("observed"),
            pl.col("near_status").alias("expected"),
            pl.col("status_cell").alias("cell"),
        ),
        differing.with_columns(
            pl.lit("STATUS_CONTRADICTS").alias("rule_code"),
            pl.col("raw_text").alias("observed"),
            pl.col("status_said").alias("expected"),
        ),
        noted.with_columns(
            pl.lit("NUMBER_IN_NOTE").alias("rule_code"), pl.col("note_said").alias("observed")
        ),
    ]


def _by_file(told: pl.DataFrame) -> pl.DataFrame:
    """One finding per submission for all numbers that were read the way in which their file writes numbers."""
    read = told.filter(pl.col("remark") == "NUMBER_READ_AS_FILE")
    whose = ["reporting_unit_code", "round_code", "period_code", "file_name", "is_sample"]
    return read.group_by("sha256", "submission_id", "sheet", maintain_order=True).agg(
        pl.lit("NUMBER_READ_AS_FILE").alias("rule_code"),
        pl.col("cell_number").first(),
        pl.col("cell").first(),
        *(pl.col(name).first() for name in whose),
        pl.format("{} ({})", pl.col("raw_text").first(), pl.len()).alias("observed"),
        pl.col("style").first().alias("expected"),
    )
