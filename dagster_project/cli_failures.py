"""What a failure of the machine is called in words: a full disk, a folder that may not be written, a locked ledger.

Only the cause is found here, whatever library it came through; each is told with the place and with what to do.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from dagster_project.errors import KhoError, LockedError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_RIGHT = {errno.EROFS, errno.EACCES, errno.EPERM}
_ANY_CASE = re.IGNORECASE
#: What SQLite, DuckDB, dbt, Polars and PostgreSQL's driver say where they keep no error number.
_WORDS = (
    (
        "full",
        re.compile(
            r"disk is full|no space left|disk quota exceeded|file too large|could not write file",
            _ANY_CASE,
        ),
    ),
    (
        "no_right",
        re.compile(r"readonly database|read-only file system|permission denied|not permitted", _ANY_CASE),
    ),
    ("io", re.compile(r"disk i/o error", _ANY_CASE)),
    ("locked", re.compile(r"database is locked|could not set lock on file|conflicting lock", _ANY_CASE)),
    ("damaged_ledger", re.compile(r"database disk image is malformed|file is not a database", _ANY_CASE)),
    (
        "damaged_release",
        re.compile(
            r"not a valid duckdb database|could not read enough bytes|corrupt(?:ed)? (?:database|block)|"
            r"metadata pointer|computed checksum",
            _ANY_CASE,
        ),
    ),
    (
        "server_gone",
        re.compile(
            r"server closed the connection|connection (?:refused|reset|timed out|failed|is closed|to server)|"
            r"terminating connection|the connection is lost|consuming input failed",
            _ANY_CASE,
        ),
    ),
)
_EVERY_KIND = tuple(kind for kind, _ in _WORDS)
#: Messages that pass on what a library said, and what may stand behind it: a query's error repeats a person's words.
_VAGUE = {
    **dict.fromkeys(
        ("warehouse.build_failed", "warehouse.memory_too_small", "warehouse.models_broken", "cli.run_failed"),
        _EVERY_KIND,
    ),
    "warehouse.query_wrong": ("damaged_release",),
}
_BYTES_PER_MB = 1_000_000


def explain(error: BaseException, root: Path) -> KhoError | None:
    """The failure of the machine behind ``error``, told for the data folder ``root``; None where there is none.

    What already has its words keeps them, but for a run or a build that only says that it failed.
    """
    allowed = _VAGUE.get(error.code, ()) if isinstance(error, KhoError) else _EVERY_KIND
    for cause in _causes(error) if allowed else ():
        kind = _kind(cause)
        if kind in allowed:
            return _told(kind, _place(cause, root), root)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the nearest first."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        item = waiting.pop(0)
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [cause for cause in (item.__cause__, item.__context__) if cause is not None]


def _kind(error: BaseException) -> str | None:
    if isinstance(error, OSError) and error.errno is not None:
        if error.errno in _FULL:
            return "full"
        return "no_right" if error.errno in _NO_RIGHT else None
    if isinstance(error, OSError) or (isinstance(error, KhoError) and error.code not in _VAGUE):
        return None
    return next((kind for kind, words in _WORDS if words.search(str(error))), None)


def _place(error: BaseException, root: Path) -> Path:
    """The folder that refused, where the error tells it; else the data folder."""
    name = getattr(error, "filename", None)
    if not isinstance(name, (str, bytes)):
        return root
    path = Path(name if isinstance(name, str) else name.decode(errors="replace"))
    return path if path.is_dir() else path.parent


def _told(kind: str, place: Path, root: Path) -> KhoError:
    if kind == "full":
        return KhoError("days.full", folder=place, free=_free_mb(place, root))
    if kind == "locked":
        return LockedError("days.locked", folder=root)
    return KhoError(f"days.{kind}", folder=place if kind == "no_right" else root)


def _free_mb(place: Path, root: Path) -> int:
    there = next((path for path in (place, *place.parents, root) if path.is_dir()), Path("/"))
    return shutil.disk_usage(there).free // _BYTES_PER_MB
