"""Whether the current release holds what the office has: files of the inbox, decisions, catalogue.

Asked by the nightly refresh and by its check; nothing is built or taken in here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import pipeline
from dagster_project.incoming import wanted_files
from dagster_project.ledger.store import list_receipts, open_ledger
from dagster_project.text import printable

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.pipeline import Desk


@dataclass(frozen=True)
class Freshness:
    """Files of the inbox that nobody took in, and whether something else is newer than the release."""

    files: tuple[str, ...]
    is_stale: bool

    @property
    def is_fresh(self) -> bool:
        return not self.files and not self.is_stale


def read_freshness(desk: Desk, catalogue: Catalogue) -> Freshness:
    """How fresh the current release is; an inbox of the same bytes under other names counts as taken in.

    A file that we may not read, or that is gone by now, is passed over as a run passes it over.
    An office that received nothing yet has nothing to release.
    """
    desk.folder.make()
    has_received = pipeline.last_received(desk) > 0
    return Freshness(
        files=waiting_files(desk),
        is_stale=has_received and pipeline.needs_build(desk, pipeline.read_inputs(desk, catalogue)),
    )


def waiting_files(desk: Desk) -> tuple[str, ...]:
    """Names of the files in the inbox that nobody took in."""
    known = {receipt.sha256 for receipt in list_receipts(open_ledger(desk.settings.ledger))}
    hashes = {name: _sha256(path) for path, name in wanted_files(desk.folder.inbox)}
    return tuple(printable(name) for name, sha256 in hashes.items() if sha256 and sha256 not in known)


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, PermissionError):
        return None
