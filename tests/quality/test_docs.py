"""What the maintainer sees of the gate, on a machine without a way out."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dagster_project.paths import Project
from dagster_project.quality.docs import write_data_docs
from dagster_project.quality.outcomes import Result


def _result(rule_code: str, failed: int, *, round_code: str = "2244-X-2025", **changes: object) -> Result:
    given: dict[str, object] = {
        "dataset": "reported_values",
        "round_code": round_code,
        "rule_code": rule_code,
        "severity": "blocking",
        "success": not failed,
        "failed": failed,
        "evaluated": 100,
        "invariant": False,
    }
    return Result(**{**given, **changes})  # type: ignore[arg-type]


def _row(page: str, code: str) -> str:
    found = re.search(rf"<tr><td>{code}</td>.*?</tr>", page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found.group()).split())


def test_each_rule_says_what_it_asks_how_often_it_failed_and_where(tmp_path: Path) -> None:
    results = [
        _result("COUNT_NOT_WHOLE", 0, round_code="2244-X-2024"),
        _result("COUNT_NOT_WHOLE", 3),
        _result("VALUES_HAVE_STATE", 1, invariant=True, error="<b>KeyError</b>"),
    ]
    page = write_data_docs(results, Project().expectations, tmp_path / "run").read_text(encoding="utf-8")
    counted = _row(page, "COUNT_NOT_WHOLE")
    assert counted.startswith(
        "COUNT_NOT_WHOLE failed 200 3 holds the cell out 2244-X-2025: 3 of 100 "
        "expect_column_pair_values_to_be_equal"
    )
    assert _row(page, "VALUES_HAVE_STATE").startswith("VALUES_HAVE_STATE broken 100 1 stops the run")
    assert "&lt;b&gt;KeyError" in page
    assert _row(page, "CELLS_UNIQUE").startswith("CELLS_UNIQUE not run 0 0")


def test_every_expectation_of_every_suite_is_there(tmp_path: Path) -> None:
    page = write_data_docs([], Project().expectations, tmp_path).read_text(encoding="utf-8")
    for file in Project().expectations.glob("*.json"):
        for expectation in json.loads(file.read_text(encoding="utf-8"))["expectations"]:
            assert expectation["type"] in _row(page, expectation["meta"]["rule_code"])


def test_opening_the_page_asks_nobody_anything(tmp_path: Path) -> None:
    page = write_data_docs([_result("COUNT_NOT_WHOLE", 1)], Project().expectations, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"//|<script|<link|<img|<iframe|@import|url[(]", text)
