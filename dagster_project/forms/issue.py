"""Write the workbooks that reporting units fill in.

Layout, protection, dropdowns, print set-up and the hidden cell map belong here. What a form holds does not
(``plan``), nor does reading one back (``intake.bind_form``). Equal input gives equal bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from dagster_project.catalogue.load import Catalogue
from dagster_project.forms.layout import (
    COLUMNS,
    HIDDEN_SHEET,
    IDENTITY,
    MAIN_SHEET,
    MAP_HEADER,
    POSITION,
    ROLES,
)
from dagster_project.forms.plan import FormPlan, FormRow, plan_forms
from dagster_project.messages import message

_text = partial(message, lang="vi")

_FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
_GRID = {**_FONT, "border": 1, "border_color": "#7F7F7F", "text_wrap": True}
_INPUT = {**_GRID, "locked": False, "bg_color": "#FFF9DB"}
_FORMATS: dict[str, dict[str, object]] = {
    "plain": _FONT,
    "wrapped": {**_FONT, "text_wrap": True},
    "right": {**_FONT, "align": "right"},
    "title": {**_FONT, "bold": True, "font_size": 14, "align": "center", "text_wrap": True},
    "subtitle": {**_FONT, "italic": True, "align": "center"},
    "sample": {**_FONT, "bold": True, "font_color": "#C00000", "align": "center"},
    "label": {**_FONT, "align": "right"},
    "code": {**_FONT, "bold": True, "num_format": "@", "align": "left"},
    "head": {**_GRID, "bold": True, "align": "center", "bg_color": "#DDEBF7"},
    "column_code": {**_GRID, "align": "center", "font_size": 8, "font_color": "#595959"},
    "group": {**_GRID, "bold": True, "bg_color": "#EDEDED"},
    "group_number": {**_GRID, "bold": True, "bg_color": "#EDEDED", "align": "center"},
    "name": _GRID,
    "category": {**_GRID, "indent": 2, "italic": True},
    "centre": {**_GRID, "align": "center"},
    "row_code": {**_GRID, "num_format": "@", "font_size": 9, "align": "center"},
    "prior_text": {**_GRID, "italic": True, "align": "center", "font_color": "#595959"},
    "choice": {**_INPUT, "align": "center"},
    "free": {**_INPUT, "num_format": "@"},
    "note": {**_FONT, "italic": True, "text_wrap": True, "valign": "top"},
    "signature": {**_FONT, "bold": True, "align": "center"},
    "signature_hint": {**_FONT, "italic": True, "align": "center"},
}
_HEAD_ROW = 12
_CODE_ROW = _HEAD_ROW + 1
_NUMERIC = ("count", "money", "percent", "rate", "index", "rank")
_LINE = 15.0  # points of one line of the form's font
_FIT = 1.25
#: A dropdown's own list may be this long; Excel refuses a file with a longer one.
_LIST_LIMIT = 255


def issue_forms(
    catalogue: Catalogue,
    round_code: str,
    out_dir: Path,
    *,
    units: Sequence[str] | None = None,
    prior: pl.DataFrame | None = None,
    is_sample: bool,
) -> list[Path]:
    """Write one workbook per reporting unit (and form) of the round into ``out_dir``; returns their paths.

    ``prior`` holds last period's accepted figures: data_element_code, category_code, reporting_unit_code (of
    the unit that the form goes to), value, value_state. Raises ``KhoError`` as ``plan_forms`` does.
    """
    words = _Words.of(catalogue)
    plans = plan_forms(catalogue, round_code, units=units, prior=prior, is_sample=is_sample)
    out_dir.mkdir(parents=True, exist_ok=True)
    for plan in plans:
        _write_form(plan, words, out_dir / plan.file_name)
    return [out_dir / plan.file_name for plan in plans]


@dataclass(frozen=True)
class _Words:
    """What the dropdowns offer."""

    states: tuple[str, ...]
    statuses: tuple[str, ...]

    @classmethod
    def of(cls, catalogue: Catalogue) -> _Words:
        labels = [
            tuple(catalogue.table(name).filter(pl.col("is_label"))["word"])
            for name in ("value_states", "value_statuses")
        ]
        return cls(*labels)


class _Sheet:
    """The main sheet being written: its worksheet, its formats by name, and the cell map so far."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.page = book.add_worksheet(MAIN_SHEET)
        self.formats = {name: book.add_format(settings) for name, settings in _FORMATS.items()}
        self.map: list[tuple[str, str, str, str]] = []

    def put(self, row: int, column: int, text: str, look: str) -> None:
        self.page.write_string(row, column, text, self.formats[look])

    def span(self, row: int, first: int, last: int, text: str, look: str) -> None:
        self.page.merge_range(row, first, row, last, "", self.formats[look])
        self.put(row, first, text, look)

    def number_format(self, base: dict[str, object], row: FormRow) -> Any:
        """Give the format of ``row``'s figures on ``base``; made once per pattern."""
        pattern = _pattern(row)
        key = f"{pattern}|{base is _INPUT}"
        if key not in self.formats:
            self.formats[key] = self.book.add_format({**base, "num_format": pattern})
        return self.formats[key]


