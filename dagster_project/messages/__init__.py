"""The one message table: every text that a user reads, in Vietnamese and English.

Rows live beside this file, one CSV per room (``code,vi,en,advice_vi,advice_en,severity``). Values go in by
``str.format`` names. A text that a user reads and that is not reference data belongs in these files, not in
code; names of indicators, rules of a catalogue and the like belong in ``seeds/``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("vi", "en")


@dataclass(frozen=True)
class MessageRow:
    """One row of the table; ``severity`` is set for findings only (blocking, warning, info)."""

    code: str
    vi: str
    en: str
    advice_vi: str
    advice_en: str
    severity: str


@cache
def message_table() -> dict[str, MessageRow]:
    """All rows by code. Raises ValueError where two rooms use one code."""
    rows: dict[str, MessageRow] = {}
    folder = resources.files(__name__)
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".csv"):
            continue
        for record in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")):
            row = MessageRow(
                code=record["code"],
                vi=record["vi"],
                en=record["en"],
                advice_vi=record.get("advice_vi") or "",
                advice_en=record.get("advice_en") or "",
                severity=record.get("severity") or "",
            )
            if row.code in rows:
                raise ValueError(f"message code {row.code!r} stands twice")
            rows[row.code] = row
    return rows


def message(code: str, /, lang: str, **values: object) -> str:
    """The text of ``code`` in ``lang`` with ``values`` filled in; KeyError for an unknown code."""
    row = message_table()[code]
    return (row.vi if lang == "vi" else row.en).format(**values)


def advice(code: str, /, lang: str, **values: object) -> str:
    """What to do about ``code``, in ``lang``; empty where the table says nothing."""
    row = message_table()[code]
    return (row.advice_vi if lang == "vi" else row.advice_en).format(**values)
