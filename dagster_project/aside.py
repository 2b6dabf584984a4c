"""Builds beside the current release: what was known at a moment, what another catalogue would say.

Finding such a build and making it from the stages of ``pipeline`` belong here. No release, pointer or main build is
touched. Which catalogue held at a moment is told in one place, ``catalogue_at``.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import durable, pipeline
from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import CatalogueError
from dagster_project.catalogue_versions import catalogue_in_force
from dagster_project.ledger.store import list_acts, list_receipts, open_ledger
from dagster_project.locks import build_lock
from dagster_project.pipeline import Desk

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

#: Below the folder of such builds, with a dot: what an interrupted one left is swept.
_BUILD = "known/.build"
_KEPT = 5


def find_known(desk: Desk, moment: datetime) -> str:
    """The id of a release, or of a build beside them, that holds what was known at a moment.

    A kept release made from just that is taken; else it is built, by the program and settings of today. Raises
    ``LockedError`` where it must be built while another build is at work.
    """
    catalogue = catalogue_at(desk, moment)
    found = _found(desk, catalogue, moment)
    if found is None:
        with build_lock(desk.folder.build_lock):
            found = build_aside(desk, catalogue, known_at=moment)
    return found.name


def catalogue_at(desk: Desk, moment: datetime) -> Catalogue:
    """The catalogue that held at a moment; before any was recorded, the one in use.

    Raises ``CatalogueError`` where the program of today finds problems in the one of then.
    """
    held = catalogue_in_force(desk.settings, moment)
    if held is None:
        return pipeline.load_checked_catalogue(desk)
    if problems := check(held):
        raise CatalogueError(problems)
    return held


def build_aside(desk: Desk, catalogue: Catalogue, *, known_at: datetime | None = None) -> Path:
    """A folder with ``kho.duckdb`` and ``manifest.json``, as a release has them, from a catalogue and the ledger.

    With ``known_at``: from what the ledger held then. One that is there already, or a release made from the same, is
    returned as it is. Cells that the main build read with the same catalogue are used again, and none of them is
    removed. The last few such folders stay. The caller holds the build lock.
    """
    found = _found(desk, catalogue, known_at)
    if found:
        return found
    from dagster_project.warehouse.releases import make_aside

    beside = replace(desk, known_at=known_at, build_name=_BUILD)
    folder = beside.folder
    durable.sweep(folder.known)
    folder.build_inputs.mkdir(parents=True)
    try:
        pipeline.write_catalogue(beside, catalogue)
        pipeline.read_cells(beside, catalogue, keep_others=True)
        pipeline.admit(beside, catalogue, keep_others=True)
        pipeline.build(beside)
        inputs = pipeline.read_inputs(beside, catalogue)
        return make_aside(
            folder,
            inputs=asdict(inputs),
            is_sample=desk.settings.office.is_sample,
            created_at=_since(beside),
            keep=_KEPT,
            memory_mb=desk.settings.office.build_memory_mb,
        )
    finally:
        shutil.rmtree(folder.build, ignore_errors=True)


def _found(desk: Desk, catalogue: Catalogue, moment: datetime | None) -> Path | None:
    from dagster_project.warehouse.releases import find_aside

    inputs = pipeline.read_inputs(replace(desk, known_at=moment), catalogue)
    return find_aside(desk.folder, inputs.inputs_hash)


def _since(desk: Desk) -> datetime:
    """When the last of what is known came or was done: equal inputs, equal moment, whenever they are built."""
    ledger = open_ledger(desk.settings.ledger)
    moments = [receipt.received_at for receipt in list_receipts(ledger, desk.known_at)]
    acted = [act["acted_at"] for act in list_acts(ledger)]
    moments += [at for at in acted if isinstance(at, datetime) and (not desk.known_at or at <= desk.known_at)]
    return max(moments, default=desk.known_at or desk.now())
