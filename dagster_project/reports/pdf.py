"""A Word document as PDF/A, without an office program: what stands in the document stands in the PDF.

Reads the finished .docx (so the words that an office changed in the template are there too) and sets it with typst:
paragraphs, runs, tables, pictures, heads with page numbers, sections. What a letter does not use (text boxes,
footnotes, embedded objects) is refused by name rather than left out in silence; what that is, ``pdf_parts`` tells.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.table import WD_ALIGN_VERTICAL
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Length
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from dagster_project.errors import KhoError
from dagster_project.reports.charts import FONT, FONTS
from dagster_project.reports.pdf_parts import NUMPAGES, PAGE, make_plain

#: Word's single line of Times New Roman: ascent, descent and gap of the font, in parts of its size.
_ASCENT, _DESCENT, _GAP = 0.891, 0.216, 0.042
_TAB_MM = 12.7
#: What Word leaves at the sides of a cell.
_CELL_MM = 1.9
_ALIGNS = {
    WD_ALIGN_PARAGRAPH.CENTER: "center",
    WD_ALIGN_PARAGRAPH.RIGHT: "right",
    WD_ALIGN_PARAGRAPH.LEFT: "left",
    WD_ALIGN_PARAGRAPH.JUSTIFY: "left",
}
_VERTICAL = {WD_ALIGN_VERTICAL.CENTER: "horizon", WD_ALIGN_VERTICAL.BOTTOM: "bottom"}
#: A word without end, and how many of its letters a narrow cell of a table holds.
_ENDLESS, _PIECE = re.compile(r"\S{40,}"), re.compile(r"(.{12})(?=.)")
#: typst counts pages only in a context: where it knows the place.
_COUNTERS = {
    PAGE: "#context counter(page).display()",
    NUMPAGES: "#context counter(page).final().first()",
}


def docx_to_pdf(file: Path, pdf: Path) -> None:
    """Write ``file`` as PDF/A-2b; equal documents give equal bytes.

    Raises ``KhoError`` for a document that holds what cannot be set.
    """
    source, pictures, moment = _typeset(Document(str(file)))
    pdf.write_bytes(_compile(source, pictures, moment, "pdf"))


def docx_to_png(file: Path, ppi: float = 144) -> list[bytes]:
    """The pages of ``file`` as pictures."""
    source, pictures, moment = _typeset(Document(str(file)))
    pages = _compile(source, pictures, moment, "png", ppi)
    return pages if isinstance(pages, list) else [pages]


def _compile(
    source: str, pictures: dict[str, bytes], moment: datetime, kind: Literal["pdf", "png"], ppi: float = 144
) -> Any:
    import typst

    with tempfile.TemporaryDirectory() as folder:
        for name, picture in pictures.items():
            (Path(folder) / name).write_bytes(picture)
        main = Path(folder) / "main.typ"
        main.write_text(source, encoding="utf-8")
        try:
            return typst.compile(
                str(main),
                root=folder,
                font_paths=[str(FONTS)],
                ignore_system_fonts=True,
                format=kind,
                ppi=ppi if kind == "png" else None,
                pdf_standards=["a-2b"] if kind == "pdf" else [],
                timestamp=int(moment.timestamp()),
            )
        except typst.TypstError as error:
            raise KhoError("reports.pdf_failed", detail=str(error)) from error


@dataclass
class _Setter:
    """Sets one document; pictures and the numbers of lists are gathered on the way."""

    document: DocumentType
    pictures: dict[str, bytes] = field(default_factory=dict)
    counts: dict[tuple[str, int], int] = field(default_factory=dict)
    looks: dict[tuple[str | None, str], Any] = field(default_factory=dict)

    def look(self, paragraph: Paragraph, name: str, own: Any) -> Any:
        """A property of the paragraph or run, else of the paragraph's style or of those that it is based on."""
        if own is not None:
            return own
        key = (paragraph._p.style, name)  # noqa: SLF001  # python-docx looks the style up anew each time
        if key not in self.looks:
            style, found, read = paragraph.style, None, attrgetter(name)
            while found is None and style is not None:
                found, style = read(style), style.base_style
            self.looks[key] = found
        return self.looks[key]


