"""The timetable of an office's rounds: which step is due at a moment, and the steps that need no build.

When forms go out, who is reminded when and what is due by which day stands in the catalogue (``rounds``,
``round_due_dates``, ``holidays``); what was done stands in the ledger. A step that a stopped machine missed is due
until the next one takes its place. Schedules and commands ask the same question here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_project import pipeline
from dagster_project.catalogue.calendar import (
    OFFICE_TIME,
    day_rules,
    days_before,
    due_moment,
    working_days_left,
)
from dagster_project.fixed_rounds import refuse_fixed
from dagster_project.known import known_of
from dagster_project.ledger.rounds import read_rounds
from dagster_project.ledger.store import open_ledger
from dagster_project.ledger.timetable import StepKey, add_step, done_steps
from dagster_project.notices import reminders, write_notices
from dagster_project.warehouse.status import read_status

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Office

FORMS, REMINDER, CLOSING, EXPORT = "forms", "reminder", "closing", "export"
STEPS = (FORMS, REMINDER, CLOSING, EXPORT)
_UNITS = "unit"
_SATURDAY = 5
#: Working days after the day of the units' due moment for which the closing stays due where no later due date keeps it
#: so: as many as the shipped timetable leaves from "before 10 April" to 15 April 2026.
_CLOSING_DAYS = 3


@dataclass(frozen=True)
class Step:
    """One step of a round; ``occasion`` tells one reminder from another (working days before the due date)."""

    kind: str
    round_code: str
    occasion: str = ""

    @property
    def key(self) -> StepKey:
        return (self.round_code, self.kind, self.occasion)


@dataclass(frozen=True)
class _Round:
    """One round with its due moments by level, of which only those that are set are there."""

    code: str
    forms_on: date | None
    remind_before: tuple[int, ...]
    dues: Mapping[str, datetime]


def due_steps(
    catalogue: Catalogue, office: Office, now: datetime, *, done: Collection[StepKey], fixed: Collection[str]
) -> list[Step]:
    """Steps of the office's own rounds that are due at ``now`` (aware) and were not done, the oldest round first.

    ``fixed``: rounds that are for signature, issued or locked: of them only the export is still due. After the last due
    moment of a round at most its closing is, for some working days.
    """
    holidays = day_rules(catalogue.table("holidays"))
    found: list[Step] = []
    for item in _rounds(catalogue, office):
        steps: list[Step] = []
        if item.code not in fixed:
            steps += [*_forms(item, now), *_reminder(item, now, holidays), *_closing(item, now, holidays)]
        steps += _export(item, office, now, holidays)
        found += [step for step in steps if step.key not in done]
    return found


def due_now(desk: Desk, catalogue: Catalogue) -> list[Step]:
    """``due_steps`` at the desk's moment, by its ledger."""
    ledger = open_ledger(desk.settings.ledger)
    fixed = read_rounds(ledger).fixed()
    return due_steps(catalogue, desk.settings.office, desk.now(), done=done_steps(ledger), fixed=fixed)


def mark_done(desk: Desk, step: Step, by: str) -> None:
    """Write that a step was done; one that stands there stays as it is."""
    add_step(open_ledger(desk.settings.ledger), step.key, by=by, at=desk.now())


def issue_forms(desk: Desk, catalogue: Catalogue, round_code: str, by: str) -> list[Path]:
    """Forms for all units of a round; the step is done."""
    issued = pipeline.issue(desk, catalogue, round_code)
    mark_done(desk, Step(FORMS, round_code), by)
    return issued


def remind(
    desk: Desk, catalogue: Catalogue, step: Step, by: str, units: Collection[str] | None = None
) -> list[Path]:
    """Reminders of a step to those that owe a form (after the closing: that they are overdue); the step is done.

    With ``units`` only to these, and the step is not done by it. Raises ``LockedError`` for a round that is fixed: what
    it asks for would be refused.
    """
    refuse_fixed(read_rounds(open_ledger(desk.settings.ledger)), [step.round_code])
    known = known_of(desk, catalogue)
    occasion = step.occasion or step.kind
    notices = reminders(desk, known, read_status(known, step.round_code), occasion, units)
    written = write_notices(desk, notices)
    if units is None:
        mark_done(desk, step, by)
    return written


def _rounds(catalogue: Catalogue, office: Office) -> Iterator[_Round]:
    rounds = catalogue.table("rounds").filter(~pl.col("is_retrospective").fill_null(value=False))
    if office.criteria_set_code:
        rounds = rounds.filter(
            pl.col("criteria_set_code") == office.criteria_set_code, pl.col("level") == office.level
        )
    dues = catalogue.table("round_due_dates")
    for row in rounds.sort("period_end", "round_code").iter_rows(named=True):
        own = dues.filter(round_code=row["round_code"]).iter_rows(named=True)
        yield _Round(
            code=row["round_code"],
            forms_on=row["forms_on"] or row["opens_on"],
            remind_before=days_before(row["remind_before"]),
            dues={due["level"]: _moment(due) for due in own},
        )


def _moment(due: Mapping[str, Any]) -> datetime:
    return due_moment(due["due_date"], inclusive=bool(due["inclusive"]))


def _forms(item: _Round, now: datetime) -> Iterator[Step]:
    until = item.dues.get(_UNITS, max(item.dues.values(), default=now))
    if item.forms_on and item.forms_on <= now.astimezone(OFFICE_TIME).date() and now < until:
        yield Step(FORMS, item.code)


def _reminder(item: _Round, now: datetime, holidays: Mapping[date, bool]) -> Iterator[Step]:
    """The nearest reminder that was reached, on working days: earlier ones that were missed are not caught up."""
    due = item.dues.get(_UNITS)
    today = now.astimezone(OFFICE_TIME).date()
    if due is None or now >= due or not holidays.get(today, today.weekday() < _SATURDAY):
        return
    left = working_days_left(now, due, holidays)
    reached = [days for days in item.remind_before if left <= days]
    if reached:
        yield Step(REMINDER, item.code, str(reached[0]))


def _closing(item: _Round, now: datetime, holidays: Mapping[date, bool]) -> Iterator[Step]:
    """From the units' due moment to the last one of the round; some working days in any case: it may be the same."""
    due = item.dues.get(_UNITS)
    if due is None or now < due:
        return
    passed = working_days_left(due, now, holidays)
    if passed < _CLOSING_DAYS or now < max(item.dues.values()):
        yield Step(CLOSING, item.code)


def _export(item: _Round, office: Office, now: datetime, holidays: Mapping[date, bool]) -> Iterator[Step]:
    """From the last working day before the office's own due date."""
    due = item.dues.get(office.level)
    if due is not None and now < due and working_days_left(now, due, holidays) == 0:
        yield Step(EXPORT, item.code)
