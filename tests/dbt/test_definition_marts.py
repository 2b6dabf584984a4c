"""Facts keep the definition of their time, and a changed definition begins a new series: worked out by hand.

One commune reports money M in triệu đồng until 2023 and in tỷ đồng from 2024, a rate R over another denominator from
2024, and people P, renamed in 2024. W is M against the year before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from dbt_inputs import Inputs, day
from test_marts import Ask, asker, build

from dagster_project.catalogue.artifacts import formula_terms
from dagster_project.catalogue.definitions import series_definitions
from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.tables import TABLES

YEARS = (2021, 2022, 2023, 2024, 2025)
BEFORE, AFTER = {"valid_to": day("2023-12-31")}, {"valid_from": day("2024-01-01")}


def indicator(code: str, **columns: Any) -> dict[str, Any]:
    return {
        "indicator_code": code,
        "criteria_set_code": "T",
        "node_type": "indicator",
        "name_vi": f"Chỉ tiêu {code}",
        "value_type": "count",
        "numerator": f"{code}.GT",
        "area_aggregation": "sum",
        "status": "official",
        **columns,
    }


def element(code: str, **columns: Any) -> dict[str, Any]:
    return {
        "data_element_code": code,
        "criteria_set_code": "T",
        "name_vi": f"Số liệu {code}",
        "value_type": "count",
        "unit_aggregation": "lead",
        "area_aggregation": "sum",
        **columns,
    }


def tables() -> dict[str, list[dict[str, Any]]]:
    million, billion = {"unit": "triệu đồng", **BEFORE}, {"unit": "tỷ đồng", **AFTER}
    rate = {"numerator": "R.TS", "multiplier": 100.0, "area_aggregation": "ratio_of_sums"}
    codes = ("M.GT", "R.TS", "R.MS", "R.MS2", "P.GT")
    return {
        "criteria_sets": [{"criteria_set_code": "T", "name_vi": "Bộ thử", "trend_min_years": 3}],
        "indicators": [
            indicator("M", **million),
            indicator("M", **billion),
            indicator("W", numerator="M.GT - prev(M.GT)", denominator="prev(M.GT)", multiplier=100.0),
            indicator("R", denominator="R.MS", **rate, **BEFORE),
            indicator("R", denominator="R.MS2", **rate, **AFTER),
            indicator("P", **BEFORE),
            indicator("P", **AFTER, name_vi="Chỉ tiêu P mới"),
        ],
        "data_elements": [
            element("M.GT", **million),
            element("M.GT", **billion),
            *(element(code) for code in codes[1:]),
        ],
        "units_of_measure": [
            {"unit": unit, "name_vi": unit, "dimension": "money", "factor": factor}
            for unit, factor in (("triệu đồng", 1e6), ("tỷ đồng", 1e9))
        ],
        "areas": [{"area_code": "001", "name_vi": "Xã Một", "level": "commune"}],
        "forms": [
            {
                "form_code": "F1",
                "form_version": "1",
                "criteria_set_code": "T",
                "level": "commune",
                "name_vi": "Biểu",
            }
        ],
        "reporting_units": [
            {"reporting_unit_code": "U", "name_vi": "Đơn vị", "level": "commune", "area_code": "001"}
        ],
        "assignments": [
            {"reporting_unit_code": "U", "data_element_code": code, "form_code": "F1", "role": "lead"}
            for code in codes
        ],
        "rounds": [
            {
                "round_code": f"T-{year}",
                "criteria_set_code": "T",
                "level": "commune",
                "period_code": str(year),
                "data_year": year,
                "period_type": "year",
                "request_number": 1,
                "period_start": day(f"{year}-01-01"),
                "period_end": day(f"{year}-12-31"),
                "is_break": year == 2022,
                "break_reason_vi": "Đổi địa bàn.",
                "break_reason_en": "Areas changed.",
            }
            for year in YEARS
        ],
    }


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    office = Inputs(tables=tables())
    frames = {
        name: pl.DataFrame(
            [{column: row.get(column) for column in table.columns} for row in office.tables.get(name, [])],
            schema=table.columns,
        )
        for name, table in TABLES.items()
    }
    catalogue = Catalogue(Path(), frames, "")
    office.terms = formula_terms(catalogue).to_dicts()
    office.definitions = series_definitions(catalogue).to_dicts()
    money = {2021: 900, 2022: 1000, 2023: 1200, 2024: 2, 2025: 3}
    for year in YEARS:
        office.submit(
            "U",
            "001",
            year,
            {"M.GT": money[year], "R.TS": 30, "R.MS": 60, "R.MS2": 40, "P.GT": year - 2011},
        )
    return asker(build(tmp_path_factory.mktemp("definitions"), office))


def series(ask: Ask, code: str, columns: str) -> list[tuple[Any, ...]]:
    query = f"select {columns} from fct_indicator where indicator_code = ? order by data_year"  # noqa: S608
    return ask(query, code)


def test_facts_keep_the_unit_and_the_formula_of_their_time(ask: Ask) -> None:
    assert series(ask, "M", "value, unit") == [
        (900, "triệu đồng"),
        (1000, "triệu đồng"),
        (1200, "triệu đồng"),
        (2, "tỷ đồng"),
        (3, "tỷ đồng"),
    ]
    # 30 of 60, and from 2024 on 30 of 40
    assert [value for (value,) in series(ask, "R", "value")] == [50, 50, 50, 75, 75]


def test_the_first_period_of_another_definition_breaks_the_series_of_that_indicator_only(ask: Ask) -> None:
    columns = "break_in_series, comparable_from"
    areas = [(False, None), (True, 2022), (False, 2022)]
    assert series(ask, "M", columns) == [*areas, (True, 2024), (False, 2024)]
    assert series(ask, "P", columns) == [*areas, (False, 2022), (False, 2022)]


def test_the_reason_of_a_break_and_a_new_name_can_be_shown(ask: Ask) -> None:
    ((vi, en),) = ask(
        "select break_reason_vi, break_reason_en from fct_indicator where indicator_code = 'M' and data_year = 2024"
    )
    assert vi == (
        "Đổi đơn vị tính: triệu đồng → tỷ đồng (1 tỷ đồng = 1000 triệu đồng; số liệu các kỳ trước giữ nguyên, "
        "không quy đổi)."
    )
    assert "not converted" in en
    assert series(ask, "R", "break_reason_vi")[1:4] == [
        ("Đổi địa bàn.",),
        (None,),
        ("Đổi công thức: (R.TS) / (R.MS) → (R.TS) / (R.MS2).",),
    ]
    assert series(ask, "P", "break_reason_vi, definition_note_vi")[3:] == [
        (None, 'Đổi tên: "Chỉ tiêu P" → "Chỉ tiêu P mới".'),
        (None, None),
    ]


def test_no_growth_is_computed_across_two_definitions(ask: Ask) -> None:
    # 1000 → 1200 triệu đồng is 20 %; 1200 triệu đồng → 2 tỷ đồng is not told; 2 → 3 tỷ đồng is 50 %
    assert series(ask, "W", "value, value_state")[2:] == [
        (20, "value"),
        (None, "not_available"),
        (50, "value"),
    ]
    assert series(ask, "W", "break_in_series, comparable_from")[3:] == [(True, 2024), (False, 2024)]


def test_trends_stand_on_years_of_one_definition_also_on_the_areas_of_today(ask: Ask) -> None:
    trends = ask(
        "select basis, indicator_code, first_year, n, trend_reason from fct_indicator_trend "
        "where indicator_code in ('M', 'P') order by basis, indicator_code"
    )
    # as reported, P also stops at the change of areas in 2022; the harmonised view compares across that one
    assert trends == [
        ("as_reported", "M", 2024, 2, "too_short"),
        ("as_reported", "P", 2022, 4, None),
        ("harmonised", "M", 2024, 2, "too_short"),
        ("harmonised", "P", 2021, 5, None),
    ]
