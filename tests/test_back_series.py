"""The first day of an office: figures of earlier years from paper, through the whole command."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.command import Printed, kho, rows
from tests.forms.small_back_series import fill, open_form, write_back_series_catalogue

OLD, OTHER = "1. CU-VP 00001", "2. M-VP 00002"
SOURCE = "Niên giám thống kê huyện 2024, tr. 21"
#: People by year: the township's of the time, and those of the commune beside it, made in 2024.
TYPED = ((OLD, "T1-X-2023", 120), (OLD, "T1-X-2024", 130), (OTHER, "T1-X-2024", 40))


class Day:
    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.catalogue = write_back_series_catalogue(folder / "catalogue")

    def kho(self, *arguments: str | Path) -> Printed:
        return kho(self.data, *arguments, catalogue=self.catalogue)

    def rows(self, query: str) -> list[dict[str, object]]:
        return rows(self.data, query, self.catalogue)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Forms issued, filled in with a fault in one cell and a source left out, and taken in."""
    day = Day(tmp_path_factory.mktemp("first_day"))
    assert day.kho("init", "--area", "00001", "--criteria-set", "T1").code == 0
    issued = day.kho("forms", "back-series", "--from", "2023", "--to", "2024")
    assert issued.code == 0, issued.err
    file = next(day.data.glob("forms/*/F1-HC_M-VP_2023-2024.xlsx"))
    book = open_form(file)
    for sheet, round_code, people in TYPED:
        fill(book[sheet], round_code, "A.1.GT", people, SOURCE)
    assert fill(book[OLD], "T1-X-2024", "A.1.GT:NAM", "khoảng 70", SOURCE) == "J18"
    fill(book[OTHER], "T1-X-2024", "A.1.GT:NU", 15, None)
    book.save(day.data.parent / file.name)
    ran = day.kho("run", "--no-report", day.data.parent / file.name)
    assert ran.code == 1, ran.err
    return day


def test_figures_are_what_was_typed_marked_and_summed_on_the_area_of_today(day: Day) -> None:
    assert day.rows(
        "select data_year, area_code, value, is_retrospective from fct_indicator "
        "where indicator_code = 'A.1' and category_code = '_T' order by 1, 2"
    ) == [
        {"data_year": 2023, "area_code": "00001", "value": 120.0, "is_retrospective": True},
        {"data_year": 2024, "area_code": "00001", "value": 130.0, "is_retrospective": True},
        {"data_year": 2024, "area_code": "00002", "value": 40.0, "is_retrospective": True},
    ]
    assert day.rows(
        "select data_year, value from fct_indicator_harmonised "
        "where indicator_code = 'A.1' and category_code = '_T' and area_code = '00001' order by 1"
    ) == [{"data_year": 2023, "value": 120.0}, {"data_year": 2024, "value": 170.0}]


def test_faults_stand_at_their_cells(day: Day) -> None:
    assert day.rows(
        "select rule_code, sheet, cell from fct_finding where status = 'fail' and severity <> 'info' order by 1"
    ) == [
        {"rule_code": "BACK_SERIES_NO_SOURCE", "sheet": OTHER, "cell": "E19"},
        {"rule_code": "VALUE_APPROXIMATE", "sheet": OLD, "cell": "J18"},
    ]


def test_completeness_is_told_and_no_timeliness(day: Day) -> None:
    assert day.rows(
        "select area_code, reporting_unit_code, expected, actual, reporting_rate_on_time from fct_reporting_rate "
        "where data_year = 2024 order by 1, 2"
    ) == [
        {
            "area_code": area,
            "reporting_unit_code": unit,
            "expected": 1,
            "actual": sent,
            "reporting_rate_on_time": None,
        }
        for area, unit, sent in (("00001", "CU-VP", 1), ("00002", "M-HCC", 0), ("00002", "M-VP", 1))
    ]
    status = day.kho("status", "--year", "2024", "--json").json
    assert {unit["reporting_unit_code"]: (unit["state"], unit["on_time"]) for unit in status["units"]} == {
        "CU-VP": ("sent", None),
        "M-VP": ("sent", None),
        "M-HCC": ("waiting", None),
    }


def test_a_trace_ends_at_the_source_that_was_written_down(day: Day) -> None:
    traced = day.kho("trace", "A.1", "--area", "00001", "--year", "2023").out
    assert "Số liệu hồi cứu" in traced
    assert SOURCE in traced


def test_a_figure_of_a_stand_in_is_corrected_twice_and_confirmed_once(day: Day) -> None:
    told = ("--unit", "M-VP", "--year", "2024", "--reason", "x", "--said-by", "chị Hà", "--by", "Lan")
    for value in ("41", "42"):
        corrected = day.kho("correct", "A.1.GT", "--value", value, "--expect", "40", *told)
        assert corrected.code == 0, corrected.err
        assert day.kho("run", "--no-report").code == 1
    assert day.rows(
        "select area_code, value, entered_how from fct_reported_value "
        "where reporting_unit_code = 'M-VP' and data_element_code = 'A.1.GT' and category_code = '_T' "
        "and data_year = 2024"
    ) == [{"area_code": "00002", "value": 42.0, "entered_how": "correction"}]
    status = day.kho("status", "--year", "2024", "--json").json
    assert {unit["reporting_unit_code"]: unit["unconfirmed"] for unit in status["units"]} == {
        "CU-VP": 0,
        "M-VP": 1,
        "M-HCC": 0,
    }


def test_feedback_comes_back_in_the_same_workbook(day: Day) -> None:
    assert day.kho("feedback", "--year", "2024").code == 0
    book = openpyxl.load_workbook(day.data / "feedback" / "T1-X-2024" / "CU-VP.xlsx")
    assert "khoảng 70" in book[OLD]["J18"].comment.text
