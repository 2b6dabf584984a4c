"""What people read off a difference: each figure that changed, with its cells; nothing where nothing changed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from tiny import make_marts

from dagster_project.errors import UsageError
from dagster_project.warehouse.diff import Diff, Place, diff_releases, diff_submissions
from dagster_project.warehouse.diff_text import diff_rows, render_diff
from dagster_project.warehouse.history import moment
from dagster_project.warehouse.revisions import find_revisions

ROUND = {"round_code": "T-2025", "period_code": "2025", "data_year": 2025, "area_code": "03390"}


def figure(element: str, value: float | None, file: str = "a.xlsx", cell: str = "F9") -> Mapping[str, object]:
    return {
        **ROUND,
        "reported_value_key": element,
        "reporting_unit_code": "BL-KT",
        "data_element_code": element,
        "category_code": "_T",
        "name_vi": f"Số liệu {element}",
        "value": value,
        "value_state": "missing" if value is None else "value",
        "unit": "ha",
        "file_name": file,
        "sheet": "Biểu",
        "cell": cell,
        "is_sample": False,
    }


def indicator(code: str, value: float) -> Mapping[str, object]:
    return {
        **ROUND,
        "indicator_value_key": code,
        "indicator_code": code,
        "category_code": "_T",
        "value": value,
        "value_state": "value",
        "is_confirmed": False,
    }


def finding(rule: str, element: str, severity: str = "blocking") -> Mapping[str, object]:
    return {
        **ROUND,
        "rule_code": rule,
        "severity": severity,
        "status": "fail",
        "stage": "meaning",
        "reporting_unit_code": "BL-KT",
        "data_element_code": element,
        "category_code": "_T",
    }


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two releases: A changed, B went, C came, D moved to another cell, E kept."""
    older = make_marts(
        tmp_path / "1" / "kho.duckdb",
        {
            "fct_reported_value": [figure(code, 1.0) for code in "ABDE"],
            "fct_indicator": [indicator("I", 10.0), indicator("J", 0.3)],
            "bridge_indicator_source": [{"indicator_value_key": "I", "reported_value_key": "A"}],
            "fct_finding": [finding("SLIP", "A"), finding("SLIP", "E"), finding("GONE", "B")],
        },
    )
    newer = make_marts(
        tmp_path / "2" / "kho.duckdb",
        {
            "fct_reported_value": [
                figure("A", 2.5, "b.xlsx", "F10"),
                figure("C", 0.0),
                figure("D", 1.0, cell="F11"),
                figure("E", 1.0),
            ],
            "fct_indicator": [indicator("I", 25.0), indicator("J", 0.1 + 0.2)],
            "bridge_indicator_source": [{"indicator_value_key": "I", "reported_value_key": "A"}],
            "fct_finding": [finding("SLIP", "E"), finding("NEW", "C", "warning")],
        },
    )
    return older, newer


def test_every_figure_that_differs_is_told_with_both_cells(pair: tuple[Path, Path]) -> None:
    found = diff_releases(*pair)
    told = {
        (item.kind, item.code): (item.change, item.old and item.old.value, item.new and item.new.value)
        for item in found.changes
    }
    assert told == {
        ("reported", "A"): ("changed", 1.0, 2.5),
        ("reported", "B"): ("removed", 1.0, None),
        ("reported", "C"): ("added", None, 0.0),
        ("indicator", "I"): ("changed", 10.0, 25.0),
    }
    by_code = {item.code: item for item in found.changes}
    for code in ("A", "I"):
        assert by_code[code].old.places == (Place("a.xlsx", "Biểu", "F9"),)
        assert by_code[code].new.places == (Place("b.xlsx", "Biểu", "F10"),)
    assert found.moved == 1


def _two(folder: Path, table: str, older: Mapping[str, object], newer: Mapping[str, object]) -> Diff:
    files = [
        make_marts(folder / str(number) / "kho.duckdb", {table: [row]})
        for number, row in enumerate((older, newer))
    ]
    return diff_releases(files[0], files[1])


