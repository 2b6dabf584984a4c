"""The way a figure takes, step by step: each function is one stage between two places on disk.

Knows the rooms and the data folder; does not know Dagster or the command line. ``defs`` turns these steps into
assets, ``cli`` runs the assets. Nothing here reads a clock, the environment or the current folder.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import durable, frames
from dagster_project.catalogue.rounds import ANYTHING, Wanted, round_before
from dagster_project.code_version import code_version
from dagster_project.errors import KhoError, UsageError
from dagster_project.fixed_rounds import check_fixed, check_states, record_releases, release_of
from dagster_project.incoming import RECEIPTS_FILE, closed_paths, list_incoming, read_receipts
from dagster_project.ledger.decision_frames import decision_frames, read_decisions, with_signed_copies
from dagster_project.ledger.retakes import Retake, retake_facts, retakes
from dagster_project.ledger.rollbacks import Rollback, log_rollback, log_rollback_ended, rollback_of
from dagster_project.ledger.rounds import Rounds, last_receipt_number, read_rounds, round_frames
from dagster_project.ledger.store import (
    Receipt,
    add_receipts,
    hash_receipts,
    list_acts,
    list_receipts,
    log_act,
    open_ledger,
    receipt_numbers,
    receipts_since,
)
from dagster_project.paths import DataFolder, Project
from dagster_project.progress import Progress, unseen
from dagster_project.settings import Settings
from dagster_project.text import printable

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Engine

    from dagster_project.catalogue.load import Catalogue
    from dagster_project.intake.land import LandedFile
    from dagster_project.intake.take_in import Intake
    from dagster_project.quality.gated import Batch
    from dagster_project.quality.late import Fixed
    from dagster_project.quality.outcomes import Result
    from dagster_project.reports.export import ExportedFile
    from dagster_project.warehouse.build import NodeResult
    from dagster_project.warehouse.releases import Release

_LANDED_AT_ONCE = 1_000
#: Beside the catalogue's tables among the inputs of a build: which catalogue they are of.
_CATALOGUE_HASH = "catalogue.sha256"
_RELEASE_MADE = "release.made"


@dataclass(frozen=True)
class Desk:
    """Where and with what one run works."""

    settings: Settings
    now: Callable[[], datetime]
    project: Project = field(default_factory=Project)
    known_at: datetime | None = None
    """The ledger is read as it stood then; None: as it stands."""
    build_name: str = DataFolder.build_name
    progress: Progress = unseen
    """Hears how far long stages are."""
    exports_follow: bool = False
    """Documents are written after a build: what they need is loaded while dbt builds, if that is made at once."""

    @property
    def folder(self) -> DataFolder:
        return replace(self.settings.folder, build_name=self.build_name)


@dataclass(frozen=True)
class Inputs:
    """What a release is made from; equal hashes mean that there is nothing to build."""

    inputs_hash: str
    catalogue_hash: str
    code_version: str


def receive(
    desk: Desk,
    sources: Iterable[Path],
    *,
    wanted: Wanted = ANYTHING,
    sender: str = "",
    channel: str = "",
    only: Callable[[Path], bool] | None = None,
) -> list[Receipt]:
    """Land copies of files and of everything in folders, and write their receipts.

    A folder may carry ``receipts.csv`` (file, received_at, sender, channel), else the clock tells when a file came,
    and ``sender`` and ``channel`` from whom and how. ``wanted`` is what the run was told to take, if anything; ``only``
    leaves files where they lie for now.
    Returns the receipts of all these files, new or known; what may not be read in a folder is passed over and told by
    ``not_received``. Raises ``UsageError`` for a path that is not there, a named file that may not be read and a
    malformed ``receipts.csv``.
    """
    from dagster_project.intake.land import land_all

    desk.folder.make()
    incoming = [one for one in list_incoming(sources, desk.now) if only is None or only(one.path)]
    landed: list[LandedFile] = []
    for at in range(0, len(incoming), _LANDED_AT_ONCE):
        batch = incoming[at : at + _LANDED_AT_ONCE]
        landed += land_all([one.path for one in batch], desk.folder)
        desk.progress("receive", len(landed), len(incoming))
    receipts = [
        Receipt(
            sha256=file.sha256,
            file_name=one.name,
            size_bytes=file.size_bytes,
            received_at=one.received_at,
            sender=one.sender or sender,
            channel=one.channel or channel,
            expected_year=wanted.year,
            expected_round=wanted.round_code,
        )
        for one, file in zip(incoming, landed, strict=True)
    ]
    engine = open_ledger(desk.settings.ledger)
    add_receipts(engine, receipts, (desk.now(), desk.settings.person))
    asked = {(receipt.sha256, receipt.file_name) for receipt in receipts}
    return [receipt for receipt in list_receipts(engine) if (receipt.sha256, receipt.file_name) in asked]


def take_again(desk: Desk, catalogue: Catalogue, handed_in: Iterable[Receipt], wanted: Wanted) -> list[str]:
    """Take again what was refused for its round alone, as ``taking_again`` says; the names of the files."""
    from dagster_project import taking_again

    return taking_again.take_again(
        open_ledger(desk.settings.ledger),
        desk.folder.cells,
        handed_in,
        wanted,
        catalogue=catalogue,
        office=desk.settings.office,
        now=desk.now(),
        by=desk.settings.person,
    )


def not_received(desk: Desk, sources: Iterable[Path]) -> list[KhoError]:
    """What folders hold or tell of that did not come in: files that may not be read, receipts without their file.

    A receipt whose file came in before, under the same name, is not told again. Call it after ``receive``.
    """
    problems = []
    for folder in (source for source in sources if source.is_dir()):
        closed = closed_paths(folder)
        if closed:
            problems.append(KhoError("inbox.unreadable", files=", ".join(map(str, closed))))
        told = read_receipts(folder / RECEIPTS_FILE)
        missing = [name for name in told if not (folder / name).exists()]
        if missing:
            receipts = list_receipts(open_ledger(desk.settings.ledger))
            came = {receipt.file_name for receipt in receipts}
            missing = [name for name in missing if printable(name) not in came]
        if missing:
            problems.append(
                KhoError(
                    "inbox.no_file", receipts=folder / RECEIPTS_FILE, files=", ".join(map(printable, missing))
                )
            )
    return problems


def last_received(desk: Desk) -> int:
    """The place in the ledger of the receipt that was written last; 0 where nothing came."""
    return last_receipt_number(open_ledger(desk.settings.ledger))


def received_since(desk: Desk, receipt_number: int) -> list[Receipt]:
    """The receipts that were written after the one with this place."""
    return receipts_since(open_ledger(desk.settings.ledger), receipt_number)


def read_inputs(desk: Desk, catalogue: Catalogue) -> Inputs:
    """The hash over receipts, decisions, catalogue, office and code: what a release would be made from."""
    ledger = open_ledger(desk.settings.ledger)
    receipts = hash_receipts(ledger, desk.known_at)
    code = code_version(desk.project)
    office = desk.settings.office.model_dump(mode="json")
    decisions, rounds = read_decisions(ledger, desk.known_at), read_rounds(ledger, desk.known_at)
    decided = [*decisions.facts(), *rounds.facts(), *retake_facts(retakes(ledger, desk.known_at))]
    facts = [receipts, decided, catalogue.content_hash, office, code]
    return Inputs(
        inputs_hash=_digest(json.dumps(facts, ensure_ascii=False).encode()),
        catalogue_hash=catalogue.content_hash,
        code_version=code,
    )


def load_checked_catalogue(desk: Desk) -> Catalogue:
    """The catalogue, linted; raises ``CatalogueError`` with every problem at once.

    Every stage asks for it: files that are byte for byte those of the last time are not read and linted again, not even
    by the next command.
    """
    read, kept = _catalogue_read(desk)
    return _checked_catalogue(desk.settings.catalogue, desk.settings.reference_areas, read, kept)


def load_catalogue_as_it_stands(desk: Desk) -> Catalogue:
    """The catalogue without linting it, for what is only shown. Raises ``CatalogueError`` where it cannot be read."""
    from dagster_project.catalogue.kept import find_kept
    from dagster_project.catalogue.load import load_catalogue

    _, kept = _catalogue_read(desk)
    found = find_kept(kept, desk.settings.catalogue)
    return found or load_catalogue(desk.settings.catalogue, desk.settings.reference_areas)


def _catalogue_read(desk: Desk) -> tuple[str, Path]:
    """What tells the catalogue's files from any others, and where what was read of them is kept."""
    tops = [top for top in (desk.settings.catalogue, desk.settings.reference_areas) if top]
    files = sorted(file for top in tops for file in top.glob("*.csv"))
    read = "".join(f"{file}\n{_digest(file.read_bytes())}\n" for file in files)
    key = _digest(f"{code_version(desk.project)}\n{read}".encode())[:16]
    return read, desk.folder.catalogue_read / key


