"""What identifies a row of each mart: the columns that a test of dbt proves to be unique.

Read from dbt's manifest, so that a key is told once, beside the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.paths import Project
from dagster_project.warehouse.build import ensure_manifest
from dagster_project.warehouse.marts import SCHEMA

_TESTS = ("unique", "unique_combination")


@dataclass(frozen=True)
class Key:
    """The columns of a key, and those of them that the contract says are never null."""

    columns: Sequence[str]
    never_null: frozenset[str]

    @property
    def is_primary(self) -> bool:
        """Whether SQL takes it for a primary key, which holds no null."""
        return self.never_null.issuperset(self.columns)


def read_keys(project: Project) -> Mapping[str, Key]:
    """The key of each mart by its name."""
    nodes = json.loads(ensure_manifest(project).read_text(encoding="utf-8"))["nodes"]
    keys: dict[str, Key] = {}
    for node in nodes.values():
        told = node.get("test_metadata") or {}
        model = nodes.get(node.get("attached_node") or "", {})
        if told.get("name") in _TESTS and model.get("schema", "").endswith(SCHEMA):
            given = told["kwargs"]
            columns = tuple(given.get("columns") or [given["column_name"]])
            keys.setdefault(model["name"], Key(columns, _never_null(model, columns)))
    return keys


def _never_null(model: Mapping[str, Any], columns: Sequence[str]) -> frozenset[str]:
    return frozenset(
        name
        for name in columns
        if any(rule["type"] == "not_null" for rule in model["columns"][name]["constraints"])
    )
