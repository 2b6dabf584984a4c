"""How long the portal of a whole province takes and how large it is: ``python -m tests.benchmarks.portal``.

The release is made by hand: 38 communes and their province, 46 indicators, 10 years, ten units a commune. The portal
should take under 20 s and 15 MB; exit code 1 says that it did not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from tests.faultset.__main__ import say
from tests.reports.portal_release import add_marts, make_portal
from tests.reports.tiny_release import ROUND, write_release

_SECONDS, _MEGABYTES = 20.0, 15.0
_LAST = 2025
_UNITS = 10
_PROVINCE = "12"


def main() -> int:
    """Make the release and its portal, print seconds and megabytes."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.portal", description=__doc__)
    parser.add_argument("--areas", type=int, default=38)
    parser.add_argument("--indicators", type=int, default=46)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--keep", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        folder = told.keep or Path(aside)
        release = write_release(folder / "releases", _rows(told.areas, told.indicators, told.years))
        add_marts(release, "draft", fct_target_progress=list(_targets(told.areas, told.indicators)))
        began = time.perf_counter()
        site = make_portal(release, folder / "site")
        seconds = time.perf_counter() - began
        files = [file for file in site.rglob("*") if file.is_file()]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
    say(f"{len(files)} files, {megabytes:.1f} MB, {seconds:.1f} s (load {_load()})")
    return int(seconds > _SECONDS or megabytes > _MEGABYTES)


def _load() -> str:
    return Path("/proc/loadavg").read_text(encoding="ascii").split(" ", maxsplit=1)[0]


def _codes(count: int, areas: bool = False) -> list[str]:
    return [f"{3000 + n:05d}" if areas else f"{'ABCD'[n % 4]}.{n:02d}" for n in range(count)]


def _rows(n_areas: int, n_indicators: int, n_years: int) -> dict[str, list[dict[str, Any]]]:
    areas, codes = _codes(n_areas, areas=True), _codes(n_indicators)
    years = range(_LAST - n_years + 1, _LAST + 1)
    figures = [_figure(*place) for place in product([*areas, _PROVINCE], codes, years)]
    values = [_value(*place) for place in product(areas, codes, years, "TM")]
    units = [(area, f"{area}-{n}") for area in areas for n in range(_UNITS)]
    return {
        "dim_indicator": list(_nodes(codes)),
        "dim_area": [
            {
                "area_code": code,
                "name_vi": f"Xã Thử nghiệm {code}",
                "level": "commune",
                "parent_code": _PROVINCE,
            }
            for code in areas
        ]
        + [{"area_code": _PROVINCE, "name_vi": "Tỉnh Thử nghiệm", "level": "province"}],
        "dim_period": [_period(year) for year in years],
        "dim_round": [_round(year) for year in years],
        "fct_indicator": figures,
        "fct_indicator_harmonised": [],
        "fct_reported_value": values,
        "bridge_indicator_source": [
            {
                "indicator_value_key": row["reported_value_key"][:-2],
                "reported_value_key": row["reported_value_key"],
                "part": "numerator" if row["reported_value_key"].endswith("T") else "denominator",
                "coefficient": 1.0,
            }
            for row in values
        ],
        "fct_reporting_rate": [
            {
                **_reported_at(area, _LAST),
                "reporting_unit_code": unit,
                "reporting_unit_name": f"Đơn vị báo cáo {unit}",
                "form_code": "B01",
                "expected": 1,
                "actual": 1,
                "actual_on_time": 1,
                "exempt": False,
            }
            for area, unit in units
        ],
    }


def _at(area: str, year: int) -> dict[str, Any]:
    level = "province" if area == _PROVINCE else "commune"
    return {**_reported_at(area, year), "criteria_set_code": "T", "area_level": level}


def _reported_at(area: str, year: int) -> dict[str, Any]:
    return {
        "round_code": ROUND if year == _LAST else f"T-{year}",
        "period_code": str(year),
        "data_year": year,
        "area_code": area,
        "area_name": "Tỉnh Thử nghiệm" if area == _PROVINCE else f"Xã Thử nghiệm {area}",
    }


