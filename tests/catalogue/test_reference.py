"""What an office relies on in the reference data that ships."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date

import pytest

from dagster_project.catalogue.lineage import unchanged_areas
from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import load_catalogue
from dagster_project.catalogue.tables import TABLES
from dagster_project.paths import Project

Row = dict[str, str]
FOLDER = Project().reference


def _read(name: str) -> list[Row]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _leaves() -> list[Row]:
    return [row for row in _read("indicators") if row["node_type"] == "indicator"]


def _valid(row: Row, day: str) -> bool:
    return (row["valid_from"] or "0001-01-01") <= day <= (row["valid_to"] or "9999-12-31")


def _reporting(data_year: int) -> list[Row]:
    """Assignments of a commune's own units as valid on the last day of the year."""
    assignments = [row for row in _read("assignments") if row["form_code"] == "B01-X"]
    return [row for row in assignments if _valid(row, f"{data_year}-12-31")]


def test_what_ships_passes_the_check() -> None:
    assert check(load_catalogue(FOLDER)) == []


def test_no_rule_holds_back_a_figure_for_coming_after_none_or_before_none() -> None:
    kept = [
        row for row in _read("validation_rules") if row["severity"] == "blocking" and "prev(" in row["right"]
    ]
    assert {row["missing_strategy"] for row in kept} == {"skip_if_zero"}


def test_the_46_criteria_stand_in_the_groups_that_the_decision_names() -> None:
    codes = [row["indicator_code"] for row in _leaves()]
    assert len(set(codes)) == 46
    assert Counter(code.split(".")[0] for code in codes) == {"I": 2, "II": 10, "III": 5, "IV": 29}
    subgroups = Counter(row["parent_code"] for row in _leaves())
    # Six on research and four on transfer, three on the economy and two on enterprises: as the press quotes it.
    assert [subgroups[code] for code in ("II.1", "II.2", "III.1", "III.2")] == [6, 4, 3, 2]


def test_only_the_six_quoted_names_count_as_official() -> None:
    leaves = _leaves()
    assert Counter(row["status"] for row in leaves) == {
        "official": 6,
        "paraphrased": 8,
        "candidate": 29,
        "unknown": 3,
    }
    official = {row["indicator_code"] for row in leaves if row["status"] == "official"}
    assert official == {"I.1", "I.2", "II.1.1", "II.1.2", "II.1.3", "II.1.4"}


def test_no_formula_counts_as_confirmed() -> None:
    assert {row["formula_status"] for row in _leaves()} == {"inferred", "unknown"}


def test_doubt_stands_in_a_status_and_never_in_a_value() -> None:
    for name in TABLES:
        if (FOLDER / f"{name}.csv").exists():
            for row in _read(name):
                text = " ".join(value for value in row.values() if value).casefold()
                assert not any(mark in text for mark in ("(inferred", "ứng viên –", "[chưa", "[unknown")), row


@pytest.mark.parametrize("name", TABLES)
def test_a_file_has_the_columns_of_its_table_and_plain_lines(name: str) -> None:
    file = FOLDER / f"{name}.csv"
    if not file.exists():
        return
    content = file.read_bytes()
    assert b"\r" not in content
    assert not content.startswith(b"\xef\xbb\xbf")
    assert content.decode().splitlines()[0].split(",") == list(TABLES[name].columns)


def test_area_codes_are_five_digits_with_their_zeros() -> None:
    communes = [row["area_code"] for row in _read("areas") if row["level"] == "commune"]
    assert all(len(code) == 5 and code.startswith("0") for code in communes)


def test_the_106_communes_before_july_2025_went_whole_into_the_38_of_today() -> None:
    communes = [row for row in _read("areas") if row["level"] == "commune"]
    before = [row["area_code"] for row in communes if _valid(row, "2025-06-30")]
    today = [row["area_code"] for row in communes if _valid(row, "2025-07-01")]
    successions = _read("area_successions")
    assert (len(before), len(today), len(successions)) == (106, 38, 106)
    assert sorted(row["old_code"] for row in successions) == sorted(before)
    assert {row["new_code"] for row in successions} == set(today)
    assert {(row["date"], row["share"], row["basis"]) for row in successions} == {
        ("2025-07-01", "1", "whole")
    }


def test_code_03390_is_tam_duong_until_june_2025_and_binh_lu_after() -> None:
    named = {
        day: row["name_vi"]
        for day in ("2025-06-30", "2025-07-01")
        for row in _read("areas")
        if row["area_code"] == "03390" and _valid(row, day)
    }
    assert named == {"2025-06-30": "Thị trấn Tam Đường", "2025-07-01": "Xã Bình Lư"}
    into = {row["old_code"] for row in _read("area_successions") if row["new_code"] == "03390"}
    assert into == {"03390", "03412", "03413"}


@pytest.mark.parametrize("data_year", [2021, 2022, 2023, 2024, 2025])
def test_twelve_units_report_a_year(data_year: int) -> None:
    units = {
        row["reporting_unit_code"]
        for row in _read("reporting_units")
        if row["level"] == "commune" and _valid(row, f"{data_year}-12-31")
    }
    assigned = {row["reporting_unit_code"] for row in _reporting(data_year)}
    assert len(assigned) == 12
    assert assigned == units


