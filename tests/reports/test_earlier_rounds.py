"""Documents of a round that is not the newest: the areas of its time, and what changed until then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from dagster_project.reports.annex import write_annex
from dagster_project.reports.changes import CHANGES, changes, changes_by_code
from dagster_project.reports.official import official_fields
from dagster_project.reports.portal import write_portal
from dagster_project.reports.portal_pages import area_page, comparison_page, indicator_page, overview
from dagster_project.reports.portal_site import Site, read_site
from dagster_project.reports.quality_counts import read_quality
from dagster_project.reports.read import RoundFacts, read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.table import indicator_table
from tests.reports.documents import official, rows_below, tables
from tests.reports.portal_release import TARGET, add_marts
from tests.reports.tiny_release import ROUND, commune, write_release

BEFORE = "T-X-2024"
TOWN = {"area_code": "03390", "area_name": "Thị trấn Tam Đường"}
OLD = {"area_code": "03412", "area_name": "Xã Bình Lư"}


def _in(year: int, row: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    at = {"round_code": f"T-X-{year}", "period_code": str(year), "data_year": year}
    return {**row, **at, **given}


def _rows() -> dict[str, Any]:
    """The merged commune in 2023–2026: its town and its old commune made 900 and 1000.5, itself 1234 and 1300."""
    rows = commune()
    for year in (2023, 2026):
        period = {"period_start": date(year, 1, 1), "period_end": date(year, 12, 31)}
        rows["dim_round"].append(_in(year, rows["dim_round"][0], period_end=date(year, 12, 31)))
        rows["dim_period"].append(_in(year, rows["dim_period"][0], **period))
        rows["dim_period"][-1].pop("round_code")
    town = next(row for row in rows["fct_indicator"] if row["data_year"] == 2024)
    now, _, before, *_ = rows["fct_indicator_harmonised"]
    rows["fct_indicator"] += [
        {**town, **OLD, "value": 223.5},
        {**town, "category_code": "nu", "category_name": "Nữ", "value": 300.0},
        {**town, **OLD, "category_code": "nu", "category_name": "Nữ", "value": 100.0},
        _in(2023, {**town, **TOWN}, value=700.0),
        _in(2023, {**town, **OLD}, value=200.0),
    ]
    rows["fct_indicator_harmonised"] += [
        {**before, "category_code": "nu", "category_name": "Nữ", "value": 400.0},
        _in(2023, before, value=900.0),
        _in(2026, now, value=1300.0),
    ]
    return rows


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_release(tmp_path_factory.mktemp("releases"), _rows())
    target = {**TARGET, "round_code": BEFORE, "target_period_code": "2024", "actual": 777.0}
    forecast = {
        **{
            name: TARGET[name]
            for name in ("criteria_set_code", "area_code", "category_code", "indicator_code")
        },
        "last_year": 2024,
        "forecast_year": 2025,
        "forecast_low": 1.0,
        "forecast_high": 2.0,
        "interval_level": 0.8,
        "method": "drift",
    }
    add_marts(
        folder,
        "draft",
        fct_target_progress=[target],
        fct_indicator_forecast=[
            {**forecast, "basis": "as_reported", "forecast": 800.0},
            {**forecast, "basis": "harmonised", "forecast": 1100.0},
        ],
    )
    return folder


@pytest.fixture(scope="module")
def facts(release: Path) -> Callable[[str], RoundFacts]:
    def read(code: str) -> RoundFacts:
        with open_release(release) as opened:
            return read_round(opened, code)

    return read


@pytest.fixture(scope="module")
def site(release: Path) -> Site:
    with open_release(release) as opened:
        read = read_round(opened, BEFORE)
        return read_site(opened, read, read_quality(opened, read), "vi", is_public=False)


def test_the_total_of_a_merged_area_is_not_the_figure_of_the_town_that_had_its_code(
    release: Path, tmp_path: Path
) -> None:
    report = official(release, tmp_path / "a.docx", BEFORE)
    inputs, _ = tables(report, "kho:areas")
    figures = [[cell.text for cell in row.cells][:3] for row in inputs.rows[1:]]
    assert figures == [
        ["", "Xã Bình Lư", "1.001"],
        ["", "Số địa bàn có số liệu", "2/2"],
        ["1", "Thị trấn Tam Đường", "777"],
        ["2", "Xã Bình Lư", "224"],
    ]


def test_the_annex_lists_the_town_beside_the_whole(
    facts: Callable[[str], RoundFacts], tmp_path: Path
) -> None:
    write_annex(facts(BEFORE), tmp_path / "a.xlsx", "vi")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Theo địa bàn"]
    rows = [row[:3] for row in page.iter_rows(min_row=6, values_only=True)]
    assert rows == [
        ("", "Số địa bàn có số liệu", "2/2"),
        ("03390", "Xã Bình Lư", 1000.5),
        ("03390", "Thị trấn Tam Đường", 777),
        ("03412", "Xã Bình Lư", 223.5),
    ]


def test_in_the_portal_whole_and_town_have_each_their_own(site: Site) -> None:
    rows = {row["name"]: row for row in overview(site)["areas"]}
    assert list(rows) == ["Thị trấn Tam Đường", "Xã Bình Lư"]
    first = next(row for row in area_page(site, "03390")["rows"] if row["code"] == "A.1")
    assert [cell["text"] for cell in first["cells"]] == ["700", "777"]
    inputs, _ = comparison_page(site)["groups"]
    assert [(row["name"], row["is_own"], row["cells"][0]["text"]) for row in inputs["rows"]] == [
        ("Xã Bình Lư", True, "1.001"),
        ("Thị trấn Tam Đường", False, "777"),
        ("Xã Bình Lư", False, "224"),
    ]
    page = indicator_page(site, next(line for line in site.head.indicators if line.code == "A.1"))
    assert [row["text"] for row in page["figures"]] == ["1.001", "900"]
    assert page["categories"] == [{"name": "Nữ", "text": "400"}]
    assert [row["forecast"] for row in page["forecasts"]] == ["1.100"]
    assert page["targets"] == []
    assert [row["target"] for row in area_page(site, "03390")["lights"]] == ["từ 1.500 trở lên"]


def test_the_portal_of_such_a_round_has_a_page_per_area_and_codes_in_its_downloads(
    release: Path, tmp_path: Path
) -> None:
    with open_release(release) as opened:
        read = read_round(opened, BEFORE)
        write_portal(opened, read, read_quality(opened, read), tmp_path, "vi")
    assert {file.stem for file in (tmp_path / "dia-ban").glob("*.html")} == {"03390", "03412"}
    table = pl.read_csv(tmp_path / "so-sanh.csv", infer_schema=False).filter(pl.col("Mã số") == "A.1")
    assert table.select("Mã địa bàn", "Địa bàn", "2024").rows() == [
        ("03390", "Xã Bình Lư", "1000.5"),
        ("03390", "Thị trấn Tam Đường", "777.0"),
        ("03412", "Xã Bình Lư", "223.5"),
    ]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (BEFORE, ["900", "1.001", "+11,2%"]),  # 100.5 / 900
        (ROUND, ["1.001", "1.234*", "+23,3%"]),  # 233.5 / 1000.5
        ("T-X-2026", ["1.234", "1.300", "+5,3%"]),  # 66 / 1234
    ],
)
def test_what_changed_is_told_for_every_round_whatever_came_after_it(
    release: Path, tmp_path: Path, code: str, told: list[str]
) -> None:
    moved = rows_below(official(release, tmp_path / "a.docx", code), "TT", "Tiêu chí", "Kỳ trước")
    assert {row[0]: row[2:5] for row in moved}["A.1"] == told


def test_the_first_year_compares_with_none(facts: Callable[[str], RoundFacts]) -> None:
    first = facts("T-X-2023")
    assert official_fields(first, indicator_table(first, "vi"))["movements"] == []


def test_growth_is_that_of_the_years_up_to_the_round(facts: Callable[[str], RoundFacts]) -> None:
    assert changes_by_code(facts("T-X-2026"))["A.1"] == {
        "change": pytest.approx(66.0),
        "yoy_pct": pytest.approx(5.348460),
        "cagr_pct": pytest.approx(13.040381),  # (1300 / 900) ** (1 / 3)
    }


def test_another_definition_parts_figures_and_a_break_of_areas_does_not(tmp_path: Path) -> None:
    rows = _rows()
    areas = rows["dim_period"][1]["break_reason_vi"]
    for row in rows["fct_indicator_harmonised"]:
        if row["data_year"] == 2025:
            defined = " Đổi cách tính." if row["indicator_code"] == "A.2" else ""
            row |= {"break_in_series": True, "comparable_from": 2025, "break_reason_vi": areas + defined}
    with open_release(write_release(tmp_path, rows)) as opened:
        found = changes_by_code(read_round(opened, ROUND))
    assert found["A.1"]["change"] == pytest.approx(233.5)
    assert found["A.2"] == dict.fromkeys(CHANGES)


def test_a_definition_that_changed_in_a_year_without_figures_parts_them_too(tmp_path: Path) -> None:
    rows = _rows()
    rows["fct_indicator_harmonised"] = [
        {**row, "comparable_from": 2024 if row["data_year"] == 2025 else None}
        for row in rows["fct_indicator_harmonised"]
        if row["data_year"] in (2023, 2025)
    ]
    with open_release(write_release(tmp_path, rows)) as opened:
        assert changes_by_code(read_round(opened, ROUND))["A.1"] == dict.fromkeys(CHANGES)


def test_figures_as_reported_compare_since_their_last_break(tmp_path: Path) -> None:
    rows = _rows()
    rows["fct_indicator_harmonised"] = []
    rows["dim_area"] = [{"area_code": "03412", "name_vi": "Xã Bình Lư", "level": "commune"}]
    told = [
        row for row in rows["fct_indicator"] if row["area_code"] == "03412" and row["category_code"] == "_T"
    ]
    broken = [{**row, "indicator_code": "B.1"} for row in told]
    broken[0]["comparable_from"] = 2024
    rows["fct_indicator"] = told + broken
    with open_release(write_release(tmp_path, rows)) as opened:
        found = changes(read_round(opened, BEFORE))
    assert dict(found.select("indicator_code", "change").iter_rows()) == {"A.1": 23.5, "B.1": None}


@pytest.mark.parametrize("asked_again", [(2025,), (2024, 2025)])
def test_a_second_request_for_a_year_compares_with_the_last_one_of_the_year_before(
    tmp_path: Path, asked_again: tuple[int, ...]
) -> None:
    rows = commune()
    for row in rows["dim_round"]:
        row["request_number"] = 2 if row["data_year"] in asked_again else 1
    with open_release(write_release(tmp_path, rows)) as opened:
        told = changes_by_code(read_round(opened, ROUND))
    # 1234 after the 777 and 223.5 of the two areas that became one
    assert told["A.1"]["change"] == 233.5
