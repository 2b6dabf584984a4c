"""The child process that looks into files from outside: cells of one file after another, written many at once.

Runs as ``python -m dagster_project.intake.read_child JOB`` under limits that it sets on itself before it opens
anything; the guard, too, looks at a file only here. Reading cells verbatim belongs here; which files may be opened
(``guard``), what becomes of a file that stops this process (``read``) and what a cell means do not. Imports stay few:
a start costs a quarter of a second.
"""

from __future__ import annotations

import csv
import datetime as dt
import gc
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import polars as pl
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from dagster_project.intake.cell_detail import Details
from dagster_project.intake.cell_names import column_letters
from dagster_project.intake.delimited import OpenQuoteError, UnclearDelimiterError, read_delimited
from dagster_project.intake.details import read_details
from dagster_project.intake.guard import PAPER, Inspection, inspect
from dagster_project.intake.package_parts import ANNEX, PACKAGE, RETURN, read_parts
from dagster_project.intake.tables_docx import read_tables
from dagster_project.limits import ReadLimits, limit_cpu, limit_memory
from dagster_project.side_by_side import NEW_OBJECTS

#: What files hold, one row per cell with content; ``file`` is a file's number in the job.
CELL_SCHEMA = pl.Schema(
    {
        "file": pl.UInt32,
        "sheet": pl.String,
        "sheet_hidden": pl.Boolean,
        "row": pl.Int32,
        "col": pl.Int32,
        "cell": pl.String,
        "raw_text": pl.String,
        "cell_type": pl.String,
        "number": pl.Float64,
        "number_format": pl.String,
        "font": pl.String,
    }
)
#: Row, column, text, kind, number, number format, font.
Cell = tuple[int, int, str, str, float | None, str | None, str | None]
_CELL_COLUMNS = ("row", "col", "raw_text", "cell_type", "number", "number_format", "font")
#: So many cells are written at once.
_BATCH = 100_000
#: Sheets without cells of their own.
_NO_CELLS = (SheetTypeEnum.ChartSheet, SheetTypeEnum.DialogSheet)
_PLAIN_DIGITS = 21
_OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True)
class SheetCells:
    """The cells with content of one sheet, in the order of its rows and columns."""

    name: str
    hidden: bool
    cells: list[Cell]


def main(job_file: str) -> None:
    """Read the files of a job, telling the parent line by line where it stands."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    limits = ReadLimits(**job["limits"])
    limit_memory(limits.child_memory_bytes)
    gc.set_threshold(NEW_OBJECTS)
    _say(event="ready")
    batch = _Batch(Path(job["folder"]))
    for files in job["batches"]:
        for file in files:
            limit_cpu(limits.child_cpu_seconds)
            _read_one(file["number"], Path(file["path"]), file["name"], limits, batch)
        batch.write()


def _read_one(number: int, file: Path, name: str, limits: ReadLimits, batch: _Batch) -> None:
    """Look into one file and say what became of it; its cells go into ``batch``."""
    _say(file=number, event="start")
    seen = inspect(file, limits, name)
    _say(file=number, event="inspected", seen=_told(seen))
    if seen.kind is None or seen.kind == PAPER:
        _say(file=number, event="done")
        return
    try:
        sheets = read_cells(file, seen, limits)
    except UnclearDelimiterError:
        _say(file=number, event="failed", rule_code="FILE_DELIMITER_UNCLEAR", detail="")
    except OpenQuoteError as error:
        _say(file=number, event="failed", rule_code="FILE_QUOTE_OPEN", detail=str(error.line))
    except PasswordError:
        _say(file=number, event="failed", rule_code="FILE_ENCRYPTED", detail="")
    except (CalamineError, BadZipFile, OSError, ValueError, KeyError, csv.Error) as error:
        _say(file=number, event="failed", rule_code="FILE_UNREADABLE", detail=str(error))
    except MemoryError:
        _say(file=number, event="failed", rule_code="FILE_UNREADABLE", detail=_OUT_OF_MEMORY)
    else:
        # Heard with what is said next. Should the writing fail, the file that was read last is no more to blame than
        # the others.
        _say(file=number, event="read", at_once=False)
        if sum(len(sheet.cells) for sheet in sheets) >= _BATCH:
            batch.write()  # so that what a large file needs is its own
        batch.add(number, sheets)
        if batch.is_full:
            batch.write()


class _Batch:
    """The cells of files that were read, on their way into one file of many."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sheets: list[tuple[int, SheetCells]] = []
        self._cells = 0
        self._files: list[int] = []

    def add(self, number: int, sheets: Sequence[SheetCells]) -> None:
        self._files.append(number)
        self._sheets.extend((number, sheet) for sheet in sheets if sheet.cells)
        self._cells += sum(len(sheet.cells) for sheet in sheets)

    @property
    def is_full(self) -> bool:
        return self._cells >= _BATCH

    def write(self) -> None:
        """Write what there is and tell of it: until then, the parent does not count on any of these files."""
        if not self._files:
            return
        sys.stdout.flush()  # so that the parent knows which files these are, should this fail
        self._frame().write_ipc(self._folder / f"{self._files[0]}.arrow")
        _say(event="written", files=self._files)
        self._sheets, self._cells, self._files = [], 0, []

    def _frame(self) -> pl.DataFrame:
        held = [cell for _, sheet in self._sheets for cell in sheet.cells]
        columns = zip(*held, strict=True) if held else ((),) * len(_CELL_COLUMNS)
        cells = pl.DataFrame(
            {
                name: pl.Series(values, dtype=CELL_SCHEMA[name])
                for name, values in zip(_CELL_COLUMNS, columns, strict=True)
            }
        )
        sheets = pl.DataFrame(
            {
                "file": [number for number, _ in self._sheets],
                "sheet": [sheet.name for _, sheet in self._sheets],
                "sheet_hidden": [sheet.hidden for _, sheet in self._sheets],
                "count": [len(sheet.cells) for _, sheet in self._sheets],
            },
            schema_overrides={name: CELL_SCHEMA[name] for name in ("file", "sheet", "sheet_hidden")},
        )
        whose = sheets.select(pl.col("file", "sheet", "sheet_hidden").repeat_by("count").explode())
        widest = int(cells.select(pl.col("col").max().fill_null(0)).item())
        names = pl.Series([column_letters(col) for col in range(widest + 1)], dtype=pl.String)
        named = cells.with_columns(pl.concat_str(names.gather(cells["col"]), "row").alias("cell"))
        return pl.concat([whose, named], how="horizontal").select(*CELL_SCHEMA)


