"""The rows of an official appendix, from the cells of its tables.

Finding header rows by their words, telling titles, criteria and components apart and nesting them by their numbers
belong here. Which indicator of the catalogue a row is does not (``appendix_match``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from dagster_project.messages import message, message_table
from dagster_project.text import clean, fold

#: What a column of an appendix may hold; the words that say so are data.
MEANINGS = (
    "number",
    "code",
    "name",
    "unit",
    "method",
    "definition",
    "period",
    "lead",
    "contributor",
    "source",
    "note",
)
_DESCRIBING = ("unit", "method", "definition", "period", "lead", "contributor", "source")
_ROMAN = re.compile(r"^[IVXLC]+$")
_NUMBER = re.compile(r"^(?:[IVXLC]+|[A-Z]|[a-zđ]|\d{1,3})(?:\.\d{1,3})*$|^[-+•*]$")
#: A number that stands before a title in the same cell.
_NUMBERED = re.compile(
    r"^([IVXLC]+|[A-Z]|[a-zđ]|\d{1,3}(?:\.\d{1,3})*)\s*[.)/:–-]\s*(\D.*)$|^([-+•*])\s+(.*)$"
)
_INDEX = re.compile(r"^\(?(?:[A-Z]|\d{1,2})\)?(?:\s*=.*)?$")


@dataclass(frozen=True)
class AppendixFinding:
    """One thing worth telling about a place of the appendix; its severity stands in the message table."""

    code: str
    sheet: str = ""
    row: int = 0
    column: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_blocking(self) -> bool:
        return message_table()[self.code].severity == "blocking"

    def text(self, lang: str) -> str:
        place = ""
        if self.row:
            column = f" ({self.column})" if self.column else ""
            place = message("appendix.place", lang, sheet=self.sheet, row=self.row, column=column)
        elif self.sheet:
            place = f"{self.sheet} – "
        return place + message(self.code, lang, **self.values)


@dataclass(frozen=True)
class AppendixRow:
    """One title, criterion or component; ``parent`` is the place of its title or criterion in the list of rows."""

    ref: str
    sheet: str
    row: int
    number: str
    texts: Mapping[str, str]
    columns: Mapping[str, str]
    is_title: bool
    is_component: bool = False
    parent: int | None = None
    path: str = ""

    @property
    def name(self) -> str:
        return self.texts["name"]

    def finding(self, code: str, meaning: str = "name", /, **values: str) -> AppendixFinding:
        """``code`` at the cell of this row that holds ``meaning``."""
        return AppendixFinding(code, self.sheet, self.row, self.columns.get(meaning, ""), values)


@dataclass(frozen=True)
class Appendix:
    """What a document says, row by row, and what could not be read."""

    rows: Sequence[AppendixRow]
    findings: Sequence[AppendixFinding]


Words = Mapping[str, frozenset[str]]
_Cells = dict[int, tuple[str, str]]  # column number: text, letter


def read_words(file: Path) -> Words:
    """Folded words by meaning, from a CSV with the columns ``meaning`` and ``word``."""
    told = pl.read_csv(file, schema={"meaning": pl.String, "word": pl.String})
    return {
        str(meaning): frozenset(fold(word) for word in group["word"])
        for (meaning,), group in told.group_by("meaning")
    }


def read_appendix(cells: pl.DataFrame, words: Words) -> Appendix:
    """The rows of all tables whose header is known, in their order.

    ``cells``: sheet, sheet_hidden, row, col, cell, raw_text, one row per filled cell. A table whose header has no name
    column is left out and told; a table without any header goes on with the columns of the one before.
    """
    reading = _Reading(words)
    shown = cells.filter(~pl.col("sheet_hidden").fill_null(value=False))
    for number, sheet in enumerate(shown["sheet"].unique(maintain_order=True), start=1):
        of_sheet = shown.filter(sheet=sheet)
        lines: dict[int, _Cells] = {}
        for row, col, cell, text in (
            of_sheet.select("row", "col", "cell", "raw_text").sort("row", "col").iter_rows()
        ):
            if clean(text):
                lines.setdefault(row, {})[col] = (clean(text), cell.rstrip("0123456789"))
        reading.read_sheet(number, sheet, lines)
    if not reading.rows and not any(finding.is_blocking for finding in reading.findings):
        reading.findings.append(AppendixFinding("appendix.no_table"))
    return Appendix(_nested(reading.rows), reading.findings)


class _Reading:
    """Where the reading stands: the columns of the table at hand, and what was found so far."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._columns: dict[int, str] = {}
        self.rows: list[AppendixRow] = []
        self.findings: list[AppendixFinding] = []

    def read_sheet(self, number: int, sheet: str, lines: Mapping[int, _Cells]) -> None:
        header: list[_Cells] = []
        is_open, ended = False, False
        for row, cells in lines.items():
            if self._is_header(cells, after=bool(header)):
                header.append(cells)
                continue
            if header:
                is_open, ended = self._open(sheet, row - 1, header), False
                header = []
                if is_open and all(_INDEX.match(text) for text, _ in cells.values()) and len(cells) > 2:
                    continue
            if not is_open and not ended and self._goes_on(cells):
                self.findings.append(AppendixFinding("appendix.no_header", sheet, row))
                is_open = True
            if is_open and self._is_footer(cells):
                is_open, ended = False, True
            if is_open:
                self._read_row(number, sheet, row, cells)

    def _meanings(self, text: str) -> Iterator[str]:
        folded = fold(text)
        return (meaning for meaning in MEANINGS if folded in self._words.get(meaning, ()))

    def _is_header(self, cells: _Cells, *, after: bool) -> bool:
        """Two cells that are header words; below such a row, one is enough where all cells are."""
        known = [any(self._meanings(text)) for text, _ in cells.values()]
        return sum(known) >= 2 or (after and all(known))

    def _open(self, sheet: str, row: int, header: Sequence[_Cells]) -> bool:
        """Take the columns of a header; the lowest known word of a column counts."""
        found: dict[int, str] = {}
        letters: dict[int, str] = {}
        for cells in header:
            for column, (text, letter) in cells.items():
                letters[column] = letter
                meaning = next(self._meanings(text), None)
                if meaning:
                    found[column] = meaning
        if "name" not in found.values():
            self.findings.append(AppendixFinding("appendix.no_name_column", sheet, row))
            return False
        for column in sorted(letters.keys() - found.keys()):
            told = {"observed": " ".join(cells[column][0] for cells in header if column in cells)}
            place = letters[column]
            self.findings.append(AppendixFinding("appendix.column_unknown", sheet, row, place, told))
        for meaning in MEANINGS:
            twice = [column for column, told in found.items() if told == meaning]
            if len(twice) > 1:
                told = {"observed": ", ".join(letters[column] for column in twice)}
                self.findings.append(AppendixFinding("appendix.column_twice", sheet, row, values=told))
        self._columns = found
        return True

    def _goes_on(self, cells: _Cells) -> bool:
        """A row of a table without a header, that numbers and names as the table before did."""
        texts = self._texts(cells)
        return bool(self._columns) and bool(_NUMBER.match(_bare(texts["number"]))) and bool(texts["name"])

    def _is_footer(self, cells: _Cells) -> bool:
        first, _ = next(iter(cells.values()))
        start = fold(first.split(":", maxsplit=1)[0])
        return len(cells) <= 2 and start in self._words.get("footer", ())

    def _texts(self, cells: _Cells) -> dict[str, str]:
        texts = dict.fromkeys(MEANINGS, "")
        for column, (text, _) in cells.items():
            if column in self._columns:
                texts[self._columns[column]] = text
        return texts

    def _read_row(self, number: int, sheet: str, row: int, cells: _Cells) -> None:
        texts = self._texts(cells)
        letters = {
            self._columns[column]: letter for column, (_, letter) in cells.items() if column in self._columns
        }
        if not any(texts.values()):
            return
        if texts["number"] and not _NUMBER.match(_bare(texts["number"])) and not texts["name"]:
            # a title that is merged over the whole row stands in its first cell
            texts["name"], texts["number"] = texts["number"], ""
            letters["name"] = letters["number"]
        if not texts["number"] and (parted := _NUMBERED.match(texts["name"])):
            texts["number"], texts["name"] = (text for text in parted.groups() if text)
        texts["number"] = _bare(texts["number"])
        if texts["number"] and not _NUMBER.match(texts["number"]):
            told = {"observed": texts["number"]}
            self.findings.append(
                AppendixFinding("appendix.number_unknown", sheet, row, letters["number"], told)
            )
            texts["number"] = ""
        is_title = not any(texts[meaning] for meaning in (*_DESCRIBING, "code"))
        read = AppendixRow(f"{number}:{row}", sheet, row, texts["number"], texts, letters, is_title)
        if texts["name"]:
            self.rows.append(read)
        elif texts["number"] or not self.rows:
            self.findings.append(read.finding("appendix.name_blank", "number"))
        else:
            self._continue(read)

    def _continue(self, more: AppendixRow) -> None:
        """Text below a merged cell goes to the row that it belongs to; two units of measure do not."""
        last = self.rows[-1]
        if more.texts["unit"] and last.texts["unit"] and fold(more.texts["unit"]) != fold(last.texts["unit"]):
            told = {"observed": more.texts["unit"], "first": last.texts["unit"]}
            self.findings.append(more.finding("appendix.unit_twice", "unit", **told))
        joined = {
            meaning: text
            if meaning == "unit" and text
            else "\n".join(filter(None, (text, more.texts[meaning])))
            for meaning, text in last.texts.items()
        }
        self.rows[-1] = replace(last, texts=joined, columns={**more.columns, **last.columns})


