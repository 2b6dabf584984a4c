"""Years from before the system in the marts: marked, complete or not, never late, and told beside another figure."""

from __future__ import annotations

from typing import Any

import pytest
from dbt_inputs import Figure, Inputs
from small_office import small_office
from test_marts import Ask, asker, build

BACK = ("T-2022", "T-2023", "T-2024")


def back_series(office: Inputs, unit: str, area: str, year: int, figures: dict[str, Figure]) -> None:
    office.submit(unit, area, year, figures, received_at="2026-02-01T09:00:00+07:00")
    submission = office.submissions[-1]
    submission["entered_how"] = "back_series"  # type: ignore[index]
    for cell in office.cells:
        if cell["submission_id"] == submission["submission_id"]:
            cell["entered_how"] = "back_series"  # type: ignore[index]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    office = small_office()
    office.tables["rounds"] = [
        {**row, "is_retrospective": row["round_code"] in BACK} for row in office.tables["rounds"]
    ]
    office.rule("BACK_SERIES_DIFFERS", kind="back_series", severity="blocking")
    # In 2022 nothing else came of O3; in 2023 O1 had sent P.GT 110 in the form of the round, R.TS 30 and no Y.GT.
    back_series(office, "O3", "003", 2022, {"P.GT": 250, "R.TS": 5, "R.MS": 10})
    back_series(office, "O1", "001", 2023, {"P.GT": 115, "R.TS": 30, "R.MS": None, "Y.GT": "=Mức 2"})
    return asker(build(tmp_path_factory.mktemp("back_series"), office))


def test_a_back_series_counts_and_is_marked(ask: Ask) -> None:
    assert ask(
        "select value, is_retrospective from fct_indicator where area_code = '003' and indicator_code = 'P' "
        "and category_code = '_T' and data_year = 2022"
    ) == [(250.0, True)]
    # 100 of the township, 200 and 250 of the communes, on the area of today; one of the three was given later.
    assert ask(
        "select value, is_retrospective from fct_indicator_harmonised where area_code = '001' "
        "and indicator_code = 'P' and category_code = '_T' and data_year = 2022"
    ) == [(550.0, True)]
    assert ask("select distinct is_retrospective from fct_indicator where data_year = 2025") == [(False,)]


def test_nothing_of_those_years_is_late_or_overdue(ask: Ask) -> None:
    assert ask(
        "select due_at, on_time, is_retrospective from fct_submission "
        "where reporting_unit_code = 'O3' and data_year = 2022"
    ) == [(None, None, True)]
    assert ask(
        "select reporting_unit_code, expected, actual, reporting_rate, reporting_rate_on_time from fct_reporting_rate "
        "where data_year = 2022 and reporting_unit_code in ('O3', 'O5') order by 1"
    ) == [("O3", 1, 1, 1.0, None), ("O5", 1, 0, 0.0, None)]
    assert ask(
        "select count(*) from fct_finding where rule_code = 'SUBMISSION_MISSING' and status = 'fail' "
        "and data_year < 2025"
    ) == [(0,)]


def test_two_different_figures_for_one_thing_are_a_finding_and_held(ask: Ask) -> None:
    assert ask(
        "select data_element_code, observed, expected, cell, severity from fct_finding "
        "where rule_code = 'BACK_SERIES_DIFFERS' and status = 'fail'"
    ) == [("P.GT", "115", "110", "F9", "blocking")]
    assert ask(
        "select value, value_state from fct_indicator where area_code = '001' and indicator_code = 'P' "
        "and category_code = '_T' and data_year = 2023"
    ) == [(None, "held")]


def test_the_form_of_the_round_stands_first_and_a_blank_says_nothing(ask: Ask) -> None:
    now: list[tuple[Any, ...]] = ask(
        "select data_element_code, value, value_text, is_retrospective from fct_reported_value "
        "where reporting_unit_code = 'O1' and data_year = 2023 and data_element_code in ('P.GT', 'R.MS', 'Y.GT') "
        "order by 1"
    )
    assert now == [
        ("P.GT", 110.0, None, False),
        ("R.MS", 40.0, None, False),
        ("Y.GT", None, "Mức 2", True),
    ]


def test_one_figure_is_believed_at_a_time(ask: Ask) -> None:
    assert (
        ask(
            "select reported_value_key from fct_reported_value_history "
            "where is_current group by all having count(*) > 1"
        )
        == []
    )
    # Sent in 2024 in the form of the round: what came in 2026 was never believed.
    assert ask(
        "select value, is_retrospective, is_current, known_from = known_to from fct_reported_value_history "
        "where reporting_unit_code = 'O1' and data_year = 2023 and data_element_code = 'P.GT' order by 1"
    ) == [(110.0, False, True, None), (115.0, True, False, True)]


def test_a_unit_that_stands_in_for_several_areas_gives_each_of_its_figures_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    office, gone = small_office(), ("O2", "O3")
    office.tables["rounds"] = [
        {**row, "is_retrospective": row["round_code"] in BACK} for row in office.tables["rounds"]
    ]
    for table in ("reporting_units", "assignments"):
        office.tables[table] = [row for row in office.tables[table] if row["reporting_unit_code"] not in gone]
    office.submissions = [row for row in office.submissions if row["reporting_unit_code"] not in gone]
    office.cells = [row for row in office.cells if row["reporting_unit_code"] not in gone]
    back_series(office, "U1", "002", 2022, {"P.GT": 250, "R.TS": 5})
    back_series(office, "U1", "003", 2022, {"P.GT": 300})
    told = asker(build(tmp_path_factory.mktemp("standing_in"), office))
    for mart in ("fct_reported_value", "fct_reported_value_history"):
        assert told(
            f"select area_code, data_element_code, value, assignment_role from {mart} "  # noqa: S608
            "where reporting_unit_code = 'U1' and data_year = 2022 order by all"
        ) == [("002", "P.GT", 250.0, "lead"), ("002", "R.TS", 5.0, "lead"), ("003", "P.GT", 300.0, "lead")]
