"""The portal as people open it: from a folder, in a browser, with a keyboard, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reports.portal_release import commune_release, make_portal

CHROMIUM = Path("/usr/bin/chromium")
_WIDE, _PHONE = 1280, 320
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

if not CHROMIUM.is_file():
    pytest.skip("chromium not found", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright not found")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe not found")


class _Opened:
    """A page of one site, with everything that it asked for, said and failed at."""

    def __init__(self, site: Path, page: Any) -> None:
        self.site, self.page = site, page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda told: self.complaints.append(f"{told.type}: {told.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, name: str) -> Any:
        self.page.goto((self.site / name).as_uri())
        return self.page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portal")
    others = {"03400": "Xã Tả Lèng", "03401": "Xã Khun Há"}
    return make_portal(commune_release(folder / "releases", others=others), folder / "site")


@pytest.fixture(scope="module")
def commune(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portal")
    return make_portal(commune_release(folder / "releases"), folder / "site")


@pytest.fixture
def opened(browser: Any, commune: Path) -> Iterator[_Opened]:
    page = browser.new_page()
    yield _Opened(commune, page)
    page.close()


def test_every_page_opens_without_network_complaint_or_barrier(
    browser: Any, site: Path, commune: Path
) -> None:
    names = [(commune, file) for file in sorted(commune.rglob("*.html"))]
    names += [
        (site, site / name)
        for name in ("index.html", "so-sanh.html", "dia-ban/03400.html", "chi-tieu/A.1.html")
    ]
    page = browser.new_page()
    on_phone = set()
    for folder, file in names:
        opened = _Opened(folder, page)
        opened.open(file.relative_to(folder).as_posix())
        for width in (_WIDE, _PHONE):
            page.set_viewport_size({"width": width, "height": 800})
            if width == _WIDE or (folder, file.parent) not in on_phone or file.parent == folder:
                assert _violations(page) == [], (file.name, width)
            assert page.evaluate(_TOO_WIDE) == 0, (file.name, width)
        on_phone.add((folder, file.parent))
        assert all(url.startswith(("file:", "data:")) for url in opened.asked)
        assert opened.complaints == []
    page.close()


def _violations(page: Any) -> list[tuple[str, str]]:
    found = axe_api.Axe().run(page, options={"preload": False, "runOnly": {"type": "tag", "values": _RULES}})
    return [(item["id"], item["nodes"][0]["html"]) for item in found.response["violations"]]


def test_search_finds_without_diacritics_from_any_page(opened: _Opened) -> None:
    page = opened.open("don-vi/vp.html")
    page.get_by_role("searchbox").fill("nang suat")
    assert page.get_by_role("status").inner_text() == "1 kết quả"
    page.keyboard.press("Enter")
    page.wait_for_url("**/chi-tieu/B.2.html")
    assert "Năng suất lao động xã hội" in page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("searchbox").fill("khong co gi")
    assert page.get_by_role("status").inner_text() == "Không tìm thấy."


def test_from_a_figure_to_its_cell_by_keyboard_alone(opened: _Opened) -> None:
    page = opened.open("chi-tieu/A.1.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Bỏ qua điều hướng"
    page.keyboard.press("Enter")
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = false; })")
    while page.evaluate("document.activeElement.textContent") != "Xem nguồn":
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement !== document.body")
    page.keyboard.press("Enter")
    page.get_by_text("bieu-vp.xlsx › Biểu › E15").wait_for()


def test_areas_can_be_put_in_order_of_their_figures(browser: Any, site: Path) -> None:
    page = browser.new_page()
    _Opened(site, page).open("chi-tieu/A.1.html")
    heads = page.locator("table[data-sortable] thead th")
    heads.last.locator("xpath=preceding-sibling::th[1]").get_by_role("button").click()
    assert page.locator("th[aria-sort=ascending]").count() == 1
    assert page.locator("table[data-sortable] tbody tr").count() == 2
    page.close()


def test_a_page_prints_with_its_marks_and_without_its_controls(opened: _Opened) -> None:
    page = opened.open("chi-tieu/A.1.html")
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").is_visible()
    assert page.get_by_text("DỰ THẢO").first.is_visible()
    assert page.get_by_text("SỐ LIỆU MINH HỌA").first.is_visible()
