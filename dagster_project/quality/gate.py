"""Gate 1: the suites in ``expectations/`` over batches of cells, and what follows from a failing row.

The look-ups that suites rest on and the quarantine belong here. What a suite asks belongs in its file, asking it
in ``questions``, the words in the message table; checks across units, periods or indicators belong to the rule
models of dbt, and faults of a single cell's text to ``intake``, which has quarantined them before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl

from dagster_project.frames import FINDINGS, empty
from dagster_project.messages import message_table
from dagster_project.quality.findings import build_findings, fill_template
from dagster_project.quality.outcomes import read_suite
from dagster_project.quality.questions import Asked, validate

if TYPE_CHECKING:
    from dagster_project.quality.outcomes import Outcome, Result

#: The grain of a reported value within one submission; a value's companions (state, status, source, note)
#: carry the same five.
GRAIN = ("submission_id", "area_code", "period_code", "data_element_code", "category_code")
_NUMBERLESS = ("text", "level", "yes_no")


class Tables(Protocol):
    """What the gate needs of a catalogue."""

    def table(self, name: str) -> pl.DataFrame:
        """Give the table ``name`` as ``catalogue.tables`` declares it."""


@dataclass(frozen=True)
class Gate:
    """The batch after the gate: the same cells with quarantine set, the findings, and every result."""

    cells: pl.DataFrame
    findings: pl.DataFrame
    results: list[Result]

    @property
    def broken(self) -> list[Result]:
        """Invariants that do not hold; empty where the batch may go on."""
        return [result for result in self.results if result.invariant and not result.success]


@dataclass(frozen=True)
class GatedCells:
    """A batch's cells after the gate, None where none is held out; the findings, and the results of their suites."""

    cells: pl.DataFrame | None
    findings: pl.DataFrame
    results: list[Result]


def admit(cells: pl.DataFrame, submissions: pl.DataFrame, catalogue: Tables, expectations: Path) -> Gate:
    """Validate a batch (CELLS, SUBMISSIONS) and hold out the cells that fail a blocking expectation.

    A failing row becomes a finding of stage "admission" at its cell; the rest goes on. Where the shape of the
    batch itself is wrong, nothing is looked at further and the cells come back untouched.
    """
    (gated,) = admit_cells([cells.lazy()], catalogue, expectations)
    results = [*gated.results, *admit_submissions(submissions, catalogue, expectations)]
    return Gate(cells if gated.cells is None else gated.cells, gated.findings, results)


def admit_submissions(submissions: pl.DataFrame, catalogue: Tables, expectations: Path) -> list[Result]:
    """What the suite of submissions says of all of them (SUBMISSIONS): each is our own invariant."""
    suite = read_suite(expectations / "submissions.json")
    outcomes = validate(suite, _look_up_submissions(submissions, catalogue), by="round_code")
    return [outcome.result for outcome in outcomes]


def admit_cells(
    batches: Sequence[pl.LazyFrame], catalogue: Tables, expectations: Path
) -> Iterator[GatedCells]:
    """Each of ``batches`` (CELLS, one or more) after the gate, in turn; all are asked about together.

    The cells of a file, and so those of a submission, lie in one batch. Never more than one batch is in memory as
    a whole.
    """
    of_cells = Asked(read_suite(expectations / "cells.json"), batches, None)
    shaped = [
        of_cells.outcomes(
            number, batch.select(of_cells.columns()).collect() if of_cells.concerns(number) else None
        )
        for number, batch in enumerate(batches)
    ]
    results = [[outcome.result for outcome in outcomes] for outcomes in shaped]
    sound = [number for number, told in enumerate(results) if all(result.success for result in told)]
    suite = read_suite(expectations / "reported_values.json")
    values = [_look_up_values(batches[at], catalogue, suite.meta["least_by_value_type"]) for at in sound]
    of_values = Asked(suite, values, by="round_code") if sound else None
    for number, batch in enumerate(batches):
        if of_values is None or number not in sound:
            yield GatedCells(None, empty(FINDINGS), results[number])
            continue
        own = sound.index(number)
        looked_up = values[own].collect() if of_values.concerns(own) else None
        outcomes = of_values.outcomes(own, looked_up)
        results[number] += [outcome.result for outcome in outcomes]
        failures = [
            _failing_rows(looked_up, outcome)
            for outcome in outcomes
            if looked_up is not None and outcome.row_level and outcome.rows
        ]
        if not failures:
            yield GatedCells(None, empty(FINDINGS), results[number])
            continue
        failed = pl.concat(failures)
        yield GatedCells(_quarantine(batch, failed), _to_findings(failed), results[number])


