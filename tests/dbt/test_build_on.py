"""A build that goes on from the one before holds what a whole one holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
from dbt_inputs import LATE_2025, Inputs
from small_office import small_office

from dagster_project.paths import DataFolder, Project
from dagster_project.warehouse import marts
from dagster_project.warehouse.build import KEPT, NodeResult, run_dbt


def hashes(folder: DataFolder) -> dict[str, str]:
    with duckdb.connect(str(folder.build_file), read_only=True) as connection:
        return {mart.name: mart.sha256 for mart in marts.describe(connection)}


def build(folder: DataFolder, office: Inputs) -> list[NodeResult]:
    folder.make()
    office.write(folder.build_inputs)
    return list(run_dbt(Project(), folder, code_version="1"))


def test_a_revision_built_upon_gives_the_marts_of_a_whole_build(tmp_path: Path) -> None:
    going_on, whole = DataFolder(tmp_path / "going-on"), DataFolder(tmp_path / "whole")
    office = small_office()
    build(going_on, office)
    before = hashes(going_on)
    office.submit("U1", "001", 2025, {"P.GT": 77}, received_at=LATE_2025)
    told = build(going_on, office)
    kept = {result.unique_id.split(".")[2] for result in told if result.status == KEPT}
    assert {"dim_area", "dim_indicator", "int_area_lineage"} <= kept
    build(whole, office)
    assert hashes(going_on) == hashes(whole)
    assert hashes(going_on) != before
    assert list(joins_on_a_condition(whole)) == []


def joins_on_a_condition(folder: DataFolder) -> Iterator[str]:
    """Models with a join that no equality leads: it compares every row with every row, whatever a small set shows."""
    with duckdb.connect(str(folder.build_file), read_only=True) as connection:
        connection.execute("set explain_output = 'optimized_only'")
        compiled = folder.build / "dbt" / "compiled" / "kho" / "models"
        for file in sorted(compiled.rglob("*.sql")):
            if file.parent.suffix != ".yml":
                plan = connection.execute(
                    f"explain (format json) {file.read_text(encoding='utf-8')}"
                ).fetchall()
                if any(step["name"] == "ANY_JOIN" for step in steps(json.loads(plan[0][1])[0])):
                    yield file.stem


def steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan["children"]:
        yield from steps(below)