def _told(seen: Inspection) -> dict[str, object]:
    """An inspection as the parent hears of it: without the parts, which are only for reading on."""
    return {name: value for name, value in vars(seen).items() if name != "parts"}


def read_cells(file: Path, seen: Inspection, limits: ReadLimits) -> list[SheetCells]:
    """All cells with content of ``file``, sheet by sheet."""
    kind = str(seen.kind)
    if kind in (PACKAGE, RETURN):
        return _read_package(file, limits)
    if kind == "csv":
        return [_read_sheet("", read_delimited(file.read_bytes()), None, hidden=False)]
    if kind == "docx":
        return [_read_sheet(name, rows, None, hidden=False) for name, rows in read_tables(file)]
    sheets = []
    with CalamineWorkbook.from_path(str(file)) as workbook:
        details = read_details(file, kind, seen.parts)
        for sheet in workbook.sheets_metadata:
            if sheet.typ in _NO_CELLS:
                continue
            rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            hidden = sheet.visible != SheetVisibleEnum.Visible
            sheets.append(_read_sheet(sheet.name, rows, details.get(sheet.name), hidden=hidden))
    return sheets


def _read_package(file: Path, limits: ReadLimits) -> list[SheetCells]:
    """The tables of a package as sheets, and the sheets of its annex, which passes the guard like any other file."""
    parts = read_parts(file, limits)
    sheets = [_read_sheet(name, rows, None, hidden=False) for name, rows in parts.sheets.items()]
    if parts.annex is not None:
        with tempfile.TemporaryDirectory(prefix="kho-annex-") as aside:
            annex = Path(aside) / ANNEX
            annex.write_bytes(parts.annex)
            seen = inspect(annex, limits)
            if seen.kind != "xlsx":
                raise ValueError(f"{ANNEX}: {seen.refusal or seen.kind}")
            sheets.extend(
                replace(sheet, name=f"{ANNEX}/{sheet.name}") for sheet in read_cells(annex, seen, limits)
            )
    return sheets


def _say(*, at_once: bool = True, **event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    if at_once:
        sys.stdout.flush()


def _read_sheet(name: str, rows: Iterable[list[Any]], details: Details | None, *, hidden: bool) -> SheetCells:
    """Cells of one sheet, with those that only ``details`` know: errors, formulas without a value."""
    cells = _shown_cells(rows, details)
    unseen = {at: detail for at, detail in (details or {}).items() if detail.cell_type}
    if unseen:
        cells = [cell for cell in cells if cell[:2] not in unseen]
        cells.extend(
            (*at, detail.text, detail.cell_type, None, detail.number_format, detail.font or None)
            for at, detail in unseen.items()
        )
        cells.sort(key=itemgetter(0, 1))
    return SheetCells(name, hidden, cells)


def _shown_cells(rows: Iterable[list[Any]], details: Details | None) -> list[Cell]:
    """What the spreadsheet reader gives, blanks left out; formats are not known where there are no ``details``."""
    plain = (None if details is None else "", None)
    formats = {at: (detail.number_format, detail.font or None) for at, detail in (details or {}).items()}
    cells: list[Cell] = []
    for row, values in enumerate(rows, start=1):
        for col, value in enumerate(values, start=1):
            if type(value) is str:
                if value and not value.isspace():
                    cells.append((row, col, value, "text", None, *formats.get((row, col), plain)))
            else:
                kind, text, number = _READERS.get(type(value), _read_other)(value)
                cells.append((row, col, text, kind, number, *formats.get((row, col), plain)))
    return cells


def number_text(number: float) -> str:
    """Give the number as a spreadsheet shows it in full: 15 digits, without a needless ".0"."""
    short = f"{number:.15g}"
    if "e" not in short:
        return short
    plain = format(Decimal(short), "f")
    return plain if len(plain) <= _PLAIN_DIGITS else short.upper()


def _read_number(value: float) -> tuple[str, str, float | None]:
    return "number", number_text(value), float(value)


def _read_boolean(value: object) -> tuple[str, str, float | None]:
    return "boolean", "TRUE" if value else "FALSE", None


def _read_other(value: object) -> tuple[str, str, float | None]:
    """Dates, times and durations; a moment at midnight is its day."""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    return "date", value.isoformat() if isinstance(value, dt.date | dt.time) else str(value), None


_READERS: Mapping[type, Callable[[Any], tuple[str, str, float | None]]] = {
    float: _read_number,
    int: _read_number,
    bool: _read_boolean,
}

if __name__ == "__main__":
    main(sys.argv[1])
