"""What is due when, by dates worked out by hand from the calendar of 2026."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.settings import Office
from dagster_project.timetable import Step, due_steps
from tests.season.catalogue import ROUND, write_season_catalogue

OFFICE = Office(level="commune", area_code="03390", criteria_set_code="T1")
FORMS, CLOSING, EXPORT = (Step(kind, ROUND) for kind in ("forms", "closing", "export"))


def reminder(days: int) -> Step:
    return Step("reminder", ROUND, str(days))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load_catalogue(write_season_catalogue(tmp_path_factory.mktemp("season")))


def due(catalogue: Catalogue, moment: str, *done: Step, fixed: tuple[str, ...] = ()) -> list[Step]:
    now = datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    return due_steps(catalogue, OFFICE, now, done={step.key for step in done}, fixed=fixed)


@pytest.mark.parametrize(
    ("moment", "steps"),
    [
        ("02-01 23:59", []),
        ("02-02 00:00", [FORMS]),
        # 27, 30, 31 March and 1, 2, 3, 6, 7, 8, 9 April are left: ten working days
        ("03-25 12:00", [FORMS]),
        ("03-26 12:00", [FORMS, reminder(10)]),
        ("04-01 12:00", [FORMS, reminder(10)]),
        ("04-02 12:00", [FORMS, reminder(5)]),
        # a Saturday: nobody is written to, though the step is due
        ("04-04 12:00", [FORMS]),
        ("04-08 12:00", [FORMS, reminder(1)]),
        ("04-09 23:59", [FORMS, reminder(1)]),
        # before 10 April is over; 11 April is a Saturday, so the 10th is the last working day before 12 April
        ("04-10 00:00", [CLOSING, EXPORT]),
        ("04-12 00:00", [CLOSING]),
        ("04-15 23:59", [CLOSING]),
        ("04-16 00:00", []),
    ],
)
def test_each_step_is_due_on_its_days(catalogue: Catalogue, moment: str, steps: list[Step]) -> None:
    assert due(catalogue, moment) == steps


def test_what_was_done_is_not_due_again_and_an_earlier_reminder_is_not_caught_up(
    catalogue: Catalogue,
) -> None:
    assert due(catalogue, "04-03 12:00", FORMS, reminder(5)) == []
    assert due(catalogue, "04-10 01:00", CLOSING, EXPORT) == []


def test_of_a_round_for_signature_only_the_export_is_due(catalogue: Catalogue) -> None:
    assert due(catalogue, "04-10 12:00", fixed=(ROUND,)) == [EXPORT]


def test_rounds_of_another_level_are_not_the_offices(catalogue: Catalogue) -> None:
    other = OFFICE.model_copy(update={"level": "province"})
    now = datetime(2026, 4, 10, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert due_steps(catalogue, other, now, done=(), fixed=()) == []
