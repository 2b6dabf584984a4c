"""The bundled sample from end to end, through the command that a user types."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from dagster_project.reports.area_figures import read_area_figures
from dagster_project.reports.changes import changes
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.table import indicator_table
from tests.command import ROOT, Printed, kho, rows
from tests.sample.figures import figures
from tests.sample.hostile import write_hostile

INBOX = ROOT / "seeds" / "sample" / "inbox"
with (ROOT / "tests" / "sample" / "faults.csv").open(encoding="utf-8", newline="") as _stream:
    FAULTS = list(csv.DictReader(_stream))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "data"
    assert kho(folder, "init", "--sample").code == 0
    return folder


@pytest.fixture(scope="module")
def first(data: Path) -> Printed:
    return kho(data, "run", INBOX, "--json")


@pytest.fixture(scope="module")
def findings(data: Path, first: Printed) -> list[dict[str, Any]]:
    assert first.json["changed"]
    return rows(data, "select * from fct_finding where status = 'fail'")


def test_the_run_ends_with_a_release_and_says_by_its_exit_code_that_units_have_to_mend(
    first: Printed,
) -> None:
    assert first.code == 1, first.err
    assert first.json["release"].startswith("R0001-")


def test_every_cell_of_every_file_is_accepted_held_out_or_ignored_for_a_reason(
    data: Path, first: Printed
) -> None:
    files = first.json["files"]
    assert {file["file"] for file in files} == {path.name for path in INBOX.glob("*.xlsx")}
    for file in files:
        assert file["cells"] == file["accepted"] + file["quarantined"] + file["ignored"] > 0, file["file"]
    unexplained = (
        "select count(*) as n from fct_reported_cell where disposition <> 'accepted' and reason is null"
    )
    assert rows(data, unexplained) == [{"n": 0}]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["fault"])
def test_every_planted_fault_is_found_at_its_cell(
    fault: Mapping[str, str], findings: list[dict[str, Any]]
) -> None:
    here = [finding for finding in findings if not fault["file"] or finding["file_name"] == fault["file"]]
    if not fault["rule_code"]:
        assert here == []
        return
    columns = {
        "rule_code": "rule_code",
        "severity": "severity",
        "stage": "stage",
        "sheet": "sheet",
        "cell": "cell",
    }
    wanted = {name: fault[column] for name, column in columns.items() if fault[column]}
    assert any(all(finding[name] == value for name, value in wanted.items()) for finding in here), here


def test_clean_workbooks_get_no_blocking_finding_and_at_most_one_warning(
    findings: list[dict[str, Any]], first: Printed
) -> None:
    faulty = {fault["file"] for fault in FAULTS}
    counts = Counter((finding["file_name"], finding["severity"]) for finding in findings)
    clean = {file["file"] for file in first.json["files"]} - faulty
    assert len(clean) > len(faulty)
    assert [name for name in clean if counts[name, "blocking"] or counts[name, "warning"] > 1] == []


def test_sql_gives_the_figures_that_were_typed(data: Path, first: Printed) -> None:
    """Rows inserted, columns moved, words, percent signs and thousands marks make no figure another one."""
    assert first.code == 1
    changed = {
        (f["file"], f["cell"]) for f in FAULTS if f["severity"] in ("blocking", "warning") and f["cell"]
    }
    reported = rows(
        data,
        "select reporting_unit_code, data_element_code, category_code, data_year, value, value_state, file_name, cell "
        "from fct_reported_value",
    )
    made = figures()
    wrong = []
    for row in reported:
        figure = made[
            row["reporting_unit_code"], row["data_element_code"], row["category_code"], row["data_year"]
        ]
        state = "not_applicable" if figure is None else "value" if figure else "zero"
        if (row["file_name"], row["cell"]) not in changed and (row["value"], row["value_state"]) != (
            figure,
            state,
        ):
            wrong.append((row, figure))
    assert wrong == []
    absent = {unit for unit, _, _, year in made if year == 2025} - {
        row["reporting_unit_code"] for row in reported if row["data_year"] == 2025
    }
    assert absent == {"BL-THPT"}
    assert len(reported) == len(made) - sum(unit == "BL-THPT" for unit, *_ in made)


def test_rates_are_recomputed_from_their_parts_whatever_was_typed(data: Path, first: Printed) -> None:
    assert first.code == 1
    made = figures()
    got = rows(
        data,
        "select data_year, value from fct_indicator where indicator_code = 'IV.21' and area_code = '03390' "
        "and category_code = '_T' order by data_year",
    )
    units = dict.fromkeys(range(2021, 2025), "TD-VP") | {2025: "BL-HCC"}
    for row in got:
        unit, year = units[row["data_year"]], row["data_year"]
        above, below = (made[unit, f"IV.21.{part}", "_T", year] for part in ("TS", "MS"))
        assert above is not None
        assert below
        assert row["value"] == pytest.approx(100 * above / below, rel=1e-12)
    assert [row["data_year"] for row in got] == list(units)


def test_the_three_predecessors_add_up_on_todays_area(data: Path, first: Printed) -> None:
    """Thị trấn Tam Đường + Xã Bình Lư + Xã Sơn Bình, the figures that stand in their workbooks."""
    assert first.code == 1
    contracts = {2021: 3 + 2 + 1, 2022: 3 + 3 + 2, 2023: 4 + 3 + 2, 2024: 5 + 4 + 3}
    got = rows(
        data,
        "select data_year, value, method, coverage, n_areas, area_name, break_in_series from fct_indicator_harmonised "
        "where indicator_code = 'II.2.2' and category_code = '_T' order by data_year",
    )
    assert {row["data_year"]: row["value"] for row in got if row["data_year"] < 2025} == contracts
    assert [(row["method"], row["coverage"], row["n_areas"]) for row in got] == [("summed", 1, 3)] * 4 + [
        ("reported", 1, 1)
    ]
    assert [row["break_in_series"] for row in got] == [False] * 4 + [True]
    assert {row["area_name"] for row in got} == {"Xã Bình Lư"}
    rate = rows(
        data,
        "select numerator, denominator, value, method from fct_indicator_harmonised "
        "where indicator_code = 'IV.13' and category_code = '_T' and data_year = 2023",
    )
    above, below = 3324 + 2663 + 1628, 4831 + 4026 + 2646
    assert rate == [
        {
            "numerator": above,
            "denominator": below,
            "value": pytest.approx(100 * above / below),
            "method": "weighted",
        }
    ]


def test_what_the_predecessors_of_a_unit_reported_stands_on_the_unit_of_today(
    data: Path, first: Printed
) -> None:
    assert first.code == 1
    got = rows(
        data,
        "select data_element_code, value, value_state, method, coverage, n_units "
        "from fct_reported_value_harmonised where reporting_unit_name = 'Phòng Kinh tế' and data_year = 2023 "
        "and category_code = '_T' and data_element_code in ('II.2.2.GT', 'IV.13.TS', 'IV.13.TL') order by 1",
    )
    assert [tuple(row.values()) for row in got] == [
        ("II.2.2.GT", 4 + 3 + 2, "value", "summed", 1, 3),
        # a percentage of three communes is no sum
        ("IV.13.TL", None, "not_available", "not_harmonised", 1, 3),
        ("IV.13.TS", 3324 + 2663 + 1628, "value", "summed", 1, 3),
    ]


def test_a_figure_is_followed_down_to_the_text_that_was_typed(data: Path, first: Printed) -> None:
    assert first.code == 1
    printed = kho(data, "trace", "IV.21", "--area", "03390", "--year", "2025", "--json")
    made = figures()
    assert {(source["data_element_code"], source["raw_text"]) for source in printed.json} == {
        (f"IV.21.{part}", f"{made['BL-HCC', f'IV.21.{part}', '_T', 2025]:g}") for part in ("TS", "MS")
    }
    for source in printed.json:
        assert source["file_name"] == "B01-X_BL-HCC_2244-X-2025.xlsx"
        assert source["sheet"] == "Biểu"
        assert source["cell"]


def test_every_fact_says_that_it_is_a_sample(data: Path, first: Printed) -> None:
    assert first.code == 1
    tables = [
        row["table_name"]
        for row in rows(
            data, "select table_name from information_schema.tables where table_name like 'fct_%'"
        )
    ]
    assert len(tables) >= 10
    for table in tables:
        unmarked = f"select count(*) as n from {table} where is_sample is not true"  # noqa: S608  # our own names
        assert rows(data, unmarked) == [{"n": 0}], table


def test_the_report_set_is_there_with_its_checksums(data: Path, first: Printed) -> None:
    folder = data / "exports" / first.json["release"]
    kinds = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert {".docx", ".xlsx", ".html", ".csv", ".parquet", ".json"} <= kinds


def test_reports_tell_of_the_newest_year_what_the_trends_do(data: Path, first: Printed) -> None:
    with open_release(data / "releases" / first.json["release"]) as release:
        found = changes(read_round(release, "2244-X-2025"))
        told = release.mart("fct_indicator_trend", area_code="03390", category_code="_T", basis="harmonised")
    told = told.filter(last_year=2025).select(found.columns)
    assert_frame_equal(found, told, check_row_order=False, rel_tol=1e-12)
    assert found["change"].count() > 20


def test_a_report_of_the_year_before_the_merger_is_of_the_merged_commune(data: Path, first: Printed) -> None:
    with open_release(data / "releases" / first.json["release"]) as release:
        facts = read_round(release, "2244-X-2024")
    areas = read_area_figures(facts, indicator_table(facts, "vi").indicators, "vi")
    assert areas is not None
    assert list(areas.names.values()) == ["Thị trấn Tam Đường", "Xã Bình Lư", "Xã Sơn Bình"]
    of_places = [areas.shown[code, "I.1"].value for code in areas.names]
    assert sum(value or 0 for value in of_places) == areas.shown[facts.own or "", "I.1"].value == 100
    assert len(of_places) == 3
    assert dict(changes(facts).select("indicator_code", "previous_value").iter_rows())["I.1"] == 86


def test_the_portal_of_a_draft_is_for_the_office_alone(data: Path, first: Printed, tmp_path: Path) -> None:
    out = tmp_path / "portal"
    told = kho(data, "portal", "--year", "2025", "--out", str(out))
    assert (told.code, (out / "index.html").is_file()) == (0, True)
    page = (out / "chi-tieu" / "II.1.1.html").read_text(encoding="utf-8")
    assert "B01-X_BL-VHXH_2244-X-2025.xlsx › Biểu › F23" in page
    assert first.json["release"] in page
    refused = kho(data, "portal", "--year", "2025", "--public")
    assert refused.code == 2
    assert "Chỉ đợt đã ban hành mới có bản công khai" in refused.err


def test_a_second_run_changes_nothing(data: Path, first: Printed) -> None:
    again = kho(data, "run", INBOX, "--json")
    assert again.code == 1
    assert (again.json["changed"], again.json["release"]) == (False, first.json["release"])
    assert again.json["content_hash"] == first.json["content_hash"]
    assert "Không có thay đổi" in kho(data, "run", INBOX).out
    assert len(json.loads(kho(data, "releases", "--json").out)) == 1


def test_a_rebuild_elsewhere_gives_the_same_content(tmp_path: Path, first: Printed) -> None:
    folder = tmp_path / "data"
    assert kho(folder, "init", "--sample").code == 0
    assert (
        kho(folder, "run", "--no-report", INBOX, "--json").json["content_hash"] == first.json["content_hash"]
    )


def test_a_bad_file_costs_only_itself(tmp_path: Path) -> None:
    inbox, data = tmp_path / "inbox", tmp_path / "data"
    expected = write_hostile(inbox)
    good = ["B01-X_BL-HCC_2244-X-2025.xlsx", "B01-X_BL-YT_2244-X-2025.xlsx"]
    for name in good:
        shutil.copy(INBOX / name, inbox / name)
    assert kho(data, "init", "--sample").code == 0
    printed = kho(data, "run", "--no-report", inbox, "--json")
    assert printed.code == 1, printed.err
    files = {file["file"]: file for file in printed.json["files"]}
    assert set(files) == {*expected, *good}
    for name in expected:
        assert files[name]["findings"] == {"blocking": 1, "warning": 0, "info": 0}, name
    told = rows(
        data,
        "select file_name, rule_code, message_vi from fct_finding where status = 'fail' and severity = 'blocking'",
    )
    assert {row["file_name"]: row["rule_code"] for row in told} == expected
    assert all(row["message_vi"] for row in told)
    accepted = rows(data, "select distinct file_name from fct_reported_value order by 1")
    assert [row["file_name"] for row in accepted] == good
