"""Files that no unit should ever have sent, each with the finding that it must end in."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import openpyxl

from dagster_project.catalogue.load import load_catalogue
from dagster_project.forms.issue import issue_forms
from dagster_project.paths import Project
from tests.sample.workbook import Form

_UNIT = "BL-HCC"
_ARRIVED = "2026-04-02T08:30:00+07:00"


def write_hostile(folder: Path) -> dict[str, str]:
    """Write them with their ``receipts.csv``; gives the rule code of the finding of each file name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "khong_phai_bieu.xlsx").write_bytes(b"%PDF-1.7\n" + bytes(range(256)))
    (folder / "tep_rong.xlsx").write_bytes(b"")
    _write_sparse(folder / "trang_thua.xlsx")
    with tempfile.TemporaryDirectory() as aside:
        _issued("2244-X-2027", Path(aside)).save(folder / "sai_nam.xlsx")
        form = _issued("2244-X-2025", Path(aside))
        form.print_code("Mã đơn vị:", "BL-XYZ")
        form.save(folder / "don_vi_la.xlsx")
    expected = {
        "khong_phai_bieu.xlsx": "FILE_NOT_WORKBOOK",
        "tep_rong.xlsx": "FILE_EMPTY",
        "trang_thua.xlsx": "FILE_SHEET_TOO_LARGE",
        "sai_nam.xlsx": "FORM_ROUND_NOT_OPEN",
        "don_vi_la.xlsx": "FORM_UNIT_UNKNOWN",
    }
    with (folder / "receipts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("file", "received_at", "sender", "channel"))
        writer.writerows((name, _ARRIVED, "", "email") for name in expected)
    return expected


def _issued(round_code: str, folder: Path) -> Form:
    file, *_ = issue_forms(
        load_catalogue(Project().reference), round_code, folder, units=[_UNIT], is_sample=True
    )
    return Form(file)


def _write_sparse(file: Path) -> None:
    """A workbook of some 5 KB whose two cells span seventeen thousand million."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page["A1"] = 1
    page["XFD1048576"] = 1
    book.save(file)
