"""What an officer relies on when filled forms come back: the printed codes decide, whatever else was changed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import ANYTHING, Wanted
from dagster_project.forms.issue import issue_forms
from dagster_project.frames import CELLS, FINDINGS, SUBMISSIONS
from dagster_project.intake.bind_form import BoundForms, bind_forms, find_forms
from dagster_project.settings import Office
from tests.forms.small_catalogue import write_small_catalogue

ROUND = "T1-X-2025"
UNIT = "M-HCC"
OFFICE = Office(level="commune", area_code="00001", criteria_set_code="T1")
FIGURES = {"A.2.TS": 120, "A.2.MS": 480, "A.2.TL": 25}
RAW = {
    "sha256": pl.String,
    "file_name": pl.String,
    "sheet": pl.String,
    "sheet_hidden": pl.Boolean,
    "row": pl.Int32,
    "col": pl.Int32,
    "cell": pl.String,
    "raw_text": pl.String,
    "cell_type": pl.String,
    "number": pl.Float64,
    "number_format": pl.String,
}
Change = Callable[[Workbook, Worksheet], object]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load_catalogue(write_small_catalogue(tmp_path_factory.mktemp("catalogue")))


@pytest.fixture(scope="module")
def issued(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forms")
    issue_forms(catalogue, ROUND, folder, is_sample=False)
    return folder


class Desk:
    """Forms as issued, filled in, changed by hand, and bound."""

    def __init__(self, catalogue: Catalogue, issued: Path) -> None:
        self.catalogue = catalogue
        self.issued = issued

    def raw(self, name: str = "a", unit: str = UNIT, change: Change | None = None) -> pl.DataFrame:
        book = openpyxl.load_workbook(self.issued / f"F1_{unit}_{ROUND}.xlsx")
        page = book["Biểu"]
        for merged in list(page.merged_cells.ranges):
            page.unmerge_cells(str(merged))
        for row in page.iter_rows():
            if row[2].value in FIGURES:
                row[5].value = FIGURES[row[2].value]
        if change:
            change(book, page)
        return read_book(book, name)

    def bind(self, *raws: pl.DataFrame, office: Office = OFFICE, wanted: Wanted = ANYTHING) -> BoundForms:
        raw = pl.concat(raws)
        names = raw["sha256"].unique().sort()
        files = pl.DataFrame(
            {
                "sha256": names,
                "file_name": names + ".xlsx",
                "receipt_id": names,
                "received_at": [datetime(2026, 4, 1, tzinfo=UTC)] * len(names),
            }
        )
        return bind_forms(raw, files, self.catalogue, office, wanted)

    def change(self, change: Change) -> BoundForms:
        return self.bind(self.raw(change=change))


@pytest.fixture(scope="module")
def desk(catalogue: Catalogue, issued: Path) -> Desk:
    return Desk(catalogue, issued)


def read_book(book: Workbook, name: str) -> pl.DataFrame:
    rows = [
        (
            name,
            f"{name}.xlsx",
            page.title,
            page.sheet_state != "visible",
            cell.row,
            cell.column,
            cell.coordinate,
            str(cell.value),
            "text" if isinstance(cell.value, str) else "number",
            None if isinstance(cell.value, str) else float(cell.value),
            cell.number_format,
        )
        for page in book
        for line in page.iter_rows()
        for cell in line
        if cell.value not in (None, "")
    ]
    return pl.DataFrame(rows, schema=RAW, orient="row")


def _named(row: pl.Expr, column: pl.Expr) -> pl.Expr:
    letters = {number: get_column_letter(number) for number in range(1, 30)}
    return (column.replace_strict(letters, return_dtype=pl.String) + row.cast(pl.String)).alias("cell")


def _find(page: Worksheet, text: str) -> tuple[int, int]:
    return next((cell.row, cell.column) for row in page.iter_rows() for cell in row if cell.value == text)


def _figures(bound: BoundForms) -> dict[str, str]:
    """Text of every bound value cell that waits to be parsed, by data element."""
    cells = bound.cells.filter(
        (pl.col("role") == "value") & pl.col("disposition").is_null() & (pl.col("raw_text") != "")
    )
    return dict(cells.select("data_element_code", "raw_text").iter_rows())


def _told(bound: BoundForms) -> list[tuple[str, str, str | None]]:
    return list(bound.findings.select("rule_code", "severity", "cell").iter_rows())


GIVEN = {code: str(figure) for code, figure in FIGURES.items()}


def test_a_form_as_issued_is_bound_whole_and_quietly(desk: Desk) -> None:
    bound = desk.bind(desk.raw())
    assert _figures(bound) == GIVEN
    assert _told(bound) == []
    assert (bound.cells.schema, bound.submissions.schema, bound.findings.schema) == (
        CELLS,
        SUBMISSIONS,
        FINDINGS,
    )
    submission = bound.submissions.row(0, named=True)
    assert (submission["reporting_unit_code"], submission["area_code"], submission["round_code"]) == (
        UNIT,
        "00001",
        ROUND,
    )
    assert (submission["form_code"], submission["period_code"], submission["blocked"]) == (
        "F1",
        "2025",
        False,
    )


def test_every_cell_is_bound_or_says_why_not_and_blank_positions_count(desk: Desk) -> None:
    raw = desk.raw()
    cells = desk.bind(raw).cells
    assert cells.select("sheet", "cell").is_unique().all()
    spots = raw.select("sheet", "cell")
    assert spots.join(cells, on=["sheet", "cell"], how="anti").is_empty()
    bound = cells.filter(pl.col("role").is_not_null())
    assert bound.height == len(FIGURES) * 5
    assert cells.join(spots, on=["sheet", "cell"], how="anti")["role"].null_count() == 0
    unbound = cells.filter(pl.col("role").is_null())
    assert set(unbound["disposition"]) == {"ignored"}
    assert set(unbound["reason"]) == {
        "heading",
        "label",
        "code",
        "unit_of_measure",
        "signature",
        "hidden_map",
    }


def test_companion_cells_carry_their_role(desk: Desk) -> None:
    def fill(_: Workbook, page: Worksheet) -> None:
        row, column = _find(page, "A.2.TS")
        for step, text in enumerate(("Ước tính", "Sổ theo dõi", "Tăng do chiến dịch"), start=5):
            page.cell(row, column + step, text)

    cells = desk.change(fill).cells.filter(
        (pl.col("data_element_code") == "A.2.TS") & (pl.col("raw_text") != "")
    )
    assert dict(cells.select("role", "raw_text").iter_rows()) == {
        "value": "120",
        "status": "Ước tính",
        "source": "Sổ theo dõi",
        "note": "Tăng do chiến dịch",
    }


def _insert_rows(_: Workbook, page: Worksheet) -> None:
    page.insert_rows(_find(page, "A.2.MS")[0])
    page.insert_rows(2, 3)


def _insert_column(_: Workbook, page: Worksheet) -> None:
    page.insert_cols(5)


def _move_value_column_to_the_front(_: Workbook, page: Worksheet) -> None:
    page.insert_cols(1)
    for row in range(1, page.max_row + 1):
        page.cell(row, 1).value = page.cell(row, 7).value
    page.delete_cols(7)


def _swap_rows(_: Workbook, page: Worksheet) -> None:
    first, second = _find(page, "A.2.TS")[0], _find(page, "A.2.TL")[0]
    for column in range(1, 11):
        one, other = page.cell(first, column), page.cell(second, column)
        one.value, other.value = other.value, one.value


def _rename_sheet(_: Workbook, page: Worksheet) -> None:
    page.title = "Sheet1"


@pytest.mark.parametrize(
    "change", [_insert_rows, _insert_column, _move_value_column_to_the_front, _swap_rows, _rename_sheet]
)
def test_a_moved_row_or_column_gives_no_wrong_figure(desk: Desk, change: Change) -> None:
    bound = desk.change(change)
    assert _figures(bound) == GIVEN
    assert {severity for _, severity, _ in _told(bound)} <= {"info"}


@settings(derandomize=True, max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_in_whatever_order_rows_and_columns_stand_figures_stay_with_their_codes(
    desk: Desk, data: st.DataObject
) -> None:
    raw = desk.raw()
    rows, columns = list(range(15, 20)), list(range(1, 11))
    shift = data.draw(st.integers(0, 3))
    row_of = dict(zip(rows, data.draw(st.permutations([row + shift for row in rows])), strict=True))
    column_of = dict(
        zip(columns, data.draw(st.permutations([column + shift for column in columns])), strict=True)
    )
    in_table = (pl.col("sheet") == "Biểu") & pl.col("row").is_between(14, 19)
    moved = raw.with_columns(
        pl.when(in_table).then(pl.col("row").replace(row_of)).otherwise(pl.col("row")).alias("row"),
        pl.when(in_table).then(pl.col("col").replace(column_of)).otherwise(pl.col("col")).alias("col"),
    ).with_columns(_named(pl.col("row"), pl.col("col")))
    assert _figures(desk.bind(moved)) == GIVEN


@settings(derandomize=True, max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_cells_are_lost_no_figure_moves_to_another_code(desk: Desk, data: st.DataObject) -> None:
    raw = desk.raw()
    lost = data.draw(st.sets(st.integers(0, raw.height - 1), min_size=1, max_size=6))
    left = raw.with_row_index("n").filter(~pl.col("n").is_in(list(lost))).drop("n")
    if find_forms(left):
        assert _figures(desk.bind(left)).items() <= GIVEN.items()


def test_moved_cells_are_told_once_for_information(desk: Desk) -> None:
    assert [told[:2] for told in _told(desk.change(_insert_rows))] == [("FORM_CELLS_MOVED", "info")]


def test_the_hidden_sheet_is_only_a_hint(desk: Desk) -> None:
    bound = desk.change(lambda book, _: book.remove(book["_kho"]))
    assert _figures(bound) == GIVEN
    assert [told[:2] for told in _told(bound)] == [("FORM_MAP_MISSING", "info")]


def test_codes_are_the_same_in_any_unicode_form_case_or_spacing(desk: Desk) -> None:
    def respell(_: Workbook, page: Worksheet) -> None:
        for row in page.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = unicodedata.normalize("NFD", cell.value)
        row, column = _find(page, "A.2.TS")
        page.cell(row, column, " a.2.ts\u200b ")
        row, column = _find(page, UNIT)
        page.cell(row, column, "M\u2013HCC")

    bound = desk.change(respell)
    assert _figures(bound) == GIVEN
    assert [told[:2] for told in _told(bound)] == [("FORM_TEXT_DECOMPOSED", "info")]
    assert bound.submissions["reporting_unit_code"].to_list() == [UNIT]


def _print(label: str, code: str) -> Change:
    def change(book: Workbook, page: Worksheet) -> None:
        row, column = _find(page, label)
        page.cell(row, column + 1, code)
        book.remove(book["_kho"])

    return change


def _print_code_of(text: str, code: str | None) -> Change:
    def change(_: Workbook, page: Worksheet) -> None:
        page.cell(*_find(page, text)).value = code

    return change


def _delete_column(text: str) -> Change:
    return lambda _, page: page.delete_cols(_find(page, text)[1])


def _delete_code_row(_: Workbook, page: Worksheet) -> None:
    page.delete_rows(_find(page, "GT")[0])


def _second_table(book: Workbook, page: Worksheet) -> None:
    book.copy_worksheet(page)


@pytest.mark.parametrize(
    ("change", "rule_code", "cell"),
    [
        (_print("Mã đơn vị:", "M-HCCC"), "FORM_UNIT_UNKNOWN", "C10"),
        (_print("Mã đơn vị:", "CU-VP"), "FORM_UNIT_NOT_VALID", "C10"),
        (_print("Mã đợt báo cáo:", "T1-X-2055"), "FORM_ROUND_UNKNOWN", "C9"),
        (_print("Mã địa bàn:", "00002"), "FORM_AREA_DIFFERS", "C11"),
        (_print("Phiên bản:", "7"), "FORM_UNKNOWN", "C7"),
        (_print_code_of(ROUND, None), "FORM_CODE_MISSING", None),
        (_print_code_of(UNIT, "M-VP"), "FORM_HIDDEN_DIFFERS", "C10"),
        (_print_code_of("A.2.TS", "A.2.MS"), "FORM_ROW_TWICE", "C17"),
        (_print_code_of("TT", "GT"), "FORM_COLUMN_TWICE", "G14"),
        (_delete_column("GT"), "FORM_COLUMN_MISSING", None),
        (_delete_column("MA"), "FORM_COLUMN_MISSING", None),
        (_delete_code_row, "FORM_CODE_ROW_MISSING", None),
        (_second_table, "FORM_TABLE_TWICE", None),
    ],
)
def test_a_fault_of_identity_or_layout_blocks_the_file_and_is_named_at_its_cell(
    desk: Desk, change: Change, rule_code: str, cell: str | None
) -> None:
    bound = desk.change(change)
    assert (rule_code, "blocking", cell) in _told(bound)
    assert bound.submissions["blocked"].to_list() == [True]
    assert _figures(bound) == {}
    assert set(bound.cells["disposition"]) <= {"quarantined", "ignored"}
    assert bound.cells["disposition"].null_count() == bound.cells["reason"].null_count() == 0


def test_the_codes_of_an_unknown_round_are_not_judged(desk: Desk) -> None:
    rules = [rule for rule, _, _ in _told(desk.change(_print("Mã đợt báo cáo:", "T1-X-2055")))]
    assert rules.count("FORM_ROUND_UNKNOWN") == 1
    assert "FORM_ELEMENT_UNKNOWN" not in rules


def test_a_near_code_is_suggested_and_never_put_in(desk: Desk) -> None:
    found = desk.change(_print("Mã đơn vị:", "M-HCCC")).findings.row(0, named=True)
    assert (found["observed"], found["expected"]) == ("M-HCCC", UNIT)


def test_the_year_that_the_run_was_told_decides(desk: Desk) -> None:
    assert _told(desk.bind(desk.raw(), wanted=Wanted(2025))) == []
    assert ("FORM_WRONG_YEAR", "blocking", "C9") in _told(desk.bind(desk.raw(), wanted=Wanted(2024)))


def test_the_round_that_the_run_was_told_decides(desk: Desk) -> None:
    assert _told(desk.bind(desk.raw(), wanted=Wanted(round_code=ROUND))) == []
    other = desk.bind(desk.raw(), wanted=Wanted(round_code=f"{ROUND}-Q3"))
    assert ("FORM_OTHER_ROUND", "blocking", "C9") in _told(other)


def test_a_round_that_has_not_opened_takes_nothing(desk: Desk) -> None:
    raw = desk.raw()
    files = pl.DataFrame(
        {
            "sha256": ["a"],
            "file_name": ["a.xlsx"],
            "receipt_id": ["a"],
            "received_at": [datetime(2025, 12, 31, 16, 59, tzinfo=UTC)],  # 23:59 of 31 December in Vietnam
        }
    )
    early = bind_forms(raw, files, desk.catalogue, OFFICE, ANYTHING)
    assert ("FORM_ROUND_NOT_OPEN", "blocking", "C9") in _told(early)
    later = files.with_columns(pl.col("received_at").dt.offset_by("1m"))
    assert _told(bind_forms(raw, later, desk.catalogue, OFFICE, ANYTHING)) == []


def test_sample_forms_and_an_office_never_mix(desk: Desk) -> None:
    def mark(_: Workbook, page: Worksheet) -> None:
        page.cell(6, 1, "SỐ LIỆU MINH HỌA")

    marked, plain = desk.raw("marked", change=mark), desk.raw("plain")
    office = desk.bind(marked, plain)
    assert office.submissions.select("sha256", "blocked").rows() == [("marked", True), ("plain", False)]
    sample = desk.bind(marked, plain, office=OFFICE.model_copy(update={"is_sample": True}))
    assert sample.submissions.select("sha256", "blocked").rows() == [("marked", False), ("plain", True)]
    assert sample.cells["is_sample"].all()


def test_a_row_with_an_unknown_code_is_held_out_and_the_others_go_on(desk: Desk) -> None:
    bound = desk.change(_print_code_of("A.2.TS", "A.2.XX"))
    assert _figures(bound) == {code: text for code, text in GIVEN.items() if code != "A.2.TS"}
    assert ("FORM_ELEMENT_UNKNOWN", "blocking", "C17") in _told(bound)
    assert ("FORM_ROW_MISSING", "warning", None) in _told(bound)
    held = bound.cells.filter(pl.col("disposition") == "quarantined")
    assert held.select("cell", "raw_text", "reason").rows() == [("F17", "120", "FORM_ELEMENT_UNKNOWN")]


def test_a_figure_in_a_row_without_a_code_is_never_lost_silently(desk: Desk) -> None:
    bound = desk.change(_print_code_of("A.2.TS", None))
    assert ("FORM_FIGURE_WITHOUT_CODE", "blocking", "F17") in _told(bound)
    held = bound.cells.filter(pl.col("cell") == "F17")
    assert held.select("disposition", "reason").row(0) == ("quarantined", "FORM_FIGURE_WITHOUT_CODE")


@pytest.mark.parametrize(
    "typed",
    [
        999,
        "1.234,5",
        "12 người",
        "12,5 %",
        "1 234\u00a0567",
        "khoảng 20",
        ">= 95%",
        "12,5 tCO2e",
        "3 tỷ (ước tính)",
    ],
)
def test_a_figure_below_the_last_row_is_never_lost_silently(desk: Desk, typed: object) -> None:
    bound = desk.change(lambda _, page: page.cell(20, 6, typed))
    assert _told(bound) == [("FORM_FIGURE_WITHOUT_CODE", "blocking", "F20")]
    assert bound.cells.filter(cell="F20").select("disposition", "raw_text").rows() == [
        ("quarantined", str(typed))
    ]


def test_a_figure_typed_as_text_in_a_last_row_that_lost_its_code_is_told(desk: Desk) -> None:
    def change(_: Workbook, page: Worksheet) -> None:
        row, column = _find(page, "A.2.TL")
        page.cell(row, column).value = None
        page.cell(row, 6).value = "1.234,5"

    assert ("FORM_FIGURE_WITHOUT_CODE", "blocking", "F19") in _told(desk.change(change))


def test_text_in_an_added_column_is_told_where_it_stands(desk: Desk) -> None:
    bound = desk.change(lambda _, page: page.cell(18, 12, "xem thêm"))
    assert _told(bound) == [("FORM_CELL_OUTSIDE", "warning", "L18")]


def test_an_element_of_another_unit_is_taken_and_told(desk: Desk) -> None:
    def add(_: Workbook, page: Worksheet) -> None:
        page.cell(20, 3, "B.1.GT")
        page.cell(20, 6, "Có")

    bound = desk.change(add)
    assert _figures(bound) == {**GIVEN, "B.1.GT": "Có"}
    assert ("FORM_ELEMENT_NOT_ASSIGNED", "warning", "F20") in _told(bound)


def test_a_lost_column_beside_the_figures_is_told(desk: Desk) -> None:
    bound = desk.change(_delete_column("GC"))
    assert _figures(bound) == GIVEN
    assert [told[:2] for told in _told(bound)] == [("FORM_COLUMN_DROPPED", "warning")]


def test_a_name_signed_below_the_column_of_codes_is_no_code(desk: Desk) -> None:
    def sign(_: Workbook, page: Worksheet) -> None:
        page.cell(33, 3, "Nguyễn Thị Mẫu")

    bound = desk.change(sign)
    assert _figures(bound) == GIVEN
    assert _told(bound) == []


@pytest.mark.parametrize(
    "signed",
    [
        "Bình Lư, ngày 05 tháng 4 năm 2026",
        "05 tháng 4 năm 2026",
        "05/4/2026",
        "5.4.2026",
        "ĐT: 0213 3875 123",
        "0912 345 678",
        "+84 912.345.678",
        "1. Nguyễn Thị Mẫu",
    ],
)
def test_what_is_signed_below_the_column_of_figures_is_no_figure(desk: Desk, signed: str) -> None:
    bound = desk.change(lambda _, page: page.cell(23, 6, signed))
    assert _told(bound) == []
    assert bound.cells.filter(cell="F23")["reason"].to_list() == ["signature"]


def test_files_are_told_apart_and_one_bad_file_holds_up_no_other(desk: Desk) -> None:
    bound = desk.bind(desk.raw("good"), desk.raw("bad", change=_print("Mã đơn vị:", "nobody")))
    assert bound.submissions.select("sha256", "blocked").rows() == [("bad", True), ("good", False)]
    assert bound.submissions["submission_id"].n_unique() == 2
    assert set(bound.findings["file_name"]) == {"bad.xlsx"}
    assert _figures(bound) == GIVEN


def test_a_form_is_known_by_any_of_its_marks_and_another_table_is_not(desk: Desk) -> None:
    def lose_codes(book: Workbook, page: Worksheet) -> None:
        _delete_code_row(book, page)
        book.remove(book["_kho"])

    other = openpyxl.Workbook()
    other.active.append(["STT", "Tên", "MA", "Giá trị"])
    other.active.append([1, "Hà Nội", get_column_letter(1), 12.5])
    raws = [desk.raw("whole"), desk.raw("bare", change=lose_codes), read_book(other, "other")]
    assert find_forms(pl.concat(raws)) == ["bare", "whole"]
