"""What an office relies on when a season comes in with every kind of fault: none that matters passes in silence."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.faultset.judge import Verdict, judge
from tests.faultset.make import make
from tests.faultset.run import run_stages

SEED = int(os.environ.get("KHO_FAULT_SEED", "7"))
CELLS = 900


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    folder = tmp_path_factory.mktemp("faultset")
    made = make(folder, SEED, CELLS)
    return judge(made, run_stages(folder / "data", made.catalogue, made.inbox))


def test_the_set_is_large_enough_to_mean_something(verdict: Verdict) -> None:
    assert sum(line.planted for line in verdict.lines) >= 100
    assert len(verdict.lines) >= 50


def test_every_fault_that_must_hold_a_figure_out_is_found(verdict: Verdict) -> None:
    assert [
        (one.kind.code, one.file, one.cell) for one in verdict.passed if one.kind.severity == "blocking"
    ] == []


def test_every_other_fault_is_told(verdict: Verdict) -> None:
    assert [(one.kind.code, one.file, one.cell) for one in verdict.passed] == []


def test_no_wrong_figure_is_accepted_without_a_word(verdict: Verdict) -> None:
    assert verdict.silent == []


def test_findings_stand_at_the_cell(verdict: Verdict) -> None:
    assert [line for line in verdict.lines if line.at_cell < line.caught] == []


def test_what_says_one_thing_only_is_read_without_a_question(verdict: Verdict) -> None:
    assert {line.code: dict(line.rules) for line in verdict.lines if line.alarms} == {}


def test_forms_in_which_nothing_was_planted_get_at_most_one_question(verdict: Verdict) -> None:
    asked = Counter(row["file_name"] for row in verdict.unplanted)
    assert all(row["severity"] == "warning" for row in verdict.unplanted)
    assert [name for name, number in asked.items() if number > 1] == []


def test_a_clean_season_stays_quiet(verdict: Verdict) -> None:
    assert verdict.clean_blocking == []
    assert max(verdict.clean_warnings.values()) <= 1
