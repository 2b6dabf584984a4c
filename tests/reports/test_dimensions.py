"""Which criterion of quality a rule counts for."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dagster_project.messages import message_table
from dagster_project.reports.dimensions import DIMENSIONS, dimension_of, dimension_rows

_RULES = Path(__file__).parents[2] / "seeds" / "reference" / "validation_rules.csv"


@pytest.mark.parametrize(
    ("rule_code", "stage", "dimension"),
    [
        ("SUBMISSION_LATE", "meaning", "punctuality"),
        ("SUBMISSION_MISSING", "meaning", "timeliness"),
        ("FIGURE_MISSING", "meaning", "relevance"),
        ("FILE_DAMAGED", "guard", "timeliness"),
        ("NUMBER_AMBIGUOUS", "intake", "accuracy"),
        ("VALUE_ABOVE_MAXIMUM", "admission", "accuracy"),
        ("LEAD_CONTRIBUTOR_DIFFERS", "meaning", "coherence"),
        ("PARTS_DIFFER_I_2", "meaning", "coherence"),
        ("A_RULE_OF_AN_OFFICE", "meaning", "coherence"),
    ],
)
def test_a_rule_counts_for_the_criterion_that_it_speaks_about(
    rule_code: str, stage: str, dimension: str
) -> None:
    assert dimension_of(rule_code, stage) == dimension


def test_the_table_names_known_criteria_each_rule_once() -> None:
    rows = [(row["stage"], row["rule_prefix"]) for row in dimension_rows()]
    assert len(rows) == len(set(rows))
    assert {row["dimension"] for row in dimension_rows()} <= set(DIMENSIONS)
    assert ("", "") in rows, "every rule has a criterion"


def test_every_row_speaks_about_a_rule_that_there_is() -> None:
    with _RULES.open(encoding="utf-8", newline="") as stream:
        codes = {row["rule_code"] for row in csv.DictReader(stream)} | set(message_table())
    planned = {"CORRECTION_", "ENTRY_", "ON_BEHALF_"}
    starts = {row["rule_prefix"] for row in dimension_rows()} - planned
    assert not [start for start in starts if not any(code.startswith(start) for code in codes)]
