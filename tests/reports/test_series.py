"""A series says what the indicator table says, and where it may not be joined."""

from __future__ import annotations

from pathlib import Path

from dagster_project.reports.charts import Outlook, Point
from dagster_project.reports.read import RoundFacts, read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.series import Ahead, area_series, read_ahead
from dagster_project.reports.table import indicator_table
from tests.reports.portal_release import add_marts
from tests.reports.tiny_release import ROUND, commune, write_release

_AT = {"criteria_set_code": "T", "area_code": "03390", "category_code": "_T", "indicator_code": "A.2"}


def _read(folder: Path) -> tuple[RoundFacts, Ahead]:
    with open_release(folder) as release:
        facts = read_round(release, ROUND)
        return facts, read_ahead(release, facts)


def test_a_series_has_the_figures_of_the_table_and_begins_anew_where_they_do_not_compare(
    tmp_path: Path,
) -> None:
    facts, ahead = _read(write_release(tmp_path, commune()))
    found = area_series(indicator_table(facts, "vi"), ahead, "03390")
    assert found["A.1"].points == (Point("2024", 1000.5), Point("2025", 1234.0))
    assert found["A.1"].breaks == {"2025"}
    assert found["A.2"].title == "Tỷ lệ hồ sơ trực tuyến (chưa xác nhận)"
    assert found["B.1"].points == (Point("2024", 0.0), Point("2025", None))  # held back: a gap, no nought
    assert "B.2" not in found  # supplied from above: nothing to draw


def test_an_estimate_is_no_final_point(tmp_path: Path) -> None:
    rows = commune()
    rows["fct_indicator_harmonised"][0]["value_status"] = "estimate"
    facts, ahead = _read(write_release(tmp_path, rows))
    assert area_series(indicator_table(facts, "vi"), ahead, "03390")["A.1"].points[-1].is_final is False


def test_forecasts_of_the_rounds_year_and_the_nearest_single_target_lie_ahead(tmp_path: Path) -> None:
    forecast = {**_AT, "basis": "harmonised", "last_year": 2025, "forecast": 40.0}
    forecast |= {"forecast_year": 2026, "forecast_low": 36.0, "forecast_high": 44.0}
    target = {**_AT, "round_code": ROUND, "target": 60.0, "target_high": None, "target_status": "inferred"}
    release = write_release(tmp_path, commune())
    add_marts(
        release,
        "draft",
        fct_indicator_forecast=[
            forecast,
            {**forecast, "last_year": 2024, "forecast": 1.0},
            {**forecast, "basis": "as_reported", "forecast": 2.0},
            {**forecast, "forecast_year": 2027, "forecast": None},
        ],
        fct_target_progress=[
            {**target, "target_period_code": "2030"},
            {**target, "target_period_code": "2026", "target": 45.0, "target_high": 50.0},
            {**target, "target_period_code": "2025", "round_code": "T-X-2024"},
        ],
    )
    facts, ahead = _read(release)
    series = area_series(indicator_table(facts, "vi"), ahead, "03390")["A.2"]
    assert series.outlook == (Outlook("2026", 40.0, 36.0, 44.0),)
    assert series.target == ("2030", 60.0)
    assert not series.is_target_confirmed
    assert [row["target_period_code"] for row in ahead.targets_of("03390", "A.2")] == ["2026", "2030"]