@lru_cache(maxsize=2)
def _checked_catalogue(folder: Path, beside: Path | None, _read: str, kept: Path) -> Catalogue:
    from dagster_project.catalogue.kept import find_kept, keep
    from dagster_project.catalogue.lint import check
    from dagster_project.catalogue.load import CatalogueError, load_catalogue

    found = find_kept(kept, folder)
    if found:
        return found
    catalogue = load_catalogue(folder, beside)
    problems = check(catalogue)
    if problems:
        raise CatalogueError(problems)
    if kept.parent.parent.is_dir():
        keep(catalogue, kept)
    return catalogue


def start_build(desk: Desk) -> None:
    """Clear what an interrupted build left; only the holder of the build lock may call this."""
    from dagster_project.warehouse.build import clear_build

    clear_build(desk.folder)
    made = (desk.folder.cells, desk.folder.releases, desk.folder.known, desk.folder.exports)
    for folder in (*made, desk.folder.catalogue_read):
        durable.sweep(folder)
    desk.folder.build_inputs.mkdir(parents=True)


def copy_early(desk: Desk) -> None:
    """Begin to copy what the build goes on from, where that takes long: files are received and judged meanwhile."""
    from dagster_project.warehouse.build import copy_early as copy

    copy(desk.folder)


def write_catalogue(desk: Desk, catalogue: Catalogue) -> None:
    """The catalogue as typed Parquet among the build's inputs."""
    from dagster_project.catalogue.artifacts import write_parquet

    write_parquet(catalogue, desk.folder.build_inputs / "catalogue")
    (desk.folder.build_inputs / _CATALOGUE_HASH).write_text(catalogue.content_hash, encoding="utf-8")


