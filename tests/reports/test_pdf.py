"""A Word document set as PDF says the same, page for page as Word would, and nothing in it is left out in silence."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm

from dagster_project.errors import KhoError
from dagster_project.reports import charts, word
from dagster_project.reports.letter_parts import closing, set_base_style, set_page
from dagster_project.reports.pdf import docx_to_pdf, docx_to_png
from tests.reports.documents import pdf_text

HOSTILE = ('#panic("x")', "*đậm* _nghiêng_", "$x$ @ghi <nhãn> \\", '"trích"', "=1+1", "[a] {b} // c")


def _document() -> Any:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.different_first_page_header_footer = True
    section.header.paragraphs[0].add_run("Đầu trang sau")
    section.first_page_header.paragraphs[0].add_run("Đầu trang một")
    document.core_properties.created = datetime(2026, 4, 12, tzinfo=UTC)
    return document


def _text(pdf: Path, page: int | None = None) -> str:
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext not found")
    chosen = [] if page is None else ["-f", str(page), "-l", str(page)]
    told = subprocess.run([tool, "-layout", *chosen, str(pdf), "-"], capture_output=True, check=True)
    return told.stdout.decode()


def _set(document: Any, folder: Path) -> Path:
    document.save(str(folder / "thu.docx"))
    docx_to_pdf(folder / "thu.docx", folder / "thu.pdf")
    return folder / "thu.pdf"


def test_text_of_a_document_is_never_markup(tmp_path: Path) -> None:
    document = _document()
    for text in HOSTILE:
        word.body(document, text)
    text = _text(_set(document, tmp_path))
    for wanted in HOSTILE:
        assert wanted in text


def test_equal_documents_give_equal_bytes(tmp_path: Path) -> None:
    document = _document()
    word.body(document, "Kết quả năm 2025")
    first = _set(document, tmp_path).read_bytes()
    assert first == _set(document, tmp_path).read_bytes()
    assert first.startswith(b"%PDF-")
    assert b"pdfaid:part" in first


def test_heads_change_after_the_first_page_and_the_appendix_lies_across(tmp_path: Path) -> None:
    document = _document()
    word.add(document, "Trang một")
    document.add_page_break()
    word.add(document, "Trang hai")
    section = document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.different_first_page_header_footer = False
    word.add(document, "Phụ lục")
    pdf = _set(document, tmp_path)
    assert "Đầu trang một" in _text(pdf, 1)
    assert "Đầu trang sau" not in _text(pdf, 1)
    assert "Đầu trang sau" in _text(pdf, 2)
    assert "Phụ lục" in _text(pdf, 3)
    pages = docx_to_png(tmp_path / "thu.docx", ppi=72)
    sizes = [(int.from_bytes(page[16:20]), int.from_bytes(page[20:24])) for page in pages]
    assert sizes == [(595, 842), (595, 842), (842, 595)]


def test_a_table_keeps_its_merged_cells_and_repeats_its_head(tmp_path: Path) -> None:
    document = _document()
    table = word.table(document, (30, 60, 60), rows=1)
    word.head_row(table.rows[0], ("TT", "Tiêu chí", "Số liệu"), size=11)
    for number in range(60):
        word.fill(table.add_row(), (str(number), f"Tiêu chí {number}", f"{number},5"), size=11)
    merged = table.add_row()
    merged.cells[0].merge(merged.cells[2])
    word.put(merged.cells[0], "Ghi chú trải ba cột", first=True)
    tall = [table.add_row() for _ in range(2)]
    tall[0].cells[0].merge(tall[1].cells[0])
    word.put(tall[0].cells[0], "Cao", first=True)
    word.put(tall[1].cells[1], "dòng dưới", first=True)
    pdf = _set(document, tmp_path)
    assert _text(pdf, 2).count("Tiêu chí ") >= 1
    assert "TT" in _text(pdf, 2)
    text = _text(pdf)
    for wanted in ("59,5", "Ghi chú trải ba cột", "Cao", "dòng dưới"):
        assert text.count(wanted) == 1


def test_lists_keep_their_numbers_and_pictures_their_place(tmp_path: Path) -> None:
    document = _document()
    document.add_paragraph("Nội dung thứ nhất", style="List Number")
    chart = charts.series_chart(charts.Series("Biểu đồ", "%", 0, (charts.Point("2025", 3.0),)), "vi")
    (tmp_path / "c.png").write_bytes(charts.to_png(chart, "vi"))
    document.add_picture(str(tmp_path / "c.png"), width=Mm(80))
    pdf = _set(document, tmp_path)
    assert b"/Image" in pdf.read_bytes()
    assert "Nội dung thứ nhất" in _text(pdf)


def _saved(xml: str) -> Any:
    """What a paragraph or a part holds once an office program has saved it."""
    return parse_xml(f"<w:p {nsdecls('w', 'm', 'r')}>{xml}</w:p>")


def _field(instruction: str, result: str) -> str:
    marks = {kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")}
    told = f'<w:r><w:instrText xml:space="preserve">{instruction}</w:instrText></w:r>'
    shown = f"{marks['separate']}<w:r><w:t>{result}</w:t></w:r>" if result else ""
    return f"{marks['begin']}{told}{shown}{marks['end']}"


@pytest.mark.parametrize(
    ("page", "pages"),
    [
        (_field(" PAGE ", "2"), _field(r" NUMPAGES \* ARABIC ", "7")),
        (_field(r"PAGE   \* MERGEFORMAT", "2</w:t></w:r><w:r><w:t>2"), _field("NUMPAGES", "")),
        (
            '<w:fldSimple w:instr=" PAGE "><w:r><w:t>2</w:t></w:r></w:fldSimple>',
            '<w:fldSimple w:instr="NUMPAGES"/>',
        ),
    ],
)
def test_page_numbers_are_counted_whatever_was_saved_as_their_last_result(
    tmp_path: Path, page: str, pages: str
) -> None:
    document = Document()
    header = document.sections[0].header._element
    content = f"<w:r><w:t>Trang </w:t></w:r>{page}<w:r><w:t>/</w:t></w:r>{pages}<w:r><w:t>.</w:t></w:r>"
    header.insert(0, _saved(f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"))
    document._body._element.insert(0, _saved(f"<w:r><w:t>Tại trang </w:t></w:r>{page}"))
    for _ in range(2):
        document.add_page_break()
    pdf = _set(document, tmp_path)
    found = [re.findall(r"Trang (\S+)", _text(pdf, number)) for number in (1, 2, 3)]
    assert found == [["1/3."], ["2/3."], ["3/3."]]
    assert "Tại trang 1\n" in _text(pdf, 1)


def test_other_fields_keep_their_last_result(tmp_path: Path) -> None:
    document = _document()
    nested = _field("IF </w:instrText></w:r>" + _field("REF a", "x") + "<w:r><w:instrText> = 1", "đúng")
    document._body._element.insert(0, _saved(_field('DATE \\@ "d/M"', "9/4") + nested))
    assert "9/4đúng\n" in _text(_set(document, tmp_path))


def test_what_office_programs_wrap_is_set_and_what_was_deleted_is_not(tmp_path: Path) -> None:
    document = _document()
    run = "<w:r><w:t>{}</w:t></w:r>"
    body = document._body._element
    body.insert(
        0,
        _saved(
            f"<w:ins w:id='1' w:author='a'>{run.format('chèn')}</w:ins><w:del w:id='2' w:author='a'><w:r>"
            f"<w:delText>xóa</w:delText></w:r></w:del><w:smartTag>{run.format('thẻ')}</w:smartTag>"
            f"<w:moveFrom w:id='3' w:author='a'>{run.format('cũ')}</w:moveFrom>"
            "<w:r><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t></w:r>"
        ),
    )
    table = word.table(document, (40, 40), rows=2)
    for row, name in zip(table.rows, ("ô", "hàng"), strict=True):
        word.put(row.cells[0], name, first=True)
    for element in (table.rows[0].cells[0].paragraphs[0]._p, table.rows[1]._tr, table._tbl):
        control = parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtPr/><w:sdtContent/></w:sdt>")
        element.addprevious(control)
        control[1].append(element)
    text = _text(_set(document, tmp_path))
    assert "chènthẻa\u2011b" in text
    assert text.index("ô") < text.index("hàng")
    assert not {"xóa", "cũ"} & set(re.findall(r"\w+", text))


@pytest.mark.parametrize(
    ("xml", "name"),
    [
        ('<w:r><w:footnoteReference w:id="1"/></w:r>', "footnoteReference"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', "sym"),
        ("<m:oMath><m:r><m:t>x</m:t></m:r></m:oMath>", "oMath"),
        ("<w:r><w:pict/></w:r>", "pict"),
        ("<w:r><w:drawing/></w:r>", "drawing"),
        (_field(r"PAGE \* roman", "ii"), r"PAGE \* roman"),
        (_field("SECTIONPAGES", "3"), "SECTIONPAGES"),
        (
            _field("IF </w:instrText></w:r>" + _field("PAGE", "1") + "<w:r><w:instrText> = 1", ""),
            "IF PAGE = 1",
        ),
        (_field("EQ \\f(1;2)", ""), "EQ \\f(1;2)"),
        ('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>', "PAGE"),
    ],
)
@pytest.mark.parametrize("part", ["body", "header", "first_page_footer"])
def test_what_cannot_be_set_is_named_wherever_it_stands(
    tmp_path: Path, xml: str, name: str, part: str
) -> None:
    document = _document()
    root = document._body._element if part == "body" else getattr(document.sections[0], part)._element
    root.insert(0, _saved(xml))
    with pytest.raises(KhoError) as told:
        _set(document, tmp_path)
    assert name in told.value.text("vi")


def test_a_signature_never_stands_on_a_page_of_its_own(tmp_path: Path) -> None:
    seen = set()
    for lines in range(24, 34):
        document = Document()
        set_base_style(document)
        set_page(document.sections[0])
        for _ in range(lines):
            word.body(document, "Một dòng.")
        word.body(document, "Trân trọng./.", keep=True)
        closing(document)
        document.save(str(tmp_path / "a.docx"))
        docx_to_pdf(tmp_path / "a.docx", tmp_path / "a.pdf")
        pages = pdf_text(tmp_path / "a.pdf").split("\f")
        (signed,) = [number for number, page in enumerate(pages) if "KT. CHỦ TỊCH" in page]
        assert "Trân trọng./." in pages[signed], lines
        seen.add(signed)
    assert seen == {0, 1}, "the end of the page went through the closing lines"
