"""Which entered figures still wait for their unit's word: of each figure the newest entry, as long as it counts.

Whether it counts is what the current release made of it; one that came after the release counts until the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from pathlib import Path

from dagster_project.ledger.decision_frames import ENTRY_KEY
from dagster_project.ledger.decisions import CORRECTION, ON_BEHALF, Entry
from dagster_project.warehouse.connection import ask
from dagster_project.warehouse.summary import open_release

_KEY_OF = attrgetter(*ENTRY_KEY)


def unconfirmed_entries(entries: Sequence[Entry], release: tuple[Path, datetime] | None) -> list[Entry]:
    """Those of ``entries`` (none withdrawn, oldest first) that a unit is to confirm, by a release's file and moment.

    Not one that a later entry replaced, nor one that the release passes over: since the unit's own form says something
    else, or by now the same, or since a figure on its behalf was corrected.
    """
    newest = {_KEY_OF(entry): entry for entry in entries}
    waiting = [entry for entry in newest.values() if entry.confirmed_at is None]
    if release is None:
        return waiting
    file, made_at = release
    is_known = any(entry.entered_at <= made_at for entry in waiting)
    counting = _counting(file) if is_known else set()
    return [entry for entry in waiting if entry.entered_at > made_at or _KEY_OF(entry) in counting]


def _counting(release_file: Path) -> set[tuple[str, ...]]:
    """The figures of a release that were entered, by ``ENTRY_KEY``."""
    with open_release(release_file) as connection:
        rows = ask(
            connection,
            "select entered_how as kind, round_code, area_code, reporting_unit_code, data_element_code, category_code "
            "from marts.fct_reported_value "
            "where entered_how in (getvariable('correction'), getvariable('on_behalf'))",
            correction=CORRECTION,
            on_behalf=ON_BEHALF,
        )
    return set(rows.select(ENTRY_KEY).iter_rows())
