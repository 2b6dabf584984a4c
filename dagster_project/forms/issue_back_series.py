"""Write the back-series workbooks: one sheet per unit and area of the time, one group of columns per year.

Cells, print set-up and the hidden map belong here; what the forms hold does not (``back_series``). The year of a figure
is the round in its column's printed code, unit and area are the codes above its table. Equal input, equal bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from dagster_project.catalogue.load import Catalogue
from dagster_project.forms.back_series import BackPlan, BackSheet, Year, plan_back_series
from dagster_project.forms.layout import BACK_MAP_HEADER, COLUMNS, HIDDEN_SHEET, IDENTITY, ROUND_MARK, Column
from dagster_project.forms.plan import FormRow
from dagster_project.forms.writing import INPUT, LINE, Sheet, Words, lines, offer, validate_figure, vi

_GROUP_ROW = 11
_HEAD_ROW, _CODE_ROW = _GROUP_ROW + 1, _GROUP_ROW + 2
_FIXED: tuple[Column, ...] = tuple(column for column in COLUMNS if column.code in ("STT", "TEN", "MA", "DVT"))
_YEARLY: tuple[Column, ...] = tuple(column for column in COLUMNS if column.role)
_AT = {column.code: index for index, column in enumerate(_FIXED)}
_FILLER_ROW = next(item.row for item in IDENTITY if item.name == "round_code")
_SHEET_NAME_LENGTH = 31


def issue_back_series(
    catalogue: Catalogue,
    round_codes: Sequence[str],
    out_dir: Path,
    *,
    units: Sequence[str] | None = None,
    is_sample: bool,
) -> list[Path]:
    """Write one workbook per unit that fills in the years of ``round_codes`` into ``out_dir``; returns their paths.

    Raises ``KhoError`` as ``plan_back_series`` does.
    """
    words = Words.of(catalogue)
    plans = plan_back_series(catalogue, round_codes, units=units, is_sample=is_sample)
    out_dir.mkdir(parents=True, exist_ok=True)
    for plan in plans:
        _write(plan, words, out_dir / plan.file_name)
    return [out_dir / plan.file_name for plan in plans]


def _write(plan: BackPlan, words: Words, file: Path) -> None:
    book = xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": plan.file_name, "created": datetime.combine(plan.created, time())})
    cell_map: list[tuple[str, ...]] = []
    for number, item in enumerate(plan.sheets, start=1):
        name = f"{number}. {item.reporting_unit_code} {item.area_code}"[:_SHEET_NAME_LENGTH]
        sheet = Sheet(book, name)
        _set_page(sheet, plan, item)
        _write_heading(sheet, plan, item)
        _write_column_heads(sheet, item.years)
        for offset, row in enumerate(item.rows):
            _write_row(sheet, _CODE_ROW + 1 + offset, row, item, words)
        _write_signature(sheet, _CODE_ROW + 1 + len(item.rows), plan, item, words)
        cell_map.extend(
            (*entry[:4], name, entry[4], item.reporting_unit_code, item.area_code) for entry in sheet.map
        )
    _write_hidden(book, plan, cell_map)
    book.close()


def _columns(years: Sequence[Year]) -> list[tuple[int, Column, Year]]:
    """Every yearly column with its place."""
    return [
        (len(_FIXED) + group * len(_YEARLY) + index, column, year)
        for group, year in enumerate(years)
        for index, column in enumerate(_YEARLY)
    ]


def _last(item: BackSheet) -> int:
    return len(_FIXED) + len(item.years) * len(_YEARLY) - 1


def _set_page(sheet: Sheet, plan: BackPlan, item: BackSheet) -> None:
    page = sheet.page
    for index, column in enumerate(_FIXED):
        page.set_column(index, index, column.width)
    for index, column, _ in _columns(item.years):
        page.set_column(index, index, max(column.width, 14))
    page.set_landscape()
    page.set_paper(8)  # A3: four years beside each other
    page.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_GROUP_ROW, _CODE_ROW)
    page.set_footer(f"&L{plan.form_code} – {item.reporting_unit_code} – {item.area_code}&R{vi('forms.page')}")
    page.freeze_panes(_CODE_ROW + 1, _AT["MA"] + 1)
    page.protect("", {"format_columns": True, "format_rows": True})


def _write_heading(sheet: Sheet, plan: BackPlan, item: BackSheet) -> None:
    last = _last(item)
    basis = vi("forms.legal_basis", legal_basis=plan.legal_basis) if plan.legal_basis else ""
    left = (vi("back_series.form", form_code=plan.form_code), basis, "")
    right = (
        vi("forms.from_unit", name=item.unit_name),
        _area_of_the_time(item),
        vi("forms.to_unit", name=plan.recipient),
    )
    for row, (one, other) in enumerate(zip(left, right, strict=True)):
        sheet.span(row, 0, 3, one, "wrapped")
        sheet.span(row, 4, last, other, "wrapped")
        sheet.page.set_row(row, LINE * lines(one, sum(column.width for column in _FIXED)) + 3)
    sheet.span(3, 0, last, plan.form_name.upper(), "title")
    sheet.page.set_row(3, 1.4 * LINE * lines(plan.form_name, 70 + 40 * len(item.years)))
    sheet.span(4, 0, last, vi("back_series.years", first=plan.first_year, last=plan.last_year), "subtitle")
    if plan.is_sample:
        sheet.span(5, 0, last, vi("forms.sample_mark"), "sample")
    codes = {
        "form_code": plan.form_code,
        "form_version": plan.form_version,
        "reporting_unit_code": item.reporting_unit_code,
        "area_code": item.area_code,
    }
    for place in IDENTITY:
        if place.name in codes:
            sheet.put(place.row, place.column, vi(place.label), "label")
            sheet.put(place.row, place.column + 1, codes[place.name], "code")
    sheet.put(_FILLER_ROW, 1, vi("back_series.filler"), "label")
    sheet.put(_FILLER_ROW, 2, f"{plan.filler_name} ({plan.filler_code})", "plain")


def _area_of_the_time(item: BackSheet) -> str:
    shown = {"name": item.area_name, "code": item.area_code}
    since = "" if item.area_from is None else vi("back_series.area_from", date=_day(item.area_from))
    until = "" if item.area_to is None else vi("back_series.area_to", date=_day(item.area_to))
    return vi("back_series.area", **shown, validity=since + until)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _write_column_heads(sheet: Sheet, years: Sequence[Year]) -> None:
    for index, column in enumerate(_FIXED):
        sheet.put(_GROUP_ROW, index, "", "head")
        sheet.put(_HEAD_ROW, index, vi(column.heading), "head")
        sheet.put(_CODE_ROW, index, column.code, "column_code")
    for group, year in enumerate(years):
        first = len(_FIXED) + group * len(_YEARLY)
        heading = vi("back_series.year", period_code=year.period_code)
        sheet.span(_GROUP_ROW, first, first + len(_YEARLY) - 1, heading, "head")
    for index, column, year in _columns(years):
        heading = "back_series.column_value" if column.role == "value" else column.heading
        sheet.put(_HEAD_ROW, index, vi(heading), "head")
        sheet.put(_CODE_ROW, index, f"{column.code}{ROUND_MARK}{year.round_code}", "column_code")
    sheet.page.set_row(_HEAD_ROW, 2 * LINE)
    sheet.page.set_row(_CODE_ROW, 2 * LINE)


def _write_row(sheet: Sheet, at: int, row: FormRow, item: BackSheet, words: Words) -> None:
    name = f"{row.name} {vi('forms.unconfirmed')}" if row.is_unconfirmed else row.name
    is_group = row.code is None
    sheet.put(at, _AT["STT"], row.number, "group_number" if is_group else "centre")
    sheet.put(at, _AT["TEN"], name, "group" if is_group else "category" if row.depth else "name")
    if is_group:
        for column in range(_AT["TEN"] + 1, _last(item) + 1):
            sheet.page.write_blank(at, column, None, sheet.formats["group"])
    else:
        sheet.put(at, _AT["MA"], str(row.code), "row_code")
        sheet.put(at, _AT["DVT"], row.unit, "centre")
        for place in _columns(item.years):
            if (row.data_element_code, row.category_code, place[2].round_code) in item.asked:
                _write_input(sheet, at, place, row, words)
            else:
                sheet.page.write_blank(at, place[0], None, sheet.formats["group"])
    sheet.page.set_row(
        at,
        LINE * max(lines(name, _FIXED[_AT["TEN"]].width), lines(row.unit, _FIXED[_AT["DVT"]].width)) + 3,
    )


def _write_input(sheet: Sheet, at: int, place: tuple[int, Column, Year], row: FormRow, words: Words) -> None:
    index, column, year = place
    if column.role == "value":
        sheet.page.write_blank(at, index, None, sheet.number_format(INPUT, row))
        validate_figure(sheet, at, index, row)
    else:
        choices = {"state": words.states, "status": words.statuses}.get(str(column.role), ())
        sheet.page.write_blank(at, index, None, sheet.formats["choice" if choices else "free"])
        offer(sheet, at, index, choices)
    sheet.map.append(
        (
            row.data_element_code,
            row.category_code,
            column.code,
            xl_rowcol_to_cell(at, index),
            year.round_code,
        )
    )


def _write_signature(sheet: Sheet, at: int, plan: BackPlan, item: BackSheet, words: Words) -> None:
    last = _last(item)
    note = vi("back_series.help", states=", ".join(words.states))
    sheet.span(at + 1, 0, last, note, "note")
    sheet.page.set_row(at + 1, LINE * lines(note, 70 + 70 * len(item.years)))
    sheet.span(at + 3, 4, last, vi("forms.place_date", year=plan.created.year), "signature_hint")
    for offset, look, part in ((4, "signature", ""), (5, "signature_hint", "_hint")):
        sheet.put(at + offset, _AT["TEN"], vi(f"forms.signer_left{part}"), look)
        sheet.span(at + offset, 4, last, vi(f"forms.signer_right{part}"), look)
    sheet.page.print_area(0, 0, at + 11, last)


def _write_hidden(book: Any, plan: BackPlan, cell_map: Sequence[tuple[str, ...]]) -> None:
    page = book.add_worksheet(HIDDEN_SHEET)
    keys = [
        ("form_code", plan.form_code),
        ("form_version", plan.form_version),
        ("is_sample", "1" if plan.is_sample else "0"),
    ]
    rows = [*enumerate(keys), *enumerate((BACK_MAP_HEADER, *cell_map), start=len(keys) + 1)]
    for row, entry in rows:
        for column, words in enumerate(entry):
            page.write_string(row, column, words)
    page.protect("")
    page.hide()
