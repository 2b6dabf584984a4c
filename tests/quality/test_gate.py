"""What a user relies on: a wrong figure is held out at its cell, the others go on, and our own faults are ours."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dagster_project.catalogue.tables import TABLES
from dagster_project.frames import CELLS, FINDINGS, SUBMISSIONS, empty
from dagster_project.messages import message_table
from dagster_project.paths import Project
from dagster_project.quality.gate import Gate, admit

SUITES = Project().expectations
ELEMENTS = [
    # code, value type, min, max, disaggregation
    ("I.1.TONG", "count", None, None, "GIOI"),
    ("I.2.TL", "percent", None, None, None),
    ("I.3.DIEM", "index", 0.0, 10.0, None),
    ("I.4.CHU", "text", None, None, None),
]


class TinyCatalogue:
    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, object]]] = {
            "data_elements": [
                {
                    "data_element_code": code,
                    "indicator_code": code.rsplit(".", 1)[0],
                    "name_vi": f"Tên {code}",
                    "value_type": value_type,
                    "min_value": low,
                    "max_value": high,
                    "disaggregation_code": disaggregation,
                }
                for code, value_type, low, high, disaggregation in ELEMENTS
            ],
            "categories": [{"disaggregation_code": "GIOI", "category_code": "NU"}],
            "units_of_measure": [{"unit": "người"}, {"unit": "%"}],
            "reporting_units": [{"reporting_unit_code": "BL-KT"}],
            "areas": [{"area_code": "03390"}],
            "forms": [{"form_code": "B01-X"}],
            "rounds": [
                {"round_code": f"2244-X-{year}", "period_end": date(year, 12, 31)} for year in (2024, 2025)
            ],
        }

    def table(self, name: str) -> pl.DataFrame:
        return pl.DataFrame(self.rows.get(name, []), schema=TABLES[name].columns)


def submissions(**changes: object) -> pl.DataFrame:
    row: dict[str, object] = {
        "submission_id": "s1",
        "sha256": "f1",
        "file_name": "kinh-te.xlsx",
        "reporting_unit_code": "BL-KT",
        "area_code": "03390",
        "form_code": "B01-X",
        "round_code": "2244-X-2025",
        "period_code": "2025",
        "received_at": datetime(2026, 4, 8, tzinfo=UTC),
        "blocked": False,
        "entered_how": "form",
    }
    return pl.DataFrame([row | changes], schema=SUBMISSIONS)


def value(row: int, code: str, number: float | None, **changes: object) -> dict[str, object]:
    return {
        "sha256": "f1",
        "file_name": "kinh-te.xlsx",
        "sheet": "Biểu",
        "row": row,
        "col": 6,
        "cell": f"F{row}",
        "raw_text": "" if number is None else str(number),
        "cell_type": "blank" if number is None else "number",
        "role": "value",
        "submission_id": "s1",
        "reporting_unit_code": "BL-KT",
        "area_code": "03390",
        "form_code": "B01-X",
        "round_code": "2244-X-2025",
        "period_code": "2025",
        "data_element_code": code,
        "category_code": "_T",
        "value": number,
        "value_state": "missing" if number is None else "value",
        "unit": "người",
        "is_sample": True,
        "disposition": "accepted",
    } | changes


def note(row: int, code: str, **changes: object) -> dict[str, object]:
    return value(
        row, code, None, role="note", col=10, cell=f"J{row}", raw_text="ghi chú", value_state=None, **changes
    )


def batch(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=CELLS)


def run(*rows: dict[str, object], suites: Path = SUITES) -> Gate:
    return admit(batch(*rows), submissions(), TinyCatalogue(), suites)


GOOD = (
    value(10, "I.1.TONG", 12.0),
    value(11, "I.1.TONG", 5.0, category_code="NU"),
    value(12, "I.2.TL", 45.5, unit="%"),
    value(13, "I.3.DIEM", None, unit=None),
    value(14, "I.4.CHU", None, raw_text="Đạt", value_text="Đạt", value_state="value", unit=None),
    note(10, "I.1.TONG"),
)
FAULTS: dict[str, dict[str, object]] = {
    "DATA_ELEMENT_UNKNOWN": value(20, "I.9.LA", 1.0),
    "CATEGORY_UNKNOWN": value(20, "I.1.TONG", 1.0, category_code="NAM"),
    "UNIT_OF_MEASURE_UNKNOWN": value(20, "I.3.DIEM", 1.0, unit="gang tay", area_code="03391"),
    "VALUE_BELOW_MINIMUM": value(20, "I.1.TONG", -3.0, area_code="03391"),
    "VALUE_ABOVE_MAXIMUM": value(20, "I.3.DIEM", 10.5, unit=None, area_code="03391"),
    "COUNT_NOT_WHOLE": value(20, "I.1.TONG", 3.5, area_code="03391"),
    "PERCENT_UNUSUAL": value(20, "I.2.TL", 1250.0, unit="%", area_code="03391"),
}


def test_a_clean_batch_goes_through_untouched() -> None:
    gate = run(*GOOD)
    assert gate.findings.is_empty()
    assert gate.broken == []
    assert gate.cells.equals(batch(*GOOD))
    assert {result.dataset for result in gate.results} == {"cells", "submissions", "reported_values"}


@pytest.mark.parametrize("rule_code", FAULTS)
def test_a_fault_is_found_at_its_cell_and_the_rest_goes_on(rule_code: str) -> None:
    fault = FAULTS[rule_code]
    companion = note(20, str(fault["data_element_code"])) | {
        name: fault[name] for name in ("category_code", "area_code")
    }
    gate = run(*GOOD, fault, companion)
    finding = gate.findings.row(0, named=True)
    assert gate.findings.height == 1
    assert (finding["rule_code"], finding["sheet"], finding["cell"]) == (rule_code, "Biểu", "F20")
    assert (finding["file_name"], finding["stage"], finding["is_sample"]) == (
        "kinh-te.xlsx",
        "admission",
        True,
    )
    assert finding["observed"] == fault["raw_text"]
    assert finding["expected"]
    assert "Đề nghị đơn vị" in finding["advice_vi"]
    assert gate.broken == []
    held = gate.cells.filter(pl.col("disposition") == "quarantined")
    if finding["severity"] == "blocking":
        assert held["cell"].to_list() == ["F20", "J20"], "the figure and what was said about it"
        assert held["reason"].unique().to_list() == [rule_code]
    else:
        assert held.is_empty()
    assert gate.cells.select("sheet", "cell").equals(batch(*GOOD, fault, companion).select("sheet", "cell"))


def test_bounds_are_named_as_people_write_them() -> None:
    finding = run(*GOOD, FAULTS["VALUE_ABOVE_MAXIMUM"]).findings.row(0, named=True)
    assert finding["expected"] == "≤ 10"
    assert (
        finding["message_vi"] == "Giá trị 10.5 của I.3.DIEM (Tên I.3.DIEM) lớn hơn mức cao nhất có thể là 10."
    )


def test_one_figure_in_two_cells_holds_both() -> None:
    gate = run(*GOOD, value(30, "I.1.TONG", 13.0))
    assert gate.findings["rule_code"].unique().to_list() == ["VALUE_GIVEN_TWICE"]
    assert gate.findings["cell"].to_list() == ["F10", "F30"]
    held = gate.cells.filter(pl.col("disposition") == "quarantined")
    assert sorted(held["cell"].to_list()) == ["F10", "F30", "J10"]


def test_a_cell_with_two_faults_gets_both_findings() -> None:
    gate = run(value(10, "I.1.TONG", -3.5))
    assert sorted(gate.findings["rule_code"].to_list()) == ["COUNT_NOT_WHOLE", "VALUE_BELOW_MINIMUM"]


def test_what_is_held_or_ignored_already_is_not_looked_at_again() -> None:
    fault = FAULTS["COUNT_NOT_WHOLE"]
    for disposition in ("quarantined", "ignored"):
        assert run(*GOOD, fault | {"disposition": disposition, "reason": "R"}).findings.is_empty()


def test_each_round_is_judged_for_itself() -> None:
    other = value(
        10, "I.1.TONG", -1.0, sha256="f2", submission_id="s2", round_code="2244-X-2024", period_code="2024"
    )
    gate = run(*GOOD, other)
    judged = {
        result.round_code: (result.success, result.failed, result.evaluated)
        for result in gate.results
        if result.rule_code == "VALUE_BELOW_MINIMUM"
    }
    assert judged == {"2244-X-2024": (False, 1, 1), "2244-X-2025": (True, 0, 5)}
    assert gate.findings["round_code"].to_list() == ["2244-X-2024"]


def test_the_accepted_rest_passes_every_blocking_expectation() -> None:
    gate = run(
        *GOOD, *(fault | {"cell": f"F{n}", "row": n} for n, fault in enumerate(FAULTS.values(), start=40))
    )
    assert set(gate.findings["rule_code"]) >= set(FAULTS)
    again = admit(gate.cells, submissions(), TinyCatalogue(), SUITES)
    assert [result for result in again.results if not result.success and result.severity == "blocking"] == []
    assert again.cells.equals(gate.cells)


def test_bounds_are_those_of_the_round() -> None:
    catalogue = TinyCatalogue()
    catalogue.rows["data_elements"] = [
        {"data_element_code": "X.1", "name_vi": "X", "max_value": high, "valid_from": start, "valid_to": end}
        for high, start, end in (
            (100.0, date(2025, 1, 1), None),
            (10.0, date(2020, 1, 1), date(2024, 12, 31)),
        )
    ]
    earlier = {"round_code": "2244-X-2024", "period_code": "2024"}
    cells = batch(value(10, "X.1", 50.0), value(9, "X.1", 50.0, **earlier))
    assert admit(cells, submissions(), catalogue, SUITES).findings["cell"].to_list() == ["F9"]


def test_an_empty_batch_is_a_batch() -> None:
    gate = admit(empty(CELLS), empty(SUBMISSIONS), TinyCatalogue(), SUITES)
    assert gate.broken == []
    assert gate.findings.schema == FINDINGS


def test_a_batch_of_the_wrong_shape_is_our_fault_and_goes_no_further() -> None:
    for cells in (
        batch(*GOOD).with_columns(pl.col("value").cast(pl.String)),
        batch(*GOOD).drop("sheet"),
        batch(*GOOD, GOOD[0]),
        batch(GOOD[0] | {"disposition": "quarantined", "reason": None}),
        batch(GOOD[0] | {"disposition": "lost", "reason": "x"}),
    ):
        gate = admit(cells, submissions(), TinyCatalogue(), SUITES)
        assert gate.broken
        assert gate.findings.is_empty()
        assert gate.cells is cells
        assert gate.broken[0].rule_code in gate.broken[0].text("vi")


def test_a_value_that_contradicts_its_state_is_our_fault() -> None:
    for fault in (
        {"value": None},
        {"value_state": "missing"},
        {"value_state": "perhaps"},
        {"value_state": None},
    ):
        gate = run(GOOD[0] | fault)
        assert gate.broken, fault
        assert gate.findings.is_empty()


def test_an_accepted_submission_names_what_the_catalogue_knows() -> None:
    for fault in ({"reporting_unit_code": "BL-??"}, {"area_code": "00000"}, {"round_code": "2244-X-1999"}):
        assert admit(batch(), submissions(**fault), TinyCatalogue(), SUITES).broken
        blocked = submissions(**fault, blocked=True)
        assert admit(batch(), blocked, TinyCatalogue(), SUITES).broken == []


def test_an_expectation_that_cannot_run_does_not_spoil_the_others(tmp_path: Path) -> None:
    suites = tmp_path / "expectations"
    shutil.copytree(SUITES, suites)
    file = suites / "reported_values.json"
    suite = json.loads(file.read_text(encoding="utf-8"))
    broken: dict[str, Any] = {
        "type": "expect_column_values_to_be_between",
        "meta": {"rule_code": "VALUE_BELOW_MINIMUM", "severity": "blocking", "row_level": True},
    }
    suite["expectations"] += [
        broken | {"kwargs": {"column": "value_state", "min_value": 0}},
        broken | {"kwargs": {"column": "no_such_column", "min_value": 0}},
    ]
    file.write_text(json.dumps(suite), encoding="utf-8")
    gate = run(*GOOD, FAULTS["COUNT_NOT_WHOLE"], suites=suites)
    assert gate.findings["rule_code"].to_list() == ["COUNT_NOT_WHOLE"]
    assert len(gate.broken) == 2
    assert all(result.error for result in gate.broken)


def test_every_rule_of_a_suite_has_its_words_and_the_same_severity() -> None:
    for file in sorted(SUITES.glob("*.json")):
        suite = json.loads(file.read_text(encoding="utf-8"))
        assert suite["name"] == file.stem
        for meta in (one["meta"] for one in suite["expectations"]):
            if meta["row_level"]:
                assert message_table()[meta["rule_code"]].severity == meta["severity"]
                assert f"quality.expected.{meta['rule_code']}" in message_table()
            else:
                assert meta["severity"] == "blocking"


def test_the_suite_of_cells_asks_for_the_columns_of_the_contract() -> None:
    asked = {
        name: json.loads((SUITES / f"{name}.json").read_text(encoding="utf-8"))["expectations"][0]["kwargs"]
        for name in ("cells", "submissions")
    }
    assert asked["cells"]["column_list"] == list(CELLS)
    assert asked["submissions"]["column_list"][: len(SUBMISSIONS)] == list(SUBMISSIONS)
