"""The main job, run once on one published set, and what its facts are compared with.

The published files are read where they lie; only the catalogues that map them are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.command import kho, rows


@dataclass(frozen=True)
class Run:
    """One finished run: its data folder, its catalogue, and what ``kho run --json`` printed."""

    data: Path
    catalogue: Path
    printed: dict[str, Any]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query over the release that the run made."""
        return rows(self.data, query, self.catalogue)

    def unaccounted(self) -> list[str]:
        """Files whose cells are not all accepted, quarantined or ignored."""
        return [
            one["file"]
            for one in self.printed["files"]
            if one["cells"] != one["accepted"] + one["quarantined"] + one["ignored"]
        ]


def run_main_job(data: Path, catalogue: Path, files: Sequence[Path]) -> Run:
    """Take in ``files`` under ``catalogue`` with the real command; nothing may block."""
    done = kho(data, "run", "--no-report", *files, "--json", catalogue=catalogue)
    assert done.code == 0, done.err
    run = Run(data, catalogue, done.json)
    assert [one["file"] for one in run.printed["files"]] == [file.name for file in files]
    assert all(one["findings"]["blocking"] == 0 for one in run.printed["files"])
    return run
