"""When files of the inbox have come to rest: what a sensor sees, remembers and hands to the run that lands them.

A file is at rest when its size and time of change are those of the look before, or when it has not changed for a
while (one that was moved in is taken at the first look). A run lands a file only as it was seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from dagster_project.incoming import wanted_files

#: A file that changed more recently may still be being copied.
QUIET_SECONDS = 10

#: Size in bytes and time of change in nanoseconds, by name within the inbox.
Seen = Mapping[str, tuple[int, ...]]


def look(inbox: Path) -> dict[str, tuple[int, ...]]:
    """What lies in the inbox now; hidden and half-saved files are none of ours."""
    found = {}
    for path, name in wanted_files(inbox):
        stat = _stat(path)
        if stat is not None:
            found[name] = stat
    return found


def at_rest(now_seen: Seen, before: Seen, now: float) -> dict[str, tuple[int, ...]]:
    """The part of ``now_seen`` that is at rest at ``now`` (seconds since 1970)."""
    return {
        name: stat
        for name, stat in now_seen.items()
        if before.get(name) == stat or now - stat[1] / 1e9 >= QUIET_SECONDS
    }


def is_at_rest(path: Path, inbox: Path, seen: Seen) -> bool:
    """Whether a file still is what was seen at rest."""
    return seen.get(path.relative_to(inbox).as_posix()) == _stat(path)


def state_of(seen: Seen) -> str:
    """One text for one state of the inbox."""
    return hashlib.sha256(json.dumps(sorted(seen.items())).encode()).hexdigest()


def write_cursor(seen: Seen, taken: str) -> str:
    """What the next look is compared with: everything seen, and the state for which a run was asked."""
    return json.dumps({"seen": dict(seen), "taken": taken})


def read_cursor(cursor: str | None) -> tuple[dict[str, tuple[int, ...]], str]:
    """What ``write_cursor`` wrote; nothing from a cursor of another kind."""
    try:
        told = json.loads(cursor or "{}")
        return {name: tuple(stat) for name, stat in told["seen"].items()}, told["taken"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}, ""


def _stat(path: Path) -> tuple[int, ...] | None:
    """None for a file that is gone by now."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return (stat.st_size, stat.st_mtime_ns)
