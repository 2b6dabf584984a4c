"""Releases through the command: a new revision, what it changed, an old file sent again, and a rollback."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from dagster_project.aside import find_known
from dagster_project.ledger.decisions import Exemption, add_exemption
from dagster_project.ledger.store import list_receipts, open_ledger
from dagster_project.paths import DataFolder
from dagster_project.pipeline import Desk
from dagster_project.settings import read_settings
from dagster_project.warehouse.releases import list_releases
from tests.command import ROOT, Printed, kho, rows

FORM = ROOT / "seeds" / "sample" / "inbox" / "B01-X_BL-KT_2244-X-2025.xlsx"
CELL = "F17"
FACTS = "select * exclude (received_at) from fct_reported_value order by all"


@dataclass(frozen=True)
class Office:
    data: Path
    first: Path
    second: Path
    value: int


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A unit's form, and the same form with one figure raised by one: two releases."""
    folder = tmp_path_factory.mktemp("releases")
    first, second = folder / "kt-1.xlsx", folder / "kt-2.xlsx"
    shutil.copy(FORM, first)
    book = openpyxl.load_workbook(FORM)
    value = book["Biểu"][CELL].value
    assert isinstance(value, int)
    book["Biểu"][CELL].value = value + 1
    book.save(second)
    assert kho(folder / "data", "init", "--sample").code == 0
    for file in (first, second):
        assert kho(folder / "data", "run", "--no-report", file).code in (0, 1)
    return Office(folder / "data", first, second, value)


def release_ids(data: Path) -> list[str]:
    return [item["release_id"] for item in kho(data, "releases", "--json").json]


def current(printed: Printed) -> str:
    told: str = printed.json["release"]
    return told


def test_the_one_figure_that_changed_is_told_with_its_cells(office: Office) -> None:
    for asked in ((), ("R0001", "R0002"), ("--submission", "kt-2.xlsx"), ("--submission", office.second)):
        printed = kho(office.data, "diff", *asked, "--json")
        assert printed.code == 0, printed.err
        reported = [item for item in printed.json["changes"] if item["kind"] == "reported"]
        (change,) = reported
        assert (change["code"], change["old"]["value"], change["new"]["value"]) == (
            "I.1.GT",
            office.value,
            office.value + 1,
        )
        assert change["old"]["places"] == [{"file_name": "kt-1.xlsx", "sheet": "Biểu", "cell": CELL}]
        assert change["new"]["places"] == [{"file_name": "kt-2.xlsx", "sheet": "Biểu", "cell": CELL}]
    text = kho(office.data, "diff", lang="en").out
    assert "Reported figures: 1 changed, 0 added, 0 removed" in text
    assert "SAMPLE DATA" in text
    assert len(kho(office.data, "diff", "--submission", "kt-2.xlsx", "--csv").out.splitlines()) == 2


def test_history_marks_what_a_moment_knew(office: Office) -> None:
    asked = ("history", "I.1.GT", "--unit", "BL-KT", "--year", "2025", "--category", "_T")
    now = kho(office.data, *asked, "--json").json
    assert [(row["value"], row["believed"]) for row in now] == [
        (office.value, False),
        (office.value + 1, True),
    ]
    then = kho(office.data, *asked, "--at", now[0]["known_from"], "--json").json
    assert [row["believed"] for row in then] == [True, False]
    assert not any(row["believed"] for row in kho(office.data, *asked, "--at", "2020-01-01", "--json").json)


def test_an_earlier_release_answers_as_it_did(office: Office) -> None:
    query = "select value from fct_reported_value where data_element_code = 'I.1.GT' and category_code = '_T'"
    assert kho(office.data, "sql", query, "--release", "R0001", "--json").json == [{"value": office.value}]


def test_what_a_moment_knew_is_taken_from_the_release_that_held_it(office: Office) -> None:
    first, second = rows(office.data, "select received_at as at from fct_submission order by received_at")
    query = "select value from fct_reported_value where data_element_code = 'I.1.GT' and category_code = '_T'"
    for at, value, release in ((first, office.value, "R0001"), (second, office.value + 1, "R0002")):
        asked = kho(office.data, "sql", query, "--at", at["at"], "--json")
        assert asked.json == [{"value": value}]
        assert release in asked.err
    between = kho(office.data, "diff", first["at"], second["at"], "--json").json
    assert between == kho(office.data, "diff", "--json").json
    assert not list((office.data / "known").glob("*"))


def test_releases_are_made_again_from_landing_and_ledger_alone(office: Office, tmp_path: Path) -> None:
    """Whatever was decided later: what each moment knew has the content of the release of that moment."""
    copied = tmp_path / "data"
    copied.mkdir()
    shutil.copytree(office.data / "landing", copied / "landing")
    for name in ("ledger.sqlite", "settings.toml"):
        shutil.copy(office.data / name, copied / name)
    ledger = open_ledger(copied / "ledger.sqlite")
    known = [receipt.received_at for receipt in list_receipts(ledger)]
    later = known[-1] + timedelta(seconds=1)
    for kind in ("extension", "nothing_to_report"):
        add_exemption(
            ledger,
            Exemption(
                reporting_unit_code="BL-KT",
                area_code="03390",
                form_code="B01-X",
                round_code="2244-X-2025",
                kind=kind,
                until=later.date(),
                reason="xin lùi hạn",
                decided_by="Lan",
                decided_at=later,
            ),
        )
    desk = Desk(read_settings(copied, environment={}), now=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    for release, at in zip(reversed(list_releases(DataFolder(office.data))), known, strict=True):
        made = find_known(desk, at)
        assert made.startswith("K-")
        manifest = json.loads((desk.folder.release(made) / "manifest.json").read_text("utf-8"))
        assert manifest["mart_hashes"] == release.mart_hashes
    assert not list(desk.folder.releases.glob("*"))


@pytest.mark.parametrize(
    "asked",
    [
        ("diff", "R0009"),
        ("diff", "R0001", "--submission", "kt-2.xlsx"),
        ("diff", "--json", "--csv"),
        ("diff", "--submission", "kt-1.xlsx"),
        ("history", "I.1.GT", "--unit", "BL-KT", "--at", "hôm qua"),
        ("history", "KHONG.CO", "--unit", "BL-KT"),
        ("rollback", "R0002", "--reason", "x", "--by", "Lan"),
        ("rollback", "R0001", "--reason", " ", "--by", "Lan"),
    ],
)
def test_wrong_usage_is_said_and_changes_nothing(office: Office, asked: tuple[str, ...]) -> None:
    printed = kho(office.data, *asked)
    assert printed.code == 2
    assert printed.err.strip()
    assert release_ids(office.data)[0].startswith("R0002")


def test_without_a_current_release_those_kept_are_listed_and_a_run_makes_one_current(
    office: Office, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(office.data, tmp_path / "data"))
    (data / "releases" / "CURRENT").unlink()
    listed = kho(data, "releases")
    assert listed.code == 0, listed.err
    assert [release in listed.out for release in (*release_ids(data), "●")] == [True, True, False]
    back = ("rollback", "R0001", "--reason", "x", "--by", "Lan")
    assert kho(data, *back).code == 2
    assert current(kho(data, "run", "--no-report", "--json")) == release_ids(data)[0]
    assert "●" in kho(data, "releases").out
    assert kho(data, *back).code == 0


def test_a_rollback_holds_until_something_new_comes_and_an_old_file_changes_no_figure(office: Office) -> None:
    newer, older = release_ids(office.data)
    before = rows(office.data, FACTS)
    done = kho(office.data, "rollback", "R0001", "--reason", "nhập nhầm", "--by", "Lan")
    assert done.code == 0
    assert older in done.out
    compared = kho(office.data, "diff", "--json").json
    assert (compared["old"]["release_id"], compared["new"]["release_id"]) == (newer, older)

    again = kho(office.data, "run", "--no-report", office.first, "--json")
    assert current(again) == older
    assert again.json["rollback"] == {
        **again.json["rollback"],
        "by": "Lan",
        "reason": "nhập nhầm",
        "ended": False,
    }
    assert "Lan" in kho(office.data, "status").out
    assert any(line.endswith("  nhập nhầm") for line in kho(office.data, "log").out.splitlines())

    renamed = office.first.with_name("gui-lai.xlsx")
    shutil.copy(office.first, renamed)
    after = kho(office.data, "run", "--no-report", renamed, "--json")
    assert after.json["rollback"]["ended"] is True
    assert current(after) not in (older, newer)
    assert rows(office.data, FACTS) == before
    assert kho(office.data, "diff", newer, "--json").json["changes"] == []
    assert "rollback" not in kho(office.data, "run", renamed, "--json").json
