"""Decisions in the ledger: what stands, what a later word replaces, and what the models get to read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from dagster_project import frames
from dagster_project.ledger.decision_frames import decision_frames, read_decisions, with_signed_copies
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
    list_entries,
    list_exemptions,
    withdraw,
)
from dagster_project.ledger.store import list_acts, open_ledger

MORNING = datetime(2026, 4, 9, 8, 30, tzinfo=timezone(timedelta(hours=7)))
ENTRY = Entry(
    kind="correction",
    round_code="2244-X-2025",
    period_code="2025",
    area_code="03390",
    reporting_unit_code="BL-KT",
    data_element_code="I.2.GT",
    category_code="_T",
    value=1200.0,
    value_exact="1200",
    value_text=None,
    value_state="value",
    unit="triệu đồng",
    expect="12000",
    reason="gõ thừa số 0",
    said_by="chị Hà",
    channel="phone",
    entered_at=MORNING,
    entered_by="Lan",
)
RESPONSE = Response(
    rule_code="JUMP",
    reporting_unit_code="BL-KT",
    area_code="03390",
    period_code="2025",
    data_element_code="I.2.GT",
    category_code="_T",
    observed="1200",
    text="Có dự án mới",
    answered_by="chị Hà",
    answered_at=MORNING,
)
VERDICT = Verdict(
    rule_code="SLIP",
    reporting_unit_code="BL-KT",
    area_code="03390",
    period_code="2025",
    data_element_code="I.2.GT",
    category_code=None,
    observed=None,
    verdict="accept",
    reason="đã đối chiếu sổ",
    decided_by="Lan",
    decided_at=MORNING,
)
EXEMPTION = Exemption(
    reporting_unit_code="BL-QS",
    area_code="03390",
    form_code="B01-X",
    round_code="2244-X-2025",
    kind="extension",
    until=date(2026, 4, 20),
    reason="công văn xin gia hạn",
    decided_by="Lan",
    decided_at=MORNING,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Engine:
    return open_ledger(tmp_path / "ledger.sqlite")


def _frames(ledger: Engine, answers: pl.DataFrame | None = None, **came: datetime) -> dict[str, pl.DataFrame]:
    told = frames.empty(frames.ANSWERS) if answers is None else answers
    return decision_frames(read_decisions(ledger), told, came, is_sample=False)


def test_a_figure_by_telephone_is_kept_as_it_was_given_until_the_unit_confirms_it(ledger: Engine) -> None:
    entry_id = add_entry(ledger, ENTRY)
    (waiting,) = list_entries(ledger)
    assert waiting == replace(ENTRY, entry_id=entry_id)
    assert confirm_entry(ledger, entry_id, by="chị Hà", at=MORNING + timedelta(days=1))
    assert _frames(ledger)["entries"]["confirmed_at"].to_list() == [datetime(2026, 4, 10, 1, 30, tzinfo=UTC)]


@pytest.mark.parametrize("entry_id", ["SL-0002", "GT-0001", "SL-", "sai"])
def test_only_a_figure_that_waits_can_be_confirmed(ledger: Engine, entry_id: str) -> None:
    known = add_entry(ledger, ENTRY)
    assert not confirm_entry(ledger, entry_id, by="Lan", at=MORNING)
    assert confirm_entry(ledger, known, by="Lan", at=MORNING)
    assert not confirm_entry(ledger, known, by="Lan", at=MORNING)


def test_the_newest_word_about_one_figure_counts_and_the_older_one_stays_written(ledger: Engine) -> None:
    add_entry(ledger, ENTRY)
    add_entry(ledger, replace(ENTRY, value=1300.0, value_exact="1300"))
    add_entry(ledger, replace(ENTRY, category_code="NSNN", value=5.0))
    found = _frames(ledger)["entries"]
    assert dict(found.select("category_code", "value").iter_rows()) == {"_T": 1300.0, "NSNN": 5.0}
    assert len(list_entries(ledger)) == 3


def test_what_is_withdrawn_lets_the_word_before_it_stand_again(ledger: Engine) -> None:
    add_exemption(ledger, EXEMPTION)
    second = add_exemption(ledger, replace(EXEMPTION, kind="not_sending", until=None))
    assert withdraw(ledger, second, by="Lan", reason="ghi nhầm đơn vị", at=MORNING)
    assert [exemption.kind for exemption in list_exemptions(ledger)] == ["extension"]
    made = _frames(ledger)["exemptions"].select("kind", "is_standing", "withdrawn_at")
    assert made.rows() == [("extension", True, None), ("not_sending", False, MORNING)]
    assert not withdraw(ledger, second, by="Lan", reason="lần nữa", at=MORNING)
    assert not withdraw(ledger, "XX-0001", by="Lan", reason="không có", at=MORNING)


def test_every_decision_is_among_the_acts_with_who_and_what(ledger: Engine) -> None:
    ids = [
        add_entry(ledger, ENTRY),
        add_response(ledger, RESPONSE),
        add_verdict(ledger, VERDICT),
        add_exemption(ledger, EXEMPTION),
    ]
    acts = list_acts(ledger)
    assert [act["subject"] for act in acts] == ids
    assert [act["act"] for act in acts] == [
        "entry.correction",
        "respond",
        "decide.accept",
        "exempt.extension",
    ]
    assert {act["actor"] for act in acts} == {"Lan", "chị Hà"}


def test_a_verdict_on_a_whole_form_keeps_its_empty_places(ledger: Engine) -> None:
    add_verdict(ledger, VERDICT)
    add_verdict(ledger, replace(VERDICT, reason="đối chiếu lần hai"))
    (row,) = _frames(ledger)["verdicts"].to_dicts()
    assert (row["category_code"], row["observed"], row["reason"]) == (None, None, "đối chiếu lần hai")


def test_an_answer_in_a_workbook_counts_from_the_hour_it_came(ledger: Engine) -> None:
    add_response(ledger, RESPONSE)
    key = {name: getattr(RESPONSE, name) for name in frames.FINDING_KEY}
    answers = pl.DataFrame(
        [
            {"sha256": "f" * 64, "submission_id": "s", "finding_id": "1", **key, "text": "Theo báo cáo quý"},
            {"sha256": "f" * 64, "submission_id": "s", "finding_id": "2", **key, "text": " "},
        ],
        schema=frames.ANSWERS,
    )
    later = _frames(ledger, answers, **{"f" * 64: MORNING + timedelta(hours=1)})["responses"]
    assert later.select("text", "how", "answered_by").rows() == [("Theo báo cáo quý", "workbook", "BL-KT")]
    earlier = _frames(ledger, answers, **{"f" * 64: MORNING - timedelta(hours=1)})["responses"]
    assert earlier["how"].to_list() == ["command"]


def test_frames_without_any_decision_have_their_columns(ledger: Engine) -> None:
    found = _frames(ledger)
    assert {name: frame.schema for name, frame in found.items()} == {
        "entries": frames.ENTRIES,
        "responses": frames.RESPONSES,
        "verdicts": frames.VERDICTS,
        "exemptions": frames.EXEMPTIONS,
        "report_texts": frames.REPORT_TEXTS,
    }
    assert all(frame.is_empty() for frame in found.values())


def _sent(*moments: tuple[int, bool]) -> pl.DataFrame:
    """Forms of one unit that came on these days of April; whether each was refused."""
    rows = [
        {
            "submission_id": str(day),
            "reporting_unit_code": "BL-KT",
            "form_code": "B01-X",
            "round_code": "2244-X-2025",
            "received_at": datetime(2026, 4, day, tzinfo=UTC),
            "signed_copy": False,
            "blocked": blocked,
        }
        for day, blocked in moments
    ]
    return frames.conform(pl.DataFrame(rows), frames.SUBMISSIONS)


@pytest.mark.parametrize(
    ("came", "signed"),
    [
        (((1, False),), ["1"]),
        (((1, False), (8, False), (10, False)), ["1", "8"]),
        (((10, False), (12, False)), ["10"]),
        (((1, True), (10, False), (12, False)), ["10"]),
    ],
)
def test_a_signed_copy_is_of_what_had_come_or_of_the_first_form_after_it(
    ledger: Engine, came: tuple[tuple[int, bool], ...], signed: list[str]
) -> None:
    copy = SignedCopy(
        reporting_unit_code="BL-KT",
        form_code="B01-X",
        round_code="2244-X-2025",
        paper_sha256=None,
        noted_by="Lan",
        noted_at=MORNING,
    )
    add_signed_copy(ledger, copy)
    found = with_signed_copies(_sent(*came), read_decisions(ledger).signed_copies)
    assert found.filter(pl.col("signed_copy"))["submission_id"].to_list() == signed
    assert not with_signed_copies(_sent(*came), [])["signed_copy"].any()
