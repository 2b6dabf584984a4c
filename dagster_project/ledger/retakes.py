"""Files that were taken in again: for another round than the run that first took them was told, or since it opened.

They are acts of the ledger; the last one of each kind counts. Which files may be taken again is decided in
``taking_again``, and what that does to them in ``intake``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from dagster_project.ledger.store import Receipt, list_acts, log_act

_TAKEN_AGAIN = "receive.again"
_YEAR, _ROUND, _RECEIVED = "--year", "--round", "received"


@dataclass(frozen=True)
class Retake:
    """What a file counts for since: a data year or the code of a round that a run was told; and when it came."""

    year: int | None = None
    round_code: str | None = None
    received_at: datetime | None = None

    def of(self, receipt: Receipt) -> Receipt:
        """The receipt of the file as it counts now."""
        if self.year is not None or self.round_code is not None:
            receipt = replace(receipt, expected_year=self.year, expected_round=self.round_code)
        return replace(receipt, received_at=self.received_at) if self.received_at else receipt


def log_retakes(
    engine: Engine, receipts: Iterable[Receipt], retake: Retake, *, at: datetime, by: str
) -> None:
    """Write what the files of ``receipts`` count for from now on, a round or a moment, and who said so."""
    if retake.received_at is not None:
        told = f"{_RECEIVED} {retake.received_at.isoformat()}"
    else:
        told = f"{_ROUND} {retake.round_code}" if retake.round_code else f"{_YEAR} {retake.year}"
    for receipt in receipts:
        detail = f"{receipt.sha256} {told}"
        log_act(engine, at=at, actor=by, act=_TAKEN_AGAIN, subject=receipt.file_name, detail=detail)


def retakes(engine: Engine, known_at: datetime | None = None) -> dict[str, Retake]:
    """What each file that was taken again counts for, by its sha256; with ``known_at`` as it was known then."""
    found: dict[str, Retake] = {}
    for act in list_acts(engine, (_TAKEN_AGAIN,)):
        at = act["acted_at"]
        if known_at is None or (isinstance(at, datetime) and at <= known_at):
            sha256, kind, told = str(act["detail"]).split(" ", 2)
            before = found.get(sha256, Retake())
            if kind == _RECEIVED:
                found[sha256] = replace(before, received_at=datetime.fromisoformat(told))
            elif kind == _YEAR:
                found[sha256] = replace(before, year=int(told), round_code=None)
            else:
                found[sha256] = replace(before, year=None, round_code=told)
    return found


def retake_facts(found: dict[str, Retake]) -> list[list[str]]:
    """Plain values that change with every retake."""
    return [[sha256, repr(retake)] for sha256, retake in sorted(found.items())]
