"""The state of rounds: what was done with each, by whom and why, and the documents that were issued from it.

Writing and reading back belong here; whether an act is allowed does not (``decide``). A round without an act is a
draft. From the act that sends it for signature until it is reopened or amended a round is fixed: what the ledger
received after that act changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from dagster_project.errors import KhoError
from dagster_project.ledger import tables
from dagster_project.ledger.store import aware, utc

if TYPE_CHECKING:
    import polars as pl

DRAFT, REVIEWED, FOR_SIGNATURE, ISSUED, LOCKED = "draft", "reviewed", "for_signature", "issued", "locked"
FIXED = (FOR_SIGNATURE, ISSUED, LOCKED)
AMENDMENTS = ("update", "supplement", "replacement")
REPORT = "report"


@dataclass(frozen=True, kw_only=True)
class RoundAct:
    """One act; ``release_id`` and ``figures_hash`` tell what it was decided on, ``set_at`` is aware."""

    round_code: str
    act: str
    state: str
    reason: str
    set_by: str
    set_at: datetime
    follows: int = 0
    amendment: str | None = None
    returned_by: str | None = None
    paper_sha256: str | None = None
    paper_name: str | None = None
    release_id: str | None = None
    figures_hash: str | None = None
    last_receipt_number: int = 0
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document that left the office; ``relation`` is what it is to the one that it cites."""

    round_code: str
    document_number: str
    document_date: date
    signer: str
    file_sha256: str
    file_name: str
    release_id: str | None
    revision: int
    relation: str | None = None
    cites_number: str | None = None
    cites_date: date | None = None
    kind: str = REPORT
    state_number: int = 0


@dataclass(frozen=True)
class FixedRound:
    """A fixed round: the act that fixed it, the last act, and the release that holds its figures."""

    round_code: str
    state: str
    fixed_by: RoundAct
    last: RoundAct
    release_id: str | None


@dataclass(frozen=True)
class Rounds:
    """All acts and documents, oldest first; ``releases`` made by an act, by the act's number."""

    acts: Sequence[RoundAct]
    documents: Sequence[Document]
    releases: Mapping[int, str]

    def last(self, round_code: str) -> RoundAct | None:
        """The last act on a round; None for a draft that nobody touched."""
        return next((act for act in reversed(self.acts) if act.round_code == round_code), None)

    def state(self, round_code: str) -> str:
        """The state that a round is in."""
        last = self.last(round_code)
        return last.state if last else DRAFT

    def fixed(self) -> dict[str, FixedRound]:
        """The rounds that are fixed now, by code."""
        found: dict[str, FixedRound] = {}
        for act in self.acts:
            before = found.pop(act.round_code, None)
            if act.state in FIXED:
                by = before.fixed_by if before else act
                release = self.releases.get(by.number) or by.release_id
                found[act.round_code] = FixedRound(act.round_code, act.state, by, act, release)
        return found

    def reopened(self) -> list[tuple[str, int, datetime]]:
        """Each time that a fixed round was opened again: its code, the last receipt that it held, and when."""
        found: list[tuple[str, int, datetime]] = []
        fixed: dict[str, RoundAct] = {}
        for act in self.acts:
            if act.state in FIXED:
                fixed.setdefault(act.round_code, act)
            elif by := fixed.pop(act.round_code, None):
                found.append((act.round_code, by.last_receipt_number, act.set_at))
        return found

    def document(self, round_code: str) -> Document | None:
        """The last document that was issued from a round."""
        return next((item for item in reversed(self.documents) if item.round_code == round_code), None)

    def amendment(self, round_code: str) -> str:
        """What the next document is to the one before: as amended since, else in its place."""
        issued = self.document(round_code)
        since = issued.state_number if issued else 0
        told = [act.amendment for act in self.acts if act.round_code == round_code and act.number > since]
        return next((kind for kind in reversed(told) if kind), "replacement")

    def kept_releases(self) -> set[str]:
        """Releases that must stay: those that acts made, and those that acts were decided on until then."""
        waiting = {act.release_id for act in self.acts if act.number not in self.releases and act.release_id}
        return {*self.releases.values(), *waiting}

    def facts(self) -> list[list[dict[str, str | None]]]:
        """Plain values that change with every act."""
        return [
            [
                {name: None if value is None else str(value) for name, value in asdict(item).items()}
                for item in items
            ]
            for items in (self.acts, self.documents)
        ]


