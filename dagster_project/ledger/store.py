"""The ledger's file, receipts and acts: the few ways to write and read them. Decisions are in ``decisions``.

An act or a receipt, once written, is never updated or deleted. What can be derived (whether a file was refused,
which revision it is) is derived at build time and not stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import (
    Connection,
    Engine,
    String,
    create_engine,
    event,
    func,
    insert,
    make_url,
    select,
    type_coerce,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from dagster_project.errors import KhoError, UsageError
from dagster_project.ledger.append_only import keep_append_only
from dagster_project.ledger.tables import ACTS, METADATA, RECEIPT_ROUNDS, RECEIPTS
from dagster_project.side_by_side import without_garbage

if TYPE_CHECKING:
    from pydantic import SecretStr

#: What each ledger was seen to hold, by its address: rows are only ever added, so that a run reads each one once.
_seen: dict[str, list[tuple[int, Receipt]]] = {}
#: Of how many of them a hash was made, and that hash as far as it goes.
_hashed: dict[str, tuple[int, hashlib._Hash]] = {}
_CONNECT_SECONDS = 10
_BUSY_MILLISECONDS = 10_000
#: Receipts that a query asks for by their ids; of more all are read.
_ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Receipt:
    """One arrival of a file; ``received_at`` is aware and fixed at the first landing."""

    sha256: str
    file_name: str
    size_bytes: int
    received_at: datetime
    sender: str = ""
    channel: str = ""
    expected_year: int | None = None
    expected_round: str | None = None

    @property
    def receipt_id(self) -> str:
        """The same file under the same name is the same receipt, whenever it is handed in again."""
        return hashlib.sha256(f"{self.sha256}\n{self.file_name}".encode()).hexdigest()[:32]


def open_ledger(where: Path | SecretStr) -> Engine:
    """The ledger in a file or at the address of a database, made where it is not there.

    Raises ``UsageError`` for an address that means nothing and ``KhoError`` where the database does not answer;
    neither tells a password.
    """
    if isinstance(where, Path):
        engine = create_engine(f"sqlite:///{where}", poolclass=NullPool)
        event.listen(engine, "connect", _make_durable)
        METADATA.create_all(engine)
        keep_append_only(engine)
        return engine
    return _open_database(where.get_secret_value(), make=True)


def look_into_ledger(where: Path | SecretStr) -> Engine:
    """The ledger as it is: no table, no trigger is made. Raises as ``open_ledger``."""
    if isinstance(where, Path):
        address = f"sqlite:///file:{quote(str(where))}?mode=ro&uri=true"
        return create_engine(address, poolclass=NullPool)
    return _open_database(where.get_secret_value(), make=False)


def find_damage(engine: Engine) -> str:
    """What a SQLite ledger says is wrong with its file; empty where nothing is, and for a server."""
    if engine.dialect.name != "sqlite":
        return ""
    try:
        with engine.connect() as connection:
            told = str(connection.exec_driver_sql("pragma integrity_check").scalar())
    except DatabaseError as error:
        told = str(error.orig)
    return "" if told == "ok" else told


def _make_durable(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]  # the DBAPI connection is untyped
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    cursor.execute(f"pragma busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.close()


def _open_database(address: str, *, make: bool) -> Engine:
    """PostgreSQL by its address; the errors of its driver are not passed on, since they may repeat the address."""
    try:
        url = make_url(address)
    except ArgumentError:
        raise UsageError("ledger.wrong_address") from None
    if url.get_backend_name() != "postgresql":
        raise UsageError("ledger.wrong_address")
    url = url.set(drivername="postgresql+psycopg")
    shown = f"{url.host or ''}/{url.database or ''}"
    try:
        engine = create_engine(
            url, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS}, hide_parameters=True
        )
        if make:
            METADATA.create_all(engine)
            keep_append_only(engine)
        else:
            engine.connect().close()
    except (ModuleNotFoundError, NoSuchModuleError):
        raise UsageError("ledger.no_driver") from None
    except SQLAlchemyError:
        raise KhoError("ledger.unreachable", where=shown) from None
    return engine


def add_receipts(
    engine: Engine, receipts: Iterable[Receipt], acted: tuple[datetime, str] | None = None
) -> list[Receipt]:
    """Write the receipts that are not there yet, in one transaction; returns those that were new.

    ``acted``: when and by whom they were taken in, written as an act per new receipt.
    """
    told: dict[str, Receipt] = {}
    for receipt in receipts:
        told.setdefault(receipt.receipt_id, receipt)
    with engine.begin() as connection:
        known = _known_ids(connection, told if len(told) <= _ASKED_AT_ONCE else ())
        new = {receipt_id: receipt for receipt_id, receipt in told.items() if receipt_id not in known}
        if new:
            connection.execute(insert(RECEIPTS), [_row(receipt) for receipt in new.values()])
        rounds = [_round_row(receipt) for receipt in new.values() if receipt.expected_round]
        if rounds:
            connection.execute(insert(RECEIPT_ROUNDS), rounds)
        if new and acted:
            at, by = acted
            act = {"acted_at": utc(at), "actor": by, "act": "receive"}
            rows = [{**act, "subject": item.file_name, "detail": item.sha256} for item in new.values()]
            connection.execute(insert(ACTS), rows)
    return list(new.values())


def receipts_since(engine: Engine, receipt_number: int) -> list[Receipt]:
    """The receipts that were written after the one with this place."""
    return [receipt for number, receipt in _numbered(engine) if number > receipt_number]


def list_receipts(engine: Engine, known_at: datetime | None = None) -> list[Receipt]:
    """All receipts in the order they were written; with ``known_at``, those that had come by then.

    A copy of known bytes has not come before the receipt that counts for them, the first that was written.
    """
    receipts = [receipt for _, receipt in _numbered(engine)]
    if known_at is None:
        return receipts
    counting = {receipt.sha256: receipt.received_at for receipt in reversed(receipts)}
    return [
        receipt
        for receipt in receipts
        if receipt.received_at <= known_at and counting[receipt.sha256] <= known_at
    ]


def hash_receipts(engine: Engine, known_at: datetime | None = None) -> str:
    """The sha256 over what ``list_receipts`` gives, as far as it shapes figures; what was seen is not hashed again."""
    receipts = list_receipts(engine, known_at)
    address = _address(engine)
    count, known = _hashed.get(address, (0, hashlib.sha256()))
    if known_at is not None or count > len(receipts):  # another thread has seen more
        count, known = 0, hashlib.sha256()
    digest = known.copy()
    _add_to_hash(digest, receipts[count:])
    if known_at is None:
        _hashed[address] = (len(receipts), digest)
    return digest.hexdigest()


def _add_to_hash(digest: hashlib._Hash, receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        facts = (
            receipt.sha256,
            receipt.file_name,
            receipt.received_at.isoformat(),
            receipt.sender,
            receipt.channel,
            receipt.expected_year,
            receipt.expected_round,
        )
        digest.update(repr(facts).encode())


def receipt_numbers(engine: Engine) -> dict[str, int]:
    """The place in the ledger of the first receipt of each content, by sha256."""
    return {receipt.sha256: number for number, receipt in reversed(_numbered(engine))}


def _address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _numbered(engine: Engine) -> list[tuple[int, Receipt]]:
    """All receipts with their places; those that this process has not seen yet are read."""
    address = _address(engine)
    seen = _seen.get(address, [])
    columns = RECEIPTS.c
    number, receipt = columns.receipt_number, columns.receipt_id
    query = (
        select(
            number,
            type_coerce(columns.received_at, String),
            columns.sha256,
            columns.file_name,
            columns.size_bytes,
            columns.sender,
            columns.channel,
            columns.expected_year,
            RECEIPT_ROUNDS.c.expected_round,
        )
        .outerjoin(RECEIPT_ROUNDS, receipt == RECEIPT_ROUNDS.c.receipt_id)
        .order_by(number)
    )
    with engine.connect() as connection:
        if seen:
            last, known = seen[-1]
            # Another ledger may lie there by now.
            if connection.execute(select(receipt).where(number == last)).scalar() == known.receipt_id:
                query = query.where(number > last)
            else:
                seen = []
                _hashed.pop(address, None)
        rows: Iterable[Any] = connection.execute(query)
        with without_garbage():
            # By place, not by name: a country has hundreds of thousands, and many from one sender at one moment.
            new = [
                (
                    place,
                    Receipt(
                        sha256,
                        file_name,
                        size_bytes,
                        _moment(received_at),
                        intern(sender),
                        intern(channel),
                        *rest,
                    ),
                )
                for place, received_at, sha256, file_name, size_bytes, sender, channel, *rest in rows
            ]
    _seen[address] = [*seen, *new]
    return _seen[address]


@lru_cache(maxsize=10_000)
def _moment(told: str | datetime) -> datetime:
    """A moment as the database's driver gives it: SQLite as text."""
    return aware(datetime.fromisoformat(told) if isinstance(told, str) else told)


