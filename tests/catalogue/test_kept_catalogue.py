"""A catalogue is read and linted once, as long as no byte of it changes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from dagster_project import pipeline
from dagster_project.catalogue import load
from dagster_project.paths import Project
from dagster_project.settings import Settings


@pytest.fixture
def desk(tmp_path: Path) -> pipeline.Desk:
    shutil.copytree(Project().reference, tmp_path / "catalogue")
    desk = pipeline.Desk(
        Settings(data=tmp_path / "data", catalogue=tmp_path / "catalogue"),
        now=lambda: datetime(2026, 3, 1, tzinfo=UTC),
    )
    desk.folder.make()
    return desk


def _load_as_a_new_process(desk: pipeline.Desk) -> load.Catalogue:
    pipeline._checked_catalogue.cache_clear()
    return pipeline.load_checked_catalogue(desk)


def test_what_is_kept_is_what_was_read(desk: pipeline.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    read = _load_as_a_new_process(desk)
    monkeypatch.setattr(load, "load_catalogue", lambda *_: pytest.fail("read again"))
    kept = _load_as_a_new_process(desk)
    assert (kept.folder, kept.content_hash, kept.notes, kept.own_rows) == (
        read.folder,
        read.content_hash,
        read.notes,
        read.own_rows,
    )
    assert kept.tables.keys() == read.tables.keys()
    for name, table in read.tables.items():
        assert_frame_equal(kept.tables[name], table)


def test_a_changed_file_and_a_damaged_copy_are_read_again(desk: pipeline.Desk) -> None:
    before = _load_as_a_new_process(desk)
    table = desk.settings.catalogue / "indicators.csv"
    text = table.read_text("utf-8")
    table.write_text(text.replace("Nhân lực", "Nguồn nhân lực", 1), encoding="utf-8")
    changed = _load_as_a_new_process(desk)
    assert changed.content_hash != before.content_hash
    (kept,) = desk.folder.catalogue_read.iterdir()
    (kept / "indicators.parquet").write_bytes(b"PAR1")
    assert _load_as_a_new_process(desk).content_hash == changed.content_hash
    table.write_text(text, encoding="utf-8")
    assert _load_as_a_new_process(desk).content_hash == before.content_hash
