"""The appendices of the official report's template: five years per group, and areas beside indicators, across the page.

The tables that grow in width are known by their alternative text (``official_tables``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from dagster_project.reports import word
from dagster_project.reports.official_tables import AREAS, PERIODS


def add_periods(document: Any) -> None:
    """The first appendix: a table per group with a column per period."""
    section = document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.different_first_page_header_footer = False
    word.add(document, "Phụ lục{% if blocks %} I{% endif %}", bold=True, align=word.CENTRE)
    title = (
        "{% if is_overview %}SỐ ĐỊA BÀN ĐÃ CÓ SỐ LIỆU / TỔNG SỐ ({{ table_place|upper }}){% else %}KẾT QUẢ THEO BỘ "
        "TIÊU CHÍ CỦA {{ table_place|upper }}{% endif %} {% if results.first != results.last %}TỪ "
        "{{ results.first|upper }} ĐẾN {% endif %}{{ results.last|upper }}"
    )
    word.add(document, title, bold=True, align=word.CENTRE)
    _attached(document)
    word.add(document, "{%p for group in groups %}")
    _table_title(document, "Bảng {{ group.number }}. {{ group.name }}")
    table = word.table(document, (16, 102, 24, 22, 22, 22), rows=8)
    _caption(table, PERIODS)
    head, loop, choice, heading, other, figures, *ends = table.rows
    word.head_row(
        head,
        ("TT", "Tiêu chí", "Đơn vị tính", *_columns("period in periods", "{{ period.heading }}")),
        size=10,
    )
    word.fill(loop, ("{%tr for line in group.lines %}",), size=10)
    word.fill(choice, ("{%tr if line.is_heading %}",), size=10)
    heading.cells[1].merge(heading.cells[5])
    word.fill(
        heading,
        ("{{ line.code }}", "{% colspan span %}{{ line.name }}"),
        size=10,
        bold=True,
        aligns=(word.CENTRE, word.LEFT),
    )
    for cell in heading.cells:
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    word.fill(other, ("{%tr else %}",), size=10)
    word.fill(
        figures,
        ("{{ line.code }}", "{{ line.name }}", "{{ line.unit }}"),
        size=10,
        aligns=(word.CENTRE, word.LEFT, word.CENTRE),
    )
    _figure_cells(figures.cells[3:6], "line", 10)
    for row, text in zip(ends, ("{%tr endif %}", "{%tr endfor %}"), strict=True):
        word.fill(row, (text,), size=10)
    word.add(document, "{%p endfor %}")
    word.add(document, "{%p for note in notes %}")
    word.add(document, "{{ note }}", size=10, italic=True, align=word.BOTH, before=3)
    word.add(document, "{%p endfor %}")


def add_areas(document: Any) -> None:
    """Areas as rows and the indicators of a group as columns, as many as a page holds."""
    word.add(document, "{%p if blocks %}")
    first = word.add(document, "Phụ lục II", bold=True, align=word.CENTRE)
    first.paragraph_format.page_break_before = True
    word.add(document, "SỐ LIỆU THEO ĐỊA BÀN {{ period|upper }}", bold=True, align=word.CENTRE)
    _attached(document)
    word.add(
        document,
        "Ký hiệu: “-” không phát sinh; “…” chưa có số liệu; “x” không áp dụng; “!” chờ đơn vị chỉnh sửa. Tên đầy đủ "
        "của tiêu chí nêu tại Phụ lục I.",
        size=11,
        italic=True,
        align=word.BOTH,
    )
    word.add(document, "{%p for block in blocks %}")
    title = "Bảng {{ block.number }}. {{ block.group }}{% if not block.is_first %} (tiếp theo){% endif %}"
    word.add(document, "{%p if loop.first %}")
    _table_title(document, title)
    word.add(document, "{%p else %}")
    _table_title(document, title).paragraph_format.page_break_before = True
    word.add(document, "{%p endif %}")
    table = word.table(document, (9, 42, 20, 20, 20), rows=8)
    _caption(table, AREAS)
    head, loop, choice, total, other, area, *ends = table.rows
    word.head_row(head, ("TT", "Địa bàn", *_columns("column in block.columns", "{{ column.code }}")), size=8)
    for text in ("{{ column.name }}", "{% if column.unit %}({{ column.unit }}){% endif %}"):
        word.put(head.cells[3], text, size=7.5, align=word.CENTRE)
    word.fill(loop, ("{%tr for row in block.rows %}",), size=8)
    word.fill(choice, ("{%tr if row.is_total %}",), size=8)
    word.fill(other, ("{%tr else %}",), size=8)
    for kind, bold in ((total, True), (area, False)):
        names = ("{{ row.number }}", "{{ row.name }}")
        word.fill(kind, names, size=8, bold=bold, aligns=(word.CENTRE, word.LEFT))
        for cell in kind.cells[:2]:
            spacing = cell.paragraphs[0].paragraph_format
            spacing.space_before = spacing.space_after = Pt(0)  # a province on one page
        _figure_cells(kind.cells[2:5], "row", 8, bold=bold)
    for row, text in zip(ends, ("{%tr endif %}", "{%tr endfor %}"), strict=True):
        word.fill(row, (text,), size=8)
    word.add(document, "{%p endfor %}")
    word.add(document, "{%p endif %}")


def _attached(document: Any) -> None:
    word.add(
        document,
        "(Kèm theo Báo cáo số {{ number }} {{ dated }} của {{ issuer }})",
        size=13,
        italic=True,
        align=word.CENTRE,
        after=6,
    )


def _table_title(document: Any, text: str) -> Any:
    title = word.add(document, text, bold=True, size=12, before=8, after=4)
    title.paragraph_format.keep_with_next = True
    return title


def _caption(table: Any, text: str) -> None:
    """The alternative text by which ``official_tables`` knows a table that grows in width."""
    caption = OxmlElement("w:tblCaption")
    caption.set(qn("w:val"), text)
    table._tbl.tblPr.append(caption)  # noqa: SLF001  # python-docx has no alternative texts of tables


def _columns(loop: str, text: str) -> tuple[str, str, str]:
    return f"{{%tc for {loop} %}}", text, "{%tc endfor %}"


def _figure_cells(cells: Sequence[Any], name: str, size: float, *, bold: bool = False) -> None:
    """A cell per figure: digits upright to the right, words small in the middle."""
    opening, body, ending = cells
    word.put(opening, f"{{%tc for figure in {name}.figures %}}", first=True)
    word.put(body, "{%p if figure.digits %}", first=True)
    word.put(body, "{{ figure.digits }}", size=size, bold=bold, align=word.RIGHT)
    word.put(body, "{%p else %}")
    word.put(body, "{{ figure.words }}", size=min(size, 8.5), italic=True, align=word.CENTRE)
    word.put(body, "{%p endif %}")
    word.put(ending, "{%tc endfor %}", first=True)
