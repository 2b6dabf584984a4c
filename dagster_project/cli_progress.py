"""Bars on a terminal for long work: what is under way, how much of it is done, how fast, how long it will take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dagster_project.messages import message
from dagster_project.progress import Progress, unseen

if TYPE_CHECKING:
    from rich.progress import TaskID

    from dagster_project.settings import Settings


@contextmanager
def progress_shown(settings: Settings) -> Iterator[Progress]:
    """What to tell progress to: bars beside the output on a terminal, nobody elsewhere; they go at the end."""
    if not sys.stderr.isatty():
        yield unseen
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(message(f"progress.{what}", settings.lang), total=None, rate="")
            bars.update(tasks[what], completed=done, total=total)
            speed = next(task.speed for task in bars.tasks if task.id == tasks[what])
            bars.update(tasks[what], rate=f"{speed:,.1f}/s" if speed else "")

        yield tell