def read_cells(desk: Desk, catalogue: Catalogue, *, keep_others: bool = False) -> int:
    """Read every landed file that was not read yet with this catalogue and this code; returns how many.

    One folder per batch of files, kept under a key of all that shapes the reading, so that a later run reads only what
    is new and a change of catalogue or code reads everything again; what another key kept is removed, unless
    ``keep_others``. Batches that were written before an interruption are not read again.
    """
    from dagster_project.intake.take_in import ReceivedFile, take_in_batches

    store = cell_store(desk, catalogue)
    if not keep_others:
        durable.sweep(desk.folder.cells, lambda name: name != store.name)
    known = _files_read(store)
    ledger = open_ledger(desk.settings.ledger)
    receipts, again = list_receipts(ledger, desk.known_at), retakes(ledger, desk.known_at)
    new: dict[str, Receipt] = {}
    for receipt in receipts:
        if receipt.sha256 not in known and receipt.sha256 not in new:
            new[receipt.sha256] = again.get(receipt.sha256, Retake()).of(receipt)
    by_wanted: dict[Wanted, list[Receipt]] = {}
    for receipt in new.values():
        by_wanted.setdefault(Wanted(receipt.expected_year, receipt.expected_round), []).append(receipt)
    done = 0
    for wanted, chosen in sorted(by_wanted.items(), key=lambda item: str(item[0])):
        files = [
            ReceivedFile(
                receipt_id=receipt.receipt_id,
                sha256=receipt.sha256,
                file_name=receipt.file_name,
                path=desk.folder.landed(receipt.sha256),
                received_at=receipt.received_at,
                sender=receipt.sender,
                channel=receipt.channel,
            )
            for receipt in chosen
        ]
        office = desk.settings.office
        for intake in take_in_batches(
            files, catalogue, office, office.read_limits, wanted, processes=desk.settings.processes
        ):
            keep_batch(store, intake)
            done += len(intake.files)
            desk.progress("read", done, len(new))
    return done


