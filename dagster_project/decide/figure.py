"""One figure that an officer typed, read as the same text in a cell of a form would be.

Reading belongs to ``intake.values``, bounds to the suites of gate 1: both are asked here about a single cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.decide.problems import Remark, remark
from dagster_project.frames import CELLS, SUBMISSIONS, conform, empty

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue


@dataclass(frozen=True)
class Figure:
    """What a text gives: a value or a state; what refuses it, and what is good to know."""

    value: float | None
    exact: str | None
    text: str | None
    state: str | None
    unit: str | None
    problems: tuple[Remark, ...]
    remarks: tuple[Remark, ...]


def read_figure(
    text: str,
    *,
    data_element: str,
    category: str,
    round_code: str,
    catalogue: Catalogue,
    expectations: Path,
) -> Figure:
    """Read ``text`` as a figure of ``data_element``; a blank text has the state "missing"."""
    from dagster_project.intake.values import parse_values
    from dagster_project.quality.gate import admit

    parsed = parse_values(_cell(text, data_element, category, round_code), catalogue)
    gate = admit(parsed.cells, empty(SUBMISSIONS), catalogue, expectations)
    cell = gate.cells.row(0, named=True)
    found = pl.concat([parsed.findings, gate.findings])
    blocks = pl.col("severity") == "blocking"
    problems = _remarks(found.filter(blocks), with_advice=False)
    unread = set(parsed.findings.filter(blocks)["rule_code"]) - {"VALUE_NOT_YES_NO"}
    if unread:
        problems = (*problems, remark("ledger.how_to_write"))
    held = cell["disposition"] != "accepted"
    return Figure(
        value=None if held else cell["value"],
        exact=None if held else cell["value_exact"],
        text=None if held else cell["value_text"],
        state=None if held else cell["value_state"],
        unit=cell["unit"],
        problems=problems,
        remarks=_remarks(found.filter(~blocks), with_advice=True),
    )


def plain_number(
    text: str, *, data_element: str, category: str, round_code: str, catalogue: Catalogue
) -> str | None:
    """The number that ``text`` writes in plain digits, in which all its writings are equal; None where none is sure."""
    from dagster_project.intake.values import parse_values

    cell = parse_values(_cell(text, data_element, category, round_code), catalogue).cells.row(0, named=True)
    if cell["disposition"] != "accepted" or cell["value"] is None:
        return None
    digits: str = cell["value_exact"] or repr(cell["value"])
    return digits.rstrip("0").rstrip(".") if "." in digits and "e" not in digits else digits


def _cell(text: str, data_element: str, category: str, round_code: str) -> pl.DataFrame:
    row = {
        "sha256": "",
        "file_name": "",
        "sheet": "–",
        "row": 1,
        "col": 1,
        "cell": "A1",
        "raw_text": text,
        "cell_type": "text" if text.strip() else "blank",
        "role": "value",
        "submission_id": "",
        "data_element_code": data_element,
        "category_code": category,
        "round_code": round_code,
        "is_sample": False,
    }
    return conform(pl.DataFrame([row]), CELLS)


def _remarks(found: pl.DataFrame, *, with_advice: bool) -> tuple[Remark, ...]:
    lines = found.select(
        (pl.concat_str(f"message_{lang}", f"advice_{lang}", separator=" ", ignore_nulls=True))
        if with_advice
        else pl.col(f"message_{lang}")
        for lang in ("vi", "en")
    )
    return tuple(Remark(*row) for row in lines.rows())
