"""What is known of rounds at a desk's moment: catalogue, current release and ledger together, for ``warehouse.status``.

Only the gathering belongs here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.ledger.decisions import list_entries, list_exemptions, list_signed_copies
from dagster_project.ledger.rounds import read_rounds
from dagster_project.ledger.store import open_ledger
from dagster_project.warehouse.releases import RELEASE_FILE, current_release
from dagster_project.warehouse.status import Known

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.pipeline import Desk


def known_of(desk: Desk, catalogue: Catalogue) -> Known:
    """What ``desk`` knows now; makes its folders where they are not there yet."""
    desk.folder.make()
    ledger = open_ledger(desk.settings.ledger)
    release_id = current_release(desk.folder)
    return Known(
        catalogue=catalogue,
        office=desk.settings.office,
        release_file=desk.folder.release(release_id) / RELEASE_FILE if release_id else None,
        entries=list_entries(ledger),
        exemptions=list_exemptions(ledger),
        signed_copies=list_signed_copies(ledger),
        fixed=read_rounds(ledger).fixed().keys(),
        now=desk.now(),
    )
