"""A Word document made plain for ``pdf``: nothing wrapped, nothing deleted, page numbers to be counted anew.

Word and LibreOffice wrap content controls, smart tags and what was inserted under Track Changes, and save the last
result of each field. What cannot be set is named here; how the rest looks on a page belongs to ``pdf``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

PAGE, NUMPAGES = "PAGE", "NUMPAGES"
#: A field that is counted anew; others of ``_COUNTED`` cannot be, and their last result would be wrong.
_COUNTER = re.compile(
    rf"\s*({PAGE}|{NUMPAGES})(?:\s*\\\*\s*(?:MERGEFORMAT|CHARFORMAT|ARABIC))*\s*", re.IGNORECASE
)
_COUNTED = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTION|SECTIONPAGES)(?![A-Z])", re.IGNORECASE)
#: Fields that show nothing, so that no result is saved; of others without one it is not known what they show.
_UNSEEN = ("XE", "TC", "TA", "RD", "SET", "PRIVATE")


def _tags(names: str) -> tuple[str, ...]:
    return tuple(qn(f"w:{name}") for name in names.split())


_DELETED = _tags("del moveFrom")
_WRAPPERS = _tags("ins moveTo smartTag customXml sdt sdtContent fldSimple")
_ABOUT_WRAPPERS = _tags("sdtPr sdtEndPr smartTagPr customXmlPr")
_IN_RUN = (
    "rPr t tab ptab br cr noBreakHyphen softHyphen drawing instrText lastRenderedPageBreak commentReference "
    "annotationRef"
)
#: What may stand in a part of a document.
_INSIDE = {
    qn(f"w:{part}"): _tags(names)
    for part, names in (
        ("body", "p tbl sectPr"),
        ("hdr", "p tbl"),
        ("ftr", "p tbl"),
        ("tbl", "tblPr tblGrid tr"),
        ("tr", "trPr tblPrEx tc"),
        ("tc", "tcPr p tbl"),
        ("p", "pPr r hyperlink"),
        ("hyperlink", "r"),
        ("r", _IN_RUN),
    )
}
#: Between the others stand marks of places: ``bookmarkStart``, ``commentRangeEnd``, ``proofErr``.
_PLACE = re.compile(r".*(?:Start|End|proofErr)")
_PICTURE = "./*/a:graphic/a:graphicData/pic:pic/pic:blipFill/a:blip[@r:embed]"


@dataclass
class _Field:
    """A field that is being read: its instruction, whether its result has begun, whether its counter was put there."""

    instruction: str = ""
    has_result: bool = False
    is_put: bool = False

    @property
    def counter(self) -> str:
        found = _COUNTER.fullmatch(self.instruction)
        return found[1].upper() if found else ""

    @property
    def name(self) -> str:
        return next(iter(self.instruction.split()), "").upper()


def make_plain(document: Document) -> list[str]:
    """Make ``document`` plain, with its heads and feet; returns the names of what cannot be set.

    Page numbers become one ``w:instrText`` each, of ``PAGE`` or ``NUMPAGES``; no other is left.
    """
    unknown: set[str] = set()
    if document.settings.odd_and_even_pages_header_footer:
        unknown.add("evenAndOddHeaders")
    for root in dict.fromkeys((document.element.body, *_heads(document))):
        _unwrap(root)
        unknown.update(_settle_fields(root), _unknown_parts(root))
    return sorted(unknown)


def _heads(document: Document) -> Iterator[Any]:
    for number, section in enumerate(document.sections):
        parts = [section.header, section.footer]
        if section.different_first_page_header_footer and number == 0:
            parts += [section.first_page_header, section.first_page_footer]
        yield from (part._element for part in parts)  # noqa: SLF001  # python-docx shows no wrappers


def _unwrap(root: Any) -> None:
    for element in list(root.iter(*_DELETED, *_ABOUT_WRAPPERS)):
        element.getparent().remove(element)
    for element in list(root.iter(*_WRAPPERS)):
        runs = list(element)
        if element.tag == qn("w:fldSimple"):
            runs = [*_field_start(element.get(qn("w:instr"))), *runs, _run(_field_mark("end"))]
        for run in runs:
            element.addprevious(run)
        element.getparent().remove(element)


def _field_start(instruction: str) -> Iterator[Any]:
    yield _run(_field_mark("begin"))
    yield _run(_instruction(instruction))
    yield _run(_field_mark("separate"))


def _field_mark(kind: str) -> Any:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    return mark


def _instruction(text: str) -> Any:
    element = OxmlElement("w:instrText")
    element.text = text
    return element


def _run(content: Any) -> Any:
    run = OxmlElement("w:r")
    run.append(content)
    return run


def _settle_fields(root: Any) -> list[str]:
    """Leave of each field its result, of a page number its counter; returns the names of those that cannot be set."""
    unknown: list[str] = []
    fields: list[_Field] = []
    for child in [child for run in root.iter(qn("w:r")) for child in run if child.tag != qn("w:rPr")]:
        if child.tag == qn("w:fldChar"):
            unknown += _follow(child, fields)
        elif child.tag == qn("w:instrText"):
            if fields:
                fields[-1].instruction += child.text or ""
            _put(child, None)
        elif not all(field.has_result for field in fields):
            _put(child, None)
        elif fields and fields[-1].counter:
            _put(child, fields[-1])
    return [*unknown, *(field.name for field in fields)]


def _follow(mark: Any, fields: list[_Field]) -> list[str]:
    """Go with ``mark`` into a field, its result or out of it; returns what of the one that ends cannot be set."""
    kind = mark.get(qn("w:fldCharType"))
    ended = fields.pop() if kind == "end" and fields else None
    if kind == "begin":
        fields.append(_Field())
    elif kind == "separate" and fields:
        fields[-1].has_result = True
    is_shown = all(field.has_result for field in fields)
    if ended is not None and not is_shown:
        fields[-1].instruction += f" {ended.name}"
    _put(mark, ended if is_shown else None)
    return _unknown_field(ended) if ended is not None else []


def _put(child: Any, field: _Field | None) -> None:
    """Take ``child`` away, or put the counter of ``field`` in its place, once."""
    run = child.getparent()
    if field is not None and field.counter and not field.is_put:
        child.addprevious(_instruction(field.counter))
        field.is_put = True
    run.remove(child)


def _unknown_field(field: _Field) -> list[str]:
    counted = _COUNTED.match(field.instruction) and not field.counter
    unsaved = not field.has_result and not field.counter and field.name not in _UNSEEN
    drawn = field.name == "FORMCHECKBOX"
    # A field about a page number has another result on each page.
    nested = not field.counter and {PAGE, NUMPAGES}.intersection(field.instruction.split()[1:])
    return [" ".join(field.instruction.split())] if counted or unsaved or drawn or nested else []


def _unknown_parts(root: Any) -> Iterator[str]:
    for part in root.iter(*_INSIDE):
        for child in part.iterchildren("{*}*"):
            name = child.tag.rpartition("}")[2]
            if (child.tag not in _INSIDE[part.tag] and not _PLACE.fullmatch(name)) or (
                child.tag == qn("w:drawing") and len(child.xpath(_PICTURE)) != 1
            ):
                yield name
