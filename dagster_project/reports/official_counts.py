"""Counts of the official report: who has sent and who has not, what came, how many indicators have a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from dagster_project.messages import message
from dagster_project.reports.names import official_day
from dagster_project.reports.numbers import number
from dagster_project.reports.read import RoundFacts, UnitLine
from dagster_project.reports.safe import plain
from dagster_project.reports.table import IndicatorTable, Line

#: Units named in the body; the annex names all.
_NAMED = 60
_STATES = ("value", "zero", "not_applicable", "held", "partial")


def count_fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    """Counts and names of the sections on collection and results."""
    return {
        "is_consolidated": len(facts.areas) > 1,
        "is_overview": table.is_overview,
        **_units(facts),
        "submissions": _submissions(facts),
        "results": {
            **counts(table.indicators),
            "areas": len(facts.areas),
            "first": _first(facts, table),
            "last": facts.round.period.words("vi"),
        },
    }


def _first(facts: RoundFacts, table: IndicatorTable) -> str:
    """The first period of the tables as a sentence says it."""
    label = table.periods[0].label if table.periods else ""
    if not label or label == table.periods[-1].label:
        return facts.round.period.words("vi")
    return message("periods.year", "vi", year=label) if facts.round.period.kind == "year" else label


def counts(lines: Sequence[Line]) -> dict[str, int]:
    """How many of some indicators stand how in the last period; every reason for having no figure is one."""
    kinds = Counter(_kind(line) for line in lines)
    return {
        "indicators": len(lines),
        "with_figure": kinds["value"],
        "zero": kinds["zero"],
        "not_applicable": kinds["not_applicable"],
        "held": kinds["held"],
        "partial": kinds["partial"],
        "none": kinds["none"],
    }


def _kind(line: Line) -> str:
    state = line.figures[-1].state if line.figures else ""
    return state if state in _STATES else "none"


def _units(facts: RoundFacts) -> dict[str, Any]:
    units = facts.expected_units
    missing = [unit for unit in units if unit.is_missing]
    late = [unit for unit in units if unit.is_late]
    due = facts.round.due_unit
    code = "reports.due_by" if _is_inclusive(units, due) else "reports.due_before"
    sent = len(units) - len(missing)
    return {
        "units": {
            "expected": len(units),
            "sent": sent,
            "percent": number(100 * sent / len(units), 1) if units else "",
            "on_time": sum(not unit.is_missing and not unit.is_late for unit in units),
            "late": len(late),
            "missing": len(missing),
            "due": official_day(due) if due else "",
            "due_words": message(code, "vi", day=official_day(due)) if due else "",
        },
        "missing": [_missing(unit, facts) for unit in missing[:_NAMED]],
        "missing_rest": max(len(missing) - _NAMED, 0),
        "late": [_late(unit, facts) for unit in late[:_NAMED]],
        "late_rest": max(len(late) - _NAMED, 0),
        "excused": [_missing(unit, facts) for unit in facts.units if unit.exempt][:_NAMED],
        "areas": _areas(units) if len(facts.areas) > 1 else [],
    }


def _is_inclusive(units: Iterable[UnitLine], due: date | None) -> bool:
    """Whether the day itself is in time: what was due is late from the midnight after it, not from the one before."""
    late_from = {unit.due_at.date() for unit in units if unit.due_at}
    return due is not None and due not in late_from and due + timedelta(days=1) in late_from


def _missing(unit: UnitLine, facts: RoundFacts) -> dict[str, str]:
    return {"name": _name(unit, facts), "reason": plain(unit.note, 200).rstrip(".")}


def _late(unit: UnitLine, facts: RoundFacts) -> dict[str, str]:
    came = unit.late_at
    return {
        "name": _name(unit, facts),
        "received": f"{came:%H:%M}, {official_day(came)}" if came else "",
    }


def _name(unit: UnitLine, facts: RoundFacts) -> str:
    name = plain(unit.name)
    return f"{name} ({plain(unit.area_name)})" if len(facts.areas) > 1 and unit.area_name else name


def _areas(units: Iterable[UnitLine]) -> list[dict[str, Any]]:
    """Per area where somebody is missing or late: how many units had to send, sent, sent late, and who is missing."""
    rows: list[dict[str, Any]] = []
    by_area = groupby(sorted(units, key=lambda unit: unit.area_name), key=lambda unit: unit.area_name)
    for name, group in by_area:
        members = list(group)
        missing = [plain(unit.name, 120) for unit in members if unit.is_missing]
        if not missing and not any(unit.is_late for unit in members):
            continue
        rows.append(
            {
                "number": len(rows) + 1,
                "name": plain(name, 120),
                "expected": len(members),
                "sent": len(members) - len(missing),
                "late": sum(unit.is_late for unit in members),
                "missing": "; ".join(missing),
            }
        )
    return rows


def _submissions(facts: RoundFacts) -> dict[str, Any]:
    states = Counter(facts.submissions["status"])
    return {
        "count": facts.submissions.height,
        "replaced": states["superseded"],
        "figures": number(facts.values.height, 0),
        "held": number(facts.values.filter(value_state="held").height, 0),
        "blocking": facts.findings.filter(group="blocking").height,
        "warning": facts.findings.filter(group="warning").height,
    }
