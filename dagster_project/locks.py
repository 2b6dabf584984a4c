"""One build at a time: a lock on a file that the operating system frees when its holder dies.

Other ways to lock (databases, Windows) would go here and nowhere else.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster_project.errors import LockedError


@contextmanager
def build_lock(file: Path) -> Iterator[None]:
    """Hold ``file`` for the block; ``LockedError`` at once where another process holds it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            raise LockedError("cli.build_locked", holder=stream.read().strip() or "?") from error
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield
