"""`kho status`: what a person sees of a round, from the catalogue, a release and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.ledger.decisions import Exemption
from dagster_project.paths import Project
from dagster_project.settings import Office
from dagster_project.warehouse.status import Known, RoundStatus, UnitStatus, read_status, round_to_show
from tests.command import kho

ROUND = "2244-X-2025"
OFFICE = Office(area_code="03390", criteria_set_code="2244")
#: Thursday 2 April 2026, 10:00 in Hanoi.
NOW = datetime(2026, 4, 2, 3, 0, tzinfo=UTC)
UNITS = 12

Status = Callable[..., RoundStatus]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Project().reference)


@pytest.fixture
def status(catalogue: Catalogue) -> Status:
    def read(
        release_file: Path | None = None,
        *exemptions: Exemption,
        now: datetime = NOW,
        code: str = ROUND,
        fixed: Sequence[str] = (),
    ) -> RoundStatus:
        known = Known(
            catalogue=catalogue,
            office=OFFICE,
            release_file=release_file,
            entries=[],
            unconfirmed=[],
            exemptions=exemptions,
            signed_copies=[],
            fixed=fixed,
            now=now,
        )
        return read_status(known, code)

    return read


@pytest.fixture
def release(tmp_path: Path) -> Callable[..., Path]:
    """A release with the given submissions (unit, status, on time, signed) and findings (unit, severity, cell).

    A submission may tell its area too; its findings then tell unit and area as one.
    """

    def make(
        submissions: list[Any],
        findings: list[tuple[str, str, str]] = [],  # noqa: B006
        files: list[str] = [],  # noqa: B006
        code: str = ROUND,
        form: str = "B01-X",
    ) -> Path:
        file = tmp_path / "kho.duckdb"
        with duckdb.connect(str(file)) as connection:
            connection.execute("create schema marts")
            connection.execute(
                "create table marts.fct_submission (submission_id varchar, sha256 varchar, round_code varchar, "
                "reporting_unit_code varchar, area_code varchar, form_code varchar, revision bigint, "
                "is_current boolean, received_at timestamptz, on_time boolean, signed_copy boolean, status varchar, "
                "entered_how varchar)"
            )
            connection.execute(
                "create table marts.fct_finding (finding_id varchar, submission_id varchar, severity varchar, "
                "status varchar, sheet varchar, cell varchar, rule_code varchar, sha256 varchar)"
            )
            connection.execute("create table marts.fct_receipt (sha256 varchar)")
            for unit, state, on_time, signed, *area in submissions:
                refused = state == "refused"
                connection.execute(
                    "insert into marts.fct_submission values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'form')",
                    [
                        "".join([unit, *area]),
                        unit,
                        code,
                        unit,
                        area[0] if area else "03390",
                        form,
                        None if refused else 1,
                        not refused,
                        datetime(2026, 4, 1, 1, tzinfo=UTC),
                        on_time,
                        signed,
                        state,
                    ],
                )
            for number, (unit, severity, cell) in enumerate(findings):
                connection.execute(
                    "insert into marts.fct_finding values (?, ?, ?, 'fail', 'Biểu', ?, 'R', null)",
                    [str(number), unit, severity, cell],
                )
            for sha256 in [row[0] for row in submissions] + files:
                connection.execute("insert into marts.fct_receipt values (?)", [sha256])
        return file

    return make


def _exemption(unit: str, kind: str, until: date | None = None) -> Exemption:
    return Exemption(
        reporting_unit_code=unit,
        area_code="03390",
        form_code="B01-X",
        round_code=ROUND,
        kind=kind,
        until=until,
        reason="công văn số 12",
        decided_by="Lan",
        decided_at=NOW,
    )


def _unit(found: RoundStatus, code: str) -> UnitStatus:
    (unit,) = [unit for unit in found.units if unit.reporting_unit_code == code]
    return unit


def test_before_anything_came_every_unit_of_the_round_is_to_be_asked(status: Status) -> None:
    found = status()
    assert (found.sent, found.expected) == (0, UNITS)
    assert {unit.state for unit in found.units} == {"waiting"}
    assert {unit.to_do for unit in found.units} == {("send",)}


def test_nobody_is_asked_before_the_round_opens(status: Status) -> None:
    found = status(now=datetime(2025, 12, 31, 16, 59, tzinfo=UTC))
    assert {unit.to_do for unit in found.units} == {()}
    assert {unit.to_do for unit in status(now=datetime(2025, 12, 31, 17, tzinfo=UTC)).units} == {("send",)}


@pytest.mark.parametrize(
    ("now", "unit_days", "commune_days"),
    [
        (datetime(2026, 4, 2, 3, tzinfo=UTC), 5, 6),  # 3, 6, 7, 8, 9 April; and 10 April
        (datetime(2026, 4, 9, 16, 59, tzinfo=UTC), 0, 1),
        (datetime(2026, 4, 9, 17, 0, tzinfo=UTC), 0, 0),
    ],
)
def test_days_left_are_working_days_before_the_due_date(
    status: Status, now: datetime, unit_days: int, commune_days: int
) -> None:
    dues = {due.level: due.working_days_left for due in status(now=now).dues}
    assert dues == {"unit": unit_days, "commune": commune_days}


def test_from_the_due_moment_on_a_unit_that_has_not_sent_is_overdue(status: Status) -> None:
    last_minute = datetime(2026, 4, 9, 16, 59, 59, tzinfo=UTC)
    assert _unit(status(now=last_minute), "BL-KT").state == "waiting"
    late = status(now=datetime(2026, 4, 9, 17, tzinfo=UTC))
    assert _unit(late, "BL-KT").to_do == ("send_overdue",)


def test_who_has_sent_and_what_is_still_to_be_asked_of_them(status: Status, release: Any) -> None:
    file = release(
        [
            ("BL-KT", "quarantined", True, True),
            ("BL-YT", "accepted", False, False),
            ("BL-CA", "refused", True, False),
        ],
        [
            ("BL-KT", "blocking", "G7"),
            ("BL-KT", "blocking", "G7"),
            ("BL-KT", "blocking", "G8"),
            ("BL-KT", "warning", "G9"),
            ("BL-YT", "info", "G9"),
        ],
        ["photo"],
    )
    found = status(file)
    assert (found.sent, found.on_time, found.files_without_form) == (2, 1, 1)
    economy = _unit(found, "BL-KT")
    assert (economy.to_mend, economy.to_explain, economy.to_do) == (2, 1, ("mend", "explain"))
    assert _unit(found, "BL-YT").to_do == ("signed_copy",)
    assert _unit(found, "BL-CA").to_do == ("send_again",)


def test_an_exempt_unit_is_neither_expected_nor_asked(status: Status) -> None:
    found = status(None, _exemption("BL-QS", "exempt"))
    assert found.expected == UNITS - 1
    assert (_unit(found, "BL-QS").reason, _unit(found, "BL-QS").to_do) == ("công văn số 12", ())


def test_nothing_to_report_counts_as_sent_and_not_sending_does_not(status: Status) -> None:
    found = status(None, _exemption("BL-QS", "nothing_to_report"), _exemption("BL-CA", "not_sending"))
    assert (found.sent, found.expected) == (1, UNITS)
    assert _unit(found, "BL-CA").to_do == ()


def test_an_extension_lasts_to_the_end_of_its_day(status: Status) -> None:
    extension = _exemption("BL-QS", "extension", date(2026, 4, 20))
    before = status(None, extension, now=datetime(2026, 4, 20, 16, 59, tzinfo=UTC))
    after = status(None, extension, now=datetime(2026, 4, 20, 17, 0, tzinfo=UTC))
    assert (_unit(before, "BL-QS").state, _unit(after, "BL-QS").state) == ("waiting", "overdue")


def test_a_form_that_came_in_spite_of_an_excuse_is_sent(status: Status, release: Any) -> None:
    found = status(release([("BL-QS", "accepted", True, True)]), _exemption("BL-QS", "not_sending"))
    assert _unit(found, "BL-QS").state == "sent"


def test_who_is_to_be_urged_stands_on_top(status: Status, release: Any) -> None:
    sent = [("BL-VP", "accepted", True, True), ("BL-KT", "accepted", True, False)]
    found = status(release(sent), now=datetime(2026, 5, 1, tzinfo=UTC))
    codes = [unit.reporting_unit_code for unit in found.units]
    assert codes[-2:] == ["BL-KT", "BL-VP"]


def test_of_a_fixed_round_only_what_it_still_takes_is_asked_for(status: Status, release: Any) -> None:
    sent = [("BL-VP", "accepted", True, False), ("BL-KT", "refused", True, True)]
    file = release(sent, [("BL-VP", "blocking", "F10"), ("BL-VP", "warning", "F11")])
    draft, fixed = (
        {unit.reporting_unit_code: unit.to_do for unit in status(file, fixed=codes).units}
        for codes in ((), (ROUND,))
    )
    assert draft["BL-VP"] == ("mend", "explain", "signed_copy")
    assert all(draft.values())
    assert fixed == dict.fromkeys(draft, ()) | {"BL-VP": ("explain", "signed_copy")}


def test_a_unit_that_sends_for_several_areas_has_sent_once_all_of_them_came(
    status: Status, release: Any
) -> None:
    """Resolution 1670 of 2025: Bình Lư is Tam Đường (03390), Sơn Bình and the Bình Lư of the time, and so on."""
    sent = [
        ("X03390", "accepted", True, True, "03390"),
        ("X03390", "quarantined", True, False, "03412"),
        ("X03390", "quarantined", True, True, "03413"),
        ("X03394", "accepted", True, True, "03394"),
        ("X03394", "refused", True, True, "03586"),
        ("X03394", "accepted", True, True, "03592"),
        ("X03405", "accepted", True, True, "03400"),
        ("X03405", "quarantined", True, True, "03406"),
    ]
    cells = [("X0339003412", "G7"), ("X0339003413", "G7"), ("X0339003413", "G8"), ("X0340503406", "G7")]
    findings = [(submission, "blocking", cell) for submission, cell in cells]
    found = status(release(sent, findings, code="2244-T-2024", form="B01-T"), code="2244-T-2024")
    told = {code: _unit(found, code) for code in ("X03390", "X03394", "X03405", "X03424")}
    assert [unit.state for unit in told.values()] == ["sent", "refused", "waiting", "waiting"]
    assert [unit.to_mend for unit in told.values()] == [3, 0, 1, 0]
    assert told["X03390"].to_do == ("mend", "signed_copy")
    assert found.sent == 1


def test_without_a_year_the_round_that_is_open_is_shown(catalogue: Catalogue, release: Any) -> None:
    def shown(now: datetime, file: Path | None = None) -> str | None:
        known = Known(
            catalogue=catalogue,
            office=OFFICE,
            release_file=file,
            entries=[],
            unconfirmed=[],
            exemptions=[],
            signed_copies=[],
            fixed=(),
            now=now,
        )
        return round_to_show(known, None)

    assert shown(datetime(2025, 6, 1, tzinfo=UTC)) == "2244-X-2024"
    assert shown(NOW) == ROUND
    early = release([("BL-KT", "accepted", True, True)])
    assert shown(datetime(2025, 12, 1, tzinfo=UTC), early) == ROUND
    assert shown(datetime(2000, 1, 1, tzinfo=UTC)) is None


def test_the_command_works_in_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    printed = kho(tmp_path / "data", "status", "--year", "2025", "--json")
    assert printed.code == 0, printed.err
    assert (printed.json["round_code"], printed.json["expected"]) == (ROUND, UNITS)
    shown = kho(tmp_path / "data", "status", "--year", "2025")
    assert "0/12" in shown.out
    assert "BL-THPT Trường THPT" in shown.out
    assert "\x1b[" not in shown.out


def test_a_year_without_round_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    printed = kho(tmp_path / "data", "status", "--year", "1999")
    assert (printed.code, printed.out) == (2, "")
    assert "1999" in printed.err
