"""What was planted against what was found and accepted: a line per kind, figures taken in wrong, false alarms."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faultset.kinds import CellKind, FileKind, Reading
from tests.faultset.make import FAULTY, Key, Made, Planted
from tests.faultset.run import Ran

Row = dict[str, Any]
_FINDINGS = (
    "select rule_code, severity, file_name, sheet, cell, reporting_unit_code, area_code, data_year, indicator_code,"
    " data_element_code, category_code from fct_finding where status = 'fail' and severity <> 'info'"
)
_VALUES = (
    "select reporting_unit_code, data_element_code, category_code, data_year, value, value_state, file_name, cell"
    " from fct_reported_value"
)


@dataclass
class Line:
    """One kind of fault: how often planted, told, told at its very cell, read right, accepted wrong."""

    code: str
    severity: str
    planted: int = 0
    caught: int = 0
    at_cell: int = 0
    silent: int = 0
    alarms: int = 0
    rules: Counter[str] = field(default_factory=Counter)

    @property
    def is_met(self) -> bool:
        """Every one was told, or read right where that is what must come of it."""
        return self.caught == self.planted and not self.silent and not self.alarms


@dataclass(frozen=True)
class Verdict:
    """The whole set judged."""

    lines: Sequence[Line]
    silent: Sequence[tuple[Key, Reading, Reading]]  # key, right reading, what was accepted
    unplanted: Sequence[Row]  # findings that no fault explains
    clean_warnings: Mapping[str, int]  # of each clean workbook
    clean_blocking: Sequence[Row]
    passed: Sequence[Planted]  # faults that were not told
    figures: int

    @property
    def missed(self) -> list[Line]:
        """Kinds that must never pass and did."""
        return [line for line in self.lines if line.severity == "blocking" and line.caught < line.planted]


def judge(made: Made, ran: Ran) -> Verdict:
    """Match findings and accepted figures to what was planted."""
    found = ran.rows(_FINDINGS).to_dicts()
    values = {_key(row): row for row in ran.rows(_VALUES).to_dicts()}
    told = _Told(found)
    wrong = _wrong(made, values, told)
    lines: dict[str, Line] = {}
    passed = []
    for planted in made.planted:
        line = lines.setdefault(planted.kind.code, Line(planted.kind.code, planted.kind.severity))
        if not _count(line, planted, told, wrong):
            passed.append(planted)
    clean = [row for row in found if row["data_year"] != FAULTY and row["file_name"]]
    warnings = Counter(row["file_name"] for row in clean if row["severity"] == "warning")
    return Verdict(
        lines=list(lines.values()),
        silent=[(key, made.truth[key], reading) for key, reading in wrong.items() if not told.about(key)],
        unplanted=_unplanted(made.planted, found),
        clean_warnings={name: warnings[name] for name, year in made.files.items() if year != FAULTY},
        clean_blocking=[row for row in clean if row["severity"] == "blocking"],
        passed=passed,
        figures=len(values),
    )


class _Told:
    """Findings by what they are about."""

    def __init__(self, found: Sequence[Row]) -> None:
        self.by_file: dict[str, list[Row]] = defaultdict(list)
        self.by_indicator: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
        self.by_unit: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in found:
            self.by_file[row["file_name"]].append(row)
            unit = row["reporting_unit_code"]
            self.by_unit[unit, row["data_year"]].append(row)
            element = row["data_element_code"] or ""
            self.by_indicator[unit, element.rsplit(".", 1)[0], row["data_year"]].append(row)

    def about(self, key: Key) -> list[Row]:
        """Findings on the indicator of a figure, in the unit's own file, and on its files as a whole."""
        unit, element, _, year = key
        whole = [row for row in self.by_unit[unit, year] if not row["data_element_code"]]
        return whole + self.by_indicator[unit, element.rsplit(".", 1)[0], year]

    def at(self, planted: Planted) -> list[Row]:
        """Findings on a planted fault: at its cell, or on its indicator in its file."""
        spot = planted.spot
        if isinstance(planted.kind, CellKind):
            return [
                row
                for row in self.by_file[planted.file]
                if row["cell"] in (planted.cell, planted.also) or row["indicator_code"] == spot.indicator
            ]
        rows = self.by_file[planted.file] if planted.file else self.by_unit[spot.unit_code, spot.year]
        # Who differs from whom is told at the contributor, whatever is wrong with the lead's own file.
        return [row for row in rows if row["rule_code"] != "LEAD_CONTRIBUTOR_DIFFERS"]


