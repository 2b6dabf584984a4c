"""Figures of a province and of the nation, put together from the areas below: sums worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from compiled_models import CompiledModels
from dbt_inputs import Inputs, day
from test_marts import Ask, asker, build

ENDED, BEGAN = {"valid_to": day("2025-06-30")}, {"valid_from": day("2025-07-01")}
UNITS = {"X11": "11", "X12": "12", "X13": "13", "X19": "19", "SO": "10", "T20": "20"}


def nation() -> Inputs:
    """A nation of two provinces: 10 of communes 11, 12, 13 (before 2025: 11 and 19), 20 of one commune 21.

    The round of 2023 is the nation's, those of 2024 and 2025 are the province's.
    """
    office = Inputs(tables=_tables())
    office.formula("P", {"P.GT": 1})
    office.formula("R", {"R.TS": 1}, {"R.MS": 1})
    office.formula("G", {"P.GT": 1}, {"G.MS": 1})
    office.formula("V", {"P.GT": 1, "prev(P.GT)": -1}, {"prev(P.GT)": 1})
    office.formula("I", {"I.GT": 1})
    office.formula("W", {"W.GT": 1})
    return office


def _tables() -> dict[str, list[dict[str, object]]]:
    aggregation = {"P": "sum", "R": "ratio_of_sums", "G": "ratio_of_sums", "V": "ratio_of_sums", "I": "none"}
    aggregation["W"] = "sum"
    of_percent = {"R": {"denominator": "R.MS", "multiplier": 100.0}}
    elements = {"P.GT": "sum", "R.TS": "sum", "R.MS": "sum", "G.MS": "sum", "I.GT": "none", "W.GT": "sum"}
    return {
        "criteria_sets": [{"criteria_set_code": "T", "name_vi": "Bộ thử"}],
        "indicators": [
            {
                "indicator_code": code,
                "criteria_set_code": "T",
                "node_type": "indicator",
                "name_vi": f"Chỉ tiêu {code}",
                "value_type": "count",
                "numerator": f"{code}.GT",
                "area_aggregation": rule,
                "status": "official",
                **of_percent.get(code, {}),
            }
            for code, rule in aggregation.items()
        ],
        "applicability": [
            {"indicator_code": "P", "level": "province", "how": "computed"},
            {"indicator_code": "I", "level": "province", "how": "published"},
            {"indicator_code": "W", "level": "commune", "how": "not_applicable"},
            {"indicator_code": "W", "level": "province", "how": "published"},
        ],
        "data_elements": [
            {
                "data_element_code": code,
                "criteria_set_code": "T",
                "indicator_code": code.split(".", maxsplit=1)[0],
                "name_vi": f"Số liệu {code}",
                "value_type": "count",
                "unit_aggregation": "lead",
                "area_aggregation": rule,
                "disaggregation_code": "GT" if code == "P.GT" else None,
            }
            for code, rule in elements.items()
        ],
        "disaggregations": [{"disaggregation_code": "GT", "name_vi": "Giới tính"}],
        "categories": [{"disaggregation_code": "GT", "category_code": "NU", "name_vi": "Nữ"}],
        "areas": [
            {"area_code": code, "name_vi": f"Nơi {code}", "level": at, "parent_code": parent, **validity}
            for code, at, parent, validity in (
                ("VN", "national", None, {}),
                ("10", "province", "VN", {}),
                ("20", "province", "VN", {}),
                ("11", "commune", "10", ENDED),
                ("19", "commune", "10", ENDED),
                ("11", "commune", "10", BEGAN),
                ("12", "commune", "10", BEGAN),
                ("13", "commune", "10", BEGAN),
                ("21", "commune", "20", {}),
            )
        ],
        "area_successions": [
            {"old_code": old, "new_code": "11", "date": day("2025-07-01"), "share": 1.0, "basis": "whole"}
            for old in ("11", "19")
        ],
        "forms": [
            {
                "form_code": "F1",
                "form_version": "1",
                "criteria_set_code": "T",
                "name_vi": "Biểu 1",
            }
        ],
        "reporting_units": [
            {"reporting_unit_code": code, "name_vi": f"Đơn vị {code}", "level": "province", "area_code": area}
            for code, area in UNITS.items()
        ],
        "assignments": [
            {
                "reporting_unit_code": code,
                "data_element_code": element,
                "form_code": "F1",
                "role": "lead",
            }
            for code in UNITS
            for element in elements
        ],
        "rounds": [
            {
                "round_code": f"T-{year}",
                "criteria_set_code": "T",
                "level": "national" if year == 2023 else "province",
                "period_code": str(year),
                "data_year": year,
                "period_type": "year",
                "request_number": 1,
                "period_start": day(f"{year}-01-01"),
                "period_end": day(f"{year}-12-31"),
                "is_break": False,
            }
            for year in (2023, 2024, 2025)
        ],
        "round_due_dates": [],
    }


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """2024: both communes of the time. 2025: 11 and 12 in full, of 13 only some; the province's own beside them."""
    office = nation()
    office.rule("TOTAL_DIFFERS", kind="total_differs", tolerance=0.5)
    office.tables["targets"] = [
        {
            "indicator_code": "R",
            "area_code": "10",
            "period_code": "2025",
            "operator": ">=",
            "target": 10.0,
            "source_vi": "Kế hoạch thử",
            "status": "confirmed",
        }
    ]
    office.submit("X11", "11", 2023, {"P.GT": 1, "R.TS": 1, "R.MS": 2})
    office.submit("X19", "19", 2023, {"P.GT": 5})
    office.submit("T20", "20", 2023, {"P.GT": 40, "R.TS": 5, "R.MS": 6})
    office.submit("X11", "11", 2024, {"P.GT": 40, "R.TS": 1, "R.MS": 4})
    office.submit("X19", "19", 2024, {"P.GT": 60, "R.TS": 1, "R.MS": 1})
    office.submit("SO", "10", 2024, {"P.GT": 101, "W.GT": 7})
    office.submit(
        "X11",
        "11",
        2025,
        {"P.GT": 110, "P.GT:NU": 50, "R.TS": 30, "R.MS": 40, "I.GT": 3, "W.GT": 500},
    )
    office.submit("X12", "12", 2025, {"P.GT": 90, "P.GT:NU": "zero", "R.TS": 10, "R.MS": 160, "I.GT": 5})
    office.submit("X13", "13", 2025, {"P.GT": "not_applicable", "R.TS": 70, "R.MS": None, "I.GT": 4})
    office.submit("SO", "10", 2025, {"P.GT": 260, "G.MS": 400, "I.GT": 9, "W.GT": 8})
    return asker(build(tmp_path_factory.mktemp("province"), office))


