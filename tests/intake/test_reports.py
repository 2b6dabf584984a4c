"""What an officer relies on when a report that is no form of ours comes in: each figure by its own heading, once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import docx
import polars as pl
import pytest
import xlsxwriter

from dagster_project.catalogue.load import load_catalogue
from dagster_project.catalogue.rounds import Wanted
from dagster_project.intake.take_in import Intake, ReceivedFile, take_in
from dagster_project.limits import ReadLimits
from dagster_project.settings import Office
from tests.province_catalogue import ROUND, write_catalogue

Rows = Sequence[Sequence[object]]
COMMUNE = "bao-cao_X03424.docx"
PROVINCES = {"T12": ("UBND tỉnh Lai Châu", "12"), "T15": ("UBND tỉnh Lào Cai", "15")}
NUMBERED = {area: (name, area) for name, area in PROVINCES.values()}
OFFICES = {"BL-KT": ("Phòng Kinh tế", "03390"), "BL-VP": ("Văn phòng", "03390")}


def _document(*tables: Rows) -> bytes:
    document, buffer = docx.Document(), io.BytesIO()
    for rows in tables:
        table = document.add_table(rows=0, cols=len(rows[0]))
        for texts in rows:
            for cell, text in zip(table.add_row().cells, texts, strict=True):
                cell.text = str(text)
        document.add_paragraph()
    document.save(buffer)
    return buffer.getvalue()


def _book(rows: Rows) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet()
        for number, texts in enumerate(rows):
            page.write_row(number, 0, texts)
    return buffer.getvalue()


def _take(
    folder: Path,
    name: str,
    content: bytes,
    level: str = "province",
    units: Mapping[str, tuple[str, str]] | None = None,
) -> Intake:
    """``content`` as a file of that name, taken in by the province's office, or by one with other ``units``."""
    tables = write_catalogue(folder / "catalogue")
    if units:
        _write_units(tables, level, units)
    path = folder / "file"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    file = ReceivedFile("r", digest, name, path, datetime(2026, 4, 1, 8, tzinfo=UTC), "", "")
    office = Office(level=level, area_code="12", criteria_set_code="T")
    taken = take_in([file], load_catalogue(tables), office, ReadLimits(), Wanted(2025))
    assert taken.cells.select(pl.struct("sheet", "cell").is_unique().all()).item()
    return taken


def _write_units(tables: Path, level: str, units: Mapping[str, tuple[str, str]]) -> None:
    lines = [f"{code},{name},{level},{area},commune" for code, (name, area) in units.items()]
    head = "reporting_unit_code,name_vi,level,area_code,unit_type"
    (tables / "reporting_units.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    with (tables / "areas.csv").open("a", encoding="utf-8") as areas:
        areas.write("15,Tỉnh Lào Cai,province,\n")
    for name in ("forms", "rounds"):
        text = (tables / f"{name}.csv").read_text(encoding="utf-8")
        (tables / f"{name}.csv").write_text(text.replace(",province,", f",{level},"), encoding="utf-8")


def _accepted(taken: Intake) -> dict[tuple[str, str], tuple[object, object]]:
    """Value and state of each figure that is taken, by cell and element; no figure may be there twice."""
    found = taken.cells.filter(pl.col("role") == "value", pl.col("disposition") == "accepted")
    assert found.select(pl.struct("data_element_code", "category_code").is_unique().all()).item()
    return {
        (cell, element): (value, state)
        for cell, element, value, state in found.select(
            "cell", "data_element_code", "value", "value_state"
        ).iter_rows()
    }


def _told(taken: Intake) -> list[tuple[object, ...]]:
    return taken.findings.select("rule_code", "sheet", "cell", "observed", "expected").rows()


_HEAD = ("Mã", "Chỉ tiêu", "2024", "2025")
_FIRST = ("A.1", "Nhân lực", 5, 6)
_GAP = ("", "", "", "")


@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        (
            [_HEAD, _FIRST, _GAP, ("Mã", "Chỉ tiêu", "2025", "Mục tiêu 2030"), ("B.1", "Đơn", 3, 50)],
            {("D2", "A.1.GT"): (6, "value"), ("C5", "B.1.GT"): (3, "value")},
        ),
        (
            [
                ("Mã", "Chỉ tiêu", "Kế hoạch", "Kết quả"),
                _FIRST,
                _GAP,
                ("Mã", "Chỉ tiêu", "Kết quả", "Kế hoạch"),
                ("B.1", "Đơn", 3, 50),
            ],
            {("D2", "A.1.GT"): (6, "value"), ("C5", "B.1.GT"): (3, "value")},
        ),
        (
            [
                _HEAD,
                _FIRST,
                _GAP,
                ("Mã", "Chỉ tiêu", "Mục tiêu 2026", "Mục tiêu 2030"),
                ("B.1", "Đơn", 3, 50),
            ],
            {("D2", "A.1.GT"): (6, "value")},
        ),
        (
            [_HEAD, _FIRST, _HEAD, ("B.1", "Đơn", 3, 50)],
            {("D2", "A.1.GT"): (6, "value"), ("D4", "B.1.GT"): (50, "value")},
        ),
        (
            [
                ("Mã", "Chỉ tiêu", "ĐVT", "Kết quả"),
                ("Mã", "Chỉ tiêu", "ĐVT", "Cả năm"),
                ("A.1", "", "người", 6),
            ],
            {("D3", "A.1.GT"): (6, "value")},
        ),
    ],
    ids=["years", "plan and result", "targets alone", "a page break", "a head of two rows"],
)
def test_a_line_is_read_by_the_last_head_above_it(
    tmp_path: Path, rows: Rows, taken: Mapping[tuple[str, str], tuple[object, object]]
) -> None:
    done = _take(tmp_path, "X03424.xlsx", _book(rows))
    assert _accepted(done) == taken
    assert _told(done) == []
    assert done.cells.height == sum(text != "" for row in rows for text in row)