# --- look-ups in the catalogue --------------------------------------------------------------------


def _look_up_submissions(submissions: pl.DataFrame, catalogue: Tables) -> pl.DataFrame:
    """Submissions that are not blocked, each with whether the catalogue knows what it names."""
    named = {
        "known_reporting_unit": ("reporting_unit_code", "reporting_units"),
        "known_area": ("area_code", "areas"),
        "known_form": ("form_code", "forms"),
        "known_round": ("round_code", "rounds"),
    }
    return submissions.filter(~pl.col("blocked").fill_null(value=False)).with_columns(
        pl.col(code).is_in(catalogue.table(table)[code].implode()).alias(known)
        for known, (code, table) in named.items()
    )


def _look_up_values(
    cells: pl.LazyFrame, catalogue: Tables, least_by_value_type: Mapping[str, float]
) -> pl.LazyFrame:
    """Join to the accepted value cells what the catalogue says of data element, category and unit."""
    accepted = cells.filter((pl.col("disposition") == "accepted") & (pl.col("role") == "value"))
    value_type, value = pl.col("value_type"), pl.col("value")
    least = pl.col("value_type").replace_strict(least_by_value_type, default=None, return_dtype=pl.Float64)
    declared = pl.col("declared_min").is_not_null() | pl.col("declared_max").is_not_null()
    has_text = value_type.is_null() | value_type.is_in(_NUMBERLESS)
    return (
        accepted.join(
            _elements(accepted, catalogue),
            on=["round_code", "data_element_code"],
            how="left",
            maintain_order="left",
        )
        .join(
            _categories(accepted, catalogue),
            on=["disaggregation_code", "category_code"],
            how="left",
            maintain_order="left",
        )
        .with_columns(
            known_data_element=pl.col("known_data_element").fill_null(value=False),
            known_category=pl.col("in_disaggregation").fill_null(value=False)
            | (pl.col("category_code") == "_T")
            | pl.col("known_data_element").is_null(),
            known_unit=pl.col("unit").is_in(catalogue.table("units_of_measure")["unit"].implode()),
            min_value=pl.coalesce("declared_min", least),
            max_value=pl.col("declared_max"),
            count_value=pl.when(value_type == "count").then(value),
            count_rounded=pl.when(value_type == "count").then(value.round()),
            percent_value=pl.when((value_type == "percent") & ~declared).then(value),
            has_value=value.is_not_null() | (has_text & pl.col("value_text").is_not_null()),
            state_has_value=pl.col("value_state").is_in(["value", "zero"]),
        )
        .with_columns(_in_words("min_value"), _in_words("max_value"), observed=_observed())
        .with_row_index("values_row")
    )


def _elements(cells: pl.LazyFrame, catalogue: Tables) -> pl.LazyFrame:
    """Per round and data element the version valid at the round's end, else the latest one."""
    rounds = (
        cells.select("round_code")
        .unique()
        .join(
            catalogue.table("rounds").lazy().select("round_code", "period_end"), on="round_code", how="left"
        )
    )
    end = pl.col("period_end")
    valid = (pl.col("valid_from").is_null() | (pl.col("valid_from") <= end)) & (
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= end)
    )
    return (
        rounds.join(catalogue.table("data_elements").lazy(), how="cross")
        .with_columns(valid=valid.fill_null(value=False))
        .sort("valid", "valid_from", nulls_last=False)
        .unique(["round_code", "data_element_code"], keep="last", maintain_order=True)
        .select(
            "round_code",
            "data_element_code",
            "indicator_code",
            "value_type",
            "disaggregation_code",
            pl.col("name_vi").alias("element_name"),
            pl.col("min_value").alias("declared_min"),
            pl.col("max_value").alias("declared_max"),
            pl.lit(value=True).alias("known_data_element"),
        )
    )


