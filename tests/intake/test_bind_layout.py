"""What an officer relies on when tables of others come in: a map binds them by what their headers and labels say."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import Wanted
from dagster_project.frames import CELLS, FINDINGS, SUBMISSIONS
from dagster_project.intake.take_in import Intake, ReceivedFile, take_in
from dagster_project.limits import ReadLimits
from dagster_project.settings import Office

_TABLES = {
    "criteria_sets": "criteria_set_code,name_vi\nPCI,Chỉ số",
    "indicators": "indicator_code,criteria_set_code,node_type,name_vi,status\nA,PCI,indicator,A,official\n"
    "B,PCI,indicator,B,official",
    "data_elements": "data_element_code,criteria_set_code,indicator_code,name_vi,unit,value_type,decimals,valid_from\n"
    "A.GT,PCI,A,Gia nhập,điểm,index,2,\nB.GT,PCI,B,Đất đai,điểm,index,2,2012-01-01",
    "units_of_measure": "unit,name_vi,dimension,factor\nđiểm,điểm,điểm,1",
    "areas": "area_code,name_vi,level,valid_from,valid_to\n01,Hà Nội,province,,\n28,Hà Tây,province,,2008-07-31\n"
    "79,Thành phố Hồ Chí Minh,province,,\n77,Bà Rịa - Vũng Tàu,province,,\nX1,Trùng tên,province,,\n"
    "X2,Trùng tên,province,,\nVN,Việt Nam,national,,",
    "area_aliases": "area_code,alias\n79,TP.HCM\n77,BRVT",
    "forms": "form_code,form_version,criteria_set_code,level,name_vi\nT-PCI,1,PCI,province,Bảng PCI",
    "reporting_units": "reporting_unit_code,name_vi,level,area_code\nVCCI,VCCI,national,VN",
    "rounds": "round_code,criteria_set_code,level,period_code,data_year,period_start,period_end,opens_on\n"
    "PCI-2007,PCI,province,2007,2007,2007-01-01,2007-12-31,\n"
    "PCI-2011,PCI,province,2011,2011,2011-01-01,2011-12-31,\n"
    "PCI-2012,PCI,province,2012,2012,2012-01-01,2012-12-31,\n"
    "PCI-2030,PCI,province,2030,2030,2030-01-01,2030-12-31,2031-01-01",
    "layout_maps": "layout_code,form_code,reporting_unit_code,file_pattern,sheet,skip,period_code,header_first_row,"
    "header_last_row,first_row,last_row,skip_rows\n"
    "pairs,T-PCI,VCCI,PCI_2012*.xlsx,Tổng hợp,,2012,2,3,4,8,Trung vị\n"
    "pairs,T-PCI,VCCI,PCI_2012*.xlsx,*,true,,,,,,\n"
    "years,T-PCI,VCCI,nam*.csv,,,,1,1,2,,",
    "layout_columns": "layout_code,sheet,column,header,role,area_column,data_element_code,category_code,period_code\n"
    "pairs,Tổng hợp,A,,skip,,,,\n"
    "pairs,Tổng hợp,B,Chỉ số 1 | Tỉnh,area_name,,,,\n"
    "pairs,Tổng hợp,C,Gia nhập thị trường,value,B,A.GT,,\n"
    "pairs,Tổng hợp,D,Tỉnh,area_name,,,,\n"
    "pairs,Tổng hợp,E,Tiếp cận đất đai,value,D,B.GT,,\n"
    "years,,A,Mã,area_code,,,,\n"
    "years,,B,A 2011,value,,A.GT,,2011\n"
    "years,,C,B 2011,value,,B.GT,,2011\n"
    "years,,D,A 2012,value,,A.GT,,2012",
}
_HEADER = [
    ["", "Chỉ số 1", "", "", ""],
    ["TT", "Tỉnh", "Gia nhập\nthị trường", "Tỉnh", "Tiếp cận  đất đai"],
]
_PAIRS = [
    [1, "Hà Nội", 9.5, "TP.HCM", 8.25],
    [2, "BRVT", 8.5, "hà  nội", 7.25],
    [3, "TP.HCM", 7.5, "BRVT", ""],
    ["", "Trung vị", 8.5, "Trung vị", 7.75],
]
_OFFICE = Office(level="national", area_code="VN", criteria_set_code="PCI")


def _load(folder: Path, changes: Mapping[str, str]) -> Catalogue:
    folder.mkdir(exist_ok=True)
    for name, text in {**_TABLES, **changes}.items():
        (folder / f"{name}.csv").write_text(f"{text}\n", encoding="utf-8")
    return load_catalogue(folder)


class Desk:
    """Files by name and content, taken in with the catalogue above."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(
        self, files: Mapping[str, bytes], year: int | None = None, changes: Mapping[str, str] | None = None
    ) -> Intake:
        received = []
        for name, content in files.items():
            digest = hashlib.sha256(content).hexdigest()
            path = self.folder / digest
            path.write_bytes(content)
            moment = datetime(2026, 4, 1, tzinfo=UTC)
            received.append(ReceivedFile(digest, digest, name, path, moment, "", ""))
        taken = take_in(
            received, _load(self.folder / "catalogue", changes or {}), _OFFICE, ReadLimits(), Wanted(year)
        )
        assert (taken.cells.schema, taken.submissions.schema) == (CELLS, SUBMISSIONS)
        assert taken.findings.schema == FINDINGS
        assert taken.cells["disposition"].null_count() == 0
        return taken


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _book(rows: list[list[object]], header: list[list[object]] | None = None, **sheets: str) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet("Tổng hợp")
        page.write(0, 0, "PCI 2012")
        for at, row in enumerate([*(header or _HEADER), *rows], start=1):
            for col, value in enumerate(row):
                page.write(at, col, value)
        page.write(20, 0, "Nguồn: VCCI")
        for name, text in sheets.items():
            book.add_worksheet(name).write(0, 0, text)
    return buffer.getvalue()


