"""What decisions of units and officers do to the marts: figures entered, answers, verdicts, exemptions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from dbt_inputs import Inputs, day
from small_office import small_office
from test_marts import Ask, asker, build

from dagster_project.paths import DataFolder
from dagster_project.warehouse.readiness import read_readiness
from dagster_project.warehouse.summary import reported_values

ENTERED = datetime.fromisoformat("2026-05-04T08:00:00+07:00")
AREAS = {"K4": "004", "U1": "001", "U2": "001", "U3": "001", "O3": "003", "O5": "005"}


def enter(office: Inputs, unit: str, year: int, element: str, figure: float | None, **columns: Any) -> None:
    office.entries.append(
        {
            "entry_id": f"SL-{len(office.entries) + 1:04}",
            "kind": "correction" if "expect" in columns else "on_behalf",
            "round_code": f"T-{year}",
            "period_code": str(year),
            "area_code": AREAS[unit],
            "reporting_unit_code": unit,
            "data_element_code": element,
            "category_code": "_T",
            "value": figure,
            "value_exact": None if figure is None else f"{figure:g}",
            "value_state": "value",
            "reason": "gọi điện",
            "said_by": "chị Hà",
            "entered_at": ENTERED,
            "entered_by": "Lan",
            "is_sample": False,
            **columns,
        }
    )


def key(unit: str, year: int, element: str, rule: str, observed: str) -> dict[str, Any]:
    return {
        "rule_code": rule,
        "reporting_unit_code": unit,
        "area_code": AREAS[unit],
        "period_code": str(year),
        "data_element_code": element,
        "category_code": "_T",
        "observed": observed,
        "is_sample": False,
    }


def excuse(office: Inputs, unit: str, year: int, kind: str, **columns: Any) -> None:
    office.exemptions.append(
        {
            "exemption_id": f"MG-{len(office.exemptions) + 1:04}",
            "reporting_unit_code": unit,
            "area_code": AREAS[unit],
            "form_code": "F1",
            "round_code": f"T-{year}",
            "kind": kind,
            "reason": f"lý do của {unit}",
            "decided_by": "Lan",
            "decided_at": datetime.fromisoformat("2023-03-01T08:00:00+07:00"),
            "is_sample": False,
            **columns,
        }
    )


def decided_office() -> Inputs:
    """The small office after all kinds of decisions."""
    office = small_office()
    for code in ("entry_source_changed", "entry_unconfirmed", "entry_replaced"):
        office.rule(
            code.upper(),
            kind=code,
            severity="info",
            message_vi="{observed} / {expected}, {said_by}, {reason}",
        )
    office.rule("BLANK", kind="figure_missing")
    office.rule("COPIED", kind="copied_from_last_year", tolerance=0.8, absolute_floor=4.0)
    office.rule("OWED", {"X.GT": 1}, ">=", {None: 0}, missing_strategy="never")
    office.rule("NEW", {"L.GT": 1}, ">=", {None: 0})

    enter(office, "K4", 2025, "R.MS", 6, expect="4")
    enter(office, "K4", 2022, "P.GT", 12, expect="10", confirmed_at=ENTERED)
    enter(office, "K4", 2024, "P.GT", 41, expect="39")
    enter(office, "K4", 2025, "S.GT", 3, expect="30")
    enter(office, "U1", 2025, "X.GT", 2.5, expect="3", value_exact="2.5000001")
    enter(office, "K4", 2025, "P.GT", 29_000)
    enter(office, "K4", 2022, "X.GT", 7)
    enter(office, "U3", 2025, "X.GT", 5, paper_sha256="p" * 64, paper_name="bản giấy.pdf", page=2)

    office.findings += [
        {
            "finding_id": f"cell-{element}",
            "rule_code": "VALUE_BELOW_MIN",
            "stage": "admission",
            "status": "fail",
            "severity": "blocking",
            "reporting_unit_code": "U1",
            "area_code": "001",
            "round_code": "T-2025",
            "period_code": "2025",
            "data_element_code": element,
            "is_sample": False,
        }
        for element in ("X.GT", "Y.GT")
    ]
    office.findings.append(
        {
            **office.findings[-2],
            "finding_id": "returned-X",
            "stage": "returned",
            "rule_code": "RETURNED_TO_MEND",
        }
    )
    office.responses += [
        {**key("U1", 2025, "P.GT", "TOTAL", "683,1"), "response_id": "GT-1", "text": "Làm tròn"},
        {**key("U2", 2025, "S.GT", "SMALL_PART", "7"), "response_id": "GT-2", "text": "Số cũ"},
    ]
    office.verdicts += [
        {
            **key("K4", 2024, "R.TS", "PART_LE_WHOLE", "8"),
            "verdict_id": "QD-1",
            "verdict": "accept",
            "reason": "đã đối chiếu",
            "decided_by": "Lan",
            "decided_at": ENTERED,
        },
        {**key("K4", 2025, "S.GT", "PART_JUMP", "4"), "verdict_id": "QD-2", "verdict": "accept"},
    ]
    office.tables["report_recipients"] = [
        {
            "criteria_set_code": "T",
            "level": "commune",
            "addressee_vi": "Sở cũ",
            "valid_to": day("2024-12-31"),
        },
        {"criteria_set_code": "T", "level": "commune", "addressee_vi": "Sở", "valid_from": day("2025-01-01")},
        {"criteria_set_code": "T", "level": "province", "addressee_vi": "Bộ"},
    ]
    office.report_texts += [
        {
            "text_id": f"NX-{place:04}",
            "round_code": "T-2025",
            "section": section,
            "text": text,
            "written_by": "Lan",
            "written_at": ENTERED,
            "is_sample": False,
        }
        for place, (section, text) in enumerate(
            [("assessment", "Bản một"), ("proposals", "Kiến nghị"), ("assessment", "Bản hai")], start=1
        )
    ]
    excuse(office, "O3", 2022, "nothing_to_report")
    excuse(office, "O5", 2022, "exempt")
    excuse(office, "K4", 2023, "not_sending")
    excuse(office, "U2", 2025, "extension", until=day("2026-04-10"))
    excuse(office, "O5", 2023, "extension", until=day("2024-06-01"))
    office.submit("O5", "005", 2023, {"P.GT": 1}, blocked=True)
    office.submit("O5", "005", 2023, {"P.GT": 2}, blocked=True, received_at="2024-03-02T09:00:00+07:00")
    office.submissions += [
        {**office.submissions[-1], "submission_id": f"nobodys-{place}", "reporting_unit_code": None}
        for place in (1, 2)
    ]
    office.findings += [
        {
            **office.findings[-2],
            "finding_id": f"file-{place}",
            "reporting_unit_code": sent["reporting_unit_code"],
            "submission_id": sent["submission_id"],
            "area_code": sent["area_code"],
            "round_code": sent["round_code"],
            "period_code": sent["period_code"],
            "data_element_code": None,
            "rule_code": "FORM_OLD",
        }
        for place, sent in enumerate(office.submissions)
        if (sent["reporting_unit_code"], sent["period_code"])
        in {("U1", "2025"), ("O5", "2023"), (None, "2023")}
    ]
    return office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return build(tmp_path_factory.mktemp("decisions"), decided_office())


@pytest.fixture(scope="module")
def ask(office: DataFolder) -> Ask:
    return asker(office)


_VALUE = (
    "select value, value_state, entered_how, raw_text, cell from fct_reported_value "
    "where reporting_unit_code = ? and data_year = ? and data_element_code = ? and category_code = '_T'"
)
_INDICATOR = (
    "select value, value_state from fct_indicator "
    "where area_code = ? and data_year = ? and indicator_code = ? and category_code = '_T'"
)
_FOUND = (
    "select reporting_unit_code, data_element_code, observed, expected from fct_finding "
    "where rule_code = ? and status = 'fail' order by all"
)


def test_a_correction_counts_while_its_source_holds_what_was_corrected(ask: Ask) -> None:
    assert ask(_VALUE, "K4", 2025, "R.MS") == [(6, "value", "correction", "4", "F11")]
    # three of six
    assert ask(_INDICATOR, "004", 2025, "R") == [(50, "value")]
    assert ask(_VALUE, "K4", 2022, "P.GT") == [(12, "value", "correction", "10", "F9")]


def test_a_correction_takes_a_quarantined_figure_out_of_quarantine(ask: Ask) -> None:
    assert ask(_VALUE, "U1", 2025, "X.GT") == [(2.5, "value", "correction", "3", "F16")]
    assert ask(
        "select cast(value_decimal as varchar) from fct_reported_value "
        "where reporting_unit_code = 'U1' and data_element_code = 'X.GT'"
    ) == [("2.5000001000",)]
    assert ask(_INDICATOR, "001", 2025, "X") == [(2.5, "value")]


def test_a_cell_whose_figure_was_corrected_is_no_longer_to_be_mended(ask: Ask) -> None:
    assert ask(
        "select data_element_code, is_open from fct_finding where rule_code = 'VALUE_BELOW_MIN' order by all"
    ) == [("X.GT", False), ("Y.GT", True)]


def test_what_was_wrong_with_a_file_in_place_of_which_the_unit_sent_another_is_history(ask: Ask) -> None:
    assert ask(
        "select s.reporting_unit_code, s.status, f.is_open from fct_finding as f "
        "join fct_submission as s using (submission_id) where f.rule_code = 'FORM_OLD' "
        "order by s.reporting_unit_code, s.received_at, s.submission_id"
    ) == [
        # the second one counts, and the third, which is refused, came last
        ("O5", "refused", False),
        ("O5", "refused", True),
        ("U1", "superseded", False),
        ("U1", "quarantined", True),
        ("U1", "refused", True),
        # of two files that nobody is known to have sent, none is in place of the other
        (None, "refused", True),
        (None, "refused", True),
    ]


def test_what_the_level_above_says_of_a_corrected_figure_is_open(ask: Ask) -> None:
    assert ask("select is_open, cell from fct_finding where finding_id = 'returned-X'") == [(True, "F16")]


def test_a_figure_that_was_asked_for_and_left_blank_is_asked_for_at_its_cell(ask: Ask) -> None:
    assert ask(
        "select reporting_unit_code, data_year, data_element_code, category_code, cell, is_open "
        "from fct_finding where rule_code = 'BLANK' order by all"
    ) == [("U1", 2025, "L.GT", "_T", "F18", True)]


def test_a_correction_whose_source_changed_is_told_and_not_applied(ask: Ask) -> None:
    assert ask(_FOUND, "ENTRY_SOURCE_CHANGED") == [("K4", "P.GT", "40", "41")]
    assert ask(_VALUE, "K4", 2024, "P.GT") == [(40, "value", "form", "40", "F9")]


def test_a_correction_that_the_source_already_follows_has_nothing_to_say(ask: Ask) -> None:
    assert ask(_VALUE, "K4", 2025, "S.GT") == [(3, "value", "form", "3", "F12")]
    assert ask("select * from fct_finding where rule_code like 'ENTRY%' and data_element_code = 'S.GT'") == []


def test_the_history_tells_of_a_correction_too(ask: Ask) -> None:
    assert ask(
        "select value, entered_how, is_current, known_to = max(known_from) over () "
        "from fct_reported_value_history where reporting_unit_code = 'K4' and data_element_code = 'R.MS' "
        "and data_year = 2025 order by known_from"
    ) == [(4, "form", False, True), (6, "correction", True, None)]


def test_a_figure_on_behalf_fills_what_the_unit_did_not_send(ask: Ask) -> None:
    assert ask(_VALUE, "K4", 2022, "X.GT") == [(7, "value", "on_behalf", "7", None)]
    assert ask(_VALUE, "K4", 2025, "P.GT") == [(30_000, "value", "form", "30000", "F9")]
    assert ask(_FOUND, "ENTRY_REPLACED") == [("K4", "P.GT", "30.000", "29.000")]


def test_a_unit_that_sent_nothing_has_a_submission_that_cites_its_paper(ask: Ask) -> None:
    assert ask(
        "select v.value, v.file_name, v.cell, s.entered_how, s.revision, s.is_current, s.status, s.on_time "
        "from fct_submission as s join fct_reported_value as v on s.submission_id = v.submission_id "
        "where s.reporting_unit_code = 'U3'"
    ) == [(5, "bản giấy.pdf", "tr. 2", "on_behalf", 1, True, "accepted_with_warnings", False)]
    # it stands beside the figure of the unit that leads
    assert ("U3", "X.GT", "5", "2,5") in ask(_FOUND, "LEAD_CONTRIBUTOR")


def test_entered_figures_wait_for_their_unit(ask: Ask) -> None:
    assert ask(_FOUND, "ENTRY_UNCONFIRMED") == [
        ("K4", "R.MS", "6", "4"),
        ("K4", "X.GT", "7", None),
        ("U1", "X.GT", "2,5", "3"),
        ("U3", "X.GT", "5", None),
    ]
    assert ask(
        "select severity, sheet, cell, message_vi from fct_finding "
        "where rule_code = 'ENTRY_UNCONFIRMED' and data_element_code = 'R.MS'"
    ) == [("info", "Biểu", "F11", "6 / 4, chị Hà, gọi điện")]


def test_an_answer_silences_its_warning_for_that_figure_only(ask: Ask) -> None:
    query = "select severity, status, unit_response, is_open from fct_finding where rule_code = ? and observed = ?"
    assert ask(query, "TOTAL", "683,1") == [("info", "fail", "Làm tròn", False)]
    assert ask(query, "SMALL_PART", "6") == [("warning", "fail", None, True)]


def test_a_decision_releases_the_figure_and_stays_visible(ask: Ask) -> None:
    query = (
        "select severity, is_open, decided_by, decision_reason from fct_finding "
        "where rule_code = ? and status = 'fail' and reporting_unit_code = 'K4'"
    )
    assert ask(query, "PART_LE_WHOLE") == [("blocking", False, "Lan", "đã đối chiếu")]
    # eight of five
    assert ask(_INDICATOR, "004", 2024, "R") == [(160, "value")]
    # that decision was about another figure
    assert ask(query, "PART_JUMP") == [("blocking", True, None, None)]
    assert ask(_INDICATOR, "004", 2025, "S") == [(None, "held")]


def test_nothing_to_report_is_zero_for_amounts(ask: Ask) -> None:
    assert ask(_INDICATOR, "003", 2022, "P") == [(0, "zero")]
    assert ask(_INDICATOR, "003", 2022, "R") == [(None, "not_available")]
    assert ask(_INDICATOR, "003", 2022, "X") == [(None, "not_applicable")]
    assert ask(
        "select entered_how, note_text, count(*) from fct_reported_value "
        "where reporting_unit_code = 'O3' and data_year = 2022 group by all"
    ) == [("on_behalf", "lý do của O3", 9)]


def test_excuses_count_as_what_they_are(ask: Ask) -> None:
    query = (
        "select expected, actual, reporting_rate, exempt, note from fct_reporting_rate "
        "where reporting_unit_code = ? and data_year = ?"
    )
    assert ask(query, "O3", 2022) == [(1, 1, 1, False, "lý do của O3")]
    assert ask(query, "O5", 2022) == [(0, 0, None, True, "lý do của O5")]
    assert ask(query, "K4", 2023) == [(1, 0, 0, False, "lý do của K4")]
    missing = ask(
        "select reporting_unit_code, data_year from fct_finding "
        "where rule_code = 'SUBMISSION_MISSING' and status = 'fail' order by all"
    )
    assert missing == [("O5", 2023)]


def test_an_extension_moves_the_deadline(ask: Ask) -> None:
    assert ask(
        "select on_time, strftime(due_at at time zone 'Asia/Ho_Chi_Minh', '%d/%m %H:%M') from fct_submission "
        "where reporting_unit_code = 'U2'"
    ) == [(True, "11/04 00:00")]
    assert ask(
        "select actual_on_time, note, strftime(due_at at time zone 'Asia/Ho_Chi_Minh', '%d/%m %H:%M') "
        "from fct_reporting_rate where reporting_unit_code = 'U2' and data_year = 2025"
    ) == [(1, "lý do của U2", "11/04 00:00")]
    assert ask(_FOUND, "SUBMISSION_LATE") == [("U3", None, "08:00 04/05/2026", "24:00 09/04/2026")]


def test_a_copied_form_is_told_once(ask: Ask) -> None:
    assert ask(
        "select reporting_unit_code, data_year, status, observed, expected, sheet from fct_finding "
        "where rule_code = 'COPIED' and data_year < 2025 order by all"
    ) == [
        ("O1", 2023, "fail", "4/5", "< 4", None),
        ("O1", 2024, "fail", "4/5", "< 4", None),
        ("O2", 2023, "fail", "4/4", "< 4", None),
        ("O2", 2024, "fail", "4/4", "< 4", None),
    ]


def test_a_rule_that_nobody_may_skip_fails_without_its_figure(ask: Ask) -> None:
    assert ask(
        "select area_code, status, observed from fct_finding where rule_code = 'OWED' and data_year = 2024 "
        "order by all"
    ) == [
        ("001", "pass", "5"),
        ("002", "pass", "7"),
        ("003", "pass", "9"),
        ("004", "fail", None),
        ("005", "fail", None),
    ]


def test_a_rule_did_not_run_before_its_figures_were_asked_or_where_the_file_was_refused(ask: Ask) -> None:
    assert ask(
        "select data_year, status from fct_finding where rule_code = 'NEW' group by all order by all"
    ) == [
        (2022, "did_not_run"),
        (2023, "did_not_run"),
        (2024, "did_not_run"),
        (2025, "no_data"),
    ]
    found = ask(
        "select rule_code, s.received_at = max(s.received_at) over (), f.message_vi "
        "from fct_finding as f join fct_submission as s using (submission_id) "
        "where f.reporting_unit_code = 'O5' and f.data_year = 2023 and f.status = 'did_not_run' order by all"
    )
    assert {code for code, _, _ in found} >= {"PART_LE_WHOLE", "TYPED_RATE", "TOTAL", "SMALL_PART"}
    assert {(last, words) for _, last, words in found} == {(True, None)}


def test_the_newest_text_of_a_section_counts_and_the_earlier_ones_stay(ask: Ask) -> None:
    told = ask("select section, text, data_year, is_current from fct_report_text order by text_id")
    assert told == [
        ("assessment", "Bản một", 2025, False),
        ("proposals", "Kiến nghị", 2025, True),
        ("assessment", "Bản hai", 2025, True),
    ]


def test_a_round_knows_to_whom_its_report_goes_as_of_its_time(ask: Ask) -> None:
    told = dict(ask("select round_code, addressee_vi from dim_round where data_year >= 2024"))
    assert (told["T-2024"], told["T-2025"]) == ("Sở cũ", "Sở")


def test_of_a_figure_on_behalf_that_was_corrected_only_the_correction_is_left_to_confirm(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    office = small_office()
    office.rule("ENTRY_UNCONFIRMED", kind="entry_unconfirmed", severity="info", message_vi="{observed}")
    enter(office, "K4", 2024, "X.GT", 8)
    enter(office, "K4", 2024, "X.GT", 9, expect="8")
    told = asker(build(tmp_path_factory.mktemp("corrected"), office))
    assert told("select observed, expected from fct_finding where rule_code = 'ENTRY_UNCONFIRMED'") == [
        ("9", "8")
    ]
    assert told(
        "select value, entered_how from fct_reported_value "
        "where reporting_unit_code = 'K4' and data_year = 2024 and data_element_code = 'X.GT'"
    ) == [(9.0, "correction")]


def test_a_figure_that_an_officer_accepted_stands_in_next_years_form(office: DataFolder) -> None:
    told = reported_values(office.build_file, "T-2024", ["004"])
    figures = dict(
        told.filter(pl.col("reporting_unit_code") == "K4").select("data_element_code", "value").iter_rows()
    )
    # PART_LE_WHOLE holds it, and was decided on
    assert figures["R.TS"] == 8.0
    # FEW_WOMEN holds that of U1, and nobody decided
    held = reported_values(office.build_file, "T-2025", ["001"]).filter(
        pl.col("reporting_unit_code") == "U1", pl.col("category_code") != "_T"
    )
    assert held["category_code"].to_list() == ["NAM"]


def test_next_years_form_shows_no_figure_of_an_area_that_is_another_now(office: DataFolder) -> None:
    told = reported_values(office.build_file, "T-2024", ["002", "004"])
    assert set(told["reporting_unit_code"]) == {"O2", "K4"}


def test_who_was_given_more_time_is_still_missed_and_who_said_to_send_nothing_is_not(
    office: DataFolder,
) -> None:
    found = read_readiness(office.build_file, "T-2023")
    assert [row["reporting_unit_code"] for row in found.not_sent] == ["O5"]
    # nor is its last file, which was refused, of no concern
    assert "O5" in {row["reporting_unit_code"] for row in found.blocking}
