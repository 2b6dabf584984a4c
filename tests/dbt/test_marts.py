"""What readers of the marts rely on, on a small office whose figures can be worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from build_files import connect_build
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_inputs import Inputs
from small_office import small_office

from dagster_project.paths import DataFolder, Project
from dagster_project.warehouse.build import dbt_variables, run_dbt

Ask = Callable[..., list[tuple[Any, ...]]]


def build(root: Path, inputs: Inputs) -> DataFolder:
    folder = DataFolder(root)
    folder.make()
    folder.build.mkdir()
    inputs.write(folder.build_inputs)
    run_dbt(Project(), folder)
    return folder


def asker(folder: DataFolder) -> Ask:
    """Answers queries over the marts of a build."""

    def ask(query: str, *values: object) -> list[tuple[Any, ...]]:
        with connect_build(folder) as connection:
            return connection.execute(query, list(values)).fetchall()

    return ask


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return build(tmp_path_factory.mktemp("office"), small_office())


@pytest.fixture(scope="module")
def ask(office: DataFolder) -> Ask:
    return asker(office)


@pytest.fixture(scope="module")
def indicator(ask: Ask) -> Callable[..., tuple[Any, ...]]:
    """One row of fct_indicator: the columns asked for, of an area, indicator, year and category."""

    def one(columns: str, area: str, code: str, year: int, category: str = "_T") -> tuple[Any, ...]:
        (row,) = ask(
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


# ---- figures of one area ---------------------------------------------------------------------------------------


def test_a_rate_is_made_from_its_parts_and_the_typed_one_only_compared(indicator: One, ask: Ask) -> None:
    assert indicator("numerator, denominator, value, value_state", "001", "R", 2025) == (45, 60, 75, "value")
    assert ask(
        "select status, observed, expected, cell, reporting_unit_code from fct_finding "
        "where rule_code = 'TYPED_RATE' and round_code = 'T-2025' and area_code = '001'"
    ) == [("fail", "80", "75", "F15", "U1")]


def test_a_rate_without_cases_is_not_available_rather_than_infinite(indicator: One) -> None:
    assert indicator("numerator, denominator, value, value_state", "004", "R", 2022) == (
        0,
        0,
        None,
        "not_available",
    )


def test_a_quarantined_cell_is_held_and_so_is_what_rests_on_it(indicator: One, ask: Ask) -> None:
    assert indicator("value, value_state, coverage", "001", "X", 2025) == (None, "held", 0)
    assert ask(
        "select value, value_decimal, value_state, raw_text from fct_reported_value "
        "where area_code = '001' and data_element_code = 'X.GT' and data_year = 2025"
    ) == [(None, None, "held", "3")]


def test_a_figure_that_a_blocking_rule_holds_stays_reported_and_leaves_the_indicators(
    indicator: One, ask: Ask
) -> None:
    assert ask(
        "select value, value_state from fct_reported_value where area_code = '004' and data_element_code = 'R.TS' "
        "and data_year = 2024"
    ) == [(8, "value")]
    for code in ("R", "D", "D2"):
        assert indicator("numerator, value, value_state", "004", code, 2024) == (None, None, "held")
    assert indicator("value", "004", "R", 2025) == (75,)


def test_a_blocking_rule_that_holds_nothing_leaves_the_figure(indicator: One, ask: Ask) -> None:
    assert ask(
        "select severity, observed, expected from fct_finding where rule_code = 'SLIP' and status = 'fail'"
    ) == [("blocking", "30.000", "< 20.000")]
    assert indicator("value, value_state", "004", "P", 2025) == (30_000, "value")


def test_the_first_figure_after_a_year_of_none_is_no_slip_of_unit(indicator: One, ask: Ask) -> None:
    assert ask(
        "select status from fct_finding where rule_code = 'SLIP_UP' and area_code = '003' and data_year = 2024"
    ) == [("no_data",)]
    assert indicator("value_state, round(value, 1)", "003", "R", 2024) == ("value", 14.3)


def test_categories_have_their_own_rows_with_names(indicator: One, ask: Ask) -> None:
    assert indicator("value, category_name", "001", "P", 2025, "NAM") == (400, "Nam")
    assert indicator("category_name, value_state", "001", "P", 2025, "NU") == ("Nữ", "held")
    assert indicator("value, category_name", "001", "P", 2025) == (683.1, None)
    assert ask(
        "select distinct category_code from fct_indicator where indicator_code in ('R', 'S', 'D')"
    ) == [("_T",)]


def test_a_rule_about_a_category_holds_that_category_alone(indicator: One, ask: Ask) -> None:
    assert ask(
        "select cell, observed from fct_finding where rule_code = 'FEW_WOMEN' and status = 'fail'"
    ) == [("F11", "283")]
    assert indicator("value, value_state", "001", "P", 2025, "NU") == (None, "held")
    assert indicator("value", "001", "P", 2025, "NAM") == (400,)
    assert indicator("value", "001", "P", 2025) == (683.1,)


def test_derived_elements_build_on_one_another(indicator: One) -> None:
    # the whole less the part, then twice that and five more
    assert indicator("value", "001", "D", 2025) == (15,)
    assert indicator("value", "001", "D2", 2025) == (35,)


def test_a_sum_over_units_takes_every_unit_that_owes_a_part(indicator: One) -> None:
    assert indicator("value, n_sources, coverage", "001", "S", 2025) == (10, 2, 1)
    assert indicator("value, value_state", "004", "S", 2024) == (0, "zero")


def test_the_figure_that_counts_is_the_leads_or_the_sum_and_names_each_cell(ask: Ask) -> None:
    found = ask(
        "select data_element_code, category_code, value, value_state, n_sources, "
        "len(string_split(source_places, '; ')) from fct_element_value "
        "where round_code = 'T-2025' and area_code = '001' and data_element_code in ('P.GT', 'S.GT', 'X.GT') "
        "order by 1, 2"
    )
    assert found == [
        ("P.GT", "NAM", 400, "value", 1, 1),
        # a rule that holds it back from the indicators leaves it reported
        ("P.GT", "NU", 283, "value", 1, 1),
        ("P.GT", "_T", 683.1, "value", 1, 1),
        ("S.GT", "_T", 10, "value", 2, 2),
        ("X.GT", "_T", None, "held", 0, 1),
    ]


def test_two_units_that_lead_with_the_same_figure_are_one_figure_to_its_last_digit(tmp_path: Path) -> None:
    office = small_office()
    office.cells = [cell for cell in office.cells if cell["data_element_code"] != "L.GT"]
    for unit in ("U2", "U3"):  # nobody is assigned to it
        office.submit(unit, "001", 2025, {"L.GT": 100}, received_at="2026-04-12T09:00:00+07:00")
    told = asker(build(tmp_path, office))
    assert told(
        "select value, value_decimal, n_sources from fct_element_value "
        "where area_code = '001' and data_year = 2025 and data_element_code = 'L.GT'"
    ) == [(100, 100, 2)]


def test_missing_not_applicable_not_available_and_text_are_told_apart(indicator: One, ask: Ask) -> None:
    assert indicator("value, value_state, applicability", "001", "N", 2025) == (
        None,
        "not_applicable",
        "not_applicable",
    )
    assert indicator("value_state, applicability", "001", "C", 2025) == ("not_available", "supplied")
    assert indicator("value_state", "001", "L", 2025) == ("missing",)
    assert indicator("value_state", "003", "P", 2023) == ("not_applicable",)
    assert indicator("value, numerator, value_state", "001", "Y", 2025) == (None, None, "value")
    assert ask("select data_year from fct_indicator where indicator_code = 'L' group by 1") == [(2025,)]


def test_what_is_unconfirmed_says_so(indicator: One, ask: Ask) -> None:
    assert indicator("status, is_confirmed", "001", "R", 2025) == ("official", True)
    assert indicator("status, is_confirmed", "001", "P", 2025) == ("candidate", False)
    assert ask("select is_confirmed from dim_indicator where indicator_code = 'G'") == [(True,)]


# ---- revisions, roles, sending ---------------------------------------------------------------------------------


def test_a_revision_replaces_the_whole_form_and_a_refused_file_nothing(ask: Ask) -> None:
    assert ask(
        "select revision, is_current, status from fct_submission "
        "where reporting_unit_code = 'U1' order by received_at"
    ) == [(1, False, "superseded"), (2, True, "quarantined"), (None, False, "refused")]
    assert (
        ask(
            "select data_element_code from fct_reported_value where reporting_unit_code = 'U1' and revision <> 2"
        )
        == []
    )


def test_the_history_tells_what_was_believed_when(ask: Ask) -> None:
    assert ask(
        "select value, revision, is_current, known_from < known_to, "
        "known_to = max(known_from) over () from fct_reported_value_history "
        "where reporting_unit_code = 'U1' and data_element_code = 'P.GT' and category_code = '_T' "
        "order by known_from"
    ) == [(600, 1, False, True, True), (683.1, 2, True, None, None)]


def test_of_a_figure_that_two_forms_give_the_history_believes_the_one_that_came_later(tmp_path: Path) -> None:
    office = small_office()
    office.submit("K4", "004", 2025, {"S.GT": 7}, form="F2", received_at="2026-03-05T09:00:00+07:00")
    told = asker(build(tmp_path, office))
    spans = "known_from, known_to, is_current from fct_reported_value_history"
    which = "where reporting_unit_code = 'K4' and data_year = 2025 and data_element_code = 'S.GT' order by known_from"
    (earlier, later) = told(f"select value, {spans} {which}")
    assert (earlier[0], earlier[2], earlier[3]) == (3, later[1], False)
    assert (later[0], later[2], later[3]) == (7, None, True)
    assert told(
        "select value from fct_reported_value "
        "where reporting_unit_code = 'K4' and data_year = 2025 and data_element_code = 'S.GT'"
    ) == [(7,)]


def test_the_lead_stands_and_the_contributor_is_asked(indicator: One, ask: Ask) -> None:
    assert indicator("value, n_sources", "001", "P", 2025) == (683.1, 1)
    assert ask(
        "select status, reporting_unit_code, cell, observed, expected, message_vi from fct_finding "
        "where rule_code = 'LEAD_CONTRIBUTOR'"
    ) == [("fail", "U2", "F9", "700", "683,1", "Số liệu P.GT (P.GT): 700, cần 683,1.")]


def test_late_begins_at_the_midnight_that_begins_the_due_date(ask: Ask) -> None:
    assert ask(
        "select distinct strftime(due_at at time zone 'UTC', '%Y-%m-%d %H:%M') from fct_submission "
        "where data_year = 2025"
    ) == [("2026-04-09 17:00",)]
    # U1 was in time first and mended afterwards: that is not late.
    assert ask(
        "select reporting_unit_code, message_vi from fct_finding "
        "where rule_code = 'SUBMISSION_LATE' and status = 'fail'"
    ) == [("U2", "Nhận 09:00 10/04/2026, hạn 24:00 09/04/2026.")]
    assert ask(
        "select reporting_unit_code from fct_finding where rule_code = 'SUBMISSION_REVISED' and status = 'fail'"
    ) == [("U1",)]


def test_reporting_rates_count_who_owed_who_sent_and_who_in_time(ask: Ask) -> None:
    assert ask(
        "select data_year, sum(expected), sum(actual), sum(actual_on_time) from fct_reporting_rate "
        "group by 1 order by 1"
    ) == [(2022, 5, 3, 3), (2023, 5, 3, 3), (2024, 5, 5, 5), (2025, 4, 3, 2)]
    assert ask(
        "select reporting_unit_code, reporting_unit_name, "
        "strftime(due_at at time zone 'Asia/Ho_Chi_Minh', '%d/%m %H:%M') "
        "from fct_reporting_rate where data_year = 2025 and actual = 0"
    ) == [("U3", "Đơn vị U3", "10/04 00:00")]
    assert ask(
        "select severity, submission_id, reporting_unit_code, message_vi from fct_finding "
        "where rule_code = 'SUBMISSION_MISSING' and status = 'fail' and data_year = 2025"
    ) == [("blocking", None, "U3", "Đơn vị U3 chưa nộp, hạn 24:00 09/04/2026.")]


def test_a_round_in_which_nothing_was_sent_asks_nobody(ask: Ask) -> None:
    assert ask("select * from fct_finding where data_year = 2026") == []
    assert ask("select * from fct_reporting_rate where data_year = 2026") == []
    assert len(ask("select * from dim_round")) == 5


def test_findings_are_counted_at_their_submission(ask: Ask) -> None:
    assert ask(
        "select n_blocking, n_warning, n_info, status from fct_submission "
        "where reporting_unit_code = 'U1' and is_current"
    ) == [(1, 2, 1, "quarantined")]
    assert ask(
        "select n_blocking, status from fct_submission where reporting_unit_code = 'K4' and data_year = 2024"
    ) == [(1, "accepted_with_warnings")]


# ---- rules -----------------------------------------------------------------------------------------------------


def test_what_was_sent_back_stands_at_the_units_own_figure(ask: Ask) -> None:
    (figure,) = ask(
        "select submission_id, sha256, sheet, cell from fct_reported_value "
        "where reporting_unit_code = 'O5' and data_element_code = 'P.GT' and data_year = 2024"
    )
    assert ask(
        "select submission_id, sha256, sheet, cell from fct_finding where stage = 'returned' order by finding_id"
    ) == [figure, (None, "of-the-return", None, None)]


def test_a_rule_without_its_figures_has_no_data_and_no_words(ask: Ask) -> None:
    assert ask(
        "select status, message_vi from fct_finding where rule_code = 'TYPED_RATE' and area_code = '002' "
        "group by all"
    ) == [("no_data", None)]


def test_a_total_is_compared_with_its_categories(ask: Ask) -> None:
    assert ask(
        "select observed, expected, message_en from fct_finding where rule_code = 'TOTAL' and status = 'fail'"
    ) == [("683,1", "683", "Số liệu P.GT: 683.1 instead of 683.")]


def test_a_rule_over_a_sum_looks_at_every_unit_and_its_own_cell(ask: Ask) -> None:
    assert ask(
        "select reporting_unit_code, cell, observed, expected from fct_finding "
        "where rule_code = 'SMALL_PART' and status = 'fail'"
    ) == [("U2", "F10", "6", "≤ 5")]
    assert ask(
        "select distinct reporting_unit_code from fct_finding where rule_code = 'SMALL_PART' order by 1"
    ) == [("K4",), ("O1",), ("U1",), ("U2",)]


def test_a_unit_is_compared_with_the_unit_it_came_from(indicator: One, ask: Ask) -> None:
    assert ask(
        "select reporting_unit_code, status, observed, expected from fct_finding "
        "where rule_code = 'PART_JUMP' and data_year = 2025 order by 1"
    ) == [("K4", "fail", "3", "≤ 0"), ("U1", "pass", "4", "≤ 10"), ("U2", "no_data", "6", None)]
    assert indicator("value, value_state", "004", "S", 2025) == (None, "held")
    assert indicator("value, value_state", "001", "S", 2025) == (10, "value")


def test_prev_reads_the_sum_over_predecessors_where_the_area_is_younger(indicator: One) -> None:
    # 121 + 200 + 300 in 2024, 683.1 in 2025
    numerator, denominator, value = indicator("numerator, denominator, value", "001", "V", 2025)
    assert (numerator, denominator, value) == pytest.approx((62.1, 621, 0.1))
    assert indicator("value", "001", "V", 2024) == pytest.approx((0.1,))


def test_prev_counts_years_and_not_rows(indicator: One) -> None:
    # the commune sent nothing in 2023
    assert indicator("value, value_state", "004", "V", 2024) == (None, "missing")
    assert indicator("value", "004", "V", 2025) == (749,)


# ---- areas of today, trends, provenance ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "year", "expected"),
    [
        # three predecessors: 121 + 200 + 300, and (30 + 10 + 20) / (40 + 20 + 140)
        ("P", 2024, (621, "value", "summed", 1, 3)),
        ("R", 2024, (30, "value", "weighted", 1, 3)),
        # the third had nothing to report: the other two are all there is
        ("P", 2023, (310, "value", "summed", 2 / 3, 3)),
        # its rate had no cases, so there is no rate of the whole
        ("R", 2023, (None, "not_available", "weighted", 2 / 3, 3)),
        # the third sent nothing
        ("P", 2022, (None, "missing", "summed", 2 / 3, 3)),
        ("X", 2024, (None, "not_available", "not_harmonised", 1, 3)),
        ("P", 2025, (683.1, "value", "reported", 1, 1)),
    ],
)
def test_earlier_years_stand_on_the_areas_of_today(
    ask: Ask, code: str, year: int, expected: tuple[Any, ...]
) -> None:
    ((value, *rest),) = ask(
        "select value, value_state, method, coverage, n_areas, area_name from fct_indicator_harmonised "
        "where area_code = '001' and indicator_code = ? and data_year = ? and category_code = '_T'",
        code,
        year,
    )
    assert (value, *rest) == (pytest.approx(expected[0]), *expected[1:], "Xã Mới")


def test_an_unknown_share_is_never_assumed(ask: Ask) -> None:
    assert ask(
        "select distinct method, value, numerator, value_state from fct_indicator_harmonised "
        "where area_code = '006' and indicator_code in ('P', 'R')"
    ) == [("not_harmonised", None, None, "not_available")]


def test_the_past_keeps_its_area_under_a_code_that_is_used_again(ask: Ask) -> None:
    assert ask(
        "select data_year, area_name from fct_indicator where area_code = '001' group by all order by 1"
    ) == [
        (2022, "Thị trấn Cũ"),
        (2023, "Thị trấn Cũ"),
        (2024, "Thị trấn Cũ"),
        (2025, "Xã Mới"),
    ]
    assert ask("select count(*), count(distinct area_key) from dim_area where area_code = '001'") == [(2, 2)]


def test_a_break_is_marked_where_it_happens_and_remembered(ask: Ask) -> None:
    assert ask(
        "select data_year, break_in_series, comparable_from from fct_indicator where area_code = '004' "
        "group by all order by 1"
    ) == [(2022, False, None), (2024, False, None), (2025, True, 2025)]


_TREND = (
    "select first_year, last_year, n, change, yoy_pct, cagr_pct, reason from fct_indicator_trend "
    "where basis = ? and area_name = ? and indicator_code = ? and category_code = '_T'"
)


def test_growth_is_reckoned_from_years(ask: Ask) -> None:
    # 100, 110, 121
    assert ask(_TREND, "as_reported", "Thị trấn Cũ", "P") == [
        (2022, 2024, 3, 11, 10, pytest.approx(10), None)
    ]
    # 310 in 2023, 621, 683.1: sqrt(683.1 / 310) - 1
    assert ask(_TREND, "harmonised", "Xã Mới", "P") == [
        (2023, 2025, 3, pytest.approx(62.1), pytest.approx(10), pytest.approx(48.443538), None)
    ]


def test_a_gap_is_no_step_and_a_break_ends_what_compares(ask: Ask) -> None:
    # 10 in 2022, nothing in 2023, 40 in 2024, 30 000 after the break
    assert ask(_TREND, "as_reported", "Xã Bốn", "P") == [(2025, 2025, 1, None, None, None, "too_short")]
    assert ask(_TREND, "harmonised", "Xã Bốn", "D2") == [
        (2022, 2025, 2, None, None, pytest.approx(100 * ((7 / 5) ** (1 / 3) - 1)), "no_previous_year")
    ]
    # 0 in 2023, 120 in 2024
    assert ask(_TREND, "as_reported", "Xã Ba", "D") == [(2023, 2024, 2, 120, None, None, "previous_is_zero")]


def test_no_forecast_is_made_of_few_years_and_a_break_that_leaves_few_is_told(ask: Ask) -> None:
    query = (
        "select forecast, reason, last_year, forecast_year from fct_indicator_forecast "
        "where basis = ? and area_name = ? and indicator_code = 'P' and category_code = '_T'"
    )
    # 10 in 2022, 40 in 2024, 30 000 after the break
    assert ask(query, "as_reported", "Xã Bốn") == [(None, "broken", 2025, 2026)]
    assert ask(query, "harmonised", "Xã Bốn") == [(None, "too_short", 2025, 2026)]
    assert ask(query, "as_reported", "Thị trấn Cũ") == [(None, "too_short", 2024, 2025)]


def test_a_forecast_is_bounded_by_what_a_count_or_a_share_of_parts_can_be_and_a_growth_is_not(
    ask: Ask,
) -> None:
    assert ask(
        "select indicator_code, lowest, highest from intermediate.int_round_indicators "
        "where round_code = 'T-2024' and indicator_code in ('P', 'R', 'V', 'X') order by all"
    ) == [("P", 0, None), ("R", 0, 100), ("V", None, None), ("X", None, None)]


def test_every_mart_and_column_says_what_it_is(ask: Ask) -> None:
    assert (
        ask("select distinct table_name from duckdb_tables() where schema_name = 'marts' and comment is null")
        == []
    )
    nameless = "schema_name = 'marts' and coalesce(comment, '') = ''"
    assert ask(f"select table_name, column_name from duckdb_columns() where {nameless}") == []  # noqa: S608


def test_provenance_leads_down_to_cells_of_predecessors_too(ask: Ask) -> None:
    assert ask(
        "select b.part, b.coefficient, r.reporting_unit_code, r.data_year, r.cell "
        "from bridge_indicator_source as b "
        "join fct_indicator as i on b.indicator_value_key = i.indicator_value_key "
        "join fct_reported_value as r on b.reported_value_key = r.reported_value_key "
        "where i.indicator_code = 'V' and i.category_code = '_T' and i.area_code = '001' and i.data_year = 2025 "
        "and b.part = 'numerator' order by all"
    ) == [
        ("numerator", -1, "O1", 2024, "F9"),
        ("numerator", -1, "O2", 2024, "F9"),
        ("numerator", -1, "O3", 2024, "F9"),
        ("numerator", 1, "U1", 2025, "F9"),
    ]
    # twice the whole less twice the part
    assert ask(
        "select r.data_element_code, b.coefficient from bridge_indicator_source as b "
        "join fct_indicator as i on b.indicator_value_key = i.indicator_value_key "
        "join fct_reported_value as r on b.reported_value_key = r.reported_value_key "
        "where i.indicator_code = 'D2' and i.area_code = '004' and i.data_year = 2025 order by 1"
    ) == [("R.MS", 2), ("R.TS", -2)]


def test_the_unit_tests_beside_the_models_pass(office: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, told in dbt_variables(office).items():
        monkeypatch.setenv(name, told)
    places = [
        "--project-dir",
        Project().dbt,
        "--profiles-dir",
        Project().dbt,
        "--target-path",
        office.build / "unit",
    ]
    told = [
        "test",
        "--select",
        "test_type:unit",
        *map(str, places),
        "--log-path",
        str(office.logs),
        "--quiet",
    ]
    done = dbtRunner().invoke(told)
    DuckDBConnectionManager.close_all_connections()
    assert done.exception is None
    ran = [result for result in done.result if result.node.resource_type == "unit_test"]
    assert {result.node.name: result.status for result in ran} == {
        "a_rate_is_recomputed_from_its_parts": "pass",
        "a_figure_is_an_outlier_only_among_enough_peers": "pass",
        "terms_come_together_as_the_formula_says": "pass",
        "the_lead_speaks_for_a_figure_else_who_contributes_else_whoever_reports_it": "pass",
    }


def test_an_office_that_received_nothing_builds_too(tmp_path: Path) -> None:
    ask = asker(build(tmp_path, Inputs(tables=small_office().tables)))
    assert ask("select count(*) from fct_indicator") == [(0,)]
    assert ask("select count(*) from fct_reporting_rate") == [(0,)]
    assert ask("select count(*) from dim_indicator") == [(12,)]


def test_what_is_made_from_the_marts_costs_a_build_nothing(office: DataFolder) -> None:
    log = (office.logs / "dbt.log").read_text(encoding="utf-8")
    build, _, _ = log.partition("Finished running")
    assert set(re.findall(r"\d+ of \d+ START (\w+)", build)) == {"sql", "python", "test", "hook"}
