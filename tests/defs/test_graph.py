"""The graph reads like the way that a figure takes, and its blocking checks are our own invariants."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg
import pytest

from dagster_project.definitions import build_defs


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


@pytest.fixture(scope="module")
def edges(definitions: dg.Definitions) -> dict[str, set[str]]:
    graph = definitions.resolve_asset_graph()
    return {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }


def _ancestors(edges: dict[str, set[str]], key: str) -> set[str]:
    found: set[str] = set()
    open_keys = {key}
    while open_keys:
        parents = set().union(*(edges[item] for item in open_keys))
        open_keys = parents - found
        found |= parents
    return found


def test_every_stage_stands_after_the_one_before(edges: dict[str, set[str]]) -> None:
    assert edges["landing"] == set()
    assert edges["catalogue"] == set()
    assert edges["cells"] == {"landing", "catalogue"}
    assert edges["gate"] == {"cells"}
    assert edges["exports"] == {"release"}


def test_the_release_waits_for_every_mart_and_the_marts_for_gate_and_catalogue(
    edges: dict[str, set[str]],
) -> None:
    marts = edges["release"]
    assert {"fct_indicator", "fct_finding", "fct_reporting_rate", "dim_area"} <= {
        mart.rsplit("/", 1)[-1] for mart in marts
    }
    indicator = next(mart for mart in marts if mart.endswith("fct_indicator"))
    assert {"landing", "cells", "gate", "catalogue"} <= _ancestors(edges, indicator)


def test_what_units_must_mend_warns_and_our_own_invariants_block(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    gate = dg.AssetKey("gate")
    checks = {key.name: graph.get(key).blocking for key in graph.get_check_keys_for_assets({gate})}
    assert {name for name, blocks in checks.items() if blocks} == {"cells_add_up", "accepted_batch_passes"}
    assert any(name.startswith("reported_values__") for name in checks)


def test_refresh_ends_at_the_release_and_the_report_is_made_per_round(definitions: dg.Definitions) -> None:
    refresh = definitions.resolve_job_def("refresh")
    report = definitions.resolve_job_def("report")
    assert {"landing", "cells", "gate", "models", "release"} <= {node.name for node in refresh.nodes}
    assert "exports" not in {node.name for node in refresh.nodes}
    assert [node.name for node in report.nodes] == ["exports"]
    assert report.partitions_def is not None


def test_the_graph_loads_without_dbt_which_loads_afterwards() -> None:
    program = (
        "import sys, dagster_project.definitions; print('dbt.adapters.base' in sys.modules); "
        "import dbt.version; print(dbt.version.__version__[:2])"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert printed.stdout.split() == ["False", "1."]
