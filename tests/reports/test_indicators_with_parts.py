"""An indicator that has a formula of its own and components below it keeps its figure in every document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dagster_project.reports.annex import write_annex
from dagster_project.reports.official import official_fields
from dagster_project.reports.quality_counts import read_quality
from dagster_project.reports.quality_measures import measures
from dagster_project.reports.read import RoundFacts, read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.series import read_ahead
from dagster_project.reports.summary import write_summary
from dagster_project.reports.table import indicator_table
from tests.reports.documents import pdf_text
from tests.reports.tiny_release import ROUND, commune, write_release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A.1 has a formula and a component A.1.1; A.2 is a criterion with nothing below; B.1 is one with B.1.1 alone."""
    rows = commune()
    nodes = {row["indicator_code"]: row for row in rows["dim_indicator"]}
    nodes["A.1"]["numerator"] = "A.1.GT"
    nodes["A.2"]["node_type"] = "criterion"
    for parent in ("A.1", "B.1"):
        nodes[parent]["node_type"] = "criterion"
        part = {**nodes[parent], "indicator_code": f"{parent}.1", "parent_code": parent}
        rows["dim_indicator"].append({**part, "node_type": "component", "numerator": None})
    return write_release(tmp_path_factory.mktemp("releases"), rows)


@pytest.fixture(scope="module")
def facts(release: Path) -> RoundFacts:
    with open_release(release) as opened:
        return read_round(opened, ROUND)


def test_it_is_a_row_with_a_figure_and_a_node_without_formula_above_others_is_none(facts: RoundFacts) -> None:
    table = indicator_table(facts, "vi")
    shown = {line.code: line.figures[-1].digits for line in table.indicators}
    assert shown == {"A.1": "1.234", "A.1.1": "", "A.2": "37,5", "B.1.1": "", "B.2": ""}
    fields = official_fields(facts, table)
    lines = {line["code"]: line for group in fields["groups"] for line in group["lines"]}
    assert [item["digits"] for item in lines["A.1"]["figures"]] == ["1.001", "1.234"]
    assert fields["results"]["indicators"] == 5
    assert [row["code"] for row in fields["movements"]] == ["A.1", "A.2"]


def test_the_annex_has_its_figure_and_says_to_which_group_its_component_belongs(
    facts: RoundFacts, tmp_path: Path
) -> None:
    write_annex(facts, tmp_path / "a.xlsx", "vi")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Tổng hợp"]
    rows = {row[0]: row for row in page.iter_rows(min_row=6, values_only=True)}
    assert rows["A.1"][1:6:4] == ("Nhóm đầu vào", 1234)
    assert rows["A.1.1"][1] == "Nhóm đầu vào"


def test_the_quality_report_counts_those_that_the_table_has(release: Path, facts: RoundFacts) -> None:
    with open_release(release) as opened:
        told = measures(read_quality(opened, facts), documents=0)
    (confirmed,) = (measure for measure in told if measure.code == "confirmed")
    assert (confirmed.part, confirmed.whole) == (4, 5)  # A.2 is not


def test_a_top_with_a_figure_and_others_below_is_a_group_of_the_page_for_leaders(tmp_path: Path) -> None:
    rows: dict[str, Any] = commune()
    rows["dim_indicator"][0]["numerator"] = "A.GT"
    with open_release(write_release(tmp_path, rows)) as opened:
        facts = read_round(opened, ROUND)
        write_summary(facts, read_ahead(opened, facts), tmp_path / "p.pdf", tmp_path / "p.png", None)
    text = " ".join(pdf_text(tmp_path / "p.pdf", "-layout").split())
    assert "Nhóm đầu vào 3 2 0 0 0 0 1" in text