def _categories(cells: pl.LazyFrame, catalogue: Tables) -> pl.LazyFrame:
    """The categories of each disaggregation; of several dimensions the combinations met that they all know."""
    known = catalogue.table("categories").lazy().select("disaggregation_code", "category_code").unique()
    dimensions = catalogue.table("disaggregation_dimensions").lazy()
    parts = (
        cells.select("data_element_code", "category_code")
        .unique()
        .join(
            catalogue.table("data_elements")
            .lazy()
            .select("data_element_code", "disaggregation_code")
            .unique(),
            on="data_element_code",
        )
        .join(dimensions, on="disaggregation_code")
        .with_columns(pl.col("category_code").str.split(".").alias("codes"))
        .with_columns(pl.col("codes").list.get(pl.col("position") - 1, null_on_oob=True).alias("code"))
    )
    found = parts.join(
        known.select(
            pl.col("disaggregation_code").alias("dimension_code"), pl.col("category_code").alias("code")
        ),
        on=["dimension_code", "code"],
        how="left",
        coalesce=False,
    )
    is_known = pl.col("code_right").is_not_null() | (pl.col("code") == "_T")
    whole = found.group_by("disaggregation_code", "category_code").agg(
        (is_known.all() & (pl.col("codes").list.len().first() == pl.len())).alias("is_known")
    )
    combinations = whole.filter("is_known").select("disaggregation_code", "category_code")
    return pl.concat([known, combinations]).with_columns(pl.lit(value=True).alias("in_disaggregation"))


def _observed() -> pl.Expr:
    """Show what stands in the cell; where it is blank, the value that was read."""
    return pl.when(pl.col("raw_text") != "").then("raw_text").otherwise(pl.col("value").cast(pl.String))


def _in_words(column: str) -> pl.Expr:
    """Write a bound as people do here: no needless ".0", decimal comma."""
    text = pl.col(column).cast(pl.String).str.strip_suffix(".0").str.replace(".", ",", literal=True)
    return text.alias(f"{column}_text")


# --- failing rows ---------------------------------------------------------------------------------


def _failing_rows(part: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    return part[outcome.rows].with_columns(
        pl.lit(outcome.result.rule_code).alias("rule_code"),
        pl.lit(outcome.result.severity).alias("severity"),
    )


def _to_findings(failed: pl.DataFrame) -> pl.DataFrame:
    """Turn failing rows into findings, in the order of the cells."""
    table = message_table()
    parts = [
        part.with_columns(fill_template(table[f"quality.expected.{code}"].vi, part).alias("expected"))
        for (code,), part in failed.partition_by("rule_code", as_dict=True, maintain_order=True).items()
    ]
    ordered = pl.concat(parts).sort("values_row", maintain_order=True).with_columns(stage=pl.lit("admission"))
    return build_findings(ordered.drop("severity"))


def _quarantine(batch: pl.LazyFrame, failed: pl.DataFrame) -> pl.DataFrame | None:
    """Hold out the failing values and their companions, each for the first rule that it fails."""
    reasons = (
        failed.filter(pl.col("severity") == "blocking")
        .group_by(GRAIN, maintain_order=True)
        .agg(pl.col("rule_code").first().alias("blocked_by"))
    )
    if reasons.is_empty():
        return None
    cells = batch.collect()
    # Only the keys are joined: a batch has dozens of other columns and millions of cells.
    keys = cells.select(GRAIN).join(
        reasons, on=list(GRAIN), how="left", nulls_equal=True, maintain_order="left"
    )
    held = pl.col("blocked_by").is_not_null() & (pl.col("disposition") == "accepted")
    return (
        cells.with_columns(keys["blocked_by"])
        .with_columns(
            disposition=pl.when(held).then(pl.lit("quarantined")).otherwise("disposition"),
            reason=pl.when(held).then("blocked_by").otherwise("reason"),
        )
        .drop("blocked_by")
    )