def _key(row: Row) -> Key:
    return row["reporting_unit_code"], row["data_element_code"], row["category_code"], row["data_year"]


def _wrong(made: Made, values: Mapping[Key, Row], told: _Told) -> dict[Key, Reading]:
    """Figures that stand in the warehouse and are not the right ones, and right ones that went without a word."""
    wrong = {}
    for key, right in made.truth.items():
        row = values.get(key)
        got = Reading(row["value"], row["value_state"]) if row else Reading(None, "lost")
        if got.state == "held" or (got.state in ("lost", "missing", "not_available") and told.about(key)):
            continue
        if not _same(got, right):
            wrong[key] = got
    return wrong


def _same(one: Reading, other: Reading) -> bool:
    if one.state != other.state or (one.value is None) != (other.value is None):
        return False
    return one.value is None or other.value is None or abs(one.value - other.value) <= 1e-9 * abs(other.value)


def _count(line: Line, planted: Planted, told: _Told, wrong: Mapping[Key, Reading]) -> bool:
    """Count one fault into its line; says whether it was told, or read right where that is what must come of it."""
    kind, rows = planted.kind, told.at(planted)
    mine = [key for key in wrong if _concerns(planted, key)]
    line.planted += 1
    line.silent += sum(not told.about(key) for key in mine)
    line.rules.update({row["rule_code"] for row in rows})
    if kind.severity == "harmless":
        line.caught += not mine
        line.at_cell += not mine
        line.alarms += len(rows)
        return not mine
    enough = ("blocking",) if kind.severity == "blocking" else ("blocking", "warning")
    rows = [row for row in rows if row["severity"] in enough]
    right = kind.or_right and not mine and not rows
    cells = {planted.cell, planted.also, *planted.cells.values()} - {""}
    caught = bool(rows) or right
    line.caught += caught
    about_file = isinstance(kind, FileKind) and any(not row["cell"] for row in rows)
    line.at_cell += (
        right or about_file or any(row["cell"] in cells for row in rows) or (bool(rows) and not cells)
    )
    return caught


def _concerns(planted: Planted, key: Key) -> bool:
    spot = planted.spot
    unit, element, category, year = key
    if (unit, year) != (spot.unit_code, spot.year):
        return False
    return isinstance(planted.kind, FileKind) or (element, category) == (spot.element, spot.category)


def _unplanted(planted: Sequence[Planted], found: Sequence[Row]) -> list[Row]:
    """Findings of the year with faults on an indicator or file in which nothing was planted."""
    whole = {one.spot.unit_code for one in planted if isinstance(one.kind, FileKind)}
    areas = {one.spot.area_code for one in planted if isinstance(one.kind, FileKind)}
    touched = {(one.spot.area_code, one.spot.indicator) for one in planted}
    lines = {(one.file, _line(one.cell)) for one in planted if one.cell}
    files = {one.file for one in planted if isinstance(one.kind, FileKind)}
    return [
        row
        for row in found
        if row["data_year"] == FAULTY
        and row["reporting_unit_code"] not in whole
        and (row["area_code"], row["indicator_code"]) not in touched
        and (row["file_name"], _line(row["cell"])) not in lines
        and row["file_name"] not in files
        and not (row["rule_code"] == "LEAD_CONTRIBUTOR_DIFFERS" and row["area_code"] in areas)
    ]


def _line(cell: str | None) -> str:
    """Row of a cell: who has lost the code of a row has lost all that stands in it."""
    return (cell or "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
