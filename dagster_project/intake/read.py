"""Guard and read many files in a child process, so that a hostile or broken file stops nothing but itself.

Starting, watching and restarting the child belongs here, and one outcome for each file. What is done inside it is
``read_child``'s.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.errors import KhoError
from dagster_project.intake.guard import PAPER, Inspection
from dagster_project.settings import ReadLimits

#: One row per cell with content.
RAW = pl.Schema(
    {
        "sha256": pl.String,
        "file_name": pl.String,
        "sheet": pl.String,  # empty for a text file
        "sheet_hidden": pl.Boolean,
        "row": pl.Int32,  # from 1
        "col": pl.Int32,  # from 1
        "cell": pl.String,  # A1 notation
        "raw_text": pl.String,  # verbatim; a number in full, a date in ISO form
        "cell_type": pl.String,  # text, number, boolean, date, error, formula_no_value
        "number": pl.Float64,
        "number_format": pl.String,  # empty: plain; null: not known
        "font": pl.String,  # encoding of the font's letters where that is no Unicode: tcvn3, vni
    }
)
#: One row per file that passed the guard and could not be read.
UNREAD = pl.Schema({"sha256": pl.String, "rule_code": pl.String, "detail": pl.String})

_CHILD = "dagster_project.intake.read_child"
_CHUNK = 1 << 16
_START_PATIENCE = 120


@dataclass(frozen=True)
class FileToRead:
    """A file from outside; the name that it came with tells CSV from other plain text."""

    sha256: str
    file_name: str
    path: Path


@dataclass(frozen=True)
class Read:
    """The cells of all files that could be read (RAW), and the others with the rule that says why (UNREAD).

    ``inspections``: what the guard says of each file, by its sha256; a file that stopped the guard has none.
    """

    raw: pl.DataFrame
    unread: pl.DataFrame
    inspections: Mapping[str, Inspection]


@dataclass
class _Outcomes:
    """By the number of the file: what the guard says, and rule code and detail of a failure, None of a success."""

    seen: dict[int, Inspection] = field(default_factory=dict)
    ended: dict[int, tuple[str, str] | None] = field(default_factory=dict)


def read_files(files: Sequence[FileToRead], limits: ReadLimits) -> Read:
    """Read ``files`` one after another in a limited child process, restarted where a file stops it.

    Raises ``KhoError`` where the child cannot start at all, which is no fault of a file.
    """
    frames = [pl.DataFrame(schema=RAW)]
    unread: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory(prefix="kho-read-") as aside:
        folder = Path(aside)
        outcomes = _outcomes(files, folder, limits)
        for number, file in enumerate(files):
            failure = outcomes.ended[number]
            if failure is not None:
                unread.append((file.sha256, *failure))
            if failure is not None or not _is_read(outcomes.seen[number]):
                continue
            cells = pl.read_ipc((folder / f"{number}.arrow").read_bytes())
            frames.append(
                cells.select(
                    pl.lit(file.sha256).alias("sha256"),
                    pl.lit(file.file_name).alias("file_name"),
                    *(name for name in RAW if name in cells.columns),
                )
            )
    return Read(
        pl.concat(frames),
        pl.DataFrame(unread, schema=UNREAD, orient="row"),
        {files[number].sha256: seen for number, seen in outcomes.seen.items()},
    )


def _is_read(seen: Inspection) -> bool:
    return seen.kind is not None and seen.kind != PAPER


def _outcomes(files: Sequence[FileToRead], folder: Path, limits: ReadLimits) -> _Outcomes:
    """What became of each file; the cells of one that was read lie in ``folder``."""
    outcomes = _Outcomes()
    while left := [number for number in range(len(files)) if number not in outcomes.ended]:
        before = len(outcomes.ended)
        job = folder / "job.json"
        job.write_text(json.dumps(_job(files, left, folder, limits)), encoding="utf-8")
        _run_child(job, left, outcomes, limits)
        if len(outcomes.ended) == before:
            outcomes.ended[left[0]] = ("FILE_UNREADABLE", "")
    return outcomes


def _job(
    files: Sequence[FileToRead], numbers: Sequence[int], folder: Path, limits: ReadLimits
) -> dict[str, object]:
    return {
        "folder": str(folder),
        "limits": limits.model_dump(mode="json"),
        "files": [
            {"number": number, "path": str(files[number].path.resolve()), "name": files[number].file_name}
            for number in numbers
        ],
    }


def _run_child(job: Path, numbers: Sequence[int], outcomes: _Outcomes, limits: ReadLimits) -> None:
    """One run of the child over ``numbers``, into ``outcomes``; it ends at the first file that stops it."""
    with subprocess.Popen(  # noqa: S603 - this interpreter, our own module, a file of our own making
        [sys.executable, "-I", "-m", _CHILD, str(job)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"POLARS_MAX_THREADS": "1"},
        cwd=job.parent,
    ) as child:
        try:
            events = _events(child, limits.file_wall_seconds)
            ready = next(events, None)
            if ready is None:
                raise KhoError("intake.reader_failed")
            _follow(events, numbers, outcomes)
        finally:
            child.kill()


def _follow(
    events: Iterator[Mapping[str, Any] | None],
    numbers: Sequence[int],
    outcomes: _Outcomes,
) -> None:
    """Turn what the child says into ``outcomes``; the file at which it falls silent or ends has failed."""
    current: int | None = None
    for event in events:
        if event is None:
            outcomes.ended[numbers[0] if current is None else current] = ("FILE_TOO_SLOW", "")
            return
        if event["event"] == "start":
            current = int(event["file"])
        elif event["event"] == "inspected":
            outcomes.seen[int(event["file"])] = Inspection(**event["seen"])
        else:
            current = None
            failed = event["event"] == "failed"
            outcomes.ended[int(event["file"])] = (event["rule_code"], event["detail"]) if failed else None
    if current is not None:
        outcomes.ended[current] = ("FILE_UNREADABLE", "")


def _events(child: subprocess.Popen[bytes], patience: int) -> Iterator[Mapping[str, Any] | None]:
    """What the child says, line by line; None once where it says nothing for ``patience`` seconds.

    Its start takes no file's time: before its first word, a busy machine gets longer.
    """
    if child.stdout is None:
        return
    pipe = child.stdout.fileno()
    waiting, heard = b"", False
    while True:
        ready, _, _ = select.select([pipe], [], [], patience if heard else max(patience, _START_PATIENCE))
        if not ready:
            yield None
            return
        chunk = os.read(pipe, _CHUNK)
        if not chunk:
            return
        heard = True
        *lines, waiting = (waiting + chunk).split(b"\n")
        yield from (json.loads(line) for line in lines)
