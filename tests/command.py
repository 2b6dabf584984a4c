"""The command as a user starts it: its own process, its exit code, what it printed."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
#: Slow to load and the same for every command.
LIBRARIES = (
    "dagster",
    "dagster_dbt",
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "great_expectations",
    "pandas",
    "polars",
    "duckdb",
    "sqlalchemy",
    "docxtpl",
    "xlsxwriter",
    "openpyxl",
    "pyarrow.dataset",
    "alembic",
    "vl_convert",
    "typst",
    "rich.console",
    "typer",
)


#: What loads most of the project: for a command of a test that is a second of processor time, and most of it.
_OURS = ("dagster_project.cli", "dagster_project.definitions")


@dataclass(frozen=True)
class Printed:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@cache
def _starter() -> BaseContext:
    """Starts a process per command from one that has loaded what it needs: that is most of a command's time."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*(name for name in LIBRARIES if find_spec(name)), *_OURS])
    return context


def kho(data: Path, *arguments: str | Path, catalogue: Path | None = None, lang: str = "vi") -> Printed:
    """Run ``kho`` on the data folder; a traceback is a failure of its own."""
    told = ["--catalogue", str(catalogue)] if catalogue else []
    line = ["--data", str(data), "--lang", lang, *told, *map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        out, err = (Path(folder) / name for name in ("out", "err"))
        started = _starter().Process(target=_run, args=(line, data.parent, out, err, dict(os.environ)))
        started.start()
        started.join()
        code = started.exitcode
        printed = Printed(-1 if code is None else code, out.read_text("utf-8"), err.read_text("utf-8"))
    assert "Traceback" not in printed.err, printed.err
    return printed


def _run(line: list[str], folder: Path, out: Path, err: Path, environment: dict[str, str]) -> None:
    """In the new process: the command's own entry, with what it prints in files."""
    for stream, file in ((sys.stdin, os.devnull), (sys.stdout, out), (sys.stderr, err)):
        flags = os.O_RDONLY if stream is sys.stdin else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(file, flags), (sys.stdin, sys.stdout, sys.stderr).index(stream))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # for as long as the process lives
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["kho", *line]
    from dagster_project.cli import main

    main()


def rows(data: Path, query: str, catalogue: Path | None = None) -> list[dict[str, Any]]:
    """Rows of one query over the current release."""
    printed = kho(data, "sql", query, "--json", catalogue=catalogue)
    assert printed.code == 0, printed.err
    found: list[dict[str, Any]] = printed.json
    return found


@cache
def _load_here() -> None:
    """Load what each run would else start a process of its own to load."""
    for name in ("dbt.cli.main", "great_expectations"):
        import_module(name)


def kho_inside(data: Path, *arguments: str | Path, catalogue: Path | None = None) -> Printed:
    """The same within this process: for a long play, where starting Python costs more than the command."""
    from dagster_project.cli import app
    from dagster_project.errors import KhoError

    _load_here()
    told = ["--catalogue", str(catalogue)] if catalogue else []
    done = CliRunner().invoke(app, ["--data", str(data), "--lang", "vi", *told, *map(str, arguments)])
    if isinstance(done.exception, KhoError):
        return Printed(int(done.exception.exit_code), done.stdout, done.exception.text("vi"))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Printed(done.exit_code, done.stdout, done.stderr)
