"""Where the maintainer finds the page about the gate's last run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from dagster_project import pipeline
from dagster_project.defs.assets import make_gate
from dagster_project.paths import DataFolder, Project
from dagster_project.pipeline import Admitted, Desk
from dagster_project.settings import Settings


def test_the_gate_shows_its_page_and_only_those_of_the_last_runs_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "load_checked_catalogue", lambda _desk: None)
    monkeypatch.setattr(pipeline, "admit", lambda *_: Admitted({}, []))
    folder = DataFolder(tmp_path)
    for number in range(25):
        (folder.logs / "data-docs" / f"20250101T0000{number:02}-00000000").mkdir(parents=True)
    desk = Desk(
        settings=Settings(data=tmp_path, catalogue=tmp_path), now=lambda: datetime(2026, 4, 11, 3, tzinfo=UTC)
    )
    gate = make_gate(Project().expectations)
    result = dg.materialize([gate], resources={"desk": desk}, raise_on_error=False)
    materialized = result.asset_materializations_for_node("gate")
    page = Path(str(materialized[0].metadata["data_docs"].value))
    assert page.is_file()
    assert page.parent.name.startswith("20260411T030000-")
    assert len(list((folder.logs / "data-docs").iterdir())) == 20
