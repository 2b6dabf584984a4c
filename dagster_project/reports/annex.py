"""The annex workbook of one round, which is also the summary after each run: figures, where they came from, findings.

Laid out after the rules of the UK's Government Analysis Function for statistics in spreadsheets: a cover with links,
notes on a sheet of their own, one table per sheet from column A, no merged cells, nothing told by colour alone. Numbers
are written as numbers and texts as texts, never as formulas. What stands in the sheets is read from the release; which
figure stands for which year is decided in ``table``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from dagster_project.messages import message, message_table
from dagster_project.reports import annex_rows
from dagster_project.reports.annex_charts import Places, Stretch, draw, stretches
from dagster_project.reports.annex_notes import Notes, annex_notes
from dagster_project.reports.annex_rows import Field
from dagster_project.reports.area_figures import AreaFigures, read_area_figures
from dagster_project.reports.changes import CHANGES, changes_by_code
from dagster_project.reports.charts import Series
from dagster_project.reports.numbers import cell_format, number, state_words
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import CELL_LIMIT, plain
from dagster_project.reports.series import Ahead, area_series
from dagster_project.reports.table import DEFINED, Figure, IndicatorTable, Line, indicator_table

_FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
_GRID = {**_FONT, "border": 1, "border_color": "#7F7F7F"}
_STYLES: dict[str, Mapping[str, object]] = {
    "title": {**_FONT, "bold": True, "font_size": 14},
    "plain": _FONT,
    "note": {**_FONT, "italic": True, "font_size": 10},
    "mark": {**_FONT, "bold": True, "font_color": "#C00000"},
    "head": {**_GRID, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#DDEBF7"},
    "text": {**_GRID, "text_wrap": True},
    "centre": {**_GRID, "align": "center"},
    "link": {**_GRID, "font_color": "#0563C1", "underline": 1, "text_wrap": True},
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
_SHEETS = (
    *("cover", "notes", "summary", "areas", "charts", "chart_data", "indicators", "values", "units"),
    "findings",
)
#: A province's indicators side by side stay readable on so many pages.
_PAGES_ACROSS = 4
_TABLES = {name: f"bang_{name}" for name in _SHEETS}


@dataclass(frozen=True)
class _Head:
    """The heading of one column, its width in characters."""

    text: str
    width: float


def write_annex(
    facts: RoundFacts, file: Path, lang: str, sources: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> None:
    """Write the workbook; equal facts give equal bytes.

    ``sources`` are the reported figures under each indicator, as ``portal_sources`` reads them.
    """
    book = xlsxwriter.Workbook(
        str(file),
        {
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": False,
        },
    )
    table = indicator_table(facts, lang)
    series = {} if facts.own is None else area_series(table, _NOTHING_AHEAD, facts.own)
    drawn = stretches(series, tuple(period.label for period in table.periods))
    areas = read_area_figures(facts, table.indicators, lang)
    without = {*(() if areas else ("areas",)), *(() if drawn else ("charts", "chart_data"))}
    writer = _Annex(book, facts, lang, annex_notes(table, lang), without)
    writer.properties()
    places = annex_rows.source_rows(sources or {})
    writer.summary(table, places)
    if areas:
        writer.areas(areas, table.indicators)
    if drawn:
        writer.charts(drawn, series, table)
    writer.listing("indicators", annex_rows.indicator_rows(facts, lang, places), annex_rows.INDICATORS)
    writer.listing("values", annex_rows.value_rows(facts, lang), annex_rows.VALUES)
    writer.listing("units", annex_rows.unit_rows(facts), annex_rows.UNITS)
    writer.listing("findings", annex_rows.finding_rows(facts.findings, lang), annex_rows.FINDINGS)
    writer.notes()
    writer.cover()
    book.close()


#: Charts of the annex show what was; forecasts stand in the open data with their intervals.
_NOTHING_AHEAD = Ahead(pl.DataFrame(), pl.DataFrame())


class _Annex:
    """The workbook being written: its sheets in order, its formats by name and number format."""

    def __init__(
        self, book: Any, facts: RoundFacts, lang: str, notes: Notes, without: Collection[str]
    ) -> None:
        self.book = book
        self.facts = facts
        self.lang = lang
        self.noted = notes
        self.formats = {name: book.add_format(style) for name, style in _STYLES.items()}
        self.numbers: dict[tuple[int | None, str], Any] = {}
        wanted = [name for name in _SHEETS if name not in without]
        self.names = {name: message(_sheet_code(name), lang) for name in wanted}
        self.pages = {name: book.add_worksheet(title) for name, title in self.names.items()}
        self.rows: dict[str, int] = {}

    def text(self, code: str, /, **values: object) -> str:
        return message(f"reports.{code}", self.lang, **values)

    def told(self, code: str, /, **values: object) -> str:
        return message(f"annex.{code}", self.lang, **values)

    def _period(self) -> str:
        return self.facts.round.period.words(self.lang)

    def properties(self) -> None:
        """Title, release and state, for those who find the file without its sheets."""
        stamp = self.facts.stamp
        self.book.set_properties(
            {
                "title": self.text("annex_title", period=self._period()),
                "subject": plain(self.facts.round.name(self.lang), 200),
                "author": self.text("program"),
                "keywords": plain(f"{self.facts.round.code}, {self.facts.round.period_code}", 200),
                "comments": " – ".join(filter(None, (stamp.release_id, self._marks()))),
                "status": message(f"rounds.state_{self.facts.round.state}", self.lang),
                "created": stamp.created_at.astimezone(UTC).replace(tzinfo=None),
            }
        )

    def number_format(self, decimals: int | None, mark: str = "") -> Any:
        """A number's format; a mark such as "SB" stands behind the digits and leaves them a number."""
        if (decimals, mark) not in self.numbers:
            shown = cell_format(decimals) + (f'" {mark}"' if mark else "")
            style = {**_STYLES["number"], "num_format": shown}
            self.numbers[decimals, mark] = self.book.add_format(style)
        return self.numbers[decimals, mark]

    def _frame(
        self, name: str, hint: str, extra: Sequence[str] = (), *, across: bool = True
    ) -> tuple[Any, int]:
        """A sheet with title, release, marks and what it holds above its table, set up for A4; the first row below."""
        page = self.pages[name]
        area = self.facts.area.name if self.facts.area else self.text("areas", count=len(self.facts.areas))
        title = message(_title_code(name), self.lang, place=plain(area), period=self._period())
        state = message(f"rounds.state_{self.facts.round.state}", self.lang)
        lines = [
            (title, "title"),
            (self._release_line(), "note"),
            (self.told("state", state=state, marks=self._marks()).rstrip(" ."), "mark"),
            *((line, "plain") for line in extra),
            (hint, "plain"),
        ]
        for row, (line, style) in enumerate(lines):
            page.write_string(row, 0, line, self.formats[style])
        page.set_paper(9)
        page.set_landscape() if across else page.set_portrait()
        page.set_margins(left=0.6, right=0.4, top=0.8, bottom=0.6)
        page.fit_to_pages(1, 0)
        page.set_header(f'&C&P&R&"Times New Roman,Bold"&KC00000{self._marks()}')
        return page, len(lines)

    def _table(self, name: str, page: Any, at: int, heads: Sequence[_Head], count: int) -> None:
        """The headings of a sheet's one table of ``count`` rows, and all that goes with them."""
        last = at + max(count, 1)
        for column, head in enumerate(heads):
            page.set_column(column, column, head.width)
        page.add_table(
            at,
            0,
            last,
            len(heads) - 1,
            {
                "name": _TABLES[name],
                "style": None,
                "columns": [{"header": head.text, "header_format": self.formats["head"]} for head in heads],
            },
        )
        if not count:
            page.write_string(at + 1, 0, self.told("no_rows"), self.formats["text"])
        page.set_row(at, max(_LINE_POINTS * _lines(head.text, head.width - 3) for head in heads) + 4)
        page.freeze_panes(at + 1, 0)
        page.repeat_rows(at)
        page.print_area(0, 0, last, len(heads) - 1)
        self.rows[name] = count

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

    def cover(self) -> None:
        """What the workbook is, and its sheets with links to them."""
        about = self.told(
            "about",
            round=plain(self.facts.round.name(self.lang), 200),
            code=plain(self.facts.round.code, 80),
            period=self._period(),
        )
        page, at = self._frame("cover", self.told("hint_cover"), (about,), across=False)
        listed = [name for name in self.names if name != "cover"]
        heads = [
            _Head(self.told(f"head_{name}"), width)
            for name, width in (("page", 24), ("holds", 62), ("rows", 12))
        ]
        self._table("cover", page, at, heads, len(listed))
        for row, name in enumerate(listed, start=at + 1):
            page.write_url(
                row, 0, f"internal:'{self.names[name]}'!A1", self.formats["link"], self.names[name]
            )
            page.write_string(row, 1, self.told(f"holds_{name}"), self.formats["text"])
            page.write_number(row, 2, self.rows[name], self.number_format(0))
            page.set_row(row, _LINE_POINTS * _lines(self.told(f"holds_{name}"), 62))

    def notes(self) -> None:
        """Every note by its number."""
        page, at = self._frame("notes", self.told("hint_notes"), across=False)
        heads = [_Head(self.told("head_note_number"), 12), _Head(self.told("head_note"), 88)]
        self._table("notes", page, at, heads, len(self.noted.texts))
        for number_of, note in enumerate(self.noted.texts, start=1):
            page.write_string(at + number_of, 0, f"[{number_of}]", self.formats["centre"])
            page.write_string(at + number_of, 1, plain(note, CELL_LIMIT), self.formats["text"])
            page.set_row(at + number_of, _LINE_POINTS * _lines(note, 88))

    def summary(self, table: IndicatorTable, places: pl.DataFrame) -> None:
        """The indicators over all periods, with what changed and the cells that the last figure comes from."""
        page, at = self._frame("summary", self.told("hint_summary"))
        heads = [
            _Head(self.text("head_number"), 10),
            _Head(self.told("head_group"), 14),
            _Head(self.text("head_indicator"), 44),
            _Head(self.text("head_unit"), 12),
            *(_Head(plain(period.label) + self.noted.of_period(period.code), 13) for period in table.periods),
            *(_Head(self.text(f"head_{name}"), 12) for name in CHANGES),
            _Head(self.text("head_sources"), 40),
        ]
        self._table("summary", page, at, heads, len(table.indicators))
        page.freeze_panes(at + 1, 3)
        names = {line.code: line.name for line in table.lines}
        changes = changes_by_code(self.facts)
        cells = annex_rows.sources_of_period(places, self.facts.round.period_code, self.lang)
        for row, line in enumerate(table.indicators, start=at + 1):
            group = self.told("no_group") if line.root == line.code else names[line.root]
            self._line(page, row, line, group, cells.get(line.code, ""), changes.get(line.code, {}))

    def _line(  # noqa: PLR0917
        self, page: Any, row: int, line: Line, group: str, cells: str, changes: Mapping[str, float | None]
    ) -> None:
        name = plain(line.name) + self.noted.of_line(line.code)
        page.write_string(row, 0, plain(line.code), self.formats["text"])
        page.write_string(row, 1, plain(group), self.formats["text"])
        page.write_string(row, 2, name, self.formats["text"])
        page.write_string(row, 3, plain(line.unit) or self.told("no_unit"), self.formats["centre"])
        for column, figure in enumerate(line.figures, start=4):
            self._figure(page, row, column, figure, line)
        after = 4 + len(line.figures)
        for column, what in enumerate(CHANGES, start=after):
            value = changes.get(what)
            if value is None or not isfinite(value):
                page.write_string(row, column, self.told("not_computed"), self.formats["words"])
            else:
                self._number(page, row, column, value, line.decimals if what == "change" else 1)
        told = cells or self.told("no_source")
        page.write_string(row, after + len(CHANGES), told, self.formats["text"])
        page.set_row(row, _LINE_POINTS * max(_lines(name, 44), _lines(told, 40), _lines(group, 14)))

    def _figure(self, page: Any, row: int, column: int, figure: Figure, line: Line) -> None:
        """A cell of an indicator: its number with the mark behind it, or the words for why there is none.

        Of another definition the note beside the name tells.
        """
        digits = figure.digits.removesuffix(DEFINED)
        if digits and figure.value is not None:
            mark = digits.removeprefix(number(figure.value, line.decimals, self.lang)).strip()
            page.write_number(row, column, figure.value, self.number_format(line.decimals, mark))
        else:
            page.write_string(row, column, digits or figure.words, self.formats["words"])

    def areas(self, found: AreaFigures, lines: Sequence[Line]) -> None:
        """A row per area and a column per indicator, first the area that stands for all and how many it covers."""
        page, at = self._frame("areas", self.told("hint_areas"))
        own = self.facts.area
        whole = {found.whole: own.name} if found.whole and own else {}
        names = {**whole, **found.names}
        heads = [_Head(self.text("head_area_code"), 9), _Head(self.text("head_area"), 26)]
        for line in lines:
            unit = f" ({plain(line.unit, 60)})" if line.unit else ""
            told = plain(f"{line.code} {line.name}") + self.noted.of_line(line.code) + unit
            heads.append(_Head(told, 17))
        self._table("areas", page, at, heads, len(names) + 1)
        page.freeze_panes(at + 1, 2)
        page.repeat_columns(0, 1)
        page.fit_to_pages(_PAGES_ACROSS, 0)
        page.write_string(at + 1, 0, "", self.formats["centre"])
        page.write_string(at + 1, 1, self.text("areas_with_figure"), self.formats["text"])
        for column, line in enumerate(lines, start=2):
            page.write_string(at + 1, column, found.coverage(line.code), self.formats["centre"])
        for row, (code, name) in enumerate(names.items(), start=at + 2):
            shown = own.code if own and code == found.whole else code
            page.write_string(row, 0, plain(shown, 40), self.formats["centre"])
            page.write_string(row, 1, plain(name), self.formats["text"])
            for column, line in enumerate(lines, start=2):
                self._figure(page, row, column, found.shown[code, line.code], line)
            page.set_row(row, _LINE_POINTS * _lines(name, 26))

    def charts(self, rows: list[Stretch], series: Mapping[str, Series], table: IndicatorTable) -> None:
        """The charts, and the sheet of numbers that they draw from."""
        page, at = self._frame("chart_data", self.told("hint_chart_data"))
        fixed = ("number", "indicator", "unit")
        heads = [
            *(
                _Head(self.text(f"head_{name}"), width)
                for name, width in zip(fixed, (10, 50, 13), strict=True)
            ),
            _Head(self.told("head_stretch"), 14),
            *(_Head(plain(period.label), 13) for period in table.periods),
        ]
        self._table("chart_data", page, at, heads, len(rows))
        for row, stretch in enumerate(rows, start=at + 1):
            texts = (stretch.code, stretch.title, stretch.unit or self.told("no_unit"))
            for column, told in enumerate(texts):
                page.write_string(row, column, plain(told), self.formats["text"])
            page.write_number(row, 3, stretch.number, self.number_format(0))
            for column, value in enumerate(stretch.values, start=4):
                self._number(page, row, column, value, stretch.decimals)
            page.set_row(row, _LINE_POINTS * _lines(stretch.title, 50))
        drawn = {row.code for row in rows}
        drawing, below = self._frame("charts", self.told("hint_charts", count=len(drawn)))
        drawing.freeze_panes(below, 0)
        self.rows["charts"] = len(drawn)
        places = Places(self.names["chart_data"], at, at + 1, 4, 3 + len(table.periods), below + 1)
        draw(self.book, drawing, rows, series, places, self.lang)

    def listing(self, name: str, rows: pl.DataFrame, fields: Sequence[Field]) -> None:
        """A sheet with one row per row of a frame."""
        shown = rows.head(_MOST_ROWS)
        more = rows.height > shown.height
        hint = (
            self.text("annex_more", count=rows.height, shown=shown.height)
            if more
            else self.told("hint_table")
        )
        page, at = self._frame(name, hint)
        heads = [_Head(self.text(f"head_{field.head}"), field.width) for field in fields]
        self._table(name, page, at, heads, shown.height)
        wrapped = [field for field in fields if field.kind in ("text", "code", "state")]
        for row, record in enumerate(shown.iter_rows(named=True), start=at + 1):
            for column, field in enumerate(fields):
                self._cell(page, row, column, field, record)
            page.set_row(
                row, _LINE_POINTS * max(_lines(str(record[item.name] or ""), item.width) for item in wrapped)
            )

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


def _sheet_code(name: str) -> str:
    code = f"reports.annex_{name}_sheet"
    return code if code in message_table() else f"annex.{name}_sheet"


def _title_code(name: str) -> str:
    code = f"reports.annex_{name}"
    return code if code in message_table() else f"annex.{name}"


def _lines(text: str, width: float) -> int:
    """Lines that a wrapped text takes in a column of ``width`` characters; LibreOffice does not grow rows itself."""
    return min(max(1, ceil(len(text) / (1.15 * width - 2))), _MOST_LINES)
