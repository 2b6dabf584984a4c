"""Small parts of a Word document: paragraphs, cells, tables, rules. What a report says does not belong here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

LEFT, CENTRE, RIGHT, BOTH = (
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)


def table(document: Any, widths: Sequence[float], *, rows: int = 1, grid: bool = True) -> Any:
    """A table with fixed column widths in mm (LibreOffice needs both kinds of width)."""
    table = document.add_table(rows, len(widths), style="Table Grid" if grid else None)
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return table


def head_row(row: Any, texts: Sequence[str], *, size: float) -> None:
    """Fill a heading row, which repeats on every page."""
    fill(row, texts, size=size, bold=True, aligns=(CENTRE,) * len(texts))
    repeated = OxmlElement("w:tblHeader")
    row._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001


def fill(
    row: Any,
    texts: Sequence[str],
    *,
    size: float,
    bold: bool = False,
    aligns: Sequence[WD_ALIGN_PARAGRAPH] = (),
) -> None:
    """Fill the cells of a row that is never cut by a page."""
    keep_whole(row)
    for number, text in enumerate(texts):
        align = aligns[number] if number < len(aligns) else LEFT
        put(row.cells[number], text, size=size, bold=bold, align=align, first=True)
        spacing = row.cells[number].paragraphs[0].paragraph_format
        spacing.space_before = spacing.space_after = Pt(1.5)
    for cell in row.cells:
        cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER


def keep_whole(row: Any) -> None:
    """Keep a row on one page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001


def put(
    cell: Any,
    text: str,
    *,
    size: float = 14,
    bold: bool = False,
    italic: bool = False,
    align: WD_ALIGN_PARAGRAPH = LEFT,
    first: bool = False,
) -> None:
    """Write a paragraph into a cell: its first one, or a new one."""
    paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
    write(paragraph, text, size=size, bold=bold, italic=italic, align=align)


def add(
    document: Any,
    text: str,
    *,
    size: float = 14,
    bold: bool = False,
    italic: bool = False,
    align: WD_ALIGN_PARAGRAPH = LEFT,
    before: float = 0,
    after: float = 0,
) -> Any:
    """Add a paragraph to the document; spaces before and after in points."""
    paragraph = document.add_paragraph()
    write(paragraph, text, size=size, bold=bold, italic=italic, align=align)
    paragraph.paragraph_format.space_before = Pt(before)
    paragraph.paragraph_format.space_after = Pt(after)
    return paragraph


def body(document: Any, text: str, *, before: float = 0, keep: bool = False) -> None:
    """Add a justified paragraph of the letter."""
    paragraph = add(document, text, align=BOTH, before=before, after=6)
    paragraph.paragraph_format.first_line_indent = Mm(12.7)
    paragraph.paragraph_format.keep_with_next = keep


def heading(document: Any, text: str) -> None:
    """Add a heading of the letter, kept with what follows."""
    paragraph = add(document, text, bold=True, align=BOTH, before=6, after=6)
    paragraph.paragraph_format.first_line_indent = Mm(12.7)
    paragraph.paragraph_format.keep_with_next = True


def write(
    paragraph: Any, text: str, *, size: float, bold: bool, italic: bool, align: WD_ALIGN_PARAGRAPH
) -> None:
    """Write a run into a paragraph; an official letter has no other looks."""
    paragraph.alignment = align
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.bold = bold
    run.italic = italic


def underline(paragraph: Any, left: float, right: float) -> None:
    """A short rule below a heading: the paragraph's upper border between two indents (mm)."""
    borders = OxmlElement("w:pBdr")
    top = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    paragraph._p.get_or_add_pPr().append(borders)  # noqa: SLF001
    paragraph.paragraph_format.left_indent = Mm(left)
    paragraph.paragraph_format.right_indent = Mm(right)
    paragraph.paragraph_format.space_before = Pt(3)
    mark = OxmlElement("w:rPr")
    size = OxmlElement("w:sz")
    size.set(qn("w:val"), "8")
    mark.append(size)
    paragraph._p.get_or_add_pPr().append(mark)  # noqa: SLF001
