"""Work measured in a process of its own: wall clock, processor seconds and memory of that process and all below it.

Medians, spreads and the table are here, too; what is measured is each benchmark's own.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.faultset.__main__ import say

_EVERY = 0.1


@dataclass(frozen=True)
class Ran:
    """One run: seconds by the clock, seconds of processors, most memory at one time, and what the work told."""

    seconds: float
    cpu_seconds: float
    peak_mb: int
    told: Mapping[str, Any]


def run_apart(work: Callable[..., Mapping[str, Any]], *arguments: Any, is_command: bool = False) -> Ran:
    """``work`` in a new process; its memory is the sum over its processes, sampled ten times a second.

    Of work that only waits for a command (``is_command``) it is that of the processes of the command.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(sender, work, arguments, is_command))
    child.start()
    sender.close()
    ran: Ran = receiver.recv()
    child.join()
    return ran


def _run(
    sender: Any, work: Callable[..., Mapping[str, Any]], arguments: Sequence[Any], is_command: bool
) -> None:
    peak, done = [0], threading.Event()
    sampler = threading.Thread(target=_sample, args=(peak, done, is_command))
    sampler.start()
    began, used = time.perf_counter(), _cpu()
    told = work(*arguments)
    seconds, cpu = time.perf_counter() - began, _cpu() - used
    done.set()
    sampler.join()
    sender.send(Ran(seconds, cpu, round(peak[0] / 1e6), told))


def _sample(peak: list[int], done: threading.Event, is_command: bool) -> None:
    process = psutil.Process()
    own = () if is_command else (process,)
    while not done.wait(_EVERY):
        peak[0] = max(peak[0], sum(_resident(one) for one in (*own, *process.children(recursive=True))))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@dataclass(frozen=True)
class Row:
    """One line of a table: medians over ``times`` runs, the spread from the fastest to the slowest."""

    name: str
    times: int
    seconds: float
    fastest: float
    slowest: float
    cpu_seconds: float
    peak_mb: int
    told: Mapping[str, Any]


def row_of(name: str, runs: Sequence[Ran]) -> Row:
    """The runs of one thing as a line; what it told is that of the last run."""
    seconds = [run.seconds for run in runs]
    return Row(
        name,
        len(runs),
        statistics.median(seconds),
        min(seconds),
        max(seconds),
        statistics.median(run.cpu_seconds for run in runs),
        max(run.peak_mb for run in runs),
        runs[-1].told,
    )


def show(row: Row) -> None:
    """Print a line."""
    say(
        f"{row.name:44} {row.seconds:8.2f} s ({row.fastest:.2f}–{row.slowest:.2f}, n={row.times})"
        f" {row.cpu_seconds:8.2f} CPU s {row.peak_mb:6} MB"
    )


def write_json(file: Path | None, rows: Sequence[Row], missed: Sequence[str]) -> int:
    """Tell of bars that were missed, write everything to ``file`` where one is asked for; the exit code."""
    for line in missed:
        say(f"MISSED: {line}")
    if file:
        content = {"rows": [asdict(row) for row in rows], "missed": list(missed)}
        file.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
    return int(bool(missed))
