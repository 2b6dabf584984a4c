"""The section of the official report on its figures' quality: what is open, what was settled, what awaits confirmation.

Each part is a count and the first few rows; the rest stand in the annex. Always in Vietnamese.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dagster_project.messages import message
from dagster_project.reports.annex_rows import entered_rows, finding_rows
from dagster_project.reports.numbers import number
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import plain
from dagster_project.reports.table import IndicatorTable

#: Rows of a table.
_NAMED = 40
_NOT_FINAL = ("estimate", "preliminary")

_text = partial(message, lang="vi")


def question_fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    """What goes into the fields of the section."""
    return {
        "blocking": _questions(facts, "blocking"),
        "warning": _questions(facts, "warning"),
        "settled": _questions(facts, "settled"),
        "entered": _entered(facts),
        "unconfirmed": {
            "count": sum(not line.is_confirmed for line in table.indicators),
            "mark": _text("reports.unconfirmed"),
        },
        "not_final": _not_final(facts),
    }


def _listed(rows: Sequence[Mapping[str, Any]], count: int) -> dict[str, Any]:
    return {"count": count, "named": len(rows), "rest": count - len(rows), "rows": rows}


def _questions(facts: RoundFacts, group: str) -> dict[str, Any]:
    found = finding_rows(facts.findings.filter(group=group), "vi")
    rows = [
        {
            "number": place,
            "unit": plain(row["reporting_unit_name"] or row["reporting_unit_code"] or "", 120),
            "text": plain(row["message"]),
            "place": plain(_where(row), 200),
            "answer": _answer(row),
        }
        for place, row in enumerate(found.head(_NAMED).iter_rows(named=True), start=1)
    ]
    return _listed(rows, found.height)


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
    return _listed(rows, waiting.height)


def _entered_value(row: Mapping[str, Any]) -> str:
    value = number(row["value"], None) or plain(row["value_text"], 200)
    how = _text(f"reports.entered_how.{row['entered_how']}")
    return f"{' '.join(filter(None, (value, plain(row['unit'], 60))))} ({how.lower()})"


def _not_final(facts: RoundFacts) -> dict[str, int]:
    """How many figures of the round are estimates or preliminary."""
    statuses = facts.indicators.filter(round_code=facts.round.code, category_code="_T")["value_status"]
    found = {status: int((statuses == status).sum()) for status in _NOT_FINAL}
    return {**found, "count": sum(found.values())}


def _where(row: Mapping[str, Any]) -> str:
    """File, sheet and cell of a finding, as far as they are known."""
    place = "!".join(part for part in (row["sheet"], row["cell"]) if part)
    return ", ".join(part for part in (row["file_name"], place) if part)
