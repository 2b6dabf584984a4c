"""A round of a province made by hand: 46 indicators of four groups in 38 communes, one of which has not sent."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.reports.tiny_release import commune

ROUND = "T-T-2025"
GROUPS = {"I": 2, "II": 10, "III": 5, "IV": 29}
COMMUNES = 38
#: The commune that has not sent.
SILENT = "00138"


def province(*, name_length: int = 40) -> dict[str, Any]:
    """Rows for the round; every name has ``name_length`` letters."""
    rows = commune()
    at = {"round_code": ROUND, "period_code": "2025", "data_year": 2025}
    areas = [f"{number:05}" for number in range(101, 101 + COMMUNES)]
    nodes = list(_nodes(name_length))
    leaves = [node for node in nodes if node["node_type"] == "indicator"]
    return {
        **{name: [] for name in rows},
        "dim_period": rows["dim_period"],
        "dim_indicator": nodes,
        "dim_area": [
            {"area_code": "12", "name_vi": "Tỉnh Lai Châu", "level": "province"},
            *(
                {
                    "area_code": code,
                    "name_vi": _name(code, name_length),
                    "level": "commune",
                    "parent_code": "12",
                }
                for code in areas
            ),
        ],
        "dim_round": [
            {
                **at,
                "criteria_set_code": "T",
                "level": "province",
                "period_end": date(2025, 12, 31),
                "name_vi": "Báo cáo năm 2025 (cấp tỉnh)",
                "due_unit": date(2026, 4, 12),
                "due_province": date(2026, 4, 15),
                "addressee_vi": "Bộ Khoa học và Công nghệ",
            }
        ],
        "fct_reporting_rate": [
            {
                **at,
                "area_code": code,
                "area_name": _name(code, name_length),
                "reporting_unit_code": f"U{code}",
                "reporting_unit_name": f"UBND {_name(code, name_length)}",
                "form_code": "B01",
                "expected": 1,
                "actual": int(code != SILENT),
                "actual_on_time": int(code != SILENT),
                "exempt": False,
            }
            for code in areas
        ],
        "fct_indicator": [
            *(
                _figure(at, node, code, place, name_length)
                for node in leaves
                for place, code in enumerate(areas)
            ),
            *(_total(at, node) for node in leaves),
        ],
    }


def _name(code: str, length: int) -> str:
    return f"Xã {code}" if length <= 40 else f"Xã {code} {'Ă' * (length - 9)}"


def _nodes(length: int) -> Any:
    base = {"criteria_set_code": "T", "is_confirmed": True, "status": "official"}
    order = 0
    for group, count in GROUPS.items():
        order += 1
        name = f"Nhóm {group}".ljust(min(length, 40), "x")
        yield {**base, "indicator_code": group, "node_type": "group", "sort_order": order, "name_vi": name}
        for place in range(1, count + 1):
            order += 1
            words = f"Tỷ lệ cơ quan {group}.{place} dùng nền tảng số "
            yield {
                **base,
                "indicator_code": f"{group}.{place}",
                "parent_code": group,
                "node_type": "indicator",
                "sort_order": order,
                "name_vi": (words * 20)[:length],
                "value_type": "count",
                "unit": "triệu đồng",
                "decimals": 1,
            }


def _figure(at: Any, node: Any, code: str, place: int, length: int) -> dict[str, Any]:
    sent = code != SILENT
    return {
        **at,
        **_of(node),
        "area_code": code,
        "area_name": _name(code, length),
        "area_level": "commune",
        "value": 1000.0 * (place + 1) + 0.5 if sent else None,
        "value_state": "value" if sent else "missing",
    }


def _total(at: Any, node: Any) -> dict[str, Any]:
    """703 thousands and 37 halves of the communes that have sent."""
    return {
        **at,
        **_of(node),
        "area_code": "12",
        "area_name": "Tỉnh Lai Châu",
        "area_level": "province",
        "value_state": "partial",
        "partial_value": 703_018.5,
        "n_areas": COMMUNES - 1,
        "n_areas_expected": COMMUNES,
    }


def _of(node: Any) -> dict[str, Any]:
    return {
        "criteria_set_code": "T",
        "indicator_code": node["indicator_code"],
        "category_code": "_T",
        "is_confirmed": True,
        "name_vi": node["name_vi"],
        "unit": node["unit"],
        "decimals": node["decimals"],
    }
