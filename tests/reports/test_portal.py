"""The portal as a folder of files: whole, the release's figures, each down to its cell, nothing for the wrong eyes."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest

from dagster_project.errors import UsageError
from dagster_project.reports.export import export_portal, export_release, exported_files
from tests.reports.portal_release import NOTE, OFFICER, SENDER, commune_release, make_portal
from tests.reports.tiny_release import ROUND


class _Page(HTMLParser):
    """Texts, ids and addresses of one page; what a chart writes is kept apart."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str | None] = []
        self.words: list[str] = []
        self.drawn: list[str] = []
        self._svg = 0
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self._svg += tag == "svg"
        self.ids += [told["id"] or ""] if "id" in told else []
        self.links += [value or "" for name, value in attrs if name in ("href", "src") and tag != "script"]
        self.scripts += [told.get("src")] if tag == "script" else []

    def handle_endtag(self, tag: str) -> None:
        self._svg -= tag == "svg"

    def handle_data(self, data: str) -> None:
        (self.drawn if self._svg else self.words).append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def _pages(folder: Path) -> dict[str, _Page]:
    return {file.relative_to(folder).as_posix(): _Page(file) for file in sorted(folder.rglob("*.html"))}


def _everything(folder: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in folder.rglob("*") if file.is_file())


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portal")
    return make_portal(commune_release(folder / "releases"), folder / "site")


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portal")
    release = commune_release(folder / "releases", state="issued")
    return make_portal(release, folder / "site", is_public=True)


def test_every_address_leads_to_a_file_or_a_place_of_the_portal(inside: Path, public: Path) -> None:
    for folder in (inside, public):
        pages = _pages(folder)
        for name, page in pages.items():
            for link in page.links:
                path, _, place = link.partition("#")
                if path.startswith("data:"):
                    continue
                target = (folder / name).parent / unquote(path) if path else folder / name
                assert target.is_file(), (name, link)
                if place:
                    assert place in pages[target.resolve().relative_to(folder.resolve()).as_posix()].ids
            assert set(page.scripts) <= {
                f"{'../' * name.count('/')}assets/{x}.js" for x in ("chi-muc", "portal")
            }
            assert [found for found, times in Counter(page.ids).items() if times > 1] == []


def test_a_figure_leads_to_file_sheet_cell_and_the_text_typed_there(inside: Path) -> None:
    text = _pages(inside)["chi-tieu/A.1.html"].text
    assert "Tử số: A.1.GT A.1.GT 1.234 Văn phòng HĐND và UBND bieu-vp.xlsx › Biểu › E15 1.234" in text
    assert "08/04/2026 09:00" in text
    told = _pages(inside)["chi-tieu/A.2.html"].text
    assert "giấy.pdf › Biểu › tr. 2" in told
    assert "Nhập thay" in told


def test_chart_table_and_download_show_the_figures_of_the_release(inside: Path) -> None:
    page = _pages(inside)["chi-tieu/A.1.html"]
    assert {"1.001", "1.234", "2024", "2025", "2026", "mục tiêu 1.500"} <= set(page.drawn)
    assert "2025* 1.234 Xem nguồn 2024¹ 1.001" in page.text
    assert "1.300 1.250 – 1.350 (80 %)" in page.text
    assert "từ 1.500 trở lên (đến 2030)" in page.text
    table = pl.read_csv(inside / "chi-tieu" / "A.1.csv", infer_schema=False)
    shown = table.drop("Mã địa bàn", "Tiêu chí / chỉ tiêu").to_dicts()
    assert shown == [
        {"Địa bàn": "Xã Bình Lư", "Mã số": "A.1", "Đơn vị tính": "người"}
        | {"2024": "1000.5", "2024 (Hiển thị)": "1.001", "2025": "1234.0", "2025 (Hiển thị)": "1.234"}
        | {"is_sample": "true", "state": "draft"}
    ]


def test_what_is_held_or_unconfirmed_says_so(inside: Path) -> None:
    pages = _pages(inside)
    assert "2025* chờ đơn vị chỉnh sửa" in pages["chi-tieu/B.1.html"].text
    assert "A.2. Tỷ lệ hồ sơ trực tuyến (chưa xác nhận)" in pages["index.html"].text


def test_every_page_of_a_draft_of_sample_data_says_both_and_names_its_release(inside: Path) -> None:
    for page in _pages(inside).values():
        assert page.text.count("SỐ LIỆU MINH HỌA") > 1
        for words in ("DỰ THẢO", "Bản nội bộ", "Bản chốt số liệu R0001-0a1b2c3d, lập lúc 11/04/2026 10:00"):
            assert words in page.text
    files = list(inside.rglob("*.csv"))
    assert {file.parent.name for file in files} >= {"chi-tieu", "don-vi", inside.name}
    for file in files:
        marks = pl.read_csv(file, infer_schema=False).select(pl.nth(-2, -1)).unique()
        assert marks.to_dicts() == [{"is_sample": "true", "state": "draft"}], file


