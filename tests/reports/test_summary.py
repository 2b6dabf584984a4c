"""The page for leaders: one page whatever the round is like, with the figures of the report and all marks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.reports.export import ExportedFile
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.series import read_ahead
from dagster_project.reports.summary import write_summary
from dagster_project.reports.summary_template import TEMPLATE, make_template
from tests.reports.documents import pdf_text
from tests.reports.tiny_release import ROUND, commune, write_release

Page = Callable[[dict[str, Any]], Path]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """The page of a release with the given rows."""

    def make(rows: dict[str, Any]) -> Path:
        pdf = tmp_path / "p.pdf"
        with open_release(write_release(tmp_path, rows)) as release:
            facts = read_round(release, ROUND)
            write_summary(facts, read_ahead(release, facts), pdf, tmp_path / "p.png", None)
        assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
        return pdf

    return make


def _pages(pdf: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


def test_it_has_rates_groups_movements_with_breaks_and_what_waits(page: Page) -> None:
    pdf = page(commune())
    text = " ".join(pdf_text(pdf, "-layout").split())
    assert _pages(pdf) == 1
    assert "DỰ THẢO – SỐ LIỆU MINH HỌA" in text
    assert "TÓM TẮT KẾT QUẢ BỘ TIÊU CHÍ NĂM 2025" in text
    assert "2/3" in text  # units
    assert "2/4" in text  # indicators with a result: A.1, A.2
    assert "1.001 → 1.234 người" in text
    assert "Không so sánh trực tiếp" in text
    assert "1 đơn vị chưa gửi báo cáo: Trạm Y tế." in text
    assert "1 chỉ tiêu có tên gọi hoặc cách tính chưa xác nhận" in text


def _target(code: str, year: int, actual: float, *, on_track: bool | None) -> dict[str, Any]:
    return {
        "round_code": ROUND,
        "criteria_set_code": "T",
        "area_code": "03390",
        "indicator_code": code,
        "category_code": "_T",
        "target_period_code": str(year),
        "comparison": ">=",
        "target": 2000.0,
        "actual": actual,
        "on_track": on_track,
        "light_name_vi": {True: "Đúng tiến độ", False: "Chậm tiến độ", None: None}[on_track],
        "target_status": "unknown" if year == 2026 else "confirmed",
    }


def test_targets_stand_with_their_lights_what_is_behind_first(page: Page) -> None:
    rows = commune()
    known = [_target("A.1", year, 1234.0, on_track=year > 2026) for year in range(2026, 2033)]
    rows["fct_target_progress"] = [*known, _target("A.2", 2030, 37.5, on_track=None)]
    pdf = page(rows)
    text = " ".join(pdf_text(pdf, "-layout").split())
    assert _pages(pdf) == 1
    assert "6/7" in text
    assert "Đúng tiến độ: 6, " in text.replace("Chậm tiến độ: 1, Đúng", "Đúng")
    assert text.index("(2026)") < text.index("(2027)")
    assert text.count("từ 2.000 (chưa xác") == 1
    assert "và 2 mục tiêu khác" in text


def test_nothing_reported_is_said_and_still_a_page(page: Page) -> None:
    rows = {name: commune()[name] for name in ("dim_indicator", "dim_area", "dim_period", "dim_round")}
    pdf = page(rows)
    text = " ".join(pdf_text(pdf, "-layout").split())
    assert _pages(pdf) == 1
    assert "0/4" in text
    assert "Mục tiêu được giao: chưa có" in text
    assert "so với kỳ trước: chưa có" in text


def test_long_names_stay_on_one_page_and_keep_their_mark(page: Page) -> None:
    rows = commune(name_of_missing="Trường phổ thông dân tộc bán trú tiểu học và trung học cơ sở " * 3)
    for row in rows["dim_indicator"]:
        row["name_vi"] = (row["name_vi"] + " của các cơ quan, đơn vị, doanh nghiệp trên địa bàn") * 4
        row["is_confirmed"] = False
    pdf = page(rows)
    text = " ".join(pdf_text(pdf, "-layout").split())
    assert _pages(pdf) == 1
    assert text.count("(chưa xác") >= 3


def test_pdf_and_picture_are_part_of_the_set(exported: dict[str, ExportedFile]) -> None:
    assert exported["summary_pdf"].path.name == f"tom-tat-{ROUND}.pdf"
    assert exported["summary_png"].path.suffix == ".png"


def test_the_template_that_ships_is_the_one_that_is_made(tmp_path: Path) -> None:
    make_template(tmp_path / "made.docx")
    assert (tmp_path / "made.docx").read_bytes() == TEMPLATE.read_bytes()
