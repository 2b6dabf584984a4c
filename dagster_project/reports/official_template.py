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
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from dagster_project.reports.packing import settle

TEMPLATE = Path(__file__).parent / "templates" / "official.docx"
FONT = "Times New Roman"
_LEFT, _CENTRE, _RIGHT, _BOTH = (
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)


def make_template(file: Path) -> None:
    """Write the template to ``file``."""
    document = Document()
    _set_base_style(document)
    _set_page(document.sections[0])
    _head_pages(document.sections[0])
    _letterhead(document)
    _title(document)
    _section_submissions(document)
    _section_results(document)
    _section_questions(document)
    _closing(document)
    _appendix(document)
    document.save(str(file))
    settle(file)


def _set_base_style(document: Any) -> None:
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


def _set_page(section: Any) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = Mm(9)
    section.footer_distance = Mm(9)


def _head_pages(section: Any) -> None:
    """Page numbers in the middle of the top margin from page 2; the marks of draft and sample on every page."""
    section.different_first_page_header_footer = True
    _mark(section.first_page_header.paragraphs[0])
    number = section.header.paragraphs[0]
    number.alignment = _CENTRE
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
    paragraph.alignment = _RIGHT
    run = paragraph.add_run("{{ marks }}")
    run.bold = True
    run.font.size = Pt(10)
    run.font.color.rgb = RGBColor(0xC0, 0x00, 0x00)


def _letterhead(document: Any) -> None:
    table = _table(document, (65, 100), grid=False)
    left, right = table.rows[0].cells
    _put(left, "{%p if superior %}", first=True)
    _put(left, "{{ superior }}", size=12, align=_CENTRE)
    _put(left, "{%p endif %}")
    _put(left, "{{ issuer_kind }}", size=12, bold=True, align=_CENTRE)
    _put(left, "{{ issuer_area }}", size=12, bold=True, align=_CENTRE)
    _rule(left, 22)
    _put(left, "Số:         /BC-UBND", size=13, align=_CENTRE)
    _put(left, "{{ draft }}", size=12, bold=True, align=_CENTRE)
    _put(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=12, bold=True, align=_CENTRE, first=True)
    _put(right, "Độc lập - Tự do - Hạnh phúc", size=13, bold=True, align=_CENTRE)
    _rule(right, 22)
    _put(right, "{{ place }}, ngày       tháng       năm {{ year }}", size=13, italic=True, align=_CENTRE)


def _title(document: Any) -> None:
    _add(document, "BÁO CÁO", bold=True, align=_CENTRE, before=14)
    _add(document, "{{ subject }}", bold=True, align=_CENTRE)
    _underline(document.add_paragraph(), 65, 65)
    _add(document, "{%p if addressee %}")
    _add(document, "Kính gửi: {{ addressee }}.", align=_CENTRE, before=8, after=8)
    _add(document, "{%p endif %}")
    _body(document, "{{ basis }}")


def _section_submissions(document: Any) -> None:
    _heading(document, "I. TÌNH HÌNH THỰC HIỆN")
    _heading(document, "1. Tình hình gửi báo cáo của các đơn vị")
    _body(document, "{{ submitted }}")
    _listing(document, "missing", "missing_title")
    _listing(document, "late", "late_title")
    _heading(document, "2. Tình hình số liệu")
    _body(document, "{{ received }}")


def _section_results(document: Any) -> None:
    _heading(document, "II. KẾT QUẢ TỔNG HỢP THEO BỘ TIÊU CHÍ")
    _body(document, "{{ results }}")
    _body(document, "Tình hình số liệu năm {{ year_of_data }} theo từng nhóm:", keep=True)
    table = _table(document, (58, 17, 19, 18, 18, 17, 18), rows=2)
    heads = (
        "Nhóm tiêu chí",
        "Tổng số",
        "Có số liệu",
        "Không phát sinh",
        "Không áp dụng",
        "Chờ chỉnh sửa",
        "Chưa có số liệu",
    )
    _head_row(table.rows[0], heads, size=11)
    _loop_row(
        table,
        "group in groups",
        ("{{ group.name }}", *(f"{{{{ group.counts[{n}] }}}}" for n in range(6))),
        size=11,
        aligns=(_LEFT, *(_CENTRE,) * 6),
    )