def read_rounds(engine: Engine, known_at: datetime | None = None) -> Rounds:
    """Every act on rounds; with ``known_at``, those that had been done by then."""
    with engine.connect() as connection:
        acts = [
            RoundAct(**{**row, "set_at": aware(row["set_at"])})
            for row in connection.execute(_ordered(tables.ROUND_STATES, RoundAct)).mappings()
        ]
        documents = [
            Document(**row) for row in connection.execute(_ordered(tables.DOCUMENTS, Document)).mappings()
        ]
        made = connection.execute(select(tables.ROUND_RELEASES)).all()
    acts = [act for act in acts if known_at is None or act.set_at <= known_at]
    numbers = {act.number for act in acts}
    return Rounds(
        acts=acts,
        documents=[document for document in documents if document.state_number in numbers],
        releases={row.state_number: row.release_id for row in made if row.state_number in numbers},
    )


def add_round_act(engine: Engine, act: RoundAct, document: Document | None = None) -> int:
    """Append an act, with the document that it issues; returns its number.

    Raises ``KhoError`` where somebody else acted on the round since ``act.follows``.
    """
    row = {**asdict(act), "set_at": utc(act.set_at)}
    del row["number"]
    try:
        with engine.begin() as connection:
            key = connection.execute(insert(tables.ROUND_STATES).values(row)).inserted_primary_key
            number = int(key[0]) if key else 0
            if document is not None:
                told = {**asdict(document), "state_number": number}
                connection.execute(insert(tables.DOCUMENTS).values(told))
            detail = " · ".join(filter(None, (act.amendment, act.returned_by, *_shown(document), act.reason)))
            logged = {
                "acted_at": utc(act.set_at),
                "actor": act.set_by,
                "act": f"round.{act.act}",
                "subject": act.round_code,
                "detail": detail,
            }
            connection.execute(insert(tables.ACTS).values(logged))
    except IntegrityError as error:
        raise KhoError("rounds.acted_meanwhile", round=act.round_code) from error
    return number


def add_round_release(engine: Engine, state_number: int, release_id: str, at: datetime) -> None:
    """Write which release an act made."""
    row = {"state_number": state_number, "release_id": release_id, "made_at": utc(at)}
    with engine.begin() as connection:
        connection.execute(insert(tables.ROUND_RELEASES).values(row))


def last_receipt_number(engine: Engine) -> int:
    """The place of the last receipt; 0 where nothing came."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.max(tables.RECEIPTS.c.receipt_number))).scalar() or 0)


def round_frames(rounds: Rounds, *, is_sample: bool) -> dict[str, pl.DataFrame]:
    """ROUND_STATES and DOCUMENTS under the names of their files."""
    import polars as pl

    from dagster_project import frames

    by_number = {act.number: act for act in rounds.acts}
    states = [{**asdict(act), "act_number": act.number, "is_sample": is_sample} for act in rounds.acts]
    documents = [
        {
            **asdict(item),
            "act_number": item.state_number,
            "registered_by": by_number[item.state_number].set_by,
            "registered_at": by_number[item.state_number].set_at,
            "is_sample": is_sample,
        }
        for item in rounds.documents
    ]
    return {
        name: pl.DataFrame([{key: row[key] for key in schema} for row in rows], schema=schema)
        if rows
        else frames.empty(schema)
        for name, rows, schema in (
            ("round_states", states, frames.ROUND_STATES),
            ("documents", documents, frames.DOCUMENTS),
        )
    }


def _ordered(table: Table, kind: type[RoundAct | Document]) -> Any:
    number = table.c.number if kind is RoundAct else table.c.state_number
    return select(*(table.c[part.name] for part in fields(kind))).order_by(number)


def _shown(document: Document | None) -> tuple[str, ...]:
    if document is None:
        return ()
    return (document.document_number, f"{document.document_date:%d/%m/%Y}", document.signer)