def log_act(engine: Engine, *, at: datetime, actor: str, act: str, subject: str, detail: str = "") -> None:
    """Append one act: who did what, when, to what."""
    with engine.begin() as connection:
        connection.execute(
            insert(ACTS).values(acted_at=utc(at), actor=actor, act=act, subject=subject, detail=detail)
        )


def list_acts(engine: Engine, kinds: Collection[str] = ()) -> Sequence[dict[str, object]]:
    """All acts in order, or those of some kinds, as mappings with the columns of ``ACTS``."""
    asked = select(ACTS).order_by(ACTS.c.act_number)
    if kinds:
        asked = asked.where(ACTS.c.act.in_(kinds))
    with engine.connect() as connection:
        rows = connection.execute(asked).mappings().all()
    return [{**row, "acted_at": aware(row["acted_at"])} for row in rows]


def last_act_at(engine: Engine) -> datetime | None:
    """When the latest of all acts was done."""
    with engine.connect() as connection:
        latest = connection.execute(select(func.max(ACTS.c.acted_at))).scalar()
    return aware(latest) if latest else None


def _known_ids(connection: Connection, asked: Collection[str] = ()) -> set[str]:
    """The ids of all receipts, or those of the ``asked`` that are there."""
    ids = select(RECEIPTS.c.receipt_id)
    return set(connection.execute(ids.where(RECEIPTS.c.receipt_id.in_(asked)) if asked else ids).scalars())


def _row(receipt: Receipt) -> dict[str, object]:
    return {
        "receipt_id": receipt.receipt_id,
        "sha256": receipt.sha256,
        "file_name": receipt.file_name,
        "size_bytes": receipt.size_bytes,
        "received_at": utc(receipt.received_at),
        "sender": receipt.sender,
        "channel": receipt.channel,
        "expected_year": receipt.expected_year,
    }


def _round_row(receipt: Receipt) -> dict[str, object]:
    return {"receipt_id": receipt.receipt_id, "expected_round": receipt.expected_round}


def utc(moment: datetime) -> datetime:
    """``moment`` as it is written."""
    return moment.astimezone(UTC)


def aware(moment: datetime) -> datetime:
    """SQLite gives naive timestamps back; they were written as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