def keep_batch(store: Path, intake: Intake) -> None:
    """Write what a batch of files gave as a folder of ``store``, named after these files."""
    names = sorted(intake.files)
    tables = {
        "cells": (intake.cells, frames.CELLS),
        "submissions": (intake.submissions, frames.SUBMISSIONS),
        "findings": (intake.findings, frames.FINDINGS),
        "answers": (intake.answers, frames.ANSWERS),
    }
    with durable.new_folder(store / _digest("".join(names).encode())[:16]) as folder:
        for name, (frame, schema) in tables.items():
            frames.conform(frame, schema).write_parquet(folder / f"{name}.parquet")
        (folder / "files.json").write_text(json.dumps(names), encoding="utf-8")


@dataclass(frozen=True)
class Admitted:
    """What gate 1 made of all cells: how many of each disposition, and every result of its suites."""

    dispositions: Mapping[str, int]
    results: Sequence[Result]

    @property
    def broken(self) -> list[Result]:
        """Invariants that do not hold; empty where the build may go on."""
        return [result for result in self.results if result.invariant and not result.success]


def admit(desk: Desk, catalogue: Catalogue, *, keep_others: bool = False) -> Admitted:
    """Gate 1 over all that was read; its frames are written among the build's inputs.

    Batches that passed it before, as they count now, are not looked at again. What is kept of them as they counted
    before is removed, unless ``keep_others``.
    """
    import polars as pl

    from dagster_project.quality import beside, gated
    from dagster_project.quality.late import hold_late, hold_late_returns, let_in
    from dagster_project.quality.returned import keep_newest

    store = cell_store(desk, catalogue)
    ledger = open_ledger(desk.settings.ledger)
    receipts = list_receipts(ledger, desk.known_at)
    files = {receipt.sha256 for receipt in receipts}
    unread = files - _files_read(store)
    if unread:
        raise KhoError("cli.files_unread", count=len(unread))
    batches = _batches(store)
    rounds = read_rounds(ledger, desk.known_at)
    places = receipt_numbers(ledger)
    fixed = _fixed(rounds)
    held = hold_late(
        let_in(_gathered(batches, "submissions", frames.SUBMISSIONS, files), rounds.reopened(), places),
        _gathered(batches, "answers", frames.ANSWERS, files),
        fixed,
        places,
    )
    submissions = held.submissions
    found = hold_late_returns(_gathered(batches, "findings", frames.FINDINGS, files), fixed, places)
    found = keep_newest(found, places)
    counted = [_as_it_counts(batch, files, held.late) for batch in batches]
    passed = gated.gate_batches(counted, catalogue, desk.project.expectations)
    of_cells = gated.results_of(passed, catalogue, desk.project.expectations)
    of_submissions = gated.gate_submissions(submissions, store, catalogue, desk.project.expectations)
    beside.stop()
    if not keep_others:
        gated.forget_others(counted)
    findings = pl.concat([found, held.findings, *(batch.findings() for batch in passed)])
    inputs = desk.folder.build_inputs
    is_sample = desk.settings.office.is_sample
    _receipt_frame(receipts, findings, is_sample=is_sample).write_parquet(inputs / "receipts.parquet")
    gated.write_cells(passed, inputs / "cells")
    decisions = read_decisions(ledger, desk.known_at)
    submissions = with_signed_copies(submissions, decisions.signed_copies)
    submissions.write_parquet(inputs / "submissions.parquet")
    findings.write_parquet(inputs / "findings.parquet")
    answered = set(held.answers["sha256"])
    came = {
        receipt.sha256: receipt.received_at for receipt in reversed(receipts) if receipt.sha256 in answered
    }
    decided = decision_frames(decisions, held.answers, came, is_sample=is_sample)
    for name, frame in {**decided, **round_frames(rounds, is_sample=is_sample)}.items():
        frame.write_parquet(inputs / f"{name}.parquet")
    dispositions: Counter[str] = Counter()
    for batch in passed:
        dispositions.update(batch.dispositions)
    return Admitted(dispositions, [*of_cells, *of_submissions])


