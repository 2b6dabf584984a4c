"""What a user relies on: every finding has its words, its severity and an id that stays."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest

from dagster_project.frames import FINDINGS
from dagster_project.messages import MessageRow, message_table
from dagster_project.quality import findings as module
from dagster_project.quality.findings import build_findings

TABLE = {
    row.code: row
    for row in (
        MessageRow(
            "TOO_BIG", "Ô {cell}: {observed} > {limit}", "{observed} > {limit}", "Sửa {{ô}}", "", "warning"
        ),
        MessageRow("ODD", "Lạ: {observed}", "Odd: {observed}", "", "Look", "blocking"),
        MessageRow("room.text", "chữ", "text", "", "", ""),
    )
}


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "message_table", lambda: TABLE)


def rows(**columns: list[object]) -> pl.DataFrame:
    size = len(next(iter(columns.values())))
    return pl.DataFrame({"stage": ["admission"] * size, **columns})


def test_words_and_severity_come_from_the_table_and_order_stays() -> None:
    found = build_findings(
        rows(
            rule_code=["ODD", "TOO_BIG", "ODD"],
            observed=["a", "12", "b"],
            cell=["A1", "B2", "C3"],
            values=[{"limit": None}, {"limit": 10}, {"limit": None}],
        )
    )
    assert found.schema == FINDINGS
    assert found["cell"].to_list() == ["A1", "B2", "C3"]
    assert found["message_vi"].to_list() == ["Lạ: a", "Ô B2: 12 > 10", "Lạ: b"]
    assert found["severity"].to_list() == ["blocking", "warning", "blocking"]
    assert found["status"].unique().to_list() == ["fail"]
    assert found["advice_vi"].to_list() == [None, "Sửa {ô}", None]


@pytest.mark.parametrize("text", ["{0}", "{cell.__class__}", "{}", "{{x}}", "%s", "{limit}"])
def test_text_from_a_file_is_never_read_as_a_template(text: str) -> None:
    found = build_findings(rows(rule_code=["ODD"], observed=[text]))
    assert found["message_vi"].item() == f"Lạ: {text}"


def test_a_missing_value_is_a_dash_not_an_empty_message() -> None:
    found = build_findings(rows(rule_code=["ODD", "ODD"], observed=[None, "x"]))
    assert found["message_en"].to_list() == ["Odd: –", "Odd: x"]
    assert found["observed"].to_list() == [None, "x"]


def test_an_unknown_code_and_a_plain_message_are_refused() -> None:
    with pytest.raises(KeyError):
        build_findings(rows(rule_code=["NOBODY_WROTE_THIS"], observed=["x"]))
    with pytest.raises(KeyError):
        build_findings(rows(rule_code=["room.text"], observed=["x"]))
    with pytest.raises(KeyError):
        build_findings(rows(rule_code=["TOO_BIG"], observed=["x"]))


def test_the_id_is_the_md5_of_the_named_parts_and_unique() -> None:
    found = build_findings(
        rows(
            rule_code=["ODD"] * 4,
            observed=["x", "y", "x", "z"],
            sha256=["s"] * 4,
            cell=["A1", "A1", "A1", "B1"],
        )
    )
    assert found["observed"].to_list() == ["x", "y", "z"], "rows equal in every respect become one"
    expected = hashlib.md5(b"ODD|s||A1||||||", usedforsecurity=False).hexdigest()
    assert found["finding_id"][0] == expected
    assert found["finding_id"].n_unique() == 3


def test_no_rows_give_no_findings() -> None:
    assert build_findings(pl.DataFrame()).schema == FINDINGS


def test_every_rule_in_the_real_table_can_be_filled_in_both_languages() -> None:
    for row in message_table().values():
        if row.severity and row.code.isupper():
            assert row.severity in {"blocking", "warning", "info"}, row.code
            assert all((row.vi, row.en, row.advice_vi, row.advice_en)), row.code
