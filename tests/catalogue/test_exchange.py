"""The catalogue goes out to one workbook and comes back the same; nothing wrong is ever written."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from dagster_project.catalogue.calendar import day_rules, due_moment, working_days_left
from dagster_project.catalogue.confirm import confirmed
from dagster_project.catalogue.diff import diff
from dagster_project.catalogue.exchange import Imported, export_workbook, read_workbook
from dagster_project.catalogue.load import load_catalogue
from dagster_project.catalogue.versions import put_tables
from dagster_project.errors import UsageError
from dagster_project.paths import Project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Project().reference, tmp_path / "catalogue"))


@pytest.fixture
def workbook(folder: Path, tmp_path: Path) -> Path:
    file = tmp_path / "danh-muc.xlsx"
    export_workbook(load_catalogue(folder), file)
    return file


def import_workbook(workbook: Path, folder: Path) -> Imported:
    imported = read_workbook(workbook, folder)
    put_tables(folder, imported.tables)
    return imported


def confirm(folder: Path, codes: list[str], *, by: str, on: date) -> None:
    put_tables(folder, {"indicators": confirmed(folder, codes, by=by, on=on, valid_on=on).table})


def write(workbook: Path, sheet: str, cell: str, text: object) -> None:
    book = openpyxl.load_workbook(workbook)
    book[sheet][cell] = text
    if isinstance(text, str):
        book[sheet][cell].data_type = "s"
    book.save(workbook)


def row_of(workbook: Path, sheet: str, code: str) -> int:
    page = openpyxl.load_workbook(workbook)[sheet]
    return next(row[0].row for row in page.iter_rows() if row[0].value == code)


def column_of(workbook: Path, sheet: str, name: str) -> str:
    page = openpyxl.load_workbook(workbook)[sheet]
    return str(next(cell.column_letter for cell in page[1] if cell.value == name))


def test_out_and_back_changes_nothing(folder: Path, workbook: Path) -> None:
    before = load_catalogue(folder).content_hash
    imported = import_workbook(workbook, folder)
    assert (imported.changes, imported.problems) == ([], [])
    assert load_catalogue(folder).content_hash == before


def test_an_edited_cell_is_shown_first_and_then_written(folder: Path, workbook: Path) -> None:
    at = f"{column_of(workbook, 'indicators', 'decimals')}{row_of(workbook, 'indicators', 'I.1')}"
    write(workbook, "indicators", at, 3)
    before = load_catalogue(folder).content_hash
    seen = read_workbook(workbook, folder)
    assert [(c.table, c.key, c.column, c.new) for c in seen.changes] == [
        ("indicators", "I.1", "decimals", "3")
    ]
    assert load_catalogue(folder).content_hash == before
    import_workbook(workbook, folder)
    kept = load_catalogue(folder)
    assert kept.table("indicators").filter(indicator_code="I.1")["decimals"].item() == 3
    assert "03390" in kept.table("areas")["area_code"]


def test_a_code_that_a_spreadsheet_made_a_number_is_a_problem_not_another_code(
    folder: Path, workbook: Path
) -> None:
    at = (
        f"{column_of(workbook, 'reporting_units', 'area_code')}{row_of(workbook, 'reporting_units', 'BL-KT')}"
    )
    write(workbook, "reporting_units", at, 3390)
    before = load_catalogue(folder).content_hash
    imported = import_workbook(workbook, folder)
    assert [problem.code for problem in imported.problems] == ["catalogue.cell_not_text"]
    assert load_catalogue(folder).content_hash == before


def test_a_computed_cell_a_column_twice_and_a_column_without_name_are_told_with_their_place(
    folder: Path, workbook: Path
) -> None:
    book = openpyxl.load_workbook(workbook)
    book["indicators"]["F2"].value = '=A2&"x"'
    book["areas"].cell(1, 12).value = "name_vi"
    book["holidays"].cell(3, 9).value = "stray"
    book.create_sheet("area")
    book.save(workbook)
    before = load_catalogue(folder).content_hash
    told = {(p.code, p.table, p.row, p.column) for p in import_workbook(workbook, folder).problems}
    assert told == {
        ("catalogue.cell_formula", "indicators", 2, "name_vi"),
        ("catalogue.column_twice", "areas", 1, "name_vi"),
        ("catalogue.header_blank", "holidays", 3, "I"),
        ("catalogue.table_unknown", "area", 0, ""),
    }
    assert load_catalogue(folder).content_hash == before


@pytest.mark.parametrize("typed", ["1.500", " +1.500 ", "-1.500"])
def test_a_number_typed_as_text_that_can_be_read_in_two_ways_is_never_taken(
    folder: Path, workbook: Path, typed: str
) -> None:
    area = f"{column_of(workbook, 'areas', 'area_km2')}{row_of(workbook, 'areas', '12')}"
    left = f"{column_of(workbook, 'indicators', 'numerator')}{row_of(workbook, 'indicators', 'I.1')}"
    write(workbook, "areas", area, typed)
    write(workbook, "indicators", left, "1.500 * I.1.GT + 0.125 * II.1.2.GT")
    before = load_catalogue(folder).content_hash
    found = import_workbook(workbook, folder).problems
    assert {(p.code, p.table, p.column, p.row) for p in found} == {
        ("catalogue.number_two_ways", "areas", "area_km2", int(area.strip("ABCDEFGHIJ"))),
        ("catalogue.number_two_ways", "indicators", "numerator", int(left.strip("ABCDEFGHIJKL"))),
    }
    assert all(word in p.text("vi") for p in found for word in ("1.500", "1.5 ", "1500", "1.5000"))
    assert load_catalogue(folder).content_hash == before


@pytest.mark.parametrize(
    ("typed", "read"), [(1500, 1500), (1.5, 1.5), ("1500", 1500), ("1.5000", 1.5), (101.705, 101.705)]
)
def test_a_number_that_can_be_read_in_one_way_is_taken(
    folder: Path, workbook: Path, typed: object, read: float
) -> None:
    area = f"{column_of(workbook, 'areas', 'area_km2')}{row_of(workbook, 'areas', '12')}"
    write(workbook, "areas", area, typed)
    assert import_workbook(workbook, folder).problems == []
    assert load_catalogue(folder).table("areas").filter(area_code="12")["area_km2"].item() == read


def test_an_error_of_the_spreadsheet_is_a_problem_and_no_text(folder: Path, workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    for at, error in (("G2", "#N/A"), ("H2", "#REF!")):
        book["indicators"][at].value = error
        assert book["indicators"][at].data_type == "e"
    book.save(workbook)
    found = import_workbook(workbook, folder).problems
    assert [(p.code, p.row, p.column, p.values) for p in found] == [
        ("catalogue.cell_error", 2, "name_en", {"observed": "#N/A"}),
        ("catalogue.cell_error", 2, "unit", {"observed": "#REF!"}),
    ]


def test_a_problem_below_blank_rows_is_told_at_the_workbooks_own_row(folder: Path, workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    book["holidays"].insert_rows(2, amount=3)
    book["holidays"]["A6"].value = "Tết"
    book.save(workbook)
    assert [(p.code, p.row) for p in import_workbook(workbook, folder).problems] == [
        ("catalogue.wrong_type", 6)
    ]


def test_a_file_that_is_no_workbook_is_told_as_such(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(UsageError) as error:
        import_workbook(tmp_path / "x.xlsx", folder)
    assert "x.xlsx" in error.value.text("vi")


def test_what_an_import_does_not_touch_keeps_its_bytes(folder: Path, workbook: Path) -> None:
    (folder / "README.md").write_text("Của đơn vị", encoding="utf-8")
    (folder / "areas.csv").write_bytes((folder / "areas.csv").read_bytes().replace(b"\n", b"\r\n"))
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    at = f"{column_of(workbook, 'indicators', 'decimals')}{row_of(workbook, 'indicators', 'I.1')}"
    write(workbook, "indicators", at, 3)
    assert import_workbook(workbook, folder).problems == []
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"indicators.csv"}


def test_text_that_looks_like_a_formula_stays_text(folder: Path, workbook: Path, tmp_path: Path) -> None:
    at = f"{column_of(workbook, 'indicators', 'note')}{row_of(workbook, 'indicators', 'I.1')}"
    write(workbook, "indicators", at, '=HYPERLINK("http://x","y")')
    import_workbook(workbook, folder)
    again = tmp_path / "again.xlsx"
    export_workbook(load_catalogue(folder), again)
    cell = openpyxl.load_workbook(again)["indicators"][at]
    assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("http://x","y")')


def test_confirming_a_name_changes_that_row_and_says_who_and_when(folder: Path) -> None:
    shipped = load_catalogue(folder)
    confirm(folder, ["IV.21"], by="Nguyễn Văn A", on=date(2026, 3, 1))
    changes = {(c.key, c.column, c.new) for c in diff(shipped, load_catalogue(folder))}
    assert changes == {
        ("IV.21", "status", "official"),
        ("IV.21", "confirmed_by", "Nguyễn Văn A"),
        ("IV.21", "confirmed_at", "2026-03-01"),
    }
    with pytest.raises(UsageError):
        confirm(folder, ["IX.1"], by="A", on=date(2026, 3, 1))


def test_confirming_a_name_leaves_every_other_byte_as_the_office_wrote_it(folder: Path) -> None:
    file = folder / "indicators.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace("official", '"official"', 1)
    file.write_bytes(b"\xef\xbb\xbf" + ("\r\n".join(lines) + "\r\n").encode())
    before = file.read_bytes().split(b"\r\n")
    confirm(folder, ["IV.21"], by='Bà "Năm", Phó phòng', on=date(2026, 3, 1))
    after = file.read_bytes().split(b"\r\n")
    changed = [old for old, new in zip(before, after, strict=True) if old != new]
    assert [line.split(b",")[0] for line in changed] == [b"IV.21"]
    row = load_catalogue(folder).table("indicators").filter(indicator_code="IV.21")
    assert row["confirmed_by"].item() == 'Bà "Năm", Phó phòng'


def test_confirming_works_where_the_table_has_no_columns_for_it_yet(tmp_path: Path) -> None:
    (tmp_path / "indicators.csv").write_text(
        "indicator_code,name_vi,status,valid_from,valid_to\n"
        'A,"Tên\nhai dòng",unknown,,2025-12-31\n'
        "A,Tên mới,unknown,2026-01-01,\n",
        encoding="utf-8",
    )
    confirm(tmp_path, ["A"], by="B", on=date(2026, 3, 1))
    rows = load_catalogue(tmp_path).table("indicators").select("name_vi", "status", "confirmed_by").rows()
    assert rows == [("Tên\nhai dòng", "unknown", None), ("Tên mới", "official", "B")]
    with pytest.raises(UsageError):
        confirm(tmp_path, ["A"], by=" ", on=date(2026, 3, 1))


def test_confirming_marks_the_version_of_the_day_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "indicators.csv").write_text(
        "indicator_code,name_vi,status,valid_from,valid_to\n"
        "A,Tên cũ,unknown,,2025-12-31\nA,Tên mới,unknown,2026-01-01,\n",
        encoding="utf-8",
    )
    days = {"on": date(2026, 3, 1), "valid_on": date(2025, 12, 31)}
    marked = confirmed(tmp_path, ["A"], by="B", **days)
    assert marked.versions == {"A": ("Tên cũ", None, date(2025, 12, 31))}
    put_tables(tmp_path, {"indicators": marked.table})
    rows = load_catalogue(tmp_path).table("indicators").select("name_vi", "status", "confirmed_at").rows()
    assert rows == [("Tên cũ", "official", date(2026, 3, 1)), ("Tên mới", "unknown", None)]


def test_before_the_tenth_means_until_midnight_of_the_ninth_in_viet_nam() -> None:
    due = due_moment(date(2026, 4, 10), inclusive=False)
    assert due == datetime(2026, 4, 9, 17, tzinfo=UTC)
    assert due_moment(date(2026, 4, 15), inclusive=True) == datetime(2026, 4, 15, 17, tzinfo=UTC)


def test_days_left_are_working_days() -> None:
    rules = day_rules(load_catalogue(Project().reference).table("holidays"))
    due = due_moment(date(2026, 5, 5), inclusive=False)
    # 29 April 2026 is a Wednesday; 30 April and 1 May are holidays, then a weekend: 4 May is the one day left.
    assert working_days_left(datetime(2026, 4, 29, 3, tzinfo=UTC), due, rules) == 1
    assert working_days_left(datetime(2026, 5, 4, 3, tzinfo=UTC), due, rules) == 0
