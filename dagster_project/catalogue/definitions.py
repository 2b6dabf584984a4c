"""Where the definition of an indicator or a data element changes from one round to the next.

Which attributes break a series, and the words that say so, belong here. Which version a round uses is decided by its
last day, as in the models; what a break does to trends is theirs.

A changed unit, kind of value, formula or multiplier breaks a series, and so does another definition or method where
the earlier text was not marked as inferred or unknown. A text or unit that was not stated before is no change, and
neither is another name or group: those are noted. A version may say itself (``is_break``) that it breaks or does not.
A unit that converts breaks the series too, for no figure of the past is converted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from dagster_project.catalogue.formulas import Formula, Part, parse, ratio
from dagster_project.catalogue.load import Catalogue
from dagster_project.messages import LANGUAGES, message
from dagster_project.text import fold

#: One row per round × owner from the first change on; what has no row has its first definition.
SERIES_DEFINITIONS = pl.Schema(
    {
        "round_code": pl.String,
        "owner_type": pl.String,  # indicator, data_element
        "owner_code": pl.String,
        "definition_number": pl.Int64,  # 1 until the first break
        "is_break": pl.Boolean,  # this round's figures do not compare with the round's before
        "comparable_from": pl.Int64,  # data year of the last break; null: none so far
        "break_reason_vi": pl.String,
        "break_reason_en": pl.String,
        "note_vi": pl.String,  # what changed without breaking the series
        "note_en": pl.String,
    }
)

_KEYS = {"indicator": "indicator_code", "data_element": "data_element_code"}
_TABLES = {"indicator": "indicators", "data_element": "data_elements"}
_SERIES = ["criteria_set_code", "level", "period_type"]
#: A text of this standing was never the stated one.
_NOT_STATED = ("inferred", "unknown", "candidate", "paraphrased")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One attribute that another version gives otherwise."""

    attribute: str
    values: Mapping[str, str]
    breaks: bool

    def text(self, lang: str) -> str:
        return message(f"definitions.{self.attribute}", lang, **self.values)


def series_definitions(catalogue: Catalogue) -> pl.DataFrame:
    """``SERIES_DEFINITIONS`` of all rounds, in the order of time within a series."""
    versions = _Versions(catalogue)
    rows: list[dict[str, object]] = []
    for series in catalogue.table("rounds").partition_by(_SERIES, maintain_order=True):
        rounds = series.sort("period_end", "request_number", "round_code").to_dicts()
        for owner_type in _KEYS:
            for code in versions.changing(owner_type, rounds[0]["criteria_set_code"]):
                rows.extend(_history(versions, owner_type, code, rounds))
    return pl.DataFrame(rows, schema=SERIES_DEFINITIONS)


def changes_between(old: Row, new: Row, factors: Mapping[str, tuple[str, float]]) -> list[Change]:
    """What ``new`` says otherwise than ``old``, two rows of one table; ``factors``: dimension and factor by unit."""
    found = [*_unit(old, new, factors), *_formula(old, new)]
    if _differ(old, new, "value_type"):
        found.append(Change("value_type", {}, breaks=True))
    stated = (old.get("formula_status") or old.get("status") or "") not in _NOT_STATED
    found.extend(
        Change(name, {}, breaks=stated)
        for name in ("definition", "method")
        if fold(old.get(f"{name}_vi") or "") != fold(new.get(f"{name}_vi") or "")
        and _differ(old, new, f"{name}_vi")
    )
    found.extend(
        Change(name, {"old": str(old[column]), "new": str(new[column])}, breaks=False)
        for name, column in (("name", "name_vi"), ("parent", "parent_code"))
        if _differ(old, new, column)
    )
    return found


def breaks_beside_unit(old: Row, new: Row, factors: Mapping[str, tuple[str, float]]) -> bool:
    """Whether figures of two versions of one owner would not compare in one unit either."""
    if old == new:
        return False
    if new.get("is_break") is not None:
        return bool(new["is_break"])
    return any(
        change.breaks and change.attribute not in ("unit", "unit_converts")
        for change in changes_between(old, new, factors)
    )


def unit_factors(catalogue: Catalogue) -> dict[str, tuple[str, float]]:
    """Dimension and factor of each unit of measure."""
    units = catalogue.table("units_of_measure").select("unit", "dimension", "factor")
    return {unit: (dimension, factor) for unit, dimension, factor in units.iter_rows()}


def _differ(old: Row, new: Row, column: str) -> bool:
    """Both state it, and otherwise: what was not stated before is no change."""
    before, after = old.get(column), new.get(column)
    return before is not None and after is not None and before != after


def _unit(old: Row, new: Row, factors: Mapping[str, tuple[str, float]]) -> Iterator[Change]:
    if not _differ(old, new, "unit"):
        return
    told = {"old": str(old["unit"]), "new": str(new["unit"])}
    before, after = factors.get(told["old"]), factors.get(told["new"])
    if before and after and before[0] == after[0]:
        times = Fraction(str(after[1])) / Fraction(str(before[1]))
        yield Change("unit_converts", {**told, "factor": f"{float(times):g}"}, breaks=True)
    else:
        yield Change("unit", told, breaks=True)


def _formula(old: Row, new: Row) -> Iterator[Change]:
    before, after = _compiled(old), _compiled(new)
    if before is None or after is None or _terms(*before) == _terms(*after):
        return
    if before[0] == after[0]:
        yield Change("multiplier", {"old": f"{before[1]:g}", "new": f"{after[1]:g}"}, breaks=True)
    else:
        yield Change("formula", {"old": _written(old), "new": _written(new)}, breaks=True)


