"""Every state of an office's catalogue is kept, with who changed it, when and why."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project.catalogue.confirm import confirmed
from dagster_project.catalogue.load import CatalogueError, load_catalogue
from dagster_project.catalogue.versions import keep, load_version, own_hash
from dagster_project.catalogue_versions import (
    catalogue_in_force,
    catalogue_told,
    change_catalogue,
    notice,
    version_in_force,
)
from dagster_project.errors import KhoError, UsageError
from dagster_project.ledger.catalogue_log import list_versions
from dagster_project.ledger.store import open_ledger
from dagster_project.paths import Project
from dagster_project.settings import Office, Settings
from tests.command import kho

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
NOON = MORNING + timedelta(hours=4)
EVENING = MORNING + timedelta(hours=9)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    catalogue = Path(shutil.copytree(Project().reference, tmp_path / "data" / "catalogue"))
    return Settings(data=tmp_path / "data", catalogue=catalogue)


def confirm(settings: Settings, code: str, at: datetime) -> None:
    marked = confirmed(settings.catalogue, [code], by="Bà Năm", on=at.date(), valid_on=at.date())
    change_catalogue(settings, {"indicators": marked.table}, how="confirm", at=at, by="Bà Năm", reason=code)


def status(settings: Settings, at: datetime) -> str:
    catalogue = catalogue_in_force(settings, at)
    assert catalogue is not None
    return str(catalogue.table("indicators").filter(indicator_code="IV.21")["status"].item())


def test_what_was_in_force_at_a_moment_is_found_as_it_was(settings: Settings) -> None:
    first = load_catalogue(settings.catalogue)
    notice(settings, first, MORNING)
    confirm(settings, "IV.21", NOON)
    assert catalogue_in_force(settings, MORNING - timedelta(seconds=1)) is None
    assert [status(settings, at) for at in (MORNING, NOON - timedelta(seconds=1), NOON, EVENING)] == [
        "candidate",
        "candidate",
        "official",
        "official",
    ]
    assert [(v.how, v.made_by, v.reason) for v in list_versions(open_ledger(settings.ledger))] == [
        ("first", "", ""),
        ("confirm", "Bà Năm", "IV.21"),
    ]
    kept = {file.stem for file in settings.folder.catalogue_versions.iterdir()}
    assert kept == {first.content_hash, load_catalogue(settings.catalogue).content_hash}


def test_the_same_state_is_one_file_and_no_second_version(settings: Settings) -> None:
    catalogue = load_catalogue(settings.catalogue)
    assert notice(settings, catalogue, MORNING) is not None
    written = keep(catalogue, settings.folder.catalogue_versions).read_bytes()
    assert notice(settings, catalogue, NOON) is None
    confirm(settings, "IV.21", NOON)
    confirm(settings, "IV.21", NOON)
    assert len(list_versions(open_ledger(settings.ledger))) == 2
    assert keep(catalogue, settings.data / "other").read_bytes() == written


def test_a_table_edited_by_hand_is_noticed_as_such_and_an_older_state_that_returns_is_a_version_too(
    settings: Settings,
) -> None:
    notice(settings, load_catalogue(settings.catalogue), MORNING)
    file = settings.catalogue / "holidays.csv"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.rstrip("\n").rsplit("\n", 1)[0] + "\n", encoding="utf-8")
    notice(settings, load_catalogue(settings.catalogue), NOON)
    file.write_text(before, encoding="utf-8")
    notice(settings, load_catalogue(settings.catalogue), EVENING)
    versions = list_versions(open_ledger(settings.ledger))
    assert [version.how for version in versions] == ["first", "edited", "edited"]
    assert versions[0].content_hash == versions[2].content_hash
    in_force = version_in_force(settings, EVENING)
    assert in_force is not None
    assert in_force.number == versions[2].number


def test_an_edit_by_hand_is_recorded_before_the_change_that_follows_it(settings: Settings) -> None:
    notice(settings, load_catalogue(settings.catalogue), MORNING)
    (settings.catalogue / "holidays.csv").unlink()
    confirm(settings, "IV.21", NOON)
    versions = list_versions(open_ledger(settings.ledger))
    assert [version.how for version in versions] == ["first", "edited", "confirm"]


def test_a_change_with_problems_writes_nothing_at_all(settings: Settings) -> None:
    before = (settings.catalogue / "indicators.csv").read_bytes()
    with pytest.raises(CatalogueError):
        change_catalogue(
            settings,
            {"indicators": before.replace(b",2244,", b",9999,", 1)},
            how="import",
            at=NOON,
            by="A",
            reason="B",
        )
    assert (settings.catalogue / "indicators.csv").read_bytes() == before
    assert not settings.folder.catalogue_versions.exists()


def test_a_version_is_told_by_number_hash_or_folder_and_a_damaged_one_is_not_used(settings: Settings) -> None:
    catalogue = load_catalogue(settings.catalogue)
    notice(settings, catalogue, MORNING)
    for told in ("1", catalogue.content_hash[:8], str(settings.catalogue)):
        assert catalogue_told(settings, told).content_hash == catalogue.content_hash
    for told in ("2", "00000000", "01"):
        with pytest.raises(UsageError):
            catalogue_told(settings, told)
    file = keep(catalogue, settings.folder.catalogue_versions)
    confirm(settings, "IV.21", NOON)
    shutil.copyfile(keep(load_catalogue(settings.catalogue), settings.folder.catalogue_versions), file)
    with pytest.raises(KhoError) as damaged:
        load_version(settings.folder.catalogue_versions, catalogue.content_hash)
    assert catalogue.content_hash[:12] in damaged.value.text("vi")


def test_the_command_says_who_changed_the_catalogue_when_and_why(tmp_path: Path, settings: Settings) -> None:
    data, folder = settings.data, settings.catalogue
    names = ("--by", "Bà Năm", "--document", "2244/QĐ-TTg ngày 13/10/2025")
    assert kho(data, "catalogue", "confirm", "IV.21", "IV.22", *names, catalogue=folder).code == 0
    book = tmp_path / "danh-muc.xlsx"
    assert kho(data, "catalogue", "export", book, catalogue=folder).code == 0
    exported = book.read_bytes()
    assert kho(data, "catalogue", "export", book, catalogue=folder).code == 2
    assert book.read_bytes() == exported
    printed = kho(data, "catalogue", "import", book, catalogue=folder)
    assert (printed.code, "--reason" in printed.err) == (2, True)
    told = kho(data, "catalogue", "versions", "--json").json
    assert [
        (version["how"], version["made_by"], version["reason"], version["document"]) for version in told
    ] == [
        ("first", "", "", ""),
        ("confirm", "Bà Năm", "IV.21, IV.22", "2244/QĐ-TTg ngày 13/10/2025"),
    ]
    changes = kho(data, "catalogue", "diff", "1", "2").out.splitlines()
    assert len(changes) == 6
    assert changes[0] == 'Sửa indicators: IV.21 – status: "candidate" → "official"'


def test_areas_of_the_whole_country_beside_the_catalogue_are_no_part_of_a_version(settings: Settings) -> None:
    wide = settings.model_copy(update={"office": Office(reference_areas="national")})
    notice(wide, load_catalogue(wide.catalogue, wide.reference_areas), MORNING)
    confirm(wide, "IV.21", NOON)
    versions = list_versions(open_ledger(settings.ledger))
    assert [version.how for version in versions] == ["first", "confirm"]
    assert versions[1].content_hash == own_hash(load_catalogue(settings.catalogue))
    held, own = catalogue_in_force(wide, NOON), catalogue_in_force(settings, NOON)
    assert held is not None
    assert own is not None
    assert held.table("areas").height > 3000 > own.table("areas").height