def test_all_38_communes_report_to_the_province_what_its_own_offices_do_not() -> None:
    communes = {
        row["area_code"] for row in _read("areas") if row["level"] == "commune" and _valid(row, "2025-12-31")
    }
    units = [row for row in _read("reporting_units") if row["level"] == "province"]
    assert sorted(row["area_code"] for row in units if row["unit_type"] == "commune") == sorted(communes)
    asked = {
        row["unit_type"] or row["reporting_unit_code"]
        for row in _read("assignments")
        if row["form_code"] == "B01-T"
    }
    own = {row["reporting_unit_code"] for row in units if row["area_code"] == "12"}
    assert asked == {"commune", *own}
    assert len(communes) == 38


@pytest.mark.parametrize("data_year", [2021, 2024, 2025])
def test_every_figure_that_communes_report_has_one_lead_in_each_area(data_year: int) -> None:
    area_of = {row["reporting_unit_code"]: row["area_code"] for row in _read("reporting_units")}
    areas = {area_of[row["reporting_unit_code"]] for row in _reporting(data_year)}
    reported = {
        row["indicator_code"]
        for row in _read("applicability")
        if row["level"] == "commune" and row["how"] == "reported"
    }
    elements = {
        row["data_element_code"] for row in _read("data_elements") if row["indicator_code"] in reported
    }
    leads = Counter(
        (area_of[row["reporting_unit_code"]], row["data_element_code"])
        for row in _reporting(data_year)
        if row["role"] == "lead"
    )
    assert leads == {(area, element): 1 for area in areas for element in elements}


def test_some_figures_of_2025_come_from_a_contributor_beside_the_lead() -> None:
    led = {row["data_element_code"] for row in _read("data_elements") if row["unit_aggregation"] == "lead"}
    beside = {
        row["data_element_code"]
        for row in _reporting(2025)
        if row["role"] == "contributor" and row["data_element_code"] in led
    }
    assert len(beside) >= 2


def test_a_commune_is_not_asked_for_what_only_the_province_or_the_country_has() -> None:
    how = {row["indicator_code"]: row["how"] for row in _read("applicability") if row["level"] == "commune"}
    assert len(how) == 46
    beyond = ("III.1.1", "III.1.2", "IV.01", "IV.18", "IV.19", "IV.27", "IV.28", "IV.29")
    assert {how[code] for code in beyond} <= {"not_applicable", "supplied", "published"}
    unknown = [row["indicator_code"] for row in _leaves() if row["status"] == "unknown"]
    assert {how[code] for code in unknown} == {"undetermined"}


def test_units_send_before_the_10th_communes_before_the_12th_the_province_by_the_15th_of_april() -> None:
    due = {
        row["level"]: (row["due_date"], row["inclusive"])
        for row in _read("round_due_dates")
        if row["round_code"] == "2244-X-2025"
    }
    assert due == {
        "unit": ("2026-04-10", "false"),
        "commune": ("2026-04-12", "false"),
        "province": ("2026-04-15", "true"),
    }


def test_the_year_of_the_merger_breaks_the_communes_series() -> None:
    breaks = [row["round_code"] for row in _read("rounds") if row["is_break"] == "true"]
    assert breaks == ["2244-X-2025"]


@pytest.mark.parametrize(
    "day",
    [
        # New Year's Day of the lunar calendar and 10/3 of it, as the calendars print them.
        date(2022, 2, 1),
        date(2023, 1, 22),
        date(2024, 2, 10),
        date(2025, 1, 29),
        date(2026, 2, 17),
        date(2027, 2, 6),
        date(2028, 1, 26),
        date(2022, 4, 10),
        date(2023, 4, 29),
        date(2024, 4, 18),
        date(2025, 4, 7),
        date(2026, 4, 26),
        date(2027, 4, 16),
        date(2028, 4, 4),
    ],
)
def test_tet_and_the_hung_kings_day_are_no_working_days(day: date) -> None:
    off = {row["date"] for row in _read("holidays") if row["is_working_day"] == "false"}
    assert day.isoformat() in off


def test_each_state_of_a_value_has_one_word_that_forms_print() -> None:
    for name, column in (("value_states", "value_state"), ("value_statuses", "value_status")):
        labels = Counter(row[column] for row in _read(name) if row["is_label"] == "true")
        assert set(labels.values()) == {1}
        assert set(labels) == {row[column] for row in _read(name)}


def test_words_that_could_mean_two_things_are_left_to_a_person() -> None:
    words = {row["word"].casefold() for row in _read("value_states")}
    assert words.isdisjoint({"không", "n/a", "x", "đạt", "(*)", "khác"})


def test_an_area_that_went_whole_into_itself_is_the_same_and_one_that_took_others_in_is_not() -> None:
    same = unchanged_areas(load_catalogue(FOLDER), date(2024, 12, 31), date(2025, 12, 31))
    assert {"12", "03451", "03463"} <= same
    assert "03390" not in same
