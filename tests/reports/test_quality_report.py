"""What the quality report says, on its own and without harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dagster_project.reports.export import ExportedFile, export_release
from dagster_project.reports.quality_counts import read_quality
from dagster_project.reports.quality_report import write_quality_report
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from tests.reports.tiny_release import ROUND, commune, decided_commune, write_release


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def _written(release_dir: Path, file: Path, lang: str = "vi") -> str:
    """The quality report alone, without the other documents of its set."""
    with open_release(release_dir) as release:
        write_quality_report(read_quality(release, read_round(release, ROUND)), file, lang, documents=3)
    return file.read_text(encoding="utf-8")


def _page(files: dict[str, ExportedFile]) -> _Page:
    return _Page(files["quality_report"].path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(exported: dict[str, ExportedFile]) -> _Page:
    return _page(exported)


@pytest.fixture(scope="module")
def after(decided: dict[str, ExportedFile]) -> _Page:
    return _page(decided)


def test_the_page_needs_nothing_beside_it_and_runs_nothing(page: _Page) -> None:
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert all(target.startswith("#") for target in page.loads)
    assert page.loads
    assert "<script>alert(1)</script>" in page.text


def test_a_finding_says_where_what_and_how_to_mend(page: _Page) -> None:
    for words in ("bieu-vp.xlsx", "E20", "đọc được theo hai cách", "Đề nghị đơn vị kiểm tra và nhập lại."):
        assert words in page.text


def test_cells_of_each_file_add_up(page: _Page) -> None:
    assert "bieu-vp.xlsx 08/04/2026 09:00 Đã tiếp nhận 3 1 1 1" in page.text
    assert "ảnh.xlsx 08/04/2026 09:00 Chưa nhận được 0 0 0 0" in page.text


def test_reporting_missing_figures_and_unconfirmed_names_are_told(page: _Page) -> None:
    for words in (
        "2/3",
        "Trạm Y tế",
        "chờ đơn vị chỉnh sửa",
        "Tên gọi chưa xác nhận (1/4)",
        "DỰ THẢO",
        "SỐ LIỆU MINH HỌA",
    ):
        assert words in page.text


def test_without_a_round_there_are_the_quality_report_and_the_open_data(tmp_path: Path) -> None:
    rows = {name: commune()[name] for name in ("dim_indicator", "dim_area", "fct_receipt", "fct_finding")}
    release = write_release(tmp_path, rows)
    files = export_release(release, tmp_path / "out", round_code=None, lang="vi")
    assert [file.kind for file in files] == ["quality_report", "open_data"]
    page = _Page(files[0].path.read_text(encoding="utf-8"))
    assert "Tệp không phải là bảng tính." in page.text


def test_the_page_speaks_english_when_asked(release_dir: Path, tmp_path: Path) -> None:
    html = _written(release_dir, tmp_path / "q.html", "en")
    assert '<html lang="en">' in html
    assert "Files received" in html


def test_every_link_leads_to_one_place_and_every_finding_to_its_cell(page: _Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    assert {target.removeprefix("#") for target in page.loads} <= set(page.ids)
    assert {"#f-f1", "#f-f2", "#f-f3"} <= set(page.loads)
    assert "bieu-vp.xlsx › Biểu › E20" in page.text
    assert "f-f4" not in page.ids, "a check that passed is no finding"


def test_units_criteria_and_rounds_are_told_with_their_shares(page: _Page) -> None:
    assert "đơn vị đã gửi báo cáo 2/3 (66,7%)" in page.text
    assert "đơn vị gửi đúng hạn 1/3 (33,3%)" in page.text
    assert "chỉ tiêu áp dụng đã có số liệu 2/4 (50,0%)" in page.text
    assert "số liệu dùng được (còn lại chờ chỉnh sửa) 3/4 (75,0%)" in page.text
    assert "số liệu các năm trước có trên địa giới hiện nay 3/4 (75,0%)" in page.text
    assert "tên gọi các tiêu chí chưa được đối chiếu với văn bản gốc" in page.text
    assert "Báo cáo năm 2025 3 2 (66,7%) 1 (33,3%)" in page.text


def test_what_is_answered_or_decided_is_told_with_its_reason_and_no_longer_open(after: _Page) -> None:
    assert "Giải trình của đơn vị: Mở thêm dịch vụ mới." in after.text
    assert "Quyết định của cán bộ (Nguyễn Văn A, 11/04/2026): Đã đối chiếu hợp đồng." in after.text
    assert "1 nội dung cần sửa" in after.text, "the unreadable file is left"
    assert "0 nội dung cần giải trình" in after.text


def test_findings_of_a_file_that_was_replaced_are_history(after: _Page) -> None:
    assert "Lần nộp đầu đã thay." not in after.text


def test_entered_figures_and_exemptions_are_told(after: _Page) -> None:
    assert "Được miễn Miễn: trạm đang sửa chữa." in after.text
    text = after.text[after.text.index("Số liệu do cán bộ ghi") :]
    assert "Đính chính" in text
    assert text.index("Chờ đơn vị xác nhận") < text.index("Đơn vị đã xác nhận")
    assert "giấy.pdf › Biểu › tr. 2" in text


def test_a_release_of_the_first_version_is_still_told(tmp_path: Path) -> None:
    rows = decided_commune()
    for row in (*rows["fct_finding"], *rows["fct_reporting_rate"]):
        for name in ("is_open", "decided_by", "decided_at", "decision_reason", "note"):
            row.pop(name, None)
    release = write_release(tmp_path, rows, first_version=True)
    assert "2 nội dung cần sửa" in _Page(_written(release, tmp_path / "q.html")).text


def test_rules_that_stand_once_per_element_are_counted_as_one(tmp_path: Path) -> None:
    rows = commune()
    asked = rows["fct_finding"][2]
    rows["fct_finding"] = [
        {
            **asked,
            "finding_id": f"j{number}",
            "rule_code": f"JUMP_A_2_{part}",
            "data_element_code": f"A.2.{part}",
        }
        for number, part in enumerate(("TS", "MS"))
    ]
    release = write_release(tmp_path, rows)
    text = _Page(_written(release, tmp_path / "q.html")).text
    assert "So sánh 2 1 bieu-vp.xlsx › Biểu › E18" in text[text.index("Số lần") :]
