"""A workbook with forty faults: one pass finds them all, its feedback shows them all, mended it is accepted."""

from __future__ import annotations

import csv
import datetime as dt
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from dagster_project.forms.layout import FEEDBACK_SHEET, MAIN_SHEET
from tests.command import ROOT, Printed, kho, rows
from tests.sample.workbook import Form

INBOX = ROOT / "seeds" / "sample" / "inbox"
BEFORE = "B01-X_SB-KT_2244-X-2023.xlsx"
FILE = "B01-X_SB-KT_2244-X-2024.xlsx"
UNIT, ROUND = "SB-KT", "2244-X-2024"


@dataclass(frozen=True)
class Planted:
    """``typed`` into a row (by its code, or its number) and a column; a number function changes what stands there."""

    rule: str
    row: str | int
    typed: Any
    column: str = "F"
    number_format: str | None = None


def _times(factor: float) -> Any:
    return lambda value: round(value * factor, 2)


def _plus(step: float) -> Any:
    return lambda value: round(value + step, 2)


FAULTS = (
    Planted("PARTS_DIFFER_I_1", "I.1.GT", _plus(3)),
    Planted("STATUS_UNKNOWN", "I.1.GT:NAM", "theo sổ tay", "H"),
    Planted("STATUS_UNKNOWN", "I.1.GT:NU", "số của phòng", "H"),
    Planted("SLIP_DOWN_I_2_GT", "I.2.GT", _times(0.001)),
    Planted("VALUE_APPROXIMATE", "I.2.GT:NSNN", "khoảng 150"),
    Planted("VALUE_NOT_A_NUMBER", "I.2.GT:DN", "theo báo cáo riêng"),
    Planted("VALUE_IS_ERROR", "I.2.GT:KHAC", "#DIV/0!"),
    Planted("STATE_CONTRADICTS", "II.1.4.GT", 3),
    Planted("STATE_UNKNOWN", "II.1.5.GT", "xem công văn 12", "G"),
    Planted("VALUE_BELOW_MINIMUM", "II.2.1.TS", -1),
    Planted("COUNT_NOT_WHOLE", "II.2.1.MS", 2.5),
    Planted("VALUE_ABOVE_MAXIMUM", "II.2.1.TL", 150),
    Planted("VALUE_NOT_A_NUMBER", "II.2.2.GT", "năm hợp đồng"),
    Planted("NUMBER_AMBIGUOUS", "II.2.3.GT", "1.234"),
    Planted("VALUE_UNIT_CONVERTED", "III.2.1.TS", "3 tỷ"),
    Planted("JUMP_UP_III_2_1_MS", "III.2.1.MS", _times(4)),
    Planted("VALUE_ABOVE_MAXIMUM", "III.2.1.TL", 130),
    Planted("VALUE_UNIT_DIFFERS", "III.2.2.TS", "12 người"),
    Planted("VALUE_IS_DATE", "III.2.2.MS", dt.date(2024, 2, 1), number_format="dd/mm/yyyy"),
    Planted("VALUE_APPROXIMATE", "III.2.2.TL", "hơn 2"),
    Planted("VALUE_APPROXIMATE", "IV.03.TS", ">3"),
    Planted("VALUE_NOT_COMPUTED", "IV.03.MS", "=10+9"),
    Planted("VALUE_IS_ERROR", "IV.03.TL", "#N/A"),
    Planted("COUNT_NOT_WHOLE", "IV.04.GT", 1.5),
    Planted("VALUE_NOT_COMPUTED", "IV.05.GT", "=1+1"),
    Planted("VALUE_NOT_A_NUMBER", "IV.06.TS", typed=True),
    Planted("VALUE_IS_DATE", "IV.06.MS", dt.date(2024, 12, 20), number_format="dd/mm/yyyy"),
    Planted("VALUE_NOT_A_NUMBER", "IV.06.TL", "12,5,3"),
    Planted("RATE_DIFFERS_IV_07", "IV.07.TL", _plus(9)),
    Planted("VALUE_AS_PERCENT", "IV.13.TS", 0.75, number_format="0%"),
    Planted("VALUE_UNIT_DIFFERS", "IV.13.MS", "2700 hộ"),
    Planted("VALUE_BELOW_MINIMUM", "IV.13.TL", -5),
    Planted("RATE_DIFFERS_IV_20", "IV.20.TL", _plus(-7.5)),
    Planted("PART_ABOVE_WHOLE_IV_26", "IV.26.TS", _plus(215)),
    Planted("FORM_ELEMENT_UNKNOWN", 16, "I.1.GTT", "C"),
    Planted("FORM_ELEMENT_NOT_ASSIGNED", 20, 5),
    Planted("FORM_FIGURE_WITHOUT_CODE", 25, 7),
    Planted("FORM_FIGURE_WITHOUT_CODE", 84, 12),
    Planted("FORM_CELL_OUTSIDE", 33, "xem phụ lục", "K"),
    Planted("FORM_CELL_OUTSIDE", 71, 4900, "K"),
)
#: Typed beside a fault to make it one: a figure next to an unknown code, the code of another unit's row.
BESIDE = (("F16", 9), ("C20", "IV.21.TS"))
#: The state cell is what was typed, the value that it speaks of is where the finding stands.
TOLD_AT = {"STATE_UNKNOWN": "F"}