def _pattern(row: FormRow) -> str:
    if row.value_type not in _NUMERIC:
        return "@"
    whole = "0" if row.value_type == "rank" else "#,##0"
    return whole + ("." + "0" * row.decimals if row.decimals else "")


def _write_form(plan: FormPlan, words: _Words, file: Path) -> None:
    book = xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": plan.file_name, "created": datetime.combine(plan.created, time())})
    sheet = _Sheet(book)
    _set_page(sheet, plan)
    _write_heading(sheet, plan)
    _write_column_heads(sheet)
    for offset, row in enumerate(plan.rows):
        _write_row(sheet, _CODE_ROW + 1 + offset, row, words)
    _write_signature(sheet, _CODE_ROW + 1 + len(plan.rows), plan, words)
    _write_hidden(book, plan, sheet.map)
    book.close()


def _set_page(sheet: _Sheet, plan: FormPlan) -> None:
    page = sheet.page
    for index, column in enumerate(COLUMNS):
        page.set_column(index, index, column.width)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_HEAD_ROW, _CODE_ROW)
    page.set_footer(
        f"&L{plan.form_code} – {plan.reporting_unit_code} – {plan.round_code}&R{_text('forms.page')}"
    )
    page.freeze_panes(_CODE_ROW + 1, POSITION["MA"] + 1)
    page.protect("", {"format_columns": True, "format_rows": True})


def _write_heading(sheet: _Sheet, plan: FormPlan) -> None:
    last = len(COLUMNS) - 1
    basis = _text("forms.legal_basis", legal_basis=plan.legal_basis) if plan.legal_basis else ""
    left = (_text("forms.form", form_code=plan.form_code), basis, _due(plan))
    right = (
        _text("forms.from_unit", name=plan.unit_name),
        _text("forms.area", name=plan.area_name),
        _text("forms.to_unit", name=plan.recipient),
    )
    for row, (text, other) in enumerate(zip(left, right, strict=True)):
        sheet.span(row, 0, 4, text, "wrapped")
        sheet.span(row, 5, last, other, "wrapped")
        _set_height(sheet, row, ((text, _width(0, 4)), (other, _width(5, last))))
    sheet.span(3, 0, last, plan.form_name.upper(), "title")
    sheet.page.set_row(3, 1.4 * _LINE * _lines(plan.form_name, _width(0, last) * 0.7))
    year = (
        _text("forms.year", data_year=plan.data_year)
        if plan.is_year
        else _text("forms.period", period_code=plan.period_code)
    )
    sheet.span(4, 0, last, year, "subtitle")
    if plan.is_sample:
        sheet.span(5, 0, last, _text("forms.sample_mark"), "sample")
    for item in IDENTITY:
        sheet.put(item.row, item.column, _text(item.label), "label")
        sheet.put(item.row, item.column + 1, getattr(plan, item.name), "code")


def _due(plan: FormPlan) -> str:
    if plan.due_date is None:
        return ""
    code = "forms.due_by" if plan.due_inclusive else "forms.due_before"
    return _text(code, date=f"{plan.due_date:%d/%m/%Y}")


def _write_column_heads(sheet: _Sheet) -> None:
    for index, column in enumerate(COLUMNS):
        sheet.put(_HEAD_ROW, index, _text(column.heading), "head")
        sheet.put(_CODE_ROW, index, column.code, "column_code")
    sheet.page.set_row(_HEAD_ROW, 2 * _LINE)


def _write_row(sheet: _Sheet, at: int, row: FormRow, words: _Words) -> None:
    name = f"{row.name} {_text('forms.unconfirmed')}" if row.is_unconfirmed else row.name
    if row.code is None:
        _write_group(sheet, at, row, name)
    else:
        _write_element(sheet, at, row, words)
    _set_height(
        sheet, at, ((name, COLUMNS[POSITION["TEN"]].width), (row.unit, COLUMNS[POSITION["DVT"]].width))
    )


def _write_group(sheet: _Sheet, at: int, row: FormRow, name: str) -> None:
    sheet.put(at, POSITION["STT"], row.number, "group_number")
    sheet.put(at, POSITION["TEN"], name, "group")
    for column in range(POSITION["TEN"] + 1, len(COLUMNS)):
        sheet.page.write_blank(at, column, None, sheet.formats["group"])


