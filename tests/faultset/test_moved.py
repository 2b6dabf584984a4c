"""What an officer relies on when forms were moved about and saved by another program: no figure becomes another one."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from random import Random

import openpyxl
import polars as pl
import pytest

from dagster_project import pipeline
from dagster_project.catalogue.load import load_catalogue
from tests.faultset.blank import issue_blanks
from tests.faultset.file_kinds import hide_rows, insert_rows, sort_rows
from tests.faultset.places import write_catalogue
from tests.faultset.run import open_desk
from tests.faultset.season import Spot, make_spots
from tests.sample.workbook import Form

SEED = 31
YEAR = 2026
AREAS = 2
#: Columns that people swap; the codes go along.
SWAPS = (("KT", "GT"), ("DVT", "GT"), ("TT", "GC"), ("NSL", "LSL"), ("TEN", "GC"), ("MA", "STT"))

Figures = Mapping[tuple[str, str, str], float | None]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    write_catalogue(folder, AREAS)
    return folder


@pytest.fixture(scope="module")
def spots(catalogue: Path) -> list[Spot]:
    return make_spots(load_catalogue(catalogue), (YEAR,), SEED)


@pytest.fixture(scope="module")
def moved(catalogue: Path, spots: list[Spot], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One workbook of every unit, each moved about in its own way."""
    folder, rng = tmp_path_factory.mktemp("moved"), Random(SEED)  # noqa: S311
    blanks = issue_blanks(load_catalogue(catalogue), f"2244-X-{YEAR}")
    for form in _forms(spots):
        blank = blanks[form[0].kind]
        cells: dict[str, float | str] = {
            blank.cell(spot.code, "GT"): spot.value for spot in form if spot.value is not None
        }
        opened = Form(io.BytesIO(blank.fill(form[0].area, cells)))  # type: ignore[arg-type]
        _move(opened, rng)
        opened.book.save(folder / f"{form[0].unit_code}.xlsx")
    return folder


def _forms(spots: Sequence[Spot]) -> Iterator[list[Spot]]:
    for _, form in groupby(spots, key=lambda spot: spot.unit_code):
        yield list(form)


def _move(form: Form, rng: Random) -> None:
    """One to four changes; columns last, for a form is filled in and changed by where it has its codes."""
    for change in rng.sample((insert_rows, sort_rows, hide_rows), rng.randint(0, 3)):
        change(form, rng)
    if rng.random() < 0.7:
        form.swap_columns(*rng.choice(SWAPS))
    if rng.random() < 0.5:
        _into_new_workbook(form, rng)


def _into_new_workbook(form: Form, rng: Random) -> None:
    """Paste the values of the sheet anywhere into a new workbook: no merges, no formats, no hidden sheet."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    down, right = rng.randint(0, 6), rng.randint(0, 4)
    for row in form.page.iter_rows():
        for cell in row:
            if cell.value is not None:
                page.cell(cell.row + down, (cell.column or 1) + right).value = cell.value
    form.book = book


def _truth(spots: Sequence[Spot]) -> Figures:
    return {(spot.unit_code, spot.element, spot.category): spot.value for spot in spots}


def _read(catalogue: Path, data: Path, inbox: Path) -> tuple[Figures, pl.DataFrame]:
    """Accepted figures, and what was told that needs a person."""
    desk = open_desk(data, catalogue)
    loaded = pipeline.load_checked_catalogue(desk)
    pipeline.receive(desk, [inbox])
    pipeline.start_build(desk)
    pipeline.read_cells(desk, loaded)
    pipeline.admit(desk, loaded)
    values = pl.read_parquet(desk.folder.build_inputs / "cells").filter(
        (pl.col("role") == "value") & (pl.col("disposition") == "accepted") & pl.col("value").is_not_null()
    )
    key = ("reporting_unit_code", "data_element_code", "category_code")
    findings = pl.read_parquet(desk.folder.build_inputs / "findings.parquet")
    return (
        {row[:3]: row[3] for row in values.select(*key, "value").iter_rows()},
        findings.filter((pl.col("status") == "fail") & (pl.col("severity") != "info")),
    )


def test_moved_sorted_and_copied_forms_give_every_figure_as_it_was(
    catalogue: Path, moved: Path, spots: list[Spot], tmp_path: Path
) -> None:
    got, told = _read(catalogue, tmp_path / "data", moved)
    assert told.select("rule_code", "file_name", "cell").rows() == []
    assert got == _truth(spots)


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_saved_by_libreoffice_every_figure_is_right_or_told(
    kind: str, catalogue: Path, moved: Path, spots: list[Spot], tmp_path: Path
) -> None:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice not found: forms that it saves were not tested")
    inbox = tmp_path / "inbox"
    subprocess.run(
        [
            program,
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(inbox),
            *map(str, sorted(moved.iterdir())),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    got, told = _read(catalogue, tmp_path / "data", inbox)
    truth = _truth(spots)
    silent = set(told["reporting_unit_code"])
    assert {key: value for key, value in got.items() if value != truth[key]} == {}
    assert {key for key in truth.keys() - got.keys() if key[0] not in silent} == set()
    assert len(got) >= 0.9 * len(truth), told.select("rule_code", "file_name", "cell", "observed").rows()
