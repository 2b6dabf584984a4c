"""The true extent of a sheet, followed while its bytes stream by, so that a sparse bomb is never opened.

Each class takes one sheet part in chunks of any size and raises ``TooWideError`` as soon as rows × columns pass the
limit. An empty chunk ends the part. What the cells hold is not looked at, only found for whoever reads on.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from dagster_project.intake.alike import once_if_small

#: What a tag holds up to its end; a ">" in quotes does not end it. No tag holds a "<", so that no search runs far.
#: Nothing once matched is given back ("*+"): a search that failed would run over the same bytes again and again.
_REST = rb"[^<>\"']*+(?:(?:\"[^\"<]*+\"|'[^'<]*+')[^<>\"']*+)*+"
#: A row or a cell with its reference, whatever attributes stand before it.
_CELL = re.compile(
    rb"<(?:[^\s<>/:]+:)?(row|c)(?=[\s/>])(?:\s++(?!r[\s=])[^\s=<>/]++\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'))*+"
    rb"(?:\s+r\s*=\s*[\"']([A-Za-z]{0,4})(\d+)[\"'])?(" + _REST + rb")>"
    rb"(</(?:[^\s<>/:]+:)?c\s*>)?"
)
#: What no XML has, though a spreadsheet reader may take it: a "<" in a tag; and of references to a cell a second one.
_BROKEN = re.compile(rb"<(?:[^\s<>/:]+:)?(?:row|c)(?=[\s/>])[^<>]*+(?:<|\Z)")
_SECOND_REFERENCE = re.compile(rb"\sr\s*=")
#: Without it nothing is read as cells; pictures hold anything, but not this.
_SHEET = b"sheetData"
#: A row or a cell as nearly every program writes it, else one with what nearly no program writes.
_PLAIN = re.compile(
    rb"<(?:c r=\"([A-Z]{1,4})(\d{1,9})\"(?: s=\"\d+\")?(?: t=\"\w+\")?(?:/>|></c>|(>))"
    rb"|row r=\"(\d{1,9})\"|((?:row|c)(?=[\s/>])))"
)
#: The same with style, type and what stands in the cell, whose end is looked for only up to the next one's start.
_PLAIN_CELL = re.compile(
    rb"<(?:c r=\"([A-Z]{1,3})(\d{1,9})\"(?: s=\"(0|[1-9]\d*)\")?(?: t=\"(\w+)\")?"
    rb"(?:/>|>((?:<(?!/?c[\s/>])[^<]*)*+)</c>)|row r=\"\d{1,9}\"|((?:row|c)(?=[\s/>])))"
)
_PREFIXED = re.compile(rb":(?:row|c)[\s/>]")
#: So many sheets are remembered, for those who ask for the same one after another; and so many rows of up to so many
#: bytes, for forms of one kind differ in few of them.
_SHEETS, _ROWS, _ROW_BYTES = 8, 2_048, 2_048
_ROW_END = b"</row>"
_TAIL_LIMIT = 1 << 20
#: So many columns are remembered by number.
_COLUMNS = 1 << 14
_ODS_TAG = re.compile(
    rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)(?=[\s/>])(" + _REST + rb")>|<text:p\b"
)
_ODS_REPEAT = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"'](\d+)[\"']")
_XLSB_ROW = 0
_XLSB_CELLS = range(1, 12)


@dataclass(frozen=True)
class PlainRow:
    """A row of a sheet in which each cell says where it stands; cells that hold nothing are left out.

    Of a cell its row and column, its style, and where it is an error or has a formula, its type and what stands in it.
    """

    cells: Sequence[tuple[tuple[int, int], bytes, tuple[bytes, bytes] | None]]
    last_row: int
    last_column: int


@once_if_small(_SHEETS)
def plain_rows(sheet: bytes) -> Sequence[PlainRow] | None:
    """The rows of a sheet in their order; None where a row or a cell of one is not written plainly."""
    # A cell with such an end in it is cut in two here, and its first part is not written plainly.
    rows = []
    for part in sheet.split(_ROW_END):
        row = _plain_row(part)
        if row is None:
            return None
        rows.append(row)
    return rows


@once_if_small(_ROWS, _ROW_BYTES)
def _plain_row(part: bytes) -> PlainRow | None:
    found: list[tuple[bytes, ...]] = _PLAIN_CELL.findall(part)
    if not _are_plain(part, found):
        return None
    cells = [
        (
            (int(row), column_number(letters)),
            style,
            (kind, inside) if kind == b"e" or b"<f" in inside else None,
        )
        for letters, row, style, kind, inside, _odd in found
        if inside
    ]
    return PlainRow(
        cells,
        max((row for (row, _), _, _ in cells), default=0),
        max((column for (_, column), _, _ in cells), default=0),
    )


def _are_plain(sheet: bytes, found: Sequence[tuple[bytes, ...]]) -> bool:
    """Whether ``found``, whose last groups hold what is odd, are all rows and cells that ``sheet`` has."""
    return not any(map(itemgetter(-1), found)) and _PREFIXED.search(sheet) is None


class TooWideError(Exception):
    """A sheet's rows × columns pass the limit."""

    def __init__(self, cells: int) -> None:
        self.cells = cells
        super().__init__(str(cells))


