"""A round played from draft to locked by commands: what each step says, refuses, freezes and writes down."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document

from tests.command import Printed, kho_inside
from tests.forms.small_catalogue import write_small_catalogue

ROUND = "T1-X-2025"
BY = ("--by", "Lan")
YEAR = ("--year", "2025")
SIGNED = ("--date", "15/04/2026", "--signer", "Nguyễn Văn A")
ENTRY = ("--value", "9", "--reason", "x", "--said-by", "chị Hà", *YEAR, *BY)
A_2 = "select value, value_status from fct_indicator where indicator_code = 'A.2' and category_code = '_T'"


@dataclass
class Play:
    """The office, what each step printed, and the release after it."""

    folder: Path
    steps: dict[str, Printed]
    releases: dict[str, str]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def do(self, step: str, *arguments: str | Path) -> Printed:
        self.steps[step] = kho_inside(self.data, *arguments)
        self.releases[step] = (self.data / "releases" / "CURRENT").read_text(encoding="utf-8").strip()
        return self.steps[step]

    def form(self, unit: str, name: str, **cells: Any) -> Path:
        """The unit's issued form, filled in."""
        book = openpyxl.load_workbook(self.data / "forms" / ROUND / f"F1_{unit}_{ROUND}.xlsx")
        for cell, value in cells.items():
            book["Biểu"][cell] = value
        book.save(self.folder / name)
        return self.folder / name

    @contextmanager
    def in_the_inbox(self, file: Path) -> Iterator[None]:
        """A copy of a file lies in the inbox meanwhile."""
        copied = Path(shutil.copy(file, self.data / "inbox"))
        yield
        copied.unlink()

    def paper(self, name: str) -> Path:
        (self.folder / name).write_bytes(f"%PDF-1.4 {name}\n%%EOF\n".encode())
        return self.folder / name

    def edit(self, table: str, old: str, new: str) -> None:
        file = self.data / "catalogue" / f"{table}.csv"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def rows(self, query: str, step: str) -> list[dict[str, Any]]:
        """Rows of one query over the release that stood after a step."""
        printed = kho_inside(self.data, "sql", query, "--release", self.releases[step], "--json")
        found: list[dict[str, Any]] = printed.json
        return found

    def state(self, step: str) -> str:
        (row,) = self.rows("select state from dim_round where round_code = 'T1-X-2025'", step)
        state: str = row["state"]
        return state

    def report(self, step: str) -> str:
        """Everything that the official report of a step says, headers included."""
        document = Document(str(self.data / "exports" / self.releases[step] / f"bao-cao-{ROUND}.docx"))
        headers = [part for item in document.sections for part in (item.header, item.first_page_header)]
        cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
        parts = [document, *headers, *cells]
        return "\n".join(item.text for part in parts for item in part.paragraphs)


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """A year as an office lives it, every step in order; the tests look at what it left."""
    play = Play(tmp_path_factory.mktemp("round"), {}, {})
    shipped = write_small_catalogue(play.folder / "catalogue")
    told = ("init", "--area", "00001", "--criteria-set", "T1")
    assert kho_inside(play.data, *told, catalogue=shipped).code == 0
    play.edit("value_statuses", "final,", "preliminary,Sơ bộ,true\nfinal,")
    assert kho_inside(play.data, "forms", "issue", *YEAR).code == 0
    _from_draft_to_signature(play)
    _while_it_is_fixed(play)
    _what_comes_after_it_was_issued(play)
    return play


