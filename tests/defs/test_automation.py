"""What starts by itself, and what does not start."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.automation import inbox_sensor
from dagster_project.defs.inbox import QUIET_SECONDS, is_at_rest
from dagster_project.defs.partitions import spans
from dagster_project.paths import DataFolder

NOW = datetime(2026, 4, 9, 16, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dagster_project.defs.desk.system_clock", clock)
    return clock


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Path:
    assert clock.now == NOW
    monkeypatch.setenv("KHO_DATA", str(tmp_path))
    folder = DataFolder(tmp_path)
    folder.make()
    return folder.inbox


def _put(
    inbox: Path, name: str, clock: Clock, content: bytes = b"a workbook", seconds_ago: float = 0
) -> Path:
    file = inbox / name
    file.write_bytes(content)
    changed = clock.now.timestamp() - seconds_ago
    os.utime(file, (changed, changed))
    return file


def _evaluate(
    cursor: str | None = None, instance: dg.DagsterInstance | None = None
) -> tuple[dg.RunRequest | dg.SkipReason, str | None]:
    context = dg.build_sensor_context(cursor=cursor, instance=instance or dg.DagsterInstance.ephemeral())
    asked = inbox_sensor(context)
    assert isinstance(asked, dg.RunRequest | dg.SkipReason)
    return asked, context.cursor


def _taken(asked: dg.RunRequest | dg.SkipReason) -> set[str]:
    assert isinstance(asked, dg.RunRequest), asked
    return set(asked.run_config["ops"]["landing"]["config"]["at_rest"])


def test_an_empty_inbox_starts_nothing(inbox: Path) -> None:
    assert inbox.is_dir()
    assert isinstance(_evaluate()[0], dg.SkipReason)


def test_a_file_that_was_moved_in_is_taken_at_the_first_look(inbox: Path, clock: Clock) -> None:
    _put(inbox, "a.xlsx", clock, seconds_ago=3600)
    assert _taken(_evaluate()[0]) == {"a.xlsx"}


def test_a_file_that_grows_is_left_alone_until_a_look_finds_it_unchanged(inbox: Path, clock: Clock) -> None:
    _put(inbox, "a.xlsx", clock, b"a wor")
    first, cursor = _evaluate()
    clock.now += timedelta(seconds=QUIET_SECONDS - 1)
    _put(inbox, "a.xlsx", clock, b"a workbook")
    second, cursor = _evaluate(cursor)
    clock.now += timedelta(seconds=1)
    third, _ = _evaluate(cursor)
    assert isinstance(first, dg.SkipReason)
    assert isinstance(second, dg.SkipReason)
    assert _taken(third) == {"a.xlsx"}


def test_a_file_that_grows_holds_up_no_other_and_a_run_lands_only_what_was_seen(
    inbox: Path, clock: Clock
) -> None:
    _put(inbox, "a.xlsx", clock, seconds_ago=3600)
    growing = _put(inbox, "b.xlsx", clock)
    asked, _ = _evaluate()
    assert _taken(asked) == {"a.xlsx"}
    assert isinstance(asked, dg.RunRequest)
    seen = asked.run_config["ops"]["landing"]["config"]["at_rest"]
    shown = {name: tuple(stat) for name, stat in seen.items()}
    assert is_at_rest(inbox / "a.xlsx", inbox, shown)
    assert not is_at_rest(growing, inbox, shown)
    _put(inbox, "a.xlsx", clock, b"another")
    assert not is_at_rest(inbox / "a.xlsx", inbox, shown)


def test_one_state_of_the_inbox_starts_one_run_and_a_further_file_a_further_one(
    inbox: Path, clock: Clock
) -> None:
    _put(inbox, "a.xlsx", clock, seconds_ago=60)
    first, cursor = _evaluate()
    again, cursor = _evaluate(cursor)
    _put(inbox, "b.xlsx", clock, seconds_ago=60)
    further, _ = _evaluate(cursor)
    assert isinstance(again, dg.SkipReason)
    assert isinstance(first, dg.RunRequest)
    assert isinstance(further, dg.RunRequest)
    assert first.run_key != further.run_key


def test_a_run_that_was_stopped_before_its_end_is_asked_for_again_and_one_that_failed_is_not(
    inbox: Path, clock: Clock
) -> None:
    instance = dg.DagsterInstance.ephemeral()
    _put(inbox, "a.xlsx", clock, seconds_ago=60)
    first, cursor = _evaluate(None, instance)
    assert isinstance(first, dg.RunRequest)

    @dg.job
    def refresh() -> None:
        """Stands for the real one."""

    run = instance.create_run_for_job(refresh, tags=dict(first.tags))
    instance.report_run_failed(run)
    assert isinstance(_evaluate(cursor, instance)[0], dg.SkipReason)
    stopped = instance.create_run_for_job(refresh, tags=dict(first.tags))
    instance.report_run_canceled(stopped)
    again, cursor = _evaluate(cursor, instance)
    assert isinstance(again, dg.RunRequest)
    assert again.run_key != first.run_key
    assert isinstance(_evaluate(cursor, instance)[0], dg.SkipReason)


def test_hidden_files_and_a_cursor_of_an_earlier_version_start_nothing_and_stop_nothing(
    inbox: Path, clock: Clock
) -> None:
    _put(inbox, "~$a.xlsx", clock, seconds_ago=60)
    assert isinstance(_evaluate("0f3a")[0], dg.SkipReason)
    _put(inbox, "a.xlsx", clock, seconds_ago=60)
    assert _taken(_evaluate("0f3a")[0]) == {"a.xlsx"}


def test_rounds_that_stand_side_by_side_are_filled_in_one_run() -> None:
    known = ["2021", "2022", "2023", "2024", "2025"]
    assert spans(known, ["2023", "2022", "2024"]) == [("2022", "2024")]
    assert spans(known, ["2021", "2022", "2025"]) == [("2021", "2022"), ("2025", "2025")]
