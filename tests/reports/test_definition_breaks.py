"""A table over several years shows where a definition changed; no figure stands unmarked in another unit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from dagster_project.reports.annex import write_annex
from dagster_project.reports.portal_sources import read_sources
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.table import indicator_table, period_heading, table_notes
from tests.reports.tiny_release import ROUND, commune, write_release

REASON = "Đổi đơn vị tính: triệu đồng → tỷ đồng."
AREAS = "Sắp xếp đơn vị hành chính từ ngày 01/7/2025."


@pytest.mark.parametrize("unit", ["triệu đồng", "km²"])
def test_a_figure_in_another_unit_says_its_unit_and_the_first_of_a_definition_is_explained(
    tmp_path: Path, unit: str
) -> None:
    rows = commune()
    for mart in ("fct_indicator", "fct_indicator_harmonised"):
        for row in rows[mart]:
            if row["indicator_code"] == "A.1" and row["period_code"] == "2024":
                row["unit"] = unit
            if row["period_code"] == "2025":
                row["break_reason_vi"] = f"{AREAS} {REASON}" if row["indicator_code"] == "A.1" else AREAS
    with open_release(write_release(tmp_path, rows)) as release:
        facts = read_round(release, ROUND)
        write_annex(facts, tmp_path / "annex.xlsx", "vi", read_sources(release, facts))
    book = openpyxl.load_workbook(tmp_path / "annex.xlsx")
    page = book["Tổng hợp"]
    by_code = {row[0].value: row for row in page.iter_rows(min_row=6)}
    assert by_code["A.1"][4].value == f"1.001 {unit}"
    assert by_code["A.1"][5].value == 1234
    notes = {row[0].value: row[1].value for row in book["Ghi chú"].iter_rows(min_row=6)}
    mark = by_code["A.1"][2].value.split()[-1]
    assert notes[mark] == f"A.1, năm 2025: {REASON} Không so sánh trực tiếp với các năm trước."


def test_every_mark_of_a_table_has_one_meaning(tmp_path: Path) -> None:
    rows = commune()
    for row in rows["fct_indicator_harmonised"]:
        if row["indicator_code"] == "A.1" and row["period_code"] == "2025":
            row["break_reason_vi"] = f"{AREAS} {REASON}"
            row["unit"] = "km²"
    with open_release(write_release(tmp_path, rows)) as release:
        facts = read_round(release, ROUND)
    given_later = facts.harmonised.with_columns(pl.lit(value=True).alias("is_retrospective"))
    table = indicator_table(replace(facts, harmonised=given_later), "vi")
    told = [note.split()[0] for note in table_notes(table, "vi")]
    assert told[:4] == ["¹", "²", "*", "†"]
    assert [period_heading(period) for period in table.periods] == ["2024¹²", "2025²*"]
    (line,) = (line for line in table.indicators if line.code == "A.1")
    assert line.figures[-1].digits == "1.234 km² †"
