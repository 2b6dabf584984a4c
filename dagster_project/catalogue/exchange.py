"""A catalogue as one workbook, out and back in: a sheet per table, everything as text.

Writing the workbook, reading it back and replacing the folder belong here. Whether the rows make sense is the
lint's to say, and nothing is written where it finds a problem.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from dagster_project import durable
from dagster_project.catalogue.diff import Change, diff
from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import Catalogue, CatalogueError, Problem, load_catalogue
from dagster_project.catalogue.tables import TABLES

_WIDEST = 60


@dataclass(frozen=True)
class Imported:
    """What an import changes, or would change; with problems nothing is written."""

    changes: Sequence[Change]
    problems: Sequence[Problem]


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
                    if cell:
                        sheet.write_string(row, column, cell, text)
        book.close()


def import_workbook(file: Path, folder: Path, *, dry_run: bool = False) -> Imported:
    """Replace the tables in ``folder`` by those of the workbook; a table without a sheet stays as it is.

    Raises ``CatalogueError`` where the catalogue in ``folder`` itself cannot be read.
    """
    old = load_catalogue(folder)
    sheets = _read_sheets(file)
    unknown = [Problem(name, 0, "", "catalogue.table_unknown") for name in sheets if name not in TABLES]
    texts = {name: as_text(frame) for name, frame in old.tables.items() if frame.height} | sheets
    with tempfile.TemporaryDirectory() as checked:
        _write(texts, Path(checked))
        try:
            new = load_catalogue(Path(checked))
        except CatalogueError as error:
            return Imported((), error.problems)
        problems = [*unknown, *check(new)]
    changes = diff(old, new)
    if changes and not problems and not dry_run:
        with durable.new_folder(folder) as aside:
            _write(texts, aside)
    return Imported(changes, problems)


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` as its CSV holds it: ISO dates, true and false, numbers without a needless ``.0``."""
    return frame.with_columns(
        pl.col(pl.Float64).cast(pl.String).str.strip_suffix(".0"),
        pl.col(pl.Boolean, pl.Int64, pl.Date).cast(pl.String),
    )


def _write(texts: dict[str, pl.DataFrame], folder: Path) -> None:
    for name, frame in texts.items():
        if frame.height:
            frame.write_csv(folder / f"{name}.csv")


def _read_sheets(file: Path) -> dict[str, pl.DataFrame]:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(str(file))
    sheets = {}
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        if not rows:
            continue
        header = [str(cell).strip() for cell in rows[0]]
        used = [column for column, title in enumerate(header) if title]
        lines = [[_text(row[column]) for column in used] for row in rows[1:]]
        sheets[name] = pl.DataFrame(
            [line for line in lines if any(line)],
            schema={header[column]: pl.String for column in used},
            orient="row",
        )
    return sheets


def _text(cell: object) -> str | None:
    """A cell that somebody typed as a number, a date or a truth value, as the CSV would hold it."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) or None