class Extent(ABC):
    """Rows and columns of one sheet as far as it was fed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows = 0
        self._columns = 0

    @abstractmethod
    def feed(self, chunk: bytes) -> None:
        """Follow the sheet through its next bytes; an empty chunk ends it."""

    def feed_whole(self, sheet: bytes) -> None:
        """Follow the sheet from its first byte to its last."""
        self.feed(sheet)
        self.feed(b"")

    def _grow(self, row: int, column: int) -> None:
        if row <= self._rows and column <= self._columns:
            return
        self._rows = max(self._rows, row)
        self._columns = max(self._columns, column)
        if self._rows * max(self._columns, 1) > self._limit:
            raise TooWideError(self._rows * max(self._columns, 1))


class XlsxExtent(Extent):
    """``<row r=…>`` and ``<c r=…>`` of a worksheet part; empty elements, which only carry a style, do not count."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._tail = b""
        self._row = 0
        self._column = 0
        self._is_sheet = False

    def feed(self, chunk: bytes) -> None:
        window = self._tail + chunk
        cut = window.rfind(b"<") if chunk else len(window)
        cut = len(window) if cut < 0 or len(window) - cut > _TAIL_LIMIT else cut
        tags = window[:cut]
        self._is_sheet = self._is_sheet or _SHEET in tags
        found = _PLAIN.findall(tags)
        if not _are_plain(tags, found):
            self._see_any(tags)
        else:
            self._see_plain(found)
        self._tail = window[cut:]

    def feed_whole(self, sheet: bytes) -> None:
        rows = plain_rows(sheet)
        if rows is None:
            self._is_sheet = _SHEET in sheet
            self._see_any(sheet)
        else:
            self._grow(max(row.last_row for row in rows), max(row.last_column for row in rows))

    def _see_plain(self, found: list[tuple[bytes, ...]]) -> None:
        """What ``_see`` does, where each row and cell says where it stands."""
        row = next((row for _, _, _, row, _ in reversed(found) if row), None)
        if row:
            self._row = int(row)
        if found:
            self._column = column_number(found[-1][0])
        self._see_held(
            {digits for _, digits, is_held, _, _ in found if is_held},
            {letters for letters, _, is_held, _, _ in found if is_held},
        )

    def _see_held(self, rows: Collection[bytes], columns: Collection[bytes]) -> None:
        if rows:
            self._grow(max(map(int, rows)), max(map(column_number, columns)))

    def _see_any(self, tags: bytes) -> None:
        """Follow rows and cells however they are written; raises ``ValueError`` where they are no XML."""
        if self._is_sheet and _BROKEN.search(tags):
            raise ValueError("<")
        for match in _CELL.finditer(tags):
            self._see(match)

    def _see(self, match: re.Match[bytes]) -> None:
        name, letters, digits, rest, closed = match.groups()
        if digits and _SECOND_REFERENCE.search(rest):
            raise ValueError("r=")
        if name == b"row":
            self._row = int(digits) if digits else self._row + 1
            self._column = 0
            return
        self._column = column_number(letters) if letters else self._column + 1
        if not closed and not rest.endswith(b"/"):
            self._grow(int(digits) if letters else self._row, self._column)


class OdsExtent(Extent):
    """Repeated rows and columns of ``content.xml``, counted up to the last cell that holds something."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._tail = b""
        self._row_end = 0
        self._row_repeat = 1
        self._column_end = 0
        self._last_held = 0
        self._in_cell = False

    def feed(self, chunk: bytes) -> None:
        window = self._tail + chunk
        cut = window.rfind(b"<") if chunk else len(window)
        cut = len(window) if cut < 0 or len(window) - cut > _TAIL_LIMIT else cut
        for match in _ODS_TAG.finditer(window, 0, cut):
            self._see(match)
        self._tail = window[cut:]

    def _see(self, match: re.Match[bytes]) -> None:
        if match[2] is None:  # text:p
            if self._in_cell:
                self._last_held = self._column_end
            return
        closing, name, attributes = match[1], match[2], match[3]
        empty = attributes.endswith(b"/")
        if name == b"table":
            self._rows = self._columns = self._row_end = 0
        elif name == b"table-row":
            if not closing:
                self._open_row(attributes)
            if closing or empty:
                self._close_row()
        elif closing:
            self._in_cell = False
        else:
            self._column_end += _repeat(attributes)
            self._in_cell = not empty
            if b"value-type" in attributes or b"formula" in attributes:
                self._last_held = self._column_end

    def _open_row(self, attributes: bytes) -> None:
        self._row_repeat = _repeat(attributes)
        self._column_end = self._last_held = 0

    def _close_row(self) -> None:
        self._row_end += self._row_repeat
        if self._last_held:
            self._grow(self._row_end, self._last_held)


class XlsbExtent(Extent):
    """Row and cell records of a binary worksheet part."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._buffer = b""
        self._skip = 0
        self._row = 0

    def feed(self, chunk: bytes) -> None:
        data = self._buffer + chunk
        at = min(self._skip, len(data))
        self._skip -= at
        while not self._skip and (record := xlsb_record(data, at)) is not None:
            kind, start, size = record
            if kind == _XLSB_ROW or kind in _XLSB_CELLS:
                if len(data) < start + 4:
                    break
                number = int.from_bytes(data[start : start + 4], "little")
                if kind == _XLSB_ROW:
                    self._row = number + 1
                else:
                    self._grow(self._row, number + 1)
            at = start + size
            if at > len(data):
                self._skip = at - len(data)
                at = len(data)
        self._buffer = data[at:]


def xlsb_record(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Kind, start and size of the record at ``at``; None where its header is not whole yet."""
    if at >= len(data):
        return None
    kind = data[at]
    at += 1
    if kind & 0x80:
        if at >= len(data):
            return None
        kind = (kind & 0x7F) | (data[at] & 0x7F) << 7
        at += 1
    size = 0
    for shift in (0, 7, 14, 21):
        if at >= len(data):
            return None
        byte = data[at]
        at += 1
        size |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return kind, at, size


def _repeat(attributes: bytes) -> int:
    found = _ODS_REPEAT.search(attributes)
    return int(found[1]) if found else 1


@lru_cache(_COLUMNS)
def column_number(letters: bytes) -> int:
    """The number of a column by its letters, from 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
