"""Percentages, errors and formulas that nobody has computed, from the content of an OpenDocument spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from zipfile import ZipFile

from dagster_project.intake.cell_detail import ERROR, NO_VALUE, Detail, Details

_TAG = re.compile(
    r"<(/?)table:(table-row|table-cell|covered-table-cell|table)(?=[\s/>])"
    r"((?:[^>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>|<text:p[^>]*>(.*?)</text:p>",
    re.DOTALL,
)
_NAME = re.compile(r"\stable:name\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REPEAT = re.compile(r"number-(?:rows|columns)-repeated\s*=\s*[\"'](\d+)")
_FORMULA = re.compile(r"\stable:formula\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_PERCENT = "0%"
_INNER_TAG = re.compile(r"<[^>]*>")


def read_ods(file: Path) -> dict[str, Details]:
    """Details of each sheet, by its name."""
    with ZipFile(file) as archive:
        content = archive.read("content.xml").decode("utf-8")
    scan = _Scan()
    for match in _TAG.finditer(content):
        scan.see(match)
    return dict(scan.sheets)


class _Scan:
    """Where the scan stands: the sheet, the row, the cell, and how often the row and the cell are repeated."""

    def __init__(self) -> None:
        self.sheets: dict[str, dict[tuple[int, int], Detail]] = {}
        self._sheet: dict[tuple[int, int], Detail] = {}
        self._row = self._col = 0
        self._rows: tuple[int, int] = (0, 0)
        self._cols: tuple[int, int] = (0, 0)
        self._attributes: str | None = None

    def see(self, match: re.Match[str]) -> None:
        closing, tag, attributes, empty, text = match.groups()
        if tag is None:
            self._see_text(text)
        elif closing:
            self._attributes = None
        elif tag == "table":
            name = _NAME.search(attributes)
            self._sheet = self.sheets.setdefault(_first(name), {})
            self._row = 0
        elif tag == "table-row":
            self._rows = (self._row + 1, self._row + _repeat(attributes))
            self._row, self._col = self._rows[1], 0
        else:
            self._see_cell(attributes, empty=bool(empty))

    def _see_cell(self, attributes: str, *, empty: bool) -> None:
        self._cols = (self._col + 1, self._col + _repeat(attributes))
        self._col = self._cols[1]
        self._attributes = None if empty else attributes
        if 'office:value-type="percentage"' in attributes:
            self._note(Detail(_PERCENT))
        elif "table:formula" in attributes and "office:value-type" not in attributes:
            formula = _first(_FORMULA.search(attributes)).removeprefix("of:").removeprefix("=")
            self._note(Detail("", NO_VALUE, f"={formula}"))

    def _see_text(self, text: str) -> None:
        if self._attributes is not None and 'value-type="error"' in self._attributes:
            self._note(Detail("", ERROR, unescape(_INNER_TAG.sub("", text))))
            self._attributes = None

    def _note(self, detail: Detail) -> None:
        for at in self._spots():
            self._sheet[at] = detail

    def _spots(self) -> Iterator[tuple[int, int]]:
        for row in range(self._rows[0], self._rows[1] + 1):
            for col in range(self._cols[0], self._cols[1] + 1):
                yield row, col


def _repeat(attributes: str) -> int:
    found = _REPEAT.search(attributes)
    return int(found[1]) if found else 1


def _first(match: re.Match[str] | None) -> str:
    return unescape(next((text for text in match.groups() if text is not None), "")) if match else ""
