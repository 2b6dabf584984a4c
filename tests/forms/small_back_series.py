"""The small catalogue with years from before the system: one area with its unit of the time, one without."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.forms.small_catalogue import write_small_catalogue

YEARS = ("T1-X-2023", "T1-X-2024")
#: Xã Hai was made on 1 January 2024 and had no unit that the catalogue knows.
_TABLES = {
    "indicators": """
        indicator_code,criteria_set_code,parent_code,node_type,sort_order,name_vi,unit,value_type,numerator,area_aggregation,status
        A,T1,,group,1,Nhóm đầu vào,,,,,official
        A.1,T1,A,indicator,2,Nhân lực,nguoi,count,A.1.GT,sum,official
        A.2,T1,A,indicator,3,Hồ sơ trực tuyến,ho_so,count,A.2.TS,sum,candidate
        B,T1,,group,4,Nhóm kết quả,,,,,official
        B.1,T1,B,indicator,5,Có kế hoạch,,yes_no,,none,official
        """,
    "areas": """
        area_code,name_vi,area_type,level,parent_code,valid_from,valid_to
        00001,Thị trấn Cũ,thi_tran,commune,,,2025-06-30
        00002,Xã Hai,xa,commune,,2024-01-01,2025-06-30
        00001,Xã Mới,xa,commune,,2025-07-01,
        """,
    "area_successions": """
        old_code,new_code,date,share,basis
        00001,00001,2025-07-01,1,whole
        00002,00001,2025-07-01,1,whole
        """,
    "reporting_unit_successions": """
        old_code,new_code,date
        CU-VP,M-VP,2025-07-01
        """,
    "rounds": """
        round_code,criteria_set_code,level,period_code,data_year,period_type,request_number,period_start,period_end,opens_on,is_retrospective,name_vi
        T1-X-2023,T1,commune,2023,2023,year,1,2023-01-01,2023-12-31,2024-01-01,true,Năm 2023
        T1-X-2024,T1,commune,2024,2024,year,1,2024-01-01,2024-12-31,2025-01-01,true,Năm 2024
        T1-X-2025,T1,commune,2025,2025,year,1,2025-01-01,2025-12-31,2026-01-01,false,Năm 2025
        """,
}


def write_back_series_catalogue(folder: Path) -> Path:
    """The tables as CSV files in ``folder``."""
    write_small_catalogue(folder)
    for name, text in _TABLES.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def open_form(file: Path) -> Workbook:
    """The workbook with nothing merged, so that any cell can be written."""
    book = openpyxl.load_workbook(file)
    for page in book:
        for merged in list(page.merged_cells.ranges):
            page.unmerge_cells(str(merged))
    return book


def place(page: Worksheet, column_code: str, row_code: str) -> str:
    """The cell where a column's code crosses a row's, wherever they stand."""
    column = next(cell.column_letter for row in page.iter_rows() for cell in row if cell.value == column_code)
    row = next(cell.row for line in page.iter_rows() for cell in line if cell.value == row_code)
    return f"{column}{row}"


def fill(page: Worksheet, round_code: str, row_code: str, figure: object, source: str | None) -> str:
    """Write a figure and its source; returns the figure's cell."""
    cell = place(page, f"GT@{round_code}", row_code)
    page[cell] = figure
    if source:
        page[place(page, f"NSL@{round_code}", row_code)] = source
    return cell
