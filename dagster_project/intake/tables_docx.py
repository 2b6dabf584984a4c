"""Tables of a Word document as sheets of text, read from the XML of its main part.

Where a cell stands in its table's grid belongs here. A table within a cell is part of that cell's text; text outside
tables is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from defusedxml import ElementTree

SHEET_NAME = "Bảng {number}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
#: Word makes no table wider.
_WIDEST = 63


@dataclass
class _Cell:
    span: int = 1
    continues: bool = False
    text: list[str] = field(default_factory=list)


@dataclass
class _Row:
    skip: int = 0
    cells: list[_Cell] = field(default_factory=list)

    def values(self) -> list[str]:
        values = [""] * self.skip
        for cell in self.cells:
            text = "" if cell.continues else "".join(cell.text).rstrip("\n")
            values.extend([text, *[""] * (cell.span - 1)])
        return values


def read_tables(file: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """Name and rows of each outermost table, in the document's order."""
    with ZipFile(file) as archive, archive.open(_main_part(archive)) as stream:
        scan = _Scan()
        for event, element in ElementTree.iterparse(stream, events=("start", "end")):
            tag = element.tag.replace(_STRICT, _WORD)
            if event == "start":
                scan.start(tag)
                continue
            table = scan.end(tag, element.get(f"{_WORD}val") or element.get(f"{_STRICT}val"), element.text)
            if table is not None:
                yield table
            element.clear()


def _main_part(archive: ZipFile) -> str:
    return next(name for name in archive.namelist() if name.lower().lstrip("/") == "word/document.xml")


class _Scan:
    """Where the scan stands: the table, its row and cell; ``depth`` counts tables within one another."""

    def __init__(self) -> None:
        self._number = 0
        self._depth = 0
        self._muted = 0
        self._rows: list[_Row] = []

    def start(self, tag: str) -> None:
        if tag == _FALLBACK:
            self._muted += 1
        if tag == f"{_WORD}tbl":
            self._depth += 1
            if self._depth == 1:
                self._rows = []
        elif self._depth == 1 and tag == f"{_WORD}tr":
            self._rows.append(_Row())
        elif self._depth == 1 and tag == f"{_WORD}tc" and self._rows:
            self._rows[-1].cells.append(_Cell())

    def end(self, tag: str, value: str | None, text: str | None) -> tuple[str, list[list[str]]] | None:
        if tag == _FALLBACK:
            self._muted -= 1
        elif tag == f"{_WORD}tbl":
            self._depth -= 1
            if self._depth == 0:
                self._number += 1
                return SHEET_NAME.format(number=self._number), [row.values() for row in self._rows]
        elif self._depth and self._rows and not self._muted:
            self._see(tag.removeprefix(_WORD), value, text)
        return None

    def _see(self, name: str, value: str | None, text: str | None) -> None:
        row = self._rows[-1]
        if name == "gridBefore" and self._depth == 1:
            row.skip = _small(value)
        if not row.cells:
            return
        cell = row.cells[-1]
        if self._depth == 1 and name == "gridSpan":
            cell.span = max(1, _small(value))
        elif self._depth == 1 and name == "vMerge":
            cell.continues = value != "restart"
        elif name == "t":
            cell.text.append(text or "")
        elif name == "tab":
            cell.text.append("\t")
        elif name in ("br", "cr", "p"):
            cell.text.append("\n")


def _small(value: str | None) -> int:
    return min(int(value), _WIDEST) if value is not None and value.isdecimal() else 0
