"""What an officer relies on in `kho catalogue`: one list of problems, and a confirmation that is always logged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dagster_project.catalogue.load import load_catalogue
from dagster_project.errors import ExitCode
from dagster_project.ledger.store import open_ledger
from dagster_project.paths import DataFolder, Project
from tests.command import kho


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Project().reference, tmp_path / "catalogue"))


def test_cells_that_cannot_be_read_are_listed_like_every_other_problem(tmp_path: Path, folder: Path) -> None:
    with (folder / "holidays.csv").open("a", encoding="utf-8") as file:
        file.write("mùng một,Tết,false\n")
    printed = kho(tmp_path / "data", "catalogue", "check", "--json", catalogue=folder)
    assert printed.code == 1
    assert [(problem["table"], problem["column"]) for problem in printed.json] == [("holidays", "date")]
    assert "mùng một" in printed.json[0]["text"]


def test_a_name_is_confirmed_in_the_catalogue_and_in_the_log_of_an_office_that_has_just_begun(
    tmp_path: Path, folder: Path
) -> None:
    data = tmp_path / "data"
    printed = kho(data, "catalogue", "confirm", "IV.21", "--by", "Nguyễn Văn A", catalogue=folder)
    assert printed.code == 0, printed.err
    row = load_catalogue(folder).table("indicators").filter(indicator_code="IV.21")
    assert row.select("status", "confirmed_by").row(0) == ("official", "Nguyễn Văn A")
    with open_ledger(DataFolder(data).ledger_file).connect() as ledger:
        logged = ledger.exec_driver_sql("select actor, act, subject from acts").all()
    assert logged == [("Nguyễn Văn A", "catalogue.confirm", "IV.21")]


def test_a_file_that_is_no_workbook_is_told_as_what_it_is(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "notes.md").write_text("# Ghi chú", encoding="utf-8")
    printed = kho(tmp_path / "data", "catalogue", "import", tmp_path / "notes.md", catalogue=folder)
    assert printed.code == ExitCode.WRONG_USAGE
    assert "(nhận ra: text)" in printed.err
