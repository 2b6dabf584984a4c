"""A catalogue as one workbook, out and back in: a sheet per table, everything as text.

Writing the workbook and reading it back belong here. Whether the rows make sense is the lint's to say; putting the
tables in place is not done here (``catalogue_versions``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project import durable
from dagster_project.catalogue.constraints import FORMULAS
from dagster_project.catalogue.diff import Change, diff
from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import (
    Catalogue,
    CatalogueError,
    Problem,
    as_text,
    check_header,
    load_catalogue,
)
from dagster_project.catalogue.tables import TABLES, Table
from dagster_project.catalogue.versions import with_tables
from dagster_project.errors import KhoError, UsageError

_WIDEST = 60
#: A number whose point may part thousands, as Vietnamese is written, or decimals.
_TWO_WAYS = re.compile(r"(?<![\w.])[1-9]\d{0,2}\.\d{3}(?![\w.])")


@dataclass(frozen=True)
class Imported:
    """What an import would change, and the changed tables as CSV by name; none where there are problems."""

    changes: Sequence[Change]
    problems: Sequence[Problem]
    tables: Mapping[str, bytes] = field(default_factory=dict)


def export_workbook(catalogue: Catalogue, file: Path) -> None:
    """Write every table to its sheet, headers first; text never becomes a formula or a number."""
    import xlsxwriter

    with durable.replaced(file) as aside:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        book = xlsxwriter.Workbook(str(aside), options)
        text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
        for table in TABLES.values():
            frame = as_text(catalogue.table(table.name))
            sheet = book.add_worksheet(table.name)
            sheet.freeze_panes(1, len(table.key))
            for column, name in enumerate(frame.columns):
                cells = frame[name].fill_null("").to_list()
                widest = max((len(cell) for cell in [name, *cells]), default=0)
                sheet.set_column(column, column, min(widest + 2, _WIDEST), text)
                sheet.write_string(0, column, name, head)
                for row, cell in enumerate(cells, start=1):
                    if cell and sheet.write_string(row, column, cell, text):
                        raise KhoError("catalogue.cell_too_long", table=table.name, column=name)
        book.close()


def read_workbook(file: Path, folder: Path, reference_areas: Path | None = None) -> Imported:
    """The tables of the workbook in the place of those in ``folder``; a table without a sheet stays as it is.

    Raises ``CatalogueError`` where the catalogue in ``folder`` itself cannot be read, ``UsageError`` where the workbook
    cannot.
    """
    old = load_catalogue(folder, reference_areas)
    sheets, problems = _read_sheets(file)
    problems += [
        problem for name, sheet in sheets.items() for problem in _ambiguous(sheet, old, TABLES[name])
    ]
    if problems:
        return Imported((), problems)
    try:
        edited = {name: _csv(sheet.frame) for name, sheet in sheets.items()}
        new = with_tables(folder, edited, reference_areas)
    except CatalogueError as error:
        return Imported((), [_in_sheet(problem, sheets) for problem in error.problems])
    problems = [_in_sheet(problem, sheets) for problem in check(new)]
    changes = diff(old, new)
    changed = {} if problems else tables_of(new, {change.table for change in changes})
    return Imported(changes, problems, changed)


def tables_of(catalogue: Catalogue, names: Collection[str]) -> dict[str, bytes]:
    """The own rows of these tables as their CSV files hold them."""
    return {name: as_csv(catalogue.own(name)) for name in names}


def as_csv(frame: pl.DataFrame) -> bytes:
    """A typed table as its CSV file holds it."""
    return _csv(as_text(frame))


def _csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv().encode()


@dataclass(frozen=True)
class _Sheet:
    """The cells of one table as text, the sheet's row of each, and which numbers in them can be read in two ways."""

    frame: pl.DataFrame
    rows: Sequence[int]
    two_ways: Sequence[tuple[int, str, str]]  # place of the row in the frame, column, number


def _in_sheet(problem: Problem, sheets: Mapping[str, _Sheet]) -> Problem:
    """``problem`` with the row as the workbook numbers it, where blank rows stand between."""
    if problem.table not in sheets or problem.row < 2:
        return problem
    return replace(problem, row=sheets[problem.table].rows[problem.row - 2])


