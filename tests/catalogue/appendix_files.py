"""Appendices as they are published, made for tests: a Word document and a workbook with the same table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import docx
import openpyxl

#: Two header rows: the last columns but one stand below one heading.
UPPER = (
    "TT",
    "Tiêu chí/Chỉ tiêu",
    "Đơn vị tính",
    "Cách tính/Phương pháp",
    "Kỳ báo cáo",
    "Đơn vị thực hiện",
    "",
    "Ghi chú",
)
LOWER = ("", "", "", "", "", "Chủ trì", "Phối hợp", "")
INDEX = tuple(f"({number})" for number in range(1, 9))

Line = Sequence[str]


def write_docx(file: Path, pages: Sequence[Sequence[Line]]) -> Path:
    """One table per page, each with its header; a line of one text is merged over the whole row."""
    document = docx.Document()
    document.add_paragraph("PHỤ LỤC I")
    for page in pages:
        table = document.add_table(rows=0, cols=len(UPPER))
        for line in (UPPER, LOWER, INDEX, *page):
            cells = table.add_row().cells
            if len(line) == 1:
                cells[0].merge(cells[-1]).text = line[0]
                continue
            for cell, text in zip(cells, line, strict=True):
                cell.text = text
        for column in (0, 1, 2, 3, 4, 7):
            table.cell(0, column).merge(table.cell(1, column))
        table.cell(0, 5).merge(table.cell(0, 6))
        document.add_paragraph()
    signature = document.add_table(rows=1, cols=2)
    signature.cell(0, 0).text = "Nơi nhận: Như trên"
    signature.cell(0, 1).text = "KT. THỦ TƯỚNG"
    document.save(str(file))
    return file


def write_xlsx(file: Path, pages: Sequence[Sequence[Line]]) -> Path:
    """One sheet below a title, the header again where a page begins."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Phụ lục I"
    sheet.append(["PHỤ LỤC I"])
    sheet.append([None])
    for page in pages:
        top = sheet.max_row + 1
        for line in (UPPER, LOWER, INDEX, *page):
            sheet.append([text or None for text in line])
            if len(line) == 1:
                sheet.merge_cells(
                    start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=8
                )
        for column in (1, 2, 3, 4, 5, 8):
            sheet.merge_cells(start_row=top, end_row=top + 1, start_column=column, end_column=column)
        sheet.merge_cells(start_row=top, end_row=top, start_column=6, end_column=7)
    sheet.append(["Ghi chú: số liệu báo cáo theo năm."])
    sheet.append(["Người lập biểu", None, "Thủ trưởng đơn vị"])
    book.save(file)
    return file
