"""The office on one page: states, open findings, papers that are waited for."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from docx import Document

from dagster_project.catalogue.load import load_catalogue
from dagster_project.errors import UsageError
from dagster_project.handover import gather, hand_over
from dagster_project.ledger.decisions import Exemption
from dagster_project.ledger.rounds import RoundAct, add_round_act, read_rounds
from dagster_project.ledger.store import list_acts, open_ledger
from dagster_project.paths import Project
from dagster_project.pipeline import Desk
from dagster_project.settings import Office, Settings
from dagster_project.warehouse.status import Known

NOW = datetime(2026, 4, 9, 5, tzinfo=UTC)
ROUND = "2244-X-2025"
OFFICE = Office(level="commune", area_code="03390", criteria_set_code="2244", is_sample=True)
EXTENSION = Exemption(
    reporting_unit_code="BL-QS",
    area_code="03390",
    form_code="B01-X",
    round_code=ROUND,
    kind="extension",
    until=date(2026, 4, 11),
    reason="huấn luyện",
    decided_by="Lan",
    decided_at=NOW,
)


@pytest.fixture(scope="module")
def known() -> Known:
    return Known(
        catalogue=load_catalogue(Project().reference),
        office=OFFICE,
        release_file=None,
        entries=[],
        unconfirmed=[],
        exemptions=[EXTENSION],
        signed_copies=[],
        fixed=(),
        now=NOW,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    settings = Settings(data=tmp_path, catalogue=Project().reference, office=OFFICE)
    return Desk(settings, now=lambda: NOW)


def test_the_page_says_what_stands_and_what_is_waited_for(desk: Desk, known: Known) -> None:
    page = gather(
        known, read_rounds(open_ledger(desk.folder.ledger_file)), giver="Lan", taker="Minh", lang="vi"
    )
    (line,) = [line for line in page.rounds if line.code == ROUND]
    assert line.state == "nháp"
    assert line.sent.startswith("0/")
    told = " ".join(text for text in page.waiting if text.startswith(ROUND))
    assert "đơn vị chưa gửi" in told
    assert "BL-QS (11/04/2026)" in told


def test_for_signature_the_document_is_waited_for_and_no_form_that_would_be_refused(
    desk: Desk, known: Known
) -> None:
    ledger = open_ledger(desk.folder.ledger_file)
    signed = RoundAct(
        round_code=ROUND,
        act="sign",
        state="for_signature",
        reason="",
        set_by="Lan",
        set_at=NOW,
        release_id="R0001",
    )
    add_round_act(ledger, signed)
    page = gather(known, read_rounds(ledger), giver="Lan", taker="Minh", lang="vi")
    (line,) = [line for line in page.rounds if line.code == ROUND]
    assert line.state == "trình ký (09/04/2026, Lan)"
    (told,) = [text for text in page.waiting if text.startswith(ROUND)]
    assert "chờ số, ngày và bản đã ký" in told


def test_it_is_written_once_for_paper_and_stands_in_the_ledger(desk: Desk, known: Known) -> None:
    word, pdf = hand_over(desk, known, giver=" Lan ", taker="Minh")
    text = "\n".join(paragraph.text for paragraph in Document(str(word)).paragraphs)
    assert "Lan bàn giao cho Minh" in text
    assert "MINH HỌA" in text
    (act,) = list_acts(open_ledger(desk.folder.ledger_file))
    assert (act["actor"], act["act"], act["subject"], act["acted_at"]) == (
        "Lan",
        "office.handover",
        "Minh",
        NOW,
    )
    if shutil.which("pdftotext"):
        pages = subprocess.run(
            ["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True
        ).stdout
        assert pages.count("\f") == 1


@pytest.mark.parametrize(("giver", "taker"), [("Lan", "Lan"), ("", "Minh"), ("Lan", " ")])
def test_it_takes_two_people(desk: Desk, known: Known, giver: str, taker: str) -> None:
    with pytest.raises(UsageError):
        hand_over(desk, known, giver=giver, taker=taker)
    assert not desk.folder.handovers.exists()
