"""What a unit relies on when it types a figure: it is taken as meant, or asked about, and never taken for another."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.tables import TABLES
from dagster_project.frames import CELLS, conform
from dagster_project.intake.numbers import read_numbers
from dagster_project.intake.read_child import number_text
from dagster_project.intake.values import Parsed, parse_values

ELEMENTS = {
    # code: value type, unit, decimals
    "DEM": ("count", "người", 0),
    "TIEN": ("money", "triệu đồng", 1),
    "DONG": ("money", "đồng", 0),
    "TYLE": ("percent", "%", 1),
    "CHISO": ("index", "điểm", 2),
    "CO": ("yes_no", None, None),
    "CHU": ("text", None, None),
}


_ROWS: dict[str, list[dict[str, object]]] = {
    "data_elements": [
        {
            "data_element_code": code,
            "indicator_code": "I.1",
            "name_vi": f"Tên {code}",
            "value_type": kind,
            "unit": unit,
            "decimals": decimals,
        }
        for code, (kind, unit, decimals) in ELEMENTS.items()
    ],
    "rounds": [{"round_code": "R-2025", "period_end": date(2025, 12, 31)}],
    "units_of_measure": [
        {"unit": "người", "name_vi": "người", "dimension": "người", "factor": 1.0},
        {"unit": "đồng", "name_vi": "đồng", "dimension": "tiền", "factor": 1.0},
        {
            "unit": "triệu đồng",
            "name_vi": "triệu đồng",
            "dimension": "tiền",
            "factor": 1e6,
            "aliases": "triệu|tr.đ",
        },
        {"unit": "tỷ đồng", "name_vi": "tỷ đồng", "dimension": "tiền", "factor": 1e9, "aliases": "tỷ"},
        {"unit": "%", "name_vi": "phần trăm", "dimension": "tỷ lệ", "factor": 0.01},
        {"unit": "điểm", "name_vi": "điểm", "dimension": "điểm", "factor": 1.0},
    ],
    "value_states": [
        {"value_state": "zero", "word": "Không phát sinh"},
        {"value_state": "zero", "word": "không"},
        {"value_state": "zero", "word": "-"},
        {"value_state": "not_applicable", "word": "Không áp dụng"},
        {"value_state": "not_available", "word": "Chưa có số liệu"},
        {"value_state": "not_available", "word": "..."},
    ],
    "value_statuses": [
        {"value_status": "estimate", "word": "Ước tính"},
        {"value_status": "final", "word": "Chính thức"},
    ],
}
#: Only what parsing asks for.
CATALOGUE = Catalogue(
    Path(),
    {name: pl.DataFrame(_ROWS.get(name, []), schema=table.columns) for name, table in TABLES.items()},
    "",
)


def _cell(code: str, raw: str | None, kind: str = "text", **more: object) -> dict[str, object]:
    text = raw or ""
    return {
        "sha256": "f",
        "file_name": "a.xlsx",
        "sheet": "Biểu",
        "row": 1,
        "col": 6,
        "cell": "F1",
        "raw_text": text,
        "cell_type": kind if text else "blank",
        "number": float(text) if kind == "number" else None,
        "number_format": "" if kind == "number" else None,
        "role": "value",
        "submission_id": "s",
        "round_code": "R-2025",
        "data_element_code": code,
        "category_code": "_T",
        **more,
    }


def _parse(*cells: dict[str, object]) -> Parsed:
    frame = conform(pl.DataFrame(list(cells), infer_schema_length=None), CELLS)
    parsed = parse_values(frame, CATALOGUE)
    assert parsed.cells.schema == CELLS
    assert len(parsed.cells) == len(cells)
    return parsed


def _one(code: str, raw: str | None, kind: str = "text", **more: object) -> tuple[object, ...]:
    """Disposition, value, state, and the rules of findings."""
    parsed = _parse(_cell(code, raw, kind, **more))
    row = parsed.cells.row(0, named=True)
    assert (row["disposition"] == "quarantined") == ("blocking" in parsed.findings["severity"].to_list())
    return row["disposition"], row["value"], row["value_state"], *parsed.findings["rule_code"]


@pytest.mark.parametrize(
    ("code", "raw", "value"),
    [
        ("TIEN", "1.234,56", 1234.56),
        ("TIEN", "1,234.56", 1234.56),
        ("TIEN", "1.234.567", 1234567.0),
        ("TIEN", "1 234 567,5", 1234567.5),
        ("TIEN", "1\u00a0234", 1234.0),
        ("TIEN", "12,5", 12.5),
        ("TIEN", "0,125", 0.125),
        ("TIEN", "-3,5", -3.5),
        ("TIEN", "\u22123,5", -3.5),
        ("TIEN", "1234,567", 1234.567),
        ("TIEN", "1.5E+06", 1_500_000.0),
        ("TYLE", "12,5%", 12.5),
        ("TYLE", "12,5 %", 12.5),
        ("TYLE", "12.5 phần trăm", 12.5),
        ("DEM", "120 người", 120.0),
        ("DEM", "007", 7.0),
    ],
)
def test_numbers_that_can_be_read_in_one_way_are_taken(code: str, raw: str, value: float) -> None:
    assert _one(code, raw) == ("accepted", value, "value")


def test_a_mark_before_three_digits_means_thousands_only_where_there_can_be_no_decimals() -> None:
    assert _one("DEM", "1.234") == ("accepted", 1234.0, "value", "NUMBER_THOUSANDS_READ")
    assert _one("DONG", "12,500") == ("accepted", 12500.0, "value", "NUMBER_THOUSANDS_READ")
    for code in ("TIEN", "TYLE", "CHISO"):
        assert _one(code, "1.234") == ("quarantined", None, None, "NUMBER_AMBIGUOUS")
    assert _parse(_cell("TIEN", "1.234")).findings["expected"].to_list() == ["1234 / 1,234"]


def test_a_percent_format_means_hundredths() -> None:
    assert _one("TYLE", "0.125", "number", number_format="0.0%") == ("accepted", 12.5, "value")
    assert _one("TYLE", "0.07", "number", number_format="0%") == ("accepted", 7.0, "value")
    assert _one("TYLE", "12.5", "number") == ("accepted", 12.5, "value")
    assert _one("TYLE", "12.5", "number", number_format='0.0"%"') == ("accepted", 12.5, "value")
    assert _one("DEM", "0.5", "number", number_format="0%")[-1] == "VALUE_AS_PERCENT"


def test_a_share_whose_format_cannot_be_seen_is_asked_about() -> None:
    found = _parse(_cell("TYLE", "0.125", "number", number_format=None)).findings
    assert found["rule_code"].to_list() == ["VALUE_FORMAT_UNKNOWN"]
    assert found["expected"].to_list() == ["12.5"]
    assert _one("TYLE", "45", "number", number_format=None) == ("accepted", 45.0, "value")


@pytest.mark.parametrize(
    ("code", "raw", "kind", "rule"),
    [
        ("DEM", "2026-02-01", "date", "VALUE_IS_DATE"),
        ("DEM", "#DIV/0!", "error", "VALUE_IS_ERROR"),
        ("CHU", "#REF!", "error", "VALUE_IS_ERROR"),
        ("DEM", "=SUM(A1:A3)", "formula_no_value", "VALUE_NOT_COMPUTED"),
        ("TYLE", ">95", "text", "VALUE_APPROXIMATE"),
        ("TYLE", "> 95 %", "text", "VALUE_APPROXIMATE"),
        ("DEM", "Khoảng 20", "text", "VALUE_APPROXIMATE"),
        ("DEM", "gần 1.000 người", "text", "VALUE_APPROXIMATE"),
        ("DEM", "20+", "text", "VALUE_APPROXIMATE"),
        ("DEM", "Đạt", "text", "VALUE_NOT_A_NUMBER"),
        ("DEM", "12 34", "text", "VALUE_NOT_A_NUMBER"),
        ("DEM", "10-15", "text", "VALUE_NOT_A_NUMBER"),
        ("DEM", "1.23.4", "text", "VALUE_NOT_A_NUMBER"),
        ("DEM", "mười hai", "text", "VALUE_NOT_A_NUMBER"),
        ("DEM", "TRUE", "boolean", "VALUE_NOT_A_NUMBER"),
        ("DEM", "12%", "text", "VALUE_UNIT_DIFFERS"),
        ("DEM", "12 điểm", "text", "VALUE_UNIT_DIFFERS"),
        ("DEM", "12 lượt", "text", "VALUE_NOT_A_NUMBER"),
        ("DEM", "1e999", "text", "VALUE_NOT_A_NUMBER"),
        ("DEM", "١٢", "text", "VALUE_NOT_A_NUMBER"),
        ("CO", "có thể", "text", "VALUE_NOT_YES_NO"),
    ],
)
def test_what_is_no_figure_waits_for_the_unit(code: str, raw: str, kind: str, rule: str) -> None:
    cell = _cell(code, raw)
    assert _one(code, raw, "text", cell_type=kind) == ("quarantined", None, None, rule)
    assert cell["raw_text"] == raw


def test_a_unit_in_the_cell_is_converted_and_told() -> None:
    assert _one("TIEN", "1,2 tỷ") == ("accepted", 1200.0, "value", "VALUE_UNIT_CONVERTED")
    assert _one("TIEN", "1,2 tỉ") == ("accepted", 1200.0, "value", "VALUE_UNIT_CONVERTED")
    assert _one("DONG", "3,5 triệu") == ("accepted", 3_500_000.0, "value", "VALUE_UNIT_CONVERTED")
    assert _one("TIEN", "5 triệu đồng") == ("accepted", 5.0, "value")
    assert _one("DONG", "1.234 triệu")[-1] == "NUMBER_AMBIGUOUS"
    assert _parse(_cell("DONG", "3,5 triệu")).cells["value_exact"].to_list() == ["3500000"]


@pytest.mark.parametrize(
    ("code", "raw", "kind", "declared", "outcome"),
    [
        ("TIEN", "1,2", "text", "tỷ đồng", ("accepted", 1200.0, "value", "UNIT_CONVERTED")),
        ("TIEN", "1.5", "number", "Tỷ đồng", ("accepted", 1500.0, "value", "UNIT_CONVERTED")),
        ("TIEN", "1.5", "number", "tr.đ", ("accepted", 1.5, "value")),
        ("TIEN", "5", "number", "triệu  đồng", ("accepted", 5.0, "value")),
        ("TIEN", "5 triệu", "text", "tỷ đồng", ("accepted", 5.0, "value")),
        ("TIEN", "5", "number", "người", ("quarantined", None, None, "UNIT_UNKNOWN")),
        ("DEM", "5", "text", "chục", ("quarantined", None, None, "UNIT_UNKNOWN")),
        ("DEM", "không phát sinh", "text", "chục", ("accepted", 0.0, "zero")),
        ("DEM", None, "text", "chục", ("accepted", None, "missing")),
        ("TIEN", None, "text", "tỷ đồng", ("accepted", None, "missing")),
        ("TIEN", "Không áp dụng", "text", "tỷ đồng", ("accepted", None, "not_applicable")),
        ("TIEN", "không phát sinh", "text", "tỷ đồng", ("accepted", 0.0, "zero")),
        ("CO", "Có", "text", "chục", ("accepted", 1.0, "value")),
        ("DEM", "1.234", "text", "người", ("accepted", 1234.0, "value", "NUMBER_THOUSANDS_READ")),
    ],
)
def test_a_unit_that_the_row_or_heading_gives_is_converted_or_asked_about(
    code: str, raw: str | None, kind: str, declared: str, outcome: tuple[object, ...]
) -> None:
    assert _one(code, raw, kind, unit=declared) == outcome
    kept = _parse(_cell(code, raw, kind, unit=declared)).cells["unit"].to_list()
    assert kept == [ELEMENTS[code][1]]


def test_a_conversion_says_what_it_made_of_what() -> None:
    found = _parse(_cell("TIEN", "1,2", unit="tỷ đồng")).findings.row(0, named=True)
    assert (found["observed"], found["expected"], found["severity"]) == ("1,2 tỷ đồng", "1200", "info")
    assert _parse(_cell("TIEN", "1.5", "number", unit="tỷ đồng")).cells["value_exact"].to_list() == ["1500"]


def _with_note(raw: str | None, note: str) -> list[str]:
    return (
        _parse(_cell("DEM", raw), _cell("DEM", note, role="note", col=10, cell="J1"))
        .findings["rule_code"]
        .to_list()
    )


@pytest.mark.parametrize(
    "note", ["120", "1.234 người", "khoảng 20", "Số liệu: 120", "12,5 %", "tổng số 45 hộ"]
)
def test_a_figure_in_the_note_beside_a_blank_is_asked_about(note: str) -> None:
    assert _with_note(None, note) == ["NUMBER_IN_NOTE"]
    assert _with_note("5", note) == []


@pytest.mark.parametrize(
    "note",
    [
        "Theo Quyết định số 15",
        "chưa có số liệu năm 2025",
        "2025",
        "01/02/2025",
        "QĐ 15/QĐ-UBND",
        "điều 5",
        "lần 2",
    ],
)
def test_a_note_that_only_names_a_paper_or_a_day_is_a_note(note: str) -> None:
    assert _with_note(None, note) == []


@pytest.mark.parametrize(
    ("raw", "said", "outcome"),
    [
        ("120 (ước tính)", None, (120.0, "estimate", [])),
        ("120 Ước tính", None, (120.0, "estimate", [])),
        ("120 người (ước tính)", "Ước tính", (120.0, "estimate", [])),
        ("120 (ước tính)", "Chính thức", (120.0, "final", ["STATUS_CONTRADICTS"])),
        ("120 (tạm)", None, (None, None, ["VALUE_NOT_A_NUMBER"])),
    ],
)
def test_a_word_behind_the_figure_says_what_kind_of_figure_it_is(
    raw: str, said: str | None, outcome: tuple[object, ...]
) -> None:
    status = _cell("DEM", said, role="status", col=8, cell="H1")
    parsed = _parse(_cell("DEM", raw), *([status] if said else []))
    row = parsed.cells.row(0, named=True)
    assert (row["value"], row["value_status"], parsed.findings["rule_code"].to_list()) == outcome


def test_letters_that_nobody_sees_change_nothing() -> None:
    assert _one("DEM", "\u200b120\ufeff") == ("accepted", 120.0, "value")
    assert _one("DEM", "\u200b") == ("accepted", None, "missing")


def test_a_word_that_is_nearly_known_is_suggested_and_not_taken() -> None:
    found = _with_state(_cell("DEM", None), "Khong phat sinh").findings
    assert found.select("rule_code", "observed", "expected").rows() == [
        ("STATE_UNKNOWN", "Khong phat sinh", "Không phát sinh")
    ]
    beside = _with_state(_cell("DEM", "5 "), "Khong phat sinh").findings
    assert beside["observed"].to_list() == ["5 | Khong phat sinh"]


@pytest.mark.parametrize(
    ("raw", "value", "state"),
    [
        ("không phát sinh", 0.0, "zero"),
        ("KHÔNG PHÁT SINH ", 0.0, "zero"),
        ("–", 0.0, "zero"),
        ("Không áp dụng", None, "not_applicable"),
        ("chưa có số liệu", None, "not_available"),
        ("...", None, "not_available"),
        ("0", 0.0, "zero"),
        (None, None, "missing"),
        ("  ", None, "missing"),
    ],
)
def test_words_and_blanks_are_states(raw: str | None, value: float | None, state: str) -> None:
    assert _one("DEM", raw) == ("accepted", value, state)


def test_yes_and_no_are_answers_and_no_zero() -> None:
    assert _one("CO", "Có") == ("accepted", 1.0, "value")
    assert _one("CO", "không") == ("accepted", 0.0, "value")
    assert _one("CO", "TRUE", "text", cell_type="boolean") == ("accepted", 1.0, "value")
    assert _one("CO", "Không áp dụng") == ("accepted", None, "not_applicable")
    assert _parse(_cell("CHU", "Quyết định số 5 ")).cells["value_text"].to_list() == ["Quyết định số 5"]


def test_counts_and_money_keep_their_digits() -> None:
    exact = _parse(_cell("DEM", "12.345.678.901.234.567.890"), _cell("TIEN", "0,10", row=2)).cells[
        "value_exact"
    ]
    assert exact.to_list() == ["12345678901234567890", "0.10"]
    assert _parse(_cell("CHISO", "0,10")).cells["value_exact"].to_list() == [None]


@pytest.mark.parametrize(
    ("code", "stored", "value"),
    [
        ("DEM", 4.35 * 100, 435.0),
        ("TIEN", 4.1 * 3, 12.3),
        ("TYLE", 100.00000000000001, 100.0),
        ("CHISO", 49.99999999999999, 50.0),
        # as many digits as a person can type
        ("DEM", 999_999_999_999_999.0, 999_999_999_999_999.0),
        ("TIEN", 999_999_999_999.999, 999_999_999_999.999),
        ("TIEN", 99_999.999_999_999_9, 99_999.999_999_999_9),
        ("DONG", 1.234_567_890_123_45e18, 1.234_567_890_123_45e18),
        ("DONG", 2.5e30, 2.5e30),
        ("TIEN", 3.522_458e-11, 3.522_458e-11),
        # an index keeps what stands in its file
        ("CHISO", 55.730176500000006, 55.730176500000006),
        ("CHISO", 1 / 3, 1 / 3),
    ],
)
def test_a_number_counts_as_it_is_shown_and_no_figure_loses_a_digit(
    code: str, stored: float, value: float
) -> None:
    cells = _parse(_cell(code, number_text(stored), "number", number=stored)).cells
    assert cells["value"].to_list() == [value]
    assert cells["value_exact"].drop_nulls().cast(pl.Float64).is_in([value]).all()


def _with_state(value: dict[str, object], state: str) -> Parsed:
    return _parse(value, _cell("DEM", state, role="state", col=7, cell="G1"))


@pytest.mark.parametrize(
    ("raw", "state", "outcome"),
    [
        (None, "Không phát sinh", "zero"),
        ("0", "Không phát sinh", "zero"),
        (None, "Không áp dụng", "not_applicable"),
        ("không áp dụng", "Không áp dụng", "not_applicable"),
        ("5", "Không phát sinh", "STATE_CONTRADICTS"),
        ("0", "Chưa có số liệu", "STATE_CONTRADICTS"),
        ("không áp dụng", "Chưa có số liệu", "STATE_CONTRADICTS"),
        ("5", "gì đó", "STATE_UNKNOWN"),
    ],
)
def test_state_and_value_must_say_the_same(raw: str | None, state: str, outcome: str) -> None:
    parsed = _with_state(_cell("DEM", raw), state)
    held = outcome.isupper()
    assert parsed.findings["rule_code"].to_list() == ([outcome] if held else [])
    assert parsed.cells["disposition"].to_list() == ["quarantined" if held else "accepted"] * 2
    assert parsed.cells["value_state"].to_list() == [None if held else outcome, None]


def test_status_source_and_note_go_with_their_value() -> None:
    companions = [
        _cell("DEM", text, role=role, col=8 + at, cell=f"{'HIJ'[at]}1")
        for at, (role, text) in enumerate(
            (("status", "Ước tính"), ("source", "Sổ theo dõi"), ("note", "lần 2"))
        )
    ]
    parsed = _parse(_cell("DEM", "5"), *companions)
    row = parsed.cells.row(0, named=True)
    assert (row["value_status"], row["source_text"], row["note_text"]) == ("estimate", "Sổ theo dõi", "lần 2")
    unknown = _parse(_cell("DEM", "5"), _cell("DEM", "gần đúng", role="status", col=8, cell="H1"))
    assert unknown.findings.select("rule_code", "cell").rows() == [("STATUS_UNKNOWN", "H1")]
    assert unknown.cells["disposition"].to_list() == ["accepted", "accepted"]


def test_a_file_of_plain_text_proves_its_own_decimal_mark() -> None:
    def line(row: int, raw: str, code: str = "CHISO") -> dict[str, object]:
        return _cell(code, raw, row=row, cell=f"B{row}", sheet="", entered_how="layout")

    parsed = _parse(line(1, "1.26411"), line(2, "1.645"), line(3, "2,345"))
    assert parsed.cells["value"].to_list() == [1.26411, 1.645, 2345.0]
    assert parsed.findings["rule_code"].to_list() == ["NUMBER_READ_AS_FILE"]
    mixed = _parse(line(1, "1.26411"), line(2, "1.645"), line(3, "0,5"))
    assert mixed.cells["value"].to_list() == [1.26411, None, 0.5]
    assert _parse(line(1, "1.5"), line(2, "1.645", "DEM")).cells["value"].to_list() == [1.5, None]
    dotted = _parse(_cell("CHISO", "1.26411"), _cell("CHISO", "1.645", row=2))
    assert dotted.cells["value"].to_list() == [1.26411, None]


def test_a_column_that_writes_decimals_with_a_comma_tells_how_its_other_numbers_are_meant() -> None:
    def column(*texts: str) -> Parsed:
        return _parse(*(_cell("TIEN", text, row=row) for row, text in enumerate(texts, start=1)))

    assert column("12,50", "1.234").cells["value"].to_list() == [12.5, 1234.0]
    assert column("12,50", "1.234").findings["rule_code"].to_list() == ["NUMBER_READ_AS_FILE"]
    assert column("1.234,5", "1,234").cells["value"].to_list() == [1234.5, 1.234]
    assert column("12,50", "12.5", "1.234").cells["value"].to_list() == [12.5, 12.5, None]
    beside = _parse(_cell("TIEN", "12,5"), _cell("TIEN", "1.234", row=2, col=9, cell="I2"))
    assert beside.cells["value"].to_list() == [12.5, None]


def test_cells_that_are_decided_already_are_left_alone() -> None:
    decided = _cell("DEM", "5", disposition="ignored", reason="label", role=None)
    assert _parse(decided).cells.row(0, named=True)["reason"] == "label"


_NUMBERS = st.decimals(min_value=-(10**12), max_value=10**12, places=4, allow_nan=False).flatmap(
    lambda number: st.integers(0, 4).map(lambda places: round(number, places))
)


def _written(number: Decimal, thousands: str, decimal: str) -> str:
    plain = f"{number:,f}"
    return plain.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@settings(max_examples=150, deadline=None)
@given(st.lists(_NUMBERS, min_size=1, max_size=20))
def test_a_written_number_is_read_back_or_asked_about_and_never_another(numbers: list[Decimal]) -> None:
    for thousands, decimal in ((".", ","), (",", "."), (" ", ","), (" ", "."), ("", ","), ("", ".")):
        texts = pl.Series([_written(number, thousands, decimal) for number in numbers])
        read = {row["text"]: row for row in read_numbers(texts).iter_rows(named=True)}
        for number, text in zip(numbers, texts, strict=True):
            row = read[text]
            assert row["rest"] == "", text
            if row["digits"] is not None:
                assert Decimal(row["digits"]) == number, text
            else:
                assert number in (Decimal(row["whole"]), Decimal(row["split"])), text


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="0123456789.,+- eE%đ", min_size=1, max_size=12))
def test_any_text_is_one_number_two_readings_or_none(text: str) -> None:
    row = read_numbers(pl.Series([text])).row(0, named=True)
    assert (row["whole"] is None) == (row["split"] is None)
    assert row["digits"] is None or row["whole"] is None
    for reading in ("digits", "whole", "split"):
        assert row[reading] is None or Decimal(row[reading]) is not None


_ODD = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="0123456789.,+-eE%đ ()<>~≥khoảngtỷ\u00a0\u200b½²«", max_size=15),
    st.sampled_from(["1e999", "-0", "0,0", "1.2.3", "..", "%", "(5)", "∞", "NaN", "١٢٣", "１２"]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(ELEMENTS)),
            _ODD,
            st.sampled_from(["text", "number", "boolean", "date", "error", "formula_no_value"]),
            st.floats(allow_nan=False, allow_infinity=False),
            st.one_of(st.none(), st.sampled_from(["", "0%", "#,##0", "General"]), st.text(max_size=5)),
            st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["tỷ đồng", "người", "%"])),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_whatever_stands_in_a_cell_it_is_taken_or_held_with_its_reason(
    rows: list[tuple[object, ...]],
) -> None:
    cells = [
        {**_cell(str(code), str(raw)), "row": at, "cell_type": kind, "number_format": shown, "unit": unit}
        | {"number": number if kind == "number" else None}
        for at, (code, raw, kind, number, shown, unit) in enumerate(rows, start=1)
    ]
    parsed = _parse(*cells)
    assert parsed.cells["disposition"].is_in(["accepted", "quarantined"]).all()
    held = parsed.cells.filter(pl.col("disposition") == "quarantined")
    assert held["reason"].null_count() == 0
    assert held["value"].is_null().all()
    figures = parsed.cells.filter(
        pl.col("value_state").is_in(["value", "zero"]), ~pl.col("data_element_code").is_in(["CHU"])
    )
    assert figures["value"].is_finite().all()
    assert figures["value"].null_count() == 0
    assert parsed.cells["raw_text"].to_list() == [cell["raw_text"] for cell in cells]


@settings(max_examples=60, deadline=None)
@given(st.lists(_NUMBERS, min_size=1, max_size=10), st.sampled_from(["TIEN", "CHISO", "TYLE"]))
def test_a_figure_with_its_unit_is_read_back_or_asked_about(numbers: list[Decimal], code: str) -> None:
    unit = ELEMENTS[code][1]
    for thousands, decimal in ((".", ","), (",", ".")):
        cells = [
            _cell(code, f"{_written(number, thousands, decimal)} {unit}", row=at)
            for at, number in enumerate(numbers, start=1)
        ]
        parsed = _parse(*cells).cells
        for number, value, reason in zip(numbers, parsed["value"], parsed["reason"], strict=True):
            assert reason == "NUMBER_AMBIGUOUS" if value is None else value == float(number)
