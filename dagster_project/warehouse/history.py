"""What was believed when: the revisions of reported figures with the span in which each one held.

Reads a release and nothing else. A span begins with the file's arrival and ends before the next one's (half-open);
which file replaces which is decided in ``dbt/``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.errors import UsageError
from dagster_project.warehouse.connection import connect

#: A day as it is written in Viet Nam.
_DAY_FIRST = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})")
_COLUMNS = (
    "round_code",
    "period_code",
    "data_year",
    "area_code",
    "area_name",
    "reporting_unit_code",
    "reporting_unit_name",
    "data_element_code",
    "category_code",
    "name_vi",
    "category_name",
    "value",
    "value_text",
    "value_state",
    "value_status",
    "unit",
    "raw_text",
    "submission_id",
    "revision",
    "entered_how",
    "file_name",
    "sheet",
    "cell",
    "known_from",
    "known_to",
)

# A unit may give one figure on two forms: the one that came last is believed, as in the models.
_HISTORY = f"""
    with
    asked as (
        select *, case
            when $at is null then known_to is null
            else known_from <= $at and (known_to is null or $at < known_to)
        end as holds
        from marts.fct_reported_value_history
        where
            ($element is null or data_element_code = $element)
            and ($unit is null or reporting_unit_code = $unit)
            and ($year is null or data_year = $year)
            and ($round_code is null or round_code = $round_code)
            and ($category is null or category_code = $category)
    )
    select
        {", ".join(_COLUMNS)},
        holds and row_number() over (
            partition by reported_value_key, holds order by received_at desc, submission_id
        ) = 1 as believed
    from asked
    order by
        round_code, area_code, reporting_unit_code, data_element_code, category_code, known_from, revision,
        submission_id
"""  # noqa: S608  # the columns stand above


@dataclass(frozen=True)
class Known:
    """One figure of one revision; ``believed`` tells whether it held at the moment asked for."""

    round_code: str
    period_code: str
    data_year: int
    area_code: str
    area_name: str | None
    reporting_unit_code: str
    reporting_unit_name: str | None
    data_element_code: str
    category_code: str
    name_vi: str | None
    category_name: str | None
    value: float | None
    value_text: str | None
    value_state: str
    value_status: str | None
    unit: str | None
    raw_text: str | None
    submission_id: str
    revision: int
    entered_how: str | None
    file_name: str | None
    sheet: str | None
    cell: str | None
    known_from: datetime
    known_to: datetime | None
    believed: bool


def read_history(
    release: Path,
    *,
    element: str | None = None,
    unit: str | None = None,
    year: int | None = None,
    round_code: str | None = None,
    category: str | None = None,
    at: datetime | None = None,
) -> Sequence[Known]:
    """Every revision of the figures asked for, in order; without ``at``, what the release itself believes is marked."""
    asked: dict[str, Any] = {
        "element": element,
        "unit": unit,
        "year": year,
        "round_code": round_code,
        "category": category,
        "at": at,
    }
    with connect(release) as connection:
        connection.execute("set timezone = 'Asia/Ho_Chi_Minh'")
        return [Known(*row) for row in connection.execute(_HISTORY, asked).fetchall()]


def moment(told: str) -> datetime:
    """A moment as a person writes it: a day alone means its end, a time without an offset is the office's."""
    written = _DAY_FIRST.sub(lambda day: f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}", told.strip())
    try:
        if len(written) == len("2026-04-10"):
            day = date.fromisoformat(written) + timedelta(days=1)
            return datetime.combine(day, time(), OFFICE_TIME) - timedelta(microseconds=1)
        found = datetime.fromisoformat(written)
    except (ValueError, OverflowError) as error:
        raise UsageError("releases.wrong_moment", given=told) from error
    return found if found.tzinfo else found.replace(tzinfo=OFFICE_TIME)
