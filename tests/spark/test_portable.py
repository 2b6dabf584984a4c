"""The models read the same on DuckDB and on Spark; ``make spark-test`` builds them on both, this needs no Java."""

from __future__ import annotations

import re

import pytest

from dagster_project.paths import Project

_ONLY_DUCKDB = {
    "qualify": "row_number() in a CTE and a where",
    r"\* exclude\b": "the columns one by one",
    r"\* replace\b": "the columns one by one",
    r"\bby name\b": "the columns one by one",
    r"\bgroup by all\b": "the columns one by one",
    r" // ": "a case, or a floor",
    r"\bvarchar\b": "string",
    r'(?<!\{)"[a-z_]+" as ': "source.name; Spark reads double quotes as a text",
    r"\btimestamptz\b|with time zone": "{{ instant() }}",
    r"\bat time zone\b|\bstrftime\b": "the macros of moments.sql",
    r"(?<![a-z_])format\(": "the macros of number_text.sql",
    r"\bstring_agg\(": "joined_texts or distinct_texts",
    r"\bmad\(": "the median of what differs from the median",
    r"\bunion distinct\b": "union all in a recursion, then distinct",
}


@pytest.mark.parametrize(("written", "instead"), _ONLY_DUCKDB.items())
def test_no_model_says_what_spark_cannot_read(written: str, instead: str) -> None:
    models = Project().dbt / "models"
    found = [
        f"{file.relative_to(models)}:{number}: {line.strip()}"
        for file in sorted(models.rglob("*.sql"))
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if re.search(written, line.split("--")[0])
    ]

    assert not found, f"write {instead}"
