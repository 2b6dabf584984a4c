"""The catalogue as typed Parquet for the models: every table, the terms of all formulas and rules, breaks of series.

What a formula means is in ``formulas``; whether it may be used is the lint's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from dagster_project.catalogue.assignments import unit_assignments
from dagster_project.catalogue.definitions import series_definitions
from dagster_project.catalogue.formulas import Formula, Owner, levels, parse, ratio, to_terms
from dagster_project.catalogue.load import Catalogue


def write_parquet(catalogue: Catalogue, folder: Path) -> None:
    """Write ``<table>.parquet`` for every table, also the empty ones, and what is compiled from them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in {**catalogue.tables, "assignments": unit_assignments(catalogue.tables)}.items():
        frame.write_parquet(folder / f"{name}.parquet")
    formula_terms(catalogue).write_parquet(folder / "formula_terms.parquet")
    series_definitions(catalogue).write_parquet(folder / "series_definitions.parquet")


def formula_terms(catalogue: Catalogue) -> pl.DataFrame:
    """Terms of all indicators, derived elements and rules. Raises ``FormulaError`` for one that lint refuses."""
    formulas = list(_formulas(catalogue))
    derived = (
        (owner.owner_code, formula) for owner, formula in formulas if owner.owner_type == "data_element"
    )
    return to_terms(formulas, levels(derived))


def _formulas(catalogue: Catalogue) -> Iterator[tuple[Owner, Formula]]:
    for row in _with(catalogue, "indicators", "numerator"):
        numerator = parse(row["numerator"])
        formula = ratio(numerator, parse(row["denominator"])) if row["denominator"] else numerator
        yield Owner("indicator", row["indicator_code"], "value", row["valid_from"], row["valid_to"]), formula
    for row in _with(catalogue, "data_elements", "formula"):
        owner = Owner("data_element", row["data_element_code"], "value", row["valid_from"], row["valid_to"])
        yield owner, parse(row["formula"])
    for side in ("left", "right"):
        for row in _with(catalogue, "validation_rules", side):
            owner = Owner("rule", row["rule_code"], side, row["valid_from"], row["valid_to"])
            yield owner, parse(row[side])


def _with(catalogue: Catalogue, table: str, column: str) -> Iterator[dict[str, str]]:
    return catalogue.table(table).filter(pl.col(column).is_not_null()).iter_rows(named=True)
