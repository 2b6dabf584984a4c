"""One file more on a set of facts: ``python -m tests.benchmarks.build_on --facts 1000000``.

A set (``facts``) without one file of its last year is built whole, then with it: going on from that build, and going on
with every model of which an input changed built whole. Each build is a process of its own that goes on from a copy of
the same build file. What both leave is compared relation by relation, both ways; exit code 1 says that they differ.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

from dagster_project.paths import DataFolder, Project
from tests.benchmarks.facts import write_facts
from tests.faultset.__main__ import say

_SHOWN = 12
_SLICED, _WHOLE = "slices", "whole models"


def main() -> int:
    """Write the set, build on it both ways, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.build_on", description=__doc__)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--how", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.build:
        sys.stdout.write(json.dumps(_build(told.build, told.how)))
        return 0
    with tempfile.TemporaryDirectory() as aside:
        return _run(Path(aside), told.facts, told.json)


def _run(aside: Path, facts: int, as_json: Path | None) -> int:
    # A build goes on only where it lies: each way has the place of the first in turn.
    office, before = DataFolder(aside / "office"), aside / "before"
    written = write_facts(office.build_inputs, facts)
    _without_one_file(office.build_inputs)
    first = _child(office, _WHOLE)
    say(f"{written.facts:,} facts built whole: {_shown(first)}")
    office.root.rename(before)
    ran: dict[str, dict[str, Any]] = {}
    for how in (_SLICED, _WHOLE):
        shutil.copytree(before, office.root)
        _with_it(office.build_inputs)
        ran[how] = _child(office, how)
        office.root.rename(aside / how)
        say(f"one file more, {how}: {_shown(ran[how])}")
    sliced, whole = (ran[how]["models"] for how in (_SLICED, _WHOLE))
    for name in sorted(whole, key=lambda name: -whole[name])[:_SHOWN]:
        say(f"    {whole[name]:7.2f} → {sliced[name]:7.2f} s {name}")
    say("    left:")
    for name in sorted(sliced, key=lambda name: -sliced[name])[:_SHOWN]:
        say(f"    {whole[name]:7.2f} → {sliced[name]:7.2f} s {name}")
    sliced_build, whole_build = (DataFolder(aside / how) for how in (_SLICED, _WHOLE))
    differing = [
        *_differences(sliced_build.build_file, whole_build.build_file),
        *_differences(sliced_build.build_work, whole_build.build_work),
    ]
    for line in differing:
        say(f"DIFFERS: {line}")
    if as_json:
        as_json.write_text(
            json.dumps({"facts": written.facts, "first": first, **ran, "differing": differing}, indent=2),
            encoding="utf-8",
        )
    return int(bool(differing))


def _without_one_file(inputs: Path) -> None:
    """Put the last file of the set aside: its cells into a file of their own, which is not read."""
    (cells,) = (inputs / "cells").glob("*.parquet")
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = true; set TimeZone = 'Asia/Ho_Chi_Minh'")
        connection.execute(
            f"set variable one = (select max_by(sha256, round_code || sha256) from '{inputs}/submissions.parquet')"  # noqa: S608  # paths of our own
        )
        for file in (
            cells,
            *(inputs / f"{name}.parquet" for name in ("submissions", "receipts", "findings")),
        ):
            rest = inputs / "rest.parquet"
            for target, is_one in ((rest, "is distinct from"), (file.with_suffix(".one"), "=")):
                connection.execute(
                    f"copy (from '{file}' where sha256 {is_one} getvariable('one')) to '{target}' (format parquet)"
                )
            file.rename(file.with_suffix(".all"))
            rest.rename(file)


def _with_it(inputs: Path) -> None:
    for name in ("submissions", "receipts", "findings"):
        (inputs / f"{name}.all").rename(inputs / f"{name}.parquet")
    (cells,) = (inputs / "cells").glob("*.one")
    cells.rename(cells.with_name("one.parquet"))


def _child(folder: DataFolder, how: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.build_on", "--build", str(folder.root), "--how", how]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _build(root: Path, how: str) -> dict[str, Any]:
    from dagster_project.warehouse import build

    folder = DataFolder(root)
    folder.logs.mkdir(parents=True, exist_ok=True)
    build.ensure_manifest(Project())
    began, cpu = time.perf_counter(), time.process_time()
    found = "dagster_project.warehouse.build.find_slice"
    with nullcontext() if how == _SLICED else patch(found, return_value=None):
        results = build.run_dbt(Project(), folder, code_version="1")
    seconds = {result.unique_id: result.seconds for result in results}
    models = {name.split(".")[2]: taken for name, taken in seconds.items() if name.startswith("model.")}
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "tests": sum(taken for name, taken in seconds.items() if name.startswith("test.")),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        "models": models,
    }


def _shown(ran: dict[str, Any]) -> str:
    models = sum(ran["models"].values())
    return (
        f"{ran['seconds']:.1f} s ({ran['cpu']:.1f} CPU s; models {models:.1f} s, tests {ran['tests']:.1f} s, "
        f"peak {ran['memory_mb']:,.0f} MB)"
    )


def _differences(one: Path, other: Path) -> Iterator[str]:
    """Relations whose rows are not the same in both files, doubles to twelve digits."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'other' order by all"
        ).fetchall()
        for schema, table in tables:
            columns = connection.execute(f"describe other.{schema}.{table}").fetchall()
            shown = ", ".join(
                f"printf('%.11e', {name}) as {name}" if kind == "DOUBLE" else f'"{name}"'
                for name, kind, *_ in columns
            )
            sides = [f"select {shown} from {side}.{schema}.{table}" for side in ("one", "other")]  # noqa: S608  # names of our own
            rows = [
                connection.execute(f"select count(*) from (({a}) except all ({b}))").fetchall()[0][0]  # noqa: S608
                for a, b in (sides, reversed(sides))
            ]
            if any(rows):
                yield f"{schema}.{table}: {rows[0]} rows of one, {rows[1]} of the other"


if __name__ == "__main__":
    sys.exit(main())
