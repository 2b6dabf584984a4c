"""The list about a file of no known unit is named after that file, however the file is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from dagster_project import durable
from dagster_project.pipeline import Desk
from dagster_project.quality import feedback as workbooks
from dagster_project.sending_back import feedback
from dagster_project.settings import Settings
from dagster_project.warehouse import open_findings, releases
from dagster_project.warehouse.open_findings import SendBack


@pytest.mark.parametrize("letter", ["n", "ữ", "😀"])
def test_the_longest_names_that_a_disk_takes_get_their_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    name = letter * (251 // len(letter.encode())) + ".ods"
    found = pl.DataFrame({"severity": ["blocking"]})
    refused = [SendBack(None, sha256, name, True, found) for sha256 in ("a" * 64, "b" * 64)]

    def write(_content: object, _findings: object, path: Path, **_told: object) -> SimpleNamespace:
        durable.write_bytes(path, b"")
        return SimpleNamespace(path=path, lost=())

    monkeypatch.setattr(open_findings, "open_findings", lambda *_: refused)
    monkeypatch.setattr(releases, "current_release", lambda _folder: "R0001")
    monkeypatch.setattr(workbooks, "make_feedback", write)
    desk = Desk(Settings(data=tmp_path, catalogue=tmp_path), now=lambda: datetime.now(UTC))
    written = {item.path for item in feedback(desk, "2244-X-2025")}
    assert len(written) == len(refused)
    assert all(path is not None and path.is_file() for path in written)
