"""A table of the World Bank: one row per unit, one column per year, a preamble above and a comma at every end."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tests.third_party.main_job import Run, run_main_job

_PREAMBLE = 4
#: Exact amounts have six decimals.
_SMALLEST = Decimal("0.000001")


@pytest.fixture(scope="module")
def file(third_party: Path) -> Path:
    return third_party / "wdi_export" / "gdp" / "GDP.csv"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, file: Path, catalogues: Path) -> Run:
    return run_main_job(tmp_path_factory.mktemp("wdi") / "data", catalogues / "wdi", [file])


@pytest.fixture(scope="module")
def table(file: Path) -> dict[tuple[str, int], str]:
    """Every cell of a year column by unit and year."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        for _ in range(_PREAMBLE):
            next(text)
        return {
            (row["Country Code"], int(year)): cell
            for row in csv.DictReader(text)
            for year, cell in row.items()
            if year and year.isdigit()
        }


def test_all_13365_values_of_266_units_arrive_as_published(
    run: Run, table: dict[tuple[str, int], str]
) -> None:
    published = {spot: text for spot, text in table.items() if text}
    assert (len({unit for unit, _ in table}), len(published)) == (266, 13365)
    found = run.rows(
        "select area_code, data_year, value, raw_text from fct_reported_value where value_state = 'value'"
    )
    assert len(found) == len(published)
    assert {(row["area_code"], row["data_year"]): row["raw_text"] for row in found} == published
    assert all(row["value"] == float(row["raw_text"]) for row in found)


def test_sums_of_money_keep_the_digits_that_a_double_would_lose(run: Run) -> None:
    found = run.rows(
        "select raw_text, cast(value_decimal as varchar) as exact from fct_reported_value "
        "where value_state = 'value'"
    )
    assert all(abs(Decimal(row["exact"]) - Decimal(row["raw_text"])) <= _SMALLEST / 2 for row in found)


def test_years_without_a_value_are_there_and_empty(run: Run, table: dict[tuple[str, int], str]) -> None:
    found = run.rows("select area_code, data_year, value_state from fct_reported_value where value is null")
    assert {(row["area_code"], row["data_year"]) for row in found} == {
        spot for spot, text in table.items() if not text
    }
    assert {row["value_state"] for row in found} == {"missing"}


def test_indicators_of_every_unit_and_year_are_the_published_values(
    run: Run, table: dict[tuple[str, int], str]
) -> None:
    found = run.rows("select area_code, data_year, value from fct_indicator")
    assert {(row["area_code"], row["data_year"]): row["value"] for row in found} == {
        spot: float(text) if text else None for spot, text in table.items()
    }


def test_every_cell_of_the_table_is_accounted_for(
    run: Run, file: Path, table: dict[tuple[str, int], str]
) -> None:
    with file.open(encoding="utf-8-sig", newline="") as text:
        content = sum(bool(field.strip()) for row in csv.reader(text) for field in row)
    blank = sum(not text for text in table.values())
    assert run.unaccounted() == []
    assert [one["cells"] for one in run.printed["files"]] == [content + blank]
