"""Seven years of PCI workbooks, whose layout changes every year, against figures read from them independently."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.command import Printed, kho, rows

YEARS = tuple(str(year) for year in range(2006, 2013))
#: Columns of the independent reading, and the data elements that they are.
SUB_INDICES = {
    "entry": "PCI.GNTT.GT",
    "land": "PCI.DD.GT",
    "transparency": "PCI.MB.GT",
    "time": "PCI.TG.GT",
    "informal": "PCI.KCT.GT",
    "bias": "PCI.DNNN.GT",
    "proactive": "PCI.ND.GT",
    "support": "PCI.HT.GT",
    "labor": "PCI.LD.GT",
    "legal": "PCI.PL.GT",
}
UNWEIGHTED, WEIGHTED, RANK = "PCI.KTS.GT", "PCI.CTS.GT", "PCI.XH.GT"
#: The workbooks of these years give no rank beside the total; the independent reading counted it.
YEARS_WITHOUT_RANK = ("2006", "2008")
#: Hà Giang's total of 2011 is Bình Thuận's; the workbook numbers them 41 and 40, the independent reading both 40.
TIED_RANK = {("2011", "02", RANK): 41.0}
#: In 2011 the totals, and only they, were published with two decimals.
HALF_OF_LAST_DIGIT = 0.005

Figure = tuple[str, str, str]  # period, area, data element


def letters_of(name: str) -> str:
    """``name`` without accents, case, spaces and signs."""
    plain = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return "".join(sign for sign in plain if sign.isalnum())


@pytest.fixture(scope="module")
def catalogue(catalogues: Path) -> Path:
    return catalogues / "pci"


@pytest.fixture(scope="module")
def workbooks(third_party: Path) -> list[Path]:
    return sorted((third_party / "vn_pci_2006_2012").glob("PCI_20*.xls*"))


@pytest.fixture(scope="module")
def areas(catalogue: Path) -> dict[str, str]:
    """Area codes by the letters of every name that the catalogue knows."""
    known: dict[str, str] = {}
    for table, columns in (("areas", ("name_vi", "name_en")), ("area_aliases", ("alias",))):
        with (catalogue / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for column in columns:
                    key = letters_of(row[column])
                    assert known.setdefault(key, row["area_code"]) == row["area_code"], row[column]
    return known


@pytest.fixture(scope="module")
def read_apart(third_party: Path) -> list[dict[str, str]]:
    """What somebody else's program read from the same workbooks: one row per province and year."""
    file = third_party / "vn_pci_2006_2012" / "expected_pci_from_raw.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def expected(read_apart: list[dict[str, str]], areas: dict[str, str]) -> dict[Figure, float]:
    figures: dict[Figure, float] = {}
    for row in read_apart:
        year, area = row["year"], areas[letters_of(row["name_as_written"])]
        columns = {**SUB_INDICES, "unweighted": UNWEIGHTED, "weighted": WEIGHTED}
        if year not in YEARS_WITHOUT_RANK:
            columns["rank"] = RANK
        for column, element in columns.items():
            if row[column]:
                assert (year, area, element) not in figures, row
                figures[year, area, element] = float(row[column])
    return figures | TIED_RANK


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pci") / "data"


@pytest.fixture(scope="module")
def ran(data: Path, catalogue: Path, workbooks: list[Path]) -> Printed:
    return kho(data, "run", "--no-report", *workbooks, "--json", catalogue=catalogue)


@pytest.fixture(scope="module")
def reported(data: Path, ran: Printed) -> list[dict[str, Any]]:
    assert ran.json["changed"]
    return rows(data, "select * from marts.fct_reported_value")


@pytest.fixture(scope="module")
def findings(data: Path, ran: Printed) -> list[dict[str, Any]]:
    assert ran.json["changed"]
    return rows(data, "select * from marts.fct_finding where status = 'fail' order by finding_id")


def figures_of(reported: list[dict[str, Any]]) -> dict[Figure, float]:
    return {
        (row["period_code"], row["area_code"], row["data_element_code"]): row["value"] for row in reported
    }


def test_warnings_alone_do_not_fail_the_run(ran: Printed) -> None:
    assert ran.code == 0, ran.err
    found = {file["file"]: file["findings"] for file in ran.json["files"]}
    nothing = {"blocking": 0, "warning": 0, "info": 0}
    assert found.pop("PCI_2011.xls") == {**nothing, "warning": 62}
    assert set(found) == {
        *(f"PCI_{year}.xls" for year in YEARS if year not in ("2011", "2012")),
        "PCI_2012.xlsx",
    }
    assert all(counts == nothing for counts in found.values()), found


