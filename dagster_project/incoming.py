"""Files that come in: those that are named, and what lies in folders, with the receipts that a folder may carry.

Nothing is read or kept here; landing is ``intake``'s, receipts are the ledger's.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable
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
    incoming = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or not is_wanted(path, folder) or is_closed(path):
            continue
        incoming.append(told[name](path) if name in told else Incoming(path, printable(name), now()))
    return incoming


def is_wanted(path: Path, folder: Path) -> bool:
    """Whether something in a folder is no link, no hidden or half-saved file and not the list of receipts itself."""
    relative = path.relative_to(folder)
    hidden = any(part.startswith((".", "~$")) for part in relative.parts)
    return not (path.is_symlink() or hidden or relative.as_posix() == RECEIPTS_FILE)


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