def _typeset(document: DocumentType) -> tuple[str, dict[str, bytes], datetime]:
    if unknown := make_plain(document):
        raise KhoError("reports.pdf_unknown_part", parts=", ".join(unknown))
    setter = _Setter(document)
    moment = (document.core_properties.created or datetime(1980, 1, 1, tzinfo=UTC)).replace(tzinfo=UTC)
    parts = [_preamble(document, moment)]
    for number, (section, blocks) in enumerate(_sections(document)):
        parts.append(_page(setter, section, is_first=number == 0))
        parts += [_page_break(block) + _block(setter, block) for block in blocks]
    return "\n".join(parts), setter.pictures, moment


def _page_break(block: Paragraph | Table) -> str:
    """The new page that a paragraph asks for: a break in it stands before its text."""
    if isinstance(block, Table):
        return ""
    breaks = block._p.xpath("./w:r/w:br[@w:type='page']")  # noqa: SLF001
    return "#pagebreak(weak: true)\n" if breaks or block.paragraph_format.page_break_before else ""


def _preamble(document: DocumentType, moment: datetime) -> str:
    properties = document.core_properties
    title, author = (_literal(text or "–") for text in (properties.title, properties.author))
    day = f"datetime(year: {moment.year}, month: {moment.month}, day: {moment.day})"
    edges = f"top-edge: {_ASCENT}em, bottom-edge: -{_DESCENT}em"
    return "\n".join(
        (
            f"#set document(title: {title}, author: {author}, date: {day})",
            f'#set text(font: "{FONT}", lang: "vi", hyphenate: false, {edges})',
            "#set smartquote(enabled: false)",
            "#set par(spacing: 0pt)",
        )
    )


def _sections(document: DocumentType) -> Iterator[tuple[Section, list[Paragraph | Table]]]:
    """Each section with what stands in it; a section ends at the paragraph that carries its properties."""
    sections = iter(document.sections)
    blocks: list[Paragraph | Table] = []
    for block in document.iter_inner_content():
        blocks.append(block)
        if isinstance(block, Paragraph) and block._p.pPr is not None and block._p.pPr.sectPr is not None:  # noqa: SLF001
            yield next(sections), blocks if block.text else blocks[:-1]
            blocks = []
    yield next(sections), blocks


def _page(setter: _Setter, section: Section, *, is_first: bool) -> str:
    """A page rule; heads and feet are placed where Word puts them, measured from the edge of the sheet."""
    heads = [_head(setter, section.header), _head(setter, section.footer)]
    first = heads
    if section.different_first_page_header_footer and is_first:
        first = [
            _head(setter, section.first_page_header),
            _head(setter, section.first_page_footer),
        ]
    placed = [
        f"if counter(page).get().first() == 1 [#{one}] else [#{other}]" if one != other else f"[#{other}]"
        for one, other in zip(
            (_at("top", first[0], section.header_distance), _at("bottom", first[1], section.footer_distance)),
            (_at("top", heads[0], section.header_distance), _at("bottom", heads[1], section.footer_distance)),
            strict=True,
        )
    ]
    margins = ", ".join(
        f"{side}: {_mm(getattr(section, f'{side}_margin'))}" for side in ("top", "bottom", "left", "right")
    )
    inset = f"dx: {_mm(section.left_margin)}"
    width = f"{_mm(section.page_width)} - {_mm(section.left_margin)} - {_mm(section.right_margin)}"
    background = " + ".join(f"({part})" for part in placed).replace("@inset", inset).replace("@width", width)
    return (
        f"#set page(width: {_mm(section.page_width)}, height: {_mm(section.page_height)}, margin: ({margins}), "
        f"background: context {{ {background} }})"
    )


def _at(edge: str, content: str, distance: Length | None) -> str:
    away = f"dy: {'' if edge == 'top' else '-'}{_mm(distance)}"
    return f"place({edge} + left, @inset, {away}, block(width: @width)[{content}])"


def _head(setter: _Setter, part: Any) -> str:
    return "".join(_block(setter, block) for block in part.iter_inner_content())


def _block(setter: _Setter, block: Paragraph | Table) -> str:
    return _table(setter, block) if isinstance(block, Table) else _paragraph(setter, block)