def _from_draft_to_signature(play: Play) -> None:
    # a figure typed beside the row of its code is a fault that only a new file mends
    faulty = play.form("M-VP", "vp-1.xlsx", F17=7, F18=3, F19=4, F21="Có")
    office = play.form("M-HCC", "hcc-1.xlsx", F17=80, H17="Sơ bộ", F18=100, F19=80)
    stranger = play.form("M-HCC", "la.xlsx", C10="M-XYZ", F17=80)
    assert kho_inside(play.data, "run", "--no-report", faulty, office, stranger).code == 1
    play.do("status beside a stranger", "status", *YEAR, "--json")
    for step in ("letters", "remind", "feedback"):
        play.do(f"{step} beside a stranger", step, *YEAR)
    play.do("remind nobody", "remind", *YEAR, "--unit", "M-XYZ", "--unit", "M-VP", "--unit", "M-ABC")
    play.do("handover beside a stranger", "handover", "--from", "Lan", "--to", "Minh")
    play.do("sign a draft", "sign", *YEAR, *BY)
    play.do("review with open ends", "review", *YEAR, *BY)
    play.do("review", "review", *YEAR, *BY, "--reason", "bản ký đang trên đường")
    play.do("sign with blockers", "sign", *YEAR, *BY)
    for unit in ("M-VP", "M-HCC"):
        assert kho_inside(play.data, "signed", "--unit", unit, *YEAR, *BY).code == 0
    assert kho_inside(play.data, "catalogue", "confirm", "A.2", *YEAR, *BY).code == 0
    play.do("mended", "run", "--no-report", play.form("M-VP", "vp-2.xlsx", F17=7, F18=3, F22="Có"))
    play.do("sign what changed", "sign", *YEAR, *BY)
    assert kho_inside(play.data, "signed", "--unit", "M-VP", *YEAR, *BY).code == 0
    play.do("stale", "review", *YEAR, *BY)
    play.do("up to date", "run", "--no-report")
    waiting = play.form("M-HCC", "hcc-cho.xlsx", F17=85, F18=100, F19=85)
    with play.in_the_inbox(waiting):
        play.do("review beside a waiting file", "review", *YEAR, *BY)
    play.do("review again", "review", *YEAR, *BY)
    play.do("report of a draft", "report", *YEAR)
    with play.in_the_inbox(waiting):
        play.do("sign beside a waiting file", "sign", *YEAR, *BY)
    play.do("sign", "sign", *YEAR, *BY)


def _while_it_is_fixed(play: Play) -> None:
    late = play.form("M-HCC", "hcc-2.xlsx", F17=90, H17="Chính thức", F18=100, H18="Chính thức", F19=90)
    play.do("late file", "run", late)
    play.do("correct", "correct", "A.2.MS", "--unit", "M-HCC", "--expect", "100", *ENTRY)
    play.do("enter", "enter", "A.1.GT", "--category", "NU", "--on-behalf", "M-VP", *ENTRY)
    excuse = ("--unit", "M-VP", "--kind", "exempt", "--reason", "x", *YEAR, *BY)
    play.do("exempt", "exempt", *excuse)
    play.do("lock too early", "lock", *YEAR, *BY)
    play.do("amend too early", "amend", "--kind", "update", "--reason", "x", *YEAR, *BY)
    play.do("rollback", "rollback", play.releases["review"], "--reason", "x", *BY)
    play.do("issue without file", "issue", "--number", " ", *SIGNED, "--file", "none.pdf", *YEAR, *BY)
    (play.folder / "text.pdf").write_text("Báo cáo", encoding="utf-8")
    early = ("--number", "1", "--date", "31/12/2024", "--signer", "A", "--file", play.folder / "text.pdf")
    play.do("issue a text too early", "issue", *early, *YEAR, *BY)
    number = ("--number", "15/BC-UBND", *SIGNED, "--file", play.paper("bao-cao-15.pdf"))
    play.do("issue", "issue", *number, *YEAR, *BY)
    play.do("lock", "lock", *YEAR, *BY)
    play.do("report of a fixed round", "report", *YEAR)


