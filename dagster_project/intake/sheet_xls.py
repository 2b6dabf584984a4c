"""Number formats and errors from the workbook stream of an xls file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from dagster_project.intake.cell_detail import ERROR, ERRORS, Detail, Details, format_of

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END_OF_CHAIN = 0xFFFFFFFA
_BOF, _EOF = 0x809, 0x0A
_SHEET, _FORMAT, _STYLE = 0x85, 0x41E, 0xE0
_NUMBER, _RK, _MULTIPLE_RK, _BOOL_ERROR, _FORMULA = 0x203, 0x27E, 0xBD, 0x205, 0x06
_BIFF8 = 0x600


def read_xls(file: Path) -> dict[str, Details]:
    """Details of each sheet, by its name."""
    data = _workbook_stream(file.read_bytes())
    (version,) = struct.unpack_from("<H", data, 4)
    own: dict[int, str] = {}
    styles: list[int] = []
    places: list[tuple[str, int]] = []
    for kind, body in _records(data, 0):
        if kind == _SHEET:
            places.append((_name(body, version), struct.unpack_from("<I", body)[0]))
        elif kind == _FORMAT:
            own[struct.unpack_from("<H", body)[0]] = _format_code(body, version)
        elif kind == _STYLE:
            styles.append(struct.unpack_from("<H", body, 2)[0])
    formats = [format_of(number, own) for number in styles]
    return {name: dict(_scan(data, place, formats)) for name, place in places}


def _records(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Records from ``at`` to the end of the substream that begins there, without those nested in it."""
    depth = 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        body = data[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, body


def _name(body: bytes, version: int) -> str:
    size = body[6]
    if version < _BIFF8:
        return body[7 : 7 + size].decode("cp1252", errors="replace")
    return _characters(body, 7, size)


def _format_code(body: bytes, version: int) -> str:
    if version < _BIFF8:
        return body[3 : 3 + body[2]].decode("cp1252", errors="replace")
    return _characters(body, 4, struct.unpack_from("<H", body, 2)[0])


def _characters(body: bytes, at: int, size: int) -> str:
    """Text whose first byte says whether its characters take two bytes."""
    if body[at] & 1:
        return body[at + 1 : at + 1 + 2 * size].decode("utf-16-le", errors="replace")
    return body[at + 1 : at + 1 + size].decode("latin-1")


def _scan(data: bytes, place: int, formats: list[str]) -> Iterator[tuple[tuple[int, int], Detail]]:
    for kind, body in _records(data, place):
        if kind == _MULTIPLE_RK:
            row, first = struct.unpack_from("<HH", body)
            for number in range((len(body) - 6) // 6):
                shown = _shown(formats, struct.unpack_from("<H", body, 4 + 6 * number)[0])
                if shown:
                    yield (row + 1, first + number + 1), Detail(shown)
        elif kind in (_NUMBER, _RK, _BOOL_ERROR, _FORMULA):
            row, col, style = struct.unpack_from("<HHH", body)
            shown = _shown(formats, style)
            error = _error(kind, body)
            if error or shown:
                yield (row + 1, col + 1), Detail(shown, ERROR if error else "", error)


def _shown(formats: list[str], style: int) -> str:
    return formats[style] if style < len(formats) else ""


def _error(kind: int, body: bytes) -> str:
    """The error that the cell shows; empty where it shows none."""
    if kind == _BOOL_ERROR and body[7]:
        return ERRORS.get(body[6], "#?")
    if kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
        return ERRORS.get(body[8], "#?")
    return ""


def _workbook_stream(content: bytes) -> bytes:
    """The stream "Workbook" or "Book" of a compound file; the content itself where it is no compound file."""
    if not content.startswith(_OLE):
        return content
    big, small = (1 << shift for shift in struct.unpack_from("<HH", content, 30))
    sectors = _sector_table(content, big)
    directory = _chain(content, sectors, struct.unpack_from("<I", content, 48)[0], big, big)
    entries = [directory[at : at + 128] for at in range(0, len(directory) - 127, 128)]
    found = next(entry for entry in entries if _entry_name(entry).lower() in ("workbook", "book"))
    start, size = struct.unpack_from("<II", found, 116)
    if size >= struct.unpack_from("<I", content, 56)[0]:
        return _chain(content, sectors, start, big, big)[:size]
    root_start = struct.unpack_from("<I", entries[0], 116)[0]
    mini = _chain(content, sectors, root_start, big, big)
    mini_table = _numbers(_chain(content, sectors, struct.unpack_from("<I", content, 60)[0], big, big))
    return _chain(mini, mini_table, start, small, 0)[:size]


def _entry_name(entry: bytes) -> str:
    (size,) = struct.unpack_from("<H", entry, 64)
    return entry[: max(0, min(size, 64) - 2)].decode("utf-16-le", errors="replace")


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _sector_table(content: bytes, size: int) -> tuple[int, ...]:
    """Which sector follows which."""
    parts = [number for number in struct.unpack_from("<109I", content, 76) if number < _END_OF_CHAIN]
    following, left = struct.unpack_from("<II", content, 68)
    while following < _END_OF_CHAIN and left > 0:
        more = _numbers(content[(following + 1) * size : (following + 2) * size])
        parts.extend(number for number in more[:-1] if number < _END_OF_CHAIN)
        following, left = more[-1], left - 1
    return _numbers(b"".join(content[(part + 1) * size : (part + 2) * size] for part in parts))


def _chain(content: bytes, table: tuple[int, ...], start: int, size: int, offset: int) -> bytes:
    """The sectors of a chain; one that runs in a circle ends where it would have to be longer than the file."""
    parts: list[bytes] = []
    sector = start
    while sector < _END_OF_CHAIN and len(parts) <= len(table):
        parts.append(content[sector * size + offset : (sector + 1) * size + offset])
        sector = table[sector]
    return b"".join(parts)
