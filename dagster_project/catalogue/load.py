"""Read a catalogue folder into typed frames.

Reading, types, unknown columns and the content hash belong here. Whether the rows make sense does not (``lint``).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from dagster_project.catalogue.reference_areas import REFERENCE_TABLES, reference_rows
from dagster_project.catalogue.tables import TABLES, Table
from dagster_project.errors import ExitCode, KhoError, UsageError
from dagster_project.messages import message

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_EXAMPLES: dict[type[pl.DataType], str] = {
    pl.Int64: "2025",
    pl.Float64: "12.5",
    pl.Date: "2025-07-01",
    pl.Boolean: "true, false",
}


@dataclass(frozen=True)
class Problem:
    """One thing to mend in a table: the row of its file (the header is row 1; 0 means the table), the column."""

    table: str
    row: int
    column: str
    code: str
    values: dict[str, str] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        where = f"{self.table}.csv" + (f":{self.row}" if self.row else "")
        return f"{where} – {message(self.code, lang, column=self.column, **self.values)}"


class CatalogueError(KhoError):
    """A catalogue that cannot be used; its text tells every problem at once."""

    exit_code = ExitCode.WRONG_USAGE

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("catalogue.unusable", count=len(self.problems))

    def text(self, lang: str) -> str:
        return "\n".join([super().text(lang), *(problem.text(lang) for problem in self.problems)])


@dataclass(frozen=True)
class Catalogue:
    """The tables of one folder, typed as ``tables.TABLES`` says.

    Where reference areas stand beside the office's own, they follow its rows in the same tables, and ``notes`` tells
    which of them lead nowhere.
    """

    folder: Path
    tables: dict[str, pl.DataFrame]
    content_hash: str
    notes: tuple[Problem, ...] = ()
    own_rows: dict[str, int] = field(default_factory=dict)
    _derived: dict[Callable[[Catalogue], pl.DataFrame], pl.DataFrame] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def derived(self, make: Callable[[Catalogue], pl.DataFrame]) -> pl.DataFrame:
        """What ``make``, a function of a module, gives of this catalogue: made when first asked for, then kept."""
        if make not in self._derived:
            self._derived[make] = make(self)
        return self._derived[make]

    def table(self, name: str) -> pl.DataFrame:
        """The table ``name``; without rows where the folder lacks it."""
        return self.tables[name]

    def own(self, name: str) -> pl.DataFrame:
        """The rows of ``name`` that stand in the folder itself."""
        return self.tables[name].head(self.own_rows.get(name, self.tables[name].height))


def load_catalogue(folder: Path, reference_areas: Path | None = None) -> Catalogue:
    """All tables of ``folder``, with the areas and successions of ``reference_areas`` behind its own.

    Raises ``CatalogueError`` with every file, row and cell that cannot be read, ``UsageError`` where the folder holds
    no table at all.
    """
    if not any((folder / f"{name}.csv").is_file() for name in TABLES):
        raise UsageError("catalogue.no_tables", folder=folder)
    problems: list[Problem] = [
        Problem(file.stem, 0, "", "catalogue.table_unknown")
        for file in sorted(folder.glob("*.csv"))
        if file.stem not in TABLES
    ]
    tables = {table.name: _read(folder / f"{table.name}.csv", table, problems) for table in TABLES.values()}
    beside = {
        name: _read(reference_areas / f"{name}.csv", TABLES[name], problems)
        for name in REFERENCE_TABLES
        if reference_areas
    }
    if problems:
        raise CatalogueError(problems)
    notes: tuple[Problem, ...] = ()
    own_rows = {name: tables[name].height for name in beside}
    if beside:
        added, found = reference_rows(tables, beside)
        notes = tuple(Problem(*note) for note in found)
        tables |= {name: pl.concat([tables[name], rows]) for name, rows in added.items()}
    return Catalogue(folder, tables, content_hash(tables), notes, own_rows)


def content_hash(tables: dict[str, pl.DataFrame]) -> str:
    """sha256 over the rows of all tables, whatever their order in the files.

    A column that nobody filled in counts for nothing, so that a program that knows more columns finds the same hash.
    """
    digest = hashlib.sha256()
    for name, frame in sorted(tables.items()):
        if frame.height:
            used = frame.select(column.name for column in frame if column.null_count() < frame.height)
            digest.update(f"{name}\n".encode())
            digest.update(used.sort(used.columns).write_csv(null_value="\u0000").encode())
    return digest.hexdigest()


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` as its CSV holds it: ISO dates, true and false, numbers without a needless ``.0``."""
    return frame.with_columns(
        pl.col(pl.Float64).cast(pl.String).str.strip_suffix(".0"),
        pl.col(pl.Boolean, pl.Int64, pl.Date).cast(pl.String),
    )


def _read(file: Path, table: Table, problems: list[Problem]) -> pl.DataFrame:
    if not file.is_file():
        return pl.DataFrame(schema=table.columns)
    found = len(problems)
    try:
        records = list(
            csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        )
    except (csv.Error, UnicodeDecodeError) as error:
        problems.append(Problem(table.name, 0, "", "catalogue.file_unreadable", {"detail": str(error)}))
        return pl.DataFrame(schema=table.columns)
    while records and not records[-1]:
        records.pop()
    header, lines = (records[0], records[1:]) if records else ([], [])
    problems += check_header(table, header)
    # A line that lost a quote or a comma would move figures into other columns: it is told, never filled up.
    problems += [
        Problem(
            table.name, row, "", "catalogue.row_width", {"found": str(len(line)), "width": str(len(header))}
        )
        for row, line in enumerate(lines, start=2)
        if len(line) != len(header)
    ]
    if len(problems) > found:
        return pl.DataFrame(schema=table.columns)
    if not header:
        return pl.DataFrame(schema=table.columns)
    text = pl.DataFrame(lines, schema=dict.fromkeys(header, pl.String), orient="row").select(
        pl.all().str.strip_chars().str.replace_all("\r\n?", "\n").replace("", None)
    )
    told = {name: dtype for name, dtype in table.columns.items() if name in header}
    typed = text.select(_typed(name, dtype) for name, dtype in told.items())
    is_wrong = text.select(pl.col(name).is_not_null() & typed[name].is_null() for name in told)
    for name in (column.name for column in is_wrong if column.any()):
        problems += [
            Problem(
                table.name,
                row + 2,
                name,
                "catalogue.wrong_type",
                {"observed": text[name][row], "example": _EXAMPLES[told[name]]},
            )
            for row in is_wrong[name].arg_true()
        ]
    return typed.select(
        pl.col(name) if name in told else pl.lit(None, dtype).alias(name)
        for name, dtype in table.columns.items()
    )


def check_header(table: Table, header: Sequence[str]) -> list[Problem]:
    """Columns that ``table`` does not have, and columns that stand twice."""
    return [
        Problem(table.name, 1, name, "catalogue.column_unknown")
        for name in dict.fromkeys(header)
        if name not in table.columns
    ] + [
        Problem(table.name, 1, name, "catalogue.column_twice")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]


def _typed(name: str, dtype: type[pl.DataType]) -> pl.Expr:
    """The cells of a column as what they stand for; null where they cannot be read so."""
    text = pl.col(name)
    if dtype == pl.Boolean:
        return text.str.to_lowercase().replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.Float64:
        number = text.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite()).then(number)
    return text.cast(dtype, strict=False)
