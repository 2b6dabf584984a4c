"""`python -m tests.chaos.saved`: backups of an office while `kho run` works in it, each brought back elsewhere.

Every backup must come back whole, with each receipt's bytes, and its next run must end in the release of the run that
was going on when it was made. Prints one line per backup.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from dagster_project.backup import make_backup, restore
from dagster_project.ledger.store import list_acts, list_receipts, open_ledger
from dagster_project.paths import DataFolder
from dagster_project.settings import Settings
from dagster_project.warehouse.releases import current_manifest
from tests.chaos.office import Office, make_office
from tests.chaos.play import run_once, start_server, undisturbed


def main() -> int:
    """Save the office again and again until its run ends; then bring the backups back and run in some of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.saved", description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="backups in which the next run is played")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kho-saved-") as folder:
        start_server()
        office = make_office(Path(folder))
        reference = undisturbed(office, has_release=True)
        office.restore()
        settings = Settings(data=office.data, catalogue=office.data / "catalogue")
        saved = []
        with ThreadPoolExecutor(1) as worker:
            working = worker.submit(run_once, office, [office.second], built=reference.built)
            while not working.done():
                file = office.root / f"{len(saved)}.zip"
                saved.append(make_backup(settings, file, datetime.now(UTC)))
        step = max(1, len(saved) // told.runs)
        for number, made in enumerate(saved):
            elsewhere = Office(office.root / f"back-{number}")
            elsewhere.root.mkdir()
            restore(made.file, DataFolder(elsewhere.data))
            words = _look(elsewhere, office)
            if number % step == 0:
                run_once(elsewhere, [office.second])
                manifest = current_manifest(DataFolder(elsewhere.data))
                is_same = manifest is not None and manifest.content_hash == reference.new_hash
                words += f", the next run gives {'the same release' if is_same else 'ANOTHER RELEASE'}"
                if not is_same:
                    sys.stdout.write(f"backup {number}: {words}\n")
                    return 1
            sys.stdout.write(f"backup {number}: {made.files} files, {words}\n")
    return 0


def _look(back: Office, office: Office) -> str:
    """What came back, held against the office that went on: its ledger is the beginning of the office's."""
    folder = DataFolder(back.data)
    ledger, now = open_ledger(folder.ledger_file), open_ledger(office.data / "ledger.sqlite")
    receipts, acts = list_receipts(ledger), list_acts(ledger)
    if receipts != list_receipts(now)[: len(receipts)] or list(acts) != list(list_acts(now))[: len(acts)]:
        raise AssertionError("the ledger of a backup is none that the office had")
    if any(not folder.landed(receipt.sha256).is_file() for receipt in receipts):
        raise AssertionError("a receipt came back without its file")
    manifest = current_manifest(folder)
    return f"release {manifest.release_id if manifest else '–'}, {len(receipts)} receipts, {len(acts)} acts"


if __name__ == "__main__":
    sys.exit(main())
