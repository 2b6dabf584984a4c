"""Vietnamese spellings that mean one thing are equal under the key; those that do not, are not."""

from __future__ import annotations

import unicodedata

import pytest

from dagster_project.text import clean, fold, fold_plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tỷ lệ", "Tỉ lệ"),
        ("Thanh Hóa", "Thanh Hoá"),
        ("Phòng Văn hóa – Xã hội", "phòng văn hoá - xã hội"),
        ("Bà Rịa – Vũng Tàu", "Bà Rịa-Vũng Tàu"),
        ("Tỷ lệ", unicodedata.normalize("NFD", "Tỷ lệ")),
        ("Bình\u00a0Lư\u200b", "Bình Lư"),
        ("Lý Sơn", "Lí Sơn"),
    ],
)
def test_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("má", "mà"), ("Sơn La", "Son La"), ("Đắk", "Dắk"), ("tư", "tu")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_search_needs_no_diacritics() -> None:
    assert fold_plain("Năng suất lao động") == "nang suat lao dong"


def test_cleaning_keeps_the_letters() -> None:
    assert clean("  Tỷ\u00a0 lệ ﻿") == "Tỷ lệ"