def _values(taken: Intake) -> dict[tuple[str, str, str], object]:
    rows = taken.cells.filter(pl.col("role") == "value", pl.col("disposition") == "accepted")
    return {
        (area, element, period): value if state == "value" else state
        for area, element, period, value, state in rows.select(
            "area_code", "data_element_code", "period_code", "value", "value_state"
        ).iter_rows()
    }


def test_lists_side_by_side_are_bound_each_to_its_own_names(desk: Desk) -> None:
    taken = desk.take({"PCI_2012.xlsx": _book(_PAIRS, **{"Phụ lục": "x"})})

    assert taken.findings.is_empty()
    assert _values(taken) == {
        ("01", "A.GT", "2012"): 9.5,
        ("77", "A.GT", "2012"): 8.5,
        ("79", "A.GT", "2012"): 7.5,
        ("79", "B.GT", "2012"): 8.25,
        ("01", "B.GT", "2012"): 7.25,
        ("77", "B.GT", "2012"): "missing",
    }
    submission = taken.submissions.row(0, named=True)
    assert (submission["reporting_unit_code"], submission["area_code"]) == ("VCCI", "VN")
    assert (submission["round_code"], submission["entered_how"], submission["blocked"]) == (
        "PCI-2012",
        "layout",
        False,
    )
    reasons = taken.cells.filter(pl.col("disposition") == "ignored")["reason"].value_counts()
    assert dict(reasons.iter_rows()) == {
        "heading": 7,
        "skipped_column": 3,
        "label": 8,
        "skipped_row": 2,
        "outside_layout": 1,
        "skipped_sheet": 1,
    }


