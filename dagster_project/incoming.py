"""Files that come in: those that are named, and what lies in folders, with the receipts that a folder may carry.

Nothing is read or kept here; landing is ``intake``'s, receipts are the ledger's.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dagster_project.errors import UsageError
from dagster_project.text import printable

RECEIPTS_FILE = "receipts.csv"


@dataclass(frozen=True)
class Incoming:
    """A file that comes in: where it lies, under which name it came, when, from whom and how."""

    path: Path
    name: str
    received_at: datetime
    sender: str = ""
    channel: str = ""


def list_incoming(sources: Iterable[Path], now: Callable[[], datetime]) -> list[Incoming]:
    """The files among ``sources`` and in its folders; ``now`` tells when one came whose folder does not say so.

    Raises ``UsageError`` for a path that is not there, a named file that may not be read and a malformed list of
    receipts.
    """
    incoming: list[Incoming] = []
    sources = list(sources)
    closed = [str(source) for source in sources if source.is_file() and is_closed(source)]
    if closed:
        raise UsageError("cli.unreadable_files", files=", ".join(closed))
    for source in sources:
        if source.is_dir():
            incoming.extend(_list_folder(source, now))
        elif source.is_file():
            incoming.append(Incoming(source, printable(source.name), now()))
        else:
            raise UsageError("cli.no_such_file", file=source)
    return incoming


def _list_folder(folder: Path, now: Callable[[], datetime]) -> list[Incoming]:
    told = read_receipts(folder / RECEIPTS_FILE)
    return [
        told[name](path) if name in told else Incoming(path, printable(name), now())
        for path, name in wanted_files(folder)
        if not is_closed(path)
    ]


def wanted_files(folder: Path) -> list[tuple[Path, str]]:
    """The files in ``folder`` and below that may come in, in order, with their names in it."""
    return [(path, name) for path, name, is_file in _wanted(folder) if is_file]


def closed_paths(folder: Path) -> list[Path]:
    """Files that we may not read and folders that we may not look into, of those that are wanted, in order."""
    return [path for path, _, _ in _wanted(folder) if is_closed(path)]


def _wanted(folder: Path) -> list[tuple[Path, str, bool]]:
    """What lies in a folder and below and is no link, no hidden or half-saved file and not the list of receipts.

    In the order of their paths, with the name in the folder and whether it is a file.
    """
    above = len(folder.parts)
    found = []
    for entry in _entries(str(folder)):
        path = Path(entry.path)
        parts = path.parts[above:]
        if parts != (RECEIPTS_FILE,):
            found.append((parts, path, entry.is_file(follow_symlinks=False)))
    return [(path, "/".join(parts), is_file) for parts, path, is_file in sorted(found)]


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        if not entry.name.startswith((".", "~$")) and not entry.is_symlink():
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)


def is_closed(path: Path) -> bool:
    """Whether we may not read a file, or not look into a folder."""
    return not os.access(path, os.R_OK | os.X_OK if path.is_dir() else os.R_OK)


def read_receipts(file: Path) -> dict[str, Callable[[Path], Incoming]]:
    """What makes an incoming file of a path, by the name that the receipt says; nothing where there is no list."""
    if not file.is_file():
        return {}
    try:
        rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError("cli.wrong_receipts", file=file, row=1) from error
    told: dict[str, Callable[[Path], Incoming]] = {}
    for number, row in enumerate(rows, start=2):
        try:
            name = row["file"]
            moment = _moment(row["received_at"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UsageError("cli.wrong_receipts", file=file, row=number) from error
        if name in told:
            raise UsageError("cli.receipts_twice", file=file, row=number, name=name)
        told[name] = _maker(name, moment, row.get("sender") or "", row.get("channel") or "")
    return told


def _moment(text: str) -> datetime:
    """An aware moment; ValueError or OverflowError for anything that cannot be written down as one in UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    moment.astimezone(UTC)
    return moment


def _maker(name: str, moment: datetime, sender: str, channel: str) -> Callable[[Path], Incoming]:
    return lambda path: Incoming(path, printable(name), moment, sender, channel)