def build(desk: Desk, on_node: Callable[[NodeResult], None] | None = None) -> Sequence[NodeResult]:
    """One dbt build of the build file from the build's inputs, of what changed since the last one."""
    from dagster_project.reports.export import start_early as start_exports_early
    from dagster_project.warehouse.build import run_dbt
    from dagster_project.warehouse.slices import find_parts

    done = count(1)

    def hear(node: NodeResult) -> None:
        desk.progress("build", next(done), None)
        if on_node:
            on_node(node)

    # Where a build is made in parts there is no memory for what only waits.
    if desk.exports_follow and not find_parts(desk.folder.build_inputs):
        start_exports_early(desk.settings.processes)
    return run_dbt(
        desk.project,
        desk.folder,
        on_node=hear,
        code_version=code_version(desk.project),
        memory_mb=desk.settings.office.build_memory_mb,
    )


def publish(desk: Desk, inputs: Inputs) -> Release:
    """The build file as the current release, or the current one where nothing in it changed.

    What a rollback set aside is not published again; something new is, and ends the rollback. Raises ``LockedError``
    where the figures of a fixed round would change, and ``KhoError`` where the catalogue was edited since the build
    began: the release would pass for made from it.
    """
    from dagster_project.warehouse.releases import Release, find_release, make_release

    built_from = desk.folder.build_inputs / _CATALOGUE_HASH
    if not built_from.is_file() or built_from.read_text(encoding="utf-8") != inputs.catalogue_hash:
        raise KhoError("catalogue.edited_meanwhile")
    held = rolled_back(desk)
    if held and held.set_aside == inputs.inputs_hash:
        content_hash = find_release(desk.folder, held.release_id).content_hash
        return Release(held.release_id, changed=False, content_hash=content_hash)
    now = desk.now()
    ledger = open_ledger(desk.settings.ledger)
    rounds = read_rounds(ledger)
    check_fixed(desk.folder, rounds, desk.folder.build_file)

    def record(made: Release) -> None:
        record_releases(ledger, rounds, made.release_id, now)
        _log_release(ledger, made, now, desk.settings.person)

    made = make_release(
        desk.folder,
        inputs_hash=inputs.inputs_hash,
        catalogue_hash=inputs.catalogue_hash,
        code_version=inputs.code_version,
        is_sample=desk.settings.office.is_sample,
        created_at=now,
        keep=desk.settings.office.keep_releases,
        always_kept=rounds.kept_releases(),
        memory_mb=desk.settings.office.build_memory_mb,
        record=record,
    )
    if held:
        log_rollback_ended(ledger, held, made.release_id, now)
    return made


def _log_release(ledger: Engine, made: Release, now: datetime, by: str) -> None:
    """Write who made a release; one that a crash left unwritten is written when it is found again."""
    known = {act["subject"] for act in list_acts(ledger, [_RELEASE_MADE])}
    if made.release_id not in known:
        log_act(
            ledger, at=now, actor=by, act=_RELEASE_MADE, subject=made.release_id, detail=made.content_hash
        )


def needs_build(desk: Desk, inputs: Inputs) -> bool:
    """Whether there is something that neither the current release holds nor a rollback set aside.

    A release whose file is no longer what it was is made anew.
    """
    from dagster_project.warehouse.releases import current_manifest, is_whole

    current, held = current_manifest(desk.folder), rolled_back(desk)
    known = {current.inputs_hash if current else None, held.set_aside if held else None}
    if inputs.inputs_hash not in known:
        return True
    return current is not None and not is_whole(desk.folder, current)


def rolled_back(desk: Desk) -> Rollback | None:
    """The rollback by which the current release is the current one."""
    from dagster_project.warehouse.releases import current_manifest

    current = current_manifest(desk.folder)
    if current is None:
        return None
    return rollback_of(open_ledger(desk.settings.ledger), current.release_id, current.inputs_hash)


