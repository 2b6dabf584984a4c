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
    year: int = 2026,
) -> Plan:
    terms = Terms(
        criteria_set_code="T",
        level="commune",
        area_code="001",
        valid_from=date(year, 1, 1),
        confirmed_by=by,
        confirmed_at=date(2026, 3, 2),
        document="2244/QĐ-TTg ngày 13/10/2025",
        is_whole=is_whole,
    )
    return plan_appendix(
        settings, load_catalogue(settings.catalogue), file, terms, accepted, accept_all=accept_all
    )


def done(
    settings: Settings, file: Path, accepted: dict[str, str], *, year: int = 2026, **how: bool
) -> Catalogue:
    planned = plan(settings, file, accepted, year=year, **how)
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


def shown(catalogue: Catalogue, year: int) -> set[tuple[object, ...]]:
    """The indicators of a year as ``AFTER`` tells them."""
    columns = ("indicator_code", "name_vi", "unit", "numerator", "multiplier", "parent_code")
    return {tuple(row[column] for column in columns) for row in valid(catalogue, "indicators", year)}


def ordered(catalogue: Catalogue) -> list[str]:
    """Codes of the indicators of 2026 as every table prints them."""
    rows = valid(catalogue, "indicators", 2026)
    return [row["indicator_code"] for row in sorted(rows, key=lambda row: row["sort_order"])]


def written(file: Path, pages: Sequence[Sequence[Sequence[str]]]) -> Path:
    return write_docx(file, pages) if file.suffix == ".docx" else write_xlsx(file, pages)


@pytest.mark.parametrize(("name", "ref"), [("phu-luc.docx", "2:6"), ("phu-luc.xlsx", "1:14")])
def test_an_appendix_gives_the_catalogue_that_it_says_and_leaves_the_past(
    tmp_path: Path, settings: Settings, name: str, ref: str
) -> None:
    before = valid(load_catalogue(settings.catalogue), "indicators", 2025)
    catalogue = done(settings, written(tmp_path / name, PAGES), {ref: "II.1"})
    after = valid(catalogue, "indicators", 2026)
    assert shown(catalogue, 2026) == AFTER
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


def test_what_another_unit_leaves_behind_is_told_with_its_place_and_bounds_are_converted(
    tmp_path: Path, settings: Settings
) -> None:
    elements = settings.catalogue / "data_elements.csv"
    head, *rows = elements.read_text("utf-8").splitlines()
    bounded = [row + (",0,900000" if row.startswith("I.2.GT") else ",,") for row in rows]
    elements.write_text("\n".join([f"{head},min_value,max_value", *bounded, ""]), "utf-8")
    rule = "meaning,formula,I.2.GT"
    for name, text in {
        "targets": "indicator_code,area_code,period_code,operator,target,baseline_year,baseline_value,"
        "source_vi,status\n"
        "I.2,001,2025,>=,4000,,,Kế hoạch,confirmed\nI.2,001,2030,>=,6000,2024,4250,Kế hoạch,confirmed\n"
        "I.1,001,2030,>=,50,,,Kế hoạch,confirmed\nII.1,001,2030,>=,60,,,Kế hoạch,confirmed\n",
        "score_schemes": "scheme_code,criteria_set_code,name_vi,normalisation,aggregation\n"
        "D,T,Điểm,goalposts,arithmetic\n",
        "weights": "scheme_code,indicator_code,weight,goalpost_low,goalpost_high\nD,I.2,1,0,9000\nD,I.1,1,0,90\n",
        "validation_rules": "rule_code,stage,kind,left,operator,right,absolute_floor,severity,message_vi\n"
        f"JUMP,{rule},<=,3 * prev(I.2.GT),1000,warning,x\nFALL,{rule},>=,prev(I.2.GT) / 3,0,warning,x\n"
        f"MOST,{rule},<=,5000,,warning,x\nPEOPLE,{rule},>=,2 * I.1.GT,,warning,x\n",
    }.items():
        (settings.catalogue / f"{name}.csv").write_text(text, "utf-8")
    file = write_xlsx(tmp_path / "phu-luc.xlsx", PAGES)
    planned = plan(settings, file, {"1:14": "II.1"})
    assert planned.blocking == 0, list(planned.lines("vi"))
    told = [line for line in planned.lines("vi") if ".csv:" in line]
    still = "vẫn theo đơn vị cũ (triệu đồng), nay đơn vị tính là tỷ đồng; đề nghị sửa theo đơn vị mới."
    per_mille = still.replace("triệu đồng", "%").replace("tỷ đồng", "‰")
    assert told == [
        f"! I.2: targets.csv:3 (001, 2030): target = 6000, baseline_value = 4250 {still}",
        f"! II.1: targets.csv:5 (001, 2030): target = 60 {per_mille}",
        f"! I.2: weights.csv:2 (D): goalpost_low = 0, goalpost_high = 9000 {still}",
        f"! I.2.GT: validation_rules.csv:2 (JUMP): absolute_floor = 1000 {still}",
        f"! I.2.GT: validation_rules.csv:4 (MOST): I.2.GT <= 5000 {still}",
        f"! I.2.GT: validation_rules.csv:5 (PEOPLE): I.2.GT >= 2 * I.1.GT {still}",
    ]
    assert (
        "! I.2: weights.csv:2 (D): goalpost_low = 0, goalpost_high = 9000 is still in triệu đồng, "
        "and the unit is tỷ đồng now; please restate it."
    ) in list(planned.lines("en"))
    assert "~ Số liệu I.2.GT: giới hạn được đổi theo đơn vị tỷ đồng: max_value: 900000 → 900." in list(
        planned.lines("vi")
    )
    catalogue = done(settings, file, {"1:14": "II.1"})
    money = (
        catalogue.table("data_elements").filter(data_element_code="I.2.GT").sort("valid_to", nulls_last=True)
    )
    assert money.select("unit", "min_value", "max_value").rows() == [
        ("triệu đồng", 0, 900_000),
        ("tỷ đồng", 0, 900),
    ]
    assert not [line for line in plan(settings, file, {}).lines("vi") if ".csv:" in line]


