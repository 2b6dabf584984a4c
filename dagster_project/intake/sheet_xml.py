"""Number formats, errors and formulas that nobody has computed, from the XML parts of an xlsx workbook.

The parts are scanned for exactly that; values and texts are the spreadsheet reader's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from html import unescape
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZipFile

from defusedxml import ElementTree

from dagster_project.intake.alike import once_if_small
from dagster_project.intake.cell_detail import ERROR, NO_VALUE, Detail, Details, format_of
from dagster_project.intake.extents import PlainRow, column_number, plain_rows
from dagster_project.intake.legacy_text import font_encoding

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CELL = re.compile(
    rb"<(?:\w+:)?(?:row(?=[\s/>])([^<>]*)|c(?=[\s/>])([^<>]*?)"
    rb"(?:/>|>((?:[^<]|<(?!/?(?:\w+:)?c[\s/>]))*+)</(?:\w+:)?c\s*>))"
)
_REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{0,3})(\d+)[\"']")
_STYLE = re.compile(rb"\ss\s*=\s*[\"'](\d+)[\"']")
_TYPE = re.compile(rb"\st\s*=\s*[\"'](\w+)[\"']")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?=[\s/>])[^>]*?(?:/>|>(.*?)</(?:\w+:)?f\s*>)", re.DOTALL)
#: So many different parts are kept parsed.
_ALIKE = 64
_VALUE = re.compile(rb"<(?:\w+:)?v(?=[\s>])[^>]*>(.*?)</(?:\w+:)?v\s*>", re.DOTALL)


def read_xlsx(file: Path, parts: Mapping[str, bytes]) -> dict[str, Details]:
    """Details of each sheet of an xlsx or xlsm workbook, by the sheet's name.

    ``parts``, by their plain names, are read already; the others are read from ``file``.
    """
    with _Parts(file, parts) as part:
        workbook = _main_part(part)
        formats = _cell_formats(part(_beside(workbook, "styles.xml")) or b"")
        details: dict[str, Details] = {}
        for name, target in _sheets(part, workbook):
            content = part(target)
            if content is not None:
                details[name] = _scan(content, formats)
        return details


class _Parts(ExitStack):
    """The parts of a workbook; its file is opened only where one is asked for that was not read before."""

    def __init__(self, file: Path, known: Mapping[str, bytes]) -> None:
        super().__init__()
        self._file = file
        self._known = known

    def __call__(self, name: str) -> bytes | None:
        known = self._known.get(_plain(name))
        if known is not None:
            return known
        found = self._names.get(_plain(name))
        return self._archive.read(found) if found else None

    @cached_property
    def _archive(self) -> ZipFile:
        return self.enter_context(ZipFile(self._file))

    @cached_property
    def _names(self) -> dict[str, str]:
        return {_plain(name): name for name in self._archive.namelist()}


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _beside(name: str, other: str) -> str:
    return str(PurePosixPath(name).parent / other)


def _main_part(part: Callable[[str], bytes | None]) -> str:
    """Where the workbook lies: what the package says, else the usual place."""
    for kind, target in _relations(part("_rels/.rels") or b"").values():
        if kind.endswith("/officeDocument"):
            return target.lstrip("/")
    return "xl/workbook.xml"


# What forms of one kind have in common is parsed once: nobody changes what these give.
@once_if_small(_ALIKE)
def _relations(content: bytes) -> dict[str, tuple[str, str]]:
    if not content:
        return {}
    return {
        item.get("Id", ""): (item.get("Type", ""), item.get("Target", ""))
        for item in ElementTree.fromstring(content)
    }


def _sheets(part: Callable[[str], bytes | None], workbook: str) -> Iterator[tuple[str, str]]:
    """Name and part of each sheet."""
    content = part(workbook)
    if content is None:
        return
    place = PurePosixPath(workbook)
    relations = _relations(part(str(place.parent / "_rels" / f"{place.name}.rels")) or b"")
    for name, key in _named_sheets(content):
        _, target = relations.get(key, ("", ""))
        if target:
            absolute = target.startswith(("/", "\\"))
            yield name, target if absolute else _beside(workbook, target)


@once_if_small(_ALIKE)
def _named_sheets(content: bytes) -> list[tuple[str, str]]:
    """Name of each sheet, and the key of its part among the relations of the workbook."""
    return [
        (
            item.get("name", ""),
            next((value for name, value in item.attrib.items() if name.endswith("}id")), ""),
        )
        for item in ElementTree.fromstring(content).iter()
        if item.tag.endswith("}sheet")
    ]


@once_if_small(_ALIKE)
def _cell_formats(content: bytes) -> tuple[tuple[str, str], ...]:
    """The number format of each cell style, in order, and the encoding of its font where that is no Unicode."""
    if not content:
        return ()
    root = ElementTree.fromstring(content)
    own: dict[int, str] = {}
    styles: list[tuple[str, str]] = []
    fonts: list[str] = []
    for item in root.iter():
        if item.tag.endswith("}numFmt"):
            own.setdefault(int(item.get("numFmtId", "0")), item.get("formatCode", ""))
    for group in root:
        if group.tag.endswith("}fonts"):
            fonts = [_font_of(item) for item in group]
        elif group.tag.endswith("}cellXfs"):
            styles = [
                (format_of(int(item.get("numFmtId", "0")), own), _at(fonts, int(item.get("fontId", "0"))))
                for item in group
            ]
    return tuple(styles)


def _font_of(font: Element) -> str:
    return next(
        (font_encoding(part.get("val", "")) for part in font if part.tag.endswith(("}name", "}rFont"))), ""
    )


def _at(fonts: list[str], number: int) -> str:
    return fonts[number] if 0 <= number < len(fonts) else ""


@once_if_small(_ALIKE)
def _scan(content: bytes, formats: Sequence[tuple[str, str]]) -> Details:
    rows = plain_rows(content)
    return dict(_scan_any(content, formats) if rows is None else _scan_plain(rows, formats))


def _scan_plain(
    rows: Sequence[PlainRow], formats: Sequence[tuple[str, str]]
) -> Iterator[tuple[tuple[int, int], Detail]]:
    """What ``_scan_any`` gives, where each cell says where it stands."""
    told = {
        b"%d" % number: Detail(code, font=font) for number, (code, font) in enumerate(formats) if code or font
    }
    if b"0" in told:
        told[b""] = told[b"0"]
    for row in rows:
        for at, style, special in row.cells:
            detail = told.get(style) if special is None else _detail(style, *special, formats)
            if detail is not None:
                yield at, detail


def _scan_any(content: bytes, formats: Sequence[tuple[str, str]]) -> Iterator[tuple[tuple[int, int], Detail]]:
    row = col = 0
    for match in _CELL.finditer(content):
        if match[1] is not None:
            reference = _REFERENCE.search(match[1])
            row, col = (int(reference[2]) if reference else row + 1), 0
            continue
        reference = _REFERENCE.search(match[2])
        col = column_number(reference[1]) if reference else col + 1
        if not match[3]:
            continue
        at = int(reference[2]) if reference else row
        style, kind = _STYLE.search(match[2]), _TYPE.search(match[2])
        detail = _detail(style[1] if style else b"", kind[1] if kind else b"", match[3], formats)
        if detail is not None:
            yield (at, col), detail


def _detail(style: bytes, kind: bytes, inside: bytes, formats: Sequence[tuple[str, str]]) -> Detail | None:
    number = int(style or b"0")
    number_format, font = formats[number] if number < len(formats) else ("", "")
    if kind == b"e":
        value = _VALUE.search(inside)
        return Detail(number_format, ERROR, _text(value[1] if value else b""))
    formula = _FORMULA.search(inside) if b"f" in inside else None
    if formula is not None and _is_uncomputed(inside, is_text=bool(kind)):
        return Detail(number_format, NO_VALUE, f"={_text(formula[1] or b'')}")
    return Detail(number_format, font=font) if number_format or font else None


def _is_uncomputed(inside: bytes, *, is_text: bool) -> bool:
    """Whether a formula has no value; a text may well be empty."""
    value = _VALUE.search(inside)
    return value is None or (not value[1] and not is_text)


def _text(content: bytes) -> str:
    return unescape(content.decode("utf-8", errors="replace"))
