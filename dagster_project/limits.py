"""What a file from outside may cost, and what the operating system holds a process to and says of it.

Linux and WSL. Another system would get its own few lines here and in ``locks``; no other module asks the system.
Each function works on the process that calls it, for good.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class ReadLimits:
    """What one file from outside may cost before it is refused; settings give it, and no other names."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic, which a child need not load

    file_bytes: int = 50_000_000
    zip_entries: int = 2_000
    inflated_bytes: int = 400_000_000
    inflation_ratio: int = 200
    sheet_cells: int = 5_000_000  # rows x columns of the true extent
    child_memory_bytes: int = 2_000_000_000
    child_cpu_seconds: int = 600
    file_wall_seconds: int = 60


def limit_memory(amount: int) -> None:
    """At most ``amount`` bytes of address space; no memory image is left where the process dies."""
    resource.setrlimit(resource.RLIMIT_AS, (amount, amount))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_cpu(seconds: int) -> None:
    """From now on ``seconds`` of processor time, whatever was used before."""
    limit = int(time.process_time()) + seconds
    # The system counts whole seconds, and to set what holds already costs more than to read a small file.
    if resource.getrlimit(resource.RLIMIT_CPU)[0] != limit:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def peak_memory_mb() -> int:
    """The largest resident set of this process or of a child, in MB (``ru_maxrss`` is in KiB on Linux)."""
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return round(max(peaks) / 1024)


def dying_with_parent() -> Callable[[], None]:
    """What a new process calls first, so that it is told to end when its parent dies, however that happens.

    Its parent is the thread that started it (PR_SET_PDEATHSIG, prctl(2)): one that returns ends it too. A parent that
    takes no notice of SIGTERM does not pass that on.
    """
    libc = ctypes.CDLL(None)

    def ask() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask


def adopt_orphans() -> None:
    """Be the parent of those whose parent below this process dies, so that none is left behind unseen."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def children(sessions: Collection[int]) -> list[int]:
    """The children of this process that belong to ``sessions``, dead ones that nobody waited for included."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text(encoding="ascii", errors="replace")
            except OSError:
                continue
            _, parent, _, session = stat.rpartition(")")[2].split()[:4]
            if int(parent) == os.getpid() and int(session) in sessions:
                found.append(int(folder.name))
    return found
