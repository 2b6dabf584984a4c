"""Seven yearly workbooks of the PCI whose layout changes each year, some as lists that each have their own order.

The expected figures were read from the same workbooks by somebody else's program; the weights were recovered from
them and are published beside them.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.third_party.main_job import Run, run_main_job

_NAMES = {
    "entry": "PCI.GNTT",
    "land": "PCI.DD",
    "transparency": "PCI.MB",
    "time": "PCI.TG",
    "informal": "PCI.KCT",
    "bias": "PCI.DNNN",
    "proactive": "PCI.ND",
    "support": "PCI.HT",
    "labor": "PCI.LD",
    "legal": "PCI.PL",
    "unweighted": "PCI.KTS",
    "weighted": "PCI.CTS",
}
_RANK = "PCI.XH"
_WEIGHTS_OF = {
    **dict.fromkeys((2006, 2007, 2008), "2006-2008"),
    **dict.fromkeys((2009, 2010, 2011, 2012), "2009-2010,2012"),
}

Figures = dict[tuple[int, str, str], float]


@pytest.fixture(scope="module")
def folder(third_party: Path) -> Path:
    return third_party / "vn_pci_2006_2012"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, folder: Path, catalogues: Path) -> Run:
    files = sorted(folder.glob("PCI_20*.xls*"))
    assert len(files) == 7
    return run_main_job(tmp_path_factory.mktemp("pci") / "data", catalogues / "pci", files)


@pytest.fixture(scope="module")
def expected(folder: Path) -> Figures:
    figures: Figures = {}
    with (folder / "expected_pci_from_raw.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            year = int(row["year"])
            for name, code in _NAMES.items():
                if row[name]:
                    figures[year, row["key"], code] = float(row[name])
    return figures


@pytest.fixture(scope="module")
def totals(folder: Path, expected: Figures) -> dict[tuple[int, str], tuple[float, float]]:
    """The published total of every province and year, and the one that the weights give."""
    weights = json.loads((folder / "expected_weights.json").read_text(encoding="utf-8"))["weights"]
    return {
        (year, key): (
            published,
            sum(
                weight * expected[year, key, _NAMES[name]]
                for name, weight in weights[_WEIGHTS_OF[year]].items()
            ),
        )
        for (year, key, code), published in expected.items()
        if code == "PCI.CTS"
    }


def _key(area_name: str) -> str:
    """The name as the expected results spell it: its letters, without marks."""
    plain = unicodedata.normalize("NFD", area_name.lower().replace("đ", "d"))
    return "".join(char for char in plain if char.isascii() and char.isalpha()).removeprefix("thanhpho")


def _figures(run: Run, mart: str) -> Figures:
    found = run.rows(f"select data_year, area_name, indicator_code, value from {mart}")  # noqa: S608
    figures = {
        (row["data_year"], _key(row["area_name"]), row["indicator_code"]): row["value"] for row in found
    }
    assert len(figures) == len(found)
    return figures


@pytest.mark.parametrize("mart", ["fct_reported_value", "fct_indicator"])
def test_every_province_sub_index_and_year_equals_the_independent_reading(
    run: Run, expected: Figures, mart: str
) -> None:
    figures = _figures(run, mart)
    assert {spot: value for spot, value in figures.items() if spot[2] != _RANK} == expected


def test_ranks_are_those_of_the_published_totals(run: Run) -> None:
    figures = _figures(run, "fct_indicator")
    ranked = {spot: rank for spot, rank in figures.items() if spot[2] == _RANK}
    # The workbooks of 2006 and 2008 number their rows and say nowhere that the number is a rank.
    assert Counter(year for year, _, _ in ranked) == {2007: 64, **dict.fromkeys(range(2009, 2013), 63)}
    for year in {year for year, _, _ in ranked}:
        order = sorted((rank, key) for (of_year, key, _), rank in ranked.items() if of_year == year)
        assert [rank for rank, _ in order] == list(range(1, len(order) + 1))
        totals = [figures[year, key, "PCI.CTS"] for _, key in order]
        assert totals == sorted(totals, reverse=True)


def test_ha_tay_has_figures_of_its_own_until_it_became_part_of_ha_noi(run: Run) -> None:
    found = run.rows("select distinct data_year, area_name from fct_indicator")
    years = Counter(row["data_year"] for row in found)
    assert years == {**dict.fromkeys((2006, 2007, 2008), 64), **dict.fromkeys((2009, 2010, 2011, 2012), 63)}
    assert {row["data_year"] for row in found if row["area_name"] == "Hà Tây"} == {2006, 2007, 2008}


def test_published_totals_outside_2011_follow_from_weights_and_sub_indices(
    run: Run, totals: dict[tuple[int, str], tuple[float, float]]
) -> None:
    others = {unit: pair for unit, pair in totals.items() if unit[0] != 2011}
    assert len(others) == 381
    assert all(abs(published - computed) <= 1e-5 for published, computed in others.values())
    found = run.rows(
        "select data_year, area_name, status from fct_finding "
        "where data_element_code = 'PCI.CTS.GT' and data_year <> 2011"
    )
    assert {(row["data_year"], _key(row["area_name"])): row["status"] for row in found} == dict.fromkeys(
        others, "pass"
    )


def test_the_62_totals_of_2011_that_do_not_follow_are_found_each_at_its_cell(
    run: Run, folder: Path, totals: dict[tuple[int, str], tuple[float, float]]
) -> None:
    # Totals of 2011 are published with two decimals.
    wrong = {
        key: published
        for (year, key), (published, computed) in totals.items()
        if year == 2011 and abs(published - computed) > 0.005
    }
    assert len(wrong) == 62
    found = run.rows(
        "select data_year, area_name, severity, file_name, sheet, cell from fct_finding where status = 'fail'"
    )
    assert {_key(row["area_name"]) for row in found} == wrong.keys()
    assert {(row["data_year"], row["severity"], row["file_name"]) for row in found} == {
        (2011, "warning", "PCI_2011.xls")
    }
    printed = {one["file"]: one["findings"]["warning"] for one in run.printed["files"]}
    assert {name: n for name, n in printed.items() if n} == {"PCI_2011.xls": 62}

    sheet = CalamineWorkbook.from_path(folder / "PCI_2011.xls").get_sheet_by_name("Tong hop").to_python()
    at_cell = {_key(row["area_name"]): _at(sheet, row["cell"]) for row in found}
    assert {row["sheet"] for row in found} == {"Tong hop"}
    assert at_cell == wrong


def _at(sheet: list[list[object]], cell: str) -> object:
    """What stands at ``cell`` of a sheet whose columns have one letter."""
    return sheet[int(cell[1:]) - 1][ord(cell[0]) - ord("A")]


def test_totals_without_weights_are_the_sums_of_the_sub_indices(run: Run) -> None:
    found = run.rows(
        "select data_year, status, count(*) as n from fct_finding "
        "where data_element_code = 'PCI.KTS.GT' group by all order by all"
    )
    assert [(row["data_year"], row["status"], row["n"]) for row in found] == [
        (2007, "pass", 64),
        (2008, "pass", 64),
        (2010, "pass", 63),
    ]


def test_every_cell_of_the_workbooks_is_accounted_for(run: Run, folder: Path) -> None:
    assert run.unaccounted() == []
    assert {one["file"]: one["cells"] for one in run.printed["files"]} == {
        one["file"]: _cells_with_content(folder / one["file"]) for one in run.printed["files"]
    }


def _cells_with_content(file: Path) -> int:
    book = CalamineWorkbook.from_path(file)
    return sum(
        bool(str(value).strip())
        for number in range(len(book.sheet_names))
        for row in book.get_sheet_by_index(number).to_python()
        for value in row
    )
