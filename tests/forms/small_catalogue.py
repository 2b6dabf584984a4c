"""A criteria set of five data elements, small enough to see a whole form at once."""

from __future__ import annotations

from pathlib import Path

_TABLES = {
    "criteria_sets": """
        criteria_set_code,name_vi,name_en,legal_basis_vi
        T1,Bộ tiêu chí thử,Test set,Quyết định số 1/QĐ-UBND
        """,
    "indicators": """
        indicator_code,criteria_set_code,parent_code,node_type,sort_order,name_vi,unit,value_type,numerator,denominator,multiplier,status
        A,T1,,group,1,Nhóm đầu vào,,,,,,official
        A.1,T1,A,indicator,2,Nhân lực,nguoi,count,A.1.GT,,,official
        A.2,T1,A,indicator,3,Tỷ lệ hồ sơ trực tuyến,%,percent,A.2.TS,A.2.MS,100,candidate
        B,T1,,group,4,Nhóm kết quả,,,,,,official
        B.1,T1,B,indicator,5,Có kế hoạch,,yes_no,,,,official
        """,
    "data_elements": """
        data_element_code,criteria_set_code,indicator_code,sort_order,name_vi,unit,value_type,role,formula,decimals,min_value,max_value,unit_aggregation,area_aggregation,disaggregation_code,status
        A.1.GT,T1,A.1,1,Số người,nguoi,count,value,,0,0,,sum,sum,GT,official
        A.2.TS,T1,A.2,2,Hồ sơ trực tuyến,ho_so,count,numerator,,0,0,,lead,sum,,official
        A.2.MS,T1,A.2,3,Tổng số hồ sơ,ho_so,count,denominator,,0,0,,lead,sum,,official
        A.2.TL,T1,A.2,4,Tỷ lệ ghi tay,%,percent,typed,,1,0,100,lead,none,,official
        B.1.GT,T1,B.1,5,Đã ban hành kế hoạch,,yes_no,value,,0,,,lead,none,,official
        B.1.TINH,T1,B.1,6,Số liệu tính,,count,derived,A.2.MS - A.2.TS,0,,,lead,none,,official
        """,
    "disaggregations": """
        disaggregation_code,name_vi
        GT,Giới tính
        """,
    "categories": """
        disaggregation_code,category_code,name_vi,sort_order
        GT,NAM,Nam,1
        GT,NU,Nữ,2
        """,
    "units_of_measure": """
        unit,name_vi,dimension,factor
        nguoi,người,people,1
        ho_so,hồ sơ,files,1
        %,%,ratio,0.01
        """,
    "value_states": """
        value_state,word,is_label
        zero,Không phát sinh,true
        not_applicable,Không áp dụng,true
        not_available,Chưa có số liệu,true
        not_available,...,false
        """,
    "value_statuses": """
        value_status,word,is_label
        estimate,Ước tính,true
        final,Chính thức,true
        """,
    "areas": """
        area_code,name_vi,area_type,level,parent_code,valid_from,valid_to
        00001,Thị trấn Cũ,thi_tran,commune,,,2025-06-30
        00001,Xã Mới,xa,commune,,2025-07-01,
        """,
    "forms": """
        form_code,form_version,criteria_set_code,level,name_vi,legal_basis_vi
        F1,1,T1,commune,Biểu thu thập số liệu thử,Quyết định số 1/QĐ-UBND
        """,
    "reporting_units": """
        reporting_unit_code,name_vi,level,area_code,is_focal,valid_from,valid_to
        CU-VP,Văn phòng (cũ),commune,00001,true,,2025-06-30
        M-VP,Văn phòng,commune,00001,true,2025-07-01,
        M-HCC,Trung tâm Phục vụ hành chính công,commune,00001,,2025-07-01,
        """,
    "assignments": """
        reporting_unit_code,data_element_code,form_code,role,status
        CU-VP,A.1.GT,F1,lead,confirmed
        M-VP,A.1.GT,F1,lead,confirmed
        M-VP,B.1.GT,F1,lead,confirmed
        M-HCC,A.2.TS,F1,lead,confirmed
        M-HCC,A.2.MS,F1,lead,confirmed
        M-HCC,A.2.TL,F1,lead,confirmed
        """,
    "rounds": """
        round_code,criteria_set_code,level,period_code,data_year,period_type,request_number,period_start,period_end,opens_on,name_vi
        T1-X-2024,T1,commune,2024,2024,year,1,2024-01-01,2024-12-31,2025-01-01,Năm 2024
        T1-X-2025,T1,commune,2025,2025,year,1,2025-01-01,2025-12-31,2026-01-01,Năm 2025
        """,
    "round_due_dates": """
        round_code,level,due_date,inclusive
        T1-X-2024,unit,2025-04-10,false
        T1-X-2025,unit,2026-04-10,false
        """,
}


def write_small_catalogue(folder: Path) -> Path:
    """The tables as CSV files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _TABLES.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