def _write_element(sheet: _Sheet, at: int, row: FormRow, words: _Words) -> None:
    sheet.put(at, POSITION["STT"], row.number, "centre")
    sheet.put(at, POSITION["TEN"], row.name, "category" if row.depth else "name")
    sheet.put(at, POSITION["MA"], str(row.code), "row_code")
    sheet.put(at, POSITION["DVT"], row.unit, "centre")
    _write_prior(sheet, at, row)
    page = sheet.page
    page.write_blank(at, POSITION["GT"], None, sheet.number_format(_INPUT, row))
    page.write_blank(at, POSITION["TT"], None, sheet.formats["choice"])
    page.write_blank(at, POSITION["LSL"], None, sheet.formats["choice"])
    page.write_blank(at, POSITION["NSL"], None, sheet.formats["free"])
    page.write_blank(at, POSITION["GC"], None, sheet.formats["free"])
    _validate_figure(sheet, at, row)
    _offer(sheet, at, POSITION["TT"], words.states)
    _offer(sheet, at, POSITION["LSL"], words.statuses)
    for column_code in ROLES:
        cell = xl_rowcol_to_cell(at, POSITION[column_code])
        sheet.map.append((row.data_element_code, row.category_code, column_code, cell))


def _write_prior(sheet: _Sheet, at: int, row: FormRow) -> None:
    figure = row.prior
    if isinstance(figure, float | int) and row.value_type == "yes_no":
        figure = _text("forms.yes" if figure else "forms.no")
    if isinstance(figure, float | int):
        sheet.page.write_number(at, POSITION["KT"], figure, sheet.number_format(_GRID, row))
    else:
        sheet.put(at, POSITION["KT"], figure or "", "prior_text")


def _offer(sheet: _Sheet, at: int, column: int, words: Sequence[str]) -> None:
    """Offer ``words`` in a dropdown; other text stays possible, since intake reads every usual word."""
    if not words or len(",".join(words)) > _LIST_LIMIT:
        return
    options = {"validate": "list", "source": list(words), "error_type": "warning", "ignore_blank": True}
    sheet.page.data_validation(at, column, at, column, options)


def _validate_figure(sheet: _Sheet, at: int, row: FormRow) -> None:
    """Warn about an odd figure, never stop: words such as "không phát sinh" are allowed there."""
    if row.value_type == "yes_no":
        _offer(sheet, at, POSITION["GT"], (_text("forms.yes"), _text("forms.no")))
        return
    if row.value_type not in _NUMERIC:
        return
    low = -1e15 if row.low is None else row.low
    high = 1e15 if row.high is None else row.high
    shown = {"low": _vietnamese(low), "high": _vietnamese(high), "unit": row.unit}
    is_open = row.low is None or row.high is None
    hint = _text("forms.number_hint_open" if is_open else "forms.number_hint", **shown)
    options = {
        "validate": "integer" if row.value_type in ("count", "rank") and not row.decimals else "decimal",
        "criteria": "between",
        "minimum": low,
        "maximum": high,
        "ignore_blank": True,
        "error_type": "warning",
        "error_title": _text("forms.number_title"),
        "error_message": hint[:_LIST_LIMIT],
    }
    sheet.page.data_validation(at, POSITION["GT"], at, POSITION["GT"], options)


def _vietnamese(number: float) -> str:
    return f"{number:,.10g}".translate(str.maketrans(",.", ".,"))


def _write_signature(sheet: _Sheet, at: int, plan: FormPlan, words: _Words) -> None:
    last = len(COLUMNS) - 1
    note = _text("forms.help", states=", ".join(words.states))
    sheet.span(at + 1, 0, last, note, "note")
    sheet.page.set_row(at + 1, _LINE * _lines(note, _width(0, last)))
    sheet.span(
        at + 3, POSITION["TT"], last, _text("forms.place_date", year=plan.data_year + 1), "signature_hint"
    )
    for offset, look, part in ((4, "signature", ""), (5, "signature_hint", "_hint")):
        sheet.put(at + offset, POSITION["TEN"], _text(f"forms.signer_left{part}"), look)
        sheet.span(at + offset, POSITION["TT"], last, _text(f"forms.signer_right{part}"), look)
    # Room for the stamp, and one printed block: a signature never stands alone on a page without its rows.
    sheet.page.print_area(0, 0, at + 11, last)


def _write_hidden(book: Any, plan: FormPlan, cell_map: Sequence[tuple[str, ...]]) -> None:
    page = book.add_worksheet(HIDDEN_SHEET)
    keys = [(item.name, str(getattr(plan, item.name))) for item in IDENTITY]
    keys.append(("is_sample", "1" if plan.is_sample else "0"))
    for row, pair in enumerate(keys):
        for column, text in enumerate(pair):
            page.write_string(row, column, text)
    for row, entry in enumerate((MAP_HEADER, *cell_map), start=len(keys) + 1):
        for column, text in enumerate(entry):
            page.write_string(row, column, text)
    page.protect("")
    page.hide()


def _width(first: int, last: int) -> float:
    return sum(column.width for column in COLUMNS[first : last + 1])


def _lines(text: str, width: float) -> int:
    # A proportional font fits a little more than the width in zeros that a column has.
    return max(1, len(wrap(text, int(width * _FIT))))


def _set_height(sheet: _Sheet, row: int, texts: Sequence[tuple[str, float]]) -> None:
    sheet.page.set_row(row, _LINE * max(_lines(text, width) for text, width in texts) + 3)