def test_a_column_that_says_something_else_blocks_the_file_and_every_difference_is_named(desk: Desk) -> None:
    header = [
        ["", "Chỉ số 1", "", "", "", ""],
        ["TT", "Tỉnh", "Đất đai", "Huyện", "Tiếp cận đất đai", "Xếp hạng"],
    ]
    rows: list[list[object]] = [[1, "Hà Nội", 9.5, "TP.HCM", 8.25, 3]]
    taken = desk.take(
        {"PCI_2012.xlsx": _book(rows, header), "nam.csv": b"M\xc3\xa3,A 2011,B 2011,A 2012\n01,1.5,,2.5\n"}
    )

    found = taken.findings.filter(pl.col("file_name") == "PCI_2012.xlsx")
    assert dict(found.select("rule_code", "observed").iter_rows()) == {
        "LAYOUT_COLUMN_UNMAPPED": "F: Xếp hạng",
        "LAYOUT_COLUMN_MISSING": "C: Đất đai; D: Huyện",
    }
    blocked = taken.cells.filter(
        pl.col("file_name") == "PCI_2012.xlsx", pl.col("disposition") == "quarantined"
    )
    assert blocked["cell"].to_list() == ["C4", "E4", "F4"]
    assert taken.submissions.filter(pl.col("blocked"))["file_name"].to_list() == ["PCI_2012.xlsx"]
    assert set(_values(taken)) == {("01", "A.GT", "2011"), ("01", "A.GT", "2012")}


def test_a_name_that_no_area_bears_in_that_year_is_asked_about_with_its_figures(desk: Desk) -> None:
    rows: list[list[object]] = [
        [1, "Hà Tây", 9.5, "Hà Nội", 8.25],
        [2, "Trùng tên", 8.5, "", 7.25],
        [3, "Sao Hỏa", "", "", ""],
    ]
    taken = desk.take({"PCI_2012.xlsx": _book(rows)})

    assert taken.findings.select("rule_code", "cell", "observed", "expected").rows() == [
        ("LAYOUT_AREA_UNKNOWN", "B4", "Hà Tây", None),
        ("LAYOUT_AREA_AMBIGUOUS", "B5", "Trùng tên", "X1, X2"),
        ("LAYOUT_AREA_MISSING", "D5", None, None),
    ]
    held = taken.cells.filter(pl.col("disposition") == "quarantined")
    assert held["cell"].to_list() == ["C4", "C5", "E5"]
    assert _values(taken) == {("01", "B.GT", "2012"): 8.25}
    assert taken.submissions["blocked"].to_list() == [False]


def test_a_blank_before_an_element_was_introduced_is_not_missing(desk: Desk) -> None:
    content = "Mã,A 2011,B 2011,A 2012\n01,1.5,,2.5\n79,,,\n77,3.25,4.5,1.75\n"
    taken = desk.take({"nam_2012.csv": content.encode("utf-8-sig")})

    assert _values(taken) == {
        ("01", "A.GT", "2011"): 1.5,
        ("01", "A.GT", "2012"): 2.5,
        ("79", "A.GT", "2011"): "missing",
        ("79", "A.GT", "2012"): "missing",
        ("77", "A.GT", "2011"): 3.25,
        ("77", "A.GT", "2012"): 1.75,
    }
    ignored = taken.cells.filter(pl.col("reason") == "not_introduced")
    assert ignored["cell"].to_list() == ["C2", "C3"]
    assert taken.findings.select("rule_code", "cell", "round_code").rows() == [
        ("LAYOUT_ELEMENT_NOT_VALID", "C4", "PCI-2011")
    ]
    assert sorted(taken.submissions["round_code"]) == ["PCI-2011", "PCI-2012"]
    assert taken.submissions["submission_id"].n_unique() == 2


def test_a_run_told_to_take_one_year_takes_only_that_years_columns(desk: Desk) -> None:
    taken = desk.take({"nam.csv": "Mã,A 2011,B 2011,A 2012\n01,1.5,,2.5\n".encode()}, year=2012)

    assert _values(taken) == {("01", "A.GT", "2012"): 2.5}
    assert taken.findings.select("rule_code", "round_code").rows() == [("LAYOUT_WRONG_YEAR", "PCI-2011")]
    assert dict(taken.submissions.select("round_code", "blocked").iter_rows()) == {
        "PCI-2011": True,
        "PCI-2012": False,
    }