@pytest.fixture(scope="module")
def figure(province: Ask) -> Callable[..., tuple[Any, ...]]:
    def one(columns: str, code: str, year: int, category: str = "_T", area: str = "10") -> tuple[Any, ...]:
        (row,) = province(
            f"select {columns} from fct_indicator "  # noqa: S608 - the columns stand below in this file
            "where area_code = ? and indicator_code = ? and data_year = ? and category_code = ?",
            area,
            code,
            year,
            category,
        )
        return row

    return one


One = Callable[..., tuple[Any, ...]]
WHOLE = "value, value_state, origin, n_areas, n_areas_expected, coverage"


def test_a_total_is_the_sum_over_the_areas_of_its_time(figure: One) -> None:
    # 40 + 60 of the two communes of 2024; 110 + 90 of those of 2025, of which 13 says that it does not apply there
    assert figure(WHOLE, "P", 2024) == (100, "value", "aggregated", 2, 2, 1)
    assert figure(WHOLE, "P", 2025) == (200, "value", "aggregated", 2, 2, 1)
    assert figure(WHOLE, "P", 2025, area="11") == (110, "value", "entered", None, None, 1)


def test_an_incomplete_total_is_no_figure_and_what_is_there_stands_beside_it(figure: One) -> None:
    # 13 gives a numerator without a denominator: neither counts; (30 + 10) / (40 + 160)
    assert figure("partial_value, numerator, denominator, " + WHOLE, "R", 2025) == (
        *(20, None, None),
        *(None, "partial", "aggregated", 2, 3, pytest.approx(2 / 3)),
    )
    assert figure("partial_value, value, value_state, n_areas, n_areas_expected", "P", 2025, "NU") == (
        *(50, None, "partial"),
        *(2, 3),
    )


