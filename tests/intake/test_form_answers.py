"""What units write into the list of a feedback workbook reaches us, in their own name and nobody else's."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import ANYTHING
from dagster_project.forms.layout import FEEDBACK_ANSWER, FEEDBACK_SHEET, MAIN_SHEET
from dagster_project.intake.take_in import Intake, ReceivedFile, take_in
from dagster_project.limits import ReadLimits
from dagster_project.paths import Project
from dagster_project.quality.feedback import make_feedback
from dagster_project.settings import Office

FORM = Project().sample / "inbox" / "B01-X_BL-KT_2244-X-2025.xlsx"
OFFICE = Office(is_sample=True, level="commune", area_code="03390", criteria_set_code="2244")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Project().reference)


def _findings() -> pl.DataFrame:
    same = {"severity": "warning", "sheet": MAIN_SHEET, "area_code": "03390", "period_code": "2025"}
    rows = [
        {
            "finding_id": "f1",
            "rule_code": "JUMP_UP_II_2_3_GT",
            "cell": "F39",
            "data_element_code": "II.2.3.GT",
        },
        {"finding_id": "f2", "rule_code": "PARTS_DIFFER_I_2", "cell": "F21", "data_element_code": "I.2.GT"},
    ]
    words = {
        "reporting_unit_code": "BL-KT",
        "category_code": "_T",
        "observed": "0012",
        "message_vi": "–",
        "advice_vi": "–",
    }
    return pl.DataFrame([{**same, **row, **words} for row in rows])


def _answered(file: Path, original: bytes | None, *, unit: str | None = None) -> Path:
    """A feedback workbook whose first row was answered."""
    made = make_feedback(original, _findings(), file, lang="vi", file_name=FORM.name).path
    book = openpyxl.load_workbook(made)
    sheet = book[FEEDBACK_SHEET]
    codes = {cell.value: cell for row in sheet.iter_rows(max_row=12) for cell in row}
    answer = codes[FEEDBACK_ANSWER]
    row = next(
        cell.row
        for (cell,) in sheet.iter_rows(min_col=codes["finding_id"].column, max_col=codes["finding_id"].column)
        if cell.value == "f2"
    )
    sheet.cell(row, answer.column).value = "  Có thêm nguồn vốn ngoài ngân sách.\n"
    if unit:
        sheet.cell(row, codes["reporting_unit_code"].column).value = unit
    book.save(made)
    return made


def _take(catalogue: Catalogue, file: Path) -> Intake:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    received = datetime(2026, 4, 1, 8, tzinfo=UTC)
    return take_in(
        [ReceivedFile("r1", sha256, file.name, file, received, "kt@example", "email")],
        catalogue,
        OFFICE,
        ReadLimits(),
        ANYTHING,
    )


def test_an_answer_comes_with_what_it_answers_and_changes_no_figure(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    plain = _take(catalogue, FORM)
    back = _take(catalogue, _answered(tmp_path / "back.xlsx", FORM.read_bytes()))
    (answer,) = back.answers.drop("sha256", "submission_id").to_dicts()
    assert answer == {
        "finding_id": "f2",
        "rule_code": "PARTS_DIFFER_I_2",
        "reporting_unit_code": "BL-KT",
        "area_code": "03390",
        "period_code": "2025",
        "data_element_code": "I.2.GT",
        "category_code": "_T",
        "observed": "0012",
        "text": "Có thêm nguồn vốn ngoài ngân sách.",
    }
    figures = ["data_element_code", "category_code", "value", "value_state", "cell"]
    for intake in (plain, back):
        assert intake.findings.filter(pl.col("severity") != "info").is_empty()
    assert (
        back.cells.filter(role="value")
        .select(figures)
        .equals(plain.cells.filter(role="value").select(figures))
    )
    listed = back.cells.filter(sheet=FEEDBACK_SHEET)
    assert set(listed["reason"]) == {"feedback_sheet"}
    assert set(listed["disposition"]) == {"ignored"}


def test_nobody_answers_in_another_units_name(tmp_path: Path, catalogue: Catalogue) -> None:
    back = _take(catalogue, _answered(tmp_path / "back.xlsx", FORM.read_bytes(), unit="BL-YT"))
    assert back.answers["reporting_unit_code"].to_list() == ["BL-KT"]


def test_a_list_that_comes_alone_is_known_and_its_answers_count(tmp_path: Path, catalogue: Catalogue) -> None:
    back = _take(catalogue, _answered(tmp_path / "list.xlsx", None))
    assert back.answers["text"].to_list() == ["Có thêm nguồn vốn ngoài ngân sách."]
    assert back.findings["rule_code"].to_list() == ["FEEDBACK_LIST_ALONE"]
    assert set(back.cells["disposition"]) == {"ignored"}
    assert back.submissions.is_empty()


def test_a_list_without_answers_says_nothing(tmp_path: Path, catalogue: Catalogue) -> None:
    made = make_feedback(
        FORM.read_bytes(), _findings(), tmp_path / "back.xlsx", lang="vi", file_name=FORM.name
    )
    assert _take(catalogue, made.path).answers.is_empty()
