"""Two criteria sets, and rounds of a quarter, a half and out of turn beside the yearly ones, in one data folder."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dagster_project import pipeline
from dagster_project.settings import read_settings
from tests.command import Printed, kho, rows

#: One figure per round; U2 has sent in the third quarter only.
FIGURES = {
    ("2244-X-2024", "U1"): 100,
    ("2244-X-2025", "U1"): 130,
    ("2244-X-2025-Q2", "U1"): 40,
    ("2244-X-2025-Q3", "U1"): 50,
    ("2244-X-2025-Q3", "U2"): 7,
    ("2244-X-2025-H1", "U1"): 70,
    ("2244-X-2025-DX2", "U1"): 77,
    ("CDS-X-2024", "U1"): 10,
    ("CDS-X-2025", "U1"): 12,
}
_TABLES = {
    "criteria_sets": "criteria_set_code,name_vi\n2244,Bộ tiêu chí\nCDS,Bộ chỉ số chuyển đổi số\n",
    "units_of_measure": "unit,name_vi,dimension,factor\nhồ sơ,hồ sơ,ho_so,1\n%,%,phan_tram,1\n",
    "areas": "area_code,name_vi,level\n001,Xã Một,commune\n",
    "reporting_units": "reporting_unit_code,name_vi,level,area_code\n"
    "U1,Phòng Văn hóa,commune,001\nU2,Trạm Y tế,commune,001\n",
    "indicators": "indicator_code,criteria_set_code,parent_code,node_type,name_vi,unit,value_type,numerator,"
    "denominator,multiplier,area_aggregation,status\n"
    "T,2244,,group,Nhóm T,,count,,,,none,official\n"
    "T1,2244,T,indicator,Số hồ sơ,hồ sơ,count,T1.GT,,,sum,official\n"
    "T1V,2244,T,indicator,Tăng so với kỳ trước,%,percent,T1.GT - prev(T1.GT),prev(T1.GT),100,none,official\n"
    "S,CDS,,group,Nhóm S,,count,,,,none,official\n"
    "S1,CDS,S,indicator,Số dịch vụ,hồ sơ,count,S1.GT,,,sum,official\n"
    "S1V,CDS,S,indicator,Dịch vụ tăng,%,percent,S1.GT - prev(S1.GT),prev(S1.GT),100,none,official\n",
    "data_elements": "data_element_code,criteria_set_code,indicator_code,name_vi,unit,value_type,unit_aggregation,"
    "area_aggregation\nT1.GT,2244,T1,Số hồ sơ,hồ sơ,count,lead,sum\n"
    "S1.GT,CDS,S1,Số dịch vụ,hồ sơ,count,lead,sum\nT2.GT,2244,T1,Số lượt khám,hồ sơ,count,lead,sum\n",
    "forms": "form_code,form_version,criteria_set_code,level,period_type,name_vi\n"
    "N1,1,2244,commune,year,Biểu năm\nQ1,1,2244,commune,quarter,Biểu quý\nH1,1,2244,commune,half,Biểu nửa năm\n"
    "D1,1,2244,commune,ad_hoc,Biểu đột xuất\nS1,1,CDS,commune,,Biểu chuyển đổi số\n",
    "assignments": "reporting_unit_code,data_element_code,form_code,role\n"
    "U1,T1.GT,N1,lead\nU1,T1.GT,Q1,lead\nU2,T2.GT,Q1,lead\nU1,T1.GT,H1,lead\nU1,T1.GT,D1,lead\n"
    "U1,S1.GT,S1,lead\n",
    "rounds": "round_code,criteria_set_code,level,period_code,data_year,period_type,request_number,period_start,"
    "period_end,opens_on,name_vi\n"
    "2244-X-2024,2244,commune,2024,2024,year,1,2024-01-01,2024-12-31,2025-01-01,Năm 2024\n"
    "2244-X-2025,2244,commune,2025,2025,,,2025-01-01,2025-12-31,2026-01-01,Năm 2025\n"
    "2244-X-2025-Q2,2244,commune,2025-Q2,2025,quarter,,2025-04-01,2025-06-30,2025-07-01,Quý II\n"
    "2244-X-2025-Q3,2244,commune,2025-Q3,2025,quarter,1,2025-07-01,2025-09-30,2025-10-01,Quý III\n"
    "2244-X-2025-H1,2244,commune,2025-H1,2025,half,1,2025-01-01,2025-06-30,2025-07-01,Nửa năm\n"
    "2244-X-2025-DX2,2244,commune,2025,2025,ad_hoc,2,2025-01-01,2025-12-31,2025-11-01,Đột xuất lần 2\n"
    "CDS-X-2024,CDS,commune,2024,2024,year,1,2024-01-01,2024-12-31,2025-01-01,CĐS 2024\n"
    "CDS-X-2025,CDS,commune,2025,2025,year,1,2025-01-01,2025-12-31,2026-01-01,CĐS 2025\n",
    "round_due_dates": "round_code,level,due_date,inclusive\n2244-X-2024,unit,2026-02-15,true\n"
    "2244-X-2025,unit,2026-02-15,true\n2244-X-2025-Q2,unit,2026-02-15,true\n2244-X-2025-Q3,unit,2025-10-10,true\n"
    "2244-X-2025-H1,unit,2026-02-15,true\n2244-X-2025-DX2,unit,2026-02-15,true\n"
    "CDS-X-2024,unit,2026-02-15,true\nCDS-X-2025,unit,2026-02-15,true\n",
}
_RECEIVED = "2026-02-01T08:00:00+07:00"


@dataclass(frozen=True)
class Office:
    data: Path
    printed: Printed

    def rows(self, query: str) -> list[dict[str, Any]]:
        return rows(self.data, query)


def _write_catalogue(folder: Path) -> None:
    folder.mkdir()
    for name, text in _TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def _filled(form: Path, figure: int) -> bytes:
    """The form with ``figure`` beside its one code (columns C and F)."""
    book = openpyxl.load_workbook(form)
    (row,) = (row for row in book["Biểu"].iter_rows() if str(row[2].value).endswith(".GT"))
    row[5].value = figure
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _send(inbox: Path, data: Path, figures: Mapping[tuple[str, str], int]) -> Path:
    """Forms filled in with ``figures``, in an inbox with the moments of their arrival."""
    inbox.mkdir()
    lines = [("file", "received_at", "sender", "channel")]
    for (round_code, unit), figure in figures.items():
        (form,) = (data / "forms" / round_code).glob(f"*_{unit}_*.xlsx")
        (inbox / form.name).write_bytes(_filled(form, figure))
        lines.append((form.name, _RECEIVED, unit, "email"))
    with (inbox / "receipts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    return inbox


def _issue(data: Path) -> None:
    desk = pipeline.Desk(
        settings=read_settings(data, environment={}), now=lambda: datetime(2026, 1, 5, tzinfo=UTC)
    )
    catalogue = pipeline.load_checked_catalogue(desk)
    for code in dict.fromkeys(code for code, _ in FIGURES):
        pipeline.issue(desk, catalogue, code)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("rounds")
    data, catalogue = folder / "data", folder / "catalogue"
    _write_catalogue(catalogue)
    told = ("--area", "001", "--level", "commune", "--criteria-set", "2244")
    made = kho(data, "init", *told, catalogue=catalogue)
    assert made.code == 0, made.err
    _issue(data)
    return Office(data, kho(data, "run", "--no-report", _send(folder / "inbox", data, FIGURES), "--json"))


def test_each_round_has_its_own_forms(office: Office) -> None:
    issued = {
        folder.name: sorted(file.name.split("_")[0] for file in folder.glob("*.xlsx"))
        for folder in (office.data / "forms").iterdir()
    }
    assert issued == {
        "2244-X-2024": ["N1"],
        "2244-X-2025": ["N1"],
        "2244-X-2025-Q2": ["Q1", "Q1"],
        "2244-X-2025-Q3": ["Q1", "Q1"],
        "2244-X-2025-H1": ["H1"],
        "2244-X-2025-DX2": ["D1"],
        "CDS-X-2024": ["S1"],
        "CDS-X-2025": ["S1"],
    }
    (form,) = (office.data / "forms" / "2244-X-2025-Q3").glob("*_U1_*.xlsx")
    assert "(Quý III năm 2025)" in [
        cell.value for row in openpyxl.load_workbook(form)["Biểu"] for cell in row
    ]


def test_each_file_goes_to_the_round_that_is_printed_in_it(office: Office) -> None:
    assert office.printed.code == 0, office.printed.out + office.printed.err
    found = office.rows("select round_code, reporting_unit_code, value from fct_reported_value")
    assert {(row["round_code"], row["reporting_unit_code"]): row["value"] for row in found} == FIGURES


def test_the_period_before_is_that_of_the_same_series(office: Office) -> None:
    """130 is 30 % more than 100, 50 is 25 % more than 40, 12 is 20 % more than 10; the others have none before."""
    found = office.rows(
        "select round_code, value from fct_indicator where indicator_code in ('T1V', 'S1V') and value is not null"
    )
    assert {row["round_code"]: row["value"] for row in found} == pytest.approx(
        {"2244-X-2025": 30.0, "2244-X-2025-Q3": 25.0, "CDS-X-2025": 20.0}
    )


def test_no_fact_of_one_round_stands_in_another(office: Office) -> None:
    found = office.rows(
        "select round_code, indicator_code, count(*) as n from fct_indicator where category_code = '_T' group by all"
    )
    of_set = {"2244": {"T1", "T1V"}, "CDS": {"S1", "S1V"}}
    assert {(row["round_code"], row["indicator_code"]): row["n"] for row in found} == {
        (code, indicator): 1 for code, _ in FIGURES for indicator in of_set[code.split("-")[0]]
    }


def test_trends_are_of_years_alone(office: Office) -> None:
    found = office.rows(
        "select indicator_code, first_year, last_year, n, change from fct_indicator_trend "
        "where basis = 'as_reported' and indicator_code in ('T1', 'S1')"
    )
    assert {row["indicator_code"]: (row["n"], row["change"]) for row in found} == {
        "T1": (2, 30.0),
        "S1": (2, 2.0),
    }


def test_each_round_counts_what_was_owed_in_it(office: Office) -> None:
    found = office.rows(
        "select round_code, sum(expected) as expected, sum(actual) as actual, sum(actual_on_time) as on_time "
        "from fct_reporting_rate group by all"
    )
    counts = {row["round_code"]: (row["expected"], row["actual"], row["on_time"]) for row in found}
    # In the second quarter U2 sent nothing; the third was due before the files came.
    assert counts == {
        "2244-X-2024": (1, 1, 1),
        "2244-X-2025": (1, 1, 1),
        "2244-X-2025-Q2": (2, 1, 1),
        "2244-X-2025-Q3": (2, 2, 0),
        "2244-X-2025-H1": (1, 1, 1),
        "2244-X-2025-DX2": (1, 1, 1),
        "CDS-X-2024": (1, 1, 1),
        "CDS-X-2025": (1, 1, 1),
    }


def test_a_year_stands_for_the_yearly_round_and_a_code_for_any(office: Office) -> None:
    shown = {
        told: kho(office.data, "status", *told, "--json").json
        for told in (("--year", "2025"), ("--round", "2244-x-2025-q3"), ("--round", "CDS-X-2025"))
    }
    assert [(one["round_code"], one["expected"], one["sent"]) for one in shown.values()] == [
        ("2244-X-2025", 1, 1),
        ("2244-X-2025-Q3", 2, 2),
        ("CDS-X-2025", 1, 1),
    ]
    history = kho(office.data, "history", "T1.GT", "--unit", "U1", "--round", "2244-X-2025-Q3", "--json").json
    assert [row["value"] for row in history] == [50.0]
    traced = kho(office.data, "trace", "T1", "--area", "001", "--round", "2244-X-2025-DX2", "--json").json
    assert [row["value"] for row in traced] == [77.0]


def test_the_form_of_a_quarter_shows_the_quarter_before(office: Office) -> None:
    done = kho(office.data, "forms", "issue", "--round", "2244-X-2025-Q3", "--unit", "U1")
    assert done.code == 0, done.err
    (form,) = (office.data / "forms" / "2244-X-2025-Q3").glob("*_U1_*.xlsx")
    (row,) = (row for row in openpyxl.load_workbook(form)["Biểu"].iter_rows() if row[2].value == "T1.GT")
    assert [cell.value for cell in row if isinstance(cell.value, int | float)][-1] == 40


def test_documents_of_a_round_hold_its_set_and_its_series(office: Office) -> None:
    assert not list((office.data / "exports").glob("*/*")), "the run was told to make none"
    for code in ("2244-X-2025-Q3", "CDS-X-2025"):
        done = kho(office.data, "report", "--round", code)
        assert done.code == 0, done.err
    quarter, digital = (_document(office.data, code) for code in ("2244-X-2025-Q3", "CDS-X-2025"))
    assert "quý III năm 2025" in quarter
    assert "Số hồ sơ" in quarter
    assert "Số dịch vụ" not in quarter
    assert ("2025-Q2" in quarter, "2025-Q3" in quarter, ">130<" in quarter) == (True, True, False)
    assert ("Số dịch vụ" in digital, "Số hồ sơ" in digital) == (True, False)
    assert "năm 2025" in digital


def _document(data: Path, round_code: str) -> str:
    (file,) = (data / "exports").glob(f"*/*{round_code}.docx")
    with zipfile.ZipFile(file) as archive:
        return archive.read("word/document.xml").decode("utf-8")


def test_a_form_of_another_round_is_told_and_changes_nothing(office: Office, tmp_path: Path) -> None:
    # The last test of the file: it makes a new release.
    inbox = _send(tmp_path / "inbox", office.data, {("2244-X-2025-Q3", "U1"): 51})
    assert kho(office.data, "run", inbox, "--year", "2025").code == 1
    found = office.rows("select rule_code, observed, expected from fct_finding where severity = 'blocking'")
    assert found == [
        {"rule_code": "FORM_OTHER_ROUND", "observed": "2244-X-2025-Q3", "expected": "2244-X-2025"}
    ]
    kept = office.rows(
        "select value from fct_reported_value where round_code = '2244-X-2025-Q3' and data_element_code = 'T1.GT'"
    )
    assert kept == [{"value": 50.0}]


def test_a_year_and_a_code_that_disagree_are_told(office: Office) -> None:
    printed = kho(office.data, "status", "--round", "2244-X-2025-Q3", "--year", "2024", lang="en")
    assert (printed.code, "2025, not 2024" in printed.err) == (2, True)
