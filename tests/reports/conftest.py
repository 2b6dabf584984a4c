"""One exported report set for the tests of documents; each test only reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.reports.export import ExportedFile, export_release
from tests.reports.tiny_release import HOSTILE, ROUND, commune, decided_commune, write_release


@pytest.fixture(scope="session")
def release_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample release of a merged commune, with a hostile text wherever a file could bring one."""
    rows = commune(name_of_missing="Trạm Y tế", file_name="bieu-vp.xlsx")
    rows["fct_reported_value"][0]["note_text"] = HOSTILE
    return write_release(tmp_path_factory.mktemp("releases"), rows)


@pytest.fixture(scope="session")
def exported(release_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExportedFile]:
    """The documents by kind."""
    files = export_release(release_dir, tmp_path_factory.mktemp("exports"), round_code=ROUND, lang="vi")
    return {file.kind: file for file in files}


@pytest.fixture(scope="session")
def decided(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExportedFile]:
    """The documents of the same round after units have answered and officers have decided and entered figures."""
    release = write_release(tmp_path_factory.mktemp("decided"), decided_commune())
    files = export_release(release, tmp_path_factory.mktemp("exports"), round_code=ROUND, lang="vi")
    return {file.kind: file for file in files}
