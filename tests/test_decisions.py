"""Decisions through the command: a figure by telephone, an answer, a verdict, an excuse, and the run after them."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from docx import Document

from tests.command import ROOT, Printed, kho, rows

INBOX = ROOT / "seeds" / "sample" / "inbox"
#: A thousandfold slip against the year before, and the offices that the unit took over.
FORMS = ("BL-KT_2244-X-2025", "TD-KT_2244-X-2024", "BLC-KT_2244-X-2024", "SB-KT_2244-X-2024")
BY = ("--by", "Lan")
FIGURE = ("--year", "2025", "--reason", "gọi điện", "--said-by", "chị Hà", *BY)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after one run over a few forms."""
    folder = tmp_path_factory.mktemp("decisions")
    inbox = folder / "forms"
    inbox.mkdir()
    names = {f"B01-X_{name}.xlsx" for name in FORMS}
    for name in names:
        shutil.copy(INBOX / name, inbox / name)
    with (INBOX / "receipts.csv").open(encoding="utf-8", newline="") as stream:
        receipts = [row for row in csv.DictReader(stream) if row["file"] in names]
    with (inbox / "receipts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, receipts[0])
        writer.writeheader()
        writer.writerows(receipts)
    assert kho(folder / "data", "init", "--sample").code == 0
    assert kho(folder / "data", "run", "--no-report", inbox).code == 1
    return folder / "data"


@pytest.fixture(scope="module")
def finding(data: Path) -> dict[str, str]:
    """The ids of the findings that the forms are known to have, by rule."""
    found = rows(data, "select rule_code, finding_id from fct_finding where status = 'fail'")
    return {row["rule_code"]: row["finding_id"] for row in found}


@pytest.fixture(scope="module")
def decided(data: Path, finding: dict[str, str]) -> dict[str, Printed]:
    """One decision of each kind, and what was printed."""
    paper = data.parent / "bản giấy.pdf"
    paper.write_bytes(b"%PDF-1.4\n%%EOF\n")
    slip, jump = finding["SLIP_UP_II_2_3_GT"], finding["JUMP_UP_II_2_3_GT"]
    return {
        "correct": kho(
            data, "correct", "I.1.GT", "--unit", "BL-KT", "--value", "12", "--expect", "11", *FIGURE
        ),
        "enter": kho(
            data,
            "enter",
            "I.1.GT",
            "--on-behalf",
            "BL-YT",
            "--value",
            "7",
            *FIGURE,
            "--paper",
            paper,
            "--page",
            "2",
        ),
        "respond": kho(data, "respond", jump[:8], "--text", "Có hợp đồng mới", "--by", "chị Hà"),
        "decide": kho(data, "decide", slip, "--accept", "--reason", "đã đối chiếu sổ", *BY),
        "text": kho(
            data, "text", "--year", "2025", "--section", "assessment", "--text", "Tăng nhờ dịch vụ mới.", *BY
        ),
        "signed": kho(data, "signed", "--unit", "BL-KT", "--year", "2025", *BY),
        "exempt": kho(
            data,
            "exempt",
            "--unit",
            "BL-QS",
            "--year",
            "2025",
            "--kind",
            "exempt",
            "--reason",
            "sáp nhập",
            *BY,
        ),
    }


@pytest.fixture(scope="module")
def again(data: Path, decided: dict[str, Printed]) -> Printed:
    assert {name: printed.code for name, printed in decided.items()} == dict.fromkeys(decided, 0)
    return kho(data, "run", "--json")


def test_each_decision_gets_a_number_and_tells_what_to_do_next(decided: dict[str, Printed]) -> None:
    for name, number in {
        "correct": "SL-0001",
        "enter": "SL-0002",
        "respond": "GT-0001",
        "decide": "QD-0001",
        "text": "NX-0001",
        "signed": "BK-0001",
        "exempt": "MG-0001",
    }.items():
        assert number in decided[name].out, decided[name].err
        assert "kho run" in decided[name].out


def test_what_does_not_fit_the_release_is_refused_and_nothing_is_written(
    data: Path, finding: dict[str, str]
) -> None:
    wrong = kho(data, "correct", "I.1.GT", "--unit", "BL-KT", "--value", "12", "--expect", "10", *FIGURE)
    assert (wrong.code, wrong.out) == (2, "")
    assert '"11"' in wrong.err
    sent = kho(data, "enter", "I.1.GT", "--on-behalf", "BL-KT", "--value", "12", *FIGURE)
    assert (sent.code, sent.out) == (2, "")
    assert all(told in sent.err for told in ('"11"', "kho correct"))
    blocking = kho(data, "respond", finding["SLIP_UP_II_2_3_GT"], "--text", "x", *BY)
    assert (blocking.code, blocking.out) == (2, "")


def test_the_next_run_makes_a_release_from_the_decisions(data: Path, again: Printed) -> None:
    assert again.json["changed"]
    inputs = data / "build" / "inputs"
    entries = pl.read_parquet(inputs / "entries.parquet").sort("entry_id").to_dicts()
    assert [(row["kind"], row["value"], row["expect"]) for row in entries] == [
        ("correction", 12.0, "11"),
        ("on_behalf", 7.0, None),
    ]
    assert entries[1]["paper_name"] == "bản giấy.pdf"
    landed = {file["sha256"] for file in again.json["files"]}
    assert entries[1]["paper_sha256"] in landed
    for name in ("responses", "verdicts", "exemptions"):
        assert len(pl.read_parquet(inputs / f"{name}.parquet")) == 1, name


def test_an_officers_text_stands_in_the_report_that_the_next_run_makes(data: Path, again: Printed) -> None:
    (told,) = rows(data, "select round_code, section, text, written_by, is_current from fct_report_text")
    assert told == {
        "round_code": "2244-X-2025",
        "section": "assessment",
        "text": "Tăng nhờ dịch vụ mới.",
        "written_by": "Lan",
        "is_current": True,
    }
    report = data / "exports" / again.json["release"] / "bao-cao-2244-X-2025.docx"
    lines = [paragraph.text for paragraph in Document(str(report)).paragraphs]
    assert lines[lines.index("1. Đánh giá") + 1] == "Tăng nhờ dịch vụ mới."
    assert "Kính gửi: Sở Khoa học và Công nghệ tỉnh Lai Châu." in lines
    assert "Tăng nhờ dịch vụ mới." in kho(data, "text", "--year", "2025").out


def test_open_data_show_the_figures_and_neither_who_entered_them_nor_what_officers_wrote(
    data: Path, again: Printed
) -> None:
    folder = data / "exports" / again.json["release"] / "du-lieu-mo"
    values = pl.read_parquet(folder / "parquet" / "fct_reported_value.parquet")
    entered = values.filter(pl.col("entered_how").is_in(["correction", "on_behalf"]))
    assert sorted(entered["value"]) == [7.0, 12.0]
    files = [file.read_text(encoding="utf-8") for file in folder.rglob("*.csv")]
    for told in ("chị Hà", "gọi điện", "Có hợp đồng mới", "đã đối chiếu sổ", "Tăng nhờ dịch vụ mới"):
        assert [text for text in files if told in text] == [], told


def test_what_a_text_lacks_is_told_at_once(data: Path) -> None:
    wrong = kho(data, "text", "--year", "2025", "--section", "danh-gia", "--file", data / "khong-co.docx")
    assert (wrong.code, wrong.out) == (2, "")
    for word in ("--by", "danh-gia", "assessment", "khong-co.docx"):
        assert word in wrong.err


def test_fields_of_a_template_are_listed_and_an_offices_own_template_stops_a_run_with_a_wrong_one(
    data: Path,
) -> None:
    assert "groups[].name" in kho(data, "templates", "fields").out
    assert kho(data, "templates", "export").code == 0
    own = data / "templates" / "official.docx"
    document = Document(str(own))
    document.add_paragraph("{{ issuerr }}")
    document.save(str(own))
    for command in (("templates", "check"), ("run",)):
        told = kho(data, *command)
        assert told.code == 2
        assert '"issuerr"' in told.err
    assert "Giữ mẫu của cơ quan" in kho(data, "templates", "export").out
    assert kho(data, "templates", "export", "--again").code == 0
    assert kho(data, "templates", "check").code == 0


@pytest.mark.usefixtures("again")
def test_status_tells_of_decisions_at_once_and_says_when_the_release_has_them(data: Path) -> None:
    def status() -> Any:
        return kho(data, "status", "--year", "2025", "--json").json

    before = status()
    assert not before["is_stale"]
    signed = {unit["reporting_unit_code"]: unit["signed_copy"] for unit in before["units"]}
    assert signed["BL-KT"]
    assert kho(data, "withdraw", "MG-0001", "--reason", "ghi nhầm", *BY).code == 0
    after = status()
    assert after["is_stale"]
    assert after["expected"] == before["expected"] + 1
    assert kho(data, "confirm-entry", "sl-0001", *BY).code == 0
    unconfirmed = {unit["reporting_unit_code"]: unit["unconfirmed"] for unit in status()["units"]}
    assert (unconfirmed["BL-KT"], unconfirmed["BL-YT"]) == (0, 1)


@pytest.mark.usefixtures("again")
def test_only_what_stands_can_be_confirmed_or_withdrawn(data: Path) -> None:
    assert kho(data, "confirm-entry", "SL-0009", *BY).code == 2
    assert kho(data, "withdraw", "QD-0009", "--reason", "x", *BY).code == 2
