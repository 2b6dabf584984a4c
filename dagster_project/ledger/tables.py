"""The tables of the ledger, and nothing else.

Rows are appended and never changed: what was confirmed or withdrawn later stands in a row of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

METADATA = MetaData()


def _text(name: str, *, optional: bool = False) -> Column[str]:
    return Column(name, String, nullable=optional)


def _moment(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=True)


def _finding_key() -> list[Column[str]]:
    return [
        _text("rule_code"),
        *(
            _text(name, optional=True)
            for name in (
                "reporting_unit_code",
                "area_code",
                "period_code",
                "data_element_code",
                "category_code",
                "observed",
            )
        ),
    ]


RECEIPTS = Table(
    "receipts",
    METADATA,
    _number("receipt_number"),
    Column("receipt_id", String(32), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False, index=True),
    _text("file_name"),
    Column("size_bytes", BigInteger, nullable=False),
    _moment("received_at"),
    Column("sender", String, nullable=False, default=""),
    Column("channel", String, nullable=False, default=""),
    Column("expected_year", Integer, nullable=True),
    UniqueConstraint("sha256", "file_name"),
)

#: Receipts of a run that was told to take one round; a data year stands in the receipt itself.
RECEIPT_ROUNDS = Table(
    "receipt_rounds",
    METADATA,
    _number("number"),
    Column("receipt_id", String(32), nullable=False, unique=True),
    _text("expected_round"),
)

ACTS = Table(
    "acts",
    METADATA,
    _number("act_number"),
    _moment("acted_at"),
    _text("actor"),
    _text("act"),
    _text("subject"),
    Column("detail", String, nullable=False, default=""),
)

ENTRIES = Table(
    "entries",
    METADATA,
    _number("number"),
    _text("kind"),
    _text("round_code"),
    _text("period_code"),
    _text("area_code"),
    _text("reporting_unit_code"),
    _text("data_element_code"),
    _text("category_code"),
    Column("value", Float, nullable=True),
    _text("value_exact", optional=True),
    _text("value_text", optional=True),
    _text("value_state"),
    _text("unit", optional=True),
    _text("expect", optional=True),
    _text("reason"),
    _text("said_by"),
    _text("channel"),
    _moment("entered_at"),
    _text("entered_by"),
    _text("paper_sha256", optional=True),
    _text("paper_name", optional=True),
    Column("page", Integer, nullable=True),
)

CONFIRMATIONS = Table(
    "confirmations",
    METADATA,
    _number("number"),
    Column("entry_number", Integer, nullable=False),
    _text("confirmed_by"),
    _moment("confirmed_at"),
)

RESPONSES = Table(
    "responses",
    METADATA,
    _number("number"),
    *_finding_key(),
    _text("text"),
    _text("answered_by"),
    _moment("answered_at"),
)

VERDICTS = Table(
    "verdicts",
    METADATA,
    _number("number"),
    *_finding_key(),
    _text("verdict"),
    _text("reason"),
    _text("decided_by"),
    _moment("decided_at"),
)

EXEMPTIONS = Table(
    "exemptions",
    METADATA,
    _number("number"),
    _text("reporting_unit_code"),
    _text("area_code"),
    _text("form_code"),
    _text("round_code"),
    _text("kind"),
    Column("until", Date, nullable=True),
    _text("reason"),
    _text("decided_by"),
    _moment("decided_at"),
)

SIGNED_COPIES = Table(
    "signed_copies",
    METADATA,
    _number("number"),
    _text("reporting_unit_code"),
    _text("form_code"),
    _text("round_code"),
    _text("paper_sha256", optional=True),
    _text("noted_by"),
    _moment("noted_at"),
)

WITHDRAWALS = Table(
    "withdrawals",
    METADATA,
    _number("number"),
    _text("subject"),
    _text("reason"),
    _text("withdrawn_by"),
    _moment("withdrawn_at"),
)

CATALOGUE_VERSIONS = Table(
    "catalogue_versions",
    METADATA,
    _number("number"),
    Column("content_hash", String(64), nullable=False),
    _text("how"),
    _moment("made_at"),
    Column("made_by", String, nullable=False, default=""),
    Column("reason", String, nullable=False, default=""),
    Column("document", String, nullable=False, default=""),
    Column("source_name", String, nullable=False, default=""),
    Column("source_sha256", String, nullable=False, default=""),
)

#: Each act names the act of its round that it follows (0: none), so that two at once cannot both be written.
ROUND_STATES = Table(
    "round_states",
    METADATA,
    _number("number"),
    _text("round_code"),
    Column("follows", Integer, nullable=False),
    _text("act"),
    _text("state"),
    _text("reason"),
    _text("amendment", optional=True),
    _text("returned_by", optional=True),
    _text("paper_sha256", optional=True),
    _text("paper_name", optional=True),
    _text("release_id", optional=True),
    _text("figures_hash", optional=True),
    Column("last_receipt_number", Integer, nullable=False),
    _text("set_by"),
    _moment("set_at"),
    UniqueConstraint("round_code", "follows"),
)

ROUND_RELEASES = Table(
    "round_releases",
    METADATA,
    _number("number"),
    Column("state_number", Integer, nullable=False, unique=True),
    _text("release_id"),
    _moment("made_at"),
)

DOCUMENTS = Table(
    "documents",
    METADATA,
    _number("number"),
    Column("state_number", Integer, nullable=False, unique=True),
    _text("round_code"),
    _text("kind"),
    _text("document_number"),
    Column("document_date", Date, nullable=False),
    _text("signer"),
    _text("file_sha256"),
    _text("file_name"),
    _text("release_id", optional=True),
    Column("revision", Integer, nullable=False),
    _text("relation", optional=True),
    _text("cites_number", optional=True),
    Column("cites_date", Date, nullable=True),
)

#: What officers write into a round's report; the newest that stands counts.
REPORT_TEXTS = Table(
    "report_texts",
    METADATA,
    _number("number"),
    _text("round_code"),
    _text("section"),
    _text("text"),
    _text("written_by"),
    _moment("written_at"),
)

#: Steps of the timetable that were done; one that stands here is not due again.
TIMETABLE_STEPS = Table(
    "timetable_steps",
    METADATA,
    _number("number"),
    _text("round_code"),
    _text("step"),
    Column("occasion", String, nullable=False, default=""),
    _text("done_by"),
    _moment("done_at"),
    UniqueConstraint("round_code", "step", "occasion"),
)

#: What was written to somebody, one row per event: never twice for the same one.
NOTICES = Table(
    "notices",
    METADATA,
    _number("number"),
    Column("event", String(64), nullable=False, unique=True),
    _text("kind"),
    Column("round_code", String, nullable=False, default=""),
    Column("reporting_unit_code", String, nullable=False, default=""),
    Column("recipient", String, nullable=False, default=""),
    _text("subject"),
    _text("folder"),
    _moment("written_at"),
)

#: A row before a mail server is asked; two at once cannot both write the same one.
NOTICE_ATTEMPTS = Table(
    "notice_attempts",
    METADATA,
    _number("number"),
    Column("notice_number", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    _text("recipient"),
    _moment("started_at"),
    UniqueConstraint("notice_number", "attempt"),
)

#: What came of an attempt; one without a row here may have been sent.
NOTICE_OUTCOMES = Table(
    "notice_outcomes",
    METADATA,
    _number("number"),
    Column("attempt_number", Integer, nullable=False, unique=True),
    _text("outcome"),
    Column("detail", String, nullable=False, default=""),
    _moment("ended_at"),
)
