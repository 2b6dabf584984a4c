"""Expectations put to Great Expectations.

This is the one module that imports it; import it late, for that takes seconds (``beside`` lets them pass in another
process). Which rows are asked and what an answer means does not belong here (``questions``).
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import polars as pl
import polars.selectors as cs

from dagster_project.quality.outcomes import Answer


class _LoadedWhenUsed(ModuleType):
    def __getattr__(self, name: str) -> Any:
        _give_way(self)
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def _loaded_when_used(*names: str) -> Iterator[None]:
    """What is imported meanwhile loads these modules when it first asks something of them."""
    put_off = {name: _LoadedWhenUsed(name) for name in names if name not in sys.modules}
    sys.modules.update(put_off)
    try:
        yield
    finally:
        for module in put_off.values():
            _give_way(module)


def _give_way(module: ModuleType) -> None:
    """From now on an import finds the module itself."""
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]


# Set before the import, which reads it.
os.environ["GX_ANALYTICS_ENABLED"] = "False"
# They draw and compare distributions, and take a third of the time.
with _loaded_when_used("scipy.stats", "altair"):
    import great_expectations as gx


def ask(name: str, frame: pl.DataFrame, expectations: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """The answers to the expectations of suite ``name`` about ``frame``, in their order.

    One that cannot be evaluated does not spoil the others.
    """
    batch = _batch(frame)
    answers = _validate(batch, name, expectations)
    if any(_error(answer) for answer in answers):
        answers = [answer for one in expectations for answer in _validate(batch, name, [one])]
    return [_answer(answer) for answer in answers]


def _batch(frame: pl.DataFrame) -> Any:
    # Great Expectations fails on decimals. Texts as categories are neither hashed nor copied.
    pandas = frame.with_columns(
        cs.decimal().cast(pl.Float64), cs.string().cast(pl.Categorical) if frame.height else cs.string()
    ).to_pandas()
    return _batch_definition().get_batch(batch_parameters={"dataframe": pandas})


@cache
def _batch_definition() -> Any:
    """Make one throw-away context for the process."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("batch").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def _validate(batch: Any, name: str, expectations: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The results in the order of ``expectations``: they come in another one, and with a copy of the meta."""
    numbered = [{**one, "meta": {"number": number}} for number, one in enumerate(expectations)]
    suite = gx.ExpectationSuite(name=name, expectations=numbered)
    results = batch.validate(suite, result_format={"result_format": "COMPLETE"}).results
    return sorted(results, key=lambda result: result.expectation_config.meta["number"])


def _error(answer: Any) -> str | None:
    """Give the message of the exception that an expectation ended in; some are nested by metric."""
    info = answer.exception_info or {}
    nested = [info, *(part for part in info.values() if isinstance(part, dict))]
    raised = [str(part.get("exception_message")) for part in nested if part.get("raised_exception")]
    return "; ".join(raised) or None


def _answer(answer: Any) -> Answer:
    details = answer.result or {}
    return Answer(
        success=bool(answer.success),
        rows=[int(row) for row in details.get("unexpected_index_list") or []],
        counted="element_count" in details,
        error=_error(answer),
    )
