"""The suites in a process of their own say the same, and its end stops nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import polars as pl
import pytest

from dagster_project.quality import beside
from dagster_project.quality.outcomes import Answer
from tests.workers import last_worker

EXPECTATIONS = [
    {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "value"},
        "meta": {"rule_code": "VALUE_MISSING", "severity": "blocking", "row_level": True},
    }
]
FRAME = pl.DataFrame({"round_code": ["A", "A", "B"], "value": [1.0, None, 2.0]})


@pytest.fixture
def other_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has not loaded Great Expectations, as a command starts."""
    monkeypatch.delitem(sys.modules, "great_expectations", raising=False)
    beside.start()
    yield
    beside.stop()


@pytest.mark.usefixtures("other_process")
def test_it_finds_what_this_process_finds_and_its_end_stops_nothing() -> None:
    expected = [Answer(success=False, rows=[1], counted=True)]
    (child,) = beside._started
    assert beside.ask("few", FRAME, EXPECTATIONS) == expected
    assert beside._started == [child]
    last_worker().kill()
    assert beside.ask("few", FRAME, EXPECTATIONS) == expected
    assert not beside._started