def _bare(number: str) -> str:
    return number if number in ("-", "+", "•", "*") else number.strip().strip("().:/ ")


#: How deep things stand that have no place in 1, 1.1, 1.1.1.
_LETTERED_RANK, _ROMAN_RANK, _UNNUMBERED, _LETTER = 0, 1, 5, 9
#: Roman numerals that are letters after these.
_LETTERS_BEFORE = {"C": "B", "I": "H", "L": "K", "V": "U", "X": "VW"}


def _rank(number: str, lettered: str) -> int | None:
    """How deep a number stands: A, I, 1 or I.1, 1.1, a), -; none where there is no number.

    ``lettered``: the letter of the last title that has one.
    """
    if not number:
        return None
    if lettered and lettered in _LETTERS_BEFORE.get(number, ""):
        return _LETTERED_RANK
    if number in ("-", "+", "•", "*"):
        return _LETTER + 1
    parts = number.split(".")
    if _ROMAN.match(parts[0]):
        return len(parts)
    if parts[0].isdigit():
        return 1 + len(parts)
    return _LETTERED_RANK if parts[0].isupper() else _LETTER


def _nested(rows: Sequence[AppendixRow]) -> list[AppendixRow]:
    """Each row below its title, or as a component below its criterion; a title with nothing below it is a criterion."""
    nested: list[AppendixRow] = []
    titles: list[tuple[int, int]] = []  # rank and place
    criterion: tuple[int, int] | None = None
    # where II stands, I, V and X count what is below the letters
    has_romans = any(row.number == "II" for row in rows)
    lettered = ""
    for place, row in enumerate(rows):
        rank = _rank(row.number, "" if has_romans and row.number in ("I", "V", "X") else lettered)
        if row.is_title and rank == _LETTERED_RANK:
            lettered = row.number
        is_component = not row.is_title and criterion is not None and rank is not None and rank > criterion[0]
        while titles and _ends(titles[-1][0], rank, is_title=row.is_title):
            titles.pop()
        parent = titles[-1][1] if titles else None
        if is_component and criterion is not None:
            parent = criterion[1]
        elif row.is_title:
            titles.append((_UNNUMBERED if rank is None else rank, place))
            criterion = None
        else:
            criterion = (_UNNUMBERED if rank is None else rank, place)
        path = _path(nested[parent].path if parent is not None else "", row.number)
        nested.append(replace(row, is_component=is_component, parent=parent, path=path))
    parents = {row.parent for row in nested}
    return [
        replace(row, is_title=row.is_title and (place in parents or row.parent is None))
        for place, row in enumerate(nested)
    ]


def _ends(title: int, rank: int | None, *, is_title: bool) -> bool:
    """Whether a row ends the title above it: another title of its depth, or a criterion numbered as the title is."""
    if is_title:
        return title >= (_UNNUMBERED if rank is None else rank)
    return rank is not None and _ROMAN_RANK < rank <= title < _UNNUMBERED


def _path(above: str, number: str) -> str:
    if not above or number.startswith(f"{above}."):
        return number
    return f"{above}.{number.rsplit('.', maxsplit=1)[-1]}" if number else ""
