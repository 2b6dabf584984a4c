"""One `kho run` in a process of its own that tells which stage it is in, so that it can be killed there.

The stages are wrapped from outside: the program knows nothing of it. Where a run is not to be killed inside dbt, the
build file that dbt made earlier of the same inputs may be put in the place of a new one.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dagster_project import cli, pipeline

#: Functions of the pipeline, and the stage that each of them is.
STAGE_OF = {
    "receive": "land",
    "add_receipts": "ledger",
    "read_cells": "read",
    "admit": "gate",
    "build": "dbt",
    "publish": "swap",
    "export": "export",
}
#: A run between two stages: Dagster's own steps, imports, the catalogue.
BETWEEN = "between"
_BUILD_FILE, _RESULTS, _MARKER = "kho.duckdb", "results.pickle", "built.json"


def run(line: list[str], marks: Connection, out: Path, built: Path | None, keep: Path | None) -> None:
    """``kho`` with the arguments ``line``, its words in ``out``; each stage is told through ``marks``."""
    _send_words_to(out)
    os.environ.pop("KHO_LEDGER_URL", None)
    if built:
        pipeline.build = _take(built)
    elif keep:
        pipeline.build = _keeping(pipeline.build, keep)
    within = [BETWEEN]
    for name, stage in STAGE_OF.items():
        setattr(pipeline, name, _marked(getattr(pipeline, name), stage, within, marks))
    sys.argv = ["kho", *line]
    cli.main()


def _send_words_to(out: Path) -> None:
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # for as long as the process lives
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _marked(step: Callable[..., Any], stage: str, within: list[str], marks: Connection) -> Callable[..., Any]:
    def told(*arguments: Any, **options: Any) -> Any:
        within.append(stage)
        marks.send_bytes(stage.encode())
        try:
            return step(*arguments, **options)
        finally:
            within.pop()
            marks.send_bytes(within[-1].encode())

    return told


def _keeping(build: Callable[..., Any], keep: Path) -> Callable[..., Any]:
    def kept(desk: pipeline.Desk, *arguments: Any) -> Any:
        results = build(desk, *arguments)
        keep.mkdir()
        shutil.copyfile(desk.folder.build_file, keep / _BUILD_FILE)
        (keep / _RESULTS).write_bytes(pickle.dumps(results))
        return results

    return kept


def _take(built: Path) -> Callable[..., Any]:
    def taken(desk: pipeline.Desk, *_arguments: Any) -> Any:
        (desk.folder.build / _MARKER).unlink(missing_ok=True)  # dbt itself must not go on from this file
        shutil.copyfile(built / _BUILD_FILE, desk.folder.build_file)
        return pickle.loads((built / _RESULTS).read_bytes())  # noqa: S301  # our own, of a minute ago

    return taken
