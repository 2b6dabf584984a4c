"""Section III of the official report: what is to be mended and explained, what was settled, what awaits confirmation.

Each part is a sentence with a count and a table of the first few; the rest stand in the annex. Always in Vietnamese.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from dagster_project.messages import message
from dagster_project.reports.annex_rows import entered_rows, finding_rows
from dagster_project.reports.numbers import number
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import plain

#: Rows of a table.
_NAMED = 40

_text = partial(message, lang="vi")


def question_fields(facts: RoundFacts) -> dict[str, Any]:
    """What goes into the fields of the section."""
    return {**_questions(facts), **_settled(facts), **_entered(facts)}


def _questions(facts: RoundFacts) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for severity in ("blocking", "warning"):
        found = finding_rows(facts.findings.filter(group=severity), "vi")
        fields[severity] = [
            {
                "number": place,
                "unit": plain(row["reporting_unit_name"] or row["reporting_unit_code"] or "", 120),
                "text": plain(row["message"]),
                "place": plain(_where(row), 200),
            }
            for place, row in enumerate(found.head(_NAMED).iter_rows(named=True), start=1)
        ]
        fields[f"{severity}_text"] = _listed(severity, found.height)
    return fields


def _settled(facts: RoundFacts) -> dict[str, Any]:
    found = finding_rows(facts.findings.filter(group="settled"), "vi")
    rows = [
        {
            "number": place,
            "unit": plain(row["reporting_unit_name"] or row["reporting_unit_code"] or "", 120),
            "text": plain(row["message"]),
            "answer": _answer(row),
        }
        for place, row in enumerate(found.head(_NAMED).iter_rows(named=True), start=1)
    ]
    return {"settled": rows, "settled_text": _listed("settled", found.height)}


def _answer(row: Mapping[str, Any]) -> str:
    answer = plain(row["unit_response"], 300).rstrip(".")
    decision = plain(row["decision"], 300).rstrip(".")
    told = (
        _text("reports.answered", text=answer) if answer else "",
        _text("reports.decided", text=decision) if decision else "",
    )
    return " ".join(filter(None, told))


def _entered(facts: RoundFacts) -> dict[str, Any]:
    waiting = entered_rows(facts, "vi").filter("is_waiting")
    rows = [
        {
            "number": place,
            "unit": plain(row["reporting_unit_name"] or row["reporting_unit_code"] or "", 120),
            "text": plain(
                " ".join(filter(None, (row["data_element_code"], row["name"], row["category_name"])))
            ),
            "value": _entered_value(row),
        }
        for place, row in enumerate(waiting.head(_NAMED).iter_rows(named=True), start=1)
    ]
    return {"entered": rows, "entered_text": _listed("entered", waiting.height)}


def _entered_value(row: Mapping[str, Any]) -> str:
    value = number(row["value"], None) or plain(row["value_text"], 200)
    how = _text(f"reports.entered_how.{row['entered_how']}")
    return f"{' '.join(filter(None, (value, plain(row['unit'], 60))))} ({how.lower()})"


def _listed(name: str, count: int) -> str:
    words = "none" if not count else "some" if count <= _NAMED else "many"
    return _text(f"reports.{name}_{words}", count=count, named=min(count, _NAMED))


def _where(row: Mapping[str, Any]) -> str:
    """File, sheet and cell of a finding, as far as they are known."""
    place = "!".join(part for part in (row["sheet"], row["cell"]) if part)
    return ", ".join(part for part in (row["file_name"], place) if part)
