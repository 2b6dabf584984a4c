"""What may be decided: everything that does not fit is told at once, and what fits is read as a form would be."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import Wanted
from dagster_project.decide.entries import Against, Asked, check_entry
from dagster_project.decide.exemptions import AskedExemption, check_exemptions, sums_left_open
from dagster_project.decide.findings import finding_to_answer, finding_to_decide
from dagster_project.decide.problems import Problems, RefusedError
from dagster_project.decide.rounds import AskedAct, RoundAgainst, check_act
from dagster_project.decide.signed_copies import check_signed_copies
from dagster_project.ledger.decisions import CORRECTION, ON_BEHALF, Entry
from dagster_project.ledger.rounds import RoundAct, Rounds
from dagster_project.limits import ReadLimits
from dagster_project.paths import Project
from dagster_project.settings import Office
from tests.forms.small_back_series import write_back_series_catalogue
from tests.forms.small_catalogue import write_small_catalogue

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
FIGURE = ("2244-X-2025", "03390", "BL-KT", "I.2.GT")

Holding = Callable[..., Against]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Project().reference)


@pytest.fixture
def against(catalogue: Catalogue) -> Against:
    return Against(catalogue, OFFICE, Project().expectations, None)


@pytest.fixture
def holding(catalogue: Catalogue, tmp_path: Path) -> Holding:
    """A release in which I.2.GT of BL-KT, or the figure that is told, holds this value, read from this text.

    With ``corrected_to`` the release believes that, and the value is what history tells of the time before.
    """

    def make(
        value: float | None,
        raw_text: str,
        *,
        corrected_to: float | None = None,
        figure: Sequence[str] = FIGURE,
        areas: Sequence[str] = (),
    ) -> Against:
        file = tmp_path / "kho.duckdb"
        round_code, area, unit, element = figure
        believed = [(value, "form"), (corrected_to, "correction")]
        with duckdb.connect(str(file)) as connection:
            connection.execute("create schema marts")
            for name in ("fct_reported_value", "fct_reported_value_history"):
                connection.execute(
                    f"create table marts.{name} (round_code varchar, area_code varchar, reporting_unit_code varchar, "
                    "data_element_code varchar, category_code varchar default '_T', value double, raw_text varchar, "
                    "entered_how varchar, value_state varchar default 'value', known_from int, "
                    "received_at int default 1, is_retrospective boolean default false)"
                )
            now = believed[corrected_to is not None]
            rows = [("fct_reported_value", one, *now, 1) for one in areas or [area]]
            rows += [
                ("fct_reported_value_history", area, *was, moment) for moment, was in enumerate(believed)
            ]
            for name, of_area, figure_then, how, moment in rows:
                connection.execute(
                    f"insert into marts.{name} (round_code, area_code, reporting_unit_code, data_element_code, "  # noqa: S608
                    "value, raw_text, entered_how, known_from) values (?, ?, ?, ?, ?, ?, ?, ?)",
                    [round_code, of_area, unit, element, figure_then, raw_text, how, moment],
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
    holding: Holding, value: float | None, raw_text: str, told: str, kept: str
) -> None:
    assert _entry(replace(CORRECTED, expect=told), holding(value, raw_text)).expect == kept


def test_a_correction_stops_where_the_source_holds_another_figure(holding: Holding) -> None:
    assert '"15000"' in _refusal(CORRECTED, holding(15000.0, "15000"))


PERCENT = ("2244-T-2025", "12", "STK-LC", "III.1.2.GT")
OF_PERCENT = {"element": PERCENT[3], "unit": PERCENT[2], "wanted": Wanted(round_code=PERCENT[0])}


@pytest.mark.parametrize(
    ("value", "raw_text", "figure", "told", "shown"),
    [
        # printed in millions, typed under a heading of billions
        (12000.0, "12", FIGURE, "12.000,0", '"12" (= 12000 triệu đồng)'),
        (5500.0, "5,5", FIGURE, "5500", '"5,5" (= 5500 triệu đồng)'),
        # what a cell formatted as a percentage holds
        (5.2, "0.052", PERCENT, "5,2%", '"0.052" (= 5,2 %)'),
    ],
)
def test_a_correction_is_of_the_figure_and_not_of_the_digits_in_another_unit(  # noqa: PLR0917
    holding: Holding, value: float, raw_text: str, figure: tuple[str, ...], told: str, shown: str
) -> None:
    asked = replace(CORRECTED, **(OF_PERCENT if figure == PERCENT else {}), value="6")  # type: ignore[arg-type]
    against = holding(value, raw_text, figure=figure)
    assert shown in _refusal(replace(asked, expect=raw_text), against)
    assert float(_entry(replace(asked, expect=told), against).expect or "") == value


def test_a_corrected_figure_is_corrected_again_by_what_its_source_holds(holding: Holding) -> None:
    against = holding(12000.0, "12", corrected_to=13000.0)
    assert _entry(CORRECTED, against).expect == "12000"
    for wrong in ("12", "13000"):
        assert '"12" (= 12000 triệu đồng)' in _refusal(replace(CORRECTED, expect=wrong), against)


def test_what_a_correction_corrects_is_told_by_no_later_blank_and_no_back_series(holding: Holding) -> None:
    against = holding(12000.0, "12", corrected_to=13000.0)
    with duckdb.connect(str(against.release_file)) as connection:
        for state, is_retrospective in (("missing", False), ("value", True)):
            connection.execute(
                "insert into marts.fct_reported_value_history select * replace (9.0 as value, 5 as known_from, "
                "5 as received_at, ? as value_state, ? as is_retrospective) "
                "from marts.fct_reported_value_history where entered_how = 'form' limit 1",
                [state, is_retrospective],
            )
    assert _entry(CORRECTED, against).expect == "12000"


@pytest.mark.parametrize("told", ["4,204", "4.204", "4204", "4,2040"])
def test_a_text_of_two_readings_agrees_with_the_figure_that_one_of_them_is(
    holding: Holding, told: str
) -> None:
    value = 4204.0 if told == "4204" else 4.204
    against = holding(value, "4.204")
    assert float(_entry(replace(CORRECTED, expect=told), against).expect or "") == value
    assert '"4,205"' in _refusal(replace(CORRECTED, expect="4,205"), against)


def test_a_correction_needs_a_figure_that_was_sent(holding: Holding) -> None:
    asked = replace(CORRECTED, element="II.1.4.GT", value="3", expect="2")
    assert "kho enter" in _refusal(asked, holding(1.0, "1"))


def test_of_a_unit_that_reports_for_several_areas_the_area_has_to_be_named(holding: Holding) -> None:
    against = holding(12000.0, "12000", areas=("03388", "03405"))
    told = _refusal(CORRECTED, against)
    assert "--area" in told
    assert "03388 Phường Đoàn Kết; 03405 Xã Tả Lèng" in told
    assert _entry(replace(CORRECTED, area="03405"), against).area_code == "03405"
    assert "03388 Phường Đoàn Kết" in _refusal(replace(CORRECTED, area="03390"), against)
    # on its behalf a figure may come for the unit's own area, too
    assert "03390 Xã Bình Lư" in _refusal(ON_THE_PHONE, against)
    assert _entry(replace(ON_THE_PHONE, area="03390"), against).area_code == "03390"
    assert "kho correct" in _refusal(replace(ON_THE_PHONE, area="03388"), against)


@pytest.mark.parametrize(
    ("kind", "sums"),
    [
        ("exempt", ["I.1.GT", "IV.26.MS", "IV.26.TS"]),
        ("not_sending", ["I.1.GT", "IV.26.MS", "IV.26.TS"]),
        ("nothing_to_report", []),
    ],
)
def test_who_excuses_a_unit_hears_which_sums_stay_without_a_figure(
    catalogue: Catalogue, kind: str, sums: list[str]
) -> None:
    asked = replace(EXTENSION, unit="BL-QS", kind=kind, until=None)
    exemptions = check_exemptions(asked, catalogue, Office(), NOW)
    assert sums_left_open(exemptions, catalogue) == sums


def test_in_a_year_from_before_the_system_units_of_today_stand_in_for_areas_of_the_time(
    tmp_path: Path,
) -> None:
    catalogue = load_catalogue(write_back_series_catalogue(tmp_path))
    against = Against(catalogue, Office(criteria_set_code="T1"), Project().expectations, None)
    asked = replace(ON_THE_PHONE, element="A.1.GT", unit="M-VP", wanted=Wanted(2024), value="40")
    entry = _entry(asked, against)
    assert (entry.round_code, entry.area_code) == ("T1-X-2024", "00002")
    excused = replace(EXTENSION, unit="M-VP", wanted=Wanted(2024), kind="exempt", until=None)
    (exemption,) = check_exemptions(excused, catalogue, against.office, NOW)
    assert exemption.area_code == "00002"


def test_in_a_round_in_which_nobody_reports_nothing_is_recorded(tmp_path: Path) -> None:
    folder = write_small_catalogue(tmp_path)
    (folder / "assignments.csv").write_text("reporting_unit_code,data_element_code,form_code,role\n", "utf-8")
    catalogue, office = load_catalogue(folder), Office(criteria_set_code="T1")
    wanted = Wanted(2025)
    against = Against(catalogue, office, Project().expectations, None)
    told = "T1-X-2025 chưa phân công"
    assert told in _refusal(replace(ON_THE_PHONE, element="A.1.GT", unit="M-VP", wanted=wanted), against)
    with pytest.raises(RefusedError) as refused:
        check_exemptions(replace(EXTENSION, unit="M-VP", wanted=wanted), catalogue, office, NOW)
    assert told in refused.value.text("vi")
    with pytest.raises(RefusedError) as refused:
        check_signed_copies(
            catalogue, office, unit="M-VP", wanted=wanted, form=None, paper=None, by="Lan", now=NOW
        )
    assert told in refused.value.text("vi")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("quét.docx", b"PK\x03\x04"),
        ("biểu.xlsx", b"PK\x03\x04"),
        ("thư.eml", b"From: ha@example.vn\n\nI.2.GT: 1200\n"),
        ("ảnh.webp", b"RIFF\x24\x00\x00\x00WEBPVP8 "),
        ("rỗng.pdf", b""),
        # intake goes by the name, too, and by the size
        ("quét", b"%PDF-1.4\n%%EOF\n"),
        ("lớn.pdf", b"%PDF-1.4\n" + b" " * 100),
    ],
)
def test_a_paper_is_what_a_person_reads_and_no_form(
    catalogue: Catalogue, tmp_path: Path, name: str, content: bytes
) -> None:
    office = OFFICE.model_copy(update={"read_limits": ReadLimits(file_bytes=100)})
    against = Against(catalogue, office, Project().expectations, None)
    scan, other = tmp_path / "quét.PDF", tmp_path / name
    scan.write_bytes(b"%PDF-1.4\n%%EOF\n")
    other.write_bytes(content)
    assert _entry(replace(ON_THE_PHONE, paper=scan), against)
    assert str(other) in _refusal(replace(ON_THE_PHONE, paper=other), against)
    signed = {"unit": "BL-KT", "wanted": Wanted(2025), "form": None, "by": "Lan", "now": NOW}
    assert check_signed_copies(catalogue, office, paper=scan, **signed)  # type: ignore[arg-type]
    with pytest.raises(RefusedError):
        check_signed_copies(catalogue, office, paper=other, **signed)  # type: ignore[arg-type]


def test_papers_of_a_round_are_kept_under_names_that_can_be_written(tmp_path: Path) -> None:
    paper = tmp_path / os.fsdecode(b"c\xf4ng-van.pdf")
    paper.write_bytes(b"%PDF-1.4\n%%EOF\n")

    def against(state: str) -> RoundAgainst:
        act = RoundAct(round_code="R", act="sign", state=state, reason="", set_by="Lan", set_at=NOW, number=1)
        return RoundAgainst(
            rounds=Rounds([act], [], {}),
            release_id=None,
            readiness=None,
            figures_hash=None,
            is_stale=False,
            is_rolled_back=False,
            waiting_files=[],
            unconfirmed_entries=[],
            last_receipt_number=0,
            period_start=date(2025, 1, 1),
            now=NOW,
        )

    told = {"round_code": "R", "by": "Lan", "reason": "x"}
    amended = AskedAct(act="amend", amendment="replacement", paper=paper, **told)  # type: ignore[arg-type]
    issued = AskedAct(act="issue", number="1", dated=date(2026, 4, 1), signer="A", file=paper, **told)  # type: ignore[arg-type]
    document = check_act(issued, against("for_signature")).document
    assert document is not None
    for name in (check_act(amended, against("issued")).act.paper_name, document.file_name):
        assert name is not None
        assert name.encode().decode().startswith("c\ufffdng")


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
