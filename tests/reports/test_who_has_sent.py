"""Who has sent, in the official report: counts that add up, the moment of a late file, the due day."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dagster_project.reports.annex_rows import sent
from dagster_project.reports.official import official_fields
from dagster_project.reports.read import RoundFacts, read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.table import indicator_table
from tests.reports.documents import official, texts
from tests.reports.tiny_release import ROUND, commune, write_release


def _fields(folder: Path, rows: dict[str, Any]) -> tuple[RoundFacts, dict[str, Any]]:
    with open_release(write_release(folder, rows)) as opened:
        facts = read_round(opened, ROUND)
    return facts, official_fields(facts, indicator_table(facts, "vi"))


def test_who_owes_one_form_and_sent_another_late_has_not_sent(tmp_path: Path) -> None:
    rows = commune()
    late = rows["fct_reporting_rate"][1]
    rows["fct_reporting_rate"].append({**late, "form_code": "B02", "actual": 0})
    facts, fields = _fields(tmp_path, rows)
    told = {name: fields["units"][name] for name in ("expected", "sent", "on_time", "late", "missing")}
    assert told == {"expected": 3, "sent": 1, "on_time": 1, "late": 0, "missing": 2}
    assert fields["late"] == []
    assert [sent(unit) for unit in facts.units] == ["missing", "on_time", "missing"]


def test_a_late_file_is_told_with_its_own_moment_not_with_that_of_its_correction(tmp_path: Path) -> None:
    rows = commune()
    first = rows["fct_submission"][1]
    corrected = {
        **first,
        "submission_id": "s-kt-2",
        "revision": 2,
        "received_at": datetime(2026, 4, 20, 2, tzinfo=UTC),
    }
    rows["fct_submission"] += [corrected]
    first |= {"is_current": False, "status": "superseded"}
    _, fields = _fields(tmp_path, rows)
    assert fields["late"] == [{"name": "Phòng Kinh tế", "received": "09:00, 10/4/2026"}]


def test_of_several_late_forms_the_last_one_tells_since_when_all_was_there(tmp_path: Path) -> None:
    rows = commune()
    second = {**rows["fct_submission"][1], "submission_id": "s-kt-b", "form_code": "B02"}
    rows["fct_submission"].append({**second, "received_at": datetime(2026, 4, 12, 2, tzinfo=UTC)})
    rows["fct_reporting_rate"].append({**rows["fct_reporting_rate"][1], "form_code": "B02"})
    _, fields = _fields(tmp_path, rows)
    assert fields["late"] == [{"name": "Phòng Kinh tế", "received": "09:00, 12/4/2026"}]


@pytest.mark.parametrize(
    ("day", "told"),
    # the office's midnight: before the tenth, and after it
    [(9, "hạn gửi trước ngày 10/4/2026."), (10, "hạn gửi đến hết ngày 10/4/2026.")],
)
def test_the_due_day_is_in_time_where_the_catalogue_says_so(tmp_path: Path, day: int, told: str) -> None:
    rows = commune()
    for row in (*rows["fct_reporting_rate"], *rows["fct_submission"]):
        row["due_at"] = datetime(2026, 4, day, 17, tzinfo=UTC)
    # an extension is no other due date of the round
    rows["fct_reporting_rate"][2]["due_at"] = datetime(2026, 4, 30, 17, tzinfo=UTC)
    report = official(write_release(tmp_path, rows), tmp_path / "a.docx")
    assert told in "\n".join(texts(report))
