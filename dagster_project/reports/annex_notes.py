"""The notes of the annex: numbered once, referred to in brackets from headings and names, on a sheet of their own.

Which words and marks need a note follows from the indicator table; no mark is left without its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dagster_project.messages import message, message_table
from dagster_project.reports.table import IndicatorTable, PeriodColumn

_WORDS = ("held", "missing", "partial")
_STATUSES = ("estimate", "preliminary")
#: Marks with which the same sentences begin in a letter.
_MARKS = "¹²†* "


@dataclass
class Notes:
    """``texts`` in order, the first is note 1; which of them concern a period or an indicator."""

    texts: list[str] = field(default_factory=list)
    periods: dict[str, list[int]] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def add(self, text: str) -> int:
        """The number of ``text``, which is told once."""
        told = text.lstrip(_MARKS).strip()
        if told not in self.texts:
            self.texts.append(told)
        return self.texts.index(told) + 1

    def of_period(self, code: str) -> str:
        return _brackets(self.periods, code)

    def of_line(self, code: str) -> str:
        return _brackets(self.lines, code)


def annex_notes(table: IndicatorTable, lang: str) -> Notes:
    """All notes of an annex with this table."""
    notes = Notes()
    _period_notes(notes, table, lang)
    _line_notes(notes, table, lang)
    shown = {figure.state for line in table.indicators for figure in line.figures}
    digits = {part for line in table.indicators for figure in line.figures for part in figure.digits.split()}
    for state in _WORDS:
        if state in shown:
            notes.add(message(f"reports.note_{state}", lang))
    for status in _STATUSES:
        code = f"reports.status.{status}"
        if code in message_table() and message(code, lang) in digits:
            notes.add(message(f"reports.note_{status}", lang))
    for name in ("units", "blanks", "sources", "computed", "texts"):
        notes.add(message(f"annex.note_{name}", lang))
    return notes


def _period_notes(notes: Notes, table: IndicatorTable, lang: str) -> None:
    for period in table.periods:
        texts = [text for is_so, text in _of_period(period, lang) if is_so]
        if texts:
            notes.periods[period.code] = [notes.add(text) for text in texts]


def _of_period(period: PeriodColumn, lang: str) -> tuple[tuple[bool, str], ...]:
    broken = message("reports.note_break", lang, period=period.label, reason=period.reason)
    return (
        (period.is_recalculated, message("reports.note_recalculated", lang)),
        (period.is_retrospective, message("reports.note_retrospective", lang)),
        (period.is_break, broken),
    )


def _line_notes(notes: Notes, table: IndicatorTable, lang: str) -> None:
    for line in table.indicators:
        numbers = [
            notes.add(
                message(
                    "reports.note_definition",
                    lang,
                    code=line.code,
                    period=period.label,
                    reason=figure.break_reason,
                )
            )
            for period, figure in zip(table.periods, line.figures, strict=True)
            if figure.break_reason
        ]
        if not line.is_confirmed:
            numbers.append(notes.add(message("reports.note_unconfirmed", lang)))
        if numbers:
            notes.lines[line.code] = numbers


def _brackets(numbers: Mapping[str, list[int]], code: str) -> str:
    return "".join(f" [{number}]" for number in numbers.get(code, ()))
