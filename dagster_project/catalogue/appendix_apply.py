"""What a matched appendix changes in a catalogue: new versions of indicators, what ends, elements, assignments.

A version that changes what an indicator is begins on the day from which the appendix holds, and the one before ends
the day before; marks of who checked a name are set where they stand. What a unit of measure does to a formula belongs
here, and so does what happens to elements and assignments. Which row is which indicator does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl

from dagster_project.catalogue.appendix_match import Match
from dagster_project.catalogue.appendix_rows import AppendixFinding
from dagster_project.catalogue.appendix_units import ReportingUnits, units_by_word
from dagster_project.catalogue.definitions import unit_factors
from dagster_project.catalogue.formulas import parse
from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.tables import TABLES
from dagster_project.messages import message
from dagster_project.text import fold

_TABLES = ("indicators", "applicability", "data_elements", "assignments")
_CODE = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*", re.ASCII)
_SUMMED = ("count", "money")
_DEPTH = {"group": 0, "criterion": 1, "indicator": 2, "component": 3}

Row = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """From when an appendix holds, for whom, and what is written beside each name that it has."""

    criteria_set_code: str
    level: str
    area_code: str
    valid_from: date
    confirmed_by: str
    confirmed_at: date
    document: str = ""
    is_whole: bool = True  # what is not in it ends


@dataclass(frozen=True)
class Told:
    """One line of what changes, by its message and values."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        return message(f"appendix.{self.code}", lang, **self.values)


@dataclass(frozen=True)
class Applied:
    """The changed tables, what changed in words, and what to mend or to look at."""

    tables: Mapping[str, pl.DataFrame]
    told: Sequence[Told]
    findings: Sequence[AppendixFinding]


def apply_appendix(catalogue: Catalogue, matches: Sequence[Match], terms: Terms) -> Applied:
    """The own tables of ``catalogue`` after ``matches``; with a blocking finding they are not to be used."""
    applying = _Applying(catalogue, terms)
    codes: list[str | None] = []
    for place, match in enumerate(matches):
        parent = codes[match.row.parent] if match.row.parent is not None else None
        codes.append(applying.take(match, parent, place))
    if terms.is_whole:
        open_codes = {code for match in matches if match.how == "open" for code in match.suggestions}
        applying.end_others({code for code in codes if code} | open_codes)
    tables = {name: _frame(name, applying.rows[name]) for name in _TABLES}
    return Applied(tables, applying.told, applying.findings)


