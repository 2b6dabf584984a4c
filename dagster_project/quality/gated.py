"""Gate 1 over the batches of the cell store: each is asked about once, and what came of it is kept beside its cells.

So are all submissions together, as long as they stay the same: what an officer decides changes no answer.
Finding, keeping and putting in place of what the gate left of a batch belong here; what the gate does with cells is
``gate``. What of a batch counts (files that are known, submissions that came in time) is told by the caller, who also
knows that the store's name changes with everything else that shapes the result.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from dagster_project import durable
from dagster_project.frames import CELLS, empty
from dagster_project.quality.gate import GatedCells, Tables, admit_cells, admit_submissions
from dagster_project.quality.late import hold_cells
from dagster_project.quality.outcomes import UNDECIDED, Result

_KEPT = "gated"
_CELLS, _FINDINGS, _TOLD = "cells.parquet", "findings.parquet", "gate.json"
_SUBMISSIONS = "submissions.json"
#: So many rows are hashed at once.
_ROWS_HASHED = 50_000
#: DuckDB's own: a thread takes one at a time.
_ROWS_PER_GROUP = 122_880
#: Batches are asked about together up to so many cells, of which a few in a hundred are figures.
_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Batch:
    """A batch's folder, which of its files (sha256) are not known, and which of its submissions came too late."""

    folder: Path
    unknown: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether all of it counts."""
        return not self.unknown and not self.late

    @property
    def gated(self) -> Path:
        """Where what the gate leaves of it is kept."""
        if self.is_whole:
            return self.folder / _KEPT
        facts = json.dumps([sorted(self.unknown), sorted(self.late)]).encode()
        return self.folder / f"{_KEPT}-{hashlib.sha256(facts).hexdigest()[:16]}"

    def cells(self) -> pl.LazyFrame:
        """Its cells (CELLS) that count, those of late submissions held."""
        cells = pl.scan_parquet(self.folder / _CELLS)
        if self.unknown:
            cells = cells.filter(~pl.col("sha256").is_in(pl.Series(list(self.unknown)).implode()))
        return hold_cells(cells, self.late) if self.late else cells


@dataclass(frozen=True)
class Gated:
    """What the gate left of a batch: its cells by disposition, the hash of their file, the results of the suites."""

    folder: Path
    name: str
    dispositions: Mapping[str, int]
    content_hash: str
    results: Sequence[Result]

    def findings(self) -> pl.DataFrame:
        """FINDINGS of stage "admission"."""
        return pl.read_parquet(self.folder / _FINDINGS)

    def link_into(self, cells: Path) -> None:
        """Put the file of its cells into a folder, under a name that changes with its content."""
        durable.link(self.folder / _CELLS, cells / f"{self.name}-{self.content_hash[:32]}.parquet")


def gate_batches(batches: Sequence[Batch], catalogue: Tables, expectations: Path) -> list[Gated]:
    """What the gate leaves of each batch, in their order; those that it has not seen as they are now are asked about.

    A batch that breaks an invariant of ours is asked about again each time.
    """
    new = [batch for batch in batches if _kept(batch) is None]
    for together in _bounded(new):
        asked = admit_cells([batch.cells() for batch in together], catalogue, expectations)
        for batch, gated in zip(together, asked, strict=True):
            _keep(batch, gated)
    return [_read(batch) for batch in batches]


def gate_submissions(
    submissions: pl.DataFrame, store: Path, catalogue: Tables, expectations: Path
) -> list[Result]:
    """What the suite says of all submissions (SUBMISSIONS); of the same ones it is kept in ``store``.

    Submissions that break an invariant of ours are asked about again each time.
    """
    kept, content_hash = store / _SUBMISSIONS, _hash(submissions)
    with suppress(FileNotFoundError):
        told = json.loads(kept.read_text(encoding="utf-8"))
        if told["content_hash"] == content_hash:
            return [Result(**result) for result in told["results"]]
    results = admit_submissions(submissions, catalogue, expectations)
    if not _is_broken(results):
        told = {"content_hash": content_hash, "results": [asdict(result) for result in results]}
        durable.write_text(kept, json.dumps(told))
    return results


def results_of(gated: Sequence[Gated], catalogue: Tables, expectations: Path) -> list[Result]:
    """What the suites said of all batches together; without any, what they say of no cells."""
    if gated:
        return summed(batch.results for batch in gated)
    (nothing,) = admit_cells([empty(CELLS).lazy()], catalogue, expectations)
    return list(nothing.results)


def write_cells(gated: Iterable[Gated], folder: Path) -> None:
    """The cells of all batches as the Parquet files of one new folder; without any there is one without rows."""
    folder.mkdir()
    for batch in gated:
        batch.link_into(folder)
    if not any(folder.iterdir()):
        empty(CELLS).write_parquet(folder / "none.parquet")


def forget_others(batches: Sequence[Batch]) -> None:
    """Remove what was kept of these batches as they are not now; only the holder of the build lock may call this."""
    for batch in batches:
        kept = batch.gated.name
        for other in batch.folder.glob(f"*{_KEPT}*"):  # what an interrupted write left begins with a dot
            if other.name != kept:
                shutil.rmtree(other)


def summed(results: Iterable[Sequence[Result]]) -> list[Result]:
    """The results of several batches as those of one that holds all their cells."""
    sums: dict[tuple[str, str, int, str | None], Result] = {}
    for of_batch in results:
        # Some expectations share a rule code: they are told apart by their order.
        met: Counter[tuple[str, str, str | None]] = Counter()
        for result in of_batch:
            place = (result.dataset, result.rule_code, result.round_code)
            key = (result.dataset, result.rule_code, met[place], result.round_code)
            met[place] += 1
            sums[key] = _added(sums[key], result) if key in sums else result
    order: dict[tuple[str, str, int], int] = {}
    for key in sums:
        order.setdefault(key[:3], len(order))
    parted = {result.dataset for result in sums.values() if result.round_code is not None}
    return [
        result
        for key, result in sorted(sums.items(), key=lambda item: (order[item[0][:3]], str(item[0][3])))
        if result.round_code is not None or result.dataset not in parted or not _is_of_nothing(result)
    ]


def _added(one: Result, other: Result) -> Result:
    return replace(
        one,
        success=one.success and other.success,
        failed=one.failed + other.failed,
        evaluated=one.evaluated + other.evaluated,
        invariant=one.invariant or other.invariant,
        error=one.error or other.error,
    )


def _is_of_nothing(result: Result) -> bool:
    """What is said where there are no rows."""
    return result.success and not result.evaluated


def _bounded(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    """Batches of one schema each, with so many cells that their questions stay small."""
    together: list[Batch] = []
    schema, count = None, 0
    for batch in batches:
        cells = pl.scan_parquet(batch.folder / _CELLS)
        own, size = cells.collect_schema(), cells.select(pl.len()).collect().item()
        if together and (own != schema or count + size > _CELLS_AT_ONCE):
            yield together
            together, count = [], 0
        schema, count = own, count + size
        together.append(batch)
    if together:
        yield together


def _keep(batch: Batch, gated: GatedCells) -> None:
    with durable.new_folder(batch.gated) as folder:
        _write(batch, gated.cells, folder / _CELLS)
        gated.findings.write_parquet(folder / _FINDINGS)
        counted = pl.scan_parquet(folder / _CELLS).group_by("disposition").len().collect()
        told = {
            "content_hash": durable.file_hash(folder / _CELLS),
            "dispositions": {name or UNDECIDED: count for name, count in counted.iter_rows()},
            "results": [asdict(result) for result in gated.results],
        }
        (folder / _TOLD).write_text(json.dumps(told), encoding="utf-8")


def _write(batch: Batch, cells: pl.DataFrame | None, file: Path) -> None:
    """The gated cells; where nothing is held out of a whole batch they are the cells that were read."""
    if cells is not None:
        cells.write_parquet(file, row_group_size=_ROWS_PER_GROUP)
    elif batch.is_whole:
        durable.link(batch.folder / _CELLS, file)
    else:
        batch.cells().sink_parquet(file, row_group_size=_ROWS_PER_GROUP)


def _kept(batch: Batch) -> Gated | None:
    """What is kept of a batch as it is now, unless it broke an invariant."""
    if not batch.gated.is_dir():
        return None
    kept = _read(batch)
    return None if _is_broken(kept.results) else kept


def _is_broken(results: Sequence[Result]) -> bool:
    return any(result.invariant and not result.success for result in results)


def _hash(frame: pl.DataFrame) -> str:
    """The sha256 of a frame's rows in their order."""
    digest = hashlib.sha256()
    for part in frame.rechunk().iter_slices(_ROWS_HASHED):
        digest.update(part.write_ipc(None).getbuffer())
    return digest.hexdigest()


def _read(batch: Batch) -> Gated:
    told = json.loads((batch.gated / _TOLD).read_text(encoding="utf-8"))
    return Gated(
        folder=batch.gated,
        name=batch.folder.name,
        dispositions=told["dispositions"],
        content_hash=told["content_hash"],
        results=[Result(**result) for result in told["results"]],
    )
