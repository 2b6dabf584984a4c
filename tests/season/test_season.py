"""A season by sensors and schedules comes to the figures, and tells units the same, as one played by commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.season.play import Automation, Commands, collect, open_office, review, simulated


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Automation | Commands]:
    answers: dict[str, Path] = {}
    played = {}
    for kind in (Automation, Commands):
        office = open_office(kind, tmp_path_factory.mktemp(kind.__name__))
        with simulated(office):
            collect(office, 2244, answers)
            review(office, "04-10 14:00")
        played[kind.__name__] = office
    return played


def test_both_ways_end_in_the_same_figures(offices: dict[str, Automation | Commands]) -> None:
    assert offices["Automation"].content() == offices["Commands"].content()


def test_both_ways_tell_the_same(offices: dict[str, Automation | Commands]) -> None:
    assert offices["Automation"].told() == offices["Commands"].told()
