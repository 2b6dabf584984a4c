"""Write the workbooks that reporting units fill in.

Layout, protection, dropdowns, print set-up and the hidden cell map belong here. What a form holds does not
(``plan``), nor does reading one back (``intake.bind_form``). Equal input gives equal bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from functools import partial
from pathlib import Path
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
from dagster_project.forms.writing import GRID, INPUT, LINE, Sheet, Words, lines, offer, validate_figure, vi
from dagster_project.side_by_side import side_by_side

#: Fewer are written before another process has started.
_FORMS_A_PROCESS = 40
_HEAD_ROW = 12
_CODE_ROW = _HEAD_ROW + 1


def issue_forms(
    catalogue: Catalogue,
    round_code: str,
    out_dir: Path,
    *,
    units: Sequence[str] | None = None,
    prior: pl.DataFrame | None = None,
    is_sample: bool,
    processes: int = 1,
) -> list[Path]:
    """Write one workbook per reporting unit (and form) of the round into ``out_dir``; returns their paths.

    ``prior`` holds last period's accepted figures: data_element_code, category_code, reporting_unit_code (of
    the unit that the form goes to), value, value_state, unit (of the value; null: the one asked for now). At most
    ``processes`` write at once. Raises ``KhoError`` as ``plan_forms`` does.
    """
    words = Words.of(catalogue)
    plans = plan_forms(catalogue, round_code, units=units, prior=prior, is_sample=is_sample)
    out_dir.mkdir(parents=True, exist_ok=True)
    write = partial(_write_form, words=words, out_dir=out_dir)
    return side_by_side(write, plans, processes, at_least=_FORMS_A_PROCESS)


def _write_form(plan: FormPlan, words: Words, out_dir: Path) -> Path:
    file = out_dir / plan.file_name
    book = xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": plan.file_name, "created": datetime.combine(plan.created, time())})
    sheet = Sheet(book, MAIN_SHEET)
    _set_page(sheet, plan)
    _write_heading(sheet, plan)
    _write_column_heads(sheet)
    for offset, row in enumerate(plan.rows):
        _write_row(sheet, _CODE_ROW + 1 + offset, row, words)
    _write_signature(sheet, _CODE_ROW + 1 + len(plan.rows), plan, words)
    _write_hidden(book, plan, sheet.map)
    book.close()
    return file


def _set_page(sheet: Sheet, plan: FormPlan) -> None:
    page = sheet.page
    for index, column in enumerate(COLUMNS):
        page.set_column(index, index, column.width)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_HEAD_ROW, _CODE_ROW)
    page.set_footer(
        f"&L{plan.form_code} – {plan.reporting_unit_code} – {plan.round_code}&R{vi('forms.page')}"
    )
    page.freeze_panes(_CODE_ROW + 1, POSITION["MA"] + 1)
    page.protect("", {"format_columns": True, "format_rows": True})


def _write_heading(sheet: Sheet, plan: FormPlan) -> None:
    last = len(COLUMNS) - 1
    basis = vi("forms.legal_basis", legal_basis=plan.legal_basis) if plan.legal_basis else ""
    left = (vi("forms.form", form_code=plan.form_code), basis, _due(plan))
    right = (
        vi("forms.from_unit", name=plan.unit_name),
        vi("forms.area", name=plan.area_name),
        vi("forms.to_unit", name=plan.recipient),
    )
    for row, (text, other) in enumerate(zip(left, right, strict=True)):
        sheet.span(row, 0, 4, text, "wrapped")
        sheet.span(row, 5, last, other, "wrapped")
        _set_height(sheet, row, ((text, _width(0, 4)), (other, _width(5, last))))
    sheet.span(3, 0, last, plan.form_name.upper(), "title")
    sheet.page.set_row(3, 1.4 * LINE * lines(plan.form_name, _width(0, last) * 0.7))
    period = plan.period.words("vi")
    sheet.span(4, 0, last, vi("forms.period", period=period[:1].upper() + period[1:]), "subtitle")
    if plan.is_sample:
        sheet.span(5, 0, last, vi("forms.sample_mark"), "sample")
    for item in IDENTITY:
        sheet.put(item.row, item.column, vi(item.label), "label")
        sheet.put(item.row, item.column + 1, getattr(plan, item.name), "code")


def _due(plan: FormPlan) -> str:
    if plan.due_date is None:
        return ""
    code = "forms.due_by" if plan.due_inclusive else "forms.due_before"
    return vi(code, date=f"{plan.due_date:%d/%m/%Y}")


def _write_column_heads(sheet: Sheet) -> None:
    for index, column in enumerate(COLUMNS):
        sheet.put(_HEAD_ROW, index, vi(column.heading), "head")
        sheet.put(_CODE_ROW, index, column.code, "column_code")
    sheet.page.set_row(_HEAD_ROW, 2 * LINE)


def _write_row(sheet: Sheet, at: int, row: FormRow, words: Words) -> None:
    name = f"{row.name} {vi('forms.unconfirmed')}" if row.is_unconfirmed else row.name
    if row.code is None:
        _write_group(sheet, at, row, name)
    else:
        _write_element(sheet, at, row, words)
    _set_height(
        sheet, at, ((name, COLUMNS[POSITION["TEN"]].width), (row.unit, COLUMNS[POSITION["DVT"]].width))
    )


def _write_group(sheet: Sheet, at: int, row: FormRow, name: str) -> None:
    sheet.put(at, POSITION["STT"], row.number, "group_number")
    sheet.put(at, POSITION["TEN"], name, "group")
    for column in range(POSITION["TEN"] + 1, len(COLUMNS)):
        sheet.page.write_blank(at, column, None, sheet.formats["group"])


def _write_element(sheet: Sheet, at: int, row: FormRow, words: Words) -> None:
    sheet.put(at, POSITION["STT"], row.number, "centre")
    sheet.put(at, POSITION["TEN"], row.name, "category" if row.depth else "name")
    sheet.put(at, POSITION["MA"], str(row.code), "row_code")
    sheet.put(at, POSITION["DVT"], row.unit, "centre")
    _write_prior(sheet, at, row)
    page = sheet.page
    page.write_blank(at, POSITION["GT"], None, sheet.number_format(INPUT, row))
    page.write_blank(at, POSITION["TT"], None, sheet.formats["choice"])
    page.write_blank(at, POSITION["LSL"], None, sheet.formats["choice"])
    page.write_blank(at, POSITION["NSL"], None, sheet.formats["free"])
    page.write_blank(at, POSITION["GC"], None, sheet.formats["free"])
    validate_figure(sheet, at, POSITION["GT"], row)
    offer(sheet, at, POSITION["TT"], words.states)
    offer(sheet, at, POSITION["LSL"], words.statuses)
    for column_code in ROLES:
        cell = xl_rowcol_to_cell(at, POSITION[column_code])
        sheet.map.append((row.data_element_code, row.category_code, column_code, cell))


def _write_prior(sheet: Sheet, at: int, row: FormRow) -> None:
    figure = row.prior
    if isinstance(figure, float | int) and row.value_type == "yes_no":
        figure = vi("forms.yes" if figure else "forms.no")
    if isinstance(figure, float | int):
        shown = row if row.prior_decimals is None else replace(row, decimals=row.prior_decimals)
        sheet.page.write_number(at, POSITION["KT"], figure, sheet.number_format(GRID, shown))
    else:
        sheet.put(at, POSITION["KT"], figure or "", "prior_text")


def _write_signature(sheet: Sheet, at: int, plan: FormPlan, words: Words) -> None:
    last = len(COLUMNS) - 1
    note = vi("forms.help", states=", ".join(words.states))
    sheet.span(at + 1, 0, last, note, "note")
    sheet.page.set_row(at + 1, LINE * lines(note, _width(0, last)))
    sheet.span(
        at + 3, POSITION["TT"], last, vi("forms.place_date", year=plan.period.year_after), "signature_hint"
    )
    for offset, look, part in ((4, "signature", ""), (5, "signature_hint", "_hint")):
        sheet.put(at + offset, POSITION["TEN"], vi(f"forms.signer_left{part}"), look)
        sheet.span(at + offset, POSITION["TT"], last, vi(f"forms.signer_right{part}"), look)
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


def _set_height(sheet: Sheet, row: int, texts: Sequence[tuple[str, float]]) -> None:
    sheet.page.set_row(row, LINE * max(lines(text, width) for text, width in texts) + 3)
