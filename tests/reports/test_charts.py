"""Charts say what the release says, to the eye and in words, and no text from outside becomes markup."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import replace

import pytest
from defusedxml import ElementTree
from fontTools.ttLib import TTFont

from dagster_project.reports import charts
from dagster_project.reports.charts import Bar, Outlook, Point, Series

SERIES = Series(
    title="Tỷ lệ hồ sơ <script>alert(1)</script> & toàn trình",
    unit="%",
    decimals=1,
    points=(
        Point("2021", 12.5),
        Point("2022", 19.9),
        Point("2023", None),
        Point("2024", 1050.4),
        Point("2025", 80.2, is_final=False),
    ),
    breaks=frozenset({"2025"}),
    outlook=(Outlook("2026", 90.0, 80.0, 99.0),),
    target=("2030", 98.0),
)


def _texts(svg: str) -> list[str]:
    return [
        "".join(node.itertext())
        for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_a_series_shows_its_figures_as_readers_write_them() -> None:
    texts = _texts(charts.to_svg(charts.series_chart(SERIES, "vi"), "vi"))
    assert {"12,5", "19,9", "1.050,4", "80,2", "ngắt chuỗi", "mục tiêu 98,0", "2023", "2026", "2030"} <= set(
        texts
    )
    english = _texts(charts.to_svg(charts.series_chart(SERIES, "en"), "en"))
    assert {"12.5", "1,050.4", "series break", "target 98.0"} <= set(english)


def test_a_line_stops_at_a_gap_and_at_a_break() -> None:
    svg = charts.to_svg(charts.series_chart(SERIES, "vi"), "vi")
    lines = re.findall(r'aria-roledescription="line mark" d="([^"]+)"', svg)
    assert [line.count("L") for line in lines] == [1, 0, 0]  # 2021–2022, 2024, 2025


def test_text_from_outside_stays_text() -> None:
    svg = charts.to_svg(charts.series_chart(SERIES, "vi"), "vi")
    assert "<script" not in svg
    bars = [Bar("<img src=x onerror=alert(1)>", 3.0), Bar("Xã Bình Lư", 2.0, is_own=True)]
    svg = charts.comparison_svg("So sánh", "người", 0, bars, "vi")
    assert "<img" not in svg
    assert "<img src=x onerror=alert(1)>" in _texts(svg)


def test_the_same_chart_has_the_same_bytes() -> None:
    drawn = [charts.to_png(charts.series_chart(SERIES, "vi"), "vi") for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(b"\x89PNG")


def test_what_a_chart_shows_is_said_in_words_too() -> None:
    said = charts.series_text(SERIES, "vi")
    assert "2021: 12,5" in said
    assert "2023: không có số liệu" in said
    assert "Từ 2025, số liệu không so sánh trực tiếp được với trước đó." in said
    assert "Dự báo 2026: 90,0 (khoảng 80,0 – 99,0); dự báo không phải số liệu báo cáo." in said
    assert "Mục tiêu 2030: 98,0." in said


def test_a_target_that_nobody_confirmed_is_marked_to_the_eye_and_in_words() -> None:
    series = replace(SERIES, is_target_confirmed=False)
    texts = _texts(charts.to_svg(charts.series_chart(series, "vi"), "vi"))
    assert "mục tiêu 98,0 (chưa xác nhận)" in texts
    assert "Mục tiêu 2030: 98,0 (chưa xác nhận)." in charts.series_text(series, "vi")
    assert "Target for 2030: 98.0 (unconfirmed)." in charts.series_text(series, "en")


@pytest.mark.parametrize("file", sorted(charts.FONTS.glob("*.ttf")), ids=lambda file: file.stem)
def test_the_font_has_every_vietnamese_letter(file: object) -> None:
    """The alphabet after TCVN 6909:2001: vowels with their marks and five tones, and đ."""
    tones = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
    vowels = "aăâeêioôơuưy"
    letters = {unicodedata.normalize("NFC", v + t) for v, t in itertools.product(vowels, tones)} | {"đ"}
    wanted = {ord(letter) for letter in letters | {letter.upper() for letter in letters}}
    assert len(wanted) == 146
    assert not wanted - set(TTFont(str(file)).getBestCmap())
