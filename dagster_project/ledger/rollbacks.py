"""Rollbacks: which release was made current again, by whom, why, and what it set aside.

They are acts of the ledger. Moving the pointer is the warehouse's; when a rollback stops holding is told here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from dagster_project.ledger.store import list_acts, log_act

ROLLED_BACK, _ENDED = "release.rollback", "release.rollback_ended"


@dataclass(frozen=True)
class Rollback:
    """``set_aside`` is the inputs hash that made the release that was left; ``inputs_hash`` that of the one taken."""

    release_id: str
    left_release_id: str
    inputs_hash: str
    set_aside: str
    reason: str
    by: str
    at: datetime


def log_rollback(engine: Engine, rollback: Rollback) -> None:
    """Write who rolled back to what, and why."""
    detail = {
        "left": rollback.left_release_id,
        "inputs_hash": rollback.inputs_hash,
        "set_aside": rollback.set_aside,
        "reason": rollback.reason,
    }
    log_act(
        engine,
        at=rollback.at,
        actor=rollback.by,
        act=ROLLED_BACK,
        subject=rollback.release_id,
        detail=json.dumps(detail, ensure_ascii=False, sort_keys=True),
    )


def log_rollback_ended(engine: Engine, rollback: Rollback, release_id: str, at: datetime) -> None:
    """Write that something new came after a rollback, and which release holds it."""
    log_act(engine, at=at, actor="kho", act=_ENDED, subject=release_id, detail=rollback.release_id)


def rollback_of(engine: Engine, release_id: str, inputs_hash: str) -> Rollback | None:
    """The rollback by which this release, with these inputs, is the current one; None where it is current by itself.

    It holds until a release is made from something else; a rollback forward to the newest release sets nothing aside.
    """
    last = next(reversed(list_acts(engine, (ROLLED_BACK, _ENDED))), None)
    if last is None or last["act"] == _ENDED or last["subject"] != release_id:
        return None
    detail = json.loads(str(last["detail"]))
    if detail["inputs_hash"] != inputs_hash or detail["set_aside"] == inputs_hash:
        return None
    return Rollback(
        release_id=release_id,
        left_release_id=detail["left"],
        inputs_hash=inputs_hash,
        set_aside=detail["set_aside"],
        reason=detail["reason"],
        by=str(last["actor"]),
        at=_moment(last["acted_at"]),
    )


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"an act without its moment: {value!r}")
    return value
