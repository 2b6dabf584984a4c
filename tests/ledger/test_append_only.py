"""What stands in the ledger cannot be changed, by nobody's mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from dagster_project.ledger.append_only import missing_guards
from dagster_project.ledger.copy import copy_ledger
from dagster_project.ledger.store import Receipt, add_receipts, list_acts, list_receipts, log_act, open_ledger
from tests.ledger.server import open_empty_ledger

NOON = datetime(2026, 4, 9, 5, tzinfo=UTC)
RECEIPT = Receipt("a" * 64, "biểu.xlsx", 10, NOON, "BL-KT", "email", expected_round="2244-X-2025-Q3")


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | SecretStr:
    """An empty ledger, in a file and in a server."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite"
    address: str = request.getfixturevalue("postgres")
    open_empty_ledger(address)
    return SecretStr(address)


@pytest.fixture
def ledger(where: Path | SecretStr) -> Engine:
    """A ledger with one receipt and the act of taking it in."""
    engine = open_ledger(where)
    add_receipts(engine, [RECEIPT], (NOON, "Lan"))
    return engine


def test_who_took_a_file_in_is_written_with_its_receipt_and_only_once(ledger: Engine) -> None:
    add_receipts(ledger, [RECEIPT], (NOON, "Minh"))
    acts = [(act["actor"], act["act"], act["subject"], act["detail"]) for act in list_acts(ledger)]
    assert acts == [("Lan", "receive", "biểu.xlsx", "a" * 64)]


@pytest.mark.parametrize("change", ["update receipts set sender = 'x'", "delete from acts"])
def test_the_database_refuses_to_change_or_delete_what_was_written(ledger: Engine, change: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), ledger.begin() as connection:
        connection.execute(text(change))
    assert list_receipts(ledger) == [RECEIPT]
    assert len(list_acts(ledger)) == 1


def test_a_ledger_without_the_refusal_is_told_and_learns_it_when_it_is_opened(
    ledger: Engine, where: Path | SecretStr
) -> None:
    on = " on acts" if ledger.dialect.name == "postgresql" else ""
    with ledger.begin() as connection:
        connection.execute(text(f"drop trigger kho_keep_delete_acts{on}"))
    assert missing_guards(ledger) == ["kho_keep_delete_acts"]
    assert missing_guards(open_ledger(where)) == []


def test_the_rows_of_a_ledger_are_saved_in_a_file_of_their_own(
    ledger: Engine, where: Path | SecretStr, tmp_path: Path
) -> None:
    log_act(ledger, at=NOON, actor="Lan", act="entry.confirm", subject="SL-0001")
    saved = open_ledger(copy_ledger(where, tmp_path / "rows.sqlite"))
    assert list_receipts(saved) == [RECEIPT]
    assert list_acts(saved) == list_acts(ledger)
