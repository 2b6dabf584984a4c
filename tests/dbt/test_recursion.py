"""DuckDB 1.5 now and then loses rows where what a recursive query joins is a union of different rows."""

from __future__ import annotations

import re

import pytest

from dagster_project.paths import Project

RECURSIVE = {
    file.stem: text
    for file in sorted((Project().dbt / "models").rglob("*.sql"))
    if "with recursive" in (text := file.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("model", RECURSIVE)
def test_a_recursive_model_has_no_union_of_different_rows(model: str) -> None:
    assert re.findall(r"\bunion\b(?!\s+all\b).*", RECURSIVE[model]) == []
