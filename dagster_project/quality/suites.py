"""Suites of Great Expectations run over frames.

This is the one module that imports Great Expectations; import it late, for that takes seconds (``beside`` lets them
pass in another process). What is done about a failing row does not belong here (``gate``).
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl
import polars.selectors as cs

from dagster_project.quality.outcomes import Outcome, Result, Suite

# Set before the import, which reads it.
os.environ["GX_ANALYTICS_ENABLED"] = "False"
import great_expectations as gx

#: About the frame and not about its rows.
_OF_SHAPE = ("expect_table_columns_to_match_ordered_list", "expect_column_values_to_be_of_type")


def validate(suite: Suite, frame: pl.DataFrame, by: str | None = None) -> list[Outcome]:
    """Ask every expectation of ``frame``, with one outcome for each value of the column ``by`` (without: for all).

    The rows are asked once and their answers parted afterwards, for asking costs more than looking: a suite must hold
    for every row ("mostly" is not for gates). An expectation that cannot be evaluated does not spoil the others.
    """
    shape = [one for one in suite.expectations if one["type"] in _OF_SHAPE]
    rows = [one for one in suite.expectations if one["type"] not in _OF_SHAPE]
    answers = [
        *(_ask(_batch(frame.clear()), suite.name, shape) if shape else []),
        *(_ask(_batch(_as_asked(frame, rows)), suite.name, rows) if rows else []),
    ]
    parts = _parts(frame, by)
    return [outcome for answer in answers for outcome in _outcomes(suite.name, answer, frame, by, parts)]


def _as_asked(frame: pl.DataFrame, expectations: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Only the columns that are asked about, texts as categories: what is not there is not hashed and copied."""
    asked = [one["kwargs"] for one in expectations]
    named = {kwargs.get(name) for kwargs in asked for name in ("column", "column_A", "column_B")}
    named.update(name for kwargs in asked for name in kwargs.get("column_list", ()))
    conditions = " ".join(kwargs.get("row_condition", "") for kwargs in asked)
    named.update(re.findall(r"\w+", conditions))
    return frame.select(name for name in frame.columns if name in named).with_columns(
        cs.string().cast(pl.Categorical)
    )


def _parts(frame: pl.DataFrame, by: str | None) -> list[tuple[str | None, int]]:
    """Each value of ``by`` with its number of rows; without rows there is one part, so that there are answers."""
    if by is None or frame.is_empty():
        return [(None, frame.height)]
    return sorted(frame.group_by(by).len().iter_rows(), key=lambda part: str(part[0]))


def _batch(frame: pl.DataFrame) -> Any:
    # Great Expectations fails on decimals.
    pandas = frame.with_columns(cs.decimal().cast(pl.Float64)).to_pandas()
    return _batch_definition().get_batch(batch_parameters={"dataframe": pandas})


@cache
def _batch_definition() -> Any:
    """Make one throw-away context for the process."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("batch").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def _ask(batch: Any, name: str, expectations: Sequence[Mapping[str, Any]]) -> list[Any]:
    answers = _validate(batch, name, expectations)
    if any(_error(answer) for answer in answers):
        return [answer for one in expectations for answer in _validate(batch, name, [one])]
    return answers


def _validate(batch: Any, name: str, expectations: Sequence[Mapping[str, Any]]) -> list[Any]:
    suite = gx.ExpectationSuite(name=name, expectations=[dict(one) for one in expectations])
    return list(batch.validate(suite, result_format={"result_format": "COMPLETE"}).results)


def _error(answer: Any) -> str | None:
    """Give the message of the exception that an expectation ended in; some are nested by metric."""
    info = answer.exception_info or {}
    nested = [info, *(part for part in info.values() if isinstance(part, dict))]
    raised = [str(part.get("exception_message")) for part in nested if part.get("raised_exception")]
    return "; ".join(raised) or None


def _outcomes(
    dataset: str, answer: Any, frame: pl.DataFrame, by: str | None, parts: Sequence[tuple[str | None, int]]
) -> Iterator[Outcome]:
    """One answer, parted: a part fails with its own rows, and with a fault that is not of single rows."""
    meta, details, error = answer.expectation_config.meta, answer.result or {}, _error(answer)
    rows = pl.Series([int(row) for row in details.get("unexpected_index_list") or []], dtype=pl.Int64)
    whose: dict[Any, list[int]] = {}
    if by is not None:
        failing = pl.DataFrame({by: frame[by].gather(rows), "row": rows})
        whose = dict(failing.group_by(by, maintain_order=True).agg("row").iter_rows())
    all_fail = error is not None or (not answer.success and rows.is_empty())
    for part, size in parts:
        own = whose.get(part, []) if by is not None else rows.to_list()
        success = not own and not all_fail
        result = Result(
            dataset=dataset,
            round_code=part,
            rule_code=meta["rule_code"],
            severity=meta["severity"],
            success=success,
            failed=0 if success else max(1, len(own)),
            evaluated=size if "element_count" in details else 0,
            invariant=not meta["row_level"] or error is not None,
            error=error,
        )
        yield Outcome(result, row_level=meta["row_level"], rows=own)