def _paragraph(setter: _Setter, paragraph: Paragraph) -> str:
    look = paragraph.paragraph_format
    align, before, after, indent, left, right, keep, lines = (
        setter.look(paragraph, f"paragraph_format.{name}", getattr(look, name))
        for name in (
            "alignment",
            "space_before",
            "space_after",
            "first_line_indent",
            "left_indent",
            "right_indent",
            "keep_with_next",
            "line_spacing",
        )
    )
    size = _paragraph_size(setter, paragraph)
    spacing = f"above: {_pt(before)}, below: {_pt(after)}"
    if _has_upper_border(paragraph):
        rule = f"#pad(left: {_mm(left)}, right: {_mm(right)}, line(length: 100%, stroke: 0.75pt))"
        return f"#block(width: 100%, {spacing})[{rule}]\n"
    body = _list_mark(setter, paragraph) + "".join(_run(setter, paragraph, run) for run in _runs(paragraph))
    looks = [
        f"justify: {'true' if align == WD_ALIGN_PARAGRAPH.JUSTIFY else 'false'}",
        f"leading: {_leading(lines)}",
    ]
    if indent is not None and indent > 0:
        looks.append(f"first-line-indent: (amount: {_mm(indent)}, all: true)")
    elif indent is not None and indent < 0:
        looks.append(f"hanging-indent: {_mm(Length(-indent))}")
    if not body:
        body = f"#box(height: {_ASCENT + _DESCENT}em)"
    set_body = f"#par({', '.join(looks)})[{body}]"
    if left or right:
        set_body = f"#pad(left: {_mm(left)}, right: {_mm(right)})[{set_body}]"
    rules = f"#set text(size: {size:g}pt)\n#set align({_ALIGNS.get(align, 'left')})"
    sticky = ", sticky: true" if keep else ""
    return f"#block(width: 100%, {spacing}{sticky})[{rules}\n{set_body}]\n"


def _runs(paragraph: Paragraph) -> Iterator[Run]:
    """Runs in order, those inside links too."""
    for part in paragraph.iter_inner_content():
        if isinstance(part, Run):
            yield part
        else:
            yield from part.runs


def _run(setter: _Setter, paragraph: Paragraph, run: Run) -> str:
    content = "".join(_pieces(setter, run))
    if not content:
        return ""
    size = _run_look(setter, paragraph, run, "size")
    colour = run.font.color.rgb if run.font.color is not None and run.font.color.type is not None else None
    marks = [f"size: {size.pt:g}pt"] if size is not None else []
    marks += ['weight: "bold"'] if _run_look(setter, paragraph, run, "bold") else []
    marks += ['style: "italic"'] if _run_look(setter, paragraph, run, "italic") else []
    marks += [f'fill: rgb("#{colour}")'] if colour is not None else []
    text = f"#text({', '.join(marks)})[{content}]" if marks else content
    for name, function in (("underline", "underline"), ("superscript", "super"), ("subscript", "sub")):
        if _run_look(setter, paragraph, run, name):
            text = f"#{function}[{text}]"
    return text


def _pieces(setter: _Setter, run: Run) -> Iterator[str]:
    for child in run._r:  # noqa: SLF001  # python-docx has no fields and no order of texts and pictures
        tag = child.tag
        if tag == qn("w:t"):
            yield f"#{_literal(_kept_spaces(child.text or ''))};"
        elif tag in (qn("w:tab"), qn("w:ptab")):
            yield f"#h({_TAB_MM}mm)"
        elif tag in (qn("w:br"), qn("w:cr")):
            yield "" if child.get(qn("w:type")) == "page" else "#linebreak()"
        elif tag == qn("w:noBreakHyphen"):
            yield "\u2011"
        elif tag == qn("w:instrText"):
            yield _COUNTERS[child.text]
        elif tag == qn("w:drawing"):
            yield _picture(setter, run, child)


def _picture(setter: _Setter, run: Run, drawing: Any) -> str:
    (blip,) = drawing.xpath(".//a:blip/@r:embed")
    (extent,) = drawing.xpath(".//wp:extent")
    (described,) = drawing.xpath(".//wp:docPr")
    image = run.part.related_parts[blip]
    name = Path(str(image.partname)).name
    setter.pictures[name] = image.blob
    width, height = (Length(int(extent.get(side))) for side in ("cx", "cy"))
    told = described.get("descr") or described.get("name") or ""
    return f"#box(image({_literal(name)}, width: {_mm(width)}, height: {_mm(height)}, alt: {_literal(told)}))"


