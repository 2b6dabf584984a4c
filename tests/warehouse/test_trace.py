"""What an officer relies on when asked where a figure comes from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tiny import make_marts

from dagster_project.catalogue.rounds import Wanted
from dagster_project.errors import UsageError
from dagster_project.warehouse.trace import render, trace_indicator

PLACE = {
    "round_code": "2244-X-2025",
    "period_code": "2025",
    "data_year": 2025,
    "area_code": "03390",
    "area_name": "Xã Bình Lư",
}
CHECK = {
    **PLACE,
    "stage": "meaning",
    "status": "fail",
    "severity": "blocking",
    "file_name": "yt.xlsx",
    "sheet": "Biểu",
    "cell": "G12",
}

UNSENT = {
    **PLACE,
    "rule_code": "NOT_SENT",
    "status": "fail",
    "severity": "warning",
    "message_vi": "Chưa nhận được biểu.",
}


def value(key: str, element: str, shown: float | None, raw: str, **more: object) -> dict[str, object]:
    return {
        **PLACE,
        "reported_value_key": key,
        "reporting_unit_code": "BL-YT",
        "reporting_unit_name": "Trạm Y tế",
        "data_element_code": element,
        "category_code": "_T",
        "name_vi": f"Tên {element}",
        "value": shown,
        "value_state": "value" if shown is not None else "held",
        "unit": "người",
        "submission_id": "s1",
        "sha256": "ab",
        "file_name": "yt.xlsx",
        "sheet": "Biểu",
        "cell": "G12" if element.endswith("TS") else "G13",
        "raw_text": raw,
        "revision": 2,
        "received_at": datetime(2026, 4, 9, 9, 30, tzinfo=UTC),
        "entered_how": "form",
        "is_sample": True,
        **more,
    }


def indicator(key: str, code: str, shown: float | None, **more: object) -> dict[str, object]:
    return {
        **PLACE,
        "indicator_value_key": key,
        "indicator_code": code,
        "category_code": "_T",
        "name_vi": f"Tên {code}",
        "unit": "%",
        "decimals": 2,
        "value": shown,
        "value_state": "value",
        "is_confirmed": False,
        "is_sample": True,
        **more,
    }


def link(key: str, source: str, part: str, coefficient: float = 1.0) -> dict[str, object]:
    return {
        "indicator_value_key": key,
        "reported_value_key": source,
        "part": part,
        "coefficient": coefficient,
    }


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows: dict[str, list[dict[str, Any]]] = {
        "dim_indicator": [{"indicator_code": code} for code in ("IV.21", "IV.22", "IV.23", "IV.24")],
        "dim_data_element": [
            {"data_element_code": "IV.22.GT", "indicator_code": "IV.22"},
            {"data_element_code": "IV.23.GT", "indicator_code": "IV.23"},
        ],
        "dim_area": [{"area_code": "03390"}],
        "fct_indicator": [
            indicator("i21", "IV.21", 92.5),
            indicator("i22", "IV.22", None, value_state="held", is_confirmed=True, is_sample=False),
            indicator("i23", "IV.23", None, value_state="missing"),
            indicator("other", "IV.21", 1.0, area_code="12", area_name="Lai Châu"),
        ],
        "fct_reported_value": [
            value("v1", "IV.21.TS", 1850.0, "1.850"),
            value("v2", "IV.21.MS", 2000.0, "2000\x1b[2J"),
            value("v3", "IV.22.GT", None, "abc"),
            value("v0", "IV.23.GT", 5.0, "5", data_year=2024, reporting_unit_code="BL-TH"),
            value("v4", "IV.99.GT", 5.0, "5", reporting_unit_code="BL-TH"),
            value("v5", "IV.99.GT", 5.0, "5", reporting_unit_code="BL-CA"),
        ],
        "bridge_indicator_source": [
            link("i21", "v1", "numerator"),
            link("i21", "v2", "denominator", 2.0),
            link("i22", "v3", "numerator"),
        ],
        "fct_finding": [
            {
                **CHECK,
                "finding_id": "f1",
                "rule_code": "NOT_A_NUMBER",
                "data_element_code": "IV.22.GT",
                "message_vi": "Không phải là số.",
                "message_en": "Not a number.",
                "advice_vi": "Đề nghị đơn vị kiểm tra.",
                "advice_en": "Please check.",
            },
            {**CHECK, "finding_id": "f2", "rule_code": "ELSEWHERE", "data_element_code": "IV.99.GT"},
            {
                **CHECK,
                "finding_id": "f3",
                "rule_code": "PASSED",
                "data_element_code": "IV.22.GT",
                "status": "pass",
            },
            {**UNSENT, "finding_id": "f4", "reporting_unit_code": "BL-TH"},
            {**UNSENT, "finding_id": "f5", "reporting_unit_code": "BL-THPT"},
            {**UNSENT, "finding_id": "f6", "reporting_unit_code": "BL-CA", "rule_code": "LATE"},
            {**UNSENT, "finding_id": "f7", "reporting_unit_code": "BL-YT", "rule_code": "LATE"},
        ],
        "fct_reporting_rate": [
            {**PLACE, "reporting_unit_code": unit} for unit in ("BL-YT", "BL-TH", "BL-THPT", "BL-CA")
        ],
    }
    return make_marts(tmp_path_factory.mktemp("release") / "kho.duckdb", rows)


def test_each_figure_is_followed_to_the_text_typed_in_its_cell(file: Path) -> None:
    over, under = trace_indicator(file, "IV.21", "03390", Wanted(2025))
    assert (over.part, over.data_element_code, over.reported_value, over.raw_text) == (
        "numerator",
        "IV.21.TS",
        1850.0,
        "1.850",
    )
    assert (over.file_name, over.sheet, over.cell, over.revision) == ("yt.xlsx", "Biểu", "G12", 2)
    assert over.received_at == datetime(2026, 4, 9, 9, 30, tzinfo=UTC)
    assert (under.part, under.cell, under.coefficient) == ("denominator", "G13", 2.0)


def test_the_printed_tree_shows_marks_numbers_and_places_as_the_office_writes_them(file: Path) -> None:
    text = render(trace_indicator(file, "IV.21", "03390", Wanted(2025)), "vi")
    assert text.splitlines() == [
        "SỐ LIỆU MINH HỌA – không phải số liệu thật",
        "IV.21 Tên IV.21 (chưa xác nhận)",
        "  Xã Bình Lư (03390) · năm số liệu 2025 · đợt 2244-X-2025",
        "  = 92,50 %",
        "  ├─ Tử số IV.21.TS Tên IV.21.TS: 1.850 người",
        "  │  Trạm Y tế (BL-YT) · lần nộp 2, nhận 09/04/2026 16:30 · mã lần nộp s1",
        "  │  Tệp yt.xlsx › Biểu › ô G12 · đơn vị ghi: «1.850»",
        "  └─ Mẫu số IV.21.MS Tên IV.21.MS: 2.000 người × 2",
        "     Trạm Y tế (BL-YT) · lần nộp 2, nhận 09/04/2026 16:30 · mã lần nộp s1",
        "     Tệp yt.xlsx › Biểu › ô G13 · đơn vị ghi: «2000�[2J»",
    ]


def test_english_writes_numbers_the_english_way(file: Path) -> None:
    text = render(trace_indicator(file, "IV.21", "03390", Wanted(2025)), "en")
    assert "= 92.50 %" in text
    assert "1,850 người" in text
    assert "SAMPLE DATA" in text


def test_a_held_figure_names_the_finding_that_holds_it(file: Path) -> None:
    traces = trace_indicator(file, "IV.22", "03390", Wanted(2025))
    text = render(traces, "vi")
    assert "= chờ đơn vị chỉnh sửa" in text
    assert "! NOT_A_NUMBER: Không phải là số. [yt.xlsx › Biểu › G12]" in text
    assert "Đề nghị đơn vị kiểm tra." in text
    assert "«abc»" in text
    assert not {"ELSEWHERE", "PASSED", "LATE"} & {finding.rule_code for finding in traces[0].findings}
    assert "chưa xác nhận" not in text
    assert "MINH HỌA" not in text


def test_a_missing_figure_names_the_units_that_gave_it_before_or_gave_nothing_at_all(file: Path) -> None:
    (trace,) = trace_indicator(file, "IV.23", "03390", Wanted(2025))
    assert (trace.value, trace.data_element_code) == (None, None)
    assert [finding.reporting_unit_code for finding in trace.findings] == ["BL-TH", "BL-THPT"]
    text = render([trace], "vi")
    assert "= chưa có báo cáo" in text
    assert "Chưa nhận được biểu." in text


def test_a_sound_figure_carries_no_findings(file: Path) -> None:
    assert all(not trace.findings for trace in trace_indicator(file, "IV.21", "03390", Wanted(2025)))


def test_a_known_code_without_a_value_gives_nothing(file: Path) -> None:
    assert trace_indicator(file, "IV.24", "03390", Wanted(2025)) == []


@pytest.mark.parametrize(
    ("code", "area"), [("IV.21", "Xã Bình Lư"), ("IV.21", "3390"), ("iv.21", "03390"), ("'", "03390")]
)
def test_areas_and_indicators_are_given_by_code_only(file: Path, code: str, area: str) -> None:
    with pytest.raises(UsageError):
        trace_indicator(file, code, area, Wanted(2025))


def test_a_sum_over_some_of_the_areas_says_how_many_and_is_shown_as_no_figure_of_the_whole(
    tmp_path: Path,
) -> None:
    incomplete = indicator(
        *("k", "IV.21", None),
        value_state="partial",
        partial_value=1234.5,
        origin="aggregated",
        n_areas=37,
        n_areas_expected=38,
    )
    rows = {
        "dim_indicator": [{"indicator_code": "IV.21"}],
        "dim_area": [{"area_code": "03390"}],
        "fct_indicator": [incomplete],
    }
    text = render(
        trace_indicator(make_marts(tmp_path / "kho.duckdb", rows), "IV.21", "03390", Wanted(2025)), "vi"
    )
    assert "  = mới có một phần địa bàn\n" in text
    assert "= 1.234,50 % cộng từ 37/38 địa bàn cấp dưới; chưa phải số của toàn địa bàn" in text


def test_a_figure_that_begins_a_new_series_says_why(tmp_path: Path) -> None:
    broken = indicator(
        *("k", "IV.21", 5.0),
        break_in_series=True,
        comparable_from=2025,
        break_reason_vi="Đổi đơn vị tính: % → ‰.",
        break_reason_en="The unit changed: % → ‰.",
    )
    rows = {
        "dim_indicator": [{"indicator_code": "IV.21"}],
        "dim_area": [{"area_code": "03390"}],
        "fct_indicator": [broken],
    }
    traces = trace_indicator(make_marts(tmp_path / "kho.duckdb", rows), "IV.21", "03390", Wanted(2025))
    assert "chỉ so sánh được từ năm 2025. Đổi đơn vị tính: % → ‰.\n" in render(traces, "vi")
    assert "comparable from 2025 only. The unit changed: % → ‰.\n" in render(traces, "en")
