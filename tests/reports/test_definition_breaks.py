"""A table over several years shows where a definition changed; no figure stands unmarked in another unit."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from dagster_project.reports.export import export_release
from tests.reports.tiny_release import ROUND, commune, write_release

REASON = "Đổi đơn vị tính: triệu đồng → tỷ đồng."
AREAS = "Sắp xếp đơn vị hành chính từ ngày 01/7/2025."


def test_a_figure_in_another_unit_says_its_unit_and_the_first_of_a_definition_is_explained(
    tmp_path: Path,
) -> None:
    rows = commune()
    for mart in ("fct_indicator", "fct_indicator_harmonised"):
        for row in rows[mart]:
            if row["indicator_code"] == "A.1" and row["period_code"] == "2024":
                row["unit"] = "triệu đồng"
            if row["period_code"] == "2025":
                row["break_reason_vi"] = f"{AREAS} {REASON}" if row["indicator_code"] == "A.1" else AREAS
    files = export_release(write_release(tmp_path, rows), tmp_path / "exports", round_code=ROUND, lang="vi")
    annex = next(file.path for file in files if file.kind == "annex")
    page = openpyxl.load_workbook(annex)["Tổng hợp"]
    by_code = {row[0].value: row for row in page.iter_rows(min_row=6)}
    assert by_code["A.1"][3].value.endswith(" triệu đồng")
    assert by_code["A.1"][4].value == 1234
    notes = [text for text in by_code if text and text.startswith("²")]
    assert notes == [f"² A.1, năm 2025: {REASON} Không so sánh trực tiếp với các năm trước."]
