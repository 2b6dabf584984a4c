"""Made-up rows for what the sample leaves empty, so that no mart is compared without rows; tables of a build's inputs.

Targets of all comparisons, two schemes of scores, a round that was reopened and its documents, texts of a report, an
answer, a decision and a duty that was lifted. They speak of the sample's own codes.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

_CRITERIA_SET, _YEAR, _ROUND = "2244", "2025", "2244-X-2025"
_UNIT, _AREA, _AREA_BEFORE = "BL-KT", "03390", "03412"
_RATE, _POINTS = "IV.26", "IV.25"
_AT = datetime(2026, 4, 20, 9, 30, 15, 250_000, tzinfo=UTC)
_LATER = datetime(2026, 4, 21, 23, 59, 59, tzinfo=UTC)
_FIGURE = {
    "reporting_unit_code": _UNIT,
    "area_code": _AREA,
    "period_code": _YEAR,
    "data_element_code": "II.2.3.GT",
    "category_code": "_T",
    "observed": "1.908.600",
}

_ROWS: Mapping[str, Sequence[Mapping[str, object]]] = {
    "catalogue/targets": [
        {
            "indicator_code": code,
            "area_code": area,
            "period_code": year,
            "source_vi": "Kế hoạch",
            "status": "draft",
            **told,
        }
        for code, area, year, told in (
            (_RATE, _AREA, _YEAR, {"target": 90.0}),
            (_RATE, _AREA, "2030", {"target": 100.0, "baseline_year": 2024, "baseline_value": 64.5}),
            (_RATE, _AREA_BEFORE, "2024", {"operator": "<=", "target": 60.0}),
            (_POINTS, _AREA_BEFORE, "2024", {"operator": "between", "target": 500.0, "target_high": 550.1}),
            ("IV.24", _AREA_BEFORE, "2023", {"operator": "==", "target": 89.5}),
            ("I.1", _AREA, _YEAR, {"target": 40.0}),
        )
    ],
    "catalogue/light_rules": [
        {
            "criteria_set_code": _CRITERIA_SET,
            "light": light,
            "sort_order": order,
            "measure": "pace",
            "at_least": least,
            "name_vi": light,
        }
        for order, (light, least) in enumerate((("green", 100.0), ("amber", 90.0), ("red", None)))
    ],
    "catalogue/score_schemes": [
        {
            "scheme_code": code,
            "criteria_set_code": _CRITERIA_SET,
            "name_vi": f"Điểm {code}",
            "normalisation": normalisation,
            "aggregation": "arithmetic",
            "ranks_areas": code == "HANG",
        }
        for code, normalisation in (("MOC", "goalposts"), ("HANG", "borda"))
    ],
    "catalogue/weights": [
        {
            "scheme_code": "MOC",
            "indicator_code": _RATE,
            "weight": 2.0,
            "goalpost_low": 0.0,
            "goalpost_high": 100.0,
        },
        {
            "scheme_code": "MOC",
            "indicator_code": _POINTS,
            "weight": 1.0,
            "goalpost_low": 0.0,
            "goalpost_high": 1e3,
        },
        {"scheme_code": "HANG", "indicator_code": _RATE, "weight": 1.0},
    ],
    "round_states": [
        {
            "act_number": number,
            "round_code": _ROUND,
            "act": act,
            "state": state,
            "reason": "Số liệu “mới”; dòng 1\ndòng 2",
            "set_by": "van-thu",
            "set_at": at,
            "is_sample": True,
        }
        for number, act, state, at in ((1, "close", "closed", _AT), (2, "reopen", "open", _LATER))
    ],
    "documents": [
        {
            "act_number": number,
            "round_code": _ROUND,
            "kind": "report",
            "document_number": f"{number}/BC-UBND",
            "document_date": date(2026, 4, 20 + number),
            "signer": "Chủ tịch",
            "file_sha256": 64 * str(number),
            "file_name": f"bao-cao-{number}.pdf",
            "release_id": f"R000{number}-6ec9bf6c",
            "revision": number,
            "registered_by": "van-thu",
            "registered_at": _AT,
            "is_sample": True,
        }
        for number in (1, 2)
    ],
    "report_texts": [
        {
            "text_id": text,
            "round_code": _ROUND,
            "section": "causes",
            "text": "Mưa lũ, 1,5 %",
            "written_by": "tong-hop",
            "written_at": _AT,
            "is_sample": True,
        }
        for text in ("a", "b")
    ],
    "responses": [
        {
            "response_id": "a",
            "rule_code": "JUMP_UP_II_2_3_GT",
            **_FIGURE,
            "text": "Nhà máy mới",
            "answered_by": _UNIT,
            "answered_at": _AT,
            "is_sample": True,
        }
    ],
    "verdicts": [
        {
            "verdict_id": "a",
            "rule_code": "SLIP_UP_II_2_3_GT",
            **_FIGURE,
            "verdict": "accept",
            "reason": "Đã hỏi lại",
            "decided_by": "lanh-dao",
            "decided_at": _LATER,
            "is_sample": True,
        }
    ],
    "exemptions": [
        {
            "exemption_id": "a",
            "reporting_unit_code": "BL-THPT",
            "area_code": _AREA,
            "form_code": "B01-X",
            "round_code": _ROUND,
            "kind": "exempt",
            "reason": "Đơn vị mới",
            "decided_by": "lanh-dao",
            "decided_at": _AT,
            "is_standing": True,
            "is_sample": True,
        }
    ],
}


def fill(inputs: Path, into: Path) -> Path:
    """A copy of a build's inputs in which no table of those above is empty; returns ``into``."""
    shutil.copytree(inputs, into)
    for name, rows in _ROWS.items():
        file = into / f"{name}.parquet"
        schema = pl.read_parquet_schema(file)
        if not pl.scan_parquet(file).select(pl.len()).collect().item():
            pl.DataFrame(rows, schema=schema, orient="row").write_parquet(file)
    return into
