"""The paper that shows a decision: a scan or a photograph, never a form, which would be taken for what a unit sends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.decide.problems import Problems

if TYPE_CHECKING:
    from dagster_project.limits import ReadLimits

_MB = 1_000_000


def check_paper(paper: Path | None, limits: ReadLimits, problems: Problems) -> None:
    """A paper has to be one that intake, too, takes for a page to read: by its content, its name and its size."""
    from dagster_project.intake.guard import PAPER, inspect, is_paper

    if paper is None:
        return
    if not paper.is_file():
        problems.add("cli.no_such_file", file=paper)
    elif not is_paper(paper) or inspect(paper, limits).kind != PAPER:
        problems.add("ledger.no_scan", file=paper, limit=limits.file_bytes // _MB)
