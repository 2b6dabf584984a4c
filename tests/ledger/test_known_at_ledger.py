"""The ledger as it stood at a moment is what it held at that moment, whatever was written afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from dagster_project.ledger.decision_frames import Decisions, read_decisions
from dagster_project.ledger.decisions import (
    Entry,
    Exemption,
    Response,
    SignedCopy,
    Verdict,
    add_entry,
    add_exemption,
    add_response,
    add_signed_copy,
    add_verdict,
    confirm_entry,
    withdraw,
)
from dagster_project.ledger.store import Receipt, add_receipts, list_receipts, open_ledger

START = datetime(2026, 4, 1, tzinfo=UTC)
SUBJECT = {
    "reporting_unit_code": "U1",
    "area_code": "001",
    "data_element_code": "P.GT",
    "category_code": "_T",
}
FINDING = {**SUBJECT, "rule_code": "JUMP", "period_code": "2025", "observed": None}
FORM = {"reporting_unit_code": "U1", "form_code": "F1", "round_code": "T-2025"}


def _receipt(ledger: Engine, at: datetime, number: int) -> None:
    add_receipts(ledger, [Receipt(f"bytes{number % 2}", f"ten{number}.xlsx", 1, at)])


def _entry(ledger: Engine, at: datetime, number: int) -> None:
    figures = {"value": float(number), "value_exact": str(number), "value_text": None, "value_state": "value"}
    told = {"unit": None, "expect": None, "reason": "nhầm", "said_by": "Hà", "channel": "phone"}
    period = {"kind": "correction", "round_code": "T-2025", "period_code": "2025"}
    add_entry(ledger, Entry(**SUBJECT, **figures, **told, **period, entered_at=at, entered_by="Lan"))


def _response(ledger: Engine, at: datetime, number: int) -> None:
    add_response(ledger, Response(**FINDING, text=str(number), answered_by="Hà", answered_at=at))


def _verdict(ledger: Engine, at: datetime, number: int) -> None:
    told = {"verdict": "accept", "reason": str(number), "decided_by": "Lan", "decided_at": at}
    add_verdict(ledger, Verdict(**FINDING, **told))


def _exemption(ledger: Engine, at: datetime, number: int) -> None:
    told = {"kind": "extension", "until": date(2026, 4, 20 + number), "reason": "xin", "decided_by": "Lan"}
    add_exemption(ledger, Exemption(**FORM, **told, area_code="001", decided_at=at))


def _signed_copy(ledger: Engine, at: datetime, number: int) -> None:
    add_signed_copy(ledger, SignedCopy(**FORM, paper_sha256=str(number), noted_by="Lan", noted_at=at))


def _confirm(ledger: Engine, at: datetime, number: int) -> None:
    confirm_entry(ledger, f"SL-{number:04d}", by="Hà", at=at)


def _withdraw(prefix: str) -> Callable[[Engine, datetime, int], None]:
    def act(ledger: Engine, at: datetime, number: int) -> None:
        withdraw(ledger, f"{prefix}-{number:04d}", by="Lan", reason="thôi", at=at)

    return act


ACTS = (
    *(_receipt, _entry, _response, _verdict, _exemption, _signed_copy, _confirm),
    *(_withdraw(prefix) for prefix in ("SL", "GT", "QD", "MG", "BK")),
)


@settings(max_examples=8, deadline=None)
@given(played=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 3)), min_size=1, max_size=10))
def test_the_ledger_of_a_moment_can_be_read_for_ever(
    played: list[tuple[Callable[[Engine, datetime, int], None], int]],
) -> None:
    with TemporaryDirectory() as folder:
        ledger = open_ledger(Path(folder) / "ledger.sqlite")
        held: dict[datetime, tuple[list[Receipt], Decisions]] = {}
        for day, (act, number) in enumerate(played):
            at = START + timedelta(days=day)
            act(ledger, at, number)
            held[at] = (list_receipts(ledger), read_decisions(ledger))
        for at, (receipts, decisions) in held.items():
            assert list_receipts(ledger, at) == receipts
            assert read_decisions(ledger, at) == decisions
            assert list_receipts(ledger, at + timedelta(hours=23)) == receipts
        assert list_receipts(ledger, START - timedelta(microseconds=1)) == []


def test_a_copy_told_to_have_come_earlier_is_not_known_before_the_file_that_counts(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    counts = Receipt("bytes", "gốc.xlsx", 1, START + timedelta(days=2))
    add_receipts(ledger, [counts, Receipt("bytes", "bản sao.xlsx", 1, START)])
    assert list_receipts(ledger, START + timedelta(days=1)) == []
    assert list_receipts(ledger, START + timedelta(days=2)) == list_receipts(ledger)
