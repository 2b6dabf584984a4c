"""What every workbook of ours for reporting units is written with: looks, dropdowns, hints, heights of rows.

Which cells a form has belongs to its own module (``issue``, ``issue_back_series``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import wrap
from typing import Any

import polars as pl

from dagster_project.catalogue.load import Catalogue
from dagster_project.forms.plan import FormRow
from dagster_project.messages import message

vi = partial(message, lang="vi")

_FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
GRID = {**_FONT, "border": 1, "border_color": "#7F7F7F", "text_wrap": True}
INPUT = {**GRID, "locked": False, "bg_color": "#FFF9DB"}
_FORMATS: dict[str, dict[str, object]] = {
    "plain": _FONT,
    "wrapped": {**_FONT, "text_wrap": True},
    "right": {**_FONT, "align": "right"},
    "title": {**_FONT, "bold": True, "font_size": 14, "align": "center", "text_wrap": True},
    "subtitle": {**_FONT, "italic": True, "align": "center"},
    "sample": {**_FONT, "bold": True, "font_color": "#C00000", "align": "center"},
    "label": {**_FONT, "align": "right"},
    "code": {**_FONT, "bold": True, "num_format": "@", "align": "left"},
    "head": {**GRID, "bold": True, "align": "center", "bg_color": "#DDEBF7"},
    "column_code": {**GRID, "align": "center", "font_size": 8, "font_color": "#595959"},
    "group": {**GRID, "bold": True, "bg_color": "#EDEDED"},
    "group_number": {**GRID, "bold": True, "bg_color": "#EDEDED", "align": "center"},
    "name": GRID,
    "category": {**GRID, "indent": 2, "italic": True},
    "centre": {**GRID, "align": "center"},
    "row_code": {**GRID, "num_format": "@", "font_size": 9, "align": "center"},
    "prior_text": {**GRID, "italic": True, "align": "center", "font_color": "#595959"},
    "choice": {**INPUT, "align": "center"},
    "free": {**INPUT, "num_format": "@"},
    "note": {**_FONT, "italic": True, "text_wrap": True, "valign": "top"},
    "signature": {**_FONT, "bold": True, "align": "center"},
    "signature_hint": {**_FONT, "italic": True, "align": "center"},
}
_NUMERIC = ("count", "money", "percent", "rate", "index", "rank")
LINE = 15.0  # points of one line of the form's font
_FIT = 1.25
#: A dropdown's own list may be this long; Excel refuses a file with a longer one.
_LIST_LIMIT = 255


@dataclass(frozen=True)
class Words:
    """What the dropdowns offer."""

    states: tuple[str, ...]
    statuses: tuple[str, ...]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Words:
        """The labels of the catalogue's states and statuses."""
        labels = [
            tuple(catalogue.table(name).filter(pl.col("is_label"))["word"])
            for name in ("value_states", "value_statuses")
        ]
        return cls(*labels)


class Sheet:
    """A sheet being written: its worksheet, its formats by name, and the cell map so far."""

    def __init__(self, book: Any, name: str) -> None:
        self.book = book
        self.page = book.add_worksheet(name)
        self.formats = {look: book.add_format(settings) for look, settings in _FORMATS.items()}
        self.map: list[tuple[str, ...]] = []

    def put(self, row: int, column: int, words: str, look: str) -> None:
        """Write one text."""
        self.page.write_string(row, column, words, self.formats[look])

    def span(self, row: int, first: int, last: int, words: str, look: str) -> None:
        """Write one text over the columns from ``first`` to ``last``."""
        self.page.merge_range(row, first, row, last, "", self.formats[look])
        self.put(row, first, words, look)

    def number_format(self, base: dict[str, object], row: FormRow) -> Any:
        """Give the format of ``row``'s figures on ``base``; made once per pattern."""
        shown = pattern(row)
        key = f"{shown}|{base is INPUT}"
        if key not in self.formats:
            self.formats[key] = self.book.add_format({**base, "num_format": shown})
        return self.formats[key]


def pattern(row: FormRow) -> str:
    """The number format of ``row``'s figures."""
    if row.value_type not in _NUMERIC:
        return "@"
    whole = "0" if row.value_type == "rank" else "#,##0"
    return whole + ("." + "0" * row.decimals if row.decimals else "")


def offer(sheet: Sheet, at: int, column: int, words: Sequence[str]) -> None:
    """Offer ``words`` in a dropdown; other text stays possible, since intake reads every usual word."""
    if not words or len(",".join(words)) > _LIST_LIMIT:
        return
    options = {"validate": "list", "source": list(words), "error_type": "warning", "ignore_blank": True}
    sheet.page.data_validation(at, column, at, column, options)


def validate_figure(sheet: Sheet, at: int, column: int, row: FormRow) -> None:
    """Warn about an odd figure, never stop: words such as "không phát sinh" are allowed there."""
    if row.value_type == "yes_no":
        offer(sheet, at, column, (vi("forms.yes"), vi("forms.no")))
        return
    if row.value_type not in _NUMERIC:
        return
    low = -1e15 if row.low is None else row.low
    high = 1e15 if row.high is None else row.high
    shown = {"low": _vietnamese(low), "high": _vietnamese(high), "unit": row.unit}
    is_open = row.low is None or row.high is None
    hint = vi("forms.number_hint_open" if is_open else "forms.number_hint", **shown)
    options = {
        "validate": "integer" if row.value_type in ("count", "rank") and not row.decimals else "decimal",
        "criteria": "between",
        "minimum": low,
        "maximum": high,
        "ignore_blank": True,
        "error_type": "warning",
        "error_title": vi("forms.number_title"),
        "error_message": hint[:_LIST_LIMIT],
    }
    sheet.page.data_validation(at, column, at, column, options)


def _vietnamese(number: float) -> str:
    return f"{number:,.10g}".translate(str.maketrans(",.", ".,"))


def lines(words: str, width: float) -> int:
    """How many lines ``words`` take in a column of this width."""
    # A proportional font fits a little more than the width in zeros that a column has.
    return max(1, len(wrap(words, int(width * _FIT))))
