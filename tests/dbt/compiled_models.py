"""The compiled SQL of some models, run again on other inputs: one build by dbt serves many examples."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from build_files import connect_build
from dbt_inputs import Inputs

from dagster_project.paths import DataFolder, Project
from dagster_project.warehouse.build import ensure_manifest


class CompiledModels:
    """The models between staging models whose inputs change and those that are asked for, in their order."""

    def __init__(self, folder: DataFolder, changing: Collection[str], wanted: Collection[str]) -> None:
        self.folder, self.inputs = folder, folder.build_inputs
        target = folder.build / "dbt"
        manifest = json.loads(ensure_manifest(Project()).read_text(encoding="utf-8"))
        nodes = {
            node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"
        }
        above = {
            name: {parent.rsplit(".", 1)[1] for parent in node["depends_on"]["nodes"]} & nodes.keys()
            for name, node in nodes.items()
        }
        self.statements: list[str] = []
        done: set[str] = set()

        def moves(name: str) -> bool:
            return name in changing or any(moves(parent) for parent in above[name])

        def visit(name: str) -> None:
            if name in done or name in changing or not moves(name):
                return
            done.add(name)
            for parent in sorted(above[name]):
                visit(parent)
            node = nodes[name]
            if node["config"]["materialized"] == "table":
                compiled = target / "compiled" / "kho" / node["original_file_path"]
                self.statements.append(
                    f"create or replace table {node['schema']}.{name} as {compiled.read_text('utf-8')}"
                )

        for name in wanted:
            visit(name)

    def run(self, office: Inputs) -> None:
        office.write(self.inputs)
        self.build()

    def build(self) -> None:
        with connect_build(self.folder, read_only=False) as connection:
            for statement in self.statements:
                connection.execute(statement)

    def execute(self, statement: str, *values: object) -> None:
        with connect_build(self.folder, read_only=False) as connection:
            connection.execute(statement, list(values))

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with connect_build(self.folder) as connection:
            return connection.execute(query, list(values)).fetchall()