def test_every_filled_cell_of_every_sheet_is_accounted_for(ran: Printed, workbooks: list[Path]) -> None:
    filled = {file.name: filled_cells(file) for file in workbooks}
    assert len(filled) == len(YEARS)
    assert {file["file"]: file["cells"] for file in ran.json["files"]} == filled
    for file in ran.json["files"]:
        assert file["cells"] == file["accepted"] + file["quarantined"] + file["ignored"], file
        assert file["quarantined"] == 0, file


def filled_cells(file: Path) -> int:
    book = CalamineWorkbook.from_path(file)
    sheets = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    return sum(1 for sheet in sheets for row in sheet for value in row if str(value).strip())


def test_every_figure_of_every_province_and_year_is_the_one_that_stands_in_the_workbook(
    reported: list[dict[str, Any]], expected: dict[Figure, float]
) -> None:
    figures = figures_of(reported)
    assert len(figures) == len(reported)
    assert figures.keys() == expected.keys()
    assert {
        figure: (figures[figure], value) for figure, value in expected.items() if figures[figure] != value
    } == {}
    assert {row["value_state"] for row in reported} == {"value"}


def test_64_provinces_until_ha_tay_joined_ha_noi_and_63_after(reported: list[dict[str, Any]]) -> None:
    areas = {(row["period_code"], row["area_code"]) for row in reported}
    assert Counter(year for year, _ in areas) == dict(zip(YEARS, (64, 64, 64, 63, 63, 63, 63), strict=True))
    names = {row["area_name"] for row in reported}
    assert len(names) == 64
    assert [row for row in reported if row["area_name"] == "Hà Tây" and row["period_code"] > "2008"] == []


def test_lists_that_are_each_sorted_by_their_own_score_give_each_province_its_own(
    reported: list[dict[str, Any]], workbooks: list[Path], areas: dict[str, str]
) -> None:
    by_year = {"2008": 12, "2010": 12, "2011": 11, "2012": 11}
    for year, lists in by_year.items():
        sheet = first_sheet(next(file for file in workbooks if year in file.name))
        of_year = [row for row in reported if row["period_code"] == year]
        columns = {row["cell"].rstrip("0123456789") for row in of_year}
        assert len(columns) == lists, year
        for row in of_year:
            label, figure = sheet[row["cell"]]
            assert (areas[letters_of(label)], figure) == (row["area_code"], row["value"]), row["cell"]


def first_sheet(file: Path) -> dict[str, tuple[str, Any]]:
    """Every cell by its address, with what stands to its left."""
    rows_of_sheet = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python(skip_empty_area=False)
    return {
        f"{chr(ord('A') + column)}{number}": (str(row[column - 1]), row[column])
        for number, row in enumerate(rows_of_sheet, start=1)
        for column in range(1, min(len(row), 26))
    }


def test_totals_that_do_not_follow_the_weights_are_told_and_only_they(
    findings: list[dict[str, Any]], read_apart: list[dict[str, str]], areas: dict[str, str]
) -> None:
    off = {
        (row["year"], areas[letters_of(row["name_as_written"])]): float(row["recomputed"])
        for row in read_apart
        if abs(float(row["weighted"]) - float(row["recomputed"])) > HALF_OF_LAST_DIGIT
    }
    assert len(off) == 62
    told = {(row["period_code"], row["area_code"]): row for row in findings}
    assert len(told) == len(findings)
    assert told.keys() == off.keys()
    assert {year for year, _ in told} == {"2011"}
    for subject, recomputed in off.items():
        finding = told[subject]
        assert finding["rule_code"].startswith("PCI_WEIGHTED_TOTAL"), finding
        assert (finding["severity"], finding["data_element_code"]) == ("warning", WEIGHTED), finding
        assert float(finding["expected"].replace(",", ".")) == pytest.approx(recomputed, abs=1e-6)


