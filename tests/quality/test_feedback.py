"""The workbook that goes back to a unit: its own file, marked, with one list, and nothing lost in silence."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.forms.layout import FEEDBACK_SHEET
from dagster_project.messages import message
from dagster_project.quality.feedback import Feedback, make_feedback

SHEET = "Biểu"
COLUMNS = ("number", "severity", "sheet", "cell", "indicator", "entered", "problem", "advice", "answer")


def finding(cell: str | None, **told: Any) -> dict[str, Any]:
    return {
        "finding_id": f"id of {cell}",
        "rule_code": "VALUE_NOT_A_NUMBER",
        "severity": "blocking",
        "sheet": SHEET if cell else None,
        "cell": cell,
        "reporting_unit_code": "BL-KT",
        "area_code": "03390",
        "period_code": "2025",
        "data_element_code": "I.1.GT",
        "category_code": "_T",
        "observed": "12 người",
        "expected": None,
        "message_vi": "Cần một số.",
        "message_en": "A number is needed.",
        "advice_vi": "Đề nghị đơn vị chỉ nhập số.",
        "advice_en": "Please enter a number only.",
        **told,
    }


def workbook(change: Any = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = SHEET
    for row in range(1, 9):
        sheet.cell(row, 6).value = row
    if change:
        change(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def send_back(
    tmp_path: Path, original: bytes | None, *findings: dict[str, Any], lang: str = "vi"
) -> Feedback:
    frame = pl.DataFrame(list(findings), infer_schema_length=None)
    return make_feedback(original, frame, tmp_path / "back.xlsx", lang=lang, file_name="BL-KT.xlsx")


def listed(path: Path) -> list[dict[str, Any]]:
    """Rows of the list, under the names of its columns."""
    sheet = openpyxl.load_workbook(path)[FEEDBACK_SHEET]
    heads = [message(f"feedback.column_{name}", "vi") for name in COLUMNS]
    top = next(row[0].row for row in sheet.iter_rows() if [cell.value for cell in row[: len(heads)]] == heads)
    return [
        dict(zip(COLUMNS, (cell.value for cell in row), strict=False))
        for row in sheet.iter_rows(min_row=top + 2)
    ]


def heading(path: Path) -> str:
    sheet = openpyxl.load_workbook(path)[FEEDBACK_SHEET]
    return "\n".join(str(sheet.cell(row, 1).value) for row in range(1, 8))


def marked(sheet: Worksheet) -> dict[str, str]:
    """Colour laid over each cell by a rule that is always true."""
    return {
        cell: str(rule.dxf.fill.bgColor.rgb)[-6:]
        for area in sheet.conditional_formatting
        for rule in area.rules
        if rule.type == "expression" and rule.dxf and rule.dxf.fill
        for cell in str(area.sqref).split()
    }


def test_a_cell_with_several_findings_has_one_comment_and_the_colour_of_the_gravest(tmp_path: Path) -> None:
    made = send_back(
        tmp_path,
        workbook(),
        finding("F3", severity="warning", message_vi="Tăng hơn 3 lần."),
        finding("F3"),
        finding("F5", severity="info", advice_vi=None),
        finding("F6", severity="warning"),
    )
    sheet = openpyxl.load_workbook(made.path)[SHEET]
    text = sheet["F3"].comment.text
    assert text.index("Cần một số.") < text.index("Tăng hơn 3 lần.")
    assert "Đề nghị đơn vị chỉ nhập số." in text
    colours = marked(sheet)
    assert set(colours) == {"F3", "F5", "F6"}
    assert len(set(colours.values())) == 3
    assert sheet["F3"].value == 3


def test_the_list_is_the_first_sheet_and_opens_alone(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(send_back(tmp_path, workbook(), finding("F3")).path)
    assert book.sheetnames == [FEEDBACK_SHEET, SHEET]
    assert [sheet.sheet_view.tabSelected for sheet in book.worksheets] == [True, False]


def test_the_list_leads_to_the_cells_and_names_what_has_no_cell(tmp_path: Path) -> None:
    made = send_back(
        tmp_path,
        workbook(),
        finding("F3", entered="=1+1"),
        finding(None, severity="warning", message_vi="Gửi sau hạn."),
        finding("tr. 2", severity="info"),
        finding("F4", sheet="Trang đã xóa"),
    )
    rows = listed(made.path)
    assert [row["cell"] for row in rows] == ["F3", "F4", None, "tr. 2"]
    assert rows[2]["problem"] == "Gửi sau hạn."
    assert rows[0]["entered"] == "=1+1"
    sheet = openpyxl.load_workbook(made.path)[FEEDBACK_SHEET]
    links = [cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert links == [f"'{SHEET}'!F3"]


@pytest.mark.parametrize("text", ["=1+1", "=cmd|' /C calc'!A0", "#REF!", "+84", "@SUM(A1)"])
def test_text_from_a_file_stays_text(tmp_path: Path, text: str) -> None:
    made = send_back(tmp_path, workbook(), finding("F3", entered=text, message_vi=text, observed=text))
    sheet = openpyxl.load_workbook(made.path)[FEEDBACK_SHEET]
    same = [cell for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert len(same) >= 3
    assert {cell.data_type for cell in same} == {"s"}


def test_letters_that_no_workbook_can_hold_do_not_stop_it(tmp_path: Path) -> None:
    made = send_back(tmp_path, workbook(), finding("F3", message_vi="Ô ghi \x00\x0bmột số"))
    assert listed(made.path)[0]["problem"] == "Ô ghi một số"
    assert "\x0b" not in openpyxl.load_workbook(made.path)[SHEET]["F3"].comment.text


def test_only_answers_can_be_typed_into_the_list(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(send_back(tmp_path, workbook(), finding("F3")).path)[FEEDBACK_SHEET]
    free = [cell.column for row in sheet.iter_rows() for cell in row if not cell.protection.locked]
    assert sheet.protection.sheet
    assert free == [len(COLUMNS)]


def test_what_the_unit_had_in_its_cells_stays_and_the_next_feedback_starts_afresh(tmp_path: Path) -> None:
    def dress(sheet: Worksheet) -> None:
        sheet["F3"].comment = Comment("Theo sổ theo dõi", "Đơn vị")
        sheet["F3"].fill = PatternFill("solid", fgColor="FFF9DB")
        rule = CellIsRule(operator="greaterThan", formula=["5"], fill=PatternFill(bgColor="00FF00"))
        sheet.conditional_formatting.add("F1:F8", rule)

    first = send_back(tmp_path, workbook(dress), finding("F3"), finding("F4"))
    sheet = openpyxl.load_workbook(first.path)[SHEET]
    assert "Theo sổ theo dõi" in sheet["F3"].comment.text
    assert sheet["F3"].fill.fgColor.rgb == "00FFF9DB"

    again = send_back(tmp_path, first.path.read_bytes(), finding("F7"))
    book = openpyxl.load_workbook(again.path)
    assert book.sheetnames == [FEEDBACK_SHEET, SHEET]
    sheet = book[SHEET]
    assert sheet["F3"].comment.text == "Theo sổ theo dõi"
    assert sheet["F4"].comment is None
    assert set(marked(sheet)) == {"F7"}
    rules = [rule for area in sheet.conditional_formatting for rule in area.rules]
    assert [rule.type for rule in sorted(rules, key=lambda rule: rule.priority)] == ["expression", "cellIs"]
    assert [row["cell"] for row in listed(again.path)] == ["F7"]


def test_a_finding_inside_a_merged_cell_is_told_at_the_cell_that_shows(tmp_path: Path) -> None:
    made = send_back(tmp_path, workbook(lambda sheet: sheet.merge_cells("F3:G4")), finding("G4"))
    sheet = openpyxl.load_workbook(made.path)[SHEET]
    assert "Cần một số." in sheet["F3"].comment.text


def test_a_cell_at_the_end_of_the_sheet_costs_no_memory(tmp_path: Path) -> None:
    def far(sheet: Worksheet) -> None:
        sheet["XFD1048576"] = 1

    made = send_back(tmp_path, workbook(far), finding("XFD1048576"))
    assert not made.is_list_only
    assert made.path.stat().st_size < 50_000


def test_what_the_copy_cannot_keep_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rich.xlsx"
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet(SHEET)
    sheet.write_row(0, 0, [1, 2, 3])
    sheet.write_formula("D1", "=SUM(A1:C1)", None, 6)
    sheet.insert_textbox("F6", "Ghi chú của đơn vị")
    sheet.add_sparkline("E1", {"range": f"'{SHEET}'!A1:C1"})
    sheet.insert_button("H2", {"caption": "Gửi"})
    book.close()
    made = send_back(tmp_path, file.read_bytes(), finding("A1"))
    parts = ("drawings", "sparklines", "results")
    assert {f"feedback.lost_{part}" for part in parts} <= set(made.lost)
    told = heading(made.path)
    for code in made.lost:
        assert message(code, "vi") in told


def test_a_plain_workbook_loses_nothing(tmp_path: Path) -> None:
    assert send_back(tmp_path, workbook(), finding("F3")).lost == []


def test_a_workbook_with_macros_keeps_them_and_its_kind(tmp_path: Path) -> None:
    macros, file = tmp_path / "vbaProject.bin", tmp_path / "with.xlsm"
    macros.write_bytes(b"\xd0\xcf\x11\xe0 some project")
    book = xlsxwriter.Workbook(file)
    book.add_worksheet(SHEET).write(0, 0, 1)
    book.add_vba_project(str(macros))
    book.close()
    made = send_back(tmp_path, file.read_bytes(), finding("A1"))
    assert made.path.suffix == ".xlsm"
    kept = openpyxl.load_workbook(made.path, keep_vba=True)
    assert kept.vba_archive.read("xl/vbaProject.bin") == macros.read_bytes()


@pytest.mark.parametrize(
    "original",
    [None, b"\xd0\xcf\x11\xe0 an old workbook", b"ma;gia tri\nI.1.GT;12\n", workbook()[:900]],
    ids=["refused", "xls", "csv", "damaged"],
)
def test_where_the_file_cannot_be_written_back_the_list_goes_alone(
    tmp_path: Path, original: bytes | None
) -> None:
    made = send_back(tmp_path, original, finding("F3"), finding(None))
    assert made.is_list_only
    assert openpyxl.load_workbook(made.path).sheetnames == [FEEDBACK_SHEET]
    assert [row["cell"] for row in listed(made.path)] == [None, "F3"]
    assert "BL-KT.xlsx" in heading(made.path)


def test_long_texts_get_the_room_that_they_need(tmp_path: Path) -> None:
    long = "Số liệu này tăng hơn ba lần so với kỳ trước; " * 8
    made = send_back(tmp_path, workbook(), finding("F3", message_vi=long), finding("F4"))
    sheet = openpyxl.load_workbook(made.path)[FEEDBACK_SHEET]
    heights = {row[3].value: sheet.row_dimensions[row[3].row].height for row in sheet.iter_rows()}
    assert heights["F3"] > 2 * heights["F4"]
    assert heights["F3"] <= 409
