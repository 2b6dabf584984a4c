"""The child process that looks into files from outside: cells of one file after another, each into its own file.

Runs as ``python -m dagster_project.intake.read_child JOB`` under limits that it sets on itself before it opens
anything; the guard, too, looks at a file only here. Reading cells verbatim belongs here; which files may be opened
(``guard``), what becomes of a file that stops this process (``read``) and what a cell means do not. Imports stay few:
a start costs a quarter of a second.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
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
from dagster_project.intake.delimited import UnclearDelimiterError, read_delimited
from dagster_project.intake.details import read_details
from dagster_project.intake.guard import PAPER, inspect
from dagster_project.intake.package_parts import ANNEX, PACKAGE, RETURN, read_parts
from dagster_project.intake.tables_docx import read_tables
from dagster_project.limits import limit_cpu, limit_memory
from dagster_project.settings import ReadLimits

#: What a file holds, one row per cell with content; ``read`` adds sha256 and file_name.
CELL_SCHEMA = pl.Schema(
    {
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
#: Sheets without cells of their own.
_NO_CELLS = (SheetTypeEnum.ChartSheet, SheetTypeEnum.DialogSheet)
_AT = ("row", "col")
_SHOWN = (*_AT, "raw_text", "cell_type", "number")
_PLAIN_DIGITS = 21
_OUT_OF_MEMORY = "out of memory"


def main(job_file: str) -> None:
    """Read the files of a job, telling the parent line by line where it stands."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    limits = ReadLimits.model_validate(job["limits"])
    limit_memory(limits.child_memory_bytes)
    _say(event="ready")
    for file in job["files"]:
        limit_cpu(limits.child_cpu_seconds)
        _say(file=file["number"], event="start")
        seen = inspect(Path(file["path"]), limits, file["name"])
        _say(file=file["number"], event="inspected", seen=asdict(seen))
        if seen.kind is None or seen.kind == PAPER:
            _say(file=file["number"], event="done")
            continue
        try:
            cells = read_cells(Path(file["path"]), seen.kind, limits)
        except UnclearDelimiterError:
            _say(file=file["number"], event="failed", rule_code="FILE_DELIMITER_UNCLEAR", detail="")
        except PasswordError:
            _say(file=file["number"], event="failed", rule_code="FILE_ENCRYPTED", detail="")
        except (CalamineError, BadZipFile, OSError, ValueError, KeyError, csv.Error) as error:
            _say(file=file["number"], event="failed", rule_code="FILE_UNREADABLE", detail=str(error))
        except MemoryError:
            _say(file=file["number"], event="failed", rule_code="FILE_UNREADABLE", detail=_OUT_OF_MEMORY)
        else:
            cells.write_ipc(Path(job["folder"]) / f"{file['number']}.arrow")
            _say(file=file["number"], event="done")


def read_cells(file: Path, kind: str, limits: ReadLimits) -> pl.DataFrame:
    """All cells with content of ``file``, in the order of its sheets, rows and columns."""
    if kind in (PACKAGE, RETURN):
        return _read_package(file, limits)
    if kind == "csv":
        return _read_sheet("", read_delimited(file.read_bytes()), None, hidden=False)
    sheets = [pl.DataFrame(schema=CELL_SCHEMA)]
    if kind == "docx":
        sheets.extend(_read_sheet(name, rows, None, hidden=False) for name, rows in read_tables(file))
        return pl.concat(sheets)
    with CalamineWorkbook.from_path(str(file)) as workbook:
        details = read_details(file, kind)
        for sheet in workbook.sheets_metadata:
            if sheet.typ in _NO_CELLS:
                continue
            rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            hidden = sheet.visible != SheetVisibleEnum.Visible
            sheets.append(_read_sheet(sheet.name, rows, details.get(sheet.name), hidden=hidden))
    return pl.concat(sheets)