_PARTS = ("Mã", "Chỉ tiêu", "Tử số", "Mẫu số", "Kết quả", "Trạng thái")


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        (("A.1", "Nhân lực", "", "", "12", ""), {("E2", "A.1.GT"): (12, "value")}),
        (("A.1", "Nhân lực", "", "", "0", "Không phát sinh"), {("E2", "A.1.GT"): (0, "zero")}),
        (("A.1", "Nhân lực", "", "", "", "Không phát sinh"), {("C2", "A.1.GT"): (None, "zero")}),
        (("A.1", "Nhân lực", "", "", "", ""), {("C2", "A.1.GT"): (None, "missing")}),
        (
            ("A.2", "Tỷ lệ", "3", "4", "75", ""),
            {("C2", "A.2.TS"): (3, "value"), ("D2", "A.2.MS"): (4, "value"), ("E2", "A.2.TL"): (75, "value")},
        ),
        (("A.1", "Nhân lực", "1200", "", "1.200", ""), {("C2", "A.1.GT"): (1200, "value")}),
        (("A.1", "Nhân lực", "1000", "", "1.000", ""), {("C2", "A.1.GT"): (1000, "value")}),
        (("A.1", "Nhân lực", "12", "", "12,0", ""), {("C2", "A.1.GT"): (12, "value")}),
        (("A.1", "Nhân lực", "12", "", "-", ""), {("C2", "A.1.GT"): (12, "value")}),
        # a rate of nothing out of nothing is not available, its parts are
        (
            ("A.2", "Tỷ lệ", "0", "0", "", "Chưa có số liệu"),
            {("C2", "A.2.TS"): (0, "zero"), ("D2", "A.2.MS"): (0, "zero")},
        ),
        (
            ("A.2", "Tỷ lệ", "0", "0", "#DIV/0!", ""),
            {("C2", "A.2.TS"): (0, "zero"), ("D2", "A.2.MS"): (0, "zero")},
        ),
        (
            ("A.2", "Tỷ lệ", "0", "4", "", "Không phát sinh"),
            {("C2", "A.2.TS"): (0, "zero"), ("D2", "A.2.MS"): (4, "value")},
        ),
        (
            ("A.2", "Tỷ lệ", "", "4", "", "Chưa có số liệu"),
            {("C2", "A.2.TS"): (None, "not_available"), ("D2", "A.2.MS"): (4, "value")},
        ),
    ],
)
def test_a_figure_beside_a_blank_place_for_the_same_is_taken(
    tmp_path: Path, line: Sequence[str], taken: Mapping[tuple[str, str], tuple[object, object]]
) -> None:
    done = _take(tmp_path, COMMUNE, _document([_PARTS, line]))
    assert _accepted(done) == taken
    assert _told(done) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            ("A.1", "Nhân lực", "12", "", "13", ""),
            [("REPORT_FIGURE_TWICE", "C2", "12"), ("REPORT_FIGURE_TWICE", "E2", "13")],
        ),
        (
            ("A.1", "Nhân lực", "", "", "12", "Không áp dụng"),
            [("STATE_CONTRADICTS", "E2", "12 | Không áp dụng")],
        ),
        (
            ("A.1", "Nhân lực", "", "", "12", "Không phát sinh"),
            [("STATE_CONTRADICTS", "E2", "12 | Không phát sinh")],
        ),
        (
            ("A.1", "Nhân lực", "", "", "12", "Chưa có số liệu"),
            [("STATE_CONTRADICTS", "E2", "12 | Chưa có số liệu")],
        ),
    ],
)
def test_what_a_line_says_against_itself_is_asked_about_and_not_taken(
    tmp_path: Path, line: Sequence[str], told: Sequence[tuple[str, str, str]]
) -> None:
    done = _take(tmp_path, COMMUNE, _document([_PARTS, line]))
    assert [(rule, cell, observed) for rule, _, cell, observed, _ in _told(done)] == told
    assert not any(value is not None for value, _ in _accepted(done).values())


