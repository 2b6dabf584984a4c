"""What an officer writes into a report: typed, from a text file or from Word, and what is wrong with it, at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from docx import Document

from dagster_project.decide.problems import RefusedError
from dagster_project.decide.report_texts import AskedText, check_text
from dagster_project.reports.sections import text_fields

NOW = datetime(2026, 4, 9, 1, 30, tzinfo=UTC)


def _asked(**told: Any) -> AskedText:
    asked = {"round_code": "R", "section": "assessment", "text": None, "file": None, "by": "Lan", **told}
    return AskedText(**asked)


def test_each_line_that_says_something_is_a_paragraph(tmp_path: Path) -> None:
    assert check_text(_asked(text=" Một. \n\n  Hai."), NOW).text == "Một.\nHai."
    document = Document()
    for line in ("Một.", "", "Hai."):
        document.add_paragraph(line)
    document.save(str(tmp_path / "a.docx"))
    (tmp_path / "a.txt").write_text("Một.\r\n\r\nHai.\r\n", encoding="utf-8-sig")
    for name in ("a.docx", "a.txt"):
        assert check_text(_asked(file=tmp_path / name), NOW).text == "Một.\nHai."


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"by": " ", "section": "danh-gia"}, ("--by", "danh-gia", "assessment", "--text")),
        ({"text": " \n "}, ("kho withdraw",)),
        ({"text": "x" * 20_001}, ("20000",)),
        ({"text": "x\n" * 201}, ("201", "200")),
        ({"text": f"Một.\n{'x' * 8_001}"}, ("8001", "8000")),
        ({"text": "x", "file": Path("y")}, ("--file",)),
        ({"file": Path("khong-co.docx")}, ("khong-co.docx",)),
    ],
)
def test_everything_that_is_wrong_is_told(told: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError) as refused:
        check_text(_asked(**told), NOW)
    for word in words:
        assert word in refused.value.text("vi")


@pytest.mark.parametrize("text", ["\n".join(map(str, range(200))), f"Một.\n{'x' * 8_000}"])
def test_what_is_taken_stands_in_the_report_to_its_last_letter(text: str) -> None:
    written = {"section": "assessment", "text": check_text(_asked(text=text), NOW).text, "is_current": True}
    assert text_fields(pl.DataFrame([written]))["assessment"] == text.split("\n")


@pytest.mark.parametrize("name", ["a.docx", "a.txt"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00\xd8PK")
    with pytest.raises(RefusedError) as refused:
        check_text(_asked(file=tmp_path / name), NOW)
    assert name in refused.value.text("vi")