def roll_back(desk: Desk, told: str, *, reason: str, by: str) -> Rollback:
    """Make a kept release the current one again and write who did so and why; the caller holds the build lock."""
    from dagster_project.warehouse.releases import (
        RELEASE_FILE,
        check_whole,
        current_manifest,
        find_release,
        point_to,
    )

    current = current_manifest(desk.folder)
    if current is None:
        raise UsageError("cli.no_release", folder=desk.folder.root)
    target = find_release(desk.folder, told)
    if target.release_id == current.release_id:
        raise UsageError("releases.already_current", release=target.release_id)
    check_whole(desk.folder, target)
    rounds = read_rounds(open_ledger(desk.settings.ledger))
    check_states(rounds, desk.folder.release(target.release_id) / RELEASE_FILE)
    check_fixed(desk.folder, rounds, desk.folder.release(target.release_id) / RELEASE_FILE)
    earlier = rolled_back(desk)
    rollback = Rollback(
        release_id=target.release_id,
        left_release_id=current.release_id,
        inputs_hash=target.inputs_hash,
        set_aside=earlier.set_aside if earlier else current.inputs_hash,
        reason=reason,
        by=by,
        at=desk.now(),
    )
    log_rollback(open_ledger(desk.settings.ledger), rollback)
    point_to(desk.folder, target)
    return rollback


def release_to_export(desk: Desk, release_id: str, round_code: str | None) -> str:
    """The release that the documents of a round are made from: a fixed round's own, else ``release_id``.

    What came since the round was fixed is in no document that somebody signs.
    """
    own = release_of(read_rounds(open_ledger(desk.settings.ledger)), round_code) if round_code else None
    return own or release_id


def check_templates(desk: Desk) -> None:
    """Raise ``UsageError`` where the office's own template cannot be filled: before a run, not at its end."""
    if desk.folder.templates.is_dir():
        from dagster_project.reports import export as exports

        exports.check_templates(desk.folder.templates)


def export(desk: Desk, release_id: str, round_code: str | None) -> list[ExportedFile]:
    """The report set of one round, from a release."""
    from dagster_project.reports.export import export_release

    return export_release(
        desk.folder.release(release_id),
        desk.folder.exports,
        round_code=round_code,
        lang=desk.settings.lang,
        templates=desk.folder.templates,
        processes=desk.settings.processes,
    )


def issue(
    desk: Desk, catalogue: Catalogue, round_code: str, units: Sequence[str] | None = None
) -> list[Path]:
    """One form per reporting unit of a round, with the figures of the period before where a release has them."""
    from dagster_project.catalogue.lineage import unchanged_areas
    from dagster_project.forms.issue import issue_forms
    from dagster_project.warehouse.releases import current_release
    from dagster_project.warehouse.summary import reported_values

    release_id = current_release(desk.folder)
    before = round_before(catalogue, round_code)
    prior = None
    if release_id and before:
        ends = dict(catalogue.table("rounds").select("round_code", "period_end").iter_rows())
        areas = unchanged_areas(catalogue, ends[before], ends[round_code])
        prior = reported_values(desk.folder.release(release_id) / "kho.duckdb", before, areas)
    return issue_forms(
        catalogue,
        round_code,
        desk.folder.forms / round_code,
        units=units,
        prior=prior,
        is_sample=desk.settings.office.is_sample,
        processes=desk.settings.processes,
    )


def issue_back(
    desk: Desk, catalogue: Catalogue, round_codes: Sequence[str], units: Sequence[str] | None = None
) -> list[Path]:
    """One back-series form per unit that fills in the years of ``round_codes``, the oldest first."""
    from dagster_project.forms.issue_back_series import issue_back_series

    return issue_back_series(
        catalogue,
        round_codes,
        desk.folder.forms / f"hoi-cuu_{round_codes[0]}_{round_codes[-1]}",
        units=units,
        is_sample=desk.settings.office.is_sample,
    )


