"""What the annex workbook lets a reader follow, and that texts in it stay texts."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest

from dagster_project.reports.export import ExportedFile
from tests.reports.tiny_release import HOSTILE


@pytest.fixture(scope="module")
def book(exported: dict[str, ExportedFile]) -> Any:
    return openpyxl.load_workbook(exported["annex"].path)


def _rows(book: Any, sheet: str) -> list[dict[str, Any]]:
    page = book[sheet]
    heads = [cell.value for cell in page[5]]
    return [
        dict(zip(heads, row, strict=True))
        for row in page.iter_rows(min_row=6, values_only=True)
        if row[0] is not None or row[1] is not None
    ]


def test_figures_are_numbers_and_words_are_words(book: Any) -> None:
    page = book["Tổng hợp"]
    by_code = {row[0].value: row for row in page.iter_rows(min_row=6)}
    assert [cell.value for cell in by_code["A.1"][3:5]] == [1000.5, 1234]
    assert by_code["A.1"][4].number_format == "#,##0"
    assert by_code["B.1"][4].value == "chờ đơn vị chỉnh sửa"


def test_a_figure_leads_to_file_sheet_cell_and_the_text_typed_there(book: Any) -> None:
    row = next(row for row in _rows(book, "Số liệu thu thập") if row["Mã số liệu"] == "A.1.GT")
    assert (row["Giá trị"], row["Nội dung đơn vị ghi"]) == (1234, "1.234")
    assert (row["Tệp"], row["Trang"], row["Ô"]) == ("bieu-vp.xlsx", "Biểu", "E15")


def test_both_bases_stand_beside_each_other(book: Any) -> None:
    rows = [
        row
        for row in _rows(book, "Chi tiết chỉ tiêu")
        if row["Mã số"] == "A.1" and row["Kỳ số liệu"] == "2024"
    ]
    assert {row["Phạm vi"]: (row["Địa bàn"], row["Giá trị"]) for row in rows} == {
        "Địa giới hiện nay": ("Xã Bình Lư", 1000.5),
        "Theo báo cáo": ("Thị trấn Tam Đường", 777),
    }


def test_codes_keep_their_zeros(book: Any) -> None:
    assert {row["Mã địa bàn"] for row in _rows(book, "Chi tiết chỉ tiêu")} == {"03390"}


def test_no_cell_is_a_formula_or_a_link(book: Any) -> None:
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert HOSTILE in {cell.value for cell in cells}


def test_every_sheet_prints_on_a4_with_its_headings_and_marks(book: Any) -> None:
    for page in book:
        assert page.page_setup.paperSize == 9
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert page.page_setup.fitToWidth in (None, 1)
        assert page.freeze_panes
        assert page.print_title_rows == "$5:$5"
        assert "SỐ LIỆU MINH HỌA" in page["A3"].value
        assert "SỐ LIỆU MINH HỌA" in page.oddHeader.right.text


def test_units_and_findings_are_listed(book: Any) -> None:
    assert {row["Đơn vị báo cáo"]: row["Tình trạng"] for row in _rows(book, "Tình hình nộp")} == {
        "Văn phòng HĐND và UBND": "Đúng hạn",
        "Phòng Kinh tế": "Sau hạn",
        "Trạm Y tế": "Chưa gửi",
    }
    assert [row["Mức độ"] for row in _rows(book, "Phát hiện")] == ["Cần sửa", "Cần sửa", "Cần giải trình"]


def test_unconfirmed_names_are_marked_in_every_sheet(book: Any) -> None:
    names = [row["Tiêu chí / chỉ tiêu"] for row in _rows(book, "Tổng hợp") if row["Mã số"] == "A.2"]
    names += [row["Tiêu chí / chỉ tiêu"] for row in _rows(book, "Chi tiết chỉ tiêu") if row["Mã số"] == "A.2"]
    names += [
        row["Số liệu thu thập"] for row in _rows(book, "Số liệu thu thập") if row["Mã số liệu"] == "A.2.TS"
    ]
    names += [row["Số liệu thu thập"] for row in _rows(book, "Phát hiện") if row["Mã số liệu"] == "A.2.MS"]
    assert len(names) == 6
    assert all(name.endswith("(chưa xác nhận)") for name in names)


def test_answers_decisions_entries_and_exemptions_have_their_columns(
    decided: dict[str, ExportedFile],
) -> None:
    book = openpyxl.load_workbook(decided["annex"].path)
    found = {row["Quy tắc"]: row for row in _rows(book, "Phát hiện")}
    assert found["JUMP"]["Giải trình của đơn vị"] == "Mở thêm dịch vụ mới."
    settled = found["NUMBER_AMBIGUOUS"]
    assert settled["Mức độ"] == "Đã xử lý"
    assert settled["Quyết định của cán bộ"] == "Đã đối chiếu hợp đồng. (Nguyễn Văn A, 11/04/2026)"
    values = {row["Mã số liệu"]: row for row in _rows(book, "Số liệu thu thập")}
    assert values["A.2.MS"]["Xác nhận"] == "Chờ đơn vị xác nhận"
    assert values["A.2.TS"]["Cách ghi nhận"] == "Nhập thay"
    units = {row["Mã đơn vị"]: row for row in _rows(book, "Tình hình nộp")}
    assert units["yt"]["Lý do, ghi chú"] == "Miễn: trạm đang sửa chữa."
