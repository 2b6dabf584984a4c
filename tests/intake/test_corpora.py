"""What an officer relies on with any pile of files: each is read to its last cell, or gets one reason why not."""

from __future__ import annotations

import hashlib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import ANYTHING
from dagster_project.intake.guard import inspect
from dagster_project.intake.read import FileToRead, Read, read_files
from dagster_project.intake.take_in import Intake, ReceivedFile, take_in
from dagster_project.limits import ReadLimits
from dagster_project.settings import Office
from tests.forms.small_catalogue import write_small_catalogue

CORPORA = ("calamine/tests", "messytables", "csv_spectrum", "sheetjs_1904", "dhis2")
OFFICE = Office(level="commune", area_code="00001", criteria_set_code="T1")
LIMITS = ReadLimits()
_MOMENT = datetime(2026, 4, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(third_party: Path) -> list[ReceivedFile]:
    found = [path for name in CORPORA for path in sorted((third_party / name).rglob("*")) if path.is_file()]
    assert len(found) > 200
    return [
        ReceivedFile(
            str(path), hashlib.sha256(path.read_bytes()).hexdigest(), path.name, path, _MOMENT, "", ""
        )
        for path in found
    ]


@pytest.fixture(scope="module")
def read(files: list[ReceivedFile]) -> Read:
    unique = {file.sha256: file for file in files}
    return read_files(
        [FileToRead(file.sha256, file.file_name, file.path) for file in unique.values()], LIMITS
    )


def _catalogue(folder: Path, layout_maps: str) -> Catalogue:
    write_small_catalogue(folder)
    (folder / "layout_maps.csv").write_text(layout_maps, encoding="utf-8")
    return load_catalogue(folder)


def _taken(files: list[ReceivedFile], catalogue: Catalogue) -> Intake:
    return take_in(files, catalogue, OFFICE, LIMITS, ANYTHING)


def _kilobytes(name: str) -> int:
    """Memory of this process: what it holds (VmRSS), or the most that it held (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _blocking(taken: Intake) -> dict[str, int]:
    found = taken.findings.filter(pl.col("severity") == "blocking").group_by("sha256").len()
    return dict(found.iter_rows())


def test_every_cell_of_every_file_is_accounted_for_and_every_other_file_has_one_reason(
    files: list[ReceivedFile], read: Read, tmp_path: Path
) -> None:
    """A map that speaks of every sheet of every file and takes none of them: each cell must come out as skipped."""
    catalogue = _catalogue(tmp_path, "layout_code,file_pattern,sheet,skip\nANY,*,*,true\n")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is counted from here on
    before = _kilobytes("VmRSS")
    taken = _taken(files, catalogue)
    assert _kilobytes("VmHWM") - before < 500_000

    counts = {
        sha256: tuple(numbers)
        for sha256, *numbers in taken.cells.group_by("sha256")
        .agg(pl.len(), pl.col("disposition").is_in(["accepted", "quarantined", "ignored"]).sum())
        .iter_rows()
    }
    inside = dict(read.raw.group_by("sha256").len().iter_rows())
    assert {sha256: total for sha256, (total, _) in counts.items()} == inside
    assert all(total == accounted for total, accounted in counts.values())
    paper = {sha256 for sha256, seen in read.inspections.items() if seen.kind == "paper"}
    blocked = _blocking(taken)
    assert set(blocked) | set(inside) | paper == {file.sha256 for file in files}
    assert not set(blocked) & set(inside)
    assert set(blocked.values()) == {1}
    assert len(inside) > 150


def test_of_a_file_that_nobody_knows_nothing_is_taken_for_one_reason(
    files: list[ReceivedFile], tmp_path: Path
) -> None:
    catalogue = load_catalogue(write_small_catalogue(tmp_path))
    taken = _taken([file for file in files if "calamine" not in str(file.path)], catalogue)

    # a list of indicators by name looks like another office's report: its lines are kept, and none is taken
    assert taken.cells.filter(pl.col("disposition") != "ignored").is_empty()
    assert set(_blocking(taken).values()) == {1}
    assert taken.findings["message_vi"].str.contains("{", literal=True).sum() == 0


def test_no_text_of_other_languages_is_taken_for_an_old_font(read: Read) -> None:
    from dagster_project.intake.legacy_text import decode_texts

    assert decode_texts(read.raw).is_empty()


def _sparse_xlsx(file: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    book.active["XFD1048576"] = 1
    book.save(file)


def _sparse_ods(file: Path) -> None:
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float"/>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", f"<table:table>{row}</table:table>")


@pytest.mark.parametrize(("name", "write"), [("a.xlsx", _sparse_xlsx), ("a.ods", _sparse_ods)])
def test_a_small_file_over_the_whole_grid_is_refused_unopened(
    tmp_path: Path, name: str, write: object
) -> None:
    write(tmp_path / name)
    _refused_unopened(tmp_path / name)


def test_the_seventeen_thousand_million_cells_of_an_ods_are_refused_unopened(third_party: Path) -> None:
    _refused_unopened(third_party / "calamine" / "tests" / "issue_594_dos.ods")


def _refused_unopened(file: Path) -> None:
    assert inspect(file, LIMITS).refusal == "FILE_SHEET_TOO_LARGE"
    done = read_files([FileToRead("f", file.name, file)], LIMITS)
    assert done.raw.is_empty()
    assert done.inspections["f"].refusal == "FILE_SHEET_TOO_LARGE"