def _frame(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    columns = TABLES[name].columns
    return pl.DataFrame([{column: row.get(column) for column in columns} for row in rows], schema=columns)


def _bounds(element: Row, times: Fraction) -> Row:
    """The least and the greatest value of an element in a unit in which its figures are ``times`` as large."""
    named = ((name, element.get(name)) for name in ("min_value", "max_value"))
    return {name: float(Fraction(str(bound)) * times) for name, bound in named if bound}


class _Applying:
    """The rows of the tables at hand while an appendix is taken in."""

    def __init__(self, catalogue: Catalogue, terms: Terms) -> None:
        self.rows: dict[str, list[Row]] = {name: catalogue.own(name).to_dicts() for name in _TABLES}
        self.told: list[Told] = []
        self.findings: list[AppendixFinding] = []
        self._terms = terms
        self._day_before = terms.valid_from - timedelta(days=1)
        self._units = units_by_word(catalogue.table("units_of_measure").iter_rows(named=True))
        self._factors = unit_factors(catalogue)
        self._reporting_units = ReportingUnits(
            catalogue.table("reporting_units").to_dicts(),
            catalogue.table("unit_aliases").to_dicts(),
            level=terms.level,
            area_code=terms.area_code,
            since=terms.valid_from,
        )
        self._forms = sorted(
            catalogue.table("forms")
            .filter(criteria_set_code=terms.criteria_set_code, level=terms.level)["form_code"]
            .unique()
        )

    # one row of the appendix

    def take(self, match: Match, parent: str | None, place: int) -> str | None:
        """Put a row in its place in the catalogue; returns the code that it has there."""
        if match.how == "open":
            return None
        row, values = match.row, self._stated(match, parent)
        if self._terms.is_whole:
            values["sort_order"] = 10 * (place + 1)
        if match.code is None:
            later = [
                other
                for other in self.rows["indicators"]
                if self._begins_later(other)
                and fold(other["name_vi"]) == fold(row.name)
                and other.get("parent_code") == parent
            ]
            free = row.texts["code"] if self._is_free(row.texts["code"]) else None
            code = later[0]["indicator_code"] if later else free or self._next_code(parent, row.path)
            values.setdefault("sort_order", self._last_place(parent) + 1)
            values["valid_to"] = self._until(later)
            self.rows["indicators"].append(self._new_indicator(code, match, values))
            self._tell("new", code=code, name=row.name)
        else:
            code = match.code
            self._change(code, match, values)
        if not row.is_title:
            if match.how in ("new", "slot"):
                self._collect(code, match)
            self._assign(code, match)
        return code

    def _last_place(self, code: str | None) -> int:
        """The greatest ``sort_order`` of an indicator and all below it; without a code, of the criteria set."""
        ours = [
            row
            for row in self.rows["indicators"]
            if row["criteria_set_code"] == self._terms.criteria_set_code
        ]
        places = [row["sort_order"] or 0 for row in ours if row["indicator_code"] == code]
        below = {row["indicator_code"] for row in ours if row.get("parent_code") == code}
        return max((*places, *map(self._last_place, below)), default=0)

    def _stated(self, match: Match, parent: str | None) -> Row:
        """What the appendix says of a row, and who checked it; a cell that is empty says nothing."""
        texts, terms = match.row.texts, self._terms
        values: Row = {
            "status": "official",
            "confirmed_by": terms.confirmed_by,
            "confirmed_at": terms.confirmed_at,
            "document_vi": terms.document or None,
            "printed_number": match.row.number or None,
            "reporting_period_vi": texts["period"] or None,
        }
        if parent:
            values |= {"parent_code": parent, "parent_status": "confirmed"}
        stated = (("definition_vi", "definition"), ("method_vi", "method"), ("source_vi", "source"))
        values |= {column: texts[meaning] for column, meaning in stated if texts[meaning]}
        if texts["unit"]:
            unit = self._units.get(fold(texts["unit"]))
            if unit is None:
                finding = match.row.finding("appendix.unit_unknown", "unit", observed=texts["unit"])
                self.findings.append(finding)
            else:
                values |= {"unit": unit, "unit_status": "confirmed"}
        return values

    def _new_indicator(self, code: str, match: Match, values: Row) -> Row:
        node_type = "criterion" if match.row.is_title else "indicator"
        if match.row.is_title and match.row.parent is None:
            node_type = "group"
        return {
            "indicator_code": code,
            "criteria_set_code": self._terms.criteria_set_code,
            "node_type": "component" if match.row.is_component else node_type,
            "name_vi": match.row.name,
            **({} if match.row.is_title else {"direction": "unknown", "direction_status": "unknown"}),
            **values,
            "valid_from": self._terms.valid_from,
        }

    def _change(self, code: str, match: Match, values: Row) -> None:
        """A new version where the appendix says otherwise what the indicator is; marks only where it does not."""
        old = self._version("indicators", "indicator_code", code)
        if old is None:
            return
        said: Row = {}
        if fold(old["name_vi"]) != fold(match.row.name):
            said["name_vi"] = match.row.name
            self._tell("renamed", code=code, old=old["name_vi"], new=match.row.name)
        for column in ("parent_code", "definition_vi", "method_vi"):
            new = values.pop(column, old[column])
            if fold(new or "") != fold(old[column] or ""):
                said[column] = new
                shown = column.removesuffix("_vi").removesuffix("_code")
                self._tell(f"changed_{shown}", code=code, old=old[column] or "∅", new=new or "∅")
        unit = values.pop("unit", old["unit"])
        if unit != old["unit"]:
            said |= self._other_unit(code, match, old, unit)
        if match.how == "slot":
            said |= {"name_en": None, "note": None, "direction": "unknown", "direction_status": "unknown"}
        checked = (
            old["status"] == "official"
            and old["confirmed_by"]
            and old["document_vi"] == values["document_vi"]
        )
        if not said and checked:
            # the same name in the same document was checked before: who did so, and when, stays
            old.update({name: value for name, value in values.items() if not name.startswith("confirmed_")})
        elif not said:
            old.update(values)
        elif old["valid_from"] == self._terms.valid_from:
            old.update(values | said)
        else:
            fresh = {"is_break": None, "break_reason_vi": None, "valid_from": self._terms.valid_from}
            self.rows["indicators"].append({**old, **values, **said, **fresh})
            old["valid_to"] = self._day_before

    def _other_unit(self, code: str, match: Match, old: Row, unit: str) -> Row:
        """The attributes that follow a unit: the element's own unit, else the multiplier, else no formula is left."""
        self._tell("changed_unit", code=code, old=old["unit"] or "∅", new=unit)
        element = self._only_element(old)
        if old["unit"] is None or old["numerator"] is None:
            return {"unit": unit}
        before, after = self._factors[old["unit"]], self._factors[unit]
        converts = before[0] == after[0]
        times = Fraction(str(before[1])) / Fraction(str(after[1]))
        kind = old["value_type"] if converts else self._kind_of(unit)
        changed = {"unit": unit, "value_type": kind}
        if element is not None and element["unit"] == old["unit"]:
            bounds = _bounds(element, times) if converts else {}
            told = {"element": element["data_element_code"], "unit": unit}
            self._tell("element_unit", **told)
            if bounds:
                shown = (f"{name}: {element[name]:.15g} → {value:.15g}" for name, value in bounds.items())
                self._tell("element_bounds", bounds=", ".join(shown), **told)
            self._new_version("data_elements", element, {"unit": unit, "value_type": kind, **bounds})
            return changed
        if converts:
            multiplier = float(Fraction(str(1.0 if old["multiplier"] is None else old["multiplier"])) * times)
            return {**changed, "multiplier": multiplier}
        self.findings.append(match.row.finding("appendix.formula_lost", "unit", code=code, unit=unit))
        return {**changed, "numerator": None, "denominator": None, "formula_status": "unknown"}

    def _only_element(self, indicator: Row) -> Row | None:
        """The one data element that an indicator is, if it is one and nothing else is made from that."""
        if indicator["numerator"] is None or indicator["denominator"] is not None:
            return None
        code = indicator["numerator"].strip()
        element = self._version("data_elements", "data_element_code", code)
        used = self._users(code) - {indicator["indicator_code"]}
        return None if used or (indicator["multiplier"] or 1) != 1 else element

    def _users(self, element: str) -> set[str]:
        """Indicators and derived elements valid from the appendix on whose formulas name a data element."""
        found: set[str] = set()
        for table, key, columns in (
            ("indicators", "indicator_code", ("numerator", "denominator")),
            ("data_elements", "data_element_code", ("formula",)),
        ):
            for row in self.rows[table]:
                formulas = [parse(row[column]) for column in columns if row.get(column) and self._holds(row)]
                if any(
                    used.data_element_code == element for formula in formulas for used in formula.references
                ):
                    found.add(row[key])
        return found

    # figures that units are asked for

    def _collect(self, code: str, match: Match) -> None:
        """A new criterion with a unit gets one data element of that unit; its parts are for a person to say."""
        indicator = self._version("indicators", "indicator_code", code)
        if indicator is None or indicator.get("numerator"):
            return
        if not indicator.get("unit"):
            self.findings.append(match.row.finding("appendix.no_unit", "unit", code=code))
            return
        kind = self._kind_of(indicator["unit"])
        summed = "sum" if kind in _SUMMED else "none"
        element = f"{code}.GT"
        figures = {"value_type": kind, "area_aggregation": summed, "decimals": 0 if kind == "count" else 2}
        indicator.update(figures | {"numerator": element, "multiplier": 1.0})
        indicator.update(value_type_status="inferred", formula_status="inferred")
        self.rows["data_elements"].append(
            {
                "data_element_code": element,
                "criteria_set_code": self._terms.criteria_set_code,
                "indicator_code": code,
                "sort_order": 1,
                "name_vi": match.row.name,
                "unit": indicator["unit"],
                "role": "value",
                "unit_aggregation": "lead",
                "status": "official",
                "valid_from": self._terms.valid_from,
                "valid_to": indicator.get("valid_to"),
                **figures,
            }
        )
        self._tell("element_new", element=element, unit=indicator["unit"])

    def _kind_of(self, unit: str) -> str:
        """The kind of value that figures of a unit have in this catalogue where it is one; else a plain number."""
        kinds = {
            row["value_type"]
            for table in ("indicators", "data_elements")
            for row in self.rows[table]
            if row.get("unit") == unit and row.get("value_type")
        }
        return str(kinds.pop()) if len(kinds) == 1 else "rate"

    def _assign(self, code: str, match: Match) -> None:
        lead = self._reporting_units.named(match.row, "lead")
        contributors = self._reporting_units.named(match.row, "contributor")
        self.findings += (*lead.findings, *contributors.findings)
        if len(lead.codes) > 1:
            told = ", ".join(lead.codes)
            self.findings.append(match.row.finding("appendix.two_leads", "lead", observed=told))
            return
        elements = [
            row
            for row in self.rows["data_elements"]
            if row.get("indicator_code") == code and row.get("role") != "derived" and self._holds(row)
        ]
        if not (lead.codes or contributors.codes) or not elements:
            self._apply_level(code, is_led=False)
            return
        if len(self._forms) != 1:
            told = ", ".join(self._forms) or "∅"
            self.findings.append(match.row.finding("appendix.no_one_form", "lead", observed=told))
            return
        for element in elements:
            if lead.codes:
                self._appoint(element, lead.codes, "lead", ends=element.get("unit_aggregation") != "sum")
            others = [unit for unit in contributors.codes if unit not in lead.codes]
            if contributors.codes:
                self._appoint(element, others, "contributor", ends=contributors.is_whole)
        if lead.codes:
            self._tell("led", code=code, unit=self._reporting_units.rows[lead.codes[0]]["name_vi"])
        self._apply_level(code, is_led=bool(lead.codes))

    def _appoint(self, element: Row, units: Sequence[str], role: str, *, ends: bool) -> None:
        """Let ``units`` have a role for an element; ``ends``: others that have it now have it no longer."""
        code = element["data_element_code"]
        ours = self._reporting_units.rows
        for row in [
            row
            for row in self.rows["assignments"]
            if row["data_element_code"] == code and row["reporting_unit_code"] in ours and self._holds(row)
        ]:
            stays = row["reporting_unit_code"] in units
            if stays and row["role"] == role:
                row["status"] = "confirmed"
            elif stays or (row["role"] == role and ends):
                self._end("assignments", row)
        for unit in units:
            begins = max(self._terms.valid_from, ours[unit]["valid_from"] or date.min)
            having = [
                row
                for row in self.rows["assignments"]
                if row["reporting_unit_code"] == unit
                and row["data_element_code"] == code
                and row["role"] == role
                and self._holds(row)
            ]
            if all((row["valid_from"] or date.min) > begins for row in having):
                self.rows["assignments"].append(
                    {
                        "reporting_unit_code": unit,
                        "data_element_code": code,
                        "form_code": self._forms[0],
                        "role": role,
                        "status": "confirmed",
                        "valid_from": begins,
                        "valid_to": self._until(having) or ours[unit]["valid_to"],
                    }
                )

    def _apply_level(self, code: str, *, is_led: bool) -> None:
        """A criterion that a unit of ours leads is reported at our level; else it stays undetermined."""
        place = {"indicator_code": code, "level": self._terms.level}
        rows = [
            row for row in self.rows["applicability"] if place.items() <= row.items() and self._holds(row)
        ]
        ours = next((row for row in rows if not self._begins_later(row)), None)
        how = "reported" if is_led else "undetermined"
        if ours is None:
            validity = {"valid_from": self._terms.valid_from, "valid_to": self._until(rows)}
            self.rows["applicability"].append({**place, "how": how, **validity})
        elif is_led and ours["how"] == "undetermined":
            self._new_version("applicability", ours, {"how": how, "note_vi": None})

    # what the appendix does not have

    def end_others(self, kept: set[str]) -> None:
        """End every indicator of the set that is not in the appendix, with its elements and assignments."""
        for row in sorted(
            self.rows["indicators"], key=lambda row: _DEPTH.get(row["node_type"], 0), reverse=True
        ):
            code = row["indicator_code"]
            is_ours = row["criteria_set_code"] == self._terms.criteria_set_code and self._holds(row)
            below = (other for other in self.rows["indicators"] if other.get("parent_code") == code)
            if not is_ours or code in kept or any(self._holds(other) for other in below):
                continue
            self._tell("ended", code=code, name=row["name_vi"], day=f"{self._day_before:%d/%m/%Y}")
            self._end("indicators", row)
        # What a derived element was made from is of use no more once that has ended.
        while unused := [row for row in self.rows["data_elements"] if self._is_unused(row, kept)]:
            for row in unused:
                self._end("data_elements", row)
                for held in list(self.rows["assignments"]):
                    if held["data_element_code"] == row["data_element_code"] and self._holds(held):
                        self._end("assignments", held)

    def _is_unused(self, element: Row, kept: set[str]) -> bool:
        """Whether an element is valid, is of an indicator of the set that the appendix lacks, and in no formula."""
        return bool(
            element.get("indicator_code")
            and element["indicator_code"] not in kept
            and self._holds(element)
            and element["criteria_set_code"] == self._terms.criteria_set_code
            and not self._users(element["data_element_code"])
        )

    # versions

    def _holds(self, row: Row) -> bool:
        """Whether a row is valid on the day of the appendix or begins after it."""
        return row.get("valid_to") is None or row["valid_to"] >= self._terms.valid_from

    def _begins_later(self, row: Row) -> bool:
        return bool(row.get("valid_from")) and row["valid_from"] > self._terms.valid_from

    def _until(self, later: Sequence[Row]) -> date | None:
        """The day before the first of ``later`` begins; an appendix may be taken in after one of a later year."""
        return min((row["valid_from"] - timedelta(days=1) for row in later), default=None)

    def _version(self, table: str, key: str, code: str) -> Row | None:
        day = self._terms.valid_from
        for row in self.rows[table]:
            if row[key] == code and (row.get("valid_from") or date.min) <= day and self._holds(row):
                return row
        return None

    def _new_version(self, table: str, old: Row, changed: Row) -> None:
        if old.get("valid_from") == self._terms.valid_from:
            old.update(changed)
        else:
            fresh = {"is_break": None, "break_reason_vi": None, "valid_from": self._terms.valid_from}
            self.rows[table].append({**old, **fresh, **changed})
            old["valid_to"] = self._day_before

    def _end(self, table: str, row: Row) -> None:
        """A row ends the day before; one that would begin only afterwards was never in force and goes."""
        if row.get("valid_from") is not None and row["valid_from"] >= self._terms.valid_from:
            self.rows[table] = [other for other in self.rows[table] if other is not row]
        else:
            row["valid_to"] = self._day_before

    def _is_free(self, code: str) -> bool:
        return bool(_CODE.fullmatch(code)) and code not in self._codes()

    def _codes(self) -> set[str]:
        return {row["indicator_code"] for row in self.rows["indicators"]}

    def _next_code(self, parent: str | None, path: str) -> str:
        """The place in the appendix where it is free, else the number after the last one of its siblings."""
        codes = self._codes()
        if parent is None and _CODE.fullmatch(path) and path not in codes:
            return path
        siblings = [
            row["indicator_code"] for row in self.rows["indicators"] if row.get("parent_code") == parent
        ]
        numbered = [parted for code in siblings if (parted := re.fullmatch(r"(.*?)(\d+)", code))]
        prefix = numbered[-1][1] if numbered else f"{parent or 'TC'}."
        width = len(numbered[-1][2]) if numbered else 1
        taken = [
            int(code.removeprefix(prefix)) for code in codes if re.fullmatch(re.escape(prefix) + r"\d+", code)
        ]
        return f"{prefix}{max(taken, default=0) + 1:0{width}d}"

    def _tell(self, code: str, /, **values: str) -> None:
        self.told.append(Told(code, values))
