"""Chains of killed runs, what must hold after each kill, and the run that finishes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from pathlib import Path

import duckdb

from dagster_project.ledger.store import list_receipts, open_ledger
from dagster_project.locks import build_lock
from dagster_project.paths import DataFolder
from dagster_project.reports.export import exported_files
from dagster_project.warehouse.releases import RELEASE_FILE, check_whole, current_manifest
from tests.chaos import child
from tests.chaos.office import Office
from tests.command import LIBRARIES

STAGES = ("land", "ledger", "gate", "dbt", "swap", "export")
#: Once the new release is there, only these are still to be done.
_STAGES_AFTER = ("land", "ledger", "export")
_FINISHED = (0, 1)
#: The share of finishing runs that do not take the build that the undisturbed run made.
_BY_DBT = 0.15
_PATIENCE = 900.0


class BrokenError(AssertionError):
    """Something that must hold after a kill does not."""


@dataclass
class Tally:
    """What the play has seen so far."""

    kills: Counter[str] = field(default_factory=Counter)
    old_state: Counter[str] = field(default_factory=Counter)
    new_state: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    finished_by_dbt: int = 0
    checked_receipts: int = 0


@dataclass(frozen=True)
class Ended:
    """How a run ended: where it was killed (None: it was not), its exit code, its words, seconds per stage."""

    killed_in: str | None
    code: int
    words: str
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Reference:
    """The undisturbed run: the content of its release and of the one before, its stages, the build that it made."""

    old_hash: str | None
    new_hash: str
    seconds: Mapping[str, float]
    built: Path


def starter() -> BaseContext:
    """Starts each run from a process that has loaded the program and its libraries: they are not what is tried."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [*(name for name in LIBRARIES if find_spec(name)), "tests.chaos.child", "dagster_project.definitions"]
    )
    return context


def start_server() -> None:
    """Start the process that runs are forked from, before anything else starts one that has loaded less."""
    starter()
    forkserver.ensure_running()


def run_once(
    office: Office,
    sources: Sequence[Path],
    *,
    kill: tuple[str, float] | None = None,
    built: Path | None = None,
    keep: Path | None = None,
) -> Ended:
    """One ``kho run``; with ``kill`` (a stage and seconds after it began) it is killed there, if it still runs."""
    context = starter()
    here, there = context.Pipe(duplex=False)
    out = office.root / "words.txt"
    line = ["--data", str(office.data), "run", *map(str, sources), "--year", "2025", "--json"]
    process = context.Process(target=child.run, args=(line, there, out, built, keep))
    process.start()
    there.close()
    stage, since, seconds, killed = child.BETWEEN, time.monotonic(), Counter[str](), False
    deadline: float | None = None
    try:
        while True:
            left = _PATIENCE if deadline is None else max(0.0, deadline - time.monotonic())
            if not here.poll(left):
                if deadline is None:
                    raise BrokenError(f"a run has been in stage {stage} for {_PATIENCE:.0f} seconds")
                process.kill()
                killed, deadline = True, None
                continue
            told = here.recv_bytes().decode()
            now = time.monotonic()
            seconds[stage] += now - since
            stage, since = told, now
            if kill and not killed and deadline is None and told == kill[0]:
                deadline = now + kill[1]
    except EOFError:
        process.join()
    finally:
        here.close()
    words = out.read_text(encoding="utf-8", errors="replace") if out.is_file() else ""
    code = -1 if process.exitcode is None else process.exitcode
    return Ended(stage if killed and code < 0 else None, code, words, seconds)


def undisturbed(office: Office, *, has_release: bool) -> Reference:
    """Play both deliveries without a kill; leaves ``office.before`` as each chain of kills will find it.

    ``has_release``: the first delivery has its release before the kills begin; else both come at once.
    """
    old_hash = None
    if has_release:
        _check_finished(run_once(office, [office.first]))
        old_hash = _content(office)
    office.data.rename(office.before)
    office.restore()
    ended = run_once(office, sources(office, has_release=has_release), keep=office.root / "built")
    _check_finished(ended)
    new_hash = _content(office)
    if new_hash is None or new_hash == old_hash:
        raise BrokenError("the second delivery changed nothing")
    return Reference(old_hash, new_hash, ended.seconds, office.root / "built")


def sources(office: Office, *, has_release: bool) -> list[Path]:
    """What the runs that are killed take in."""
    return [office.second] if has_release else [office.first, office.second]