def test_sheets_that_nobody_declared_and_declared_ones_that_lack_block_the_file(desk: Desk) -> None:
    maps = _TABLES["layout_maps"].replace(
        "pairs,T-PCI,VCCI,PCI_2012*.xlsx,*,true", "pairs,T-PCI,VCCI,PCI_2012*.xlsx,Ghi chú,false"
    )
    taken = desk.take({"PCI_2012.xlsx": _book(_PAIRS, Khác="1")}, changes={"layout_maps": maps})

    assert dict(taken.findings.select("rule_code", pl.coalesce("observed", "expected")).iter_rows()) == {
        "LAYOUT_SHEET_UNKNOWN": "Khác",
        "LAYOUT_SHEET_MISSING": "Ghi chú",
    }
    assert not _values(taken)


def test_periods_without_a_round_and_rounds_not_open_yet_take_nothing(desk: Desk) -> None:
    for period, rule in (("1999", "LAYOUT_ROUND_UNKNOWN"), ("2030", "LAYOUT_ROUND_NOT_OPEN")):
        maps = _TABLES["layout_maps"].replace(",,2012,2,3", f",,{period},2,3")
        taken = desk.take({"PCI_2012.xlsx": _book(_PAIRS)}, changes={"layout_maps": maps})
        assert rule in taken.findings["rule_code"].to_list()
        assert not _values(taken)


def test_a_file_that_two_maps_claim_is_refused(desk: Desk) -> None:
    maps = f"{_TABLES['layout_maps']}\nother,T-PCI,VCCI,PCI*.xlsx,*,,2012,1,1,2,,"
    taken = desk.take({"PCI_2012.xlsx": _book(_PAIRS)}, changes={"layout_maps": maps})
    assert taken.findings.select("rule_code", "observed").rows() == [("LAYOUT_AMBIGUOUS", "other, pairs")]
    assert taken.cells.is_empty()


def test_codes_are_compared_as_codes(desk: Desk) -> None:
    """PRI and PRY are two codes, though i and y are one letter in names."""
    areas = f"{_TABLES['areas']}\nPRI,Puerto Rico,national,,\nPRY,Paraguay,national,,"
    content = "Mã,A 2011,B 2011,A 2012\nPRI,1.5,,\npry,2.5,,\n"
    taken = desk.take({"nam.csv": content.encode()}, changes={"areas": areas})
    assert _values(taken)["PRI", "A.GT", "2011"] == 1.5
    assert _values(taken)["PRY", "A.GT", "2011"] == 2.5


def test_a_name_that_is_nearly_an_area_is_suggested_and_not_taken(desk: Desk) -> None:
    rows: list[list[object]] = [[1, "Ha Noi", 9.5, "Hà Nội", 8.25]]
    taken = desk.take({"PCI_2012.xlsx": _book(rows)})
    assert taken.findings.select("rule_code", "expected").rows() == [("LAYOUT_AREA_UNKNOWN", "Hà Nội")]
    assert ("01", "A.GT", "2012") not in _values(taken)


_MONEY = {
    "data_elements": "data_element_code,criteria_set_code,indicator_code,name_vi,unit,value_type,decimals\n"
    "A.GT,PCI,A,Thu,triệu,money,1\nB.GT,PCI,B,Số dự án,dự án,count,0",
    "units_of_measure": "unit,name_vi,dimension,factor\ntriệu,triệu đồng,tiền,1000000\n"
    "tỷ,tỷ đồng,tiền,1000000000\ndự án,dự án,dự án,1",
    "layout_maps": "layout_code,form_code,reporting_unit_code,file_pattern,sheet,period_code,header_first_row,"
    "header_last_row,first_row\nthu,T-PCI,VCCI,thu*.csv,,2012,2,2,3",
}


