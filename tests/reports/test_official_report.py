"""The official report in its states and for whom it is: texts of officers, targets, provinces, the PDF beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from dagster_project.reports.official import official_fields, write_official
from dagster_project.reports.pdf import docx_to_pdf
from dagster_project.reports.read import RoundFacts, read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.table import indicator_table
from dagster_project.reports.template_fields import known_fields
from tests.reports import province_release
from tests.reports.documents import official, pdf_text, period_rows, rows_below, tables, texts
from tests.reports.tiny_release import HOSTILE, ROUND, commune, decided_commune, write_release

INJECTION = ("=1+1", "+1", "-1", "@SUM(A1)", "<script>alert(1)</script>", "../../x", "{{ 7*7 }}", "{% for %}")


def _facts(folder: Path, rows: dict[str, Any], code: str = ROUND) -> RoundFacts:
    with open_release(write_release(folder, rows, is_sample=False)) as release:
        return read_round(release, code)


def _report(folder: Path, rows: dict[str, Any], code: str = ROUND) -> Any:
    return official(write_release(folder, rows, is_sample=False), folder / "a.docx", code)


def _issued(rows: dict[str, Any], state: str) -> dict[str, Any]:
    rows["dim_round"][1] |= {
        "state": state,
        "criteria_set_name_vi": "Bộ tiêu chí thử",
        "legal_basis_vi": "Quyết định số 1/QĐ-TTg",
        "addressee_vi": "Sở Khoa học và Công nghệ {parent}",
        "recipients_vi": "Sở Khoa học và Công nghệ (B/c)|Các sở, ngành; UBND các xã|Lưu: VT",
    }
    rows["fct_document"] = [
        {
            "round_code": ROUND,
            "document_number": "27/BC-UBND",
            "document_date": date(2026, 2, 8),
            "signer": "Chủ tịch Nguyễn Văn A",
            "revision": 2,
            "relation": "replacement",
            "cites_number": "15/BC-UBND",
            "cites_date": date(2026, 1, 11),
            "registered_at": datetime(2026, 2, 8, tzinfo=UTC),
            "is_current": True,
        }
    ]
    return rows


def _written(section: str, text: str) -> dict[str, Any]:
    return {"text_id": section, "round_code": ROUND, "section": section, "text": text, "is_current": True}


def test_an_issued_report_bears_number_date_and_signer_and_says_what_it_replaces(tmp_path: Path) -> None:
    report = _report(tmp_path, _issued(commune(), "issued"))
    told = "\n".join(texts(report))
    assert "Số: 27/BC-UBND" in told
    assert "Bình Lư, ngày 08 tháng 02 năm 2026" in told
    assert "(Thay thế Báo cáo số 15/BC-UBND ngày 11/01/2026)" in told
    assert "(Kèm theo Báo cáo số 27/BC-UBND ngày 08 tháng 02 năm 2026 của Ủy ban nhân dân xã Bình Lư)" in told
    assert "DỰ THẢO" not in told + report.sections[0].first_page_header.paragraphs[0].text
    signed = report.tables[-3].rows[0].cells[1].text.split("\n")
    assert [line for line in signed if line] == ["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH", "Nguyễn Văn A"]
    assert "Thực hiện Quyết định số 1/QĐ-TTg về việc ban hành Bộ tiêu chí thử" in told
    assert "Kính gửi: Sở Khoa học và Công nghệ tỉnh Lai Châu." in told
    assert "- Các sở, ngành; UBND các xã;\n- Lưu: VT." in told


def test_for_signature_there_is_no_mark_and_number_and_date_are_blank(tmp_path: Path) -> None:
    rows = commune()
    rows["dim_round"][1]["state"] = "for_signature"
    told = "\n".join(texts(_report(tmp_path, rows)))
    assert "DỰ THẢO" not in told
    assert re.search(r"Số:\s+/BC-UBND", told)
    assert re.search(r"ngày\s+tháng\s+năm 2026", told)


def test_an_officers_words_stand_as_they_are_and_the_units_words_only_until_then(tmp_path: Path) -> None:
    rows = decided_commune()
    before = "\n".join(texts(_report(tmp_path, rows)))
    assert "Theo giải trình của các đơn vị:" in before
    assert "Mở thêm dịch vụ mới;" in before
    rows["fct_report_text"] = [
        _written("assessment", "\n".join(INJECTION)),
        _written("proposals", "Đề nghị tập huấn."),
        {**_written("assessment", "Bản cũ."), "is_current": False},
    ]
    report = _report(tmp_path / "again", rows)
    lines = [paragraph.text for paragraph in report.paragraphs]
    assert lines[lines.index("1. Đánh giá") + 1 :][: len(INJECTION)] == list(INJECTION)
    assert lines[lines.index("2. Đề xuất, kiến nghị") + 1] == "Đề nghị tập huấn."
    assert "Theo giải trình của các đơn vị:" not in lines
    assert "Bản cũ." not in lines
    assert lines[-1] != ""
    assert next(line for line in lines if line.startswith("Trên đây là báo cáo")).endswith("./.")


def test_movements_come_with_the_units_reasons_and_targets_with_lights_in_words(tmp_path: Path) -> None:
    rows = decided_commune()
    before = next(
        row
        for row in rows["fct_indicator_harmonised"]
        if row["data_year"] == 2024 and row["indicator_code"] == "A.2"
    )
    before |= {"value": 50.0, "value_state": "value"}
    aim = {"round_code": ROUND, "area_code": "03390", "category_code": "_T", "comparison": ">="}
    rows["fct_target_progress"] = [
        {
            **aim,
            "indicator_code": "A.1",
            "target_period_code": "2030",
            "target": 2000.0,
            "actual": 1234.0,
            "gap": -766.0,
            "pace": 1100.0,
            "light_name_vi": "Đạt tiến độ",
            "target_status": "confirmed",
        },
        {
            **aim,
            "indicator_code": "B.1",
            "target_period_code": "2025",
            "target": 5.0,
            "reason": "held",
            "target_status": "inferred",
        },
    ]
    report = _report(tmp_path, rows)
    assert rows_below(report, "TT", "Tiêu chí", "Kỳ trước") == [
        [
            "A.2",
            "Tỷ lệ hồ sơ trực tuyến (chưa xác nhận) (%)",
            "50,0",
            "37,5*",
            "-12,5 điểm %",
            "Mở thêm dịch vụ mới",
        ],
        ["A.1", "Nhân lực (người)", "1.001", "1.234*", "+23,3%", ""],
    ]
    assert rows_below(report, "TT", "Tiêu chí", "Năm") == [
        ["A.1", "Nhân lực (người)", "2030", "từ 2.000", "1.234", "-766", "1.100", "Đạt tiến độ"],
        [
            "B.1",
            "Đơn đăng ký sáng chế (đơn)",
            "2025",
            "từ 5 (chưa xác nhận)",
            *[""] * 3,
            "Số liệu chờ chỉnh sửa",
        ],
    ]


def test_a_round_with_nothing_reported_says_so_and_has_every_section(tmp_path: Path) -> None:
    kept = ("dim_indicator", "dim_area", "dim_period", "dim_round")
    rows = {name: rows if name in kept else [] for name, rows in commune().items()}
    report = _report(tmp_path, rows)
    heads = [
        text for text in (paragraph.text for paragraph in report.paragraphs) if re.match(r"[IV]+\. ", text)
    ]
    assert len(heads) == 6
    assert "Đợt báo cáo chưa có danh sách đơn vị phải gửi báo cáo" in "\n".join(texts(report))
    assert period_rows(report)["A.1"][-1] == "chưa có số liệu"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The consolidated report of 46 indicators in 38 communes, names of 200 letters, as Word and PDF."""
    folder = tmp_path_factory.mktemp("province")
    facts = _facts(folder, province_release.province(name_length=200), province_release.ROUND)
    write_official(facts, folder / "a.docx")
    docx_to_pdf(folder / "a.docx", folder / "a.pdf")
    return folder