def test_a_unit_sees_its_files_figures_and_findings(inside: Path) -> None:
    text = _pages(inside)["don-vi/vp.html"].text
    for words in (
        "bieu-vp.xlsx",
        "Biểu › E15",
        "đã thay bằng lần nộp sau",
        "Mở thêm dịch vụ mới.",
        "Đúng hạn",
    ):
        assert words in text
    assert "Miễn: trạm đang sửa chữa." in _pages(inside)["don-vi/yt.html"].text


def test_the_public_sees_figures_and_nothing_of_the_offices_own(inside: Path, public: Path) -> None:
    private = [
        "bieu-vp.xlsx",
        "E15",
        "alert(1)",
        SENDER,
        OFFICER,
        NOTE,
        "đọc được theo hai cách",
        "chờ đơn vị",
    ]
    private += [
        "Đề nghị đơn vị",
        "Mở thêm dịch vụ",
        "Đã đối chiếu hợp đồng",
        "DỰ THẢO",
        "giấy.pdf",
        "don-vi/",
    ]
    own, told = _everything(inside), _everything(public)
    shown_inside = [words for words in private if words in own]
    assert shown_inside == [words for words in private if words != SENDER]  # senders are in no portal
    told_outside = [words for words in private if words in told.replace("Hồ sơ nộp trực tuyến", "")]
    assert told_outside == ["alert(1)"]  # a definition of the catalogue, not a unit's text
    assert "chưa công bố" in _pages(public)["chi-tieu/B.1.html"].text
    assert "1.234 Văn phòng HĐND và UBND" in _pages(public)["chi-tieu/A.1.html"].text


@pytest.mark.parametrize("state", ["draft", "reviewed", "for_signature"])
def test_what_is_not_issued_is_not_shown_to_the_public(tmp_path: Path, state: str) -> None:
    release = commune_release(tmp_path / "releases", state=state)
    with pytest.raises(UsageError, match="Only an issued round"):
        export_portal(release, tmp_path / "out", round_code=ROUND, lang="vi", is_public=True)
    assert not (tmp_path / "out").exists()


def test_texts_from_outside_stay_texts(inside: Path) -> None:
    pages = "".join(file.read_text(encoding="utf-8") for file in inside.rglob("*.html"))
    assert "<script>alert" not in pages
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages
    values = (inside / "don-vi" / "vp.csv").read_text(encoding="utf-8-sig")
    assert "\"'=HYPERLINK(" in values


def test_equal_releases_give_equal_bytes_and_a_list_of_all_files(tmp_path: Path, inside: Path) -> None:
    again = make_portal(commune_release(tmp_path / "releases"), tmp_path / "site")
    files = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for folder in (inside, again)
        for file in folder.rglob("*")
        if file.is_file()
    }
    for name, content in files.items():
        assert (inside / name).read_bytes() == content, name
    told = json.loads(files.pop("tep.json"))
    assert {item["path"] for item in told["files"]} == set(files)


def test_areas_are_compared_where_several_report(tmp_path: Path) -> None:
    others = {"03400": "Xã Tả Lèng", "03401": "Xã Khun Há <b>"}
    site = make_portal(commune_release(tmp_path / "releases", others=others), tmp_path / "site")
    pages = _pages(site)
    assert "Xã Bình Lư 1.234 37,5" in pages["so-sanh.html"].text
    assert "Xã Tả Lèng 617 18,8" in pages["so-sanh.html"].text
    assert {"Xã Tả Lèng", "617"} <= set(pages["chi-tieu/A.1.html"].drawn)
    assert "A.1. Nhân lực người" in pages["dia-ban/03400.html"].text
    assert "<b>" not in "".join(file.read_text(encoding="utf-8") for file in site.rglob("*.html"))


def test_the_set_of_a_round_has_its_portal_with_links_to_the_documents_beside(tmp_path: Path) -> None:
    release = commune_release(tmp_path / "releases")
    files = {f.kind: f for f in export_release(release, tmp_path / "out", round_code=ROUND, lang="vi")}
    page = files["portal"].path
    assert page == tmp_path / "out" / release.name / "cong-thong-tin" / ROUND / "index.html"
    assert files["portal"] in exported_files(tmp_path / "out" / release.name)
    beside = [link for link in _Page(page).links if link.startswith("../../")]
    assert all((page.parent / link).is_file() for link in beside)
    assert len(beside) == len(files) - 1


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    release = commune_release(tmp_path / "releases")
    out = tmp_path / "out"
    for _ in range(2):  # an earlier portal is replaced
        export_portal(release, out, round_code=ROUND, lang="vi", is_public=False)
    (out / "tep.json").unlink()
    with pytest.raises(UsageError, match="something else"):
        export_portal(release, out, round_code=ROUND, lang="vi", is_public=False)
    assert (out / "index.html").is_file()