def _what_comes_after_it_was_issued(play: Play) -> None:
    wanted = ("--kind", "replacement", "--returned-by", "Sở KH&CN", "--paper", play.paper("cong-van-7.pdf"))
    play.do("amend without reason", "amend", "--kind", "khác", "--reason", " ", *YEAR, *BY)
    play.do("amend", "amend", *wanted, "--reason", "Sở trả lại: số sơ bộ", *YEAR, *BY)
    again = ("--reason", "{bản ký của số chính thức nộp sau")
    play.do("second review", "review", *YEAR, *BY, *again)
    play.do("second sign", "sign", *YEAR, *BY)
    number = ("--number", "15/BC-UBND", *SIGNED, "--file", play.paper("bao-cao-21.pdf"))
    play.do("number taken", "issue", *number, *YEAR, *BY)
    (play.folder / "empty.pdf").touch()
    earlier = ("--date", "14/04/2026", *SIGNED[2:], "--file", play.folder / "empty.pdf")
    play.do("issue nothing and earlier", "issue", "--number", "21/BC-UBND", *earlier, *YEAR, *BY)
    play.do("second issue", "issue", "--number", "21/BC-UBND", *number[2:], *YEAR, *BY)
    play.do("second lock", "lock", *YEAR, *BY)


def test_each_step_in_the_wrong_order_is_told_and_writes_nothing(play: Play) -> None:
    for step, word in {
        "sign a draft": "kho review",
        "lock too early": "kho issue",
        "amend too early": "đã ban hành",
        "amend without reason": "--reason",
        "number taken": "15/BC-UBND",
        "issue nothing and earlier": "empty.pdf",
        "remind nobody": "M-ABC, M-XYZ",
        "stale": "kho run",
        "sign what changed": "thẩm định lại",
    }.items():
        printed = play.steps[step]
        assert (printed.code, printed.out) == (2, ""), step
        assert word in printed.err, step
    assert '"khác"' in play.steps["amend without reason"].err
    for word in ("--number", "none.pdf"):
        assert word in play.steps["issue without file"].err
    for word in ("01/01/2025", "text.pdf"):
        assert word in play.steps["issue a text too early"].err
    assert "15/BC-UBND, 15/04/2026" in play.steps["issue nothing and earlier"].err


def test_a_review_names_what_is_missing_and_wants_a_reason_to_go_on(play: Play) -> None:
    asked = play.steps["review with open ends"]
    assert (asked.code, asked.out) == (2, "")
    for word in ("2 biểu chưa có bản ký", "M-VP", "M-HCC", "--reason"):
        assert word in asked.err
    for word in ("chưa có bản ký", "1 chỉ tiêu chưa xác nhận", "1 điểm cần sửa", "1 số liệu còn là ước tính"):
        assert word in play.steps["review"].out
    assert "bản ký" not in play.steps["review again"].out


def test_a_signature_is_refused_naming_every_unconfirmed_name_and_undecided_finding(play: Play) -> None:
    refused = play.steps["sign with blockers"]
    assert (refused.code, refused.out) == (2, "")
    for word in ("A.2 Tỷ lệ hồ sơ trực tuyến", f"confirm MÃ --round {ROUND}", "vp-1.xlsx Biểu F21"):
        assert word in refused.err


def test_what_lies_in_the_inbox_is_taken_in_before_a_review_or_a_signature_never_by_it(play: Play) -> None:
    for step in ("review beside a waiting file", "sign beside a waiting file"):
        refused = play.steps[step]
        assert (refused.code, refused.out) == (2, ""), step
        for word in ("hcc-cho.xlsx", "kho run"):
            assert word in refused.err, step
    assert play.rows("select * from fct_receipt where file_name = 'hcc-cho.xlsx'", "lock") == []


def test_the_release_of_each_act_knows_its_state(play: Play) -> None:
    assert {step: play.state(step) for step in ("review again", "sign", "issue", "lock", "amend")} == {
        "review again": "reviewed",
        "sign": "for_signature",
        "issue": "issued",
        "lock": "locked",
        "amend": "draft",
    }


