"""Figures as a Vietnamese reader expects them; text of others that does no harm."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.reports.numbers import number, state_words
from dagster_project.reports.safe import csv_texts, file_part, plain


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (1234.5, 2, "1.234,50"),
        (1234567, 0, "1.234.567"),
        (0.125, 2, "0,13"),
        (2.675, 2, "2,68"),
        (-0.001, 1, "0,0"),
        (-1234.5, 1, "-1.234,5"),
        (12.5, None, "12,5"),
        (1000.0, None, "1.000"),
        (0.0004, None, "0"),
        (Decimal("10000000000000000.05"), 2, "10.000.000.000.000.000,05"),
        (Decimal("1234567890123456789012345678.5"), 1, "1.234.567.890.123.456.789.012.345.678,5"),
        (1e27, 2, "1" + 9 * ".000" + ",00"),
        (-1e250, None, "-10" + 83 * ".000"),
        (None, 2, ""),
        (float("nan"), 0, ""),
        (float("inf"), 0, ""),
    ],
)
def test_numbers_are_written_the_vietnamese_way_rounded_half_up(
    value: float | Decimal | None, decimals: int | None, shown: str
) -> None:
    assert number(value, decimals) == shown


def test_english_marks_are_the_other_way_round() -> None:
    assert number(1234.5, 1, "en") == "1,234.5"


def test_every_reason_for_no_figure_has_its_own_words() -> None:
    states = ("zero", "not_applicable", "not_available", "missing", "held")
    assert [state_words(state, None, "vi") for state in states] == [
        "không phát sinh",
        "không áp dụng",
        "chưa có số liệu",
        "chưa báo cáo",
        "chờ đơn vị chỉnh sửa",
    ]


def test_what_others_supply_is_said_so_but_a_held_figure_stays_held() -> None:
    assert state_words("missing", "supplied", "vi") == "cấp trên cung cấp"
    assert state_words("held", "supplied", "vi") == "chờ đơn vị chỉnh sửa"


@given(st.text())
def test_any_text_becomes_one_line_that_xml_can_hold(text: str) -> None:
    line = plain(text, 50)
    assert len(line) <= 50
    assert not any(
        ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 or ord(char) in (0xFFFE, 0xFFFF) for char in line
    )


def test_vietnamese_text_is_kept_letter_by_letter() -> None:
    assert plain("Ủy ban nhân dân  xã\nBình Lư") == "Ủy ban nhân dân xã Bình Lư"


@pytest.mark.parametrize("text", ["../../etc/passwd", "a/b\\c", "..", "", ".hidden", "\x00", "Biểu mẫu 1"])
def test_a_text_in_a_file_name_leads_nowhere(text: str) -> None:
    part = file_part(text)
    assert part
    assert not part.startswith(".")
    assert not set(part) & set("/\\\x00")


def test_a_formula_in_a_csv_is_disarmed_and_a_number_is_left_alone() -> None:
    texts = ["=1+1", "+cmd|x", "@SUM(A1)", "-2+3", " =1", "-", "–", "-5,2", "+3", "Xã", None]
    safe = csv_texts(pl.DataFrame({"t": texts}))["t"].to_list()
    assert safe == ["'=1+1", "'+cmd|x", "'@SUM(A1)", "'-2+3", "' =1", "-", "–", "-5,2", "+3", "Xã", None]
