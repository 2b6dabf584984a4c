"""One issued form being filled in and changed as people change forms; saved with equal bytes for equal content.

Which figure goes where and what is changed on purpose belong to ``make`` and ``faults``.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.forms.layout import HIDDEN_SHEET, MAIN_SHEET, POSITION

_MOMENT = (2026, 1, 1, 0, 0, 0)
_CODE_ROW = 14


class Form:
    """An issued form, opened for filling in."""

    def __init__(self, file: Path) -> None:
        self.book = openpyxl.load_workbook(file)
        self.page: Worksheet = self.book[MAIN_SHEET]

    @property
    def rows(self) -> dict[str, int]:
        """Row of each printed code."""
        return {
            str(cell.value): cell.row
            for (cell,) in self.page.iter_rows(
                min_row=_CODE_ROW + 1, min_col=POSITION["MA"] + 1, max_col=POSITION["MA"] + 1
            )
            if cell.value
        }

    def at(self, code: str, column: str = "GT") -> Cell:
        """The cell of a row and a column, by their codes."""
        cell = self.page.cell(self.rows[code], POSITION[column] + 1)
        assert isinstance(cell, Cell)
        return cell

    def put(self, code: str, value: object, column: str = "GT") -> str:
        """Type ``value`` and give the cell's name."""
        cell = self.at(code, column)
        cell.value = value  # type: ignore[assignment]
        if isinstance(value, str):
            cell.data_type = "s"
        return cell.coordinate

    def print_code(self, label: str, code: str) -> None:
        """Put ``code`` in the place of the one printed beside ``label``."""
        for row in self.page.iter_rows(max_row=_CODE_ROW):
            for cell in row:
                if cell.value == label:
                    self.page.cell(cell.row, cell.column + 1).value = code

    def insert_row(self, code: str) -> None:
        """Insert an empty row above the row of ``code``, as Excel does: merges, heights and rules move along."""
        page, at = self.page, self.rows[code]
        merged = [CellRange(str(area)) for area in page.merged_cells.ranges if area.min_row >= at]
        heights = {row: page.row_dimensions[row].height for row in range(at, page.max_row + 1)}
        for area in merged:
            page.unmerge_cells(str(area))
        page.insert_rows(at)
        for area in merged:
            area.shift(row_shift=1)
            page.merge_cells(str(area))
        for row, height in heights.items():
            page.row_dimensions[row + 1].height = height
        for rule in page.data_validations.dataValidation:
            for area in rule.sqref.ranges:
                if area.min_row >= at:
                    area.shift(row_shift=1)

    def swap_columns(self, one: str, other: str) -> None:
        """Swap two columns of the table, heads and codes included."""
        first, second = POSITION[one] + 1, POSITION[other] + 1
        for row in range(_CODE_ROW - 1, max(self.rows.values()) + 1):
            left, right = self.page.cell(row, first), self.page.cell(row, second)
            left.value, right.value = right.value, left.value
            left._style, right._style = right._style, left._style
        for rule in self.page.data_validations.dataValidation:
            for area in rule.sqref.ranges:
                step = {first: second - first, second: first - second}.get(area.min_col, 0)
                area.shift(col_shift=step)

    def drop_hidden_sheet(self) -> None:
        del self.book[HIDDEN_SHEET]

    def decompose(self) -> None:
        """Save every text of the sheet as letters plus separate marks, as some systems do."""
        for row in self.page.iter_rows():
            for cell in row:
                if isinstance(cell, Cell) and isinstance(cell.value, str):
                    cell.value = unicodedata.normalize("NFD", cell.value)

    def save(self, file: Path) -> None:
        """Write the workbook; its parts carry fixed times."""
        buffer = io.BytesIO()
        self.book.save(buffer)
        with zipfile.ZipFile(buffer) as made, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept:
            for name in made.namelist():
                content = made.read(name)
                if name == "docProps/core.xml":
                    content = re.sub(
                        rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-01-01T00:00:00Z", content
                    )
                entry = zipfile.ZipInfo(name, _MOMENT)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                kept.writestr(entry, content, compresslevel=9)