def test_a_late_file_is_kept_and_refused_and_taken_in_once_the_round_is_open(play: Play) -> None:
    late = play.steps["late file"]
    assert late.code == 3
    assert "hcc-2.xlsx" in late.err
    sha256 = hashlib.sha256((play.folder / "hcc-2.xlsx").read_bytes()).hexdigest()
    assert (play.data / "landing" / sha256[:2] / sha256).is_file()
    receipt = "select status, reason from fct_receipt where file_name = 'hcc-2.xlsx'"
    assert play.rows(receipt, "lock") == [{"status": "refused", "reason": "ROUND_FIXED"}]
    cells = "select disposition from fct_reported_cell where file_name = 'hcc-2.xlsx' and cell = 'F17'"
    assert play.rows(cells, "lock") == [{"disposition": "quarantined"}]
    (finding,) = play.rows("select * from fct_finding where rule_code = 'ROUND_FIXED'", "lock")
    assert (finding["severity"], finding["reporting_unit_code"]) == ("blocking", "M-HCC")
    assert play.rows(A_2, "lock") == [{"value": 80.0, "value_status": "preliminary"}]
    assert play.rows(A_2, "amend") == [{"value": 90.0, "value_status": "final"}]
    assert play.rows(receipt, "amend") == [{"status": "received", "reason": None}]


def test_a_fixed_round_refuses_decisions_and_an_earlier_release(play: Play) -> None:
    for step in ("correct", "enter", "exempt", "rollback"):
        printed = play.steps[step]
        assert (printed.code, printed.out) == (3, ""), step
        assert ROUND in printed.err
    assert play.rows("select count(*) as n from fct_round_state", "lock") == [{"n": 5}]


def test_the_report_is_a_draft_then_blank_then_bears_number_date_and_signer(play: Play) -> None:
    draft, blank, issued = (play.report(step) for step in ("report of a draft", "sign", "issue"))
    assert "DỰ THẢO" in draft
    for text in (blank, issued):
        assert "DỰ THẢO" not in text
    assert "Số:         /BC-UBND" in blank
    assert "ngày       tháng       năm" in blank
    for word in ("Số: 15/BC-UBND", "ngày 15 tháng 4 năm 2026", "Nguyễn Văn A"):
        assert word in issued
    assert "Thay thế" not in issued


def test_a_returned_report_is_replaced_by_one_that_cites_it(play: Play) -> None:
    for step in ("second sign", "second issue"):
        assert "Thay thế Báo cáo số 15/BC-UBND ngày 15/4/2026" in play.report(step)
    query = "select document_number, revision, relation, cites_number, is_current from fct_document order by revision"
    assert [tuple(row.values()) for row in play.rows(query, "second lock")] == [
        ("15/BC-UBND", 1, None, None, False),
        ("21/BC-UBND", 2, "replacement", "15/BC-UBND", True),
    ]
    assert "Lần 2, thay thế Báo cáo số 15/BC-UBND" in play.steps["second issue"].out
    for name in ("bao-cao-15.pdf", "bao-cao-21.pdf", "cong-van-7.pdf"):
        sha256 = hashlib.sha256((play.folder / name).read_bytes()).hexdigest()
        assert (play.data / "landing" / sha256[:2] / sha256).is_file()


def test_documents_are_made_for_a_signature_and_a_number_and_else_when_asked(play: Play) -> None:
    for step in ("sign", "issue"):
        assert f"exports/{play.releases[step]}/bao-cao-{ROUND}.docx" in play.steps[step].out
    for step in ("review again", "lock", "amend"):
        assert f"kho report --round {ROUND}" in play.steps[step].out
        assert "exports" not in play.steps[step].out


def test_documents_of_a_fixed_round_come_from_its_own_release(play: Play) -> None:
    assert play.releases["lock"] in play.steps["report of a fixed round"].out
    assert f"exports/{play.releases['sign']}/bao-cao-{ROUND}.docx" in play.steps["late file"].out