def _section_questions(document: Any) -> None:
    _heading(document, "III. NHỮNG VẤN ĐỀ VỀ SỐ LIỆU")
    for number, name, title in (
        (1, "blocking", "Số liệu chờ đơn vị chỉnh sửa"),
        (2, "warning", "Số liệu cần giải trình"),
    ):
        _heading(document, f"{number}. {title}")
        _body(document, f"{{{{ {name}_text }}}}")
        _add(document, f"{{%p if {name} %}}")
        table = _table(document, (10, 35, 82, 38), rows=2)
        _head_row(table.rows[0], ("TT", "Đơn vị", "Nội dung", "Vị trí"), size=11)
        _loop_row(
            table,
            f"item in {name}",
            ("{{ item.number }}", "{{ item.unit }}", "{{ item.text }}", "{{ item.place }}"),
            size=11,
            aligns=(_CENTRE, _LEFT, _LEFT, _LEFT),
        )
        _add(document, "{%p endif %}")
    _heading(document, "3. Tên gọi và cách tính chưa xác nhận")
    _body(document, "{{ unconfirmed }}")
    _body(document, "{{ closing }}", before=10)


def _closing(document: Any) -> None:
    _add(document, "", size=8)
    table = _table(document, (80, 85), grid=False)
    _keep_whole(table.rows[0])
    left, right = table.rows[0].cells
    _put(left, "Nơi nhận:", size=12, bold=True, italic=True, first=True)
    _put(left, "{%p for recipient in recipients %}")
    _put(left, "- {{ recipient }}", size=11)
    _put(left, "{%p endfor %}")
    for number, text in enumerate(("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")):
        _put(right, text, size=14, bold=True, align=_CENTRE, first=not number)
    for _ in range(4):
        _put(right, "", size=14, align=_CENTRE)


def _appendix(document: Any) -> None:
    section = document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.different_first_page_header_footer = False
    _add(document, "Phụ lục", bold=True, align=_CENTRE)
    _add(document, "{{ table_title }}", bold=True, align=_CENTRE)
    _add(
        document,
        "(Kèm theo Báo cáo số         /BC-UBND ngày       tháng       năm {{ year }} của {{ issuer }})",
        size=13,
        italic=True,
        align=_CENTRE,
        after=6,
    )
    table = _table(document, (16, 102, 24, 22, 22, 22), rows=8)
    head, loop, choice, heading, other, figures, *ends = table.rows
    _head_row(head, ("TT", "Tiêu chí", "Đơn vị tính", *_columns("{{ period.heading }}")), size=11)
    _fill(loop, ("{%tr for line in lines %}",), size=11)
    _fill(choice, ("{%tr if line.is_heading %}",), size=11)
    heading.cells[1].merge(heading.cells[5])
    _fill(
        heading,
        ("{{ line.code }}", "{% colspan span %}{{ line.name }}"),
        size=11,
        bold=True,
        aligns=(_CENTRE, _LEFT),
    )
    for cell in heading.cells:
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    _fill(other, ("{%tr else %}",), size=11)
    _fill(
        figures,
        ("{{ line.code }}", "{{ line.name }}", "{{ line.unit }}"),
        size=11,
        aligns=(_CENTRE, _LEFT, _CENTRE),
    )
    _figure_cells(figures)
    for row, text in zip(ends, ("{%tr endif %}", "{%tr endfor %}"), strict=True):
        _fill(row, (text,), size=11)
    _add(document, "{%p for note in notes %}")
    _add(document, "{{ note }}", size=11, italic=True, align=_BOTH)
    _add(document, "{%p endfor %}")


def _columns(text: str) -> tuple[str, str, str]:
    return "{%tc for period in periods %}", text, "{%tc endfor %}"


