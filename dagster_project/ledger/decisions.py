"""What people decided and wrote: entries, answers, verdicts, exemptions, signed copies, texts of a report.

Writing and reading back belong here; whether a decision fits the catalogue does not (``decide``). Every decision
writes its act in the same transaction. A decision is known by its id, such as "SL-0001".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, Table, insert, select

from dagster_project.ledger import tables
from dagster_project.ledger.store import aware, utc

CORRECTION, ON_BEHALF = "correction", "on_behalf"
EXEMPTION_KINDS = ("exempt", "extension", "nothing_to_report", "not_sending")
ACCEPT = "accept"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A figure that an officer entered; ``entered_at`` is aware."""

    prefix: ClassVar[str] = "SL"
    moment: ClassVar[str] = "entered_at"

    kind: str
    round_code: str
    period_code: str
    area_code: str
    reporting_unit_code: str
    data_element_code: str
    category_code: str
    value: float | None
    value_exact: str | None
    value_text: str | None
    value_state: str
    unit: str | None
    expect: str | None
    reason: str
    said_by: str
    channel: str
    entered_at: datetime
    entered_by: str
    paper_sha256: str | None = None
    paper_name: str | None = None
    page: int | None = None
    entry_id: str = ""
    confirmed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FindingKey:
    """The subject of a finding, and what it observed there."""

    rule_code: str
    reporting_unit_code: str | None
    area_code: str | None
    period_code: str | None
    data_element_code: str | None
    category_code: str | None
    observed: str | None


@dataclass(frozen=True, kw_only=True)
class Response(FindingKey):
    """What a unit says about a warning."""

    prefix: ClassVar[str] = "GT"
    moment: ClassVar[str] = "answered_at"

    text: str
    answered_by: str
    answered_at: datetime
    response_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict(FindingKey):
    """What an officer decided on a blocking finding."""

    prefix: ClassVar[str] = "QD"
    moment: ClassVar[str] = "decided_at"

    verdict: str
    reason: str
    decided_by: str
    decided_at: datetime
    verdict_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """Why a unit need not send a form, or may send it later (by the end of ``until``)."""

    prefix: ClassVar[str] = "MG"
    moment: ClassVar[str] = "decided_at"

    reporting_unit_code: str
    area_code: str
    form_code: str
    round_code: str
    kind: str
    until: date | None
    reason: str
    decided_by: str
    decided_at: datetime
    exemption_id: str = ""


@dataclass(frozen=True, kw_only=True)
class SignedCopy:
    """A form's signed copy that came; ``paper_sha256`` where its scan was kept."""

    prefix: ClassVar[str] = "BK"
    moment: ClassVar[str] = "noted_at"

    reporting_unit_code: str
    form_code: str
    round_code: str
    paper_sha256: str | None
    noted_by: str
    noted_at: datetime
    signed_copy_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportText:
    """What an officer wrote into one section of a round's report."""

    prefix: ClassVar[str] = "NX"
    moment: ClassVar[str] = "written_at"

    round_code: str
    section: str
    text: str
    written_by: str
    written_at: datetime
    text_id: str = ""


@dataclass(frozen=True)
class Withdrawn:
    """A decision by which figures were believed until it was withdrawn."""

    decision: Entry | Exemption
    at: datetime


_TABLES: Mapping[str, Table] = {
    Entry.prefix: tables.ENTRIES,
    Response.prefix: tables.RESPONSES,
    Verdict.prefix: tables.VERDICTS,
    Exemption.prefix: tables.EXEMPTIONS,
    SignedCopy.prefix: tables.SIGNED_COPIES,
    ReportText.prefix: tables.REPORT_TEXTS,
}
_MOMENTS: Mapping[str, str] = {
    kind.prefix: kind.moment for kind in (Entry, Response, Verdict, Exemption, SignedCopy, ReportText)
}


@dataclass(frozen=True)
class _Act:
    """Who did what, when, and to what in words."""

    act: str
    actor: str
    at: datetime
    detail: str


def add_entry(engine: Engine, entry: Entry) -> str:
    """Append an entry; returns its id."""
    subject = (
        f"{entry.reporting_unit_code} {entry.data_element_code} {entry.category_code} {entry.round_code}"
    )
    return _append(engine, entry, _Act(f"entry.{entry.kind}", entry.entered_by, entry.entered_at, subject))


