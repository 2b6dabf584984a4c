"""What an officer writes into a section of a round's report: checked, and made a text of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dagster_project.decide.problems import Problems
from dagster_project.ledger.decisions import ReportText
from dagster_project.reports.safe import plain
from dagster_project.reports.sections import PARAGRAPH_LIMIT, PARAGRAPHS, SECTIONS

#: About six pages.
_LONGEST = 20_000


@dataclass(frozen=True, kw_only=True)
class AskedText:
    """A text as an officer typed it, or the file (.docx, else UTF-8) that holds it."""

    round_code: str
    section: str
    text: str | None
    file: Path | None
    by: str


def check_text(asked: AskedText, now: datetime) -> ReportText:
    """The text that ``asked`` means. Raises ``RefusedError`` with everything that is wrong with it."""
    problems = Problems()
    problems.need(by=asked.by)
    if asked.section not in SECTIONS:
        problems.add("documents.unknown_section", section=asked.section, known=", ".join(SECTIONS))
    if (asked.text is None) == (asked.file is None):
        problems.add("documents.text_or_file")
    told = asked.text if asked.file is None else _read(asked.file, problems)
    paragraphs = [line.strip() for line in (told or "").splitlines() if line.strip()]
    text = "\n".join(paragraphs)
    if told is not None and not text:
        problems.add("documents.no_text")
    if len(text) > _LONGEST:
        problems.add("documents.text_too_long", count=len(text), most=_LONGEST)
    if len(paragraphs) > PARAGRAPHS:
        problems.add("documents.too_many_paragraphs", count=len(paragraphs), most=PARAGRAPHS)
    longest = max((len(plain(paragraph, _LONGEST)) for paragraph in paragraphs), default=0)
    if longest > PARAGRAPH_LIMIT:
        problems.add("documents.paragraph_too_long", count=longest, most=PARAGRAPH_LIMIT)
    problems.finish()
    return ReportText(
        round_code=asked.round_code,
        section=asked.section,
        text=text,
        written_by=asked.by.strip(),
        written_at=now,
    )


def _read(file: Path, problems: Problems) -> str | None:
    """The paragraphs of a Word document, or the lines of a text file."""
    if not file.is_file():
        problems.add("cli.no_such_file", file=file)
        return None
    try:
        if file.suffix.lower() == ".docx":
            return _paragraphs(file)
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError, KeyError):
        problems.add("documents.unreadable_text", file=file)
        return None


def _paragraphs(file: Path) -> str:
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    try:
        return "\n".join(paragraph.text for paragraph in Document(str(file)).paragraphs)
    except PackageNotFoundError as error:
        raise ValueError(file) from error
