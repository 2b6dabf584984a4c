"""Which units of measure and reporting units the words of an appendix name.

What cannot be told is a finding; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dagster_project.catalogue.appendix_rows import AppendixFinding, AppendixRow
from dagster_project.text import fold

_BETWEEN = re.compile(r"[;\n]|,(?=\s*[^\W\d_a-zà-ỹ])")

Row = Mapping[str, Any]


def units_by_word(units_of_measure: Iterable[Row]) -> dict[str, str]:
    """The unit that each folded spelling means."""
    found: dict[str, str] = {}
    for row in units_of_measure:
        words = (row["unit"], row["name_vi"], *(row["aliases"] or "").split("|"))
        found.update({fold(word): row["unit"] for word in words if word})
    return found


@dataclass(frozen=True)
class Named:
    """Units named in one cell, and whether every name was one."""

    codes: tuple[str, ...]
    is_whole: bool
    findings: tuple[AppendixFinding, ...] = ()


class ReportingUnits:
    """The reporting units of one area that are there when an appendix takes effect or later, by their names."""

    def __init__(
        self, units: Iterable[Row], aliases: Iterable[Row], *, level: str, area_code: str, since: date
    ) -> None:
        self.rows = {
            str(row["reporting_unit_code"]): row
            for row in units
            if row["level"] == level
            and row["area_code"] == area_code
            and (row["valid_to"] is None or row["valid_to"] >= since)
        }
        self._codes: dict[str, set[str]] = {}
        for code, row in self.rows.items():
            self._codes.setdefault(fold(row["name_vi"]), set()).add(code)
        for row in aliases:
            code = str(row["reporting_unit_code"])
            if code in self.rows and (row["valid_to"] is None or row["valid_to"] >= since):
                self._codes.setdefault(fold(row["alias"]), set()).add(code)

    def named(self, row: AppendixRow, meaning: str) -> Named:
        """The units that a cell names, one per line or between semicolons; also between commas before a capital."""
        text = row.texts[meaning]
        if not text:
            return Named((), is_whole=False)
        codes: list[str] = []
        findings: list[AppendixFinding] = []
        whole = self._codes.get(fold(text), set())
        names = [text] if len(whole) == 1 else [part.strip(" .-–+") for part in _BETWEEN.split(text)]
        for name in filter(None, names):
            meant = self._codes.get(fold(name), set())
            if len(meant) == 1:
                codes += meant
            else:
                findings.append(row.finding("appendix.reporting_unit_unknown", meaning, observed=name))
        return Named(tuple(dict.fromkeys(codes)), is_whole=not findings, findings=tuple(findings))
