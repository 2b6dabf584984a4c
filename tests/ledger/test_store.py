"""What the ledger keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from dagster_project.ledger.store import (
    Receipt,
    add_receipts,
    hash_receipts,
    list_acts,
    list_receipts,
    log_act,
    open_ledger,
    receipt_numbers,
    receipts_since,
)

HANOI = timezone(timedelta(hours=7))
RECEIPT = Receipt("a" * 64, "biểu.xlsx", 10, datetime(2026, 4, 9, 23, 59, tzinfo=HANOI), "BL-KT", "email")


def test_the_time_of_arrival_is_kept_as_the_same_moment(tmp_path: Path) -> None:
    add_receipts(open_ledger(tmp_path / "ledger.sqlite"), [RECEIPT])
    (kept,) = list_receipts(open_ledger(tmp_path / "ledger.sqlite"))
    assert kept.received_at == datetime(2026, 4, 9, 16, 59, tzinfo=UTC)
    assert kept == RECEIPT


def test_the_same_file_handed_in_again_keeps_its_first_time(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    assert add_receipts(ledger, [RECEIPT]) == [RECEIPT]
    later = replace(RECEIPT, received_at=RECEIPT.received_at + timedelta(days=3))
    assert add_receipts(ledger, [later, later]) == []
    assert list_receipts(ledger) == [RECEIPT]


def test_the_round_that_a_run_was_told_to_take_stays_with_its_files(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    told = replace(RECEIPT, expected_round="2244-X-2025-Q3")
    other = replace(RECEIPT, sha256="b" * 64, expected_year=2025)
    add_receipts(ledger, [told, other])
    assert list_receipts(ledger) == [told, other]


def test_equal_bytes_under_another_name_are_another_receipt(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    renamed = replace(RECEIPT, file_name="biểu lần 2.xlsx")
    add_receipts(ledger, [RECEIPT, renamed])
    assert [receipt.file_name for receipt in list_receipts(ledger)] == ["biểu.xlsx", "biểu lần 2.xlsx"]


def test_what_came_since_a_place_is_told_and_equal_bytes_have_the_place_of_the_first(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    renamed = replace(RECEIPT, file_name="biểu lần 2.xlsx")
    add_receipts(ledger, [RECEIPT])
    (first,) = receipt_numbers(ledger).values()
    add_receipts(ledger, [renamed])
    assert receipts_since(ledger, first) == [renamed]
    assert receipts_since(ledger, 0) == [RECEIPT, renamed]
    assert receipt_numbers(ledger) == {RECEIPT.sha256: first}


def test_acts_stay_in_the_order_they_were_done(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    for number, act in enumerate(("first", "second")):
        log_act(ledger, at=datetime(2026, 4, 9, number, tzinfo=HANOI), actor="Lan", act=act, subject="I.1")
    acts = list_acts(ledger)
    assert [act["act"] for act in acts] == ["first", "second"]
    assert acts[1]["acted_at"] == datetime(2026, 4, 8, 18, tzinfo=UTC)


def test_what_came_since_is_seen_and_another_ledger_at_the_same_place_is_another(tmp_path: Path) -> None:
    first = open_ledger(tmp_path / "ledger.sqlite")
    add_receipts(first, [RECEIPT])
    assert list_receipts(first) == [RECEIPT]
    later = replace(RECEIPT, sha256="b" * 64, expected_round="2244-X-2025-Q3")
    add_receipts(open_ledger(tmp_path / "ledger.sqlite"), [later])
    assert list_receipts(first) == [RECEIPT, later]
    for file in tmp_path.iterdir():
        file.unlink()
    second = open_ledger(tmp_path / "ledger.sqlite")
    assert list_receipts(second) == []
    other = replace(RECEIPT, sha256="c" * 64)
    add_receipts(second, [other])
    assert list_receipts(second) == [other]


def test_the_hash_of_receipts_is_the_same_however_many_were_seen_before(tmp_path: Path) -> None:
    later = replace(RECEIPT, sha256="b" * 64, received_at=RECEIPT.received_at + timedelta(days=1))
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    hashes = [hash_receipts(ledger)]
    for receipt in (RECEIPT, later):
        add_receipts(ledger, [receipt])
        hashes.append(hash_receipts(ledger))
    assert len(set(hashes)) == 3
    at_once = open_ledger(tmp_path / "at-once.sqlite")
    add_receipts(at_once, [RECEIPT, later])
    assert hash_receipts(at_once) == hashes[-1]
    assert hash_receipts(at_once, later.received_at) == hashes[-1]
    assert hash_receipts(at_once, RECEIPT.received_at) == hashes[1]
    for file in tmp_path.glob("ledger.sqlite*"):
        file.unlink()
    another = open_ledger(tmp_path / "ledger.sqlite")
    add_receipts(another, [later])
    assert hash_receipts(another) not in hashes


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "b" * 64},
        {"file_name": "biểu.xlsx "},
        {"received_at": RECEIPT.received_at + timedelta(microseconds=1)},
        {"sender": "BL-KTe", "channel": "mail"},
        {"channel": ""},
        {"expected_year": 2025},
        {"expected_round": "2244-X-2025"},
    ],
)
def test_all_that_shapes_figures_is_in_the_hash_of_receipts(
    tmp_path: Path, change: dict[str, object]
) -> None:
    ledgers = [open_ledger(tmp_path / f"{name}.sqlite") for name in ("one", "other")]
    add_receipts(ledgers[0], [RECEIPT])
    add_receipts(ledgers[1], [replace(RECEIPT, **change)])  # type: ignore[arg-type]
    assert hash_receipts(ledgers[0]) != hash_receipts(ledgers[1])
