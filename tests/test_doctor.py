"""What is wrong with a folder is found, told with what to do, and left as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from dagster_project.doctor import NOTE, OK, WRONG, Finding, examine
from dagster_project.ledger.store import list_acts, open_ledger
from dagster_project.locks import build_lock
from dagster_project.messages import advice, message
from dagster_project.pipeline import Desk
from dagster_project.settings import Settings
from dagster_project.warehouse.releases import current_release, list_releases
from tests.command import kho_inside
from tests.working_office import NOON, Office


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = Office(tmp_path_factory.mktemp("office"))
    made.work()
    made.work()
    return made


@pytest.fixture
def office(in_order: Office, tmp_path: Path, catalogues: Path) -> Office:
    made = Office(tmp_path, in_order)
    made.desk = replace(
        made.desk, settings=made.desk.settings.model_copy(update={"catalogue": catalogues / "pci"})
    )
    return made


def found(office: Office, look: str) -> list[Finding]:
    return [item for item in examine(office.desk) if item.look == look]


def test_a_folder_in_order_has_nothing_to_do(office: Office) -> None:
    told = examine(office.desk)
    assert [item for item in told if item.status == WRONG] == []
    assert {item.look for item in told if item.status == OK} >= {
        "rights",
        "ledger",
        "landing",
        "releases",
        "fonts",
    }


def _lose_file(office: Office) -> None:
    next(path for path in office.folder.landing.rglob("*") if path.is_file()).unlink()


def _alter_file(office: Office) -> None:
    file = next(path for path in office.folder.landing.rglob("*") if path.is_file())
    file.chmod(0o644)
    file.write_bytes(b"?")


def _open_ledger(office: Office) -> None:
    with open_ledger(office.folder.ledger_file).begin() as connection:
        connection.execute(text("drop trigger kho_keep_update_receipts"))


def _damage_ledger(office: Office) -> None:
    with office.folder.ledger_file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"x" * 8192)


def _damage_release(office: Office, *, current: bool) -> None:
    now = current_release(office.folder)
    (name,) = [
        item.release_id for item in list_releases(office.folder) if (item.release_id == now) == current
    ]
    file = office.folder.release(name) / "kho.duckdb"
    file.chmod(0o644)
    with file.open("r+b") as stream:
        stream.write(b"x")


def _lose_pointer(office: Office) -> None:
    office.folder.current_release.write_text("R0099-00000000\n", encoding="utf-8")


def _set_clock_back(office: Office) -> None:
    office.desk = replace(office.desk, now=lambda: NOON - timedelta(days=1))


def _spoil_catalogue(office: Office) -> None:
    folder = office.folder.catalogue
    folder.mkdir()
    (folder / "indicators.csv").write_text("indicator_code\nA.1\n", encoding="utf-8")
    office.desk = replace(office.desk, settings=office.desk.settings.model_copy(update={"catalogue": folder}))


@pytest.mark.parametrize(
    ("harm", "look", "what"),
    [
        (_lose_file, "landing", "gone"),
        (_alter_file, "landing", "altered"),
        (_open_ledger, "ledger", "open"),
        (_damage_ledger, "ledger", "damaged"),
        (lambda office: _damage_release(office, current=True), "releases", "current_damaged"),
        (lambda office: _damage_release(office, current=False), "releases", "damaged"),
        (_lose_pointer, "releases", "no_current"),
        (_set_clock_back, "clock", "back"),
        (_spoil_catalogue, "catalogue", "problems"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_harm_is_found_with_what_to_do_and_nothing_is_mended(
    office: Office, harm: Callable[[Office], None], look: str, what: str
) -> None:
    harm(office)
    (first, *_) = found(office, look)
    assert (first.status, first.what) == (WRONG, what)
    values = {name: str(value) for name, value in first.values.items()}
    for lang in ("vi", "en"):
        assert message(first.code, lang, **values)
        assert advice(first.code, lang, **values)
    assert found(office, look)[0] == first


def test_what_killed_runs_left_and_who_holds_the_lock_are_only_notes(office: Office) -> None:
    (office.folder.exports / ".R0002-x.half").mkdir()
    with build_lock(office.folder.build_lock):
        told = [*found(office, "leftovers"), *found(office, "lock")]
    assert [(item.status, item.what) for item in told] == [(NOTE, "left"), (NOTE, "held")]
    assert (office.folder.exports / ".R0002-x.half").is_dir()


def test_a_look_that_fails_does_not_hide_the_others(tmp_path: Path) -> None:
    desk = Desk(Settings(data=tmp_path, catalogue=tmp_path / "gone"), now=lambda: NOON)
    told = {item.look: item for item in examine(desk)}
    assert told["ledger"].what == "none"
    assert told["fonts"].status == OK
    assert not (tmp_path / "ledger.sqlite").exists()


def test_the_command_says_it_for_people_and_for_programs(office: Office) -> None:
    _lose_file(office)
    printed = kho_inside(office.folder.root, "doctor")
    assert printed.code == 1
    assert "CẦN XỬ LÝ" in printed.out
    assert "→" in printed.out
    told = kho_inside(office.folder.root, "doctor", "--json").json
    (gone,) = [item for item in told if item["look"] == "landing"]
    assert (gone["status"], bool(gone["advice"])) == ("wrong", True)


def test_who_took_a_file_in_and_who_made_a_release_stand_in_the_ledger(office: Office) -> None:
    acts = list_acts(open_ledger(office.folder.ledger_file))
    made = sorted(item.release_id for item in list_releases(office.folder))
    assert [(act["actor"], act["act"], act["subject"]) for act in acts] == [
        ("Lan", "receive", "biểu 1.xlsx"),
        ("Lan", "release.made", made[0]),
        ("Lan", "receive", "biểu 2.xlsx"),
        ("Lan", "release.made", made[1]),
    ]