def _table(setter: _Setter, table: Table) -> str:
    grid = [Length(int(column.get(qn("w:w"))) * 635) for column in table._tbl.tblGrid]  # noqa: SLF001
    parts: list[str] = []
    depth = 1
    for number, row in enumerate(table._tbl.tr_lst):  # noqa: SLF001
        cells = ", ".join(_row(setter, table, row, number))
        if _repeats(row):
            parts.append(f"table.header({cells})")
        elif _is_kept(table, row):
            # typst leaves no heading of a table alone at the end of a page, one below another neither
            depth += 1
            parts.append(f"table.header(level: {depth}, repeat: false, {cells})")
        else:
            depth = 1
            parts.append(cells)
    stroke = "0.5pt" if _has_grid(table) else "none"
    columns = ", ".join(_mm(width) for width in grid)
    body = ",\n".join(part for part in parts if part)
    rows = table._tbl.tr_lst  # noqa: SLF001
    # only what cannot break is kept with the paragraph before it
    is_whole = ", breakable: false" if len(rows) == 1 and _is_uncut(rows[0]) else ""
    return (
        f"#align(center, block(above: 0pt, below: 0pt{is_whole}, table(columns: ({columns},), stroke: {stroke}, "
        f"inset: (x: {_CELL_MM}mm, y: 0.5pt), {body})))\n"
    )


def _repeats(row: Any) -> bool:
    return row.trPr is not None and row.trPr.find(qn("w:tblHeader")) is not None


def _is_uncut(row: Any) -> bool:
    return row.trPr is not None and row.trPr.find(qn("w:cantSplit")) is not None


def _is_kept(table: Table, row: Any) -> bool:
    """Whether every line of a row is to stay with what follows."""
    looks = [p.paragraph_format for cell in row.tc_lst for p in _Cell(cell, table).paragraphs]
    return _has_grid(table) and all(look.keep_with_next for look in looks)


def _row(setter: _Setter, table: Table, row: Any, number: int) -> list[str]:
    is_whole = _is_uncut(row)
    cells, column = [], 0
    for cell in row.tc_lst:
        if cell.vMerge != "continue":
            settled = _Cell(cell, table)
            options = [f"colspan: {cell.grid_span}"] if cell.grid_span > 1 else []
            below = _rows_below(table, number, column)
            options += [f"rowspan: {below + 1}"] if cell.vMerge == "restart" and below else []
            options += ["breakable: false"] if is_whole else []
            options.append(f"align: {_VERTICAL.get(settled.vertical_alignment, 'top')}")
            options += [f'fill: rgb("#{shade}")' for shade in _shades(cell)]
            cells.append(f"table.cell({', '.join(options)})[{_inner(setter, settled)}]")
        column += cell.grid_span
    return cells


def _inner(setter: _Setter, cell: _Cell) -> str:
    """What stands in a cell; typst drops the space before its first and after its last paragraph, Word does not."""
    blocks = list(cell.iter_inner_content())
    before, after = (
        setter.look(block, f"paragraph_format.{name}", getattr(block.paragraph_format, name))
        if isinstance(block, Paragraph)
        else None
        for block, name in ((blocks[0], "space_before"), (blocks[-1], "space_after"))
    )
    return f"#v({_pt(before)}){''.join(_block(setter, block) for block in blocks)}#v({_pt(after)})"


def _rows_below(table: Table, number: int, column: int) -> int:
    """How many rows the cell that starts a vertical merge goes on for."""
    count = 0
    for row in table._tbl.tr_lst[number + 1 :]:  # noqa: SLF001
        start = 0
        for cell in row.tc_lst:
            if start == column:
                break
            start += cell.grid_span
        if start != column or cell.vMerge != "continue":
            break
        count += 1
    return count


def _shades(cell: Any) -> Sequence[str]:
    fills = cell.xpath("./w:tcPr/w:shd/@w:fill")
    return [fill for fill in fills if fill != "auto"]


def _has_grid(table: Table) -> bool:
    style = table.style
    own = table._tbl.tblPr.xpath("./w:tblBorders/w:insideH[@w:val != 'none' and @w:val != 'nil']")  # noqa: SLF001
    styled = style is not None and bool(style.element.xpath(".//w:tblBorders/w:insideH[@w:val = 'single']"))
    return bool(own) or styled