def test_a_figure_that_two_tables_give_alike_counts_where_it_stands_first(tmp_path: Path) -> None:
    head = ("Mã", "Chỉ tiêu", "2025")
    first = [head, ("A.1", "Nhân lực", ""), ("B.1", "Đơn", "7")]
    second = [head, ("A.1", "Nhân lực", "12"), ("B.1", "Đơn", "7"), ("A.1", "Nhân lực", "12")]
    done = _take(tmp_path, COMMUNE, _document(first, second))
    assert _accepted(done) == {("C3", "B.1.GT"): (7, "value"), ("C2", "A.1.GT"): (12, "value")}
    assert _told(done) == [
        ("LAYOUT_ROW_REPEATED", "Bảng 2", "C3", "7", "Bảng 1!C3"),
        ("LAYOUT_ROW_REPEATED", "Bảng 2", "C4", "12", "C2"),
    ]
    again = done.cells.filter(pl.col("reason") == "repeated_row")
    assert again.select("sheet", "cell", "disposition").rows() == [
        ("Bảng 2", "C3", "ignored"),
        ("Bảng 2", "C4", "ignored"),
    ]


@pytest.mark.parametrize("other", [("13", ""), ("", "Không phát sinh"), ("", "Không áp dụng")])
def test_of_a_figure_that_two_tables_give_otherwise_neither_is_taken(
    tmp_path: Path, other: tuple[str, str]
) -> None:
    head = ("Mã", "Chỉ tiêu", "2025", "Trạng thái")
    tables = [[head, ("A.1", "Nhân lực", *said)] for said in (("12", ""), other)]
    done = _take(tmp_path, COMMUNE, _document(*tables))
    assert _accepted(done) == {}
    assert [(rule, sheet, cell) for rule, sheet, cell, *_ in _told(done)] == [
        ("REPORT_FIGURE_TWICE", "Bảng 1", "C2"),
        ("REPORT_FIGURE_TWICE", "Bảng 2", "C2"),
    ]


def _report(folder: Path, level: str, name: str, letterhead: str) -> Intake:
    tables: list[Rows] = [[("Mã", "Chỉ tiêu", "2025"), ("A.1", "Nhân lực", "12")]]
    if letterhead:
        tables.insert(0, [(letterhead, "CỘNG HÒA")])
    units = {"province": None, "commune": OFFICES, "numbered": NUMBERED, "national": PROVINCES}[level]
    return _take(folder, name, _document(*tables), "national" if level == "numbered" else level, units)


@pytest.mark.parametrize(
    ("level", "name", "letterhead", "unit"),
    [
        ("national", "bao-cao_T15_12_2025.docx", "UBND tỉnh Lai Châu", "T15"),
        ("national", "bao-cao_15_2025.docx", "UBND tỉnh Lào Cai", "T15"),
        ("national", "bao-cao_12_2025.docx", "", "T12"),
        ("national", "bao-cao_2025.docx", "UBND tỉnh Lào Cai", "T15"),
        ("province", "bao-cao_03424_2025.docx", "TỈNH LAI CHÂU\nỦy ban nhân dân", "X03424"),
        ("commune", "BL-KT_03390_2025.docx", "Xã Bình Lư", "BL-KT"),
        ("commune", "03390_2025.docx", "Phòng Kinh tế", "BL-KT"),
    ],
)
def test_whose_report_it_is_is_told_by_a_units_code_or_by_name_and_text_together(
    tmp_path: Path, level: str, name: str, letterhead: str, unit: str
) -> None:
    done = _report(tmp_path, level, name, letterhead)
    assert done.submissions.select("reporting_unit_code", "round_code").rows() == [(unit, ROUND)]
    assert _told(done) == []
    assert [value for value, _ in _accepted(done).values()] == [12]


@pytest.mark.parametrize(
    ("level", "name", "letterhead", "seen"),
    [
        ("national", "bao-cao_tinh-Lao-Cai_12_2025.docx", "UBND tỉnh Lào Cai", "T12, T15"),
        ("numbered", "bao-cao_tinh-Lao-Cai_12_2025.docx", "UBND tỉnh Lào Cai", "12, 15"),
        ("province", "bao-cao_03424_2025.docx", "UBND xã Bình Lư", "X03390, X03424"),
        ("commune", "03390_2025.docx", "Xã Bình Lư", "BL-KT, BL-VP"),
    ],
)
def test_a_number_in_a_name_against_what_the_file_says_is_asked_about(
    tmp_path: Path, level: str, name: str, letterhead: str, seen: str
) -> None:
    done = _report(tmp_path, level, name, letterhead)
    assert [(rule, observed) for rule, _, _, observed, _ in _told(done)] == [("REPORT_UNIT_UNCLEAR", seen)]
    assert _accepted(done) == {}
