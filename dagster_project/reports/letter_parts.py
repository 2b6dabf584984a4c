"""What every document of an office shares in Word: page, heads, letterhead, closing, rows that repeat.

The layout of Nghị định 30/2020/NĐ-CP, Phụ lục I. What a document says belongs to its own template.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from dagster_project.reports import word

FONT = "Times New Roman"


def set_base_style(document: Any) -> None:
    """Times New Roman, 14 points, Vietnamese."""
    style = document.styles["Normal"]
    style.font.name = FONT
    style.font.size = Pt(14)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(script), FONT)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    style.element.rPr.append(language)
    style.paragraph_format.space_after = Pt(0)
    style.paragraph_format.line_spacing = 1.0


def set_page(section: Any) -> None:
    """A4 with the margins of the decree."""
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = Mm(9)
    section.footer_distance = Mm(9)


def head_pages(section: Any) -> None:
    """Page numbers in the middle of the top margin from page 2; the marks of draft and sample on every page."""
    section.different_first_page_header_footer = True
    _mark(section.first_page_header.paragraphs[0])
    number = section.header.paragraphs[0]
    number.alignment = word.CENTRE
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = number.add_run()
        run.font.size = Pt(13)
        if kind:
            field = OxmlElement("w:fldChar")
            field.set(qn("w:fldCharType"), kind)
        else:
            field = OxmlElement("w:instrText")
            field.text = text
        run._r.append(field)  # noqa: SLF001  # python-docx has no fields of its own
    _mark(section.header.add_paragraph())


def _mark(paragraph: Any) -> None:
    paragraph.alignment = word.RIGHT
    run = paragraph.add_run("{{ marks }}")
    run.bold = True
    run.font.size = Pt(10)
    run.font.color.rgb = RGBColor(0xC0, 0x00, 0x00)


def letterhead(
    document: Any,
    issuer: Sequence[str] = ("{{ issuer_kind }}", "{{ issuer_area }}"),
    *,
    about: str = "",
) -> None:
    """Whose document it is, quốc hiệu and tiêu ngữ, number, place and date; ``about`` is the subject of a letter."""
    table = word.table(document, (65, 100), grid=False)
    left, right = table.rows[0].cells
    word.put(left, "{%p if superior %}", first=True)
    word.put(left, "{{ superior }}", size=12, align=word.CENTRE)
    word.put(left, "{%p endif %}")
    for text in issuer:
        word.put(left, text, size=12, bold=True, align=word.CENTRE)
    _rule(left, 22)
    word.put(left, "Số: {{ number }}", size=13, align=word.CENTRE)
    word.put(left, "{%p if draft %}")
    word.put(left, "{{ draft }}", size=12, bold=True, align=word.CENTRE)
    word.put(left, "{%p endif %}")
    if about:
        word.put(left, about, size=12, align=word.CENTRE)
    word.put(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=12, bold=True, align=word.CENTRE, first=True)
    word.put(right, "Độc lập - Tự do - Hạnh phúc", size=13, bold=True, align=word.CENTRE)
    _rule(right, 22)
    word.put(right, "{{ place }}, {{ dated }}", size=13, italic=True, align=word.CENTRE)


def closing(
    document: Any, titles: Sequence[str] = ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")
) -> None:
    """Who gets the document, and who signs it: never on a page of their own where the text before is kept."""
    word.add(document, "", size=8).paragraph_format.keep_with_next = True
    table = word.table(document, (80, 85), grid=False)
    word.keep_whole(table.rows[0])
    left, right = table.rows[0].cells
    word.put(left, "Nơi nhận:", size=12, bold=True, italic=True, first=True)
    word.put(left, "{%p for recipient in recipients %}")
    word.put(left, "- {{ recipient }}", size=11)
    word.put(left, "{%p endfor %}")
    for number, text in enumerate(titles):
        word.put(right, text, size=14, bold=True, align=word.CENTRE, first=not number)
    for text in ("", "", "", "{{ signer }}"):
        word.put(right, text, size=14, bold=True, align=word.CENTRE)


def loop_row(
    table: Any, loop: str, texts: Sequence[str], *, size: float, aligns: Sequence[WD_ALIGN_PARAGRAPH]
) -> None:
    """Below the heading row, a row for each item of a list."""
    word.fill(table.rows[1], (f"{{%tr for {loop} %}}",), size=size)
    word.fill(table.add_row(), texts, size=size, aligns=aligns)
    word.fill(table.add_row(), ("{%tr endfor %}",), size=size)


def _rule(cell: Any, indent: float) -> None:
    word.underline(cell.add_paragraph(), indent, indent)
