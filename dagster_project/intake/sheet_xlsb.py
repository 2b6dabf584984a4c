"""Number formats and errors from the binary parts of an xlsb workbook."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from defusedxml import ElementTree

from dagster_project.intake.cell_detail import ERROR, ERRORS, Detail, Details, format_of
from dagster_project.intake.extents import xlsb_record

_ROW, _CELL_ERROR, _FORMULA_ERROR = 0, 3, 11
_CELLS = range(1, 12)
_FORMAT, _STYLE, _STYLES_BEGIN, _STYLES_END, _SHEET = 44, 47, 617, 618, 156


def read_xlsb(file: Path) -> dict[str, Details]:
    """Details of each sheet, by its name."""
    with ZipFile(file) as archive:
        names = {name.lower(): name for name in archive.namelist()}
        formats = _formats(archive.read(names["xl/styles.bin"])) if "xl/styles.bin" in names else []
        targets = {
            item.get("Id", ""): item.get("Target", "")
            for item in ElementTree.fromstring(archive.read(names["xl/_rels/workbook.bin.rels"]))
        }
        details: dict[str, Details] = {}
        for name, relation in _sheets(archive.read(names["xl/workbook.bin"])):
            target = targets.get(relation, "")
            part = names.get((target.lstrip("/") if target.startswith("/") else f"xl/{target}").lower())
            if part is not None:
                details[name] = dict(_scan(archive.read(part), formats))
        return details


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while (record := xlsb_record(data, at)) is not None:
        kind, start, size = record
        at = start + size
        yield kind, data[start:at]


def _text(data: bytes, at: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    (size,) = struct.unpack_from("<I", data, at)
    end = at + 4 + 2 * size
    return data[at + 4 : end].decode("utf-16-le"), end


def _sheets(data: bytes) -> Iterator[tuple[str, str]]:
    for kind, body in _records(data):
        if kind == _SHEET:
            relation, end = _text(body, 8)
            yield _text(body, end)[0], relation


def _formats(data: bytes) -> list[str]:
    own: dict[int, str] = {}
    styles: list[str] = []
    inside = False
    for kind, body in _records(data):
        if kind == _FORMAT:
            own[struct.unpack_from("<H", body)[0]] = _text(body, 2)[0]
        elif kind in (_STYLES_BEGIN, _STYLES_END):
            inside = kind == _STYLES_BEGIN
        elif kind == _STYLE and inside:
            styles.append(format_of(struct.unpack_from("<H", body, 2)[0], own))
    return styles


def _scan(data: bytes, formats: list[str]) -> Iterator[tuple[tuple[int, int], Detail]]:
    row = 0
    for kind, body in _records(data):
        if kind == _ROW:
            row = struct.unpack_from("<I", body)[0] + 1
        elif kind in _CELLS:
            col, style = struct.unpack_from("<II", body)
            style &= 0xFFFFFF
            number_format = formats[style] if style < len(formats) else ""
            if kind in (_CELL_ERROR, _FORMULA_ERROR):
                yield (row, col + 1), Detail(number_format, ERROR, ERRORS.get(body[8], "#?"))
            elif number_format and kind != 1:
                yield (row, col + 1), Detail(number_format)