def cell_store(desk: Desk, catalogue: Catalogue) -> Path:
    """Where what is read is kept: under a key of all that shapes the reading."""
    office = desk.settings.office.model_dump_json()
    key = f"{catalogue.content_hash}\n{code_version(desk.project)}\n{office}"
    again = retakes(open_ledger(desk.settings.ledger), desk.known_at)
    if again:  # rare, and a batch of files is read as a whole
        key += f"\n{json.dumps(retake_facts(again))}"
    return desk.folder.cells / _digest(key.encode())[:16]


def _batches(store: Path) -> list[Path]:
    # What an interrupted write left begins with a dot.
    return sorted(path for path in store.glob("*/") if path.name[0] != ".") if store.is_dir() else []


def _as_it_counts(folder: Path, files: Collection[str], late: Mapping[str, Sequence[str]]) -> Batch:
    """A batch of which only ``files`` are known, and the submissions of ``late`` (by file) came too late."""
    from dagster_project.quality.gated import Batch

    read = _files_of(folder)
    return Batch(
        folder,
        unknown=frozenset(sha256 for sha256 in read if sha256 not in files),
        late=frozenset(one for sha256 in read for one in late.get(sha256, ())),
    )


def _files_of(batch: Path) -> list[str]:
    """sha256 of the files that a batch holds the reading of."""
    names: list[str] = json.loads((batch / "files.json").read_text("utf-8"))
    return names


def _files_read(store: Path) -> set[str]:
    """sha256 of every file that a batch of ``store`` holds the reading of."""
    return {sha256 for batch in _batches(store) for sha256 in _files_of(batch)}


def _gathered(batches: Sequence[Path], name: str, schema: pl.Schema, files: Collection[str]) -> pl.DataFrame:
    """What was read of ``files`` (sha256); the batches may hold others, known later than what is asked."""
    import polars as pl

    read = (pl.read_parquet(batch / f"{name}.parquet") for batch in batches)
    wanted = pl.Series(list(files), dtype=pl.String)
    return pl.concat([frames.empty(schema), *read]).filter(pl.col("sha256").is_in(wanted.implode()))


def _fixed(rounds: Rounds) -> dict[str, Fixed]:
    """The fixed rounds as the gate needs them."""
    from dagster_project.catalogue.calendar import OFFICE_TIME
    from dagster_project.quality.late import Fixed

    return {
        code: Fixed(
            item.fixed_by.last_receipt_number,
            f"{item.fixed_by.set_at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}",
        )
        for code, item in rounds.fixed().items()
    }


def _receipt_frame(receipts: Sequence[Receipt], findings: pl.DataFrame, *, is_sample: bool) -> pl.DataFrame:
    """Receipts as the marts see them: the first of equal bytes counts, a file that the guard refused is refused.

    A scan or a photo is the paper copy: it came, though no figure was read from it.
    """
    import polars as pl

    # Column by column: a country has hundreds of thousands.
    told = {
        name: dtype
        for name, dtype in frames.RECEIPTS.items()
        if name not in ("status", "reason", "is_sample")
    }
    frame = pl.DataFrame({name: list(map(attrgetter(name), receipts)) for name in told}, schema=told)
    refused = (
        findings.filter((pl.col("stage") == "guard") & (pl.col("severity") == "blocking"))
        .group_by("sha256")
        .agg(pl.col("rule_code").min().alias("refusal"))
    )
    paper = findings.filter(pl.col("rule_code") == "PAPER_COPY_RECEIVED")["sha256"].unique()
    return frames.conform(
        frame.join(refused, on="sha256", how="left", maintain_order="left").select(
            pl.all().exclude("refusal"),
            pl.when(pl.col("sha256").is_first_distinct().not_())
            .then(pl.lit("duplicate"))
            .when(pl.col("refusal").is_not_null())
            .then(pl.lit("refused"))
            .when(pl.col("sha256").is_in(paper.implode()))
            .then(pl.lit("paper"))
            .otherwise(pl.lit("received"))
            .alias("status"),
            pl.col("refusal").alias("reason"),
            pl.lit(is_sample).alias("is_sample"),
        ),
        frames.RECEIPTS,
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
