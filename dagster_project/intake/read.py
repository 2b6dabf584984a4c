"""Read the cells of many files in a child process, so that a hostile or broken file stops nothing but itself.

Starting, watching and restarting the child belongs here, and one outcome for each file. What is done inside it is
``read_child``'s; only files that ``guard`` lets through may be given here.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.errors import KhoError
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
    }
)
#: One row per file that could not be read.
UNREAD = pl.Schema({"sha256": pl.String, "rule_code": pl.String, "detail": pl.String})

_CHILD = "dagster_project.intake.read_child"
_CHUNK = 1 << 16
_START_PATIENCE = 120


@dataclass(frozen=True)
class FileToRead:
    """A file that passed the guard, and the kind that the guard found it to be."""

    sha256: str
    file_name: str
    path: Path
    kind: str


@dataclass(frozen=True)
class Read:
    """The cells of all files that could be read (RAW), and the others with the rule that says why (UNREAD)."""

    raw: pl.DataFrame
    unread: pl.DataFrame


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
            failure = outcomes[number]
            if failure is not None:
                unread.append((file.sha256, *failure))
                continue
            cells = pl.read_ipc((folder / f"{number}.arrow").read_bytes())
            frames.append(
                cells.select(
                    pl.lit(file.sha256).alias("sha256"),
                    pl.lit(file.file_name).alias("file_name"),
                    *(name for name in RAW if name in cells.columns),
                )
            )
    return Read(pl.concat(frames), pl.DataFrame(unread, schema=UNREAD, orient="row"))


def _outcomes(
    files: Sequence[FileToRead], folder: Path, limits: ReadLimits
) -> Mapping[int, tuple[str, str] | None]:
    """For each file by its number: None where its cells lie in ``folder``, else rule code and detail."""
    outcomes: dict[int, tuple[str, str] | None] = {}
    while left := [number for number in range(len(files)) if number not in outcomes]:
        before = len(outcomes)
        job = folder / "job.json"
        job.write_text(json.dumps(_job(files, left, folder, limits)), encoding="utf-8")
        _run_child(job, left, outcomes, limits)
        if len(outcomes) == before:
            outcomes[left[0]] = ("FILE_UNREADABLE", "")
    return outcomes


def _job(
    files: Sequence[FileToRead], numbers: Sequence[int], folder: Path, limits: ReadLimits
) -> dict[str, object]:
    return {
        "folder": str(folder),
        "memory_bytes": limits.child_memory_bytes,
        "cpu_seconds": limits.child_cpu_seconds,
        "files": [
            {"number": number, "path": str(files[number].path.resolve()), "kind": files[number].kind}
            for number in numbers
        ],
    }


def _run_child(
    job: Path, numbers: Sequence[int], outcomes: dict[int, tuple[str, str] | None], limits: ReadLimits
) -> None:
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
    outcomes: dict[int, tuple[str, str] | None],
) -> None:
    """Turn what the child says into ``outcomes``; the file at which it falls silent or ends has failed."""
    current: int | None = None
    for event in events:
        if event is None:
            outcomes[numbers[0] if current is None else current] = ("FILE_TOO_SLOW", "")
            return
        if event["event"] == "start":
            current = int(event["file"])
        else:
            current = None
            failed = event["event"] == "failed"
            outcomes[int(event["file"])] = (event["rule_code"], event["detail"]) if failed else None
    if current is not None:
        outcomes[current] = ("FILE_UNREADABLE", "")


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