def add_response(engine: Engine, response: Response) -> str:
    """Append a unit's answer to a warning; returns its id."""
    act = _Act("respond", response.answered_by, response.answered_at, _subject(response))
    return _append(engine, response, act)


def add_verdict(engine: Engine, verdict: Verdict) -> str:
    """Append an officer's decision on a blocking finding; returns its id."""
    act = _Act(f"decide.{verdict.verdict}", verdict.decided_by, verdict.decided_at, _subject(verdict))
    return _append(engine, verdict, act)


def add_exemption(engine: Engine, exemption: Exemption) -> str:
    """Append an exemption; returns its id."""
    subject = f"{exemption.reporting_unit_code} {exemption.form_code} {exemption.round_code}"
    act = _Act(f"exempt.{exemption.kind}", exemption.decided_by, exemption.decided_at, subject)
    return _append(engine, exemption, act)


def add_signed_copy(engine: Engine, signed: SignedCopy) -> str:
    """Append that a form's signed copy came; returns its id."""
    subject = f"{signed.reporting_unit_code} {signed.form_code} {signed.round_code}"
    return _append(engine, signed, _Act("signed_copy", signed.noted_by, signed.noted_at, subject))


def add_report_text(engine: Engine, text: ReportText) -> str:
    """Append what an officer wrote into a report; returns its id."""
    act = _Act("report_text", text.written_by, text.written_at, f"{text.section} {text.round_code}")
    return _append(engine, text, act)


def confirm_entry(engine: Engine, entry_id: str, *, by: str, at: datetime) -> bool:
    """Record that the unit confirmed an entry; False where there is no such entry that stands unconfirmed."""
    with engine.begin() as connection:
        waiting = [entry for entry in _entries(connection) if entry.confirmed_at is None]
        if entry_id not in {entry.entry_id for entry in waiting}:
            return False
        row = {"entry_number": _number(entry_id), "confirmed_by": by, "confirmed_at": utc(at)}
        connection.execute(insert(tables.CONFIRMATIONS).values(row))
        _log(connection, _Act("entry.confirm", by, at, ""), entry_id)
    return True


def withdraw(engine: Engine, decision_id: str, *, by: str, reason: str, at: datetime) -> bool:
    """Record that a decision no longer stands; False where no standing decision has this id."""
    with engine.begin() as connection:
        if not _stands(connection, decision_id):
            return False
        row = {"subject": decision_id, "reason": reason, "withdrawn_by": by, "withdrawn_at": utc(at)}
        connection.execute(insert(tables.WITHDRAWALS).values(row))
        _log(connection, _Act("withdraw", by, at, reason), decision_id)
    return True


def list_entries(engine: Engine, known_at: datetime | None = None) -> list[Entry]:
    """Entries that were not withdrawn, oldest first; with ``known_at``, as they stood then."""
    with engine.connect() as connection:
        return _entries(connection, known_at)


def list_responses(engine: Engine, known_at: datetime | None = None) -> list[Response]:
    """Answers that were not withdrawn, oldest first; with ``known_at``, as they stood then."""
    with engine.connect() as connection:
        rows = _standing(connection, Response.prefix, known_at)
        return [Response(**row, response_id=id_) for id_, row in rows]


def list_verdicts(engine: Engine, known_at: datetime | None = None) -> list[Verdict]:
    """Verdicts that were not withdrawn, oldest first; with ``known_at``, as they stood then."""
    with engine.connect() as connection:
        rows = _standing(connection, Verdict.prefix, known_at)
        return [Verdict(**row, verdict_id=id_) for id_, row in rows]


def list_exemptions(engine: Engine, known_at: datetime | None = None) -> list[Exemption]:
    """Exemptions that were not withdrawn, oldest first; with ``known_at``, as they stood then."""
    with engine.connect() as connection:
        rows = _standing(connection, Exemption.prefix, known_at)
        return [Exemption(**row, exemption_id=id_) for id_, row in rows]


def list_signed_copies(engine: Engine, known_at: datetime | None = None) -> list[SignedCopy]:
    """Signed copies that were not withdrawn, oldest first; with ``known_at``, as they stood then."""
    with engine.connect() as connection:
        rows = _standing(connection, SignedCopy.prefix, known_at)
        return [SignedCopy(**row, signed_copy_id=id_) for id_, row in rows]


def list_report_texts(engine: Engine, known_at: datetime | None = None) -> list[ReportText]:
    """Texts that were not withdrawn, oldest first; with ``known_at``, as they stood then."""
    with engine.connect() as connection:
        rows = _standing(connection, ReportText.prefix, known_at)
        return [ReportText(**row, text_id=id_) for id_, row in rows]


