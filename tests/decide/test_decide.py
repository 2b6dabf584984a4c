"""What may be decided: everything that does not fit is told at once, and what fits is read as a form would be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import Wanted
from dagster_project.decide.entries import Against, Asked, check_entry
from dagster_project.decide.exemptions import AskedExemption, check_exemptions
from dagster_project.decide.findings import finding_to_answer, finding_to_decide
from dagster_project.decide.problems import Problems, RefusedError
from dagster_project.ledger.decisions import CORRECTION, ON_BEHALF, Entry
from dagster_project.paths import Project
from dagster_project.settings import Office

OFFICE = Office(area_code="03390", criteria_set_code="2244")
NOW = datetime(2026, 4, 2, 3, 0, tzinfo=UTC)
ON_THE_PHONE = Asked(
    kind=ON_BEHALF,
    element="I.2.GT",
    unit="BL-KT",
    wanted=Wanted(2025),
    category="_T",
    value="1200",
    reason="mất mạng",
    said_by="chị Hà",
    channel="phone",
    by="Lan",
)
CORRECTED = replace(ON_THE_PHONE, kind=CORRECTION, expect="12000")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Project().reference)


@pytest.fixture
def against(catalogue: Catalogue) -> Against:
    return Against(catalogue, OFFICE, Project().expectations, None)


@pytest.fixture
def holding(catalogue: Catalogue, tmp_path: Path) -> Callable[[float | None, str], Against]:
    """A release in which I.2.GT of BL-KT holds this value, read from this text."""

    def make(value: float | None, raw_text: str) -> Against:
        file = tmp_path / "kho.duckdb"
        with duckdb.connect(str(file)) as connection:
            connection.execute("create schema marts")
            connection.execute(
                "create table marts.fct_reported_value as select '2244-X-2025' as round_code, "
                "'BL-KT' as reporting_unit_code, 'I.2.GT' as data_element_code, '_T' as category_code, "
                "cast(? as double) as value, ? as raw_text, 'form' as entered_how, 'value' as value_state",
                [value, raw_text],
            )
        return Against(catalogue, OFFICE, Project().expectations, file)

    return make


def _entry(asked: Asked, against: Against) -> Entry:
    return check_entry(asked, against, NOW).entry


def _refusal(asked: Asked, against: Against) -> str:
    with pytest.raises(RefusedError) as refused:
        check_entry(asked, against, NOW)
    return refused.value.text("vi")


def test_a_figure_is_placed_in_the_round_and_area_of_its_unit(against: Against) -> None:
    entry = _entry(ON_THE_PHONE, against)
    assert (entry.round_code, entry.period_code, entry.area_code) == ("2244-X-2025", "2025", "03390")
    assert (entry.value, entry.value_exact, entry.unit) == (1200.0, "1200", "triệu đồng")
    assert entry.expect is None


@pytest.mark.parametrize(
    ("element", "text", "value", "state"),
    [
        ("I.2.GT", "1.234.567,5", 1234567.5, "value"),
        ("I.2.GT", "1,2 tỷ đồng", 1200.0, "value"),
        ("I.1.GT", "1.234", 1234.0, "value"),
        ("I.1.GT", "0", 0.0, "zero"),
        ("I.1.GT", "Không phát sinh", 0.0, "zero"),
    ],
)
def test_a_figure_is_read_as_the_same_text_in_a_form(
    against: Against, element: str, text: str, value: float, state: str
) -> None:
    entry = _entry(replace(ON_THE_PHONE, element=element, value=text), against)
    assert (entry.value, entry.value_state) == (value, state)


@pytest.mark.parametrize(
    ("element", "text", "told"),
    [
        ("I.2.GT", "4.204", "4204 / 4,204"),
        ("I.1.GT", "khoảng 20", "Cách ghi"),
        ("I.1.GT", "hai mươi", "Cách ghi"),
        ("I.1.GT", "-5", "nhỏ hơn"),
        ("I.1.GT", "2,5", "I.1.GT"),
        ("I.1.GT", " ", "--value"),
    ],
)
def test_what_could_be_read_in_two_ways_or_cannot_be_is_not_taken(
    against: Against, element: str, text: str, told: str
) -> None:
    assert told in _refusal(replace(ON_THE_PHONE, element=element, value=text), against)


def test_everything_that_does_not_fit_is_told_at_once(against: Against) -> None:
    asked = replace(CORRECTED, element="I.2.GTT", unit="BL-K", reason=" ", said_by="", page=2)
    with pytest.raises(RefusedError) as refused:
        check_entry(asked, against, NOW)
    assert len(refused.value.problems) == 5
    text = refused.value.text("vi")
    for told in ("I.2.GT,", "BL-KT", "--reason", "--said-by", "--paper"):
        assert told in text


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"wanted": Wanted(1999)}, "1999"),
        ({"wanted": Wanted(2024)}, "BL-KT"),  # the unit began on 1 July 2025
        ({"wanted": Wanted()}, "--round"),
        ({"wanted": Wanted(round_code="2244-X-2052")}, "2244-X-2025"),
        ({"wanted": Wanted(2024, "2244-X-2025")}, "không phải 2024"),
        ({"element": "IV.15.TS"}, "không được giao"),
        ({"category": "NAM"}, "NSNN"),
        ({"paper": Path("không-có.pdf")}, "không-có.pdf"),
    ],
)
def test_a_figure_has_to_be_one_that_the_unit_reports(
    against: Against, changed: dict[str, object], told: str
) -> None:
    assert told in _refusal(replace(ON_THE_PHONE, **changed), against)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "raw_text", "told", "kept"),
    [
        (12000.0, "12000", "12000", "12000"),
        (12000.0, "12000", "12.000,0", "12000"),
        (12000.0, "12,0 tỷ", "12000", "12000"),
        (4204.8, "4204.8", "4204,8", "4204.8"),
        # of a cell that was held back its own text is what the models compare
        (None, "khoảng 20", "khoảng 20", "khoảng 20"),
        (None, "khoảng 20\n", "khoảng 20", "khoảng 20\n"),
        (None, "12 000", "12000", "12 000"),
        (None, "", "", ""),
    ],
)
def test_a_correction_knows_the_old_figure_in_whatever_way_it_is_written(
    holding: Callable[[float | None, str], Against], value: float | None, raw_text: str, told: str, kept: str
) -> None:
    assert _entry(replace(CORRECTED, expect=told), holding(value, raw_text)).expect == kept


def test_a_correction_stops_where_the_source_holds_another_figure(
    holding: Callable[[float | None, str], Against],
) -> None:
    assert '"15000"' in _refusal(CORRECTED, holding(15000.0, "15000"))


def test_a_correction_needs_a_figure_that_was_sent(holding: Callable[[float | None, str], Against]) -> None:
    asked = replace(CORRECTED, element="II.1.4.GT", value="3", expect="2")
    assert "kho enter" in _refusal(asked, holding(1.0, "1"))


def _finding(file: Path, *findings: tuple[str, str, str, str | None]) -> Path:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_finding (finding_id varchar, stage varchar, severity varchar, "
            "unit_response varchar, status varchar default 'fail', rule_code varchar default 'R', "
            "reporting_unit_code varchar, area_code varchar, period_code varchar, data_element_code varchar, "
            "category_code varchar, observed varchar, message_vi varchar, message_en varchar, round_code varchar)"
        )
        for finding in findings:
            connection.execute(
                "insert into marts.fct_finding (finding_id, stage, severity, unit_response) values (?, ?, ?, ?)",
                finding,
            )
    return file


def test_answers_are_for_warnings_and_verdicts_for_what_a_figure_means(tmp_path: Path) -> None:
    file = _finding(
        tmp_path / "kho.duckdb",
        ("aaaa1", "meaning", "warning", None),
        ("aaaa2", "meaning", "blocking", None),
        ("bbbb3", "intake", "blocking", None),
        ("cccc4", "meaning", "info", "đã giải trình"),
        ("dddd5", "meaning", "info", None),
    )

    def may(check: Callable[[Path, str, Problems], object], beginning: str) -> bool:
        problems = Problems()
        check(file, beginning, problems)
        return not problems.found

    asked = ["aaaa1", "aaaa2", "bbbb", "cccc", "dddd", "aaaa", "ffff", "a"]
    assert [one for one in asked if may(finding_to_answer, one)] == ["aaaa1", "cccc"]
    assert [one for one in asked if may(finding_to_decide, one)] == ["aaaa2"]


EXTENSION = AskedExemption(
    unit="BL-QS",
    wanted=Wanted(2025),
    kind="extension",
    until=date(2026, 4, 20),
    form=None,
    reason="công văn số 12",
    by="Lan",
)


def test_an_exemption_is_for_the_unit_s_form_of_the_year(catalogue: Catalogue) -> None:
    (exemption,) = check_exemptions(EXTENSION, catalogue, OFFICE, NOW)
    assert (exemption.form_code, exemption.round_code, exemption.area_code) == (
        "B01-X",
        "2244-X-2025",
        "03390",
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"unit": "BL-Q"}, "BL-QS"),
        ({"kind": "gia_han"}, "not_sending"),
        ({"until": None}, "--until"),
        ({"kind": "exempt"}, "--until"),
        ({"until": date(2026, 4, 1)}, "10/04/2026"),
        ({"form": "B02-X"}, "B01-X"),
        ({"reason": ""}, "--reason"),
    ],
)
def test_an_exemption_that_does_not_fit_is_told(
    catalogue: Catalogue, changed: dict[str, object], told: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        check_exemptions(replace(EXTENSION, **changed), catalogue, OFFICE, NOW)  # type: ignore[arg-type]
    assert told in refused.value.text("vi")
