"""Suites as their files tell them, and what came of asking them; asking is ``questions``'s."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.messages import message

#: What cells without a disposition are counted under: there must be none.
UNDECIDED = "undecided"


@dataclass(frozen=True)
class Suite:
    """One file of ``expectations/``. Each expectation's meta holds rule_code, severity and row_level."""

    name: str
    expectations: Sequence[Mapping[str, Any]]
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What one expectation said about one dataset and round.

    ``invariant`` marks what we promise ourselves: a failure means that the program is at fault, not a unit.
    ``error`` is set where the expectation could not be evaluated at all.
    """

    dataset: str
    round_code: str | None
    rule_code: str
    severity: str
    success: bool
    failed: int
    evaluated: int
    invariant: bool
    error: str | None = None

    def text(self, lang: str) -> str:
        """Say in words that this invariant does not hold."""
        return message(
            "quality.invariant",
            lang,
            rule_code=self.rule_code,
            dataset=self.dataset,
            failed=self.failed,
            evaluated=self.evaluated,
        )


@dataclass(frozen=True)
class Answer:
    """What Great Expectations said to one expectation: the positions of failing rows, whether it looks at rows."""

    success: bool
    rows: list[int]
    counted: bool
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """A result with the positions of the failing rows; they stay empty for what is not row by row."""

    result: Result
    row_level: bool
    rows: list[int]


def read_suite(file: Path) -> Suite:
    """Read one suite."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return Suite(content["name"], content["expectations"], content["meta"])
