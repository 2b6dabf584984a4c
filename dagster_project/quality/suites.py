"""Suites of Great Expectations read from files and run over frames.

This is the one module that imports Great Expectations; import it late, for that takes seconds. What is done about
a failing row does not belong here (``gate``).
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from dagster_project.messages import message

# Set before the import, which reads it.
os.environ["GX_ANALYTICS_ENABLED"] = "False"
import great_expectations as gx


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
class Outcome:
    """A result with the positions of the failing rows; they stay empty for what is not row by row."""

    result: Result
    row_level: bool
    rows: list[int]


def read_suite(file: Path) -> Suite:
    """Read one suite."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return Suite(content["name"], content["expectations"], content["meta"])


def validate(suite: Suite, frame: pl.DataFrame, round_code: str | None = None) -> list[Outcome]:
    """Ask every expectation of ``frame``; one that cannot be evaluated does not spoil the others."""
    # Great Expectations fails on decimals.
    pandas = frame.with_columns(cs.decimal().cast(pl.Float64)).to_pandas()
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": pandas})
    answers = _ask(batch, suite.name, suite.expectations)
    if any(_error(answer) for answer in answers):
        answers = [answer for one in suite.expectations for answer in _ask(batch, suite.name, [one])]
    return [_outcome(suite.name, round_code, answer) for answer in answers]


@cache
def _batch_definition() -> Any:
    """Make one throw-away context for the process."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("batch").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def _ask(batch: Any, name: str, expectations: Sequence[Mapping[str, Any]]) -> list[Any]:
    suite = gx.ExpectationSuite(name=name, expectations=[dict(one) for one in expectations])
    return list(batch.validate(suite, result_format={"result_format": "COMPLETE"}).results)


def _error(answer: Any) -> str | None:
    """Give the message of the exception that an expectation ended in; some are nested by metric."""
    info = answer.exception_info or {}
    nested = [info, *(part for part in info.values() if isinstance(part, dict))]
    raised = [str(part.get("exception_message")) for part in nested if part.get("raised_exception")]
    return "; ".join(raised) or None


def _outcome(dataset: str, round_code: str | None, answer: Any) -> Outcome:
    meta, details, error = answer.expectation_config.meta, answer.result or {}, _error(answer)
    success = bool(answer.success) and error is None
    result = Result(
        dataset=dataset,
        round_code=round_code,
        rule_code=meta["rule_code"],
        severity=meta["severity"],
        success=success,
        failed=0 if success else max(1, int(details.get("unexpected_count") or 0)),
        evaluated=int(details.get("element_count") or 0),
        invariant=not meta["row_level"] or error is not None,
        error=error,
    )
    rows = [int(row) for row in details.get("unexpected_index_list") or []]
    return Outcome(result, row_level=meta["row_level"], rows=rows)
