"""What an officer relies on when a batch arrives: every cell is accounted for, and one bad file stops no other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import docx
import openpyxl
import polars as pl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import Wanted
from dagster_project.forms.issue import issue_forms
from dagster_project.frames import CELLS, FINDINGS, SUBMISSIONS
from dagster_project.intake.take_in import Intake, ReceivedFile, take_in
from dagster_project.limits import ReadLimits
from dagster_project.paths import Project
from dagster_project.quality.gate import admit
from dagster_project.settings import Office
from tests.forms.small_catalogue import write_small_catalogue

ROUND = "T1-X-2025"
OFFICE = Office(level="commune", area_code="00001", criteria_set_code="T1")
Fill = dict[str, object]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load_catalogue(write_small_catalogue(tmp_path_factory.mktemp("catalogue")))


@pytest.fixture(scope="module")
def issued(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forms")
    issue_forms(catalogue, ROUND, folder, is_sample=False)
    return folder


@pytest.fixture
def fill(issued: Path, tmp_path: Path) -> Callable[..., Path]:
    """A form of unit M-HCC with figures (column GT) and states (column TT) filled in by row code."""

    def filled(name: str, figures: Fill, states: Fill | None = None) -> Path:
        book = openpyxl.load_workbook(issued / f"F1_M-HCC_{ROUND}.xlsx")
        page = book["Biểu"]
        for code, value in figures.items():
            _cell(page, code, "GT").value = value
        for code, value in (states or {}).items():
            _cell(page, code, "TT").value = value
        file = tmp_path / name
        book.save(file)
        return file

    return filled


def _cell(page: Worksheet, row_code: str, column_code: str) -> object:
    columns = next(row for row in page.iter_rows() if any(cell.value == "GT" for cell in row))
    column = next(cell.column for cell in columns if cell.value == column_code)
    code = next(cell.column for cell in columns if cell.value == "MA")
    row = next(cell.row for cell in page[columns[code - 1].column_letter] if cell.value == row_code)
    return page.cell(row, column)


def _received(file: Path) -> ReceivedFile:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    moment = datetime(2026, 4, 1, 8, tzinfo=UTC)
    return ReceivedFile(f"r-{file.name}", digest, file.name, file, moment, "", "")


def _take(catalogue: Catalogue, *files: Path) -> Intake:
    taken = take_in([_received(file) for file in files], catalogue, OFFICE, ReadLimits(), Wanted(2025))
    assert taken.cells.schema == CELLS
    assert taken.submissions.schema == SUBMISSIONS
    assert taken.findings.schema == FINDINGS
    assert taken.cells["disposition"].is_in(["accepted", "quarantined", "ignored"]).all()
    return taken


def _values(taken: Intake) -> dict[str, tuple[object, ...]]:
    rows = taken.cells.filter(pl.col("role") == "value").select(
        "data_element_code", "disposition", "value", "value_exact", "value_state"
    )
    return {str(row[0]): row[1:] for row in rows.iter_rows()}


def test_a_filled_form_becomes_values_with_their_cells(
    catalogue: Catalogue, fill: Callable[..., Path]
) -> None:
    taken = _take(catalogue, fill("a.xlsx", {"A.2.TS": 120, "A.2.MS": "1.480", "A.2.TL": "8,1 %"}))

    assert _values(taken) == {
        "A.2.TS": ("accepted", 120.0, "120", "value"),
        "A.2.MS": ("accepted", 1480.0, "1480", "value"),
        "A.2.TL": ("accepted", 8.1, None, "value"),
    }
    assert taken.findings["rule_code"].to_list() == ["NUMBER_THOUSANDS_READ"]
    assert taken.submissions["blocked"].to_list() == [False]


def test_a_formula_that_shows_a_whole_number_gives_one(
    catalogue: Catalogue, fill: Callable[..., Path]
) -> None:
    taken = _take(catalogue, fill("a.xlsx", {"A.2.TS": 4.35 * 100, "A.2.TL": 100.00000000000001}))

    assert _values(taken)["A.2.TS"] == ("accepted", 435.0, "435", "value")
    assert _values(taken)["A.2.TL"] == ("accepted", 100.0, None, "value")
    gate = admit(taken.cells, taken.submissions, catalogue, Project().expectations)
    assert gate.findings.is_empty()


def test_missing_zero_and_not_applicable_stay_three_things(
    catalogue: Catalogue, fill: Callable[..., Path]
) -> None:
    taken = _take(catalogue, fill("a.xlsx", {"A.2.TS": "không phát sinh"}, {"A.2.MS": "Không áp dụng"}))

    assert _values(taken) == {
        "A.2.TS": ("accepted", 0.0, "0", "zero"),
        "A.2.MS": ("accepted", None, None, "not_applicable"),
        "A.2.TL": ("accepted", None, None, "missing"),
    }
    assert taken.findings.is_empty()


def test_a_figure_beside_a_state_that_denies_it_waits_for_the_unit_with_its_whole_row(
    catalogue: Catalogue, fill: Callable[..., Path]
) -> None:
    taken = _take(catalogue, fill("a.xlsx", {"A.2.TS": 5}, {"A.2.TS": "Chưa có số liệu"}))

    assert taken.findings["rule_code"].to_list() == ["STATE_CONTRADICTS"]
    assert taken.findings["observed"].to_list() == ["5 | Chưa có số liệu"]
    held = taken.cells.filter(pl.col("data_element_code") == "A.2.TS")
    assert set(held["disposition"]) == {"quarantined"}
    assert set(held["role"]) == {"value", "state", "status", "source", "note"}


def test_each_doubtful_cell_has_its_own_finding_in_one_go(
    catalogue: Catalogue, fill: Callable[..., Path]
) -> None:
    file = fill("a.xlsx", {"A.2.TS": "khoảng 20", "A.2.MS": date(2026, 2, 1), "A.2.TL": "=1/0"})
    taken = _take(catalogue, file)

    rules = dict(taken.findings.select("data_element_code", "rule_code").iter_rows())
    assert rules == {
        "A.2.TS": "VALUE_APPROXIMATE",
        "A.2.MS": "VALUE_IS_DATE",
        "A.2.TL": "VALUE_NOT_COMPUTED",
    }
    assert taken.findings["cell"].null_count() == 0
    assert taken.findings["message_vi"].str.contains("{", literal=True).sum() == 0


def test_a_bad_file_gets_one_finding_and_no_cells_and_the_good_ones_go_on(
    catalogue: Catalogue, fill: Callable[..., Path], tmp_path: Path
) -> None:
    good = fill("good.xlsx", {"A.2.TS": 1})
    bad = {
        "blank.xlsx": b"",
        "scan.xls": b"%PDF-1.7 ...",
        "cut.xlsx": good.read_bytes()[:3000],
        "other.csv": "Tên,2025\nXã A,5\n".encode(),
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    taken = _take(catalogue, *(tmp_path / name for name in bad), good)

    found = taken.findings.filter(pl.col("stage") == "guard")
    assert dict(found.select("file_name", "rule_code").iter_rows()) == {
        "blank.xlsx": "FILE_EMPTY",
        "scan.xls": "FILE_NOT_WORKBOOK",
        "cut.xlsx": "FILE_DAMAGED",
        "other.csv": "FILE_NOT_RECOGNISED",
    }
    assert set(found["severity"]) == {"blocking"}
    assert set(taken.cells["file_name"]) == {"good.xlsx"}
    assert taken.submissions["file_name"].to_list() == ["good.xlsx"]


def test_nothing_received_gives_empty_frames(catalogue: Catalogue) -> None:
    taken = _take(catalogue)
    assert taken.cells.is_empty()
    assert taken.submissions.is_empty()


def test_the_same_bytes_twice_in_one_batch_are_read_once(
    catalogue: Catalogue, fill: Callable[..., Path]
) -> None:
    file = fill("a.xlsx", {"A.2.TS": 1})
    assert len(_take(catalogue, file, file).cells) == len(_take(catalogue, file).cells)


def test_a_form_copied_into_a_word_table_gives_the_same_values(
    catalogue: Catalogue, fill: Callable[..., Path], tmp_path: Path
) -> None:
    book = fill("a.xlsx", {"A.2.TS": 120, "A.2.MS": 1480, "A.2.TL": "8,1 %"})
    page = openpyxl.load_workbook(book)["Biểu"]
    document = docx.Document()
    table = document.add_table(rows=page.max_row, cols=page.max_column)
    cells = table._cells
    for row in page.iter_rows():
        for cell in row:
            if cell.value is not None:
                cells[(cell.row - 1) * page.max_column + cell.column - 1].text = str(cell.value)
    document.save(str(tmp_path / "a.docx"))
    taken = _take(catalogue, tmp_path / "a.docx")
    assert _values(taken) == _values(_take(catalogue, book))
    assert set(taken.findings["severity"]) == {"info"}
    assert set(taken.cells["sheet"]) == {"Bảng 1"}


def test_words_in_an_old_font_are_understood_and_stay_as_they_were_typed(
    catalogue: Catalogue, fill: Callable[..., Path]
) -> None:
    file = fill("a.xlsx", {"A.2.TS": "Kh«ng ph¸t sinh"}, {"A.2.MS": "Ch­a cã sè liÖu"})
    taken = _take(catalogue, file)
    assert _values(taken)["A.2.TS"] == ("accepted", 0.0, "0", "zero")
    assert _values(taken)["A.2.MS"] == ("accepted", None, None, "not_available")
    typed = taken.cells.filter(pl.col("raw_text").is_in(["Kh«ng ph¸t sinh", "Ch­a cã sè liÖu"]))
    assert len(typed) == 2
    assert taken.findings.select("rule_code", "severity", "observed", "expected").rows() == [
        ("TEXT_LEGACY_DECODED", "info", "2", "TCVN3")
    ]


def test_a_changed_unit_column_converts_or_asks(catalogue: Catalogue, fill: Callable[..., Path]) -> None:
    file = fill("a.xlsx", {"A.2.TS": 5, "A.2.MS": 10})
    book = openpyxl.load_workbook(file)
    _cell(book["Biểu"], "A.2.TS", "DVT").value = "hồ sơ"
    _cell(book["Biểu"], "A.2.MS", "DVT").value = "thùng"
    book.save(file)
    taken = _take(catalogue, file)
    assert _values(taken)["A.2.TS"] == ("accepted", 5.0, "5", "value")
    found = taken.findings.row(0, named=True)
    assert (found["rule_code"], found["data_element_code"]) == ("UNIT_UNKNOWN", "A.2.MS")
    assert (found["observed"], found["expected"]) == ("thùng", "hồ sơ")


def test_a_line_above_the_table_that_denies_the_unit_of_its_rows_is_asked_about(
    catalogue: Catalogue, fill: Callable[..., Path]
) -> None:
    file = fill("a.xlsx", {"A.2.TS": 5, "A.2.MS": "không phát sinh", "A.2.TL": 8})
    book = openpyxl.load_workbook(file)
    book["Biểu"]["J12"] = "Đơn vị tính: nghìn hồ sơ"
    book.save(file)
    units = catalogue.tables["units_of_measure"]
    more = pl.DataFrame(
        [{"unit": "nghìn hồ sơ", "name_vi": "nghìn hồ sơ", "dimension": "files", "factor": 1000.0}],
        schema_overrides={"factor": pl.Float64},
    )
    tables = {**catalogue.tables, "units_of_measure": pl.concat([units, more], how="diagonal_relaxed")}
    taken = _take(replace(catalogue, tables=tables), file)
    assert taken.findings.select("rule_code", "data_element_code", "observed").rows() == [
        ("UNIT_UNKNOWN", "A.2.TS", "hồ sơ / nghìn hồ sơ")
    ]
    assert _values(taken)["A.2.TL"] == ("accepted", 8.0, None, "value")


def test_a_scan_is_the_paper_copy_and_blocks_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "ky.pdf").write_bytes(b"%PDF-1.7 ...")
    taken = _take(catalogue, tmp_path / "ky.pdf")
    assert taken.cells.is_empty()
    assert taken.findings.select("rule_code", "stage", "severity").rows() == [
        ("PAPER_COPY_RECEIVED", "guard", "info")
    ]


def test_a_file_in_windows_1258_is_told(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("Tên;Năm\nHô\u0323i;5\n".encode("cp1258"))
    rules = _take(catalogue, tmp_path / "a.csv").findings["rule_code"]
    assert set(rules) == {"ENCODING_1258_READ", "FILE_NOT_RECOGNISED"}
