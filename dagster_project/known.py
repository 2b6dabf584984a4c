"""What is known of rounds at a desk's moment: catalogue, current release and ledger together, for ``warehouse.status``.

Only the gathering belongs here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.ledger.decisions import Entry, list_entries, list_exemptions, list_signed_copies
from dagster_project.ledger.rounds import read_rounds
from dagster_project.ledger.store import open_ledger
from dagster_project.warehouse.releases import RELEASE_FILE, current_manifest, current_release
from dagster_project.warehouse.status import Known
from dagster_project.warehouse.unconfirmed import unconfirmed_entries

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.pipeline import Desk


def known_of(desk: Desk, catalogue: Catalogue) -> Known:
    """What ``desk`` knows now; makes its folders where they are not there yet."""
    desk.folder.make()
    ledger = open_ledger(desk.settings.ledger)
    release_id = current_release(desk.folder)
    entries = list_entries(ledger)
    return Known(
        catalogue=catalogue,
        office=desk.settings.office,
        release_file=desk.folder.release(release_id) / RELEASE_FILE if release_id else None,
        entries=entries,
        unconfirmed=unconfirmed_of(desk, entries),
        exemptions=list_exemptions(ledger),
        signed_copies=list_signed_copies(ledger),
        fixed=read_rounds(ledger).fixed().keys(),
        now=desk.now(),
    )


def unconfirmed_of(desk: Desk, entries: Sequence[Entry]) -> list[Entry]:
    """Those of ``entries`` that their units are to confirm, by the current release."""
    manifest = current_manifest(desk.folder)
    if manifest is None:
        return unconfirmed_entries(entries, None)
    file = desk.folder.release(manifest.release_id) / RELEASE_FILE
    return unconfirmed_entries(entries, (file, datetime.fromisoformat(manifest.created_at)))
