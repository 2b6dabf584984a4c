"""Which indicator of the catalogue each row of an appendix is.

Certain are the same code, the same name, and an unknown slot in its place; what only resembles is a suggestion that a
person accepts or not. What a match changes does not belong here (``appendix_apply``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from dagster_project.catalogue.appendix_rows import Appendix, AppendixFinding, AppendixRow
from dagster_project.text import fold, fold_plain

#: Names less alike than this are not suggested.
_ALIKE = 0.6
_SUGGESTIONS = 3
NEW = "new"

Indicator = Mapping[str, Any]


@dataclass(frozen=True)
class Match:
    """A row with its indicator; ``how``: code, name, slot, accepted, new, or open where nobody has decided."""

    row: AppendixRow
    how: str
    code: str | None = None
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matched:
    """One match per row, and what stands in the way."""

    matches: Sequence[Match]
    findings: Sequence[AppendixFinding]


def match_rows(
    appendix: Appendix,
    current: Sequence[Indicator],
    accepted: Mapping[str, str],
    *,
    accept_all: bool = False,
) -> Matched:
    """Match rows to the versions of indicators that are valid when the appendix takes effect.

    ``accepted``: by the reference of a row, the code that it is, or ``new``; ``accept_all`` takes the one suggestion
    that resembles most, where it is the best one of no other row.
    """
    matching = _Matching(appendix.rows, current)
    matching.take_accepted(accepted)
    matching.take_certain()
    matching.take_alike(accept_all=accept_all)
    return Matched(matching.matches(), matching.findings)


def current_indicators(
    rows: Iterable[Indicator], criteria_set_code: str, valid_from: date
) -> list[Indicator]:
    """The versions of a criteria set that are valid on the day from which an appendix holds."""
    return [
        row
        for row in rows
        if row["criteria_set_code"] == criteria_set_code
        and (row["valid_from"] or date.min) <= valid_from <= (row["valid_to"] or date.max)
    ]


class _Matching:
    def __init__(self, rows: Sequence[AppendixRow], current: Sequence[Indicator]) -> None:
        self._rows = rows
        self._by_code = {str(row["indicator_code"]): row for row in current}
        self._found: dict[int, tuple[str, str | None]] = {}
        self._taken: dict[str, int] = {}
        self._suggested: dict[int, tuple[str, ...]] = {}
        self.findings: list[AppendixFinding] = []

    def matches(self) -> list[Match]:
        return [
            Match(row, *self._found.get(place, ("open", None)), suggestions=self._suggested.get(place, ()))
            for place, row in enumerate(self._rows)
        ]

    def take_accepted(self, accepted: Mapping[str, str]) -> None:
        places = {row.ref: place for place, row in enumerate(self._rows)}
        for ref, code in accepted.items():
            if ref not in places or (code != NEW and code not in self._by_code):
                told = {"observed": f"{ref}={code}"}
                self.findings.append(AppendixFinding("appendix.accepted_unknown", values=told))
            elif code == NEW:
                self._found[places[ref]] = ("new", None)
            else:
                self._take(places[ref], code, "accepted")

    def take_certain(self) -> None:
        names: dict[str, list[str]] = {}
        for code, indicator in self._by_code.items():
            if indicator["status"] != "unknown":
                names.setdefault(fold(indicator["name_vi"]), []).append(code)
        for place, row in enumerate(self._rows):
            if place in self._found:
                continue
            same = names.get(fold(row.name), [])
            told = row.texts["code"]
            if told and told in self._by_code:
                if same and told not in same:
                    values = {"observed": told, "other": ", ".join(same)}
                    self.findings.append(row.finding("appendix.code_or_name", "code", **values))
                self._take(place, told, "code")
            elif len(same) == 1:
                self._take(place, same[0], "name")
            elif same:
                self._by_parent(place, same)
        self._take_slots()

    def _by_parent(self, place: int, codes: Sequence[str]) -> None:
        """One name under two groups: the group tells, else a person must."""
        above = self._parent_code(place)
        below = [code for code in codes if above and self._by_code[code]["parent_code"] == above]
        if len(below) == 1:
            self._take(place, below[0], "name")
        else:
            self._suggested[place] = tuple(codes)
            told = {
                "observed": self._rows[place].name,
                "codes": ", ".join(codes),
                "ref": self._rows[place].ref,
            }
            self.findings.append(self._rows[place].finding("appendix.name_ambiguous", **told))

    def _take_slots(self) -> None:
        """A slot whose name was not known takes the row that stands in its place and resembles no other indicator."""
        for place, row in enumerate(self._rows):
            slot = self._by_code.get(row.path)
            is_slot = slot is not None and slot["status"] == "unknown" and row.path not in self._taken
            if is_slot and place not in self._found and not row.is_title and not self._alike(place):
                self._take(place, row.path, "slot")

    def take_alike(self, *, accept_all: bool) -> None:
        """Suggest what resembles; a row that resembles nothing is new."""
        scores = {
            place: self._alike(place)
            for place in range(len(self._rows))
            if place not in self._found and place not in self._suggested
        }
        best = [next(iter(alike)) for alike in scores.values() if alike]
        for place, alike in scores.items():
            if not alike:
                self._take_new(place)
                continue
            codes = tuple(alike)[:_SUGGESTIONS]
            first, second = (*alike.values(), 0.0)[:2]
            if accept_all and best.count(codes[0]) == 1 and first > second:
                self._take(place, codes[0], "accepted")
                continue
            row = self._rows[place]
            self._suggested[place] = codes
            names = "; ".join(f"{code} “{self._by_code[code]['name_vi']}”" for code in codes)
            told = {"observed": row.name, "names": names, "ref": row.ref, "code": codes[0]}
            self.findings.append(row.finding("appendix.name_alike", **told))

    def _take_new(self, place: int) -> None:
        """What resembles nothing fills a slot that its group has left, else it is new."""
        above = self._parent_code(place)
        slots = [
            code
            for code, row in self._by_code.items()
            if row["status"] == "unknown" and row["parent_code"] == above and code not in self._taken
        ]
        if slots and above and not self._rows[place].is_title:
            self._take(place, slots[0], "slot")
        else:
            self._found[place] = ("new", None)

    def _alike(self, place: int) -> dict[str, float]:
        """Codes of free indicators of the same kind by how much their names resemble, most first."""
        row, plain = self._rows[place], fold_plain(self._rows[place].name)
        found: dict[str, float] = {}
        for code, indicator in self._by_code.items():
            is_title = indicator["node_type"] in ("group", "criterion")
            if code in self._taken or indicator["status"] == "unknown" or is_title != row.is_title:
                continue
            score = SequenceMatcher(None, plain, fold_plain(indicator["name_vi"]), autojunk=False).ratio()
            if score >= _ALIKE:
                found[code] = score
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def _parent_code(self, place: int) -> str | None:
        parent = self._rows[place].parent
        return self._found.get(parent, ("", None))[1] if parent is not None else None

    def _take(self, place: int, code: str, how: str) -> None:
        if code in self._taken:
            first = self._rows[self._taken[code]]
            told = {"observed": code, "first": f"{first.sheet}:{first.row}"}
            self.findings.append(self._rows[place].finding("appendix.indicator_twice", **told))
        self._taken.setdefault(code, place)
        self._found[place] = (how, code)
