"""The sheet that lists everything to mend: what stands in its columns, how it looks, where its links lead.

Which findings there are, and colours and comments on the unit's own sheets, do not belong here (``feedback``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties

from dagster_project.forms.layout import FEEDBACK_ANSWER
from dagster_project.frames import FINDING_KEY
from dagster_project.messages import message

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

#: Soft fills by severity, on the list and on the unit's own cells.
COLOURS = {"blocking": "F8CBAD", "warning": "FFE699", "info": "EAF1FB"}
#: Hidden columns by which an answer finds its finding again.
KEYS = ("finding_id", *FINDING_KEY)

_FONT = "Times New Roman"
_LINE = 15.0  # points of one line of text
_TALLEST = 400.0  # Excel takes rows up to 409 points
_FIT = 1.15  # letters per unit of column width
_LONGEST = 32_000  # a cell holds 32,767 letters
_SIDE = Side(style="thin", color="7F7F7F")
_GRID = Border(left=_SIDE, right=_SIDE, top=_SIDE, bottom=_SIDE)
_ADDRESS = re.compile(r"[A-Z]{1,3}[1-9]\d{0,6}")


@dataclass(frozen=True)
class _Column:
    name: str
    width: float
    code: str = ""
    centred: bool = False


_COLUMNS = (
    _Column("number", 5, centred=True),
    _Column("severity", 11, centred=True),
    _Column("sheet", 9, centred=True),
    _Column("cell", 8, centred=True),
    _Column("indicator", 26),
    _Column("entered", 14),
    _Column("problem", 42),
    _Column("advice", 38),
    _Column("answer", 30, FEEDBACK_ANSWER),
)
_WIDTH = sum(column.width for column in _COLUMNS)


def write_list(
    sheet: Worksheet, heading: Sequence[str], findings: Sequence[Mapping[str, Any]], lang: str
) -> None:
    """Fill the empty ``sheet``: ``heading`` on top, then one row per finding.

    A finding whose ``target`` is set gets a link to it: the sheet and the cell where it stands in this workbook.
    """
    for index, column in enumerate(_COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    _write_heading(sheet, heading)
    top = len(heading) + 1
    _write_head(sheet, top, lang)
    for offset, finding in enumerate(findings):
        _write_row(sheet, top + 2 + offset, finding, offset + 1, lang)
    _set_up(sheet, top, top + 1 + len(findings))


def is_address(cell: object) -> bool:
    """Whether ``cell`` names one cell, as A1."""
    return isinstance(cell, str) and _ADDRESS.fullmatch(cell) is not None


def readable(text: str) -> str:
    """``text`` without what no workbook can hold."""
    return str(ILLEGAL_CHARACTERS_RE.sub("", text))[:_LONGEST]


def put_text(sheet: Worksheet, row: int, column: int, text: object) -> Any:
    """Write ``text`` as text, whatever it looks like; gives the cell."""
    cell = sheet.cell(row, column)
    if text is not None and str(text):
        cell.value = readable(str(text))
        cell.data_type = "s"
    return cell


def problem(finding: Mapping[str, Any], lang: str) -> str:
    """What was found and, where that does not say it, what was expected, in words."""
    parts = [str(finding.get(f"message_{lang}") or finding.get("rule_code") or "")]
    expected = finding.get("expected") if finding.get("cell") else None
    if expected and str(expected) not in parts[0]:
        parts.append(message("feedback.expected", lang, expected=expected))
    if finding.get("unit_response"):
        parts.append(message("feedback.answered", lang, answer=finding["unit_response"]))
    return "\n".join(parts)


def _write_heading(sheet: Worksheet, heading: Sequence[str]) -> None:
    for row, text in enumerate(heading, start=1):
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=len(_COLUMNS))
        cell = put_text(sheet, row, 1, text)
        cell.font = Font(name=_FONT, size=14 if row == 1 else 11, bold=row <= 2)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.row_dimensions[row].height = 22 if row == 1 else _LINE * _lines(text, _WIDTH) + 3


def _write_head(sheet: Worksheet, top: int, lang: str) -> None:
    """The heads, and below them the hidden row of codes by which the sheet is read back."""
    for index, column in enumerate(_COLUMNS, start=1):
        cell = put_text(sheet, top, index, message(f"feedback.column_{column.name}", lang))
        cell.font = Font(name=_FONT, size=11, bold=True)
        cell.fill = PatternFill("solid", fgColor="DDEBF7")
        cell.border = _GRID
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        put_text(sheet, top + 1, index, column.code)
    for index, code in enumerate(KEYS, start=len(_COLUMNS) + 1):
        put_text(sheet, top + 1, index, code)
        sheet.column_dimensions[get_column_letter(index)].hidden = True
    sheet.row_dimensions[top].height = 2 * _LINE
    sheet.row_dimensions[top + 1].hidden = True


def _write_row(sheet: Worksheet, row: int, finding: Mapping[str, Any], number: int, lang: str) -> None:
    severity = str(finding["severity"])
    code = finding.get("data_element_code") or finding.get("indicator_code")
    name = finding.get("name_vi")
    if name and finding.get("is_confirmed") is False:
        name = f"{name} {message('feedback.unconfirmed', lang)}"
    texts = {
        "number": str(number),
        "severity": message(f"feedback.severity_{severity}", lang),
        "sheet": finding.get("sheet"),
        "cell": finding.get("cell"),
        "indicator": " – ".join(str(part) for part in (code, name) if part),
        "entered": finding.get("entered") or (finding.get("observed") if finding.get("cell") else None),
        "problem": problem(finding, lang),
        "advice": finding.get(f"advice_{lang}"),
        "answer": None,
    }
    for index, column in enumerate(_COLUMNS, start=1):
        cell = put_text(sheet, row, index, texts[column.name])
        cell.font = Font(name=_FONT, size=11)
        cell.border = _GRID
        cell.number_format = "@"
        cell.alignment = Alignment(
            horizontal="center" if column.centred else "left", vertical="top", wrap_text=True
        )
        if column.name == "severity":
            cell.fill = PatternFill("solid", fgColor=COLOURS[severity])
        elif column.name == "cell" and finding.get("target"):
            _link(cell, *finding["target"])
        elif column.name == "answer":
            cell.protection = Protection(locked=False)
            cell.fill = PatternFill("solid", fgColor="FFF9DB")
    for index, key in enumerate(KEYS, start=len(_COLUMNS) + 1):
        put_text(sheet, row, index, finding.get(key)).number_format = "@"
    lines = max(_lines(str(texts[column.name] or ""), column.width) for column in _COLUMNS)
    sheet.row_dimensions[row].height = min(_LINE * lines + 3, _TALLEST)


def _link(cell: Any, sheet: str, target: str) -> None:
    quoted = sheet.replace("'", "''")
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!{target}")
    cell.font = Font(name=_FONT, size=11, color="0563C1", underline="single")


def _lines(text: str, width: float) -> int:
    return sum(max(1, len(wrap(line, max(1, int(width * _FIT))))) for line in text.split("\n"))


def _set_up(sheet: Worksheet, top: int, last: int) -> None:
    """Freeze, print and protect: only answers can be typed, and no password keeps anybody from more."""
    sheet.freeze_panes = f"A{top + 2}"
    sheet.sheet_view.zoomScale = 90
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.print_title_rows = f"{top}:{top}"
    sheet.print_area = f"A1:{get_column_letter(len(_COLUMNS))}{last}"
    sheet.sheet_properties.tabColor = "C00000"
    sheet.protection.sheet = True
    for allowed in ("formatColumns", "formatRows", "autoFilter", "sort"):
        setattr(sheet.protection, allowed, False)
