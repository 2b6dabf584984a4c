"""The true extent of a sheet, followed while its bytes stream by, so that a sparse bomb is never opened.

Each class takes one sheet part in chunks of any size and raises ``TooWideError`` as soon as rows × columns pass the
limit. An empty chunk ends the part. What the cells hold is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import itemgetter

#: What a tag holds up to its end; a ">" in quotes does not end it. No tag holds a "<", so that no search runs far.
#: Nothing once matched is given back ("*+"): a search that failed would run over the same bytes again and again.
_REST = rb"[^<>\"']*+(?:(?:\"[^\"<]*+\"|'[^'<]*+')[^<>\"']*+)*+"
#: A row or a cell with its reference, whatever attributes stand before it.
_CELL = re.compile(
    rb"<(?:[^\s<>/:]+:)?(row|c)(?=[\s/>])(?:\s++(?!r[\s=])[^\s=<>/]++\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'))*+"
    rb"(?:\s+r\s*=\s*[\"']([A-Za-z]{0,4})(\d{1,9})[\"'])?(" + _REST + rb")>"
    rb"(</(?:[^\s<>/:]+:)?c\s*>)?"
)
#: A row or a cell as nearly every program writes it, else one with what nearly no program writes.
_PLAIN = re.compile(
    rb"<(?:c r=\"([A-Z]{1,4})(\d{1,9})\"(?: s=\"\d+\")?(?: t=\"\w+\")?(?:/>|></c>|(>))"
    rb"|row r=\"(\d{1,9})\"|((?:row|c)(?=[\s/>])))"
)
_PREFIXED = re.compile(rb":(?:row|c)[\s/>]")
_TAIL_LIMIT = 1 << 20
_ODS_TAG = re.compile(
    rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)(?=[\s/>])(" + _REST + rb")>|<text:p\b"
)
_ODS_REPEAT = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"'](\d+)[\"']")
_XLSB_ROW = 0
_XLSB_CELLS = range(1, 12)


def are_plain(sheet: bytes, found: Sequence[tuple[bytes, ...]]) -> bool:
    """Whether ``found``, whose last groups hold what is odd, are all rows and cells that ``sheet`` has."""
    return not any(map(itemgetter(-1), found)) and _PREFIXED.search(sheet) is None


class TooWideError(Exception):
    """A sheet's rows × columns pass the limit."""

    def __init__(self, cells: int) -> None:
        self.cells = cells
        super().__init__(str(cells))


class _Extent:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows = 0
        self._columns = 0

    def _grow(self, row: int, column: int) -> None:
        if row <= self._rows and column <= self._columns:
            return
        self._rows = max(self._rows, row)
        self._columns = max(self._columns, column)
        if self._rows * max(self._columns, 1) > self._limit:
            raise TooWideError(self._rows * max(self._columns, 1))


class XlsxExtent(_Extent):
    """``<row r=…>`` and ``<c r=…>`` of a worksheet part; empty elements, which only carry a style, do not count."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._tail = b""
        self._row = 0
        self._column = 0

    def feed(self, chunk: bytes) -> None:
        window = self._tail + chunk
        cut = window.rfind(b"<") if chunk else len(window)
        cut = len(window) if cut < 0 or len(window) - cut > _TAIL_LIMIT else cut
        tags = window[:cut]
        found = _PLAIN.findall(tags)
        if not are_plain(tags, found):
            for match in _CELL.finditer(tags):
                self._see(match)
        else:
            self._see_plain(found)
        self._tail = window[cut:]

    def _see_plain(self, found: list[tuple[bytes, ...]]) -> None:
        """What ``_see`` does, where each row and cell says where it stands."""
        row = next((row for _, _, _, row, _ in reversed(found) if row), None)
        if row:
            self._row = int(row)
        if found:
            self._column = _column_number(found[-1][0])
        columns = {letters for letters, _, is_held, _, _ in found if is_held}
        rows = {digits for _, digits, is_held, _, _ in found if is_held}
        if rows:
            self._grow(max(map(int, rows)), max(map(_column_number, columns)))

    def _see(self, match: re.Match[bytes]) -> None:
        name, letters, digits, rest, closed = match.groups()
        if name == b"row":
            self._row = int(digits) if digits else self._row + 1
            self._column = 0
            return
        self._column = _column_number(letters) if letters else self._column + 1
        if not closed and not rest.endswith(b"/"):
            self._grow(int(digits) if letters else self._row, self._column)


class OdsExtent(_Extent):
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


class XlsbExtent(_Extent):
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


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