def _figure_cells(row: Any) -> None:
    """A cell per figure: digits upright to the right, words small in the middle."""
    opening, body, ending = row.cells[3:6]
    _put(opening, "{%tc for figure in line.figures %}", first=True)
    _put(body, "{%p if figure.digits %}", first=True)
    _put(body, "{{ figure.digits }}", size=11, align=_RIGHT)
    _put(body, "{%p else %}")
    _put(body, "{{ figure.words }}", size=9, italic=True, align=_CENTRE)
    _put(body, "{%p endif %}")
    _put(ending, "{%tc endfor %}", first=True)


def _loop_row(
    table: Any, loop: str, texts: Sequence[str], *, size: float, aligns: Sequence[WD_ALIGN_PARAGRAPH]
) -> None:
    _fill(table.rows[1], (f"{{%tr for {loop} %}}",), size=size)
    _fill(table.add_row(), texts, size=size, aligns=aligns)
    _fill(table.add_row(), ("{%tr endfor %}",), size=size)


def _listing(document: Any, name: str, title: str) -> None:
    _add(document, f"{{%p if {name} %}}")
    _body(document, f"{{{{ {title} }}}}", keep=True)
    _add(document, f"{{%p for item in {name} %}}")
    _body(document, "- {{ item }};")
    _add(document, "{%p endfor %}")
    _add(document, "{%p endif %}")


def _table(document: Any, widths: Sequence[float], *, rows: int = 1, grid: bool = True) -> Any:
    table = document.add_table(rows, len(widths), style="Table Grid" if grid else None)
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return table


def _head_row(row: Any, texts: Sequence[str], *, size: float) -> None:
    _fill(row, texts, size=size, bold=True, aligns=(_CENTRE,) * len(texts))
    repeated = OxmlElement("w:tblHeader")
    row._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001


def _fill(
    row: Any,
    texts: Sequence[str],
    *,
    size: float,
    bold: bool = False,
    aligns: Sequence[WD_ALIGN_PARAGRAPH] = (),
) -> None:
    _keep_whole(row)
    for number, text in enumerate(texts):
        align = aligns[number] if number < len(aligns) else _LEFT
        _put(row.cells[number], text, size=size, bold=bold, align=align, first=True)
        spacing = row.cells[number].paragraphs[0].paragraph_format
        spacing.space_before = spacing.space_after = Pt(1.5)
    for cell in row.cells:
        cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER


def _keep_whole(row: Any) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001


def _put(
    cell: Any,
    text: str,
    *,
    size: float = 14,
    bold: bool = False,
    italic: bool = False,
    align: WD_ALIGN_PARAGRAPH = _LEFT,
    first: bool = False,
) -> None:
    paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
    _write(paragraph, text, size=size, bold=bold, italic=italic, align=align)


def _add(
    document: Any,
    text: str,
    *,
    size: float = 14,
    bold: bool = False,
    italic: bool = False,
    align: WD_ALIGN_PARAGRAPH = _LEFT,
    before: float = 0,
    after: float = 0,
) -> Any:
    paragraph = document.add_paragraph()
    _write(paragraph, text, size=size, bold=bold, italic=italic, align=align)
    paragraph.paragraph_format.space_before = Pt(before)
    paragraph.paragraph_format.space_after = Pt(after)
    return paragraph


def _body(document: Any, text: str, *, before: float = 0, keep: bool = False) -> None:
    paragraph = _add(document, text, align=_BOTH, before=before, after=6)
    paragraph.paragraph_format.first_line_indent = Mm(12.7)
    paragraph.paragraph_format.keep_with_next = keep


def _heading(document: Any, text: str) -> None:
    paragraph = _add(document, text, bold=True, align=_BOTH, before=6, after=6)
    paragraph.paragraph_format.first_line_indent = Mm(12.7)
    paragraph.paragraph_format.keep_with_next = True


def _write(
    paragraph: Any, text: str, *, size: float, bold: bool, italic: bool, align: WD_ALIGN_PARAGRAPH
) -> None:
    paragraph.alignment = align
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.bold = bold
    run.italic = italic


def _rule(cell: Any, indent: float) -> None:
    _underline(cell.add_paragraph(), indent, indent)


def _underline(paragraph: Any, left: float, right: float) -> None:
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


if __name__ == "__main__":
    make_template(TEMPLATE)