def _has_upper_border(paragraph: Paragraph) -> bool:
    return bool(paragraph._p.xpath("./w:pPr/w:pBdr/w:top")) and not paragraph.text  # noqa: SLF001


def _list_mark(setter: _Setter, paragraph: Paragraph) -> str:
    """The bullet or the number that Word shows before a paragraph of a list."""
    found = paragraph._p.xpath("./w:pPr/w:numPr")  # noqa: SLF001
    if not found and paragraph._p.style is not None and paragraph.style is not None:  # noqa: SLF001
        found = paragraph.style.element.xpath("./w:pPr/w:numPr")
    if not found:
        return ""
    ids = found[0].xpath("./w:numId/@w:val")
    level = int((found[0].xpath("./w:ilvl/@w:val") or ["0"])[0])
    numbering = setter.document.part.numbering_part.element
    abstract = numbering.xpath(f"./w:num[@w:numId='{int(ids[0])}']/w:abstractNumId/@w:val") if ids else []
    if not abstract:
        return ""
    place = f"./w:abstractNum[@w:abstractNumId='{int(abstract[0])}']/w:lvl[@w:ilvl='{level}']"
    kind = (numbering.xpath(f"{place}/w:numFmt/@w:val") or ["bullet"])[0]
    if kind == "bullet":
        return "#box(width: 6mm)[–]"
    key = (ids[0], level)
    setter.counts = {
        name: count for name, count in setter.counts.items() if name[0] != key[0] or name[1] <= level
    }
    setter.counts[key] = setter.counts.get(key, 0) + 1
    text = (numbering.xpath(f"{place}/w:lvlText/@w:val") or ["%1."])[0]
    for number in range(level + 1):
        text = text.replace(f"%{number + 1}", _numeral(setter.counts.get((ids[0], number), 1), kind))
    return f"#box(width: 8mm)[#{_literal(text)};]"


def _numeral(count: int, kind: str) -> str:
    if kind == "lowerLetter":
        return chr(ord("a") + (count - 1) % 26)
    if kind in ("upperRoman", "lowerRoman"):
        roman = "".join(("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[count % 10])
        text = "X" * (count // 10) + roman
        return text if kind == "upperRoman" else text.lower()
    return str(count)


def _paragraph_size(setter: _Setter, paragraph: Paragraph) -> float:
    """The size of an empty line and of its breaks: that of the paragraph's mark, of its first run or of its style."""
    marks = paragraph._p.xpath("./w:pPr/w:rPr/w:sz/@w:val")  # noqa: SLF001
    if marks and not paragraph.runs:
        return int(marks[0]) / 2
    sizes = [run.font.size for run in paragraph.runs if run.font.size is not None]
    size = sizes[0] if sizes else setter.look(paragraph, "font.size", None)
    return float(size.pt) if size is not None else 11.0


def _run_look(setter: _Setter, paragraph: Paragraph, run: Run, name: str) -> Any:
    return setter.look(paragraph, f"font.{name}", getattr(run.font, name))


def _leading(lines: Any) -> str:
    """The gap between lines: the font's own, and what a line spacing over 1 adds."""
    if isinstance(lines, Length):
        return f"{lines.pt:g}pt - {_ASCENT + _DESCENT}em"
    single = _ASCENT + _DESCENT + _GAP
    return f"{_GAP + (float(lines or 1.0) - 1) * single:.4f}em"


def _kept_spaces(text: str) -> str:
    """Spaces in a row stay, as in Word; a word too long for a line may break anywhere, as there."""
    spaced = text.replace("  ", "\u00a0\u00a0")
    return _ENDLESS.sub(lambda word: _PIECE.sub("\\1\u200b", word.group()), spaced)


def _literal(text: str) -> str:
    """A typst string: JSON escapes what typst's own strings escape."""
    return json.dumps(text, ensure_ascii=False).replace("\\b", "").replace("\\f", "")


def _mm(length: Length | None) -> str:
    return f"{(length or Length(0)).mm:.3f}mm"


def _pt(length: Length | None) -> str:
    return f"{(length or Length(0)).pt:g}pt"