def _read_sheets(file: Path) -> tuple[dict[str, _Sheet], list[Problem]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(file, read_only=True)
        pages = {page.title: list(page.iter_rows()) for page in book.worksheets}
        book.close()
    # A damaged file ends in whatever error the reader was at, from the zip to the XML.
    except Exception as error:
        raise UsageError("catalogue.workbook_unreadable", file=file, detail=str(error)) from error
    problems = [Problem(name, 0, "", "catalogue.table_unknown") for name in pages if name not in TABLES]
    sheets = {}
    for name, lines in pages.items():
        if name in TABLES and lines:
            sheets[name] = _read_sheet(TABLES[name], lines, problems)
    return sheets, problems


def _read_sheet(table: Table, lines: Sequence[Sequence[Any]], problems: list[Problem]) -> _Sheet:
    """Cells below the header; every cell that would not come back as it was meant goes to ``problems``."""
    header = ["" if cell.value is None else str(cell.value).strip() for cell in lines[0]]
    used = [position for position, name in enumerate(header) if name]
    wrong = check_header(table, [header[position] for position in used])
    problems += wrong
    kept: list[list[str | None]] = []
    rows: list[int] = []
    two_ways: list[tuple[int, str, str]] = []
    for number, line in enumerate(lines[1:], start=2):
        filled = [cell for cell in line if cell.value is not None]
        problems += [
            Problem(table.name, number, cell.column_letter, "catalogue.header_blank")
            for cell in filled
            if cell.column > len(header) or not header[cell.column - 1]
        ]
        if filled and not wrong:
            cells: dict[str, Any] = {header[p]: line[p] if p < len(line) else None for p in used}
            two_ways += [
                (len(rows), name, written)
                for name, cell in cells.items()
                if _is_text(cell) and _holds_numbers(table, name)
                for written in _TWO_WAYS.findall(cell.value)
            ]
            kept.append([_cell(table, name, cell, number, problems) for name, cell in cells.items()])
            rows.append(number)
    names = [header[position] for position in used] if not wrong else []
    return _Sheet(pl.DataFrame(kept, schema=dict.fromkeys(names, pl.String), orient="row"), rows, two_ways)


def _is_text(cell: Any) -> bool:
    return cell is not None and isinstance(cell.value, str) and cell.data_type not in ("e", "f")


def _holds_numbers(table: Table, column: str) -> bool:
    return table.columns[column] == pl.Float64 or (table.name, column) in FORMULAS


def _ambiguous(sheet: _Sheet, old: Catalogue, table: Table) -> Iterator[Problem]:
    """Numbers that can be read in two ways, in cells that do not stand so in the catalogue."""
    key = [
        name for name in (*table.key, "valid_from") if name in sheet.frame.columns and name in table.columns
    ]
    before = as_text(old.table(table.name))
    cells = sheet.frame.select(pl.all().str.strip_chars().replace("", None))
    for column in dict.fromkeys(column for _, column, _ in sheet.two_ways):
        known = set(before.select(*key, column).iter_rows())
        now = cells.select(*key, column).rows()
        for place, name, written in sheet.two_ways:
            if name == column and now[place] not in known:
                told = {
                    "observed": written,
                    "decimal": f"{float(written):g}",
                    "whole": written.replace(".", ""),
                }
                yield Problem(table.name, sheet.rows[place], column, "catalogue.number_two_ways", told)


def _cell(table: Table, column: str, cell: Any, row: int, problems: list[Problem]) -> str | None:
    """One cell as the CSV would hold it; a number or a date is taken only where the column holds such."""
    value = None if cell is None else cell.value
    if value is None or _is_text(cell):
        return value or None
    text = _plain(value)
    if cell.data_type == "e":
        problems.append(Problem(table.name, row, column, "catalogue.cell_error", {"observed": text}))
    elif cell.data_type == "f":
        problems.append(Problem(table.name, row, column, "catalogue.cell_formula", {"observed": text}))
    elif table.columns[column] == pl.String:
        problems.append(Problem(table.name, row, column, "catalogue.cell_not_text", {"observed": text}))
    return text


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return str(value)
