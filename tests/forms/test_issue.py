"""What a reporting unit relies on when it opens the form that was issued to it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.errors import KhoError
from dagster_project.forms import issue
from dagster_project.forms.issue import issue_forms
from tests.forms.small_catalogue import write_small_catalogue

ROUND = "T1-X-2025"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load_catalogue(write_small_catalogue(tmp_path_factory.mktemp("catalogue")))


@pytest.fixture(scope="module")
def issued(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workbook]:
    prior = pl.DataFrame(
        {
            "reporting_unit_code": ["M-HCC", "M-HCC", "M-VP", "M-VP"],
            "data_element_code": ["A.2.TS", "A.2.MS", "A.1.GT", "B.1.GT"],
            "category_code": ["_T", "_T", "NU", "_T"],
            "value": [120.0, None, 7.0, 1.0],
            "value_state": ["value", "not_available", "value", "value"],
            "unit": ["ho_so", "ho_so", "nguoi", None],
        }
    )
    folder = tmp_path_factory.mktemp("forms")
    files = issue_forms(catalogue, ROUND, folder, prior=prior, is_sample=False)
    return {file.name.split("_")[1]: openpyxl.load_workbook(file) for file in files}


def _table(page: Worksheet) -> list[dict[str, object]]:
    """Rows below the column codes, by column code."""
    rows = list(page.iter_rows())
    at = next(number for number, row in enumerate(rows) if row[0].value == "STT" and row[2].value == "MA")
    codes = [cell.value for cell in rows[at]]
    return [dict(zip(codes, row, strict=True)) for row in rows[at + 1 :]]


def _by_code(page: Worksheet) -> dict[str, dict[str, object]]:
    return {row["MA"].value: row for row in _table(page) if row["MA"].value}


def test_each_unit_gets_one_workbook_with_what_it_is_assigned(issued: dict[str, Workbook]) -> None:
    assert {unit: list(_by_code(book["Biểu"])) for unit, book in issued.items()} == {
        "M-HCC": ["A.2.TS", "A.2.MS", "A.2.TL"],
        "M-VP": ["A.1.GT", "A.1.GT:NAM", "A.1.GT:NU", "B.1.GT"],
    }


def test_units_of_a_period_are_those_that_existed_at_its_end(catalogue: Catalogue, tmp_path: Path) -> None:
    files = issue_forms(catalogue, "T1-X-2024", tmp_path, is_sample=False)
    assert [file.name for file in files] == ["F1_CU-VP_T1-X-2024.xlsx"]
    texts = [cell.value for row in openpyxl.load_workbook(files[0])["Biểu"].iter_rows() for cell in row]
    assert "Địa bàn: Thị trấn Cũ" in texts


def test_the_code_stands_in_every_row_and_column(issued: dict[str, Workbook]) -> None:
    row = _table(issued["M-VP"]["Biểu"])
    assert list(row[0]) == ["STT", "TEN", "MA", "DVT", "KT", "GT", "TT", "LSL", "NSL", "GC"]
    printed = [(line["TEN"].value, line["MA"].value, line["DVT"].value) for line in row[:7]]
    assert printed == [
        ("Nhóm đầu vào", None, None),
        ("Nhân lực", None, None),
        ("Số người", "A.1.GT", "người"),
        ("Nam", "A.1.GT:NAM", "người"),
        ("Nữ", "A.1.GT:NU", "người"),
        ("Nhóm kết quả", None, None),
        ("Có kế hoạch", None, None),
    ]


def test_a_name_that_nobody_confirmed_says_so(issued: dict[str, Workbook]) -> None:
    names = [line["TEN"].value for line in _table(issued["M-HCC"]["Biểu"])]
    assert "Tỷ lệ hồ sơ trực tuyến (chưa xác nhận)" in names
    assert "Nhóm đầu vào" in names


def test_who_what_and_when_are_printed_beside_their_labels(issued: dict[str, Workbook]) -> None:
    page = issued["M-HCC"]["Biểu"]
    beside = {
        cell.value: page.cell(cell.row, cell.column + 1).value
        for row in page.iter_rows(max_row=12)
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith(("Mã", "Phiên bản"))
    }
    assert beside == {
        "Mã biểu:": "F1",
        "Phiên bản:": "1",
        "Mã đợt báo cáo:": ROUND,
        "Mã đơn vị:": "M-HCC",
        "Mã địa bàn:": "00001",
    }
    texts = {cell.value for row in page.iter_rows(max_row=12) for cell in row}
    assert {
        "Ngày nhận báo cáo: trước ngày 10/04/2026",
        "(Năm 2025)",
        "Đơn vị nhận báo cáo: Văn phòng",
    } <= texts


def test_figures_of_the_period_before_are_printed_and_a_state_in_words(issued: dict[str, Workbook]) -> None:
    rows = _by_code(issued["M-HCC"]["Biểu"])
    assert rows["A.2.TS"]["KT"].value == 120
    assert rows["A.2.MS"]["KT"].value == "Chưa có số liệu"
    assert not rows["A.2.TL"]["KT"].value
    rows = _by_code(issued["M-VP"]["Biểu"])
    assert (rows["A.1.GT:NU"]["KT"].value, rows["B.1.GT"]["KT"].value) == (7, "Có")


@pytest.mark.parametrize(
    ("units", "is_break", "figure", "shown"),
    [
        (("triệu đồng", "tỷ đồng"), "", 4250.0, (4.25, "#,##0.00")),
        (("triệu đồng", "tỷ đồng"), "false", 4250.0, (4.25, "#,##0.00")),
        (("triệu đồng", "tỷ đồng"), "true", 4250.0, ("", "General")),
        (("tỷ đồng", "triệu đồng"), "", 2.3, (2300, "#,##0")),
        (("triệu đồng", "nguoi"), "", 4250.0, ("", "General")),
        (("triệu đồng", "triệu đồng"), "", 4250.0, (4250, "#,##0")),
    ],
)
def test_a_figure_of_the_period_before_is_shown_in_the_unit_beside_it_or_not_at_all(
    tmp_path: Path, units: tuple[str, str], is_break: str, figure: float, shown: tuple[object, str]
) -> None:
    given, asked = units
    folder = write_small_catalogue(tmp_path / "catalogue")
    with (folder / "units_of_measure.csv").open("a", encoding="utf-8") as measures:
        measures.write("triệu đồng,triệu đồng,money,1000000\ntỷ đồng,tỷ đồng,money,1000000000\n")
    columns = "data_element_code,criteria_set_code,indicator_code,name_vi,unit,value_type,is_break,valid_from,valid_to"
    (folder / "data_elements.csv").write_text(
        f"{columns}\nA.1.GT,T1,A.1,Kinh phí,{given},money,,,2024-12-31\n"
        f"A.1.GT,T1,A.1,Kinh phí,{asked},money,{is_break},2025-01-01,\n",
        encoding="utf-8",
    )
    prior = pl.DataFrame(
        {
            "reporting_unit_code": ["M-VP"],
            "data_element_code": ["A.1.GT"],
            "category_code": ["_T"],
            "value": [figure],
            "value_state": ["value"],
            "unit": [given],
        }
    )
    file, *_ = issue_forms(
        load_catalogue(folder), ROUND, tmp_path, units=["M-VP"], prior=prior, is_sample=False
    )
    cell = _by_code(openpyxl.load_workbook(file)["Biểu"])["A.1.GT"]["KT"]
    assert (cell.value, cell.number_format) == shown


def test_only_the_cells_to_fill_in_are_open(issued: dict[str, Workbook]) -> None:
    page = issued["M-VP"]["Biểu"]
    assert page.protection.sheet
    rows = _by_code(page)
    filled = {row[code].coordinate for row in rows.values() for code in ("GT", "TT", "LSL", "NSL", "GC")}
    open_cells = {cell.coordinate for row in page.iter_rows() for cell in row if not cell.protection.locked}
    assert open_cells == filled


def test_states_and_statuses_are_offered_and_a_figure_is_checked_but_never_stopped(
    issued: dict[str, Workbook],
) -> None:
    page = issued["M-HCC"]["Biểu"]
    rows = _by_code(page)

    def rule(code: str, column: str) -> object:
        cell = rows[code][column].coordinate
        return next(item for item in page.data_validations.dataValidation if cell in item.sqref)

    assert rule("A.2.TS", "TT").formula1 == '"Không phát sinh,Không áp dụng,Chưa có số liệu"'
    assert rule("A.2.TS", "LSL").formula1 == '"Ước tính,Chính thức"'
    figure = rule("A.2.TL", "GT")
    assert (figure.type, float(figure.formula1), float(figure.formula2)) == ("decimal", 0, 100)
    assert {item.errorStyle for item in page.data_validations.dataValidation} == {"warning"}


def test_figures_show_in_their_own_number_format(issued: dict[str, Workbook]) -> None:
    rows = _by_code(issued["M-HCC"]["Biểu"])
    assert rows["A.2.TS"]["GT"].number_format == "#,##0"
    assert rows["A.2.TL"]["GT"].number_format == "#,##0.0"
    assert rows["A.2.TS"]["MA"].number_format == "@"


def test_the_hidden_sheet_knows_where_every_cell_to_fill_in_stands(issued: dict[str, Workbook]) -> None:
    book = issued["M-VP"]
    hidden = book["_kho"]
    assert hidden.sheet_state == "hidden"
    lines = [tuple(cell.value for cell in row) for row in hidden.iter_rows()]
    told = {line[0]: line[1] for line in lines[:6]}
    assert told == {
        "form_code": "F1",
        "form_version": "1",
        "round_code": ROUND,
        "reporting_unit_code": "M-VP",
        "area_code": "00001",
        "is_sample": "0",
    }
    header = lines.index(("data_element_code", "category_code", "column_code", "cell"))
    remembered = set(lines[header + 1 :])
    assert remembered == {
        (*(code.split(":") if ":" in code else (code, "_T")), column, row[column].coordinate)
        for code, row in _by_code(book["Biểu"]).items()
        for column in ("GT", "TT", "LSL", "NSL", "GC")
    }


def test_it_prints_on_a4_with_the_head_on_every_page_and_room_to_sign(issued: dict[str, Workbook]) -> None:
    page = issued["M-VP"]["Biểu"]
    assert (page.page_setup.paperSize, page.page_setup.orientation) == (9, "landscape")
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.page_setup.fitToHeight == 0  # as many pages as it takes, one page wide
    assert page.print_title_rows == "$13:$14"
    texts = [cell.value for row in page.iter_rows() for cell in row if cell.value]
    assert {"Người lập biểu", "Thủ trưởng đơn vị", "(Ký, đóng dấu, ghi rõ họ tên)"} <= set(texts)


def test_sample_forms_say_so_on_paper_and_in_the_file(catalogue: Catalogue, tmp_path: Path) -> None:
    file, *_ = issue_forms(catalogue, ROUND, tmp_path, units=["M-VP"], is_sample=True)
    book = openpyxl.load_workbook(file)
    assert "SỐ LIỆU MINH HỌA" in {cell.value for row in book["Biểu"].iter_rows() for cell in row}
    assert ("is_sample", "1") in {(row[0].value, row[1].value) for row in book["_kho"].iter_rows()}


def test_equal_input_gives_equal_bytes_in_two_processes_too(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue, "_FORMS_A_PROCESS", 1)
    once = issue_forms(catalogue, ROUND, tmp_path / "a", is_sample=False)
    again = issue_forms(catalogue, ROUND, tmp_path / "b", is_sample=False, processes=2)
    assert [file.name for file in once] == [file.name for file in again]
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]


@pytest.mark.parametrize(
    ("round_code", "units", "code"),
    [
        ("T1-X-1999", None, "forms.unknown_round"),
        (ROUND, ["CU-VP"], "forms.unknown_units"),
        (ROUND, ["M-VP", "nobody"], "forms.unknown_units"),
    ],
)
def test_nothing_is_issued_where_the_round_or_a_unit_is_not_known(
    catalogue: Catalogue, tmp_path: Path, round_code: str, units: list[str] | None, code: str
) -> None:
    with pytest.raises(KhoError) as raised:
        issue_forms(catalogue, round_code, tmp_path, units=units, is_sample=False)
    assert raised.value.code == code
    assert list(tmp_path.iterdir()) == []
