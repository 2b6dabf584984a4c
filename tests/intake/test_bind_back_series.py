"""What an office relies on when back-series forms come back: codes say year, unit and area; a fault stops its year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from openpyxl.workbook import Workbook

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.errors import UsageError
from dagster_project.forms.issue_back_series import issue_back_series
from dagster_project.intake.bind_back_series import bind_back_series, find_back_series
from dagster_project.intake.bind_form import BoundForms
from dagster_project.settings import Office
from tests.forms.small_back_series import YEARS, fill, open_form, place, write_back_series_catalogue
from tests.intake.test_bind_form import read_book

OFFICE = Office(level="commune", area_code="00001", criteria_set_code="T1")
OLD, OTHER = "1. CU-VP 00001", "2. M-VP 00002"
SOURCE = "Báo cáo 12/BC-UBND ngày 15/12/2023, tr. 3"
Change = Callable[[Workbook], object]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load_catalogue(write_back_series_catalogue(tmp_path_factory.mktemp("catalogue")))


@pytest.fixture(scope="module")
def issued(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return issue_back_series(catalogue, YEARS, tmp_path_factory.mktemp("forms"), is_sample=False)


class Desk:
    """The form of M-VP as issued, filled in, changed by hand, and bound."""

    def __init__(self, catalogue: Catalogue, file: Path) -> None:
        self.catalogue = catalogue
        self.file = file

    def raw(self, change: Change) -> pl.DataFrame:
        book = open_form(self.file)
        fill(book[OLD], YEARS[0], "A.1.GT", 120, SOURCE)
        fill(book[OLD], YEARS[1], "A.1.GT", 130, SOURCE)
        fill(book[OTHER], YEARS[1], "A.1.GT", 40, SOURCE)
        change(book)
        return read_book(book, "a")

    def bind(self, change: Change = lambda _: None) -> BoundForms:
        raw = self.raw(change)
        assert find_back_series(raw) == ["a"]
        files = pl.DataFrame(
            {
                "sha256": "a",
                "file_name": "a.xlsx",
                "receipt_id": "a",
                "received_at": datetime(2026, 2, 1, tzinfo=UTC),
            }
        )
        return bind_back_series(raw, files, self.catalogue, OFFICE)


@pytest.fixture(scope="module")
def desk(catalogue: Catalogue, issued: list[Path]) -> Desk:
    return Desk(catalogue, next(file for file in issued if "M-VP" in file.name))


def figures(bound: BoundForms) -> set[tuple[object, ...]]:
    waiting = bound.cells.filter(
        pl.col("role") == "value", pl.col("raw_text") != "", pl.col("disposition").is_null()
    )
    columns = ("reporting_unit_code", "area_code", "round_code", "data_element_code", "raw_text")
    return set(waiting.select(columns).iter_rows())


def told(bound: BoundForms, rule: str) -> list[dict[str, object]]:
    return bound.findings.filter(rule_code=rule).to_dicts()


ALL = {
    ("CU-VP", "00001", "T1-X-2023", "A.1.GT", "120"),
    ("CU-VP", "00001", "T1-X-2024", "A.1.GT", "130"),
    ("M-VP", "00002", "T1-X-2024", "A.1.GT", "40"),
}
OF_OLD_2024 = {row for row in ALL if row[:3] == ("CU-VP", "00001", "T1-X-2024")}
OF_OLD = {row for row in ALL if row[0] == "CU-VP"}


def test_the_unit_of_today_gets_a_sheet_per_area_of_the_time(issued: list[Path], desk: Desk) -> None:
    assert [file.name for file in issued] == ["F1-HC_M-HCC_2023-2024.xlsx", "F1-HC_M-VP_2023-2024.xlsx"]
    book = open_form(desk.file)
    assert [page.title for page in book] == [OLD, OTHER, "_kho"]
    texts = [str(cell.value) for row in book[OLD].iter_rows() for cell in row if cell.value]
    assert "Địa bàn của thời điểm đó: Thị trấn Cũ (mã 00001), đến hết ngày 30/06/2025" in texts
    assert "GT@T1-X-2023" in texts
    # Xã Hai was made in 2024: nobody is asked for its 2023.
    assert not any("2023" in str(cell.value) for cell in book[OTHER][14])


def test_a_unit_of_the_time_can_be_given_its_own_form(catalogue: Catalogue, tmp_path: Path) -> None:
    files = issue_back_series(catalogue, YEARS, tmp_path, units=["CU-VP"], is_sample=False)
    assert [page.title for page in open_form(files[0])] == [OLD, "_kho"]


def test_a_round_with_forms_of_its_own_has_no_back_series(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="T1-X-2025"):
        issue_back_series(catalogue, ["T1-X-2024", "T1-X-2025"], tmp_path, is_sample=False)


def test_each_figure_belongs_to_its_year_unit_and_area_of_the_time(desk: Desk) -> None:
    bound = desk.bind()
    assert figures(bound) == ALL
    assert bound.findings.is_empty()
    assert set(bound.submissions["entered_how"]) == {"back_series"}
    assert len(bound.submissions) == 3
    assert bound.submissions["submission_id"].is_unique().all()


def test_every_cell_is_there_once_with_the_text_of_the_file(desk: Desk) -> None:
    raw = desk.raw(lambda book: book.create_sheet("Nháp").append(["ghi chú"]))
    bound = desk.bind(lambda book: book.create_sheet("Nháp").append(["ghi chú"]))
    spot = ["sheet", "row", "col"]
    assert bound.cells.select(spot).is_unique().all()
    filled = bound.cells.filter(pl.col("raw_text") != "").select(*spot, "raw_text")
    assert filled.sort(spot).equals(raw.select(*spot, "raw_text").sort(spot))


def test_the_place_and_day_below_the_figures_of_the_first_year_are_no_figure(desk: Desk) -> None:
    def sign(book: Workbook) -> None:
        page = book[OLD]
        day = next(cell for row in page.iter_rows() for cell in row if "tháng …" in str(cell.value))
        assert day.column_letter == place(page, f"GT@{YEARS[0]}", "A.1.GT")[0]
        day.value = "Bình Lư, ngày 05 tháng 4 năm 2026"
        page.cell(day.row + 5, day.column, "0213 3875 123")

    bound = desk.bind(sign)
    assert figures(bound) == ALL
    assert bound.findings.is_empty()


def test_columns_that_were_moved_keep_their_year(desk: Desk) -> None:
    def move(book: Workbook) -> None:
        book[OLD].insert_cols(5, 2)

    assert figures(desk.bind(move)) == ALL


def test_an_overwritten_header_stops_its_sheet_and_no_other(desk: Desk) -> None:
    def overwrite(book: Workbook) -> None:
        book[OTHER]["C10"] = "M-HCC"

    bound = desk.bind(overwrite)
    assert figures(bound) == OF_OLD
    assert [row["cell"] for row in told(bound, "FORM_HIDDEN_DIFFERS")] == ["C10"]


def test_two_sheets_that_say_the_same_are_both_held(desk: Desk) -> None:
    def copy(book: Workbook) -> None:
        page = book.copy_worksheet(book[OLD])
        page[place(page, "GT@T1-X-2023", "A.1.GT")] = 999

    bound = desk.bind(copy)
    assert figures(bound) == ALL - OF_OLD
    assert {row["round_code"] for row in told(bound, "BACK_SERIES_TWICE")} == set(YEARS)


@pytest.mark.parametrize(
    ("code", "rule"), [("T1-X-2032", "FORM_ROUND_UNKNOWN"), ("T1-X-2025", "BACK_SERIES_ROUND")]
)
def test_a_year_that_is_no_year_of_the_form_is_held_with_its_column(desk: Desk, code: str, rule: str) -> None:
    where: list[str] = []

    def change(book: Workbook) -> None:
        for row in book[OLD].iter_rows():
            for cell in row:
                if str(cell.value).endswith("@T1-X-2023"):
                    where.append(cell.coordinate)
                    cell.value = str(cell.value).replace("T1-X-2023", code)

    bound = desk.bind(change)
    assert figures(bound) == ALL - (OF_OLD - OF_OLD_2024)
    assert [row["cell"] for row in told(bound, rule)] == where[:1]


def test_an_area_that_was_not_there_yet_is_told(desk: Desk) -> None:
    def change(book: Workbook) -> None:
        for row in book[OTHER].iter_rows():
            for cell in row:
                cell.value = str(cell.value).replace("T1-X-2024", "T1-X-2023") if cell.value else None

    bound = desk.bind(change)
    assert figures(bound) == OF_OLD
    assert [(row["observed"], row["expected"]) for row in told(bound, "BACK_SERIES_AREA_NOT_THEN")] == [
        ("00002", "31/12/2023")
    ]
    assert told(bound, "BACK_SERIES_YEAR_NOT_ASKED")[0]["expected"] == "T1-X-2024"


def test_a_figure_without_a_source_is_asked_for_one_and_taken(desk: Desk) -> None:
    where: list[str] = []

    def change(book: Workbook) -> None:
        book[OLD][place(book[OLD], "NSL@T1-X-2024", "A.1.GT")] = None
        where.append(place(book[OLD], "GT@T1-X-2024", "A.1.GT"))

    bound = desk.bind(change)
    assert figures(bound) == ALL
    assert [row["cell"] for row in told(bound, "BACK_SERIES_NO_SOURCE")] == where
