"""A release made by hand: one commune of today, its two predecessors, three indicators, two years."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

_T, _I, _F, _B, _D, _M = pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Date, pl.Datetime("us", "UTC")

_TYPES: dict[str, Any] = {
    **dict.fromkeys(
        ("data_year", "sort_order", "decimals", "size_bytes", "revision", "n_sources", "row", "col"), _I
    ),
    **dict.fromkeys(("expected", "actual", "actual_on_time", "n_blocking", "n_warning", "n_info"), _I),
    **dict.fromkeys(("request_number", "first_year", "last_year", "n", "n_areas", "n_areas_expected"), _I),
    "comparable_from": _I,
    **dict.fromkeys(("value", "numerator", "denominator", "coverage", "multiplier", "coefficient"), _F),
    **dict.fromkeys(("reporting_rate", "reporting_rate_on_time", "first_value", "last_value"), _F),
    **dict.fromkeys(("previous_value", "change", "yoy_pct", "cagr_pct"), _F),
    **dict.fromkeys(("is_sample", "is_confirmed", "is_break", "is_current", "on_time", "exempt"), _B),
    **dict.fromkeys(("break_in_series", "is_focal", "signed_copy", "is_open"), _B),
    **dict.fromkeys(("valid_from", "valid_to", "period_start", "period_end", "cut_off", "opens_on"), _D),
    **dict.fromkeys(("due_unit", "due_commune", "due_province", "confirmed_at"), _D),
    **dict.fromkeys(("received_at", "due_at", "known_from", "known_to", "decided_at"), _M),
    **dict.fromkeys(("state_since", "set_at", "registered_at", "written_at"), _M),
    **dict.fromkeys(("document_date", "cites_date"), _D),
    **dict.fromkeys(("partial_value", "target", "target_high", "actual", "gap", "pace"), _F),
    **dict.fromkeys(("is_due", "on_track"), _B),
    "act_number": _I,
    "value_decimal": pl.Decimal(38, 6),
}
#: Columns that hold another type in one mart.
_OTHER = {
    ("dim_indicator", "numerator"): _T,
    ("dim_indicator", "denominator"): _T,
    ("fct_finding", "expected"): _T,
}

_INDICATOR = (
    "round_code period_code data_year criteria_set_code area_code area_name area_level indicator_code "
    "category_code name_vi category_name unit decimals numerator denominator value value_state value_status "
    "applicability break_in_series comparable_from break_reason_vi n_sources coverage origin status is_confirmed "
    "is_sample"
)
_REPORTED = (
    "reported_value_key round_code period_code data_year area_code area_name reporting_unit_code "
    "reporting_unit_name assignment_role indicator_code data_element_code category_code name_vi category_name "
    "value value_decimal value_text value_state value_status unit submission_id sha256 file_name sheet cell "
    "raw_text source_text note_text revision received_at entered_how is_sample"
)
MARTS = {
    "dim_indicator": "indicator_key indicator_code criteria_set_code parent_code node_type sort_order name_vi "
    "name_en unit value_type direction numerator denominator multiplier area_aggregation decimals definition_vi "
    "method_vi source_vi status unit_status direction_status value_type_status formula_status confirmed_by "
    "confirmed_at is_confirmed valid_from valid_to",
    "dim_data_element": "data_element_key data_element_code criteria_set_code indicator_code sort_order name_vi "
    "name_en unit value_type role decimals unit_aggregation area_aggregation disaggregation_code status "
    "valid_from valid_to",
    "dim_area": "area_key area_code name_vi name_en area_type level parent_code valid_from valid_to",
    "dim_reporting_unit": "reporting_unit_key reporting_unit_code name_vi name_en level area_code unit_type "
    "is_focal valid_from valid_to",
    "dim_period": "period_key period_code data_year period_type period_start period_end is_break "
    "break_reason_vi",
    "dim_round": "round_key round_code criteria_set_code level period_code data_year period_start period_end "
    "cut_off opens_on request_number name_vi name_en due_unit due_commune due_province criteria_set_name_vi "
    "legal_basis_vi addressee_vi recipients_vi state state_since",
    "fct_receipt": "receipt_id sha256 file_name size_bytes received_at sender channel status reason is_sample",
    "fct_reported_cell": "reported_cell_key round_code period_code data_year area_code area_name sha256 "
    "file_name sheet row col cell raw_text cell_type role submission_id reporting_unit_code data_element_code "
    "category_code name_vi disposition reason is_sample",
    "fct_submission": "submission_id round_code period_code data_year area_code area_name reporting_unit_code "
    "reporting_unit_name form_code form_version sha256 file_name revision is_current received_at due_at "
    "on_time signed_copy status entered_how n_blocking n_warning n_info is_sample",
    "fct_reported_value": _REPORTED,
    "fct_reported_value_history": f"{_REPORTED} known_from known_to is_current",
    "fct_indicator": f"indicator_value_key {_INDICATOR} partial_value n_areas n_areas_expected",
    "fct_indicator_harmonised": f"indicator_harmonised_key {_INDICATOR} method n_areas",
    "fct_indicator_trend": "indicator_trend_key criteria_set_code area_code area_name indicator_code "
    "category_code name_vi unit basis first_year last_year n first_value last_value previous_value change "
    "yoy_pct cagr_pct slope slope_low slope_high tau p_value reason trend_reason break_in_series is_confirmed "
    "is_sample",
    "fct_finding": "finding_id rule_code stage status severity round_code period_code data_year area_code "
    "area_name reporting_unit_code reporting_unit_name indicator_code data_element_code category_code name_vi "
    "submission_id sha256 file_name sheet cell observed expected message_vi message_en advice_vi advice_en "
    "unit_response is_open decided_by decided_at decision_reason is_sample",
    "fct_reporting_rate": "round_code period_code data_year area_code area_name reporting_unit_code "
    "reporting_unit_name form_code expected actual actual_on_time reporting_rate reporting_rate_on_time "
    "exempt note due_at is_sample",
    "fct_round_state": "round_code act_number act state amendment set_by set_at is_current is_sample",
    "fct_document": "round_code document_kind document_number document_date signer revision relation "
    "cites_number cites_date registered_at is_current is_sample",
    "fct_report_text": "text_id round_code section text written_by written_at is_current is_sample",
    "fct_target_progress": "round_code period_code data_year criteria_set_code area_code area_name indicator_code "
    "category_code name_vi unit target_period_code is_due comparison target target_high actual gap pace on_track "
    "light light_name_vi reason target_status is_confirmed is_sample",
    "bridge_indicator_source": "indicator_value_key reported_value_key part coefficient is_sample",
}

#: What releases of the first version do not have.
LATER = {
    "fct_finding": ("is_open", "decided_by", "decided_at", "decision_reason"),
    "fct_indicator": (
        "break_reason_vi",
        "partial_value",
        "n_areas",
        "n_areas_expected",
    ),
    "fct_indicator_harmonised": ("break_reason_vi",),
    "fct_indicator_trend": ("slope", "slope_low", "slope_high", "tau", "p_value", "trend_reason"),
    "fct_reporting_rate": ("note", "due_at"),
    "dim_round": (
        "criteria_set_name_vi",
        "legal_basis_vi",
        "addressee_vi",
        "recipients_vi",
        "state",
        "state_since",
    ),
}
#: Midnight in the office.
_DUE_AT = datetime(2026, 4, 9, 17, tzinfo=UTC)
LATER_MARTS = ("fct_round_state", "fct_document", "fct_report_text", "fct_target_progress")

CREATED = "2026-04-11T03:00:00+00:00"
ROUND = "T-X-2025"
HOSTILE = '=HYPERLINK("http://x.example","<script>alert(1)</script>")'

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def write_release(
    folder: Path,
    rows: Rows,
    *,
    is_sample: bool = True,
    release_id: str = "R0001-0a1b2c3d",
    first_version: bool = False,
) -> Path:
    """A release folder with the given rows; marts and columns not given are empty."""
    release_dir = folder / release_id
    release_dir.mkdir(parents=True)
    with duckdb.connect(str(release_dir / "kho.duckdb")) as connection:
        connection.begin()  # a table each would be written to the disk one by one
        connection.execute("create schema marts")
        for mart, columns in MARTS.items():
            if first_version and mart in LATER_MARTS:
                continue
            frame = _frame(mart, columns.split(), rows.get(mart, ()), is_sample=is_sample)
            frame = frame.drop(LATER.get(mart, ()) if first_version else ())
            connection.register("given", frame.to_arrow())
            connection.execute(f"create table marts.{mart} as from given")
            connection.unregister("given")
        connection.execute("comment on column marts.fct_indicator.value is 'Giá trị | Value'")
        connection.commit()
    manifest = {
        "release_id": release_id,
        "created_at": CREATED,
        "content_hash": "ab" * 32,
        "is_sample": is_sample,
    }
    (release_dir / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return release_dir


def _frame(
    mart: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, is_sample: bool
) -> pl.DataFrame:
    schema = {name: _OTHER.get((mart, name), _TYPES.get(name, _T)) for name in columns}
    unknown = {name for row in rows for name in row} - set(columns)
    assert not unknown, (mart, unknown)
    given = {"is_sample": is_sample} if "is_sample" in columns else {}
    return pl.DataFrame([{**dict.fromkeys(columns), **given, **row} for row in rows], schema=schema)


def commune(*, name_of_missing: str = "Trạm Y tế", file_name: str = "bieu-vp.xlsx") -> dict[str, Any]:
    """Rows for the round of 2025 of a commune merged on 1 July 2025, with the year before on old areas."""
    at = {"round_code": ROUND, "period_code": "2025", "data_year": 2025}
    here = {**at, "area_code": "03390", "area_name": "Xã Bình Lư"}
    return {
        "dim_indicator": _indicators(),
        "dim_area": _areas(),
        "dim_period": [
            _period(2024, is_break=False, reason=None),
            _period(2025, is_break=True, reason="Sắp xếp đơn vị hành chính từ ngày 01/7/2025."),
        ],
        "dim_round": [_round(2024), _round(2025)],
        "fct_receipt": [
            _receipt("vp", file_name, "received"),
            _receipt("kt", "bieu-kt.xlsx", "received"),
            _receipt("la", "ảnh.xlsx", "refused", "FILE_NOT_WORKBOOK"),
        ],
        "fct_submission": [
            _submission(here, "vp", "Văn phòng HĐND và UBND", file_name, on_time=True),
            _submission(here, "kt", "Phòng Kinh tế", "bieu-kt.xlsx", on_time=False),
        ],
        "fct_reporting_rate": [
            _rate(here, "vp", "Văn phòng HĐND và UBND", 1, 1),
            _rate(here, "kt", "Phòng Kinh tế", 1, 0),
            _rate(here, "yt", name_of_missing, 0, 0),
        ],
        "fct_reported_value": [
            _value(here, "A.1.GT", "A.1", 1234.0, "1.234", "E15", file_name),
            _value(here, "A.2.TS", "A.2", 3.0, "3", "E17", file_name),
            _value(here, "A.2.MS", "A.2", 8.0, HOSTILE, "E18", file_name),
            {**_value(here, "B.1.GT", "B.1", None, "1.234", "E20", file_name), "value_state": "held"},
        ],
        "fct_reported_cell": [
            _cell(here, "vp", file_name, 1, "accepted"),
            _cell(here, "vp", file_name, 2, "quarantined"),
            _cell(here, "vp", file_name, 3, "ignored"),
            _cell(here, "kt", "bieu-kt.xlsx", 1, "accepted"),
        ],
        "fct_indicator": _as_reported(here),
        "fct_indicator_harmonised": _harmonised(here),
        "fct_finding": _findings(here, file_name),
    }


def decided_commune() -> dict[str, Any]:
    """The same round with an answer, a decision, a file sent again, figures entered and an exemption."""
    rows = commune()
    held, refused, asked, passed = rows["fct_finding"]
    vp, kt = rows["fct_submission"]
    rows["fct_finding"] = [
        {**held, "submission_id": "s-vp-first", "finding_id": "f0", "message_vi": "Lần nộp đầu đã thay."},
        {
            **held,
            "submission_id": "s-vp",
            "is_open": False,
            "decided_by": "Nguyễn Văn A",
            "decided_at": datetime(2026, 4, 10, 20, tzinfo=UTC),
            "decision_reason": "Đã đối chiếu hợp đồng.",
        },
        refused,
        {**asked, "submission_id": "s-vp", "severity": "info", "unit_response": "Mở thêm dịch vụ mới."},
        {
            **asked,
            "finding_id": "f5",
            "rule_code": "ENTRY_UNCONFIRMED",
            "severity": "info",
            "category_code": "_T",
            "message_vi": "Số liệu A.2.MS chờ đơn vị xác nhận.",
        },
        passed,
    ]
    rows["fct_submission"] = [
        {
            **vp,
            "submission_id": "s-vp-first",
            "is_current": False,
            "status": "superseded",
            "received_at": _FIRST,
        },
        vp,
        kt,
    ]
    values = rows["fct_reported_value"]
    values[1] |= {"entered_how": "on_behalf", "file_name": "giấy.pdf", "cell": "tr. 2"}
    values[2] |= {"entered_how": "correction", "name_vi": "Tổng số hồ sơ"}
    rows["fct_reporting_rate"][2] |= {"exempt": True, "expected": 0, "note": "Miễn: trạm đang sửa chữa."}
    return rows


_FIRST = datetime(2026, 4, 1, 2, tzinfo=UTC)


def _indicators() -> list[dict[str, Any]]:
    base = {"criteria_set_code": "T", "is_confirmed": True, "status": "official"}
    leaf = {**base, "node_type": "indicator"}
    return [
        {**base, "indicator_code": "A", "node_type": "group", "sort_order": 1, "name_vi": "Nhóm đầu vào"},
        {
            **leaf,
            "indicator_code": "A.1",
            "parent_code": "A",
            "sort_order": 2,
            "name_vi": "Nhân lực",
            "value_type": "count",
            "unit": "người",
            "decimals": 0,
        },
        {
            **leaf,
            "indicator_code": "A.2",
            "parent_code": "A",
            "sort_order": 3,
            "name_vi": "Tỷ lệ hồ sơ trực tuyến",
            "value_type": "percent",
            "unit": "%",
            "decimals": 1,
            "is_confirmed": False,
            "status": "candidate",
        },
        {**base, "indicator_code": "B", "node_type": "group", "sort_order": 4, "name_vi": "Nhóm kết quả"},
        {
            **leaf,
            "indicator_code": "B.1",
            "parent_code": "B",
            "sort_order": 5,
            "name_vi": "Đơn đăng ký sáng chế",
            "value_type": "count",
            "unit": "đơn",
            "decimals": 0,
        },
        {
            **leaf,
            "indicator_code": "B.2",
            "parent_code": "B",
            "sort_order": 6,
            "name_vi": "Xếp hạng",
            "value_type": "rank",
            "unit": "hạng",
            "decimals": 0,
        },
    ]


def _areas() -> list[dict[str, Any]]:
    old = {"level": "commune", "parent_code": "12", "valid_to": date(2025, 6, 30)}
    new = {"level": "commune", "parent_code": "12", "valid_from": date(2025, 7, 1)}
    return [
        {"area_code": "12", "name_vi": "Tỉnh Lai Châu", "level": "province"},
        {**old, "area_code": "03390", "name_vi": "Thị trấn Tam Đường"},
        {**old, "area_code": "03412", "name_vi": "Xã Bình Lư"},
        {**new, "area_code": "03390", "name_vi": "Xã Bình Lư"},
    ]


def _period(year: int, *, is_break: bool, reason: str | None) -> dict[str, Any]:
    return {
        "period_code": str(year),
        "data_year": year,
        "period_type": "year",
        "period_start": date(year, 1, 1),
        "period_end": date(year, 12, 31),
        "is_break": is_break,
        "break_reason_vi": reason,
    }


def _round(year: int) -> dict[str, Any]:
    return {
        "round_code": f"T-X-{year}",
        "criteria_set_code": "T",
        "level": "commune",
        "period_code": str(year),
        "data_year": year,
        "period_end": date(year, 12, 31),
        "name_vi": f"Báo cáo năm {year}",
        "due_unit": date(year + 1, 4, 10),
        "due_commune": date(year + 1, 4, 12),
    }


def _receipt(code: str, file_name: str, status: str, reason: str | None = None) -> dict[str, Any]:
    return {
        "receipt_id": code,
        "sha256": code * 32,
        "file_name": file_name,
        "received_at": datetime(2026, 4, 8, 2, tzinfo=UTC),
        "sender": "vanphong@example.vn",
        "status": status,
        "reason": reason,
    }


def _submission(
    here: Mapping[str, Any], code: str, name: str, file_name: str, *, on_time: bool
) -> dict[str, Any]:
    return {
        **here,
        "submission_id": f"s-{code}",
        "reporting_unit_code": code,
        "reporting_unit_name": name,
        "form_code": "B01",
        "sha256": code * 32,
        "file_name": file_name,
        "revision": 1,
        "is_current": True,
        "received_at": datetime(2026, 4, 8 if on_time else 10, 2, tzinfo=UTC),
        "due_at": _DUE_AT,
        "on_time": on_time,
        "status": "accepted",
    }


def _rate(here: Mapping[str, Any], code: str, name: str, actual: int, on_time: int) -> dict[str, Any]:
    return {
        **here,
        "reporting_unit_code": code,
        "reporting_unit_name": name,
        "form_code": "B01",
        "expected": 1,
        "actual": actual,
        "actual_on_time": on_time,
        "exempt": False,
        "due_at": _DUE_AT,
    }


def _value(  # noqa: PLR0917
    here: Mapping[str, Any],
    element: str,
    indicator: str,
    value: float | None,
    raw: str,
    cell: str,
    file_name: str,
) -> dict[str, Any]:
    return {
        **here,
        "reported_value_key": element,
        "reporting_unit_code": "vp",
        "reporting_unit_name": "Văn phòng HĐND và UBND",
        "indicator_code": indicator,
        "data_element_code": element,
        "category_code": "_T",
        "name_vi": element,
        "value": value,
        "value_state": "value",
        "file_name": file_name,
        "sheet": "Biểu",
        "cell": cell,
        "raw_text": raw,
        "received_at": datetime(2026, 4, 8, 2, tzinfo=UTC),
    }


def _cell(here: Mapping[str, Any], code: str, file_name: str, row: int, disposition: str) -> dict[str, Any]:
    return {
        **here,
        "reported_cell_key": f"{code}{row}",
        "sha256": code * 32,
        "file_name": file_name,
        "sheet": "Biểu",
        "row": row,
        "col": 1,
        "cell": f"A{row}",
        "disposition": disposition,
    }


def _figure(at: Mapping[str, Any], indicator: str, **given: Any) -> dict[str, Any]:
    confirmed = indicator != "A.2"
    names = {row["indicator_code"]: row for row in _indicators()}
    known = {name: names[indicator][name] for name in ("name_vi", "unit", "decimals")}
    return {
        **at,
        "criteria_set_code": "T",
        "indicator_code": indicator,
        "category_code": "_T",
        "is_confirmed": confirmed,
        **known,
        **given,
    }


def _as_reported(here: Mapping[str, Any]) -> list[dict[str, Any]]:
    before = {
        "round_code": "T-X-2024",
        "period_code": "2024",
        "data_year": 2024,
        "area_code": "03390",
        "area_name": "Thị trấn Tam Đường",
    }
    return [
        _figure(here, "A.1", value=1234.0, numerator=1234.0, value_state="value"),
        _figure(here, "A.2", value=37.5, numerator=3.0, denominator=8.0, value_state="value"),
        _figure(here, "B.1", value_state="held"),
        _figure(here, "B.2", value_state="not_available", applicability="supplied"),
        _figure(before, "A.1", value=777.0, numerator=777.0, value_state="value"),
        _figure(before, "B.2", value=5.0, numerator=5.0, value_state="value"),
    ]


def _harmonised(here: Mapping[str, Any]) -> list[dict[str, Any]]:
    before = {**here, "round_code": "T-X-2024", "period_code": "2024", "data_year": 2024}
    summed = {"method": "summed", "coverage": 1.0, "n_areas": 2}
    now = {"method": "reported", "coverage": 1.0, "n_areas": 1}
    return [
        _figure(here, "A.1", value=1234.0, numerator=1234.0, value_state="value", **now),
        _figure(here, "A.2", value=37.5, numerator=3.0, denominator=8.0, value_state="value", **now),
        _figure(before, "A.1", value=1000.5, numerator=1000.5, value_state="value", **summed),
        _figure(before, "A.2", value=0.0, numerator=0.0, denominator=9.0, value_state="zero", **summed),
        _figure(before, "B.1", value=0.0, numerator=0.0, value_state="zero", **summed),
        _figure(before, "B.2", value_state="not_available", method="not_harmonised", coverage=1.0),
    ]


def _findings(here: Mapping[str, Any], file_name: str) -> list[dict[str, Any]]:
    fail = {"status": "fail", "stage": "admission"}
    held = {
        **here,
        **fail,
        "finding_id": "f1",
        "rule_code": "NUMBER_AMBIGUOUS",
        "severity": "blocking",
        "reporting_unit_code": "vp",
        "reporting_unit_name": "Văn phòng HĐND và UBND",
        "file_name": file_name,
        "sha256": "vp" * 32,
        "sheet": "Biểu",
        "cell": "E20",
        "observed": HOSTILE,
        "expected": "một số",
        "message_vi": f"Giá trị {HOSTILE} đọc được theo hai cách.",
        "message_en": f"{HOSTILE} can be read in two ways.",
        "advice_vi": "Đề nghị đơn vị kiểm tra và nhập lại.",
        "advice_en": "Please check.",
    }
    refused = {
        **fail,
        "finding_id": "f2",
        "stage": "guard",
        "rule_code": "FILE_NOT_WORKBOOK",
        "severity": "blocking",
        "file_name": "ảnh.xlsx",
        "sha256": "la" * 32,
        "message_vi": "Tệp không phải là bảng tính.",
        "message_en": "Not a workbook.",
    }
    asked = {
        **held,
        "finding_id": "f3",
        "rule_code": "JUMP",
        "severity": "warning",
        "cell": "E18",
        "indicator_code": "A.2",
        "data_element_code": "A.2.MS",
        "name_vi": "Tổng số hồ sơ",
        "message_vi": "Số liệu A.2.MS (Tổng số hồ sơ) tăng hơn 3 lần.",
    }
    return [held, refused, asked, {**held, "finding_id": "f4", "status": "pass"}]