@pytest.mark.parametrize(
    ("above", "heading", "value"),
    [
        ("Biểu thu", "Thu", 1.5),
        ("Biểu thu", "Thu (tỷ đồng)", 1500.0),
        ("ĐVT: tỷ đồng", "Thu", 1500.0),
        ("Đơn vị: Sở Tài chính", "Thu", 1.5),
        ("Đơn vị tính: tỷ đồng", "Thu (triệu đồng)", 1.5),
        ("ĐVT: dự án", "Thu", 1.5),
    ],
)
def test_a_unit_in_the_heading_or_above_the_table_is_converted_and_told(
    desk: Desk, above: str, heading: str, value: float
) -> None:
    columns = (
        "layout_code,sheet,column,header,role,data_element_code\nthu,,A,Tỉnh,area_name,\n"
        f"thu,,B,{heading},value,A.GT\nthu,,C,Dự án,value,B.GT"
    )
    content = f"{above};;\nTỉnh;{heading};Dự án\nHà Nội;1,5;7\n".encode()
    taken = desk.take({"thu.csv": content}, changes={**_MONEY, "layout_columns": columns})
    assert _values(taken) == {("01", "A.GT", "2012"): value, ("01", "B.GT", "2012"): 7.0}
    assert taken.findings["rule_code"].to_list() == (["UNIT_CONVERTED"] if value != 1.5 else [])
    assert set(taken.cells.drop_nulls("data_element_code")["unit"]) == {"triệu", "dự án"}


def test_two_areas_side_by_side_in_one_row_have_each_their_own_fate(desk: Desk) -> None:
    columns = (
        "layout_code,sheet,column,header,role,area_column,data_element_code\n"
        "doi,,A,Tỉnh,area_name,,\ndoi,,B,Điểm,value,A,A.GT\ndoi,,C,Tỉnh,area_name,,\ndoi,,D,Điểm,value,C,A.GT"
    )
    maps = (
        "layout_code,form_code,reporting_unit_code,file_pattern,sheet,period_code,header_first_row,"
        "header_last_row,first_row\ndoi,T-PCI,VCCI,doi*.csv,,2012,1,1,2"
    )
    content = "Tỉnh;Điểm;Tỉnh;Điểm\nHà Nội;7;TP.HCM;abc\nBRVT;abc;Hà Tĩnh;8\n".encode()
    areas = f"{_TABLES['areas']}\n42,Hà Tĩnh,province,,"
    changes = {"layout_maps": maps, "layout_columns": columns, "areas": areas}
    taken = desk.take({"doi.csv": content}, changes=changes)

    assert _values(taken) == {("01", "A.GT", "2012"): 7.0, ("42", "A.GT", "2012"): 8.0}
    told = [("VALUE_NOT_A_NUMBER", "D2"), ("VALUE_NOT_A_NUMBER", "B3")]
    assert taken.findings.select("rule_code", "cell").rows() == told
    held = taken.cells.filter(pl.col("disposition") == "quarantined")
    assert held.select("reason", "cell").rows() == told


_TWO_UNITS = {
    "forms": f"{_TABLES['forms']}\nT-PAPI,1,PCI,province,Bảng PAPI",
    "reporting_units": f"{_TABLES['reporting_units']}\nCECODES,CECODES,national,VN",
}