def _named(code: str) -> dict[str, Any]:
    return {
        "indicator_code": code,
        "name_vi": f"Tỷ lệ tổ chức, cá nhân tham gia hoạt động đổi mới sáng tạo và chuyển đổi số số {code}",
        "unit": "%",
        "decimals": 1,
        "is_confirmed": False,
    }


def _figure(area: str, code: str, year: int) -> dict[str, Any]:
    value = (int(area) * 7 + int(code[2:]) * 31 + year * 13) % 1000 / 10
    return {
        **_at(area, year),
        **_named(code),
        "indicator_value_key": f"{area}-{code}-{year}",
        "category_code": "_T",
        "value": value,
        "numerator": value,
        "denominator": 100.0,
        "value_state": "value",
        "origin": "aggregated" if area == _PROVINCE else "entered",
    }


def _value(area: str, code: str, year: int, part: str) -> dict[str, Any]:
    unit = f"{area}-{int(code[2:]) % _UNITS}"
    return {
        **_reported_at(area, year),
        "reported_value_key": f"{area}-{code}-{year}-{part}",
        "reporting_unit_code": unit,
        "reporting_unit_name": f"Đơn vị báo cáo {unit}",
        "indicator_code": code,
        "data_element_code": f"{code}.{part}S",
        "category_code": "_T",
        "name_vi": f"Số tổ chức, cá nhân tham gia hoạt động {code}",
        "value": 12.0,
        "value_state": "value",
        "unit": "tổ chức",
        "file_name": f"B01-X_{unit}_2244-X-{year}.xlsx",
        "sheet": "Biểu",
        "cell": "F23",
        "raw_text": "12",
        "revision": 1,
        "entered_how": "form",
    }


def _nodes(codes: list[str]) -> Iterator[dict[str, Any]]:
    base = {"criteria_set_code": "T", "is_confirmed": False, "status": "candidate"}
    for number, group in enumerate("ABCD"):
        yield {
            **base,
            "indicator_code": group,
            "node_type": "group",
            "sort_order": number,
            "name_vi": f"Nhóm {group}",
        }
    for number, code in enumerate(codes):
        yield {
            **base,
            **_named(code),
            "parent_code": code[0],
            "node_type": "indicator",
            "sort_order": 10 + number,
            "value_type": "percent",
        }


def _period(year: int) -> dict[str, Any]:
    return {
        "period_code": str(year),
        "data_year": year,
        "period_type": "year",
        "period_start": date(year, 1, 1),
        "period_end": date(year, 12, 31),
        "is_break": False,
    }


def _round(year: int) -> dict[str, Any]:
    return {
        "round_code": ROUND if year == _LAST else f"T-{year}",
        "criteria_set_code": "T",
        "level": "province",
        "period_code": str(year),
        "data_year": year,
        "period_end": date(year, 12, 31),
        "name_vi": f"Báo cáo năm {year}",
    }


def _targets(n_areas: int, n_indicators: int) -> Iterator[dict[str, Any]]:
    for number, (area, code) in enumerate(
        product([*_codes(n_areas, areas=True), _PROVINCE], _codes(n_indicators))
    ):
        yield {
            "round_code": ROUND,
            "criteria_set_code": "T",
            "area_code": area,
            "indicator_code": code,
            "category_code": "_T",
            "target_period_code": "2030",
            "comparison": ">=",
            "target": 90.0,
            "target_high": None,
            "actual": 50.0,
            "achievement_pct": 55.5,
            "pace": 60.0,
            "is_due": False,
            "light": ("green", "amber", "red")[number % 3],
            "light_name_vi": ("Đạt", "Chậm", "Không đạt")[number % 3],
            "light_name_en": ("On pace", "Slow", "Behind")[number % 3],
            "reason": None,
            "source_vi": "Kế hoạch 01/KH-UBND",
            "target_status": "confirmed",
        }


if __name__ == "__main__":
    sys.exit(main())