def _read_package(file: Path, limits: ReadLimits) -> pl.DataFrame:
    """The tables of a package as sheets, and the sheets of its annex, which passes the guard like any other file."""
    parts = read_parts(file, limits)
    sheets = [pl.DataFrame(schema=CELL_SCHEMA)]
    sheets.extend(_read_sheet(name, rows, None, hidden=False) for name, rows in parts.sheets.items())
    if parts.annex is not None:
        with tempfile.TemporaryDirectory(prefix="kho-annex-") as aside:
            annex = Path(aside) / ANNEX
            annex.write_bytes(parts.annex)
            seen = inspect(annex, limits)
            if seen.kind != "xlsx":
                raise ValueError(f"{ANNEX}: {seen.refusal or seen.kind}")
            cells = read_cells(annex, seen.kind, limits)
        sheets.append(cells.with_columns(pl.format("{}/{}", pl.lit(ANNEX), "sheet").alias("sheet")))
    return pl.concat(sheets)


def _say(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def _read_sheet(
    name: str, rows: Iterable[list[Any]], details: Details | None, *, hidden: bool
) -> pl.DataFrame:
    """Cells of one sheet, with those that only ``details`` know: errors, formulas without a value."""
    shown = _shown_cells(rows)
    known = _known_cells(details or {})
    unseen = known.filter(pl.col("cell_type") != "")
    cells = pl.concat(
        [
            shown.join(unseen, on=_AT, how="anti").join(
                known.select(*_AT, "number_format", "font"), on=_AT, how="left"
            ),
            unseen,
        ],
        how="diagonal",
    ).sort(*_AT)
    widest = cells.select(pl.col("col").max().fill_null(0)).item()
    names = pl.Series([column_letters(col) for col in range(widest + 1)], dtype=pl.String)
    return cells.select(
        pl.lit(name).alias("sheet"),
        pl.lit(hidden).alias("sheet_hidden"),
        *_AT,
        pl.concat_str(names.gather(cells["col"]), "row").alias("cell"),
        "raw_text",
        "cell_type",
        "number",
        pl.col("number_format").fill_null(pl.lit(None if details is None else "", dtype=pl.String)),
        "font",
    )


def _shown_cells(rows: Iterable[list[Any]]) -> pl.DataFrame:
    """What the spreadsheet reader gives, blanks left out."""
    columns: dict[str, list[Any]] = {name: [] for name in _SHOWN}
    add_row, add_col, add_text, add_kind, add_number = (column.append for column in columns.values())
    for row, values in enumerate(rows, start=1):
        for col, value in enumerate(values, start=1):
            if value == "" or (type(value) is str and value.isspace()):
                continue
            kind, text, number = _READERS.get(type(value), _read_other)(value)
            add_row(row)
            add_col(col)
            add_text(text)
            add_kind(kind)
            add_number(number)
    return pl.DataFrame(columns, schema={name: CELL_SCHEMA[name] for name in _SHOWN})


def _known_cells(details: Details) -> pl.DataFrame:
    """What ``details`` say, one row per cell; cell_type is empty where the spreadsheet reader shows the cell."""
    return pl.DataFrame(
        {
            "row": [row for row, _ in details],
            "col": [col for _, col in details],
            "raw_text": [detail.text for detail in details.values()],
            "cell_type": [detail.cell_type for detail in details.values()],
            "number_format": [detail.number_format for detail in details.values()],
            "font": [detail.font or None for detail in details.values()],
        },
        schema={name: CELL_SCHEMA[name] for name in (*_AT, "raw_text", "cell_type", "number_format", "font")},
    )


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


def _read_text(value: str) -> tuple[str, str, float | None]:
    return "text", value, None


def _read_other(value: object) -> tuple[str, str, float | None]:
    """Dates, times and durations; a moment at midnight is its day."""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    return "date", value.isoformat() if isinstance(value, dt.date | dt.time) else str(value), None


_READERS: Mapping[type, Callable[[Any], tuple[str, str, float | None]]] = {
    float: _read_number,
    int: _read_number,
    bool: _read_boolean,
    str: _read_text,
}

if __name__ == "__main__":
    main(sys.argv[1])
