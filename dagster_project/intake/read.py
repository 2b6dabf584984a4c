"""Guard and read many files in child processes, so that a hostile or broken file stops nothing but itself.

Starting, watching and restarting the children belongs here, and one outcome for each file. What is done inside them is
``read_child``'s.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from bisect import bisect
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from threading import Condition
from typing import Any

import polars as pl

from dagster_project.errors import KhoError
from dagster_project.intake.guard import Inspection
from dagster_project.limits import ReadLimits

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

#: So many files are looked at together, and so few are not worth a child of their own.
_BATCH, _LEAST = 1_000, 100
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


def batches_of(files: int, at_most: int = _BATCH) -> list[range]:
    """The numbers of ``files`` in batches of up to ``at_most``; up to half as many are one batch, and so are none.

    Where there are several the first ones are small: whoever looks at them need not wait long for something to do.
    """
    if files <= at_most // 2:
        return [range(files)]
    batches, size = [range(max(1, at_most // 4))], at_most // 2
    while batches[-1].stop < files:
        start = batches[-1].stop
        batches.append(range(start, min(start + max(1, size), files)))
        size = at_most
    return batches


def read_files(files: Sequence[FileToRead], limits: ReadLimits) -> Read:
    """Read ``files`` in one child, all at once; errors as of ``read_batches``."""
    return next(read_batches(files, limits, [range(len(files))]))


def read_batches(
    files: Sequence[FileToRead], limits: ReadLimits, batches: Sequence[range], *, processes: int = 1
) -> Iterator[Read]:
    """Read ``files`` in limited child processes, each restarted where a file stops it; one of ``batches`` at a time.

    ``batches`` name the files by number, in order. While the caller looks at one batch, the children read the next one
    and no further, so that what waits stays bounded; each of ``processes`` children is started once for all batches.
    Raises ``KhoError`` where a child cannot start at all, which is no fault of a file.
    """
    shares = max(1, min(processes, len(files) // _LEAST))
    with tempfile.TemporaryDirectory(prefix="kho-read-") as aside, ThreadPoolExecutor(shares) as pool:
        reading = _Reading(files, batches, Path(aside), limits)
        try:
            for share in range(shares):
                pool.submit(reading.run, reading.share(share, shares))
            for number in range(len(batches)):
                yield reading.take(number)
        finally:
            reading.stop()


@dataclass
class _Reading:
    """Files being read by children, each watched by a thread of its own; ``changed`` guards what the threads share."""

    files: Sequence[FileToRead]
    batches: Sequence[range]
    folder: Path
    limits: ReadLimits
    changed: Condition = field(default_factory=Condition)
    seen: dict[int, Inspection] = field(default_factory=dict)
    """What the guard says of a file, by its number."""
    ended: dict[int, tuple[str, str] | None] = field(default_factory=dict)
    """Rule code and detail of a file that failed, None of one that did not."""
    written: list[int] = field(default_factory=list)
    """The files of cells, each by the number of the first file in it."""
    asked: int = 0
    """The batch that is waited for."""
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    failure: BaseException | None = None
    """What ended a thread, if it was no file."""
    is_stopped: bool = False

    def share(self, number: int, shares: int) -> list[int]:
        """The files of one child: of each batch an equal part, in order."""
        return [
            batch.start + place
            for batch in self.batches
            for place in range(len(batch) * number // shares, len(batch) * (number + 1) // shares)
        ]

    def take(self, number: int) -> Read:
        """The batch ``number``, as soon as all of its files have ended."""
        batch = self.batches[number]
        with self.changed:
            self.asked = number
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.failure or all(file in self.ended for file in batch))
            if self.failure:
                raise self.failure
            parts = sorted(first for first in self.written if first in batch)
        cells = [pl.read_ipc((self._cells_file(first)).read_bytes()) for first in parts]
        for first in parts:
            self._cells_file(first).unlink()
        names = pl.DataFrame(
            {
                "file": list(batch),
                "sha256": [self.files[file].sha256 for file in batch],
                "file_name": [self.files[file].file_name for file in batch],
            },
            schema_overrides={"file": pl.UInt32},
        )
        failures = {file: self.ended[file] for file in batch}
        return Read(
            pl.concat(
                [
                    frame.join(names, on="file", how="left", maintain_order="left").select(*RAW)
                    for frame in cells
                ]
            )
            if cells
            else pl.DataFrame(schema=RAW),
            pl.DataFrame(
                [
                    (self.files[file].sha256, *failure)
                    for file, failure in failures.items()
                    if failure is not None
                ],
                schema=UNREAD,
                orient="row",
            ),
            {self.files[file].sha256: self.seen[file] for file in batch if file in self.seen},
        )

    def stop(self) -> None:
        """Read nothing more."""
        with self.changed:
            self.is_stopped = True
            for child in self.children:
                child.kill()
            self.changed.notify_all()

    def run(self, share: Sequence[int]) -> None:
        """Read the files of ``share`` in one child after another, as far as they are asked for.

        Files that could not be written together are then written each alone, so that one costs no other.
        """
        alone: set[int] = set()
        try:
            while not self.is_stopped and (left := [file for file in share if file not in self.ended]):
                unwritten = self._run_child(left, alone)
                if not unwritten and all(file not in self.ended for file in left):
                    self._end(left[:1], ("FILE_UNREADABLE", ""))
                alone |= unwritten
        except BaseException as error:  # noqa: BLE001 - raised again where the batch is waited for
            with self.changed:
                self.failure = error
                self.changed.notify_all()

    def _run_child(self, numbers: Sequence[int], alone: Collection[int]) -> set[int]:
        """One run of the child over ``numbers``; it ends at the first file that stops it. Returns as ``_follow``."""
        job = self.folder / f"job-{numbers[0]}.json"
        job.write_text(json.dumps(self._job(numbers, alone)), encoding="utf-8")
        with subprocess.Popen(  # noqa: S603 - this interpreter, our own module, a file of our own making
            [sys.executable, "-I", "-m", _CHILD, str(job)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"POLARS_MAX_THREADS": "1"},
            cwd=job.parent,
        ) as child:
            try:
                with self.changed:
                    self.children.append(child)
                # A stop that came before this child was listed has not ended it; one that comes later does.
                if self.is_stopped:
                    return set()
                events = _events(child, self.limits.file_wall_seconds)
                if next(events, None) is None and not self.is_stopped:
                    raise KhoError("intake.reader_failed")
                return self._follow(events)
            finally:
                child.kill()
                with self.changed:
                    self.children.remove(child)

    def _job(self, numbers: Sequence[int], alone: Collection[int]) -> dict[str, object]:
        return {
            "folder": str(self.folder),
            "limits": asdict(self.limits),
            "batches": [
                [
                    {
                        "number": number,
                        "path": str(self.files[number].path.absolute()),
                        "name": self.files[number].file_name,
                    }
                    for number in batch
                ]
                for _, batch in groupby(
                    numbers, lambda number: (self._batch_of(number), number if number in alone else None)
                )
            ],
        }

    def _batch_of(self, file: int) -> int:
        return bisect(self.batches, file, key=lambda batch: batch.start) - 1

    def _cells_file(self, first: int) -> Path:
        return self.folder / f"{first}.arrow"

    def _follow(self, events: Iterator[Mapping[str, Any] | None]) -> set[int]:
        """Note what the child says; the file at which it falls silent or ends has failed.

        A file that was read counts only when its cells are written. Returns those that were not, where none of them
        can be told to be the one that failed.
        """
        current: int | None = None
        unwritten: set[int] = set()
        rule_code = "FILE_UNREADABLE"
        for event in events:
            if event is None:
                rule_code = "FILE_TOO_SLOW"
            elif event["event"] == "start":
                current = int(event["file"])
                self._wait_for(current)
            elif event["event"] == "inspected":
                self.seen[int(event["file"])] = Inspection(**event["seen"])
            elif event["event"] == "written":
                self._end(event["files"], None, first=event["files"][0])
                unwritten.difference_update(event["files"])
            else:
                current = None
                if event["event"] == "failed":
                    self._end([event["file"]], (event["rule_code"], event["detail"]))
                elif event["event"] == "done":
                    self._end([event["file"]], None)
                else:
                    unwritten.add(event["file"])
        if current is None and len(unwritten) > 1:
            return unwritten
        failed = unwritten if current is None else {current}
        self._end([*failed], (rule_code, ""))
        return set()

    def _wait_for(self, file: int) -> None:
        """Hear no more of a child that is a whole batch ahead: its pipe fills and it waits, too."""
        batch = self._batch_of(file)
        with self.changed:
            self.changed.wait_for(lambda: self.is_stopped or batch <= self.asked + 1)

    def _end(
        self, files: Sequence[int], failure: tuple[str, str] | None, *, first: int | None = None
    ) -> None:
        with self.changed:
            self.ended.update(dict.fromkeys(files, failure))
            if first is not None:
                self.written.append(first)
            self.changed.notify_all()


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
