"""Work in several processes gives what it gives in one, in the same order, and its errors come through."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import pytest

from dagster_project.errors import UsageError
from dagster_project.settings import read_settings
from dagster_project.side_by_side import Worker, side_by_side, start_early


def test_answers_keep_the_order_of_what_was_asked() -> None:
    numbers = [9, 4, 16, 1, 25]
    assert side_by_side(str, numbers, 3) == ["9", "4", "16", "1", "25"]


def test_another_process_answers_and_is_gone_after_it() -> None:
    worker = Worker()
    other = worker.ask(os.getpid)
    assert other != os.getpid()
    worker.stop()
    assert not Path(f"/proc/{other}").exists()
    with pytest.raises((OSError, EOFError, ValueError)):
        worker.ask(os.getpid)


def test_an_error_for_a_user_comes_through_as_it_was(tmp_path: Path) -> None:
    worker = Worker()
    with pytest.raises(UsageError) as told:
        worker.ask(read_settings, tmp_path, tmp_path, "xx")
    worker.stop()
    with pytest.raises(UsageError) as expected:
        read_settings(tmp_path, tmp_path, "xx")
    assert told.value.text("vi") == expected.value.text("vi")


def test_half_an_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker()
    whole = pickle.dumps(("answer", "x" * 100))
    monkeypatch.setattr(worker._child, "stdout", io.BytesIO(whole[:50]))
    with pytest.raises(EOFError):
        worker.ask(os.getpid)
    worker.stop()


def test_the_first_error_ends_the_work() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        side_by_side(int, ["1", "2", "three", "4"], 2)


def test_a_process_that_was_killed_leaves_its_work_to_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "ask", _gone)
    assert side_by_side(str, [1, 2, 3], 2) == ["1", "2", "3"]


def _not_started(_: Worker) -> None:
    raise AssertionError


def _gone(*_: object) -> None:
    raise EOFError


def test_a_process_started_early_does_the_next_work_and_none_is_started_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start_early(os.getpid)
    monkeypatch.setattr(Worker, "__init__", _not_started)
    assert side_by_side(str, [1, 2, 3], 2) == ["1", "2", "3"]
    with pytest.raises(AssertionError):
        side_by_side(str, [1, 2, 3], 2)


def test_where_no_process_can_be_started_early_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Worker, "__init__", _no_memory)
        start_early(os.getpid)
    assert side_by_side(str, [1, 2, 3], 2) == ["1", "2", "3"]


def _no_memory(_: Worker) -> None:
    raise OSError(12, "Cannot allocate memory")
