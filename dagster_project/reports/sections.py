"""The sections of an official report into which an officer writes; what the report itself says is ``official``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagster_project.reports.safe import plain

if TYPE_CHECKING:
    import polars as pl

SECTIONS = ("collection", "results", "changes", "targets", "quality", "assessment", "proposals")
#: What is longer is not taken (``decide.report_texts``); of a text from before that the rest is left out.
PARAGRAPHS = 200
PARAGRAPH_LIMIT = 8_000


def text_fields(texts: pl.DataFrame) -> dict[str, list[str]]:
    """The paragraphs that an officer wrote, by section; a section without a text is empty."""
    written = {row["section"]: row["text"] for row in texts.filter("is_current").iter_rows(named=True)}
    return {section: _paragraphs(written.get(section)) for section in SECTIONS}


def _paragraphs(text: Any) -> list[str]:
    lines = (plain(line, PARAGRAPH_LIMIT) for line in str(text or "").splitlines())
    return [line for line in lines if line][:PARAGRAPHS]