def test_what_some_of_the_areas_add_up_to_is_compared_and_told_with_how_many_they_are(tmp_path: Path) -> None:
    row = {**indicator("I", 0.0), "value": None, "value_state": "partial", "unit": "người", "decimals": 0}
    of_36 = {**row, "partial_value": 1200.0, "n_areas": 36, "n_areas_expected": 38}
    of_37 = {**row, "partial_value": 1234.0, "n_areas": 37, "n_areas_expected": 38}
    found = _two(tmp_path / "sum", "fct_indicator", of_36, of_37)
    assert [(item.old.partial_value, item.new.n_areas) for item in found.changes] == [(1200.0, 37)]
    assert "~ I  (chưa xác nhận): 1.200 người (36/38) → 1.234 người (37/38)\n" in render_diff(found, "vi")
    # one more area that has none changes no sum, and is told
    found = _two(tmp_path / "count", "fct_indicator", of_36, of_36 | {"n_areas": 37})
    assert "1.200 người (36/38) → 1.200 người (37/38)" in render_diff(found, "vi")
    whole = of_36 | {"value": 5.0, "value_state": "value", "partial_value": None}
    assert _two(tmp_path / "whole", "fct_indicator", whole, whole | {"n_areas": 38}).changes == ()


def test_exact_digits_are_compared_and_told_to_the_last(tmp_path: Path) -> None:
    digits = ("12345678901234567.25", "12345678901234567.50")
    rows = [{**figure("A", float(text)), "value_decimal": Decimal(text)} for text in digits]
    assert rows[0]["value"] == rows[1]["value"]
    found = _two(tmp_path / "digits", "fct_reported_value", *rows)
    assert "12.345.678.901.234.567,25 ha → 12.345.678.901.234.567,5 ha" in render_diff(found, "vi")
    unknown = [rows[0] | {"value_decimal": None}, rows[0]]
    assert _two(tmp_path / "unknown", "fct_reported_value", *unknown).changes == ()


def test_findings_that_came_and_went_are_counted_by_rule(pair: tuple[Path, Path]) -> None:
    counts = {item.rule_code: (item.came, item.went) for item in diff_releases(*pair).findings}
    assert counts == {"SLIP": (0, 1), "GONE": (0, 1), "NEW": (1, 0)}


def test_the_other_way_round_what_came_went(pair: tuple[Path, Path]) -> None:
    there, back = diff_releases(*pair), diff_releases(*reversed(pair))
    mirrored = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(item.code, mirrored[item.change], item.new, item.old) for item in there.changes} == {
        (item.code, item.change, item.old, item.new) for item in back.changes
    }


def test_a_release_does_not_differ_from_itself(pair: tuple[Path, Path]) -> None:
    same = diff_releases(pair[0], pair[0])
    assert (same.changes, same.findings, same.moved) == ((), (), 0)


@pytest.mark.parametrize(
    "older_program",
    [
        "alter table marts.fct_reported_value drop column unit",
        "alter table marts.fct_reported_value drop column value_text",
        "drop table marts.fct_finding",
        "drop table marts.bridge_indicator_source",
        "alter table marts.fct_finding drop column category_code",
    ],
)
def test_what_only_one_program_knew_is_not_taken_for_a_difference(
    pair: tuple[Path, Path], older_program: str
) -> None:
    with duckdb.connect(str(pair[0])) as connection:
        connection.execute(older_program)
    assert [item.code for item in diff_releases(*pair).changes] == ["A", "B", "C", "I"]


def test_neither_release_is_written_to(pair: tuple[Path, Path]) -> None:
    before = [file.read_bytes() for file in pair]
    diff_releases(*pair)
    assert [file.read_bytes() for file in pair] == before


