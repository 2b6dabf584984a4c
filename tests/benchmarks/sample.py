"""The commands that an office waits for, on the sample: ``python -m tests.benchmarks.sample``.

``kho --help``, ``kho status``, ``kho run`` of the whole sample into an empty office, of one workbook that was changed,
and with nothing new; each in a process of its own, medians and spreads of several. Where the seconds of a run go is
told beneath it, what is imported on the way as its own line.

At most 0.3 s, 1 s, 25 s and 15 s; exit code 1 says that it took more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl

from dagster_project.paths import Project
from tests.benchmarks.measure import Ran, Row, row_of, run_apart, show, write_json
from tests.faultset.__main__ import say

_BARS = {
    "kho --help": 0.3,
    "kho status": 1.0,
    "kho run of the sample": 25.0,
    "kho run of one changed workbook": 15.0,
}
_START = "from dagster_project.cli import main; main()"
#: What a run loads, by itself: no figure is touched.
_IMPORTS = "import dagster_project.defs.run, dbt.cli.main, dagster_project.reports.export, great_expectations"
_INBOX = Project().root / "seeds/sample/inbox"


def main() -> int:
    """Run the commands in turn, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sample", description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    runs: dict[str, list[Ran]] = {}
    for _ in range(told.times):
        with tempfile.TemporaryDirectory() as aside:
            for name, ran in _play(Path(aside)).items():
                runs.setdefault(name, []).append(ran)
    rows = [row_of(name, of) for name, of in runs.items()]
    for row in rows:
        show(row)
        _tell_stages(row, runs[row.name])
    missed = [
        f"{row.name}: {row.seconds:.2f} s, not {_BARS[row.name]}"
        for row in rows
        if row.seconds > _BARS.get(row.name, row.seconds)
    ]
    return write_json(told.json, rows, missed)


def _play(aside: Path) -> dict[str, Ran]:
    data = aside / "data"
    _kho(data, "init", "--sample")
    return {
        "imports of a run": run_apart(_python, _IMPORTS),
        "kho --help": run_apart(_kho, data, "--help"),
        "kho run of the sample": run_apart(_kho, data, "run", _INBOX, "--json"),
        "kho run of one changed workbook": run_apart(_kho, data, "run", _changed(aside), "--json"),
        "kho run with nothing new": run_apart(_kho, data, "run", "--json"),
        "kho status": run_apart(_kho, data, "status"),
    }


def _changed(aside: Path) -> Path:
    """A form of the sample's last year sent again with one figure changed."""
    source = max(_INBOX.glob("B01-X_BL-*_2244-X-2025.xlsx"))
    book = openpyxl.load_workbook(source)
    page = book["Biểu"]
    cell = next(
        cell
        for row in page.iter_rows(min_row=15, min_col=6, max_col=6)
        for cell in row
        if isinstance(cell.value, int | float)
    )
    cell.value += 1
    book.save(aside / source.name)
    return aside / source.name


def _kho(data: Path, *line: str | Path) -> Mapping[str, Any]:
    done = _run(_START, "--data", str(data), *map(str, line))
    told: dict[str, Any] = json.loads(done) if "--json" in line else {}
    return {name: told[name] for name in ("seconds", "changed", "peak_memory_mb") if name in told}


def _python(code: str) -> Mapping[str, Any]:
    _run(code)
    return {}


def _run(code: str, *line: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *line], capture_output=True, check=False, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{code} {line}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def _tell_stages(row: Row, runs: list[Ran]) -> None:
    for stage in row.told.get("seconds", {}):
        seconds = statistics.median(run.told["seconds"].get(stage, 0.0) for run in runs)
        say(f"    {stage:20} {seconds:8.2f} s")


if __name__ == "__main__":
    sys.exit(main())
