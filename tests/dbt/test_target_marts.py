"""Targets beside figures: reached, on pace, or why that cannot be told; worked out by hand on the small office."""

from __future__ import annotations

from typing import Any

import pytest
from dbt_inputs import Row, day
from small_office import small_office
from test_marts import Ask, asker, build


def _target(code: str, area: str, period: str, target: float, **told: Any) -> Row:
    return {
        "indicator_code": code,
        "area_code": area,
        "period_code": period,
        "target": target,
        "source_vi": "Kế hoạch thử",
        "status": "confirmed",
        **told,
    }


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The small office with targets; its lights go by pace: 100 % is green, 90 % amber.

    The commune 004 has another name since 2023-07-01 and is the same area.
    """
    office = small_office()
    office.tables["areas"] = [
        *(area for area in office.tables["areas"] if area["area_code"] != "004"),
        {"area_code": "004", "name_vi": "Xã Tư", "level": "commune", "valid_to": day("2023-06-30")},
        {"area_code": "004", "name_vi": "Xã Bốn", "level": "commune", "valid_from": day("2023-07-01")},
    ]
    renamed = {"old_code": "004", "new_code": "004", "date": day("2023-07-01"), "share": 1.0}
    office.tables["area_successions"].append({**renamed, "basis": "whole"})
    for indicator in office.tables["indicators"]:
        indicator["direction"] = "higher_better" if indicator["indicator_code"] in "PLN" else "neutral"
    office.tables["targets"] = [
        _target("P", "001", "2024", 130),
        _target("P", "001", "2030", 1000, baseline_year=2024, baseline_value=600),
        _target("P", "004", "2026", 50),
        _target("R", "001", "2025", 80, operator="<="),
        _target("R", "004", "2025", 70, operator="<="),
        _target("S", "001", "2025", 12, operator="=="),
        _target("D", "001", "2025", 10, operator="between", target_high=20),
        _target("D2", "001", "2025", 10, operator="between", target_high=20),
        _target("X", "001", "2025", 5, operator=">="),
        _target("Y", "001", "2025", 5, operator=">="),
        _target("L", "001", "2025", 5),
        _target("N", "001", "2025", 5),
        _target("C", "001", "2025", 5),
        _target("V", "004", "2026", 5, operator=">=", baseline_year=2025, baseline_value=-10),
        _target("V", "004", "2025", -5, operator="<="),
        _target("P", "004", "2024", 50, valid_from=day("2026-01-01")),
        _target("P", "004", "2027", 50, baseline_year=2024, baseline_value=40),
    ]
    office.tables["light_rules"] = [
        {
            "criteria_set_code": "T",
            "light": light,
            "sort_order": order,
            "measure": "pace",
            "at_least": least,
            "name_vi": f"Đèn {light}",
        }
        for order, (light, least) in enumerate((("green", 100.0), ("amber", 90.0), ("red", None)))
    ]
    return asker(build(tmp_path_factory.mktemp("targets"), office))


def _rows(ask: Ask, columns: str, code: str, area: str, target_period: str) -> list[tuple[Any, ...]]:
    return ask(
        f"select data_year, {columns} from fct_target_progress "  # noqa: S608 - the columns stand below in this file
        "where indicator_code = ? and area_code = ? and target_period_code = ? order by all",
        code,
        area,
        target_period,
    )


def test_years_before_the_target_are_compared_with_a_straight_way_from_the_first_figure(ask: Ask) -> None:
    columns = "actual, pace, pace_pct, achievement_pct, gap, on_track, light, reason"
    # 100 in 2022 is where the way to 130 in 2024 begins, so that year has nothing to be compared with
    of_target = [pytest.approx(100 * actual / 130) for actual in (100, 110, 121)]
    assert _rows(ask, columns, "P", "001", "2024") == [
        (2022, 100, None, None, of_target[0], -30, None, None, "no_baseline"),
        (2023, 110, 115, pytest.approx(100 * 110 / 115), of_target[1], -20, False, "amber", None),
        (2024, 121, 130, of_target[2], of_target[2], -9, False, "amber", None),
    ]


def test_a_target_is_for_the_area_that_bears_the_code_when_it_is_due(ask: Ask) -> None:
    # 600 in 2024 and 1000 in 2030: a sixth of the way by 2025; the earlier area 001 has no part in it
    assert _rows(ask, "pace, on_track, light, baseline_origin, is_due", "P", "001", "2030") == [
        (2025, pytest.approx(600 + 400 / 6), True, "green", "declared", False)
    ]


def test_a_pace_begins_after_the_last_break(ask: Ask) -> None:
    # 10 in 2022, no report in 2023, 40 in 2024: half the way to 50 in 2026; 2025 is the first year after the break
    assert _rows(ask, "baseline_year, pace, on_track, reason", "P", "004", "2026") == [
        (2022, None, None, None, "no_baseline"),
        (2024, 2022, 30, True, None),
        (2025, None, None, None, "no_baseline"),
    ]


@pytest.mark.parametrize(
    ("code", "area", "expected"),
    [
        # 75 of at most 80, and of at most 70
        ("R", "001", (75, -5, 100 * 80 / 75, True, "green")),
        ("R", "004", (75, 5, 100 * 70 / 75, False, "amber")),
        ("S", "001", (10, -2, 100 * 10 / 12, False, "red")),
        # 15 lies between 10 and 20, 35 does not
        ("D", "001", (15, 0, 100, True, "green")),
        ("D2", "001", (35, 15, 100 * 20 / 35, False, "red")),
    ],
)
def test_every_comparison_has_its_gap_percentage_and_light(
    ask: Ask, code: str, area: str, expected: tuple[Any, ...]
) -> None:
    *_, (year, *found) = _rows(ask, "actual, gap, achievement_pct, on_track, light", code, area, "2025")
    assert year == 2025
    assert found == [pytest.approx(one) if isinstance(one, float) else one for one in expected]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("X", "held"),
        ("Y", "not_a_number"),
        ("L", "missing"),
        ("N", "not_applicable"),
        ("C", "not_available"),
    ],
)
def test_what_has_no_figure_has_no_light_but_a_reason(ask: Ask, code: str, reason: str) -> None:
    assert _rows(ask, "gap, on_track, light, reason", code, "001", "2025") == [
        (2025, None, None, None, reason)
    ]


def test_a_target_below_zero_is_reached_or_not_without_a_percentage(ask: Ask) -> None:
    # a growth of 749 (30 000 after 40): more than the -10 that are due, and more than the -5 that are allowed
    columns = "pace, pace_pct, on_track, light, reason"
    assert _rows(ask, columns, "V", "004", "2026")[-1] == (2025, -10, 100, True, "green", None)
    assert _rows(ask, columns, "V", "004", "2025")[-1] == (2025, -5, None, False, None, "no_percentage")


def test_a_declared_baseline_begins_the_pace_and_nothing_is_due_before_it(ask: Ask) -> None:
    assert _rows(ask, "pace, on_track, reason", "P", "004", "2027") == [
        (2022, None, None, "before_baseline"),
        (2024, 40, True, None),
        (2025, pytest.approx(40 + 10 / 3), True, None),
    ]


def test_a_target_that_did_not_hold_yet_is_not_applied(ask: Ask) -> None:
    assert _rows(ask, "target", "P", "004", "2024") == []


def test_progress_carries_the_document_and_its_marks(ask: Ask) -> None:
    assert ask(
        "select distinct source_vi, target_status, is_confirmed, is_sample from fct_target_progress "
        "where indicator_code = 'P'"
    ) == [("Kế hoạch thử", "confirmed", False, False)]
