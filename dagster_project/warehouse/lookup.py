"""One finding or one reported figure of a release, for a person who wants to decide on it.

Looking up belongs here; whether a decision is allowed does not (``decide``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dagster_project.warehouse.connection import tell
from dagster_project.warehouse.summary import open_release

_FINDING = (
    "finding_id",
    "stage",
    "severity",
    "unit_response",
    "rule_code",
    "reporting_unit_code",
    "area_code",
    "period_code",
    "data_element_code",
    "category_code",
    "observed",
    "message_vi",
    "message_en",
    "round_code",
)


@dataclass(frozen=True)
class Finding:
    """A finding that fails, as far as an answer or a decision needs it."""

    finding_id: str
    stage: str
    severity: str
    unit_response: str | None
    rule_code: str
    reporting_unit_code: str | None
    area_code: str | None
    period_code: str | None
    data_element_code: str | None
    category_code: str | None
    observed: str | None
    message_vi: str
    message_en: str
    round_code: str | None = None


@dataclass(frozen=True)
class SourceFigure:
    """What the source of a figure holds: ``value`` is null where it was held out or replaced by a correction."""

    value: float | None
    raw_text: str
    value_state: str
    entered_how: str


def find_findings(release_file: Path, beginning: str) -> list[Finding]:
    """Findings that fail and whose id begins so, in the order of their ids."""
    with open_release(release_file) as connection:
        tell(connection, beginning=beginning)
        rows = connection.execute(
            f"select {', '.join(_FINDING)} from marts.fct_finding "  # noqa: S608 - our own column names
            "where status = 'fail' and starts_with(finding_id, getvariable('beginning')) order by finding_id"
        ).fetchall()
    return [Finding(*row) for row in rows]


def source_figure(
    release_file: Path, *, round_code: str, reporting_unit: str, data_element: str, category: str
) -> SourceFigure | None:
    """What a unit's current submission says of one element; None where it says nothing."""
    with open_release(release_file) as connection:
        tell(
            connection,
            round_code=round_code,
            reporting_unit=reporting_unit,
            data_element=data_element,
            category=category,
        )
        row = connection.execute(
            "select case when entered_how <> 'correction' then value end, coalesce(raw_text, ''), "
            "value_state, entered_how from marts.fct_reported_value "
            "where round_code = getvariable('round_code') and reporting_unit_code = getvariable('reporting_unit') "
            "and data_element_code = getvariable('data_element') and category_code = getvariable('category')"
        ).fetchone()
    return SourceFigure(*row) if row else None