def test_totals_outside_2011_pass_the_weights_rule_one_by_one(data: Path, ran: Printed) -> None:
    assert ran.json["changed"]
    passed = rows(
        data,
        "select period_code, count(*) as n from marts.fct_finding where status = 'pass'"
        " and rule_code like 'PCI_WEIGHTED_TOTAL%' and period_code <> '2011' group by all order by all",
    )
    assert {row["period_code"]: row["n"] for row in passed} == {
        "2006": 64,
        "2007": 64,
        "2008": 64,
        "2009": 63,
        "2010": 63,
        "2012": 63,
    }


def test_totals_without_weights_pass_as_sums_of_the_sub_indices(data: Path, ran: Printed) -> None:
    assert ran.json["changed"]
    told = rows(
        data,
        "select period_code, status, count(*) as n from marts.fct_finding"
        " where rule_code like 'PCI_UNWEIGHTED_TOTAL%' group by all",
    )
    assert {(row["period_code"], row["status"]): row["n"] for row in told} == {
        ("2007", "pass"): 64,
        ("2008", "pass"): 64,
        ("2010", "pass"): 63,
    }


def test_a_total_that_is_told_stands_as_published_at_the_cell_that_the_finding_names(
    findings: list[dict[str, Any]],
    reported: list[dict[str, Any]],
    workbooks: list[Path],
    areas: dict[str, str],
) -> None:
    sheet = first_sheet(next(file for file in workbooks if file.name == "PCI_2011.xls"))
    stored = {row["cell"]: row for row in reported if row["file_name"] == "PCI_2011.xls"}
    assert findings
    for finding in findings:
        label, published = sheet[finding["cell"]]
        figure = stored[finding["cell"]]
        assert (finding["file_name"], finding["sheet"]) == ("PCI_2011.xls", "Tong hop")
        assert areas[letters_of(label)] == finding["area_code"] == figure["area_code"]
        assert (figure["value"], figure["value_state"]) == (published, "value")
        assert float(finding["observed"].replace(",", ".")) == published


def test_indicators_show_every_figure_as_published(
    data: Path, ran: Printed, expected: dict[Figure, float]
) -> None:
    assert ran.json["changed"]
    shown = rows(
        data, "select period_code, area_code, indicator_code, value, value_state from marts.fct_indicator"
    )
    assert {row["value_state"] for row in shown} == {"value"}
    assert {
        (row["period_code"], row["area_code"], f"{row['indicator_code']}.GT"): row["value"] for row in shown
    } == expected


def test_ha_nois_index_is_not_cast_back_over_ha_tay_and_its_series_is_marked_as_broken(
    data: Path, ran: Printed, expected: dict[Figure, float]
) -> None:
    assert ran.json["changed"]
    of_today = rows(
        data,
        "select period_code, area_code, value, value_state, method, n_areas, break_in_series, comparable_from "
        "from marts.fct_indicator_harmonised where indicator_code = 'PCI.CTS' and area_code in ('01', '28') "
        "order by period_code",
    )
    assert {row["area_code"] for row in of_today} == {"01"}
    before, after = of_today[:3], of_today[3:]
    # the index was published for both of them, and is no figure of the two together
    assert [
        (row["period_code"], row["value"], row["value_state"], row["method"], row["n_areas"])
        for row in before
    ] == [(year, None, "not_available", "not_harmonised", 2) for year in ("2006", "2007", "2008")]
    for row in after:
        year = row["period_code"]
        assert (row["method"], row["value"]) == ("reported", expected[year, "01", WEIGHTED])
    assert [(row["period_code"], row["break_in_series"], row["comparable_from"]) for row in after] == [
        ("2009", True, 2009),
        ("2010", False, 2009),
        ("2011", False, 2009),
        ("2012", False, 2009),
    ]
    trends = rows(
        data,
        "select area_name, basis, first_year, last_year, n, break_in_series, trend_reason "
        "from marts.fct_indicator_trend where indicator_code = 'PCI.CTS' and area_code in ('01', '28') "
        "order by area_code, basis, first_year",
    )
    series = ("area_name", "basis", "first_year", "last_year", "n", "break_in_series")
    assert [tuple(row[name] for name in series) for row in trends] == [
        ("Hà Nội", "as_reported", 2006, 2008, 3, False),
        ("Hà Nội", "as_reported", 2009, 2012, 4, True),
        ("Hà Nội", "harmonised", 2009, 2012, 4, True),
        ("Hà Tây", "as_reported", 2006, 2008, 3, False),
    ]
    assert {row["trend_reason"] for row in trends} == {"too_short"}
