"""The annex workbook of one round, which is also the summary after each run: figures, where they came from, findings.

Numbers are written as numbers and texts as texts, never as formulas. What stands in the sheets is read from the
release; which figure stands for which year is decided in ``table``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from dagster_project.messages import message, message_table
from dagster_project.reports import annex_rows
from dagster_project.reports.annex_rows import CHANGES, Field
from dagster_project.reports.numbers import cell_format, state_words
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import CELL_LIMIT, plain
from dagster_project.reports.table import IndicatorTable, Line, indicator_table, period_heading, table_notes

_FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
_GRID = {**_FONT, "border": 1, "border_color": "#7F7F7F"}
_STYLES: dict[str, Mapping[str, object]] = {
    "title": {**_FONT, "bold": True, "font_size": 14},
    "plain": _FONT,
    "note": {**_FONT, "italic": True, "font_size": 10},
    "mark": {**_FONT, "bold": True, "font_color": "#C00000"},
    "head": {**_GRID, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#DDEBF7"},
    "heading": {**_GRID, "bold": True, "bg_color": "#F2F2F2"},
    "text": {**_GRID, "text_wrap": True},
    "centre": {**_GRID, "align": "center"},
    "words": {**_GRID, "italic": True, "align": "center", "font_size": 9, "text_wrap": True},
    "number": {**_GRID},
    "moment": {**_GRID, "num_format": "dd/mm/yyyy hh:mm", "align": "center"},
}
#: Height of one line of the grid's font, in points.
_LINE_POINTS = 15.0
#: A row of a workbook is at most 409 points high.
_MOST_LINES = 20
#: Rows of a sheet that lists details; what is more stands in the open data.
_MOST_ROWS = 20_000


def write_annex(facts: RoundFacts, file: Path, lang: str) -> None:
    """Write the workbook; equal facts give equal bytes."""
    book = xlsxwriter.Workbook(
        str(file),
        {
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": False,
        },
    )
    writer = _Annex(book, facts, lang)
    book.set_properties(
        {
            "title": writer.text("annex_title", period=facts.round.period.words(lang)),
            "author": writer.text("program"),
            "comments": facts.stamp.release_id,
            "created": facts.stamp.created_at.astimezone(UTC).replace(tzinfo=None),
        }
    )
    writer.summary(indicator_table(facts, lang))
    writer.listing("annex_indicators", annex_rows.indicator_rows(facts, lang), annex_rows.INDICATORS)
    writer.listing("annex_values", annex_rows.value_rows(facts, lang), annex_rows.VALUES)
    writer.listing("annex_units", annex_rows.unit_rows(facts), annex_rows.UNITS)
    writer.listing("annex_findings", annex_rows.finding_rows(facts.findings, lang), annex_rows.FINDINGS)
    book.close()


class _Annex:
    """The workbook being written: its formats by name and number format."""

    def __init__(self, book: Any, facts: RoundFacts, lang: str) -> None:
        self.book = book
        self.facts = facts
        self.lang = lang
        self.formats = {name: book.add_format(style) for name, style in _STYLES.items()}
        self.numbers: dict[int | None, Any] = {}

    def text(self, code: str, **values: object) -> str:
        return message(f"reports.{code}", self.lang, **values)

    def number_format(self, decimals: int | None) -> Any:
        if decimals not in self.numbers:
            style = {**_STYLES["number"], "num_format": cell_format(decimals)}
            self.numbers[decimals] = self.book.add_format(style)
        return self.numbers[decimals]

    def sheet(self, code: str, widths: Sequence[float], *, across: bool = True) -> Any:
        """A sheet with title, release and marks in the first three rows, set up for A4."""
        page = self.book.add_worksheet(self.text(f"{code}_sheet"))
        for column, width in enumerate(widths):
            page.set_column(column, column, width, self.formats["plain"])
        area = self.facts.area.name if self.facts.area else self.text("areas", count=len(self.facts.areas))
        title = self.text(code, place=plain(area), period=self.facts.round.period.words(self.lang))
        page.write_string(0, 0, title, self.formats["title"])
        page.write_string(1, 0, self._release_line(), self.formats["note"])
        page.write_string(2, 0, self._marks(), self.formats["mark"])
        page.set_paper(9)
        page.set_landscape() if across else page.set_portrait()
        page.set_margins(left=0.6, right=0.4, top=0.8, bottom=0.6)
        page.fit_to_pages(1, 0)
        page.set_header(f'&C&P&R&"Times New Roman,Bold"&KC00000{self._marks()}')
        return page

    def _release_line(self) -> str:
        return self.text(
            "annex_release",
            release=self.facts.stamp.release_id,
            created=f"{self.facts.stamp.created_at:%d/%m/%Y %H:%M}",
            content_hash=self.facts.stamp.content_hash[:16],
        )

    def _marks(self) -> str:
        draft = self.text("draft") if self.facts.round.is_draft else ""
        marks = (draft, self.text("sample_mark") if self.facts.stamp.is_sample else "")
        return " – ".join(filter(None, marks))

    def summary(self, table: IndicatorTable) -> None:
        """The indicator table over all periods, with what changed."""
        heads = [self.text(f"head_{name}") for name in ("number", "indicator", "unit")]
        heads += [period_heading(period) for period in table.periods]
        heads += [self.text(f"head_{name}") for name in CHANGES]
        widths = [10, 62, 14, *(14,) * len(table.periods), *(12,) * len(CHANGES)]
        page = self.sheet("annex_summary", widths)
        self._heads(page, 4, heads)
        page.freeze_panes(5, 3)
        changes = annex_rows.changes(self.facts)
        for row, line in enumerate(table.lines, start=5):
            self._line(page, row, line, len(heads), changes.get(line.code, {}))
        for row, note in enumerate(table_notes(table, self.lang), start=6 + len(table.lines)):
            page.write_string(row, 0, note, self.formats["note"])

    def _line(self, page: Any, row: int, line: Line, width: int, changes: Mapping[str, float | None]) -> None:
        style = "heading" if line.is_heading else "text"
        page.write_string(row, 0, plain(line.code), self.formats[style])
        page.write_string(row, 1, plain(line.name), self.formats[style])
        page.set_row(row, _LINE_POINTS * _lines(line.name, 62))
        if line.is_heading:
            for column in range(2, width):
                page.write_blank(row, column, None, self.formats[style])
            return
        page.write_string(row, 2, plain(line.unit), self.formats["centre"])
        for column, figure in enumerate(line.figures, start=3):
            if figure.digits and figure.value is not None:
                page.write_number(row, column, figure.value, self.number_format(line.decimals))
            else:
                page.write_string(row, column, figure.digits or figure.words, self.formats["words"])
        for column, name in enumerate(CHANGES, start=3 + len(line.figures)):
            decimals = line.decimals if name == "change" else 1
            self._number(page, row, column, changes.get(name), decimals)

    def listing(self, code: str, rows: pl.DataFrame, fields: Sequence[Field]) -> None:
        """A sheet with one row per row of a frame."""
        page = self.sheet(code, [field.width for field in fields])
        self._heads(page, 4, [self.text(f"head_{field.head}") for field in fields])
        page.freeze_panes(5, 0)
        shown = rows.head(_MOST_ROWS)
        wrapped = [field for field in fields if field.kind in ("text", "code", "state")]
        if rows.height > shown.height:
            page.write_string(3, 0, self.text("annex_more", count=rows.height, shown=shown.height))
        for row, record in enumerate(shown.iter_rows(named=True), start=5):
            for column, field in enumerate(fields):
                self._cell(page, row, column, field, record)
            page.set_row(
                row, _LINE_POINTS * max(_lines(str(record[item.name] or ""), item.width) for item in wrapped)
            )
        page.autofilter(4, 0, max(4 + shown.height, 5), len(fields) - 1)

    def _heads(self, page: Any, row: int, heads: Iterable[str]) -> None:
        for column, head in enumerate(heads):
            page.write_string(row, column, head, self.formats["head"])
        page.set_row(row, 2 * _LINE_POINTS + 2)
        page.repeat_rows(row)

    def _cell(self, page: Any, row: int, column: int, field: Field, record: Mapping[str, Any]) -> None:
        value = record[field.name]
        if field.kind == "number":
            self._number(page, row, column, value, record.get("decimals"))
        elif field.kind == "moment" and isinstance(value, datetime):
            page.write_datetime(row, column, value.replace(tzinfo=None), self.formats["moment"])
        else:
            style = "text" if field.kind == "text" else "centre"
            page.write_string(row, column, self._word(field, record), self.formats[style])

    def _word(self, field: Field, record: Mapping[str, Any]) -> str:
        value = record[field.name]
        if field.kind == "state":
            return "" if value == "value" else state_words(value, record.get("applicability"), self.lang)
        if field.kind == "code":
            code = f"reports.{field.head}.{value}"
            return message(code, self.lang) if code in message_table() else plain(value, CELL_LIMIT)
        return plain(value, CELL_LIMIT)

    def _number(self, page: Any, row: int, column: int, value: float | None, decimals: int | None) -> None:
        if value is None or not isfinite(value):
            page.write_blank(row, column, None, self.formats["number"])
            return
        whole = decimals is None and float(value).is_integer()
        page.write_number(row, column, float(value), self.number_format(0 if whole else decimals))


def _lines(text: str, width: float) -> int:
    """Lines that a wrapped text takes in a column of ``width`` characters; LibreOffice does not grow rows itself."""
    return min(max(1, ceil(len(text) / (1.15 * width - 2))), _MOST_LINES)
