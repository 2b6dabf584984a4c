"""The same models on DuckDB and on Spark, mart by mart: ``python -m tests.spark --inputs DIR`` (or ``--facts N``).

Builds the models on both from one folder of a build's inputs, compares the content hash of every mart, as releases
compute it, and the types of its columns; then builds once more on Spark and kills one of two workers in the middle of a
shuffle. The models in Python run on DuckDB alone and hand Spark their tables. Exits with 1 where anything differs, and,
of inputs that were filled, where a mart has no rows.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from dagster_project.paths import Project
from dagster_project.warehouse import marts
from tests.faultset.__main__ import say
from tests.spark.cluster import Cluster, kill, running
from tests.spark.fill import fill

_POLL, _ANSWER = 0.05, 120.0
#: Lines of dbt's that tell why it failed.
_LAST_WORDS = 40
#: The worker is killed after this model: half of the work is then still to do, and tables lie on both workers.
_HALFWAY = "int_current_values"
#: Over few rows, planning and making code take longer than what is planned: a query is planned once and interpreted,
#: and the virtual machines spend little on their own code.
_QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_SMALL = {
    "spark.driver.extraJavaOptions": _QUICK_START,
    "spark.executor.extraJavaOptions": _QUICK_START,
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "2",
}
_LARGE = {"spark.sql.shuffle.partitions": "16"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Build on both engines, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.spark", description=__doc__)
    parser.add_argument("--environment", type=Path, required=True, help="the Python environment of dbt-spark")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--inputs", type=Path, help="the inputs of a build, as gate 1 leaves them")
    what.add_argument("--facts", type=int, help="made-up inputs with so many figures; no models in Python")
    parser.add_argument("--fill", action="store_true", help="with made-up rows where the sample has none")
    parser.add_argument("--memory", default="1g", help="of each worker, and of DuckDB")
    parser.add_argument("--no-kill", action="store_true", help="one build on Spark, with both workers")
    parser.add_argument("--keep", type=Path, help="a folder to keep everything in")
    told = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # the cluster ends, too
    with tempfile.TemporaryDirectory() as aside:
        folder = (told.keep or Path(aside)).resolve()
        inputs = told.inputs.resolve() if told.inputs else _made_up(folder / "inputs", told.facts)
        inputs = fill(inputs, folder / "inputs") if told.fill else inputs
        large = told.facts is not None
        python_models = _on_duckdb(folder, inputs, told.memory, large=large)
        chosen = _without(python_models, and_after=large)
        ours = _described(folder / "kho.duckdb")
        equal = not told.fill or all(mart.rows for mart in ours.values())
        with running(told.environment.resolve(), folder, told.memory, _LARGE if large else _SMALL) as cluster:
            for doomed in (False,) if told.no_kill else (False, True):
                began = time.perf_counter()
                killed = _on_spark(told.environment.resolve(), folder, inputs, cluster, chosen, doomed=doomed)
                seconds = time.perf_counter() - began
                how = "one of two workers killed in a shuffle" if doomed else "two workers"
                say(f"Spark, {how}: {seconds:.0f} s")
                equal &= _compared(ours, _described_spark(cluster.warehouse))
                if doomed and not killed:
                    say("no shuffle was met in which to kill a worker  <<<")
                    equal = False
    return int(not equal)


def _made_up(inputs: Path, facts: int) -> Path:
    from tests.benchmarks.facts import write_facts

    made = write_facts(inputs, facts)
    say(f"{made.facts:,} figures of {made.areas:,} communes in {made.years} years")
    return inputs


def _on_duckdb(folder: Path, inputs: Path, memory: str, *, large: bool) -> Sequence[str]:
    """Build on DuckDB; returns the models in Python, whose tables are written for Spark to read."""
    began = time.perf_counter()
    names = sorted(file.stem for file in (Project().dbt / "models").rglob("*.py"))
    told = {
        "KHO_BUILD_FILE": str(folder / "kho.duckdb"),
        "KHO_BUILD_WORK": str(folder / "work.duckdb"),
        "KHO_BUILD_MEMORY": memory,
        "KHO_BUILD_SPILL": str(folder / "spill"),
        "KHO_INPUTS": str(inputs),
    }
    chosen = _without(names, and_after=True) if large else ()
    _dbt(Path(sys.executable).parent / "dbt", "office", folder / "duckdb", told, "run", *chosen)
    say(f"DuckDB: {time.perf_counter() - began:.0f} s")
    statistics = folder / "statistics"
    statistics.mkdir()
    with duckdb.connect(folder / "work.duckdb", read_only=True) as connection:
        for name in () if large else names:
            connection.sql(f"from intermediate.{name}").write_parquet(str(statistics / f"{name}.parquet"))
    return names


def _without(models: Sequence[str], *, and_after: bool) -> Sequence[str]:
    return ("--exclude", *(f"{name}+" if and_after else name for name in models))


def _on_spark(
    environment: Path, folder: Path, inputs: Path, cluster: Cluster, chosen: Sequence[str], *, doomed: bool
) -> bool:
    """Build on Spark; returns whether a worker was killed."""
    statistics = folder / "statistics"
    told = {
        "KHO_INPUTS": str(inputs),
        "KHO_STATISTICS": str(statistics) if any(statistics.iterdir()) else "",
        "KHO_SPARK": cluster.remote,
        "PYTHONWARNINGS": "ignore",
    }
    dbt, target = environment / "bin" / "dbt", folder / "spark"
    if not cluster.warehouse.is_dir():
        _dbt(dbt, "spark", target, told, "run-operation", "register_sources")
    over, killed = threading.Event(), threading.Event()
    watch = threading.Thread(target=_kill_in_shuffle, args=(cluster, time.time(), over, killed))
    if doomed:
        watch.start()
    try:
        _dbt(dbt, "spark", target, told, "run", *chosen)
    finally:
        over.set()
        if doomed:
            watch.join()
    return killed.is_set()


def _dbt(dbt: Path, target: str, folder: Path, told: Mapping[str, str], *command: str) -> None:
    project = Project().dbt
    places = (
        "--project-dir",
        project,
        "--profiles-dir",
        project,
        "--target",
        target,
        "--target-path",
        folder,
    )
    logs = folder / "logs"
    done = subprocess.run(
        [dbt, "--no-send-anonymous-usage-stats", "--log-path", logs, *command, *places],
        env=os.environ | told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write("\n".join(done.stdout.splitlines()[-_LAST_WORDS:]) + "\n")
        raise SystemExit(f"dbt {command[0]} on {target} failed")


def _kill_in_shuffle(cluster: Cluster, since: float, over: threading.Event, killed: threading.Event) -> None:
    """Kill the second worker when a job reads what an earlier stage of it has shuffled."""
    halfway = cluster.warehouse / "intermediate.db" / _HALFWAY
    _jobs(cluster.monitor)  # the first answer takes seconds
    while not over.wait(_POLL):
        if not halfway.is_dir() or halfway.stat().st_mtime < since:
            continue
        for job in _jobs(cluster.monitor):
            if job["numActiveTasks"] and job["numCompletedStages"] + job["numSkippedStages"]:
                kill(cluster.workers[1])
                say(
                    f"worker 2 killed in job {job['jobId']}: {job['numActiveStages']} stage reading a shuffle"
                )
                killed.set()
                return


def _jobs(monitor: str) -> Sequence[Mapping[str, int]]:
    def asked(path: str) -> list[dict[str, int]]:
        with urllib.request.urlopen(f"{monitor}/api/v1/applications{path}", timeout=_ANSWER) as answer:  # noqa: S310  # ours
            return list(json.load(answer))

    return asked(f"/{asked('')[0]['id']}/jobs?status=running")


def _described(file: Path) -> Mapping[str, marts.Mart]:
    with duckdb.connect(file, read_only=True) as connection:
        return {mart.name: mart for mart in marts.describe(connection)}


def _described_spark(warehouse: Path) -> Mapping[str, marts.Mart]:
    """The marts that Spark wrote, told by DuckDB with the same hash."""
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        for table in sorted((warehouse / "marts.db").iterdir()):
            connection.execute(f"create view marts.{table.name} as from read_parquet('{table}/*.parquet')")
        return {mart.name: mart for mart in marts.describe(connection)}


def _compared(ours: Mapping[str, marts.Mart], theirs: Mapping[str, marts.Mart]) -> bool:
    say(f"{'mart':36}{'rows':>12}  {'DuckDB':16}  {'Spark':16}  equal")
    for name in sorted({*ours, *theirs}):
        one, other = ours.get(name), theirs.get(name)
        hashes = [mart.sha256[:16] if mart else "missing" for mart in (one, other)]
        is_equal = bool(one and other and one.sha256 == other.sha256)
        shown = one or other
        say(
            f"{name:36}{shown.rows if shown else 0:12,}  {hashes[0]:16}  {hashes[1]:16}  "
            f"{'yes' if is_equal else 'NO  <<<'}"
        )
    same = sum(name in theirs and theirs[name].sha256 == mart.sha256 for name, mart in ours.items())
    empty = sum(not mart.rows for mart in ours.values())
    say(f"{same} of {len(ours)} marts equal, {empty} of them without rows")
    return same == len(ours) == len(theirs)


if __name__ == "__main__":
    sys.exit(main())
