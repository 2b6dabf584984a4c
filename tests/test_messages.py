"""Every text a user reads stands in both languages and takes the same values."""

from __future__ import annotations

from string import Formatter

import pytest

from dagster_project.messages import MessageRow, message_table


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("row", message_table().values(), ids=lambda row: row.code)
def test_both_languages_are_there_and_take_the_same_values(row: MessageRow) -> None:
    assert row.vi
    assert row.en
    assert _fields(row.vi) == _fields(row.en)
    assert bool(row.advice_vi) == bool(row.advice_en)
    assert _fields(row.advice_vi) == _fields(row.advice_en)


def test_no_value_takes_the_name_of_the_language() -> None:
    named = [
        row.code for row in message_table().values() if "lang" in _fields(row.vi) | _fields(row.advice_vi)
    ]
    assert named == []


@pytest.mark.parametrize(
    "row", [row for row in message_table().values() if row.code.isupper()], ids=lambda row: row.code
)
def test_a_finding_says_how_grave_it_is_and_what_to_do(row: MessageRow) -> None:
    assert row.severity in {"blocking", "warning", "info"}
    if row.severity != "info":
        assert row.advice_vi
