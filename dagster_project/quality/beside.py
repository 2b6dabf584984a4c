"""The suites in a process of their own, started early: loading Great Expectations takes seconds, which pass meanwhile.

Starting, asking and ending that process belong here. Where none was started, or it fails, the suites run in this one.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dagster_project.quality.outcomes import Answer

if TYPE_CHECKING:
    import polars as pl

_CHILD = "dagster_project.quality.suites_process"
_started: list[subprocess.Popen[bytes]] = []


def start() -> None:
    """Begin to load; nothing to do where this process has loaded them or another one is doing so."""
    if _started or "great_expectations" in sys.modules:
        return
    _started.append(
        # A session of its own: what interrupts a command ends it, and its end closes the pipe.
        subprocess.Popen(  # noqa: S603 - this interpreter, our own module
            [sys.executable, "-I", "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    )


def ask(name: str, frame: pl.DataFrame, expectations: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """As ``suites.ask`` does it."""
    if _started:
        # A child that was killed closes its pipes; what it was asked is asked again here.
        with suppress(OSError, EOFError):
            return _ask(_started[0], (name, frame, expectations))
        stop()
    from dagster_project.quality import suites

    return suites.ask(name, frame, expectations)


def stop() -> None:
    """End the other process and free its memory."""
    while _started:
        child = _started.pop()
        child.kill()
        child.communicate()


def _ask(child: subprocess.Popen[bytes], question: tuple[Any, ...]) -> list[Answer]:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    pickle.dump(question, child.stdin)
    child.stdin.flush()
    told: list[Answer] | Exception = pickle.load(child.stdout)  # noqa: S301 - our own process
    if isinstance(told, Exception):
        raise told
    return told
