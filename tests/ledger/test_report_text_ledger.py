"""What officers write into reports stays in the ledger, is known from when it was written, and can be taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from dagster_project.ledger.acts import acts_of
from dagster_project.ledger.decision_frames import read_decisions
from dagster_project.ledger.decisions import (
    ReportText,
    add_report_text,
    list_report_texts,
    shapes,
    withdraw,
)
from dagster_project.ledger.store import list_acts, open_ledger

MORNING = datetime(2026, 4, 9, 8, 30, tzinfo=timezone(timedelta(hours=7)))
TEXT = ReportText(
    round_code="2244-X-2025",
    section="assessment",
    text="Kết quả tăng so với năm trước.",
    written_by="Lan",
    written_at=MORNING,
)


def test_every_text_stays_and_the_last_one_can_be_taken_back(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    first = add_report_text(ledger, TEXT)
    second = add_report_text(ledger, replace(TEXT, text="Bản sửa.", written_at=MORNING + timedelta(hours=1)))
    assert [item.text for item in list_report_texts(ledger)] == [TEXT.text, "Bản sửa."]
    assert [item.text for item in list_report_texts(ledger, known_at=MORNING)] == [TEXT.text]
    before = read_decisions(ledger).facts()
    assert withdraw(ledger, second, by="Lan", reason="nhầm", at=MORNING + timedelta(hours=2))
    assert [item.text_id for item in list_report_texts(ledger)] == [first]
    assert read_decisions(ledger).facts() != before


def test_the_log_of_the_round_tells_of_it_and_its_withdrawal_is_an_act_on_the_round(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    text_id = add_report_text(ledger, TEXT)
    assert shapes(ledger, text_id) == ("2244-X-2025", None)
    (act,) = acts_of(list_acts(ledger), "2244-X-2025", "2025")
    assert (act["act"], act["actor"], act["subject"]) == ("report_text", "Lan", text_id)
