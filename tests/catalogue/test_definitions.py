"""Which changes of a definition break a series, and which are only noted."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dagster_project.catalogue.artifacts import formula_terms
from dagster_project.catalogue.definitions import changes_between, series_definitions
from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.tables import TABLES

UNITS = {"%": ("ratio", 0.01), "‰": ("ratio", 0.001), "người": ("people", 1.0), "hộ": ("households", 1.0)}
OLD = {
    "name_vi": "Tên",
    "unit": "%",
    "value_type": "percent",
    "numerator": "A + B",
    "denominator": "C",
    "multiplier": 100.0,
    "method_vi": "Số hộ chia cho tổng số hộ.",
    "formula_status": "confirmed",
}


@pytest.mark.parametrize(
    ("new", "breaks", "notes"),
    [
        ({"unit": "‰"}, ["unit_converts"], []),
        ({"unit": "hộ"}, ["unit"], []),
        ({"value_type": "rate"}, ["value_type"], []),
        ({"numerator": "A"}, ["formula"], []),
        ({"denominator": None}, ["formula"], []),
        ({"multiplier": 1000.0}, ["multiplier"], []),
        ({"method_vi": "Số hộ chia cho số hộ nghèo."}, ["method"], []),
        ({"name_vi": "Tên mới", "parent_code": "B"}, [], ["name"]),
        # the same said otherwise, or said for the first time
        ({"numerator": "B + A"}, [], []),
        ({"numerator": "100 * A + 100 * B", "multiplier": 1.0}, [], []),
        ({"method_vi": "Số  hộ chia cho tổng số hộ."}, [], []),
        ({"definition_vi": "Hộ là …"}, [], []),
        ({"unit": None}, [], []),
    ],
)
def test_what_breaks_a_series_and_what_is_noted(
    new: dict[str, Any], breaks: list[str], notes: list[str]
) -> None:
    changes = changes_between(OLD, {**OLD, **new}, UNITS)
    assert [change.attribute for change in changes if change.breaks] == breaks
    assert [change.attribute for change in changes if not change.breaks] == notes


def test_an_official_method_in_the_place_of_an_inferred_one_is_noted_and_breaks_nothing() -> None:
    (change,) = changes_between({**OLD, "formula_status": "inferred"}, {**OLD, "method_vi": "Khác."}, UNITS)
    assert (change.attribute, change.breaks) == ("method", False)


def catalogue(indicators: list[dict[str, Any]], elements: list[dict[str, Any]]) -> Catalogue:
    rows = {
        "indicators": [
            {"indicator_code": "I", "criteria_set_code": "T", "name_vi": "I", **r} for r in indicators
        ],
        "data_elements": [{"criteria_set_code": "T", "name_vi": "E", **r} for r in elements],
        "rounds": [
            {
                "round_code": f"{kind}-{year}-{request}",
                "criteria_set_code": "T",
                "period_type": kind,
                "request_number": request,
                "data_year": year,
                "period_end": date(year, 12, 31),
            }
            for kind, year, request in (
                ("year", 2022, 1),
                ("year", 2023, 1),
                ("year", 2024, 1),
                ("year", 2024, 2),
                ("year", 2025, 1),
                ("half", 2024, 1),
            )
        ],
    }
    frames = {
        name: pl.DataFrame(
            [{column: row.get(column) for column in table.columns} for row in rows.get(name, [])],
            schema=table.columns,
        )
        for name, table in TABLES.items()
    }
    return Catalogue(Path(), frames, "")


def versions(first: dict[str, Any], second: dict[str, Any], since: int = 2024) -> list[dict[str, Any]]:
    return [{**first, "valid_to": date(since - 1, 12, 31)}, {**second, "valid_from": date(since, 1, 1)}]


def breaks_of(found: pl.DataFrame, owner: str) -> list[str]:
    return found.filter(pl.col("is_break") & (pl.col("owner_code") == owner))["round_code"].to_list()


def test_an_element_below_derived_ones_breaks_what_is_made_from_it() -> None:
    found = series_definitions(
        catalogue(
            [{"numerator": "D"}],
            [
                {"data_element_code": "D", "formula": "E * 2"},
                *versions(
                    {"data_element_code": "E", "unit": "người"}, {"data_element_code": "E", "unit": "hộ"}
                ),
            ],
        )
    )
    assert [breaks_of(found, owner) for owner in ("I", "D", "E")] == [["year-2024-1"]] * 3
    assert found.filter(owner_code="I")["break_reason_vi"][0] == "Số liệu E: Đổi đơn vị tính: người → hộ."
    assert found.filter(owner_code="I")["comparable_from"].to_list() == [2024, 2024, 2024]


def test_a_version_between_two_rounds_is_judged_by_the_rounds_that_use_it() -> None:
    back_again = [
        {"numerator": "E", "unit": "người", "valid_to": date(2023, 3, 31)},
        {"numerator": "E", "unit": "hộ", "valid_from": date(2023, 4, 1), "valid_to": date(2023, 11, 30)},
        {"numerator": "E", "unit": "người", "valid_from": date(2023, 12, 1)},
    ]
    assert series_definitions(catalogue(back_again, [])).is_empty()


def test_an_office_may_declare_that_a_version_compares_or_does_not() -> None:
    people, households = {"numerator": "E", "unit": "người"}, {"numerator": "E", "unit": "hộ"}
    kept = series_definitions(catalogue(versions(people, {**households, "is_break": False}), []))
    assert breaks_of(kept, "I") == []
    assert (
        kept["note_vi"][0]
        == "Đổi đơn vị tính: người → hộ. Danh mục ghi là vẫn so sánh được với các kỳ trước."
    )
    told = {**people, "is_break": True, "break_reason_vi": "Điều tra mẫu thay tổng điều tra."}
    broken = series_definitions(catalogue(versions(people, told), []))
    assert breaks_of(broken, "I") == ["year-2024-1"]
    assert broken["break_reason_vi"][0] == "Điều tra mẫu thay tổng điều tra."


def test_what_rests_on_an_element_comes_after_each_of_its_versions() -> None:
    terms = formula_terms(
        catalogue(
            [],
            [
                {"data_element_code": "Z", "formula": "A + B"},
                *versions(
                    {"data_element_code": "Y", "formula": "Z + A"},
                    {"data_element_code": "Y", "formula": "A + B"},
                    since=2025,
                ),
                {"data_element_code": "X", "formula": "Y + A"},
            ],
        )
    )
    level = terms.select("owner_code", "valid_from", "level").unique().sort("owner_code", "valid_from").rows()
    assert level == [("X", None, 2), ("Y", None, 1), ("Y", date(2025, 1, 1), 0), ("Z", None, 0)]


def test_a_catalogue_without_versions_has_no_rows() -> None:
    assert series_definitions(catalogue([{"numerator": "E"}], [{"data_element_code": "E"}])).is_empty()