def test_communes_stand_beside_indicators_with_the_coverage_of_the_total(province: Path) -> None:
    report = Document(str(province / "a.docx"))
    blocks = tables(report, "kho:areas")
    columns = [cell.text.split("\n")[0] for table in blocks for cell in table.rows[0].cells[2:]]
    assert columns == [
        f"{group}.{place}" for group, n in province_release.GROUPS.items() for place in range(1, n + 1)
    ]
    for table in blocks:
        rows = [[cell.text for cell in row.cells] for row in table.rows[1:]]
        assert set(rows[0][2:]) == {"703.018,5"}
        assert set(rows[1][2:]) == {"37/38"}
        assert [set(row[2:]) for row in rows[2:5]] == [{"1.000,5"}, {"2.000,5"}, {"3.000,5"}]
        assert set(rows[-1][2:]) == {"…"}
        assert len(rows) == 2 + province_release.COMMUNES
    assert period_rows(report)["I.1"][-1] == "703.018,5 (37/38)"


def test_the_province_names_who_has_not_sent(province: Path) -> None:
    (row,) = rows_below(Document(str(province / "a.docx")), "TT", "Địa bàn", "Phải gửi")
    assert row[1].startswith(f"Xã {province_release.SILENT}")
    assert row[2:5] == ["1", "0", "0"]