def _address(form: Form, fault: Planted) -> str:
    return f"{fault.column}{fault.row if isinstance(fault.row, int) else form.rows[fault.row]}"


def plant(form: Form) -> dict[str, str]:
    """Type every fault; gives the rule that must speak at each cell."""
    expected = {}
    at = {fault: _address(form, fault) for fault in FAULTS}
    for address, value in BESIDE:
        form.page[address] = value
    for fault, address in at.items():
        cell = form.page[address]
        cell.value = fault.typed(cell.value) if callable(fault.typed) else fault.typed
        if fault.number_format:
            cell.number_format = fault.number_format
        expected[TOLD_AT.get(fault.rule, fault.column) + address.lstrip("ABCDEFGHIJK")] = fault.rule
    return expected


def _send(folder: Path, files: dict[str, str]) -> None:
    with (folder / "receipts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("file", "received_at", "sender", "channel"))
        writer.writerows((name, moment, "kt@example", "email") for name, moment in files.items())


@dataclass(frozen=True)
class Season:
    data: Path
    inbox: Path
    expected: dict[str, str]
    first: Printed
    sent_back: Path
    told: Printed


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Season:
    folder = tmp_path_factory.mktemp("forty")
    data, inbox = folder / "data", folder / "inbox"
    inbox.mkdir()
    shutil.copy(INBOX / BEFORE, inbox / BEFORE)
    form = Form(INBOX / FILE)
    expected = plant(form)
    form.save(inbox / FILE)
    (inbox / "hong.xlsx").write_bytes((INBOX / BEFORE).read_bytes()[:5000])
    moment = "2025-03-20T08:00:00+07:00"
    _send(inbox, {BEFORE: "2024-03-20T08:00:00+07:00", FILE: moment, "hong.xlsx": moment})
    assert kho(data, "init", "--sample").code == 0
    first = kho(data, "run", "--no-report", inbox, "--json")
    assert first.code == 1, first.err
    told = kho(data, "feedback", "--year", "2024")
    assert told.code == 0, told.err
    return Season(data, inbox, expected, first, data / "feedback" / ROUND / f"{UNIT}.xlsx", told)


def _findings(data: Path) -> list[dict[str, Any]]:
    query = "select rule_code, severity, sheet, cell, file_name, round_code from fct_finding where status = 'fail'"
    found = rows(data, query)
    return [row for row in found if (row["file_name"], row["round_code"]) == (FILE, ROUND)]


def test_one_pass_gives_forty_findings_each_at_its_cell(season: Season) -> None:
    found = _findings(season.data)
    assert {row["cell"]: row["rule_code"] for row in found} == season.expected
    assert len(found) == len(season.expected) == 40
    assert {row["sheet"] for row in found} == {MAIN_SHEET}
    assert len({re.sub(r"_(I|II|III|IV)(_|$).*", "", row["rule_code"]) for row in found}) >= 20


def test_the_command_says_where_the_workbook_is_and_how_much_is_to_mend(season: Season) -> None:
    counts = {
        severity: sum(row["severity"] == severity for row in _findings(season.data))
        for severity in ("blocking", "warning", "info")
    }
    line = next(line for line in season.told.out.splitlines() if line.startswith(UNIT))
    assert str(season.sent_back) in line
    assert f"{counts['blocking']} điểm cần sửa, {counts['warning']} cần giải trình" in line


def test_a_file_of_which_no_unit_can_be_told_gets_its_own_list(season: Season) -> None:
    file = season.sent_back.parent / "chua-ro-don-vi" / "hong.xlsx"
    assert str(file) in season.told.out
    assert openpyxl.load_workbook(file).sheetnames == [FEEDBACK_SHEET]


def test_a_unit_that_does_not_report_is_told_as_such(season: Season) -> None:
    asked = kho(season.data, "feedback", "--year", "2024", "--unit", "SB-KTT")
    assert asked.code == 2
    assert "SB-KTT" in asked.err


def _comments(book: Workbook) -> dict[str, str]:
    return {
        cell.coordinate: cell.comment.text
        for row in book[MAIN_SHEET].iter_rows()
        for cell in row
        if cell.comment is not None
    }


def test_the_units_own_workbook_comes_back_with_a_comment_at_each_cell_and_one_list(season: Season) -> None:
    book = openpyxl.load_workbook(season.sent_back)
    assert book.sheetnames[0] == FEEDBACK_SHEET
    assert set(_comments(book)) == set(season.expected)
    targets = [
        cell.hyperlink.location for row in book[FEEDBACK_SHEET].iter_rows() for cell in row if cell.hyperlink
    ]
    assert sorted(targets) == sorted(f"'{MAIN_SHEET}'!{cell}" for cell in season.expected)


def test_libreoffice_opens_it_with_forty_comments(season: Season, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(_through_libreoffice(season.sent_back, tmp_path))
    assert set(_comments(book)) == set(season.expected)


def test_mended_and_sent_again_it_is_accepted(season: Season) -> None:
    right = Form(INBOX / FILE)
    book = openpyxl.load_workbook(season.sent_back)
    page = book[MAIN_SHEET]
    for address in [*(_address(right, fault) for fault in FAULTS), *(address for address, _ in BESIDE)]:
        page[address].value = right.page[address].value
        page[address].number_format = right.page[address].number_format
    mended = season.inbox.parent / "mended"
    mended.mkdir()
    book.save(mended / "mended.xlsx")
    _send(mended, {"mended.xlsx": "2025-04-02T08:00:00+07:00"})
    again = kho(season.data, "run", "--no-report", mended, "--json")
    assert again.json["files"][0]["findings"] == {"blocking": 0, "warning": 0, "info": 1}  # "sent again"
    submissions = rows(
        season.data, "select file_name, reporting_unit_code, revision, status, is_current from fct_submission"
    )
    (current,) = [row for row in submissions if row["file_name"] == "mended.xlsx"]
    assert current == {
        "file_name": "mended.xlsx",
        "reporting_unit_code": UNIT,
        "revision": 2,
        "status": "accepted",
        "is_current": True,
    }
    typed = "select count(*) as n from fct_reported_value where value_state = 'held' and file_name = 'mended.xlsx'"
    assert rows(season.data, typed) == [{"n": 0}]
    # What the first version had to mend is over.
    assert "0 điểm cần sửa, 0 cần giải trình" in kho(season.data, "feedback", "--unit", UNIT).out


def _through_libreoffice(file: Path, folder: Path) -> Path:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice not found: how it shows the workbook was not tested")
    subprocess.run(
        [
            program,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(folder),
            str(file),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    made = folder / file.name
    assert zipfile.is_zipfile(made)
    return made
