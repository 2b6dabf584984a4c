"""One build at a time: a lock on a file that the operating system frees when its holder dies.

Other ways to lock (databases, Windows) would go here and nowhere else.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dagster_project.errors import LockedError

_PAUSE = 0.5


@contextmanager
def build_lock(file: Path, seconds: float = 0) -> Iterator[None]:
    """Hold ``file`` for the block; ``LockedError`` where another process holds it, after waiting ``seconds``."""
    with _held(file, "cli.build_locked", seconds):
        yield


@contextmanager
def serve_lock(file: Path) -> Iterator[None]:
    """Hold ``file`` for as long as an office is served; ``LockedError`` at once where another process does so."""
    with _held(file, "serve.locked", 0):
        yield


@contextmanager
def _held(file: Path, refusal: str, seconds: float) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    give_up = time.monotonic() + seconds
    with file.open("a+", encoding="utf-8") as stream:
        while not _is_taken(stream):
            if time.monotonic() >= give_up:
                stream.seek(0)
                raise LockedError(refusal, holder=stream.read().strip() or "?")
            time.sleep(_PAUSE)
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _is_taken(stream: TextIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