def test_a_name_without_end_breaks_within_its_cell(province: Path) -> None:
    endless = [line for line in pdf_text(province / "a.pdf").splitlines() if "Ă" * 5 in line]
    assert len(endless) > 1000
    assert max(map(len, endless)) < 40


def test_every_table_stays_within_its_page(province: Path) -> None:
    for table in tables(Document(str(province / "a.docx")), "kho:areas"):
        assert sum(column.width.mm for column in table.columns) < 252.5


def _words(document: Any) -> set[str]:
    heads = (
        paragraph.text
        for section in document.sections
        for part in (section.header, section.first_page_header)
        for paragraph in part.paragraphs
    )
    return {word for text in (*texts(document), *heads) for word in text.split()}


def _squeezed(found: Any) -> str:
    return re.sub(r"\s", "", found)


@pytest.mark.parametrize("kind", ["decided", "issued"])
def test_word_and_pdf_say_the_same(tmp_path: Path, kind: str) -> None:
    rows = decided_commune() if kind == "decided" else _issued(commune(file_name="-x=1.xlsx"), "issued")
    rows["fct_report_text"] = [_written("assessment", "\n".join([*INJECTION, HOSTILE]))]
    report = _report(tmp_path, rows)
    docx_to_pdf(tmp_path / "a.docx", tmp_path / "a.pdf")
    told = pdf_text(tmp_path / "a.pdf")
    words, squeezed = _words(report), _squeezed(told)
    assert [word for word in sorted(words) if word not in squeezed and len(word) < 20] == []
    known = _squeezed(" ".join([*texts(report), *words]))
    pages = {str(number) for number in range(1, 30)}
    assert [word for word in told.split() if word not in known and word not in pages] == []


def _paths(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, f"{at}.{name}" if at else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, f"{at}[]")
    else:
        yield at


def test_the_list_of_fields_tells_every_field_and_no_other(tmp_path: Path) -> None:
    rows = decided_commune()
    province = _facts(tmp_path, province_release.province(), province_release.ROUND)
    found = {
        *(
            path
            for facts in (_facts(tmp_path / "one", rows), province)
            for path in _paths(official_fields(facts, indicator_table(facts, "vi", 5)), "")
        ),
    }
    listed = {item.path for item in known_fields()}
    assert found - listed == set()
    # lists that these two rounds leave empty
    empty = ("movements[]", "definitions[]", "targets[]", "lights[]", "warning.rows[]", "texts.", "notes[]")
    assert {path for path in listed - found if not path.startswith(empty)} == set()


def test_a_chart_shows_what_moved_most_and_says_in_words_what_it_shows(tmp_path: Path) -> None:
    rows = commune()
    year = rows["dim_period"][0]
    rows["dim_period"].insert(
        0,
        {
            **year,
            "period_code": "2023",
            "data_year": 2023,
            "period_start": date(2023, 1, 1),
            "period_end": date(2023, 12, 31),
        },
    )
    first = {
        **rows["dim_round"][0],
        "round_code": "T-X-2023",
        "period_code": "2023",
        "data_year": 2023,
        "period_end": date(2023, 12, 31),
    }
    rows["dim_round"].insert(0, first)
    figure = next(
        row
        for row in rows["fct_indicator_harmonised"]
        if row["data_year"] == 2024 and row["indicator_code"] == "A.1"
    )
    rows["fct_indicator_harmonised"].append(
        {**figure, "round_code": "T-X-2023", "period_code": "2023", "data_year": 2023, "value": 900.0}
    )
    report = _report(tmp_path, rows)
    (told,) = report.element.body.xpath(".//wp:docPr/@descr")
    assert "2023: 900; 2024: 1.001; 2025: 1.234" in told
    docx_to_pdf(tmp_path / "a.docx", tmp_path / "a.pdf")
    assert b"/Image" in (tmp_path / "a.pdf").read_bytes()
