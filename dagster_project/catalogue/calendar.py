"""Due moments and working days, as offices in Viet Nam count them.

Holidays come from the catalogue, the moment now from the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

OFFICE_TIME = ZoneInfo("Asia/Ho_Chi_Minh")
_SATURDAY = 5


def due_moment(due_date: date, *, inclusive: bool) -> datetime:
    """The first moment that is too late: midnight at the end of ``due_date``, or at its beginning ("trước ngày")."""
    day = due_date + timedelta(days=1) if inclusive else due_date
    return datetime.combine(day, time(), tzinfo=OFFICE_TIME)


def day_rules(holidays: pl.DataFrame) -> dict[date, bool]:
    """Whether work is done on the days that the table ``holidays`` names."""
    return dict(holidays.select("date", pl.col("is_working_day").fill_null(value=False)).iter_rows())


def working_days_left(now: datetime, due: datetime, holidays: Mapping[date, bool]) -> int:
    """Working days after today that end before or at ``due``; 0 from the last one on.

    ``now`` and ``due`` are aware; ``holidays`` as ``day_rules`` gives them.
    """
    today = now.astimezone(OFFICE_TIME).date()
    end = due.astimezone(OFFICE_TIME)
    days = (today + timedelta(days=offset) for offset in range(1, max((end.date() - today).days, 0)))
    return sum(1 for day in days if holidays.get(day, day.weekday() < _SATURDAY))


def days_before(told: str | None) -> tuple[int, ...]:
    """Working days before a due date as the catalogue writes them ("10 5 1"), the fewest first.

    Raises ``ValueError`` for anything but whole numbers of days.
    """
    parts = (told or "").split()
    if not all(part.isdecimal() for part in parts):
        raise ValueError(told)
    return tuple(sorted(int(part) for part in parts))