def list_withdrawn(engine: Engine, known_at: datetime | None = None) -> list[Withdrawn]:
    """Entries and exemptions that were withdrawn, oldest first; with ``known_at``, by then."""
    with engine.connect() as connection:
        gone = _withdrawals(connection, known_at)
        rows: list[tuple[str, Entry | Exemption]] = [
            *((id_, Entry(**row, entry_id=id_)) for id_, row in _rows(connection, Entry.prefix)),
            *((id_, Exemption(**row, exemption_id=id_)) for id_, row in _rows(connection, Exemption.prefix)),
        ]
        return [Withdrawn(decision, gone[id_]) for id_, decision in rows if id_ in gone]


def _entries(connection: Connection, known_at: datetime | None = None) -> list[Entry]:
    confirmed = {
        f"{Entry.prefix}-{row.entry_number:04d}": aware(row.confirmed_at)
        for row in connection.execute(select(tables.CONFIRMATIONS))
        if _was_known(row.confirmed_at, known_at)
    }
    return [
        Entry(**row, entry_id=id_, confirmed_at=confirmed.get(id_))
        for id_, row in _standing(connection, Entry.prefix, known_at)
    ]


def shapes(engine: Engine, decision_id: str) -> tuple[str | None, str | None]:
    """The round, or the period, that a standing decision shapes; answers and signed copies shape none."""
    prefix = decision_id.partition("-")[0]
    if prefix not in (Entry.prefix, Verdict.prefix, Exemption.prefix, ReportText.prefix):
        return None, None
    with engine.connect() as connection:
        row = dict(_standing(connection, prefix)).get(decision_id, {})
    return row.get("round_code"), row.get("period_code")


def _append(
    engine: Engine, decision: Entry | Response | Verdict | Exemption | SignedCopy | ReportText, act: _Act
) -> str:
    table = _TABLES[decision.prefix]
    row = {
        name: utc(value) if isinstance(value, datetime) else value
        for name, value in asdict(decision).items()
        if name in table.columns
    }
    with engine.begin() as connection:
        key = connection.execute(insert(table).values(row)).inserted_primary_key
        decision_id = f"{decision.prefix}-{key[0]:04d}" if key else ""
        _log(connection, act, decision_id)
    return decision_id


def _log(connection: Connection, act: _Act, subject: str) -> None:
    row = {
        "acted_at": utc(act.at),
        "actor": act.actor,
        "act": act.act,
        "subject": subject,
        "detail": act.detail,
    }
    connection.execute(insert(tables.ACTS).values(row))


def _standing(
    connection: Connection, prefix: str, known_at: datetime | None = None
) -> list[tuple[str, dict[str, Any]]]:
    gone = _withdrawals(connection, known_at)
    return [
        (id_, row)
        for id_, row in _rows(connection, prefix)
        if id_ not in gone and _was_known(row[_MOMENTS[prefix]], known_at)
    ]


def _withdrawals(connection: Connection, known_at: datetime | None) -> dict[str, datetime]:
    """When each decision was withdrawn, by its id."""
    table = tables.WITHDRAWALS
    return {
        row.subject: aware(row.withdrawn_at)
        for row in connection.execute(select(table.c.subject, table.c.withdrawn_at))
        if _was_known(row.withdrawn_at, known_at)
    }


def _rows(connection: Connection, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    """Every decision of a kind with its id, withdrawn or not, oldest first."""
    table = _TABLES[prefix]
    rows = connection.execute(select(table).order_by(table.c.number)).mappings().all()
    return [
        (
            f"{prefix}-{row['number']:04d}",
            {
                name: aware(value) if isinstance(value, datetime) else value
                for name, value in row.items()
                if name != "number"
            },
        )
        for row in rows
    ]


def _was_known(written: datetime, known_at: datetime | None) -> bool:
    return known_at is None or aware(written) <= known_at


def _stands(connection: Connection, decision_id: str) -> bool:
    prefix = decision_id.partition("-")[0]
    return prefix in _TABLES and any(id_ == decision_id for id_, _ in _standing(connection, prefix))


def _number(decision_id: str) -> int:
    return int(decision_id.partition("-")[2])


def _subject(key: FindingKey) -> str:
    return " ".join(str(getattr(key, field.name) or "–") for field in fields(FindingKey))
