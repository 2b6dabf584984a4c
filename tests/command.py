"""The command as a user starts it: its own process, its exit code, what it printed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Printed:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def kho(data: Path, *arguments: str | Path, catalogue: Path | None = None, lang: str = "vi") -> Printed:
    """Run ``kho`` on the data folder; a traceback is a failure of its own."""
    told = ["--catalogue", str(catalogue)] if catalogue else []
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from dagster_project.cli import main; main()",
            "--data",
            str(data),
            "--lang",
            lang,
            *told,
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=data.parent,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Printed(done.returncode, done.stdout, done.stderr)


def rows(data: Path, query: str, catalogue: Path | None = None) -> list[dict[str, Any]]:
    """Rows of one query over the current release."""
    printed = kho(data, "sql", query, "--json", catalogue=catalogue)
    assert printed.code == 0, printed.err
    found: list[dict[str, Any]] = printed.json
    return found


def kho_inside(data: Path, *arguments: str | Path, catalogue: Path | None = None) -> Printed:
    """The same within this process: for a long play, where starting Python costs more than the command."""
    from dagster_project.cli import app
    from dagster_project.errors import KhoError

    told = ["--catalogue", str(catalogue)] if catalogue else []
    done = CliRunner().invoke(app, ["--data", str(data), "--lang", "vi", *told, *map(str, arguments)])
    if isinstance(done.exception, KhoError):
        return Printed(int(done.exception.exit_code), done.stdout, done.exception.text("vi"))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Printed(done.exit_code, done.stdout, done.stderr)
