"""Makes ``templates/official.docx``, the Word template of the official report: ``python -m`` this module.

The layout of Nghị định 30/2020/NĐ-CP, Phụ lục I, and the words that are the same in every report. An office may edit
the template in Word; what goes into its fields is ``official``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from dagster_project.reports import word
from dagster_project.reports.packing import settle

TEMPLATE = Path(__file__).parent / "templates" / "official.docx"
FONT = "Times New Roman"


def make_template(file: Path) -> None:
    """Write the template to ``file``."""
    document = Document()
    set_base_style(document)
    set_page(document.sections[0])
    head_pages(document.sections[0])
    letterhead(document)
    _title(document)
    _section_submissions(document)
    _section_results(document)
    _section_questions(document)
    closing(document)
    _appendix(document)
    document.save(str(file))
    settle(file)


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


def _title(document: Any) -> None:
    word.add(document, "BÁO CÁO", bold=True, align=word.CENTRE, before=14)
    word.add(document, "{{ subject }}", bold=True, align=word.CENTRE)
    word.add(document, "{%p if relation %}")
    word.add(document, "({{ relation }})", italic=True, align=word.CENTRE)
    word.add(document, "{%p endif %}")
    word.underline(document.add_paragraph(), 65, 65)
    word.add(document, "{%p if addressee %}")
    word.add(document, "Kính gửi: {{ addressee }}.", align=word.CENTRE, before=8, after=8)
    word.add(document, "{%p endif %}")
    word.body(document, "{{ basis }}")


def _section_submissions(document: Any) -> None:
    word.heading(document, "I. TÌNH HÌNH THỰC HIỆN")
    word.heading(document, "1. Tình hình gửi báo cáo của các đơn vị")
    word.body(document, "{{ submitted }}")
    _listing(document, "missing", "missing_title")
    _listing(document, "late", "late_title")
    word.heading(document, "2. Tình hình số liệu")
    word.body(document, "{{ received }}")


def _section_results(document: Any) -> None:
    word.heading(document, "II. KẾT QUẢ TỔNG HỢP THEO BỘ TIÊU CHÍ")
    word.body(document, "{{ results }}")
    word.body(document, "Tình hình số liệu năm {{ year_of_data }} theo từng nhóm:", keep=True)
    table = word.table(document, (58, 17, 19, 18, 18, 17, 18), rows=2)
    heads = (
        "Nhóm tiêu chí",
        "Tổng số",
        "Có số liệu",
        "Không phát sinh",
        "Không áp dụng",
        "Chờ chỉnh sửa",
        "Chưa có số liệu",
    )
    word.head_row(table.rows[0], heads, size=11)
    loop_row(
        table,
        "group in groups",
        ("{{ group.name }}", *(f"{{{{ group.counts[{n}] }}}}" for n in range(6))),
        size=11,
        aligns=(word.LEFT, *(word.CENTRE,) * 6),
    )


def _section_questions(document: Any) -> None:
    word.heading(document, "III. NHỮNG VẤN ĐỀ VỀ SỐ LIỆU")
    parts = (
        ("blocking", "Số liệu chờ đơn vị chỉnh sửa", "Vị trí", "place"),
        ("warning", "Số liệu cần giải trình", "Vị trí", "place"),
        ("settled", "Nội dung đã giải trình, đã có quyết định", "Giải trình, quyết định", "answer"),
        ("entered", "Số liệu nhập thay, đính chính chờ đơn vị xác nhận", "Giá trị", "value"),
    )
    for number, (name, title, head, last) in enumerate(parts, start=1):
        word.heading(document, f"{number}. {title}")
        word.body(document, f"{{{{ {name}_text }}}}")
        _question_table(document, name, head, last)
    word.heading(document, f"{len(parts) + 1}. Tên gọi và cách tính chưa xác nhận")
    word.body(document, "{{ unconfirmed }}")
    word.body(document, "{{ closing }}", before=10)


def _question_table(document: Any, name: str, head: str, last: str) -> None:
    word.add(document, f"{{%p if {name} %}}")
    table = word.table(document, (10, 35, 82, 38), rows=2)
    word.head_row(table.rows[0], ("TT", "Đơn vị", "Nội dung", head), size=11)
    loop_row(
        table,
        f"item in {name}",
        ("{{ item.number }}", "{{ item.unit }}", "{{ item.text }}", f"{{{{ item.{last} }}}}"),
        size=11,
        aligns=(word.CENTRE, word.LEFT, word.LEFT, word.LEFT),
    )
    word.add(document, "{%p endif %}")


def closing(
    document: Any, titles: Sequence[str] = ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")
) -> None:
    """Who gets the document, and who signs it."""
    word.add(document, "", size=8)
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


def _appendix(document: Any) -> None:
    section = document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.different_first_page_header_footer = False
    word.add(document, "Phụ lục", bold=True, align=word.CENTRE)
    word.add(document, "{{ table_title }}", bold=True, align=word.CENTRE)
    word.add(
        document,
        "(Kèm theo Báo cáo số {{ number }} {{ dated }} của {{ issuer }})",
        size=13,
        italic=True,
        align=word.CENTRE,
        after=6,
    )
    table = word.table(document, (16, 102, 24, 22, 22, 22), rows=8)
    head, loop, choice, heading, other, figures, *ends = table.rows
    word.head_row(head, ("TT", "Tiêu chí", "Đơn vị tính", *_columns("{{ period.heading }}")), size=11)
    word.fill(loop, ("{%tr for line in lines %}",), size=11)
    word.fill(choice, ("{%tr if line.is_heading %}",), size=11)
    heading.cells[1].merge(heading.cells[5])
    word.fill(
        heading,
        ("{{ line.code }}", "{% colspan span %}{{ line.name }}"),
        size=11,
        bold=True,
        aligns=(word.CENTRE, word.LEFT),
    )
    for cell in heading.cells:
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    word.fill(other, ("{%tr else %}",), size=11)
    word.fill(
        figures,
        ("{{ line.code }}", "{{ line.name }}", "{{ line.unit }}"),
        size=11,
        aligns=(word.CENTRE, word.LEFT, word.CENTRE),
    )
    _figure_cells(figures)
    for row, text in zip(ends, ("{%tr endif %}", "{%tr endfor %}"), strict=True):
        word.fill(row, (text,), size=11)
    word.add(document, "{%p for note in notes %}")
    word.add(document, "{{ note }}", size=11, italic=True, align=word.BOTH)
    word.add(document, "{%p endfor %}")


def _columns(text: str) -> tuple[str, str, str]:
    return "{%tc for period in periods %}", text, "{%tc endfor %}"


def _figure_cells(row: Any) -> None:
    """A cell per figure: digits upright to the right, words small in the middle."""
    opening, body, ending = row.cells[3:6]
    word.put(opening, "{%tc for figure in line.figures %}", first=True)
    word.put(body, "{%p if figure.digits %}", first=True)
    word.put(body, "{{ figure.digits }}", size=11, align=word.RIGHT)
    word.put(body, "{%p else %}")
    word.put(body, "{{ figure.words }}", size=9, italic=True, align=word.CENTRE)
    word.put(body, "{%p endif %}")
    word.put(ending, "{%tc endfor %}", first=True)


def loop_row(
    table: Any, loop: str, texts: Sequence[str], *, size: float, aligns: Sequence[WD_ALIGN_PARAGRAPH]
) -> None:
    """Below the heading row, a row for each item of a list."""
    word.fill(table.rows[1], (f"{{%tr for {loop} %}}",), size=size)
    word.fill(table.add_row(), texts, size=size, aligns=aligns)
    word.fill(table.add_row(), ("{%tr endfor %}",), size=size)


def _listing(document: Any, name: str, title: str) -> None:
    word.add(document, f"{{%p if {name} %}}")
    word.body(document, f"{{{{ {title} }}}}", keep=True)
    word.add(document, f"{{%p for item in {name} %}}")
    word.body(document, "- {{ item }};")
    word.add(document, "{%p endfor %}")
    word.add(document, "{%p endif %}")


def _rule(cell: Any, indent: float) -> None:
    word.underline(cell.add_paragraph(), indent, indent)


if __name__ == "__main__":
    make_template(TEMPLATE)