def test_bounds_in_a_unit_that_does_not_convert_are_told(tmp_path: Path, settings: Settings) -> None:
    elements = settings.catalogue / "data_elements.csv"
    head, *rows = elements.read_text("utf-8").splitlines()
    bounded = [row + (",1,500" if row.startswith("I.1.GT") else ",,") for row in rows]
    elements.write_text("\n".join([f"{head},min_value,max_value", *bounded, ""]), "utf-8")
    page = [("1", "Nhân lực số", "hộ", "", "Năm", "", "", "")]
    planned = plan(settings, write_xlsx(tmp_path / "phan.xlsx", [page]), {}, is_whole=False)
    assert (
        "! I.1.GT: data_elements.csv:8: min_value = 1, max_value = 500 vẫn theo đơn vị cũ (người), "
        "nay đơn vị tính là hộ; đề nghị sửa theo đơn vị mới."
    ) in list(planned.lines("vi"))


def test_the_same_appendix_again_changes_nothing_whoever_brings_it(
    tmp_path: Path, settings: Settings
) -> None:
    file = write_xlsx(tmp_path / "phu-luc.xlsx", PAGES)
    done(settings, file, {"1:14": "II.1"})
    assert plan(settings, file, {}, by="Ông Ba").tables == {}


def test_an_appendix_of_2026_holds_for_2025_too_once_it_is_taken_in_for_that_year(
    tmp_path: Path, settings: Settings
) -> None:
    file = write_xlsx(tmp_path / "phu-luc.xlsx", PAGES)
    late = done(settings, file, {"1:14": "II.1"})
    early = done(settings, file, {"1:14": "II.1"}, year=2025)
    assert shown(early, 2025) == shown(early, 2026) == AFTER
    assert {row["valid_to"] for row in valid(early, "data_elements", 2025)} == {None, date(2025, 12, 31)}
    for table, columns in (
        ("data_elements", ("data_element_code", "unit")),
        ("assignments", ("data_element_code", "reporting_unit_code", "role", "status")),
        ("applicability", ("indicator_code", "how")),
    ):
        of_2026, of_2025, again = (
            sorted(tuple(row[column] for column in columns) for row in valid(catalogue, table, year))
            for catalogue, year in ((late, 2026), (early, 2025), (early, 2026))
        )
        assert of_2025 == again == of_2026
    assert plan(settings, file, {}).tables == {}


