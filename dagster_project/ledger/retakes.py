"""Files that were taken in again for another round than the run that first took them was told.

They are acts of the ledger; the last one counts. Which files may be taken again is decided in ``pipeline``, and what
the round they are taken for does to them in ``intake``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine

from dagster_project.ledger.store import Receipt, list_acts, log_act

_TAKEN_AGAIN = "receive.again"
_YEAR, _ROUND = "--year", "--round"

#: A data year or the code of a round, as a run is told one of them.
Expected = tuple[int | None, str | None]


def log_retakes(
    engine: Engine, receipts: Iterable[Receipt], expected: Expected, *, at: datetime, by: str
) -> None:
    """Write for which year or round the files of ``receipts`` are taken from now on, and who said so."""
    year, round_code = expected
    told = f"{_ROUND} {round_code}" if round_code else f"{_YEAR} {year}"
    for receipt in receipts:
        log_act(
            engine,
            at=at,
            actor=by,
            act=_TAKEN_AGAIN,
            subject=receipt.file_name,
            detail=f"{receipt.sha256} {told}",
        )


def retakes(engine: Engine, known_at: datetime | None = None) -> dict[str, Expected]:
    """What each file that was taken again is taken for, by its sha256; with ``known_at`` as it was known then."""
    found: dict[str, Expected] = {}
    for act in list_acts(engine, (_TAKEN_AGAIN,)):
        at = act["acted_at"]
        if known_at is None or (isinstance(at, datetime) and at <= known_at):
            sha256, option, told = str(act["detail"]).split(" ", 2)
            found[sha256] = (int(told), None) if option == _YEAR else (None, told)
    return found
