"""The suites in a process of their own, started early: loading Great Expectations takes seconds, which pass meanwhile.

Starting, asking and ending that process belong here. Where none was started, or it fails, the suites run in this one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dagster_project.quality.outcomes import Answer
from dagster_project.side_by_side import Worker

if TYPE_CHECKING:
    import polars as pl

_SUITES = "dagster_project.quality.suites"
_started: list[Worker] = []


def start() -> None:
    """Begin to load; nothing to do where this process has loaded them or another one is doing so."""
    if _started or "great_expectations" in sys.modules:
        return
    _started.append(Worker(_SUITES))


def ask(name: str, frame: pl.DataFrame, expectations: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """As ``suites.ask`` does it."""
    if _started:
        # A child that was killed closes its pipes; what it was asked is asked again here.
        with suppress(OSError, EOFError):
            return _started[0].ask(_ask, name, frame, expectations)
        stop()
    return _ask(name, frame, expectations)


def stop() -> None:
    """End the other process and free its memory."""
    while _started:
        _started.pop().stop()


def _ask(name: str, frame: pl.DataFrame, expectations: Sequence[Mapping[str, Any]]) -> list[Answer]:
    from dagster_project.quality import suites

    return suites.ask(name, frame, expectations)