def test_a_rate_is_made_again_from_summed_parts(figure: One) -> None:
    assert figure("numerator, denominator, value", "R", 2024) == (2, 5, 40)


def test_a_part_that_only_the_province_has_joins_what_the_communes_add_up_to(figure: One) -> None:
    # 200 people of the communes over the 400 that the province's own office tells
    assert figure("numerator, denominator, value, n_areas", "G", 2025) == (200, 400, 0.5, 2)


def test_an_earlier_figure_is_put_together_from_the_areas_that_were_there_then(figure: One) -> None:
    # 11 was made from 11 and 19, so that its change is 110 - (40 + 60); of 12 and 13 no predecessors are known
    assert figure("value, n_sources", "V", 2025, area="11") == (pytest.approx(0.1), 5)
    assert figure("value_state, partial_value, n_areas, n_areas_expected", "V", 2025) == (
        "partial",
        pytest.approx(0.1),
        *(1, 3),
    )


def test_what_is_published_or_never_added_up_is_what_the_province_says_itself(figure: One) -> None:
    assert figure(WHOLE, "I", 2025) == (9, "value", "entered", None, None, 1)
    assert figure(WHOLE, "W", 2025) == (8, "value", "entered", None, None, 1)
    assert figure("value, value_state", "W", 2025, area="11") == (None, "not_applicable")


def test_a_typed_total_stays_visible_and_is_compared_with_its_parts(province: Ask) -> None:
    assert province(
        "select data_year, value, value_state from fct_reported_value "
        "where area_code = '10' and data_element_code = 'P.GT' order by data_year"
    ) == [(2024, 101, "value"), (2025, 260, "value")]
    assert province(
        "select data_year, status, observed, expected, reporting_unit_code, cell from fct_finding "
        "where rule_code = 'TOTAL_DIFFERS' and data_element_code = 'P.GT' order by data_year"
    ) == [(2024, "fail", "101", "100", "SO", "F9"), (2025, "fail", "260", "200", "SO", "F9")]


def test_a_total_leads_to_every_cell_below_and_not_to_the_typed_one(province: Ask) -> None:
    sources = (
        "select v.area_code, v.cell, b.part, b.coefficient from fct_indicator as i "
        "join bridge_indicator_source as b using (indicator_value_key) "
        "join fct_reported_value as v using (reported_value_key) "
        "where i.area_code = '10' and i.indicator_code = ? and i.data_year = 2025 and i.category_code = '_T' "
        "order by b.part desc, v.area_code"
    )
    assert province(sources, "P") == [("11", "F9", "numerator", 1), ("12", "F9", "numerator", 1)]
    assert [row[:3] for row in province(sources, "R")] == [
        ("11", "F11", "numerator"),
        ("12", "F11", "numerator"),
        ("11", "F12", "denominator"),
        ("12", "F12", "denominator"),
    ]
    assert [(row[0], row[2]) for row in province(sources, "G")] == [
        ("11", "numerator"),
        ("12", "numerator"),
        ("10", "denominator"),
    ]


def test_the_harmonised_view_and_trends_take_no_part_for_the_whole(province: Ask) -> None:
    assert province(
        "select data_year, value, value_state from fct_indicator_harmonised "
        "where area_code = '10' and indicator_code = 'R' and category_code = '_T' and data_year > 2023 order by 1"
    ) == [(2024, 40, "value"), (2025, None, "partial")]
    assert province(
        "select last_year from fct_indicator_trend where area_code = '10' and indicator_code = 'R'"
    ) in (
        [(2024,)],
        [(2024,), (2024,)],
    )


def test_an_incomplete_total_reaches_no_target(province: Ask) -> None:
    assert province(
        "select data_year, actual, coverage, gap, on_track, light, reason from fct_target_progress order by 1"
    ) == [
        (2023, None, 0.5, None, None, None, "partial"),
        (2024, 40, 1, 30, None, None, "no_baseline"),
        (2025, None, pytest.approx(2 / 3), None, None, None, "partial"),
    ]


