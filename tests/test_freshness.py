"""Whether the release holds what the office has, asked of an inbox as people leave it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dagster_project.catalogue.load import load_catalogue
from dagster_project.freshness import read_freshness
from dagster_project.incoming import wanted_files
from dagster_project.pipeline import Desk
from dagster_project.settings import Settings
from tests.season.catalogue import write_season_catalogue

NOW = datetime(2026, 4, 10, tzinfo=UTC)
_NOBODY = 65534


@contextmanager
def rights_of_a_user(folder: Path) -> Iterator[None]:
    """Whoever runs the tests may not read everything meanwhile: root is somebody else, who owns ``folder``."""
    before = os.getresuid()
    user = os.getuid() or _NOBODY
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, -1)
    os.setresuid(user, user, -1)
    try:
        yield
    finally:
        os.setresuid(*before)


def _desk(folder: Path, *names: str) -> Desk:
    catalogue = write_season_catalogue(folder / "catalogue")
    desk = Desk(Settings(data=folder / "data", catalogue=catalogue), now=lambda: NOW)
    desk.folder.make()
    for name in names:
        (desk.folder.inbox / name).write_bytes(name.encode())
    return desk


def test_a_file_that_we_may_not_read_holds_up_no_other() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        desk = _desk(Path(folder), "closed.xlsx", "open.xlsx")
        catalogue = load_catalogue(desk.settings.catalogue)
        assert read_freshness(desk, catalogue).files == ("closed.xlsx", "open.xlsx")
        (desk.folder.inbox / "closed.xlsx").chmod(0)
        with rights_of_a_user(Path(folder)):
            assert read_freshness(desk, catalogue).files == ("open.xlsx",)


def test_a_file_that_is_taken_away_while_we_look_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = _desk(tmp_path, "gone.xlsx", "open.xlsx")

    def listed(folder: Path) -> list[tuple[Path, str]]:
        found = wanted_files(folder)
        (folder / "gone.xlsx").unlink()
        return found

    monkeypatch.setattr("dagster_project.freshness.wanted_files", listed)
    assert read_freshness(desk, load_catalogue(desk.settings.catalogue)).files == ("open.xlsx",)