def test_a_part_of_the_set_stands_where_it_stood_and_what_is_new_comes_after_its_siblings(
    tmp_path: Path, settings: Settings
) -> None:
    file = settings.catalogue / "indicators.csv"
    head, *rows = file.read_text("utf-8").splitlines()
    numbered = [f"{10 * place},{row}" for place, row in enumerate(rows, start=1)]
    file.write_text("\n".join([f"sort_order,{head}", *numbered, ""]), "utf-8")
    new = ("9", "Chữ ký số của người trưởng thành", "%", "", "Năm", "", "", "")
    page = [("I", "Nhóm tiêu chí đầu vào", *[""] * 6), PAGES[1][0], new, *PAGES[1][1:3]]
    catalogue = done(
        settings, write_xlsx(tmp_path / "phan.xlsx", [page]), {}, is_whole=False, accept_all=True
    )
    assert ordered(catalogue) == ["I", "I.1", "I.2", "I.3", "I.4", "II", "II.1", "II.2", "II.3"]


def test_what_a_derived_element_was_made_from_ends_with_it(tmp_path: Path, settings: Settings) -> None:
    for name, old, new in (
        ("indicators", "II.2.TS,II.1.MS,100,ratio_of_sums", "II.2.TL,,1,none"),
        ("data_elements", "area_aggregation\n", "area_aggregation,formula\n"),
        ("data_elements", "II.2.TS,T,II.2,Phiếu hài lòng,hồ sơ,count,numerator,lead,sum\n", ""),
    ):
        file = settings.catalogue / f"{name}.csv"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")
    file = settings.catalogue / "data_elements.csv"
    head, *rows = file.read_text("utf-8").splitlines()
    added = [
        "II.2.TS,T,II.2,Phiếu hài lòng,hồ sơ,count,value,lead,sum,",
        "II.2.HL,T,II.2,Hài lòng,hồ sơ,count,derived,lead,sum,2 * II.2.TS",
        "II.2.TL,T,II.2,Tỷ lệ hài lòng,%,percent,derived,lead,none,II.2.HL / II.1.MS",
    ]
    file.write_text("\n".join([head, *(f"{row}," for row in rows), *added, ""]), "utf-8")
    catalogue = done(settings, write_xlsx(tmp_path / "phu-luc.xlsx", PAGES), {"1:14": "II.1"})
    codes = {row["data_element_code"] for row in valid(catalogue, "data_elements", 2026)}
    assert {code for code in codes if code.startswith("II.2")} == set()
    assert "II.1.MS" in codes
    assert "II.2.TS" not in {row["data_element_code"] for row in valid(catalogue, "assignments", 2026)}


@pytest.mark.parametrize("numbers", [("A", "B", "C", "D"), ("I", "II", "III", "IV")])
def test_groups_by_letter_stand_beside_one_another(
    tmp_path: Path, settings: Settings, numbers: Sequence[str]
) -> None:
    criterion = ("1", "Nhân lực số", "người", "", "Năm", "", "", "")
    page = [line for number in numbers for line in ((f"{number}. NHÓM {number}",), criterion)]
    planned = plan(settings, write_xlsx(tmp_path / "nhom.xlsx", [page]), {})
    titles = [row for row in planned.appendix.rows if row.is_title]
    assert [(row.number, row.parent) for row in titles] == [(number, None) for number in numbers]


def test_roman_numbers_below_the_eighth_letter_count_parts_of_it(tmp_path: Path, settings: Settings) -> None:
    criterion = ("1", "Nhân lực số", "người", "", "Năm", "", "", "")
    page = [line for number in ("H", "I", "II") for line in ((f"{number}. NHÓM {number}",), criterion)]
    rows = plan(settings, write_xlsx(tmp_path / "nhom.xlsx", [page]), {}).appendix.rows
    titles = [
        (row.number, rows[row.parent].number if row.parent is not None else "")
        for row in rows
        if row.is_title
    ]
    assert titles == [("H", ""), ("I", "H"), ("II", "H")]


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