def test_the_same_rules_lead_on_to_the_level_above(figure: One) -> None:
    columns = "value, partial_value, n_areas, n_areas_expected, coverage, n_sources"
    # one province says 40 itself, the other is 1 + 5
    assert figure(columns, "P", 2023, area="VN") == (46, None, 2, 2, 1, 3)
    # 6 of 8, where one of the two provinces has one of its two communes
    assert figure(columns, "R", 2023, area="VN") == (None, 75, 2, 2, pytest.approx(0.75), 4)
    assert figure("value, origin", "P", 2023, area="20") == (40, "entered")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    folder = build(tmp_path_factory.mktemp("nation"), nation())
    changing = ("stg_data_elements", "stg_reporting_units", "stg_assignments", "stg_submissions", "stg_cells")
    return CompiledModels(
        folder,
        changing,
        ("fct_indicator", "fct_element_value", "fct_reported_value", "bridge_indicator_source"),
    )


def test_a_total_is_the_same_to_the_last_bit_in_whatever_order_its_parts_come(models: CompiledModels) -> None:
    # 0.1 + 0.2 + 0.3 is 0.6000000000000001 in doubles, 0.3 + 0.2 + 0.1 is 0.6
    totals = set()
    for order in permutations((0.1, 0.2, 0.3)):
        office = nation()
        for code, value in zip(("11", "12", "13"), order, strict=True):
            office.submit(f"X{code}", code, 2025, {"P.GT": value})
        models.run(office)
        totals |= set(
            models.ask("select value from marts.fct_indicator where area_code = '10' and value > 0")
        )
    assert totals == {(0.1 + 0.2 + 0.3,)}


@pytest.mark.parametrize(
    ("of_19", "expected"),
    [
        # 110 after 40: of the two communes that became 11, one says that it did not apply there
        ("not_applicable", (1.75, "value", 1.0)),
        ("not_available", (None, "not_available", pytest.approx(2 / 3))),
        (None, (None, "missing", pytest.approx(2 / 3))),
    ],
)
def test_a_predecessor_to_which_it_did_not_apply_is_not_waited_for(
    models: CompiledModels, of_19: str | None, expected: tuple[object, ...]
) -> None:
    office = nation()
    office.submit("X11", "11", 2024, {"P.GT": 40})
    office.submit("X19", "19", 2024, {"P.GT": of_19})
    office.submit("X11", "11", 2025, {"P.GT": 110})
    models.run(office)
    assert models.ask(
        "select value, value_state, coverage from marts.fct_indicator "
        "where area_code = '11' and indicator_code = 'V' and data_year = 2025 and category_code = '_T'"
    ) == [expected]


@pytest.mark.parametrize(("second", "expected"), [(6, (10, "value", 1)), (None, (None, "missing", 0.5))])
def test_a_unit_that_nobody_asked_adds_nothing_to_a_sum_and_stands_for_none_that_is_missing(
    models: CompiledModels, second: int | None, expected: tuple[object, ...]
) -> None:
    office = nation()
    for element in office.tables["data_elements"]:
        element["unit_aggregation"] = "sum"
    for code in ("Y12", "Z12"):
        office.tables["reporting_units"] += [
            {"reporting_unit_code": code, "name_vi": f"Đơn vị {code}", "level": "province", "area_code": "12"}
        ]
    office.tables["assignments"] += [
        {"reporting_unit_code": "Y12", "data_element_code": "P.GT", "form_code": "F1", "role": "contributor"}
    ]
    office.submit("X12", "12", 2025, {"P.GT": 4})
    if second is not None:
        office.submit("Y12", "12", 2025, {"P.GT": second})
    office.submit("Z12", "12", 2025, {"P.GT": 7})
    models.run(office)
    assert models.ask(
        "select value, value_state, coverage from marts.fct_indicator "
        "where area_code = '12' and indicator_code = 'P' and data_year = 2025 and category_code = '_T'"
    ) == [expected]
    assert models.ask(
        "select raw_text from marts.bridge_indicator_source join marts.fct_reported_value using (reported_value_key) "
        "where data_element_code = 'P.GT' group by all order by all"
    ) == [("4",)] + ([("6",)] if second else [])
