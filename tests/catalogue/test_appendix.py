"""An official appendix becomes a new version of the catalogue; the result below was written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dagster_project.appendix import Plan, plan_appendix
from dagster_project.catalogue.appendix_apply import Terms
from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.versions import put_tables
from dagster_project.errors import UsageError
from dagster_project.settings import Office, Settings
from tests.catalogue.appendix_files import write_docx, write_xlsx

INDICATORS = """\
indicator_code,criteria_set_code,parent_code,node_type,name_vi,name_en,unit,value_type,direction,numerator,denominator,multiplier,area_aggregation,method_vi,status,formula_status
I,T,,group,Nhóm tiêu chí đầu vào,,,,,,,,,,paraphrased,
I.1,T,I,indicator,Nhân lực số,Digital staff,người,count,higher_better,I.1.GT,,1,sum,Đếm người.,candidate,confirmed
I.2,T,I,indicator,Đầu tư cho chuyển đổi số,,triệu đồng,money,higher_better,I.2.GT,,1,sum,,candidate,inferred
I.3,T,I,indicator,Chưa xác định (tiêu chí thứ 3),Not determined,,count,,,,,none,,unknown,unknown
II,T,,group,Nhóm tiêu chí tác động,,,,,,,,,,official,
II.1,T,II,indicator,Tỷ lệ hồ sơ trực tuyến,,%,percent,neutral,II.1.TS,II.1.MS,100,ratio_of_sums,,candidate,inferred
II.2,T,II,indicator,Mức độ hài lòng,,%,percent,neutral,II.2.TS,II.1.MS,100,ratio_of_sums,,candidate,inferred
II.3,T,II,indicator,Số doanh nghiệp công nghệ số,,hộ,count,higher_better,II.3.GT,,1,sum,,candidate,inferred
"""
ELEMENTS = """\
data_element_code,criteria_set_code,indicator_code,name_vi,unit,value_type,role,unit_aggregation,area_aggregation
I.1.GT,T,I.1,Nhân lực số,người,count,value,lead,sum
I.2.GT,T,I.2,Đầu tư cho chuyển đổi số,triệu đồng,money,value,lead,sum
II.1.TS,T,II.1,Hồ sơ trực tuyến,hồ sơ,count,numerator,lead,sum
II.1.MS,T,II.1,Tổng hồ sơ,hồ sơ,count,denominator,lead,sum
II.2.TS,T,II.2,Phiếu hài lòng,hồ sơ,count,numerator,lead,sum
II.3.GT,T,II.3,Số doanh nghiệp công nghệ số,hộ,count,value,lead,sum
"""
TABLES = {
    "criteria_sets": "criteria_set_code,name_vi\nT,Bộ thử\n",
    "indicators": INDICATORS,
    "data_elements": ELEMENTS,
    "units_of_measure": (
        "unit,name_vi,dimension,factor,aliases\n"
        "triệu đồng,triệu đồng,money,1000000,\ntỷ đồng,tỷ đồng,money,1000000000,tỷ\n"
        "người,người,people,1,\nhồ sơ,hồ sơ,dossiers,1,\nhộ,hộ,households,1,\n%,%,ratio,0.01,\n‰,‰,ratio,0.001,\n"
    ),
    "applicability": "indicator_code,level,how\nI.1,commune,reported\nI.3,commune,undetermined\n",
    "areas": "area_code,name_vi,level\n001,Xã Một,commune\n",
    "forms": "form_code,form_version,criteria_set_code,level,name_vi\nF,1,T,commune,Biểu\n",
    "reporting_units": (
        "reporting_unit_code,name_vi,level,area_code,valid_from\n"
        "KT,Phòng Kinh tế,commune,001,2025-07-01\nVH,Phòng Văn hóa – Xã hội,commune,001,2025-07-01\n"
    ),
    "unit_aliases": "reporting_unit_code,alias\nVH,Phòng VH-XH\n",
    "assignments": (
        "reporting_unit_code,data_element_code,form_code,role,status,valid_from\n"
        + "".join(
            f"KT,{code},F,lead,inferred,2025-07-01\n"
            for code in ("I.1.GT", "I.2.GT", "II.1.TS", "II.1.MS", "II.2.TS", "II.3.GT")
        )
    ),
    "rounds": (
        "round_code,criteria_set_code,level,period_code,data_year,period_type,request_number,period_start,period_end\n"
        + "".join(f"T-{y},T,commune,{y},{y},year,1,{y}-01-01,{y}-12-31\n" for y in (2024, 2025, 2026))
    ),
    "round_due_dates": (
        "round_code,level,due_date,inclusive\n"
        + "".join(f"T-{y},unit,{y + 1}-04-10,false\n" for y in (2024, 2025, 2026))
    ),
}
PAGES: list[list[tuple[str, ...]]] = [
    [
        ("I. NHÓM TIÊU CHÍ ĐẦU VÀO",),
        ("1", "Nhân lực số", "người", "Đếm người cuối năm.", "Năm", "Phòng VH-XH", "Phòng Kinh tế", ""),
        ("2", "Đầu tư cho chuyển đổi số", "tỷ đồng", "", "Năm", "Bộ Khoa học và Công nghệ", "", ""),
    ],
    [
        ("3", "Số hộ có hóa đơn điện tử", "hộ", "Đếm hộ.", "Năm", "Phòng Kinh tế", "", ""),
        ("II", "Nhóm tiêu chí tác động", "", "", "", "", "", ""),
        ("1", "Tỷ lệ hồ sơ trực tuyến toàn trình", "‰", "", "Quý", "", "", ""),
        ("2", "Số doanh nghiệp công nghệ  số", "", "", "Năm", "", "", ""),
        ("3", "Chữ ký số của người trưởng thành", "%", "Số người có chữ ký số.", "Năm", "", "", ""),
    ],
]
#: Indicators of the set as they are from 2026 on: code, name, unit, numerator, multiplier, parent.
AFTER = {
    ("I", "Nhóm tiêu chí đầu vào", None, None, None, None),
    ("I.1", "Nhân lực số", "người", "I.1.GT", 1, "I"),
    ("I.2", "Đầu tư cho chuyển đổi số", "tỷ đồng", "I.2.GT", 1, "I"),
    ("I.3", "Số hộ có hóa đơn điện tử", "hộ", "I.3.GT", 1, "I"),
    ("II", "Nhóm tiêu chí tác động", None, None, None, None),
    ("II.1", "Tỷ lệ hồ sơ trực tuyến toàn trình", "‰", "II.1.TS", 1000, "II"),
    ("II.3", "Số doanh nghiệp công nghệ số", "hộ", "II.3.GT", 1, "II"),
    ("II.4", "Chữ ký số của người trưởng thành", "%", "II.4.GT", 1, "II"),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    office = Office(level="commune", area_code="001", criteria_set_code="T")
    return Settings(data=tmp_path / "data", catalogue=folder, office=office)


def plan(
    settings: Settings,
    file: Path,
    accepted: dict[str, str],
    *,
    is_whole: bool = True,
    accept_all: bool = False,
    by: str = "Bà Năm",
) -> Plan:
    terms = Terms(
        criteria_set_code="T",
        level="commune",
        area_code="001",
        valid_from=date(2026, 1, 1),
        confirmed_by=by,
        confirmed_at=date(2026, 3, 2),
        document="2244/QĐ-TTg ngày 13/10/2025",
        is_whole=is_whole,
    )
    return plan_appendix(
        settings, load_catalogue(settings.catalogue), file, terms, accepted, accept_all=accept_all
    )


def done(settings: Settings, file: Path, accepted: dict[str, str], **how: bool) -> Catalogue:
    planned = plan(settings, file, accepted, **how)
    assert planned.blocking == 0, list(planned.lines("vi"))
    put_tables(settings.catalogue, planned.tables)
    return load_catalogue(settings.catalogue)


def valid(catalogue: Catalogue, table: str, year: int) -> list[dict[str, Any]]:
    day = date(year, 12, 31)
    return [
        row
        for row in catalogue.table(table).iter_rows(named=True)
        if (row["valid_from"] or date.min) <= day <= (row["valid_to"] or date.max)
    ]


def written(file: Path, pages: Sequence[Sequence[Sequence[str]]]) -> Path:
    return write_docx(file, pages) if file.suffix == ".docx" else write_xlsx(file, pages)


@pytest.mark.parametrize(("name", "ref"), [("phu-luc.docx", "2:6"), ("phu-luc.xlsx", "1:14")])
def test_an_appendix_gives_the_catalogue_that_it_says_and_leaves_the_past(
    tmp_path: Path, settings: Settings, name: str, ref: str
) -> None:
    before = valid(load_catalogue(settings.catalogue), "indicators", 2025)
    catalogue = done(settings, written(tmp_path / name, PAGES), {ref: "II.1"})
    after = valid(catalogue, "indicators", 2026)
    columns = ("indicator_code", "name_vi", "unit", "numerator", "multiplier", "parent_code")
    assert {tuple(row[column] for column in columns) for row in after} == AFTER
    assert {(row["status"], row["confirmed_by"], row["document_vi"]) for row in after} == {
        ("official", "Bà Năm", "2244/QĐ-TTg ngày 13/10/2025")
    }
    past = {row["indicator_code"]: row for row in valid(catalogue, "indicators", 2025)}
    kept = ("name_vi", "name_en", "unit", "numerator", "denominator", "multiplier", "method_vi")
    assert {row["indicator_code"]: [row[c] for c in kept] for row in before} == {
        code: [row[c] for c in kept] for code, row in past.items()
    }
    # what the appendix names otherwise was not confirmed for the past; the same name was
    assert {code: row["status"] for code, row in past.items()} == {
        "I": "official",
        "I.1": "candidate",
        "I.2": "candidate",
        "I.3": "unknown",
        "II": "official",
        "II.1": "candidate",
        "II.2": "candidate",
        "II.3": "official",
    }
    assert {row["data_element_code"]: row["unit"] for row in valid(catalogue, "data_elements", 2026)} == {
        "I.1.GT": "người",
        "I.2.GT": "tỷ đồng",
        "I.3.GT": "hộ",
        "II.1.TS": "hồ sơ",
        "II.1.MS": "hồ sơ",
        "II.3.GT": "hộ",
        "II.4.GT": "%",
    }
    roles = {
        (row["data_element_code"], row["reporting_unit_code"], row["role"], row["status"])
        for row in valid(catalogue, "assignments", 2026)
    }
    assert roles == {
        ("I.1.GT", "VH", "lead", "confirmed"),
        ("I.1.GT", "KT", "contributor", "confirmed"),
        ("I.2.GT", "KT", "lead", "inferred"),
        ("I.3.GT", "KT", "lead", "confirmed"),
        ("II.1.TS", "KT", "lead", "inferred"),
        ("II.1.MS", "KT", "lead", "inferred"),
        ("II.3.GT", "KT", "lead", "inferred"),
    }
    how = {row["indicator_code"]: row["how"] for row in valid(catalogue, "applicability", 2026)}
    assert (how["I.3"], how["II.4"]) == ("reported", "undetermined")


def test_what_changes_what_is_not_certain_and_which_series_break_is_told_before_anything_is_written(
    tmp_path: Path, settings: Settings
) -> None:
    planned = plan(settings, write_docx(tmp_path / "phu-luc.docx", PAGES), {})
    told = list(planned.lines("vi"))
    assert told[0] == (
        'Bảng 2, dòng 6 (B): "Tỷ lệ hồ sơ trực tuyến toàn trình" gần giống: II.1 “Tỷ lệ hồ sơ trực tuyến”. '
        "Nếu là một: --accept 2:6=II.1; nếu là tiêu chí mới: --accept 2:6=new."
    )
    assert 'Bảng 1, dòng 6 (F): "Bộ Khoa học và Công nghệ" không phải tên của một đơn vị báo cáo' in told[1]
    assert "~ I.2: đơn vị tính: triệu đồng → tỷ đồng" in told
    assert "+ II.4: tiêu chí mới: Chữ ký số của người trưởng thành" in told
    assert "- II.2: không có trong phụ lục, hết hiệu lực từ sau ngày 31/12/2025: Mức độ hài lòng" in told
    assert [line.split(":")[0] for line in told if line.startswith("!")] == [
        "! I.1",
        "! I.2",
    ]
    assert told[-1] == (
        "Phụ lục có 6 tiêu chí: 3 khớp danh mục, 1 điền vào chỗ chưa biết tên, 1 mới, 1 chưa rõ; 1 mục hết hiệu lực."
    )
    assert planned.blocking == 1


def test_the_same_appendix_again_changes_nothing_whoever_brings_it(
    tmp_path: Path, settings: Settings
) -> None:
    file = write_xlsx(tmp_path / "phu-luc.xlsx", PAGES)
    done(settings, file, {"1:14": "II.1"})
    assert plan(settings, file, {}, by="Ông Ba").tables == {}


def test_a_part_of_the_set_ends_nothing_and_accepted_suggestions_are_applied(
    tmp_path: Path, settings: Settings
) -> None:
    file = write_xlsx(tmp_path / "phan.xlsx", [PAGES[1][1:3]])
    catalogue = done(settings, file, {}, is_whole=False, accept_all=True)
    names = {row["indicator_code"]: row["name_vi"] for row in valid(catalogue, "indicators", 2026)}
    assert names["II.1"] == "Tỷ lệ hồ sơ trực tuyến toàn trình"
    assert {"I.1", "I.2", "I.3", "II.2", "II.3"} <= names.keys()


def test_everything_wrong_is_told_at_once_with_its_cell(tmp_path: Path, settings: Settings) -> None:
    rows = [
        ("I", "Nhóm tiêu chí đầu vào", "", "", "", "", "", ""),
        ("1", "Nhân lực số", "lượt xem", "", "", "", "", ""),
        ("2", "Nhân lực số", "người", "", "", "", "", ""),
        ("3", "", "người", "", "", "", "", ""),
        ("4", "Đầu tư cho chuyển đổi số", "đồng USD", "", "", "Phòng Kinh tế; Phòng VH-XH", "", ""),
        ("2026-02-01", "Số doanh nghiệp công nghệ số", "hộ", "", "", "", "", ""),
    ]
    planned = plan(settings, write_xlsx(tmp_path / "sai.xlsx", [rows]), {"9:9": "I.1"})
    found = [(f.code.removeprefix("appendix."), f.row, f.column) for f in planned.findings]
    assert sorted(found) == [
        ("accepted_unknown", 0, ""),
        ("indicator_twice", 8, "B"),
        ("name_blank", 9, "A"),
        ("number_unknown", 11, "A"),
        ("two_leads", 10, "F"),
        ("unit_unknown", 7, "C"),
        ("unit_unknown", 10, "C"),
    ]
    assert planned.blocking == 5


def test_a_document_without_such_a_table_is_told(tmp_path: Path, settings: Settings) -> None:
    planned = plan(settings, write_docx(tmp_path / "trong.docx", []), {})
    assert [finding.code for finding in planned.findings] == ["appendix.no_table"]
    (tmp_path / "hong.docx").write_bytes(b"PK\x03\x04 not a document")
    with pytest.raises(UsageError):
        plan(settings, tmp_path / "hong.docx", {})
