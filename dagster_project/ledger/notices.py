"""What was written to whom, and what came of sending it: appended, one notice per event, never changed.

An attempt is written before a mail server is asked and its outcome after; an attempt without an outcome may have been
sent, and is not repeated unless a person asks. Texts and mail are not made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from dagster_project.ledger.store import aware, utc
from dagster_project.ledger.tables import NOTICE_ATTEMPTS, NOTICE_OUTCOMES, NOTICES

#: Outcomes: accepted; not now (asked again later); never (the server said no); perhaps sent (not asked again); no mail
#: could be made of it, and no server was asked.
SENT, FAILED, REFUSED, UNKNOWN, UNMADE = "sent", "failed", "refused", "unknown", "unmade"


@dataclass(frozen=True, kw_only=True)
class WrittenNotice:
    """One notice; ``outcome`` is that of its last attempt, None where none was made."""

    number: int
    event: str
    kind: str
    round_code: str
    reporting_unit_code: str
    recipient: str
    subject: str
    folder: str
    written_at: datetime
    attempts: int = 0
    outcome: str | None = None
    detail: str = ""
    tried_at: datetime | None = None

    @property
    def is_unsent(self) -> bool:
        """Whether a mail server may be asked to take it: never tried, or certainly not taken the last time."""
        return bool(self.recipient) and self.outcome in (None, FAILED)


def known_events(engine: Engine) -> set[str]:
    """The events of which a notice was written."""
    with engine.connect() as connection:
        return set(connection.execute(select(NOTICES.c.event)).scalars())


def add_notice(
    engine: Engine,
    *,
    event: str,
    kind: str,
    round_code: str,
    unit: str,
    recipient: str,
    subject: str,
    folder: str,
    at: datetime,
) -> bool:
    """Append a notice; False where one of the same event stands already."""
    row = {
        "event": event,
        "kind": kind,
        "round_code": round_code,
        "reporting_unit_code": unit,
        "recipient": recipient,
        "subject": subject,
        "folder": folder,
        "written_at": utc(at),
    }
    try:
        with engine.begin() as connection:
            connection.execute(insert(NOTICES).values(row))
    except IntegrityError:
        return False
    return True


def list_notices(engine: Engine) -> list[WrittenNotice]:
    """All notices in the order in which they were written."""
    attempts, outcomes = NOTICE_ATTEMPTS, NOTICE_OUTCOMES
    last = select(attempts.c.notice_number, func.max(attempts.c.attempt).label("attempt")).group_by(
        attempts.c.notice_number
    )
    last_attempt = last.subquery()
    query = (
        select(NOTICES, attempts.c.attempt, attempts.c.started_at, outcomes.c.outcome, outcomes.c.detail)
        .outerjoin(last_attempt, last_attempt.c.notice_number == NOTICES.c.number)
        .outerjoin(
            attempts,
            (attempts.c.notice_number == NOTICES.c.number) & (attempts.c.attempt == last_attempt.c.attempt),
        )
        .outerjoin(outcomes, outcomes.c.attempt_number == attempts.c.number)
        .order_by(NOTICES.c.number)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    names = (
        "number",
        "event",
        "kind",
        "round_code",
        "reporting_unit_code",
        "recipient",
        "subject",
        "folder",
    )
    return [
        WrittenNotice(
            **{name: row[name] for name in names},
            written_at=aware(row["written_at"]),
            attempts=row["attempt"] or 0,
            outcome=row["outcome"] or (UNKNOWN if row["attempt"] else None),
            detail=row["detail"] or "",
            tried_at=aware(row["started_at"]) if row["started_at"] else None,
        )
        for row in rows
    ]


def start_attempt(engine: Engine, notice: WrittenNotice, at: datetime) -> int | None:
    """Write that a notice is about to be sent; None where somebody else does so at this moment."""
    row = {
        "notice_number": notice.number,
        "attempt": notice.attempts + 1,
        "recipient": notice.recipient,
        "started_at": utc(at),
    }
    try:
        with engine.begin() as connection:
            key = connection.execute(insert(NOTICE_ATTEMPTS).values(row)).inserted_primary_key
    except IntegrityError:
        return None
    return int(key[0]) if key else None


def end_attempt(engine: Engine, attempt_number: int, outcome: str, detail: str, at: datetime) -> None:
    """Write what came of an attempt."""
    row = {"attempt_number": attempt_number, "outcome": outcome, "detail": detail, "ended_at": utc(at)}
    with engine.begin() as connection:
        connection.execute(insert(NOTICE_OUTCOMES).values(row))
