"""Releases made by hand for the portal: a commune with every kind of text in it, and communes below a province."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from dagster_project.reports.portal import write_portal
from dagster_project.reports.quality_counts import read_quality
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from tests.reports.tiny_release import HOSTILE, ROUND, decided_commune, write_release

SENDER, OFFICER = "vanphong@example.vn", "Nguyễn Văn A"
HELD_OUT = 987654.0
NOTE = "Ghi chú riêng của đơn vị"
TARGET = {
    "round_code": ROUND,
    "criteria_set_code": "T",
    "area_code": "03390",
    "category_code": "_T",
    "indicator_code": "A.1",
    "target_period_code": "2030",
    "comparison": ">=",
    "target": 1500.0,
    "target_high": None,
    "actual": 1234.0,
    "achievement_pct": 82.3,
    "pace": 1200.0,
    "is_due": False,
    "light": "green",
    "light_name_vi": "Đạt tiến độ",
    "light_name_en": "On pace",
    "reason": None,
    "source_vi": "Kế hoạch 01/KH-UBND",
    "target_status": "confirmed",
}
_FORECAST = {
    "criteria_set_code": "T",
    "area_code": "03390",
    "category_code": "_T",
    "indicator_code": "A.1",
    "basis": "harmonised",
    "last_year": 2025,
    "forecast_year": 2026,
    "forecast": 1300.0,
    "forecast_low": 1250.0,
    "forecast_high": 1350.0,
    "interval_level": 0.8,
    "method": "drift",
}


def commune_release(folder: Path, *, state: str = "draft", others: Mapping[str, str] | None = None) -> Path:
    """The decided commune with sources, a target and a forecast; ``others`` are communes that report beside it."""
    rows = _with_sources(decided_commune())
    for code, name in (others or {}).items():
        rows["dim_area"].append({"area_code": code, "name_vi": name, "level": "commune", "parent_code": "12"})
        rows["fct_indicator"] += _elsewhere(rows["fct_indicator"], code, name)
    release = write_release(folder, rows)
    add_marts(release, state, fct_target_progress=[TARGET], fct_indicator_forecast=[_FORECAST])
    return release


def add_marts(release: Path, state: str, **marts: Sequence[Mapping[str, Any]]) -> None:
    """Rows of later marts, with all columns that the portal reads, and the state of all rounds."""
    with duckdb.connect(str(release / "kho.duckdb")) as connection:
        connection.execute(f"update marts.dim_round set state = '{state}'")  # noqa: S608  # our own words
        for name, rows in marts.items():
            connection.register("given", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
            connection.execute(f"create table if not exists marts.{name} as from given limit 0")
            connection.execute(
                f"create or replace table marts.{name} as from marts.{name} union all by name from given"
            )


def make_portal(release: Path, folder: Path, *, is_public: bool = False) -> Path:
    """The folder of a portal of the release's round."""
    folder.mkdir(parents=True)
    with open_release(release) as opened:
        facts = read_round(opened, ROUND)
        write_portal(opened, facts, read_quality(opened, facts), folder, "vi", is_public=is_public)
    return folder


def _with_sources(rows: dict[str, Any]) -> dict[str, Any]:
    for number, row in enumerate(rows["fct_indicator"]):
        row["indicator_value_key"] = f"i{number}"
    rows["fct_reported_value"][1] |= {"note_text": NOTE, "reporting_unit_name": "Văn phòng HĐND và UBND"}
    rows["fct_reported_value"][3] |= {"value": HELD_OUT, "value_state": "value"}
    keys = {row["data_element_code"]: row["reported_value_key"] for row in rows["fct_reported_value"]}
    rows["bridge_indicator_source"] = [
        _source("i0", keys["A.1.GT"], "numerator"),
        _source("i1", keys["A.2.TS"], "numerator"),
        _source("i1", keys["A.2.MS"], "denominator"),
        _source("i2", keys["B.1.GT"], "numerator"),
    ]
    rows["dim_indicator"][2] |= {
        "definition_vi": f"Hồ sơ nộp trực tuyến {HOSTILE}",
        "confirmed_by": OFFICER,
        "confirmed_at": None,
    }
    rows["dim_indicator"][5]["name_vi"] = "Năng suất lao động xã hội"
    rows["fct_submission"][1]["received_at"] = datetime(2026, 4, 8, 2, tzinfo=UTC)
    return rows


def _source(indicator: str, value: str, part: str) -> dict[str, Any]:
    return {"indicator_value_key": indicator, "reported_value_key": value, "part": part, "coefficient": 1.0}


def _elsewhere(rows: Sequence[Mapping[str, Any]], code: str, name: str) -> list[dict[str, Any]]:
    here = [row for row in rows if row["area_code"] == "03390" and row["period_code"] == "2025"]
    return [
        {
            **row,
            "area_code": code,
            "area_name": name,
            "indicator_value_key": f"{code}{row['indicator_value_key']}",
            "value": row["value"] / 2 if row.get("value") else None,
        }
        for row in here
    ]
