"""Makes the Parquet inputs of a build from rows written by hand.

A row names only what a test is about; every other column of the contract is null.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project import frames
from dagster_project.catalogue.definitions import SERIES_DEFINITIONS
from dagster_project.catalogue.tables import FORMULA_TERMS, TABLES

Row = Mapping[str, Any]
Figure = float | str | None

LATE_2025 = "2026-04-10T09:00:00+07:00"


def md5(*parts: str) -> str:
    return hashlib.md5("|".join(parts).encode(), usedforsecurity=False).hexdigest()


def write_cells(cells: pl.DataFrame, folder: Path) -> None:
    """The folder of cells with one file, whose name changes with its content."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    content = io.BytesIO()
    cells.write_parquet(content)
    (folder / f"{hashlib.sha256(content.getvalue()).hexdigest()}.parquet").write_bytes(content.getvalue())


@dataclass
class Inputs:
    """What one build is made from."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    terms: list[Row] = field(default_factory=list)
    receipts: list[Row] = field(default_factory=list)
    submissions: list[Row] = field(default_factory=list)
    cells: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    responses: list[Row] = field(default_factory=list)
    verdicts: list[Row] = field(default_factory=list)
    exemptions: list[Row] = field(default_factory=list)
    definitions: list[Row] = field(default_factory=list)
    round_states: list[Row] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)
    report_texts: list[Row] = field(default_factory=list)
    n_sent: int = 0

    def write(self, folder: Path) -> Path:
        """All Parquet files below ``folder``, typed as the contract says."""
        (folder / "catalogue").mkdir(parents=True, exist_ok=True)
        for name, table in TABLES.items():
            _frame(self.tables.get(name, []), pl.Schema(table.columns)).write_parquet(
                folder / "catalogue" / f"{name}.parquet"
            )
        _frame(self.terms, FORMULA_TERMS).write_parquet(folder / "catalogue" / "formula_terms.parquet")
        _frame(self.definitions, SERIES_DEFINITIONS).write_parquet(
            folder / "catalogue" / "series_definitions.parquet"
        )
        for name, rows, schema in (
            ("receipts", self.receipts, frames.RECEIPTS),
            ("submissions", self.submissions, frames.SUBMISSIONS),
            ("findings", self.findings, frames.FINDINGS),
            ("entries", self.entries, frames.ENTRIES),
            ("responses", self.responses, frames.RESPONSES),
            ("verdicts", self.verdicts, frames.VERDICTS),
            ("exemptions", self.exemptions, frames.EXEMPTIONS),
            ("round_states", self.round_states, frames.ROUND_STATES),
            ("documents", self.documents, frames.DOCUMENTS),
            ("report_texts", self.report_texts, frames.REPORT_TEXTS),
        ):
            _frame(rows, schema).write_parquet(folder / f"{name}.parquet")
        write_cells(_frame(self.cells, frames.CELLS), folder / "cells")
        return folder

    def formula(
        self,
        owner: str,
        numerator: Mapping[str | None, float],
        denominator: Mapping[str | None, float] | None = None,
        *,
        owner_type: str = "indicator",
        side: str = "value",
        combine: str = "sum",
        level: int = 0,
    ) -> None:
        """Terms as ``code`` or ``code:category`` or ``prev(code)`` with their coefficients; None is a constant."""
        for part, terms in (("numerator", numerator), ("denominator", denominator or {})):
            for number, (code, coefficient) in enumerate(terms.items(), start=1):
                lag = 1 if code and code.startswith("prev(") else 0
                element, _, category = (code or "").removeprefix("prev(").removesuffix(")").partition(":")
                self.terms.append(
                    {
                        "owner_type": owner_type,
                        "owner_code": owner,
                        "side": side,
                        "part": part,
                        "term_number": number,
                        "combine": combine,
                        "data_element_code": element or None,
                        "category_code": (category or "_T") if element else None,
                        "coefficient": float(coefficient),
                        "lag": lag,
                        "level": level,
                    }
                )

    def rule(
        self,
        code: str,
        left: Mapping[str | None, float] | None = None,
        operator: str | None = None,
        right: Mapping[str | None, float] | None = None,
        *,
        right_denominator: Mapping[str | None, float] | None = None,
        kind: str = "formula",
        **columns: Any,
    ) -> None:
        """A rule of stage meaning with the terms of both its sides."""
        self.tables.setdefault("validation_rules", []).append(
            {
                "rule_code": code,
                "criteria_set_code": "T",
                "stage": "meaning",
                "kind": kind,
                "operator": operator,
                "missing_strategy": "skip_if_any",
                "severity": "warning",
                "message_vi": "{element_name} ({data_element_code}): {observed}, cần {expected}.",
                "message_en": "{element_name}: {observed} instead of {expected}.",
                "advice_vi": "Đề nghị đơn vị kiểm tra.",
                "advice_en": "Please check.",
                **columns,
            }
        )
        if left and right:
            self.formula(code, left, owner_type="rule", side="left")
            self.formula(code, right, right_denominator, owner_type="rule", side="right")

    def submit(
        self,
        unit: str,
        area: str,
        year: int,
        figures: Mapping[str, Figure],
        *,
        received_at: str | None = None,
        blocked: bool = False,
        quarantined: Sequence[str] = (),
        form: str = "F1",
    ) -> str:
        """One file of one unit; a figure is a number, a value state, ``=text``, or None for a blank cell."""
        moment = datetime.fromisoformat(received_at or f"{year + 1}-03-01T09:00:00+07:00").astimezone(UTC)
        file_name = f"{unit}-{year}-{self.n_sent}.xlsx"
        self.n_sent += 1
        sha256 = hashlib.sha256(file_name.encode()).hexdigest()
        known = {
            "sha256": sha256,
            "file_name": file_name,
            "reporting_unit_code": unit,
            "area_code": area,
            "form_code": form,
            "round_code": f"T-{year}",
            "period_code": str(year),
            "entered_how": "form",
            "is_sample": False,
            "submission_id": md5(sha256, unit),
        }
        self.receipts.append(
            {
                "receipt_id": md5(sha256, "receipt"),
                "sha256": sha256,
                "file_name": file_name,
                "size_bytes": 10_000,
                "received_at": moment,
                "status": "received",
                "is_sample": False,
            }
        )
        self.submissions.append(
            {**known, "form_version": "1", "received_at": moment, "signed_copy": True, "blocked": blocked}
        )
        for row, (code, figure) in enumerate(figures.items(), start=9):
            element, _, category = code.partition(":")
            self.cells.append(
                {
                    **known,
                    "sheet": "Biểu",
                    "row": row,
                    "col": 6,
                    "cell": f"F{row}",
                    "raw_text": "" if figure is None else str(figure),
                    "cell_type": "blank" if figure is None else "number",
                    "role": "value",
                    "data_element_code": element,
                    "category_code": category or "_T",
                    "disposition": "quarantined" if blocked or code in quarantined else "accepted",
                    "reason": "TEST" if blocked or code in quarantined else None,
                    **_parsed(figure),
                }
            )
        return str(known["submission_id"])


def _parsed(figure: Figure) -> Row:
    if figure is None:
        return {"value_state": "missing"}
    if isinstance(figure, str):
        if figure.startswith("="):
            return {"value_text": figure[1:], "value_state": "value"}
        return {"value_state": figure, "value": 0.0 if figure == "zero" else None}
    return {
        "value": float(figure),
        "value_exact": str(figure),
        "value_state": "value",
        "value_status": "final",
    }


def _frame(rows: Sequence[Row], schema: pl.Schema) -> pl.DataFrame:
    unknown = {name for row in rows for name in row} - set(schema)
    if unknown:
        raise ValueError(f"columns outside the contract: {sorted(unknown)}")
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema)


def day(text: str) -> date:
    return date.fromisoformat(text)
