"""One finding or one reported figure of a release, for a person who wants to decide on it.

Looking up belongs here; whether a decision is allowed does not (``decide``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dagster_project.ledger.decisions import CORRECTION
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
    """What the source of a figure holds, corrected or not: ``value`` is null where it was held out, or is of words."""

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
    release_file: Path, *, round_code: str, reporting_unit: str, area: str, data_element: str, category: str
) -> SourceFigure | None:
    """What a unit's current submission says of one element of one area; None where it says nothing.

    Of a corrected figure history tells what it corrects, chosen among all that came as the models choose.
    """
    of_figure = (
        "where round_code = getvariable('round_code') and reporting_unit_code = getvariable('reporting_unit') "
        "and area_code = getvariable('area') and data_element_code = getvariable('data_element') "
        "and category_code = getvariable('category')"
    )
    with open_release(release_file) as connection:
        tell(
            connection,
            round_code=round_code,
            reporting_unit=reporting_unit,
            area=area,
            data_element=data_element,
            category=category,
        )
        row = connection.execute(
            "select value, coalesce(raw_text, ''), value_state, entered_how "  # noqa: S608 - our own words
            f"from marts.fct_reported_value {of_figure}"
        ).fetchone()
        if row is None:
            return None
        found = SourceFigure(*row)
        if found.entered_how != CORRECTION:
            return found
        before = connection.execute(
            f"select value from marts.fct_reported_value_history {of_figure} "  # noqa: S608 - our own words
            f"and entered_how <> '{CORRECTION}' "
            "order by value_state = 'missing', is_retrospective, received_at desc, known_from desc limit 1"
        ).fetchone()
    return replace(found, value=before[0] if before else None)


def areas_reported(release_file: Path, *, round_code: str, reporting_unit: str) -> list[str]:
    """The areas of which a unit has reported anything in a round."""
    with open_release(release_file) as connection:
        tell(connection, round_code=round_code, reporting_unit=reporting_unit)
        rows = connection.execute(
            "select distinct area_code from marts.fct_reported_value "
            "where round_code = getvariable('round_code') and reporting_unit_code = getvariable('reporting_unit') "
            "order by area_code"
        ).fetchall()
    return [area for (area,) in rows]
