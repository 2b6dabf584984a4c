"""What the annex workbook lets a reader follow, and that texts in it stay texts."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dagster_project.reports.annex import write_annex
from dagster_project.reports.export import ExportedFile
from dagster_project.reports.portal_sources import read_sources
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from tests.reports import province_release
from tests.reports.tiny_release import HOSTILE, ROUND, commune, write_release


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
    assert [cell.value for cell in by_code["A.1"][4:6]] == [1000.5, 1234]
    assert by_code["A.1"][5].number_format == "#,##0"
    assert by_code["B.1"][5].value == "chờ đơn vị chỉnh sửa"


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


def test_no_cell_is_a_formula_and_links_lead_to_sheets_of_the_workbook_only(book: Any) -> None:
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    links = {cell.value: cell.hyperlink for cell in cells if cell.hyperlink}
    assert list(links) == book.sheetnames[1:]
    assert all(link.location == f"'{name}'!A1" and not link.target for name, link in links.items())
    assert HOSTILE in {cell.value for cell in cells}


def test_every_sheet_prints_on_a4_with_its_headings_and_marks(book: Any) -> None:
    for page in book:
        assert page.page_setup.paperSize == 9
        assert page.freeze_panes
        if page.title == "Biểu đồ":
            assert page.page_setup.scale
        else:
            assert page.sheet_properties.pageSetUpPr.fitToPage
            assert page.page_setup.fitToWidth in (None, 1)
            head = 6 if page.title == "Bìa" else 5
            assert page.print_title_rows == f"${head}:${head}"
            assert page.print_area.startswith(f"'{page.title}'!$A$1:")
        assert "SỐ LIỆU MINH HỌA" in page["A3"].value
        assert "SỐ LIỆU MINH HỌA" in page.oddHeader.right.text


def test_units_and_findings_are_listed(book: Any) -> None:
    units = _rows(book, "Tình hình nộp")
    assert {row["Hạn nộp"] for row in units} == {"24:00 09/04/2026"}
    assert {row["Đơn vị báo cáo"]: row["Tình trạng"] for row in units} == {
        "Văn phòng HĐND và UBND": "Đúng hạn",
        "Phòng Kinh tế": "Sau hạn",
        "Trạm Y tế": "Chưa gửi",
    }
    assert [row["Mức độ"] for row in _rows(book, "Phát hiện")] == ["Cần sửa", "Cần sửa", "Cần giải trình"]


def test_unconfirmed_names_are_marked_in_every_sheet(book: Any) -> None:
    (name,) = [row["Tiêu chí / chỉ tiêu"] for row in _rows(book, "Tổng hợp") if row["Mã số"] == "A.2"]
    assert "(chưa xác nhận) [" in name
    names = [row["Tiêu chí / chỉ tiêu"] for row in _rows(book, "Chi tiết chỉ tiêu") if row["Mã số"] == "A.2"]
    names += [
        row["Số liệu thu thập"] for row in _rows(book, "Số liệu thu thập") if row["Mã số liệu"] == "A.2.TS"
    ]
    names += [row["Số liệu thu thập"] for row in _rows(book, "Phát hiện") if row["Mã số liệu"] == "A.2.MS"]
    assert len(names) == 5
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
    assert not units["yt"]["Hạn nộp"]


def test_every_sheet_has_one_table_no_merged_cells_and_no_blank_row_above_it(book: Any) -> None:
    for page in book:
        assert not page.merged_cells.ranges, page.title
        tables = list(page.tables.values())
        assert len(tables) == (page.title != "Biểu đồ"), page.title
        for table in tables:
            first, *_ = table.ref.split(":")
            head = page[first].row
            assert first.startswith("A")
            assert all(page.cell(row, 1).value for row in range(1, head + 2)), page.title
            assert all(cell.value for cell in page[head]), page.title


def test_numbers_in_brackets_lead_to_notes_that_are_there(book: Any) -> None:
    notes = {row[0].value for row in book["Ghi chú"].iter_rows(min_row=6)}
    texts = [str(cell.value) for row in book["Tổng hợp"].iter_rows(min_row=5) for cell in row]
    used = {mark for text in texts for mark in re.findall(r"\[\d+\]", text)}
    assert len(used) >= 3  # recalculated, break, unconfirmed
    assert used <= notes
    assert not [text for text in texts if {"¹", "²", "†"}.intersection(text)]


def test_charts_draw_numbers_with_blanks_for_words_and_stop_at_a_break(book: Any) -> None:
    rows = [row for row in book["Số liệu biểu đồ"].iter_rows(min_row=6, values_only=True) if row[0] == "A.1"]
    assert [row[3:] for row in rows] == [(1, 1000.5, None), (2, None, 1234)]
    (drawn, *_) = book["Biểu đồ"]._charts
    values = [series.val.numRef.f for series in drawn.series]
    assert values == ["'Số liệu biểu đồ'!$E$6:$F$6", "'Số liệu biểu đồ'!$E$7:$F$7"]


def test_each_chart_has_its_text_alternative(exported: dict[str, ExportedFile]) -> None:
    with zipfile.ZipFile(exported["annex"].path) as archive:
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
    told = re.findall(r'<xdr:cNvPr id="\d+" name="[^"]*" descr="([^"]*)"', drawing)
    assert len(told) == drawing.count("<xdr:graphicFrame")
    assert told[0].startswith("Nhân lực (người). 2024: 1.001; 2025: 1.234.")


def test_the_summary_says_from_which_cells_the_last_figure_comes(tmp_path: Path) -> None:
    rows = commune()
    rows["fct_indicator"][1] |= {"indicator_value_key": "k", "origin": "entered"}
    rows["bridge_indicator_source"] = [
        {"indicator_value_key": "k", "reported_value_key": key, "part": part, "coefficient": 1.0}
        for key, part in (("A.2.TS", "numerator"), ("A.2.MS", "denominator"))
    ]
    with open_release(write_release(tmp_path, rows)) as opened:
        facts = read_round(opened, ROUND)
        write_annex(facts, tmp_path / "a.xlsx", "vi", read_sources(opened, facts))
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    told = {row["Mã số"]: row["Nguồn (tệp: trang!ô)"] for row in _rows(book, "Tổng hợp")}
    assert told["A.2"] == "bieu-vp.xlsx: Biểu!E17; bieu-vp.xlsx: Biểu!E18"
    assert told["B.2"] == "không có số liệu"


def test_a_preliminary_figure_stays_a_number_and_says_so(tmp_path: Path) -> None:
    rows = commune()
    rows["fct_indicator_harmonised"][0]["value_status"] = "preliminary"
    release = write_release(tmp_path, rows)
    with open_release(release) as opened:
        write_annex(read_round(opened, ROUND), tmp_path / "a.xlsx", "vi")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    cell = next(row[5] for row in book["Tổng hợp"].iter_rows(min_row=6) if row[0].value == "A.1")
    assert (cell.value, cell.number_format) == (1234, '#,##0" SB"')


def test_nothing_reported_and_long_names_give_a_whole_workbook(tmp_path: Path) -> None:
    rows = {name: commune()[name] for name in ("dim_indicator", "dim_area", "dim_period", "dim_round")}
    for row in rows["dim_indicator"]:
        row["name_vi"] = (row["name_vi"] + " của các cơ quan, đơn vị, doanh nghiệp trên địa bàn") * 4
    with open_release(write_release(tmp_path, rows)) as opened:
        write_annex(read_round(opened, ROUND), tmp_path / "a.xlsx", "vi")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert "Biểu đồ" not in book.sheetnames
    assert book["Số liệu thu thập"]["A6"].value == "Không có dòng nào."
    assert {row[5].value for row in book["Tổng hợp"].iter_rows(min_row=6)} == {"chưa có số liệu"}


def test_areas_stand_beside_indicators_with_how_many_the_total_covers(tmp_path: Path, book: Any) -> None:
    with open_release(write_release(tmp_path, province_release.province())) as release:
        facts = read_round(release, province_release.ROUND)
        write_annex(facts, tmp_path / "a.xlsx", "vi")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Theo địa bàn"]
    heads, covered, whole, first, *_, silent = page.iter_rows(min_row=5, values_only=True)
    assert heads[:2] == ("Mã địa bàn", "Địa bàn")
    assert heads[2].startswith("I.1 Tỷ lệ cơ quan I.1 dùng nền tảng số")
    assert heads[2].endswith("(triệu đồng)")
    assert len(heads) == 2 + sum(province_release.GROUPS.values())
    assert set(covered[2:]) == {"37/38"}
    assert whole[:3] == ("12", "Tỉnh Lai Châu", "703.018,5")
    assert first[1:4] == ("Xã 00101", 1000.5, 1000.5)
    assert (silent[0], set(silent[2:])) == (province_release.SILENT, {"chưa báo cáo"})
    assert "Theo địa bàn" not in book.sheetnames, "a round of one area has none"