def _sheets(**rows: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name, texts in rows.items():
            page = book.add_worksheet(name)
            for at, row in enumerate(texts):
                page.write_row(at, 0, row)
    return buffer.getvalue()


def test_sheets_of_two_units_are_two_submissions_and_no_cell_is_in_both(desk: Desk) -> None:
    maps = (
        "layout_code,form_code,reporting_unit_code,file_pattern,sheet,period_code,header_first_row,"
        "header_last_row,first_row\nhai,T-PCI,VCCI,hai*.xlsx,S1,2012,1,1,2\n"
        "hai,T-PAPI,CECODES,hai*.xlsx,S2,2012,1,1,2"
    )
    columns = "layout_code,sheet,column,header,role,data_element_code" + "".join(
        f"\nhai,{sheet},A,Tỉnh,area_name,\nhai,{sheet},B,Điểm,value,A.GT" for sheet in ("S1", "S2")
    )
    header: list[object] = ["Tỉnh", "Điểm"]
    content = _sheets(S1=[header, ["Hà Nội", 1]], S2=[header, ["Hà Nội", 2], ["Sao Hỏa", 3]])
    taken = desk.take(
        {"hai.xlsx": content}, changes={**_TWO_UNITS, "layout_maps": maps, "layout_columns": columns}
    )

    ids = dict(taken.submissions.select("reporting_unit_code", "submission_id").iter_rows())
    assert set(ids) == {"VCCI", "CECODES"}
    figures = taken.cells.filter(pl.col("role") == "value")
    assert figures.select("sheet", "cell", "form_code", "submission_id", "disposition").rows() == [
        ("S1", "B2", "T-PCI", ids["VCCI"], "accepted"),
        ("S2", "B2", "T-PAPI", ids["CECODES"], "accepted"),
        ("S2", "B3", "T-PAPI", ids["CECODES"], "quarantined"),
    ]
    assert taken.findings.select("rule_code", "sheet", "reporting_unit_code", "submission_id").rows() == [
        ("LAYOUT_AREA_UNKNOWN", "S2", "CECODES", ids["CECODES"])
    ]


def test_what_two_units_say_of_one_figure_in_long_tables_is_no_repetition(desk: Desk) -> None:
    maps = (
        "layout_code,form_code,reporting_unit_code,file_pattern,sheet,header_first_row,header_last_row,first_row\n"
        "dai,T-PCI,VCCI,dai*.xlsx,S1,1,1,2\ndai,T-PAPI,CECODES,dai*.xlsx,S2,1,1,2"
    )
    columns = "layout_code,sheet,column,header,role,data_element_code" + "".join(
        f"\ndai,{sheet},A,Năm,period,\ndai,{sheet},B,Tỉnh,area_name,\ndai,{sheet},C,Điểm,value,A.GT"
        for sheet in ("S1", "S2")
    )
    header: list[object] = ["Năm", "Tỉnh", "Điểm"]
    content = _sheets(S1=[header, ["2012", "Hà Nội", 1]], S2=[header, ["2012", "Hà Nội", 2]])
    taken = desk.take(
        {"dai.xlsx": content}, changes={**_TWO_UNITS, "layout_maps": maps, "layout_columns": columns}
    )

    assert taken.findings.is_empty()
    accepted = taken.cells.filter(pl.col("disposition") == "accepted")
    assert accepted.select("reporting_unit_code", "value").rows() == [("VCCI", 1.0), ("CECODES", 2.0)]


def test_figures_of_areas_in_different_multiples_are_told_and_not_taken(desk: Desk) -> None:
    tables = {
        "unit_multipliers": "word,factor\nĐơn vị,1\nPhần trăm,0.01\nTriệu,1000000",
        "layout_maps": "layout_code,form_code,reporting_unit_code,file_pattern,header_first_row,header_last_row,"
        "first_row\nboi,T-PCI,VCCI,boi*.csv,1,1,2",
        "layout_columns": "layout_code,column,header,role,data_element_code\nboi,A,Năm,period,\n"
        "boi,B,Tỉnh,area_name,\nboi,C,Bội số,multiplier,\nboi,D,Điểm,value,A.GT",
    }
    lines = [
        "Năm,Tỉnh,Bội số,Điểm",
        *("2011,Hà Nội,Đơn vị,1", "2011,TP.HCM,,2"),
        *("2012,Hà Nội,Phần trăm,3", "2012,TP.HCM,Triệu,4", "2012,BRVT,,"),
    ]
    taken = desk.take({"boi.csv": "\n".join(lines).encode()}, changes=tables)
    given = taken.cells.filter(pl.col("role") == "value", pl.col("raw_text") != "")
    assert given.select("cell", "reason", "disposition").rows() == [
        ("D2", None, "accepted"),
        ("D3", None, "accepted"),
        ("D4", "LAYOUT_MULTIPLIERS_DIFFER", "quarantined"),
        ("D5", "LAYOUT_MULTIPLIERS_DIFFER", "quarantined"),
    ]
    assert taken.findings.select("rule_code", "cell", "observed", "period_code").rows() == [
        ("LAYOUT_MULTIPLIERS_DIFFER", "D4", "0.01; 1000000", "2012")
    ]