def test_the_text_names_values_units_cells_and_names_that_are_not_confirmed(pair: tuple[Path, Path]) -> None:
    text = render_diff(diff_releases(*pair), "vi")
    assert "~ A Số liệu A: 1 ha → 2,5 ha\n      a.xlsx › Biểu › F9 → b.xlsx › Biểu › F10\n" in text
    assert "~ I  (chưa xác nhận): 10 → 25\n" in text
    heading, *rows = diff_rows(diff_releases(*pair))
    assert {len(row) for row in rows} == {len(heading)}


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """One release with three revisions of a form, a refused file and another unit's form.

    The figure of the last revision was corrected for a day; then the correction was withdrawn.
    """
    file = tmp_path / "kho.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.fct_submission as select
                col0 as submission_id, repeat(left(col0, 1), 64) as sha256, col1 as file_name,
                col2::integer as revision, timestamptz '2026-04-01 00:00:00+00' as received_at,
                'T-2025' as round_code, '03390' as area_code, col3 as reporting_unit_code,
                'Đơn vị' as reporting_unit_name, 'B01-X' as form_code
            from (values
                ('a11111', 'in/kt.xlsx', 1, 'BL-KT'), ('b22222', 'kt-2.xlsx', 2, 'BL-KT'),
                ('c33333', 'kt-3.xlsx', 3, 'BL-KT'), ('d44444', 'kt-4.xlsx', null, 'BL-KT'),
                ('e55555', 'yt.xlsx', 1, 'BL-YT'));
            create table marts.fct_reported_value_history as select
                submission_id, 'T-2025' as round_code, '2025' as period_code, area_code, reporting_unit_code,
                'I.1.GT' as data_element_code, '_T' as category_code, revision * 1.0::double as value,
                'value' as value_state, file_name, 'Biểu' as sheet, 'F9' as cell, revision, received_at,
                received_at as known_from, 'form' as entered_how
            from marts.fct_submission;
            insert into marts.fct_reported_value_history by name
            select * replace (
                value + 5 as value, received_at + interval 1 day as known_from, 'correction' as entered_how
            ) from marts.fct_reported_value_history where revision = 3
            union all
            select * replace (received_at + interval 2 days as known_from)
            from marts.fct_reported_value_history where revision = 3
            """
        )
    return file


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("kt.xlsx", "kt-3.xlsx"), ("a11111", "c33333")),
        (("c33333", "a" * 64), ("a11111", "c33333")),
        (("kt-3.xlsx", None), ("b22222", "c33333")),
    ],
)
def test_revisions_are_found_by_name_content_or_id_and_put_in_order(
    sent: Path, told: tuple[str, str | None], expected: tuple[str, str]
) -> None:
    older, newer = find_revisions(sent, *told)
    assert (older.submission_id, newer.submission_id) == expected
    (change,) = diff_submissions(sent, older.submission_id, newer.submission_id).changes
    assert (change.old.value, change.new.value) == (older.revision, newer.revision)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (("nowhere.xlsx", None), "releases.no_submission"),
        (("kt-4.xlsx", None), "releases.refused_submission"),
        (("kt.xlsx", None), "releases.first_revision"),
        (("kt.xlsx", "yt.xlsx"), "releases.other_form"),
        (("kt.xlsx", "kt.xlsx"), "releases.other_form"),
    ],
)
def test_what_is_no_pair_of_revisions_is_said(sent: Path, told: tuple[str, str | None], code: str) -> None:
    with pytest.raises(UsageError) as refused:
        find_revisions(sent, *told)
    assert refused.value.code == code


def test_a_day_means_its_end_in_the_offices_time() -> None:
    assert moment("2026-04-10") < moment("2026-04-11T00:00") == moment("2026-04-10T17:00:00+00:00")
    assert moment("2026-04-10") > moment("2026-04-10T23:59:59")
    assert moment("10/4/2026") == moment("10/04/2026") == moment("2026-04-10")
    assert moment("10/04/2026 16:30") == moment("2026-04-10T16:30")
    with pytest.raises(UsageError):
        moment("10/4/2026 chiều")
