"""Kinds of faults of whole files: moved, copied, sorted, sent twice, late, or by somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from dagster_project.forms.layout import MAIN_SHEET, POSITION
from tests.faultset.kinds import FileKind, FormChange
from tests.faultset.season import Spot
from tests.sample.workbook import Form

_UNIT_LINE = 12
_LEAST = 8


def insert_rows(form: Form, rng: Random) -> None:
    for code in rng.sample(sorted(form.rows), min(3, len(form.rows))):
        form.insert_row(code)


def sort_rows(form: Form, _: Random) -> None:
    """Sort the table by the names of its rows, as a click does; headings go along."""
    first, last = min(form.rows.values()), max(form.rows.values())
    columns = range(1, len(POSITION) + 1)
    lines = [[form.page.cell(row, column).value for column in columns] for row in range(first, last + 1)]
    lines.sort(key=lambda line: str(line[POSITION["TEN"]] or ""))
    for row, line in enumerate(lines, start=first):
        for column, value in zip(columns, line, strict=True):
            form.page.cell(row, column).value = value  # type: ignore[assignment]


def _into_new_workbook(form: Form, _: Random) -> None:
    """Only the visible sheet goes along, and it starts lower down."""
    form.drop_hidden_sheet()
    form.page.title = "Sheet1"


def hide_rows(form: Form, rng: Random) -> None:
    for code in rng.sample(sorted(form.rows), min(3, len(form.rows))):
        form.page.row_dimensions[form.rows[code]].hidden = True
    form.page.column_dimensions["I"].hidden = True


def _merge(form: Form, rng: Random) -> None:
    """Cells of one row merged with the empty ones beside them."""
    free = [
        code
        for code in sorted(form.rows)
        if form.at(code).value is not None and not form.at(code, "TT").value
    ]
    for code in rng.sample(free, min(2, len(free))):
        row = form.rows[code]
        form.page.merge_cells(
            start_row=row, end_row=row, start_column=POSITION["GT"] + 1, end_column=POSITION["TT"] + 1
        )


def _second_year(form: Form, _: Random) -> None:
    """A sheet for another year beside the one of this year."""
    copy = form.book.copy_worksheet(form.page)
    copy.title = f"{MAIN_SHEET} 2026"


def _row_twice(form: Form, rng: Random) -> None:
    one, other = rng.sample(sorted(form.rows), 2)
    form.put(other, one, "MA")


def _print(label: str, code: str) -> FormChange:
    def change(form: Form, _: Random) -> None:
        form.print_code(label, code)
        form.drop_hidden_sheet()

    return change


def _copy_last_year(form: Form, spots: Sequence[Spot], _: Random) -> dict[str, float | None]:
    """Last year's figures typed again."""
    for spot in spots:
        if spot.value and spot.prior:
            form.put(spot.code, spot.prior)
    return {spot.code: spot.prior for spot in spots if spot.value and spot.prior}


def _unit_in_heading(form: Form, spots: Sequence[Spot], _: Random) -> dict[str, float | None]:
    """'Đơn vị tính: nghìn đồng' above the table, and all money in it."""
    form.page.cell(_UNIT_LINE, len(POSITION), "Đơn vị tính: nghìn đồng")
    money = [spot for spot in spots if spot.measure == "triệu đồng" and spot.value]
    for spot in money:
        form.put(spot.code, round((spot.value or 0) * 1000, 1))
    return {spot.code: None for spot in money}


def _large(spots: Sequence[Spot]) -> bool:
    return sum(1 for spot in spots if spot.value and spot.prior and spot.value != spot.prior) >= _LEAST


def _has_money(spots: Sequence[Spot]) -> bool:
    return any(spot.measure == "triệu đồng" and spot.value for spot in spots)


def _any(_: Sequence[Spot]) -> bool:
    return True


FILE_KINDS: tuple[FileKind, ...] = (
    FileKind("text_decomposed", "harmless", lambda form, _: form.decompose(), _any),
    FileKind("rows_inserted", "harmless", insert_rows),
    FileKind("columns_moved", "harmless", lambda form, _: form.swap_columns("KT", "GT"), _any),
    FileKind("rows_sorted", "harmless", sort_rows),
    FileKind("into_new_workbook", "harmless", _into_new_workbook, _any),
    FileKind("rows_hidden", "harmless", hide_rows, _any),
    FileKind("cells_merged", "harmless", _merge, _any),
    FileKind("sent_twice", "harmless", fits=_any, arrives="again"),
    FileKind("sent_again_mended", "harmless", fits=_any, arrives="revised"),
    FileKind("two_years_in_a_file", "blocking", _second_year),
    FileKind("row_twice", "blocking", _row_twice),
    FileKind("area_of_before", "blocking", _print("Mã địa bàn:", "03412"), _any),
    FileKind("unit_unknown", "blocking", _print("Mã đơn vị:", "A00O1-KT"), _any),
    FileKind("unit_in_heading", "blocking", None, _has_money, or_right=True, retype=_unit_in_heading),
    FileKind("copied_from_last_year", "warning", None, _large, retype=_copy_last_year),
    FileKind("late", "warning", fits=_any, arrives="late"),
    FileKind("missing", "warning", fits=_any, arrives="missing"),
)
