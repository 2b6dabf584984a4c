"""What dbt costs beside the same SQL run bare: ``python -m tests.benchmarks.transform --facts 1000000 10000000``.

Fact sets of growing size (``facts``) are built by the warehouse room, and then the SQL that dbt compiled is run again
in DuckDB in the order of the models, with the same settings and nothing of dbt: no contract, no comment, no event. Ours
holds to its memory, and makes models part by part where that is too small; the bare one has all of the machine's. Each
run is a process of its own, ours and the bare one in turn. Tests have their own row, and so have the models in Python,
whose results the bare run takes as they are.

Exit code 1 says that a bar was missed: at most 1.5 times the bare SQL at ten million facts and 1.2 times at a hundred,
and at most 11 times the time for 10 times the data.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import yaml

from dagster_project.paths import DataFolder, Project
from tests.benchmarks.facts import write_facts
from tests.faultset.__main__ import say

#: What our models may cost beside the bare SQL, by the number of facts from which it holds.
_RATIOS = {10_000_000: 1.5, 100_000_000: 1.2}
_TENFOLD = 11.0
#: Sizes beyond this are run once.
_OFTEN = 20_000_000
_SLOWEST = 10

Ran = dict[str, Any]


def main() -> int:
    """Write the sets, run both sides, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.transform", description=__doc__)
    parser.add_argument("--facts", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the sets are kept; else they go")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.ours or told.bare:
        sys.stdout.write(json.dumps(_build(told.ours) if told.ours else _run_bare(told.bare)))
        return 0
    with tempfile.TemporaryDirectory() as aside:
        measured = [_measure(told.folder or Path(aside), facts, told.times) for facts in sorted(told.facts)]
    missed = _judge(measured)
    if told.json:
        told.json.write_text(json.dumps({"sizes": measured, "missed": missed}, indent=2), encoding="utf-8")
    for line in missed:
        say(f"MISSED: {line}")
    return int(bool(missed))


def _measure(top: Path, facts: int, times: int) -> Ran:
    """Both sides over one set: medians and spreads."""
    folder = DataFolder(top / f"facts-{facts}")
    if not (folder.build_inputs / "report_texts.parquet").is_file():
        began = time.perf_counter()
        write_facts(folder.build_inputs, facts)
        say(f"{facts:,} facts written in {time.perf_counter() - began:.0f} s")
    repeats = times if facts <= _OFTEN else 1
    ours, bare = [], []
    for _ in range(repeats):
        ours.append(_child("--ours", folder.root))
        bare.append(_child("--bare", folder.root))
    with duckdb.connect(str(folder.build_file), read_only=True) as connection:
        held = connection.execute("select count(*) from marts.fct_reported_value").fetchall()[0][0]
    last = ours[-1]
    made = {
        "facts": held,
        "models": _spread([run["models"] for run in ours]),
        "bare": _spread([run["seconds"] for run in bare]),
        "ratio": _spread([one["models"] / other["seconds"] for one, other in zip(ours, bare, strict=True)]),
        "python": _spread([run["python"] for run in ours]),
        "tests": _spread([run["tests"] for run in ours]),
        "memory_mb": max(run["memory_mb"] for run in ours),
        "bare_memory_mb": max(run["memory_mb"] for run in bare),
        "slowest": sorted(last["nodes"].items(), key=lambda item: -item[1])[:_SLOWEST],
    }
    say(
        f"{held:>12,} facts: models {_shown(made['models'])} s, bare {_shown(made['bare'])} s, "
        f"ratio {_shown(made['ratio'])}; Python models {_shown(made['python'])} s, tests {_shown(made['tests'])} s; "
        f"peak {made['memory_mb']:,.0f} MB (bare {made['bare_memory_mb']:,.0f} MB)"
    )
    for name, seconds in made["slowest"]:
        say(f"    {seconds:7.1f} s {name} (bare {bare[-1]['nodes'].get(name, float('nan')):.1f} s)")
    return made


def _judge(measured: Sequence[Ran]) -> list[str]:
    """What was missed, in words."""
    missed = []
    for made in measured:
        bar = min((ratio for size, ratio in _RATIOS.items() if made["facts"] >= 0.9 * size), default=None)
        if bar is not None:
            verdict = f"{made['facts']:,} facts: {made['ratio'][0]:.2f} × the bare SQL (at most {bar})"
            say(verdict)
            missed += [verdict] if made["ratio"][0] > bar else []
    for small, large in pairwise(measured):
        times = large["facts"] / small["facts"]
        bar = _TENFOLD * times / 10
        cost = (large["models"][0] + large["python"][0]) / (small["models"][0] + small["python"][0])
        verdict = f"{times:.1f} × the data, from {small['facts']:,} facts: {cost:.1f} × the time (at most {bar:.1f})"
        say(verdict)
        missed += [verdict] if cost > bar else []
    return missed


def _spread(values: Sequence[float]) -> list[float]:
    """Median, least and most."""
    return [statistics.median(values), min(values), max(values)]


def _shown(spread: Sequence[float]) -> str:
    middle, least, most = spread
    return f"{middle:.2f} ({least:.2f}–{most:.2f})" if least < most else f"{middle:.2f}"


def _child(side: str, folder: Path) -> Ran:
    """One run in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.transform", side, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: Ran = json.loads(done.stdout)
    return told


def _build(root: Path) -> Ran:
    """Our build, whole: seconds of its models, of those in Python and of the tests, without what dbt takes to load."""
    from dagster_project.warehouse.build import ensure_manifest, run_dbt

    folder, project = DataFolder(root), Project()
    folder.logs.mkdir(parents=True, exist_ok=True)
    for file in folder.build.glob("*.*"):
        file.unlink()
    ensure_manifest(project)
    python = _python_models(json.loads(ensure_manifest(project).read_text(encoding="utf-8")))
    began = time.perf_counter()
    results = run_dbt(project, folder)
    wall = time.perf_counter() - began
    tests = sum(result.seconds for result in results if result.unique_id.startswith("test."))
    nodes = {result.unique_id: result.seconds for result in results if result.unique_id.startswith("model.")}
    statistics_seconds = sum(seconds for name, seconds in nodes.items() if name in python)
    return {
        "models": wall - tests - statistics_seconds,
        "python": statistics_seconds,
        "tests": tests,
        "memory_mb": _peak(),
        "nodes": {name.rsplit(".", 1)[-1]: seconds for name, seconds in nodes.items()},
    }


def _run_bare(root: Path) -> Ran:
    """The SQL that dbt compiled for the last build, in the order of the models, into files of its own."""
    from dagster_project.warehouse.build import ensure_manifest

    folder = DataFolder(root)
    manifest = json.loads(ensure_manifest(Project()).read_text(encoding="utf-8"))
    models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    order = TopologicalSorter(
        {name: node["depends_on"]["nodes"] for name, node in models.items()}
    ).static_order()
    aside = folder.build / "bare"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    nodes: dict[str, float] = {}
    profile = _profile(folder)
    del profile["config_options"]["memory_limit"]
    (attached,) = profile["attach"]
    version = attached["options"]["storage_version"]
    # the catalogue of a file has its name, and so do the models' relations
    with duckdb.connect(str(aside / folder.build_work.name), config=profile["config_options"]) as connection:
        connection.execute(
            f"attach '{aside / folder.build_file.name}' as {attached['alias']} (storage_version '{version}')"
        )
        for name, value in profile["settings"].items():
            connection.execute(f"set {name} = '{value}'")
        connection.execute(f"attach '{folder.build_work}' as built (read_only)")
        for database, schema in sorted({(node["database"], node["schema"]) for node in models.values()}):
            connection.execute(f"create schema {database}.{schema}")
        for name in order:
            if name in models:
                nodes[models[name]["name"]] = _run_one(connection, folder, models[name])
    shutil.rmtree(aside)
    return {"seconds": sum(nodes.values()), "memory_mb": _peak(), "nodes": nodes}


def _run_one(connection: duckdb.DuckDBPyConnection, folder: DataFolder, model: Mapping[str, Any]) -> float:
    """Seconds of one model; those in Python are taken from our build and cost nothing."""
    relation = f"{model['database']}.{model['schema']}.{model['name']}"
    if model["language"] == "python":
        connection.execute(f"create table {relation} as from built.{model['schema']}.{model['name']}")
        return 0.0
    compiled = folder.build / "dbt" / "compiled" / "kho" / model["original_file_path"]
    kind = "view" if model["config"]["materialized"] == "view" else "table"
    began = time.perf_counter()
    connection.execute(f"create {kind} {relation} as {compiled.read_text(encoding='utf-8')}")
    return time.perf_counter() - began


def _profile(folder: DataFolder) -> dict[str, Any]:
    """What our profile tells the database of this data folder."""
    from dagster_project.warehouse.build import dbt_variables

    template = jinja2.Template((Project().dbt / "profiles.yml").read_text(encoding="utf-8"))
    rendered = template.render(env_var=lambda name, default=None: dbt_variables(folder).get(name, default))
    told: dict[str, Any] = yaml.safe_load(rendered)["kho"]["outputs"]["office"]
    return told


def _python_models(manifest: Mapping[str, Any]) -> set[str]:
    return {name for name, node in manifest["nodes"].items() if node.get("language") == "python"}


def _peak() -> float:
    """Peak memory of this process in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    sys.exit(main())
