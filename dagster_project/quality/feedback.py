"""A unit's own workbook back: cells with findings coloured and commented, a first sheet that lists them all.

The marks on the unit's sheets belong here, and what happens to a file that cannot be opened. The list's look is in
``feedback_list``, what a copy loses in ``feedback_losses``; which findings a unit gets is decided by who calls. The
original is never written to: everything happens in a copy, and marks of an earlier copy are taken off first.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.formatting.rule import Rule
from openpyxl.styles import PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project import durable
from dagster_project.forms.layout import FEEDBACK_SHEET
from dagster_project.messages import LANGUAGES, message
from dagster_project.quality.feedback_list import COLOURS, is_address, problem, readable, write_list
from dagster_project.quality.feedback_losses import find_losses

if TYPE_CHECKING:
    import polars as pl
    from openpyxl.workbook import Workbook

SEVERITIES = ("blocking", "warning", "info")

#: Inflated bytes up to which a workbook is opened whole in memory; a form has some 100,000.
_OPENABLE = 60_000_000
_MACROS = "xl/vbaProject.bin"
#: A rule that is always true and that nobody else writes: the fill below it stays the unit's own.
_MARK = 'ISTEXT("kho:{severity}")'
_MARK_START = _MARK.partition("{")[0]


@dataclass(frozen=True)
class Feedback:
    """The workbook that was written, and what of the original it does not keep (message codes)."""

    path: Path
    lost: list[str]
    is_list_only: bool


def make_feedback(
    original: bytes | None, findings: pl.DataFrame, out: Path, *, lang: str, file_name: str | None = None
) -> Feedback:
    """Write the feedback workbook of ``findings`` to ``out`` (.xlsx; a workbook with macros becomes .xlsm).

    ``original`` is the unit's file, None where there is none or it must not be opened; what is no workbook that
    can be written back gives a workbook with the list alone. ``file_name`` is the name under which the file came,
    None where none did. ``findings``: columns of ``fct_finding`` and, as known,
    ``entered`` (the text of the cell). Their order is severity, then place.
    """
    rows = _sorted(findings)
    opened = _open(original) if original is not None else None
    book, lost, has_macros = opened or (openpyxl.Workbook(), [], False)
    path = out.with_suffix(".xlsm") if has_macros else out
    if opened is None:
        sheet = book.worksheets[0]
        sheet.title = FEEDBACK_SHEET
    else:
        _clear_marks(book)
        _mark_cells(book, rows, lang)
        sheet = book.create_sheet(FEEDBACK_SHEET, 0)
        book.calculation.fullCalcOnLoad = True
    _show_first(book)
    heading = _heading(rows, lost, lang, file_name=file_name, is_list_only=opened is None)
    write_list(sheet, heading, rows, lang)
    with durable.replaced(path) as aside:
        book.save(aside)
    return Feedback(path, lost, is_list_only=opened is None)


def _sorted(findings: pl.DataFrame) -> list[dict[str, Any]]:
    return sorted(findings.iter_rows(named=True), key=_place)


def _place(finding: Mapping[str, Any]) -> tuple[object, ...]:
    cell = str(finding.get("cell") or "")
    letters = cell.rstrip("0123456789")
    row, column = (
        (int(cell[len(letters) :]), column_index_from_string(letters)) if is_address(cell) else (0, 0)
    )
    return (
        SEVERITIES.index(str(finding["severity"])),
        str(finding.get("sheet") or ""),
        row,
        column,
        str(finding["rule_code"]),
        str(finding.get("finding_id")),
    )


def _open(original: bytes) -> tuple[Workbook, list[str], bool] | None:
    """The workbook, what it will lose, and whether it has macros; None for what openpyxl cannot write back."""
    try:
        with ZipFile(io.BytesIO(original)) as archive:
            names = archive.namelist()
            size = sum(entry.file_size for entry in archive.infolist())
            if "xl/workbook.xml" not in names or size > _OPENABLE:
                return None
            lost = find_losses(archive)
        has_macros = _MACROS in names
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of is among ``lost``
            book = openpyxl.load_workbook(io.BytesIO(original), keep_vba=has_macros, rich_text=True)
    except BadZipFile:
        return None
    except Exception:  # noqa: BLE001  # openpyxl fails in many ways on odd files; the list must reach the unit
        return None
    return book, lost, has_macros


def _clear_marks(book: Workbook) -> None:
    """Take off the list, the colours and the comments that an earlier feedback put on."""
    if FEEDBACK_SHEET in book.sheetnames:
        del book[FEEDBACK_SHEET]
    titles = tuple(message("feedback.comment_title", lang) for lang in LANGUAGES)
    for sheet in book.worksheets:
        kept = ConditionalFormattingList()
        for area in sheet.conditional_formatting:
            for rule in area.rules:
                if not any(str(text).startswith(_MARK_START) for text in rule.formula):
                    kept.add(str(area.sqref), rule)
        sheet.conditional_formatting = kept
        for cell in list(sheet._cells.values()):  # noqa: SLF001  # walking by rows would make every blank cell
            comment = getattr(cell, "comment", None)
            if comment is not None and comment.text.startswith(titles):
                own = _own_part(comment.text)
                cell.comment = Comment(own, comment.author) if own else None


def _own_part(text: str) -> str:
    """What of a feedback comment the unit had written before."""
    for lang in LANGUAGES:
        mark = message("feedback.comment_own", lang)
        if mark in text:
            return text.partition(mark)[2].strip()
    return ""


def _mark_cells(book: Workbook, rows: Sequence[dict[str, Any]], lang: str) -> None:
    """Colour and comment the cells of findings, and tell each finding of ``rows`` where its cell is."""
    marked: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for finding in rows:
        sheet = _sheet_of(book, finding)
        if sheet is not None and is_address(finding.get("cell")):
            finding["target"] = (sheet.title, finding["cell"])
            marked.setdefault((sheet.title, _anchor(sheet, finding["cell"])), []).append(finding)
    for (title, cell), found in marked.items():
        _comment(book[title], cell, found, lang)
    for sheet in book.worksheets:
        worst = {
            cell: str(found[0]["severity"]) for (title, cell), found in marked.items() if title == sheet.title
        }
        if worst:
            _colour(sheet, worst)


def _sheet_of(book: Workbook, finding: Mapping[str, Any]) -> Worksheet | None:
    name = finding.get("sheet")
    sheet = book[name] if name in book.sheetnames and not finding.get("other_file") else None
    return sheet if isinstance(sheet, Worksheet) else None


def _anchor(sheet: Worksheet, address: str) -> str:
    """The cell that holds what a merged ``address`` shows."""
    cell = sheet[address]
    if isinstance(cell, MergedCell):
        for area in sheet.merged_cells.ranges:
            if cell.coordinate in area:
                return f"{get_column_letter(area.min_col)}{area.min_row}"
    return address


def _comment(sheet: Worksheet, address: str, found: Sequence[Mapping[str, Any]], lang: str) -> None:
    parts = [message("feedback.comment_title", lang)]
    for finding in found:
        advice = finding.get(f"advice_{lang}")
        severity = message(f"feedback.severity_{finding['severity']}", lang)
        parts.append(
            "\n".join([f"[{severity}] {problem(finding, lang)}", *([f"→ {advice}"] if advice else [])])
        )
    own = sheet[address].comment
    if own is not None:
        parts.append(f"{message('feedback.comment_own', lang)}\n{own.text}")
    text = readable("\n\n".join(parts))
    lines = sum(1 + len(line) // 52 for line in text.split("\n"))
    author = message("feedback.author", lang)
    sheet[address].comment = Comment(text, author, height=18 * lines + 12, width=380)


def _colour(sheet: Worksheet, worst: Mapping[str, str]) -> None:
    """Lay one always-true rule per severity over the cells: it outranks every format that the unit has there."""
    old = sheet.conditional_formatting
    rules = ConditionalFormattingList()
    for priority, severity in enumerate(SEVERITIES, start=1):
        cells = [cell for cell, of in worst.items() if of == severity]
        if cells:
            fill = PatternFill("solid", bgColor=COLOURS[severity], fgColor=COLOURS[severity])
            formula = [_MARK.format(severity=severity)]
            style = DifferentialStyle(fill=fill)
            rule = Rule(type="expression", dxf=style, formula=formula, priority=priority, stopIfTrue=True)
            rules.add(" ".join(cells), rule)
    for area in old:
        for rule in area.rules:
            rule.priority += len(SEVERITIES)
            rules.add(str(area.sqref), rule)
    sheet.conditional_formatting = rules


def _show_first(book: Workbook) -> None:
    """Open on the first sheet, and on it alone: typing into grouped sheets would write into all of them."""
    book.active = 0
    for number, sheet in enumerate(book.worksheets):
        sheet.sheet_view.tabSelected = number == 0


def _heading(
    rows: Sequence[Mapping[str, Any]],
    lost: Sequence[str],
    lang: str,
    *,
    file_name: str | None,
    is_list_only: bool,
) -> list[str]:
    def first(*names: str) -> str:
        return next((str(row[name]) for name in names for row in rows if row.get(name)), "–")

    counts = {severity: sum(row["severity"] == severity for row in rows) for severity in SEVERITIES}
    texts = [message("feedback.title", lang)]
    if any(row.get("is_sample") for row in rows):
        texts[0] += f" – {message('feedback.sample_mark', lang)}"
    subject = {"unit": first("reporting_unit_name", "reporting_unit_code"), "round_code": first("round_code")}
    of_unit = "feedback.of_unit" if file_name else "feedback.of_unit_alone"
    texts.append(message(of_unit, lang, file_name=file_name, **subject))
    texts.append(message("feedback.counts", lang, **counts))
    if file_name is None:
        texts.append(message("feedback.no_file", lang))
    elif is_list_only:
        texts.append(message("feedback.how_to_list", lang))
        texts.append(message("feedback.list_only", lang, file_name=file_name))
    else:
        texts.append(message("feedback.how_to", lang))
    if lost:
        parts = ", ".join(message(code, lang) for code in lost)
        texts.append(message("feedback.lost", lang, parts=parts))
    return texts
