"""What the quality report says, on its own and without harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dagster_project.reports.export import ExportedFile, export_release
from tests.reports.tiny_release import commune, write_release


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


@pytest.fixture(scope="module")
def page(exported: dict[str, ExportedFile]) -> _Page:
    return _Page(exported["quality_report"].path.read_text(encoding="utf-8"))


def test_the_page_needs_nothing_beside_it_and_runs_nothing(page: _Page) -> None:
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert all(target.startswith("#") for target in page.loads)
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
    files = export_release(release_dir, tmp_path, round_code="T-X-2025", lang="en")
    html = next(file for file in files if file.kind == "quality_report").path.read_text(encoding="utf-8")
    assert '<html lang="en">' in html
    assert "Files received" in html
