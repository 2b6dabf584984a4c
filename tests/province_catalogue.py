"""A province of six communes and one office of its own, asked for four indicators; written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

COMMUNES = {
    "03388": "Phường Đoàn Kết",
    "03390": "Xã Bình Lư",
    "03394": "Xã Sin Suối Hồ",
    "03405": "Xã Tả Lèng",
    "03424": "Xã Bản Bo",
    "03430": "Xã Khun Há",
}
ROUND = "T-T-2025"

_TABLES: Mapping[str, str] = {
    "criteria_sets": "criteria_set_code,name_vi\nT,Bộ thử\n",
    "indicators": (
        "indicator_code,criteria_set_code,node_type,sort_order,name_vi,unit,value_type,numerator,denominator,"
        "multiplier,area_aggregation,decimals,status\n"
        "A.1,T,indicator,1,Nhân lực,người,count,A.1.GT,,1,sum,0,official\n"
        "A.2,T,indicator,2,Tỷ lệ hồ sơ trực tuyến,%,percent,A.2.TS,A.2.MS,100,ratio_of_sums,1,official\n"
        "B.1,T,indicator,3,Đơn đăng ký sáng chế,đơn,count,B.1.GT,,1,sum,0,official\n"
    ),
    "applicability": (
        "indicator_code,level,how\n"
        + "".join(f"{code},commune,reported\n{code},province,computed\n" for code in ("A.1", "A.2", "B.1"))
    ),
    "data_elements": (
        "data_element_code,criteria_set_code,indicator_code,sort_order,name_vi,unit,value_type,role,decimals,"
        "unit_aggregation,area_aggregation,status\n"
        "A.1.GT,T,A.1,1,Nhân lực,người,count,value,0,lead,sum,official\n"
        "A.2.TS,T,A.2,1,Hồ sơ nộp trực tuyến,hồ sơ,count,numerator,0,lead,sum,official\n"
        "A.2.MS,T,A.2,2,Hồ sơ đã nhận,hồ sơ,count,denominator,0,lead,sum,official\n"
        "A.2.TL,T,A.2,3,Tỷ lệ đơn vị tự tính,%,percent,typed,1,lead,none,official\n"
        "B.1.GT,T,B.1,1,Đơn đăng ký sáng chế,đơn,count,value,0,lead,sum,official\n"
    ),
    "units_of_measure": (
        "unit,name_vi,name_en,dimension,factor\n"
        "người,người,person,people,1\n%,%,per cent,ratio,1\nhồ sơ,hồ sơ,file,files,1\nđơn,đơn,application,files,1\n"
    ),
    "value_states": (
        "value_state,word,is_label\nzero,Không phát sinh,true\nnot_applicable,Không áp dụng,true\n"
        "not_available,Chưa có số liệu,true\n"
    ),
    "areas": (
        "area_code,name_vi,level,parent_code\n12,Tỉnh Lai Châu,province,\n"
        + "".join(f"{code},{name},commune,12\n" for code, name in COMMUNES.items())
    ),
    "forms": "form_code,form_version,criteria_set_code,level,name_vi\nB-T,1,T,province,Biểu tổng hợp\n",
    "reporting_units": (
        "reporting_unit_code,name_vi,level,area_code,unit_type,is_focal\n"
        "SO,Sở Khoa học và Công nghệ,province,12,department,true\n"
        + "".join(f"X{code},UBND {name},province,{code},commune,false\n" for code, name in COMMUNES.items())
    ),
    "assignments": (
        "reporting_unit_code,unit_type,data_element_code,form_code,role,status\n"
        "SO,,A.1.GT,B-T,lead,confirmed\n"
        + "".join(
            f",commune,{code},B-T,lead,confirmed\n"
            for code in ("A.1.GT", "A.2.TS", "A.2.MS", "A.2.TL", "B.1.GT")
        )
    ),
    "rounds": (
        "round_code,criteria_set_code,level,period_code,data_year,period_type,request_number,period_start,"
        "period_end,opens_on,is_break,name_vi\n"
        f"{ROUND},T,province,2025,2025,year,1,2025-01-01,2025-12-31,2026-01-01,false,Báo cáo năm 2025\n"
    ),
    "round_due_dates": f"round_code,level,due_date,inclusive\n{ROUND},unit,2026-04-12,false\n",
}


def write_catalogue(folder: Path) -> Path:
    """The tables as CSV files in ``folder``."""
    folder.mkdir(parents=True)
    for name, text in _TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
