"""The page on which one officer hands the office to the next, in Word: it is signed by both on paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from docx import Document

from dagster_project import durable
from dagster_project.messages import message
from dagster_project.reports import word
from dagster_project.reports.letter_parts import set_base_style, set_page
from dagster_project.reports.safe import plain

_WIDTHS = (34.0, 47.0, 28.0, 18.0, 18.0, 20.0)
_COLUMNS = ("round", "state", "due", "sent", "to_mend", "to_explain")
_SIZE = 11
_LINES_SHOWN = 14


@dataclass(frozen=True)
class RoundLine:
    """One round as it stands: its state in words, its due dates, forms sent of those expected, open findings."""

    code: str
    state: str
    due: str
    sent: str
    to_mend: int
    to_explain: int


@dataclass(frozen=True)
class Handover:
    """Everything that the page says; ``waiting`` are whole sentences."""

    office: str
    giver: str
    taker: str
    at: datetime
    rounds: tuple[RoundLine, ...]
    waiting: tuple[str, ...]
    release_id: str = "–"
    is_sample: bool = False

    def with_release(self, release_id: str, *, is_sample: bool) -> Handover:
        """The same page for a release."""
        return replace(self, release_id=release_id, is_sample=is_sample)


def write_handover(page: Handover, file: Path, lang: str) -> None:
    """Write the page to ``file``; equal pages give equal documents."""

    def said(code: str, **values: object) -> str:
        return message(f"handover.{code}", lang, **values)

    document = Document()
    set_base_style(document)
    set_page(document.sections[0])
    properties = document.core_properties
    properties.created = properties.modified = page.at.replace(tzinfo=None)
    properties.author, properties.title = plain(page.giver), said("title")
    if page.is_sample:
        word.add(document, message("cli.sample_mark", lang), size=_SIZE, bold=True, align=word.RIGHT)
    word.add(document, said("title"), bold=True, align=word.CENTRE, after=2)
    word.add(document, plain(page.office), size=_SIZE, align=word.CENTRE, after=6)
    people = {"giver": plain(page.giver), "taker": plain(page.taker), "at": f"{page.at:%d/%m/%Y %H:%M}"}
    word.add(document, said("between", **people), size=_SIZE, after=3)
    word.add(document, said("release", release=page.release_id), size=_SIZE, after=6)
    word.add(document, said("rounds"), size=_SIZE, bold=True, after=3)
    table = word.table(document, _WIDTHS)
    word.head_row(table.rows[0], [said(f"col_{name}") for name in _COLUMNS], size=10)
    for line in page.rounds:
        texts = (line.code, line.state, line.due, line.sent, str(line.to_mend), str(line.to_explain))
        aligns = (word.LEFT, word.LEFT, word.CENTRE, word.CENTRE, word.CENTRE, word.CENTRE)
        word.fill(table.add_row(), [plain(text) for text in texts], size=10, aligns=aligns)
    word.add(document, said("waiting"), size=_SIZE, bold=True, before=8, after=3)
    shown = page.waiting[:_LINES_SHOWN]
    for text in shown or (said("nothing"),):
        word.add(document, f"– {plain(text)}", size=_SIZE, after=1)
    if len(page.waiting) > len(shown):
        word.add(document, said("more", count=len(page.waiting) - len(shown)), size=_SIZE, after=1)
    word.add(document, said("where"), size=_SIZE, before=8, after=8)
    signatures = word.table(document, (82.0, 83.0), grid=False)
    for cell, role, name in zip(
        signatures.rows[0].cells, ("giver", "taker"), (page.giver, page.taker), strict=True
    ):
        word.put(cell, said(f"role_{role}"), size=_SIZE, bold=True, align=word.CENTRE, first=True)
        for text in ("", "", "", plain(name)):
            word.put(cell, text, size=_SIZE, align=word.CENTRE)
    with durable.replaced(file) as aside:
        document.save(str(aside))
