"""What is due when, by dates worked out by hand from the calendar of 2026."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.errors import LockedError
from dagster_project.ledger.notices import list_notices
from dagster_project.ledger.rounds import RoundAct, add_round_act
from dagster_project.ledger.store import open_ledger
from dagster_project.ledger.timetable import done_steps
from dagster_project.pipeline import Desk
from dagster_project.settings import Office, Settings
from dagster_project.timetable import Step, due_steps, remind
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


@pytest.mark.parametrize(
    ("dues", "moment", "steps"),
    [
        ("{round},unit,2026-04-10,false", "04-09 12:00", [FORMS, reminder(1)]),
        ("{round},unit,2026-04-10,false", "04-10 00:05", [CLOSING]),
        # 13, 14 and 15 April are working days
        ("{round},unit,2026-04-10,false", "04-15 23:59", [CLOSING]),
        ("{round},unit,2026-04-10,false", "04-16 00:00", []),
        ("{round},unit,2026-04-10,true\n{round},commune,2026-04-10,true", "04-11 00:05", [CLOSING]),
        # Tết lasts from 16 to 20 February: the 23rd is the first working day
        ("{round},unit,2026-02-13,true", "02-25 23:59", [CLOSING]),
        ("{round},unit,2026-02-13,true", "02-26 00:00", []),
    ],
)
def test_a_round_in_which_nothing_is_due_after_the_units_date_is_closed_on_the_working_days_after_it(
    tmp_path: Path, dues: str, moment: str, steps: list[Step]
) -> None:
    folder = write_season_catalogue(tmp_path)
    rows = f"round_code,level,due_date,inclusive\n{dues.format(round=ROUND)}\n"
    (folder / "round_due_dates.csv").write_text(rows, encoding="utf-8")
    assert due(load_catalogue(folder), moment) == steps


@pytest.mark.parametrize("state", ["for_signature", "issued", "locked"])
def test_of_a_round_that_takes_nothing_more_nobody_is_reminded(
    tmp_path: Path, catalogue: Catalogue, state: str
) -> None:
    now = datetime(2026, 4, 11, 2, tzinfo=UTC)
    desk = Desk(Settings(data=tmp_path, catalogue=tmp_path, office=OFFICE), now=lambda: now)
    desk.folder.make()
    ledger = open_ledger(desk.settings.ledger)
    signed = RoundAct(round_code=ROUND, act="sign", state=state, reason="", set_by="Lan", set_at=now)
    add_round_act(ledger, signed)
    with pytest.raises(LockedError, match=ROUND):
        remind(desk, catalogue, reminder(1), "Lan")
    assert list_notices(ledger) == []
    assert done_steps(ledger) == set()


def test_rounds_of_another_level_are_not_the_offices(catalogue: Catalogue) -> None:
    other = OFFICE.model_copy(update={"level": "province"})
    now = datetime(2026, 4, 10, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert due_steps(catalogue, other, now, done=(), fixed=()) == []
