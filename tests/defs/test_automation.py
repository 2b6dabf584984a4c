"""What starts by itself, and what does not start."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.automation import QUIET_SECONDS, inbox_sensor, refresh_schedule
from dagster_project.defs.desk import system_clock
from dagster_project.paths import DataFolder


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KHO_DATA", str(tmp_path))
    folder = DataFolder(tmp_path)
    folder.make()
    return folder.inbox


def _put(inbox: Path, name: str, seconds_ago: float) -> None:
    file = inbox / name
    file.write_bytes(b"a workbook")
    moment = system_clock().timestamp() - seconds_ago
    os.utime(file, (moment, moment))


def _evaluate(cursor: str | None = None) -> tuple[object, str | None]:
    context = dg.build_sensor_context(cursor=cursor)
    return inbox_sensor(context), context.cursor


def test_an_empty_inbox_starts_nothing(inbox: Path) -> None:
    assert inbox.is_dir()
    assert isinstance(_evaluate()[0], dg.SkipReason)


def test_a_file_that_may_still_be_copied_is_left_alone(inbox: Path) -> None:
    _put(inbox, "a.xlsx", seconds_ago=0)
    assert isinstance(_evaluate()[0], dg.SkipReason)


def test_a_file_at_rest_starts_one_run_and_not_a_second(inbox: Path) -> None:
    _put(inbox, "a.xlsx", seconds_ago=QUIET_SECONDS + 5)
    first, cursor = _evaluate()
    assert isinstance(first, dg.RunRequest)
    assert isinstance(_evaluate(cursor)[0], dg.SkipReason)


def test_a_further_file_starts_a_further_run(inbox: Path) -> None:
    _put(inbox, "a.xlsx", seconds_ago=QUIET_SECONDS + 5)
    first, cursor = _evaluate()
    _put(inbox, "b.xlsx", seconds_ago=QUIET_SECONDS + 5)
    second, _ = _evaluate(cursor)
    assert isinstance(first, dg.RunRequest)
    assert isinstance(second, dg.RunRequest)
    assert first.run_key != second.run_key


def test_the_nightly_refresh_keeps_the_offices_time() -> None:
    assert refresh_schedule.execution_timezone == "Asia/Ho_Chi_Minh"