def _compiled(row: Row) -> tuple[Formula, float] | None:
    """The formula of an indicator or of a derived element with its multiplier; the lint has said that it parses."""
    text = row.get("numerator") or row.get("formula")
    if not text:
        return None
    numerator = parse(text)
    formula = ratio(numerator, parse(row["denominator"])) if row.get("denominator") else numerator
    return formula, 1.0 if row.get("multiplier") is None else float(row["multiplier"])


def _terms(formula: Formula, multiplier: float) -> tuple[object, ...]:
    """What a formula comes to, whatever the order in which it is written."""
    return (_sides(formula.numerator, Fraction(str(multiplier))), _sides(formula.denominator, Fraction(1)))


def _sides(part: Part, by: Fraction) -> tuple[object, ...]:
    return (part.combine, frozenset((reference, value * by) for reference, value in part.terms))


def _written(row: Row) -> str:
    text = str(row.get("numerator") or row.get("formula"))
    return f"({text}) / ({row['denominator']})" if row.get("denominator") else text


class _Versions:
    """The versions of indicators and elements, and what each of them is made from."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for owner_type, table in _TABLES.items():
            rows: dict[str, list[dict[str, Any]]] = {}
            for row in catalogue.table(table).iter_rows(named=True):
                rows.setdefault(row[_KEYS[owner_type]], []).append(row)
            self._rows[owner_type] = rows
        self.factors = unit_factors(catalogue)

    def changing(self, owner_type: str, criteria_set_code: str) -> Iterator[str]:
        """Codes of a criteria set that have, or are made from what has, more than one version."""
        for code, rows in self._rows[owner_type].items():
            mine = any(row["criteria_set_code"] == criteria_set_code for row in rows)
            elements = {name for row in rows for name in self._elements(row, None)}
            of_elements = (self._rows["data_element"].get(name, ()) for name in elements)
            if mine and (len(rows) > 1 or any(len(versions) > 1 for versions in of_elements)):
                yield code

    def at(self, owner_type: str, code: str, day: date) -> dict[str, Any] | None:
        """The version valid on ``day``."""
        for row in self._rows[owner_type].get(code, ()):
            if (row["valid_from"] or date.min) <= day <= (row["valid_to"] or date.max):
                return row
        return None

    def elements_at(self, row: Row, day: date) -> dict[str, dict[str, Any]]:
        """The data elements that a version is made from, through derived ones, as they are on ``day``."""
        found = ((code, self.at("data_element", code, day)) for code in self._elements(row, day))
        return {code: version for code, version in found if version is not None}

    def _elements(self, row: Row, day: date | None) -> set[str]:
        """Codes below a version: of the versions of one day, or of all."""
        compiled = _compiled(row)
        waiting = [used.data_element_code for used in compiled[0].references] if compiled else []
        found: set[str] = set()
        while waiting:
            code = waiting.pop()
            if code in found:
                continue
            found.add(code)
            for version in self._rows["data_element"].get(code, ()):
                if day is None or version is self.at("data_element", code, day):
                    below = _compiled(version)
                    waiting.extend(used.data_element_code for used in below[0].references) if below else None
        return found


@dataclass(frozen=True)
class _Definition:
    row: Row
    elements: Mapping[str, Row]


def _history(
    versions: _Versions, owner_type: str, code: str, rounds: Sequence[Row]
) -> Iterator[dict[str, object]]:
    """One row per round of a series from the first change of ``code`` on."""
    before: _Definition | None = None
    number, comparable_from = 1, None
    for told in rounds:
        row = versions.at(owner_type, code, told["period_end"])
        if row is None:
            continue
        now = _Definition(row, versions.elements_at(row, told["period_end"]))
        breaks, notes = _compare(before, now, versions.factors) if before else ([], [])
        before = now
        if breaks:
            number, comparable_from = number + 1, told["data_year"]
        if number == 1 and not notes:
            continue
        said = {
            f"{column}_{lang}": " ".join(text[lang] for text in texts) or None
            for column, texts in (("break_reason", breaks), ("note", notes))
            for lang in LANGUAGES
        }
        yield {
            "round_code": told["round_code"],
            "owner_type": owner_type,
            "owner_code": code,
            "definition_number": number,
            "is_break": bool(breaks),
            "comparable_from": comparable_from,
            **said,
        }


def _compare(
    old: _Definition, new: _Definition, factors: Mapping[str, tuple[str, float]]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What breaks the series and what is only noted, as texts by language."""
    breaks, notes = _sorted_changes(old.row, new.row, factors)
    for code in sorted(old.elements.keys() & new.elements.keys()):
        of_element, _ = _sorted_changes(old.elements[code], new.elements[code], factors)
        # an indicator that is its element says the same of both
        for text in [text for text in of_element if text not in breaks]:
            breaks.append(
                {
                    lang: message("definitions.of_element", lang, code=code, text=text[lang])
                    for lang in LANGUAGES
                }
            )
    return breaks, notes


def _sorted_changes(
    old: Row, new: Row, factors: Mapping[str, tuple[str, float]]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    if old is new:
        return [], []
    found = changes_between(old, new, factors)
    breaks = [_texts(change) for change in found if change.breaks]
    notes = [_texts(change) for change in found if not change.breaks]
    declared, reason = new.get("is_break"), new.get("break_reason_vi")
    own = [dict.fromkeys(LANGUAGES, str(reason))] if reason else []
    if declared is True:
        said = {lang: message("definitions.declared", lang) for lang in LANGUAGES}
        return [*own, *breaks] or [said], notes
    if declared is False:
        kept = {lang: message("definitions.declared_comparable", lang) for lang in LANGUAGES}
        return [], [*breaks, *([kept] if breaks else []), *own, *notes]
    return breaks, notes


def _texts(change: Change) -> dict[str, str]:
    return {lang: change.text(lang) for lang in LANGUAGES}
