"""What a reader of the official report finds in it, and what never gets into it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from dagster_project.reports.export import ExportedFile
from tests.reports.documents import official, period_rows, rows_below, tables, texts
from tests.reports.tiny_release import HOSTILE, commune, write_release


@pytest.fixture(scope="module")
def report(exported: dict[str, ExportedFile]) -> Any:
    return Document(str(exported["official_report"].path))


def test_the_letterhead_is_that_of_the_commune(report: Any) -> None:
    left, right = (cell.text for cell in report.tables[0].rows[0].cells)
    assert left.split("\n")[:3] == ["UBND TỈNH LAI CHÂU", "ỦY BAN NHÂN DÂN", "XÃ BÌNH LƯ"]
    assert re.search(r"Số:\s+/BC-UBND", left)
    assert right.startswith("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc")
    assert re.search(r"Bình Lư, ngày\s+tháng\s+năm 2026", right)


def test_the_page_is_that_of_the_decree(report: Any) -> None:
    section = report.sections[0]
    millimetres = [
        round(length.mm)
        for length in (
            section.page_width,
            section.page_height,
            section.top_margin,
            section.bottom_margin,
            section.left_margin,
            section.right_margin,
        )
    ]
    assert millimetres == [210, 297, 20, 20, 30, 15]
    assert report.styles["Normal"].font.name == "Times New Roman"
    assert report.styles["Normal"].font.size.pt in (13, 14)
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header.paragraphs[0]._p.xml
    assert "PAGE" not in section.first_page_header.paragraphs[0]._p.xml


def test_counts_and_names_of_those_who_did_not_report_are_told(report: Any) -> None:
    told = "\n".join(texts(report))
    assert "3 đơn vị phải gửi báo cáo" in told
    assert "2/3 đơn vị gửi báo cáo, đạt 66,7%" in told
    assert "- Trạm Y tế;" in told
    assert "- Phòng Kinh tế (nhận lúc 09:00, 10/4/2026);" in told


def test_the_table_shows_todays_area_in_every_year_with_the_break_marked(report: Any) -> None:
    rows = period_rows(report)
    assert rows["TT"] == ["Tiêu chí", "Đơn vị tính", "2024¹", "2025*"]
    assert rows["A.1"] == ["Nhân lực", "người", "1.001", "1.234"]
    told = "\n".join(texts(report))
    assert "777" not in told, "the figure of the township that had the code before is not this commune's"
    assert "Sắp xếp đơn vị hành chính từ ngày 01/7/2025." in told


def test_zero_missing_and_held_are_three_different_things(report: Any) -> None:
    rows = period_rows(report)
    assert rows["A.2"][2:] == ["0,0", "37,5"]
    assert rows["B.1"][2:] == ["không phát sinh", "chờ đơn vị chỉnh sửa"]
    assert rows["B.2"][2:] == ["không quy đổi", "cấp trên cung cấp"]


def test_an_unconfirmed_name_is_marked_wherever_it_stands(report: Any) -> None:
    assert period_rows(report)["A.2"][0] == "Tỷ lệ hồ sơ trực tuyến (chưa xác nhận)"
    for name in ("Tỷ lệ hồ sơ trực tuyến", "Tổng số hồ sơ"):
        assert not [text for text in texts(report) if re.search(rf"{name}(?! \(chưa xác nhận\))", text)]


def test_sample_and_draft_are_marked_on_every_page(report: Any) -> None:
    for section in report.sections:
        headers = [section.header, section.first_page_header]
        for header in headers[: 1 + section.different_first_page_header_footer]:
            assert "DỰ THẢO – SỐ LIỆU MINH HỌA" in "\n".join(item.text for item in header.paragraphs)


def test_an_offices_own_report_carries_no_sample_mark(tmp_path: Path) -> None:
    release = write_release(tmp_path, commune(), is_sample=False)
    official(release, tmp_path / "a.docx")
    with zipfile.ZipFile(tmp_path / "a.docx") as archive:
        content = "".join(archive.read(name).decode("utf-8", "ignore") for name in archive.namelist())
    assert "MINH HỌA" not in content
    assert "DỰ THẢO" in content


def test_findings_name_unit_file_sheet_and_cell(report: Any) -> None:
    row = rows_below(report, "TT", "Đơn vị", "Nội dung", "Vị trí")[0]
    assert row[1] == "Văn phòng HĐND và UBND"
    assert row[3] == "bieu-vp.xlsx, Biểu!E20"
    assert HOSTILE in row[2]


def test_heading_rows_repeat_and_no_row_is_cut(report: Any) -> None:
    table = tables(report, "kho:periods")[-1]
    assert "w:tblHeader" in table.rows[0]._tr.xml
    assert all("w:cantSplit" in row._tr.xml for row in table.rows)


def test_the_release_stands_in_the_properties_not_in_the_letter(report: Any) -> None:
    assert report.core_properties.identifier == "R0001-0a1b2c3d"
    assert "R0001" not in "\n".join(texts(report))


def test_names_without_end_and_templates_in_names_stay_text(tmp_path: Path) -> None:
    name = "{{ 7*7 }}{% for x in y %}<w:p>&amp;" + "Ă" * 5000
    release = write_release(tmp_path, commune(name_of_missing=name))
    told = "\n".join(texts(official(release, tmp_path / "a.docx")))
    assert "- {{ 7*7 }}{% for x in y %}<w:p>&amp;Ă" in told
    assert "Ă" * 1000 not in told


def test_many_areas_give_an_overview_and_no_letterhead_of_one(tmp_path: Path) -> None:
    rows = commune()
    figure = rows["fct_indicator"][0]
    areas = [f"{number:05}" for number in range(1, 301)]
    rows["fct_indicator"] = [
        {
            **figure,
            "area_code": code,
            "area_name": f"Xã {code}",
            "value_state": "value" if code > "00100" else "missing",
        }
        for code in areas
    ]
    rows["fct_indicator_harmonised"] = []
    release = write_release(tmp_path, rows)
    report = official(release, tmp_path / "a.docx")
    assert period_rows(report)["A.1"][-1] == "200/300"
    assert "UBND …………" in report.tables[0].rows[0].cells[0].text.replace("ỦY BAN NHÂN DÂN\n", "UBND ")


def test_answers_decisions_and_entered_figures_stand_in_the_section_on_quality(
    decided: dict[str, ExportedFile],
) -> None:
    report = Document(str(decided["official_report"].path))
    cells = [[cell.text for cell in row.cells] for table in report.tables for row in table.rows]
    answers = {row[-1] for row in cells}
    assert "Giải trình: Mở thêm dịch vụ mới." in answers
    assert "Quyết định: Đã đối chiếu hợp đồng. (Nguyễn Văn A, 11/04/2026)." in answers
    waiting = next(row for row in cells if row[-1] == "8 (đính chính)")
    assert waiting[2] == "A.2.MS Tổng số hồ sơ (chưa xác nhận)"
    assert "3 (nhập thay)" not in answers, "the unit has confirmed it"
    told = "\n".join(texts(report))
    assert "Có 1 số liệu do cán bộ nhập thay hoặc đính chính" in told


def test_without_decisions_the_section_on_quality_says_so(report: Any) -> None:
    told = "\n".join(texts(report))
    assert "Chưa có nội dung nào được giải trình" in told
    assert "Không có số liệu nhập thay hoặc đính chính nào chờ xác nhận." in told


def test_who_does_not_send_stands_with_the_reason(tmp_path: Path) -> None:
    rows = commune()
    rows["fct_reporting_rate"][2]["note"] = "Không gửi: trạm đã giải thể."
    release = write_release(tmp_path, rows)
    told = "\n".join(texts(official(release, tmp_path / "a.docx")))
    assert "- Trạm Y tế – Không gửi: trạm đã giải thể;" in told
