"""The suites in a process of their own say the same, and its end stops nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import polars as pl
import pytest

from dagster_project.quality import beside, suites
from dagster_project.quality.outcomes import Suite

SUITE = Suite(
    "few",
    [
        {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "value"},
            "meta": {"rule_code": "VALUE_MISSING", "severity": "blocking", "row_level": True},
        }
    ],
    {},
)
FRAME = pl.DataFrame({"round_code": ["A", "A", "B"], "value": [1.0, None, 2.0]})


@pytest.fixture
def other_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has not loaded Great Expectations, as a command starts."""
    monkeypatch.delitem(sys.modules, "great_expectations")
    beside.start()
    yield
    beside.stop()


@pytest.mark.usefixtures("other_process")
def test_it_finds_what_this_process_finds_and_its_end_stops_nothing() -> None:
    expected = suites.validate(SUITE, FRAME, by="round_code")
    assert [outcome.rows for outcome in expected] == [[1], []]
    (child,) = beside._started
    assert beside.validate(SUITE, FRAME, by="round_code") == expected
    child.kill()
    assert beside.validate(SUITE, FRAME, by="round_code") == expected
    assert not beside._started
