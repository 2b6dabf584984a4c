"""What tests read in a finished report: its texts, its tables by their alternative text, its PDF."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn

from dagster_project.reports.official import write_official
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from tests.reports.tiny_release import ROUND


def official(release: Path, file: Path, code: str = ROUND) -> Any:
    """The official report of a release alone, without the other documents of its set."""
    with open_release(release) as opened:
        write_official(read_round(opened, code), file)
    return Document(str(file))


def texts(document: Any) -> list[str]:
    """Every paragraph, then every cell."""
    inside = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return [*(paragraph.text for paragraph in document.paragraphs), *inside]


def tables(document: Any, caption: str) -> list[Any]:
    """The tables with an alternative text."""
    found = []
    for table in document.tables:
        told = table._tbl.tblPr.find(qn("w:tblCaption"))
        if told is not None and told.get(qn("w:val")) == caption:
            found.append(table)
    return found


def period_rows(document: Any) -> dict[str, list[str]]:
    """Rows of the five-year tables by code; the heads by "TT"."""
    rows = [
        [cell.text for cell in row.cells] for table in tables(document, "kho:periods") for row in table.rows
    ]
    return {row[0]: row[1:] for row in rows}


def rows_below(document: Any, *head: str) -> list[list[str]]:
    """Rows of the tables whose first row begins so."""
    found = []
    for table in document.tables:
        rows = [[cell.text for cell in row.cells] for row in table.rows]
        if tuple(rows[0][: len(head)]) == head:
            found += rows[1:]
    return found


def pdf_text(pdf: Path, *options: str) -> str:
    """The text of a PDF; the test is skipped where there is no pdftotext."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext not found")
    told = subprocess.run([tool, *options, str(pdf), "-"], capture_output=True, check=True)
    return told.stdout.decode().replace("\u200b", "")