def test_a_report_is_made_again_byte_for_byte_after_three_later_revisions(play: Play) -> None:
    frozen = play.releases["sign"]
    folder = play.data / "exports" / frozen
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path.suffix for path in before} >= {".docx", ".xlsx", ".html", ".csv", ".parquet"}
    for path in before:
        path.unlink()
    assert kho_inside(play.data, "report", *YEAR, "--release", frozen).code == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_log_tells_who_did_what_in_order(play: Play) -> None:
    acts = kho_inside(play.data, "log", *YEAR, "--json").json
    assert [act["act"].removeprefix("round.") for act in acts if act["act"].startswith("round.")] == [
        *("review", "review", "sign", "issue", "lock"),
        *("amend", "review", "sign", "issue", "lock"),
    ]
    by_the_office = ("receive", "release.", "timetable.")
    assert {act["actor"] for act in acts if not act["act"].startswith(by_the_office)} == {"Lan"}
    text = kho_inside(play.data, "log", *YEAR).out
    told = ("trình ký", "thay thế · Sở KH&CN", "Sở trả lại: số sơ bộ", "15/BC-UBND", "nhận bản ký")
    for word in (*told, "  {bản ký của số chính thức nộp sau"):
        assert word in text
    assert kho_inside(play.data, "log", "--year", "2024").out.strip() == "Chưa có việc nào được ghi."


def test_status_shows_the_state(play: Play) -> None:
    assert "Trạng thái: đã khóa" in kho_inside(play.data, "status", *YEAR).out
    told = kho_inside(play.data, "status", *YEAR, "--json").json
    assert (told["state"], told["state_by"]) == ("locked", "Lan")


def test_a_fixed_round_takes_no_text(play: Play) -> None:
    told = kho_inside(play.data, "text", *YEAR, "--section", "assessment", "--text", "x", *BY)
    assert (told.code, told.out) == (3, "")
    assert "đã khóa" in told.err


def test_a_catalogue_that_would_alter_a_fixed_round_is_refused_before_and_after_it_is_written(
    play: Play,
) -> None:
    workbook = play.folder / "catalogue.xlsx"
    assert kho_inside(play.data, "catalogue", "export", workbook).code == 0
    book = openpyxl.load_workbook(workbook)
    sheet = book["indicators"]
    heads = {str(cell.value): cell.column for row in sheet.iter_rows() for cell in row if cell.value}
    (row,) = [cell.row for column in sheet.iter_cols() for cell in column if cell.value == "A.2"]
    sheet.cell(row, heads["multiplier"]).value = "1"
    book.save(workbook)
    before = (play.data / "catalogue" / "indicators.csv").read_bytes()
    told = kho_inside(play.data, "catalogue", "import", workbook, *BY, "--reason", "thử")
    assert told.code == 3, told
    assert "A.2" in told.err
    assert (play.data / "catalogue" / "indicators.csv").read_bytes() == before

    release = (play.data / "releases" / "CURRENT").read_bytes()
    play.edit("indicators", "A.2.MS,100,", "A.2.MS,1,")
    told = kho_inside(play.data, "run")
    assert told.code == 3, told
    for word in (ROUND, "A.2", "90", "kho amend"):
        assert word in told.err
    assert (play.data / "releases" / "CURRENT").read_bytes() == release
    play.edit("indicators", "A.2.MS,1,", "A.2.MS,100,")


def test_a_file_of_a_unit_that_nobody_knows_goes_back_and_is_no_unit(play: Play) -> None:
    found = play.steps["status beside a stranger"].json
    assert {unit["reporting_unit_code"] for unit in found["units"]} == {"M-VP", "M-HCC"}
    assert found["files_without_form"] == 1
    told = {step: play.steps[f"{step} beside a stranger"].code for step in ("letters", "remind", "handover")}
    assert told == {"letters": 0, "remind": 0, "handover": 0}
    back = openpyxl.load_workbook(play.data / "feedback" / ROUND / "chua-ro-don-vi" / "la.xlsx")
    assert "M-XYZ" in {cell.value for page in back for row in page.iter_rows() for cell in row}