def play_chain(
    office: Office, reference: Reference, rng: random.Random, wanted: Sequence[str], tally: Tally
) -> None:
    """From the state before: runs killed one after the other, each in a stage of ``wanted``, then one that finishes."""
    office.restore()
    delivered = sources(office, has_release=reference.old_hash is not None)
    known: set[str] = set()
    for asked in wanted:
        is_new = _content(office) == reference.new_hash
        stage = asked if not is_new or asked in _STAGES_AFTER else "export"
        delay = rng.uniform(0, reference.seconds.get(stage, 0.1))
        built = None if stage == "dbt" else reference.built
        ended = run_once(office, delivered, kill=(stage, delay), built=built)
        if ended.killed_in is None:
            _check_finished(ended)
            break
        tally.kills[ended.killed_in] += 1
        known = check_after_kill(office, reference, known, tally, ended.killed_in)
    by_dbt = rng.random() < _BY_DBT
    _check_finished(run_once(office, delivered, built=None if by_dbt else reference.built))
    tally.finished += 1
    tally.finished_by_dbt += by_dbt
    _check_end(office, reference, delivered, tally)


def check_after_kill(
    office: Office, reference: Reference, known: set[str], tally: Tally, stage: str
) -> set[str]:
    """What holds whenever a run dies; returns the receipts that are there now. Raises ``BrokenError``."""
    folder = DataFolder(office.data)
    with build_lock(folder.build_lock):
        pass
    content = _content(office)
    if content not in (reference.old_hash, reference.new_hash):
        raise BrokenError(f"killed in {stage}: the current release is neither the old one nor the new one")
    (tally.new_state if content == reference.new_hash else tally.old_state)[stage] += 1
    _check_exports(folder)
    return _check_receipts(folder, known, tally)


def _check_end(office: Office, reference: Reference, delivered: Sequence[Path], tally: Tally) -> None:
    """Every file that was handed in is in the release, and the release is that of the undisturbed run."""
    folder = DataFolder(office.data)
    if _content(office) != reference.new_hash:
        raise BrokenError("the final release differs from that of the undisturbed run")
    handed = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for source in delivered
        for path in source.iterdir()
        if path.name != "receipts.csv"
    }
    manifest = current_manifest(folder)
    if manifest is None:
        raise BrokenError("a run finished without a release")
    with duckdb.connect(
        str(folder.release(manifest.release_id) / RELEASE_FILE), read_only=True
    ) as connection:
        told = {row[0] for row in connection.execute("select sha256 from marts.fct_receipt").fetchall()}
    if not handed <= told:
        raise BrokenError(f"{len(handed - told)} submissions are not in the final release")
    if not exported_files(folder.exports / manifest.release_id):
        raise BrokenError("the final release has no documents")
    _check_exports(folder)
    _check_receipts(folder, set(), tally)
    left = [
        path for top in (folder.releases, folder.exports) for path in top.iterdir() if path.name[0] == "."
    ]
    if left:
        raise BrokenError(f"the run that finished left what killed ones had begun: {left}")


def _content(office: Office) -> str | None:
    """The content hash of the current release, whose file is proven to be whole and to open."""
    folder = DataFolder(office.data)
    manifest = current_manifest(folder)
    if manifest is None:
        if folder.current_release.exists():
            raise BrokenError("the pointer leads to no release")
        return None
    check_whole(folder, manifest)
    with duckdb.connect(
        str(folder.release(manifest.release_id) / RELEASE_FILE), read_only=True
    ) as connection:
        connection.execute("select count(*) from marts.fct_receipt").fetchall()
    return manifest.content_hash


def _check_exports(folder: DataFolder) -> None:
    """A release's documents are whole or not there."""
    for documents in folder.exports.glob("R*/"):
        index = json.loads((documents / "index.json").read_text(encoding="utf-8"))
        for item in index:
            content = (documents / item["path"]).read_bytes()
            if hashlib.sha256(content).hexdigest() != item["sha256"]:
                raise BrokenError(f"{item['path']} of {documents.name} is not what its index says")


def _check_receipts(folder: DataFolder, known: set[str], tally: Tally) -> set[str]:
    """The ledger is sound, no receipt is gone, and the bytes of each are in the landing zone."""
    if not folder.ledger_file.is_file():
        return known
    with closing(sqlite3.connect(folder.ledger_file)) as connection:
        (told,) = connection.execute("pragma integrity_check").fetchone()
    if told != "ok":
        raise BrokenError(f"the ledger is damaged: {told}")
    receipts = list_receipts(open_ledger(folder.ledger_file))
    for receipt in receipts:
        content = folder.landed(receipt.sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != receipt.sha256:
            raise BrokenError(f"{receipt.file_name} is in the ledger, its bytes are not in the landing zone")
    there = {receipt.receipt_id for receipt in receipts}
    if not known <= there:
        raise BrokenError(f"{len(known - there)} receipts are gone from the ledger")
    tally.checked_receipts += len(receipts)
    return there


def _check_finished(ended: Ended) -> None:
    if ended.code not in _FINISHED or '"release"' not in ended.words:
        raise BrokenError(f"a run that nobody killed ended with {ended.code}: {ended.words[-2000:]}")
