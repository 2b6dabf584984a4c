"""A data folder saved while it works and brought back: the same release and ledger, or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from dagster_project.backup import MANIFEST, make_backup, restore
from dagster_project.errors import KhoError, UsageError
from dagster_project.ledger.store import list_acts, list_receipts, open_ledger
from dagster_project.paths import DataFolder
from dagster_project.settings import Settings
from dagster_project.warehouse.releases import check_whole, current_manifest, list_releases
from tests.working_office import NOON, Office


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = Office(tmp_path_factory.mktemp("office"))
    made.work()
    made.work()
    return made


@pytest.fixture
def office(worked: Office, tmp_path: Path) -> Office:
    made = Office(tmp_path, worked)
    (made.folder.exports / "R0002-x").mkdir()
    (made.folder.exports / "R0002-x" / "bao-cao.docx").write_bytes(b"x")
    (made.folder.build / "half").write_bytes(b"left out")
    return made


def test_what_comes_back_is_the_same_release_ledger_and_files(office: Office, tmp_path: Path) -> None:
    made = make_backup(office.desk.settings, tmp_path, NOON)
    assert made.file == tmp_path / "kho-20260409T050000.zip"
    assert oct(made.file.stat().st_mode & 0o777) == "0o600"
    back = DataFolder(tmp_path / "back")
    done = restore(made.file, back)
    assert (done.release_id, done.files) == (made.release_id, made.files)
    manifest = current_manifest(back)
    assert manifest is not None
    assert manifest == current_manifest(office.folder)
    check_whole(back, manifest)
    assert list_releases(back) == list_releases(office.folder)
    ledgers = [open_ledger(folder.ledger_file) for folder in (office.folder, back)]
    assert list_receipts(ledgers[0]) == list_receipts(ledgers[1])
    assert list_acts(ledgers[0]) == list_acts(ledgers[1])
    assert (back.exports / "R0002-x" / "bao-cao.docx").read_bytes() == b"x"
    assert not (back.build / "half").exists()
    modes = [
        folder.landed(list_receipts(ledgers[0])[0].sha256).stat().st_mode for folder in (office.folder, back)
    ]
    assert modes[0] == modes[1]


def test_a_backup_taken_while_the_office_works_is_one_that_a_crash_could_have_left(
    office: Office, tmp_path: Path
) -> None:
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            office.work()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        made = [make_backup(office.desk.settings, tmp_path / f"{number}.zip", NOON) for number in range(5)]
    finally:
        is_over.set()
        worker.join()
    for number, item in enumerate(made):
        back = DataFolder(tmp_path / f"back {number}")
        restore(item.file, back)
        receipts = list_receipts(open_ledger(back.ledger_file))
        for receipt in receipts:
            assert hashlib.sha256(back.landed(receipt.sha256).read_bytes()).hexdigest() == receipt.sha256
        manifest = current_manifest(back)
        assert manifest is not None
        assert int(manifest.inputs_hash) <= len(receipts)


def test_a_folder_in_use_is_not_written_over(office: Office, tmp_path: Path) -> None:
    made = make_backup(office.desk.settings, tmp_path, NOON)
    before = sorted(office.folder.root.rglob("*"))
    with pytest.raises(UsageError) as error:
        restore(made.file, office.folder)
    assert error.value.code == "backup.not_empty"
    assert sorted(office.folder.root.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "code"),
    [("usb", "backup.no_target"), ("usb/kho.zip", "backup.no_target"), ("there.zip", "cli.file_exists")],
)
def test_a_backup_takes_no_file_that_is_there_and_no_disk_that_is_not(
    office: Office, tmp_path: Path, name: str, code: str
) -> None:
    there = tmp_path / "there.zip"
    there.write_bytes(b"of somebody")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError) as error:
        make_backup(office.desk.settings, tmp_path / name, NOON)
    assert error.value.code == code
    assert sorted(tmp_path.iterdir()) == before
    assert there.read_bytes() == b"of somebody"


def test_a_backup_does_not_lie_in_the_folder_that_it_saves(office: Office) -> None:
    with pytest.raises(UsageError) as error:
        make_backup(office.desk.settings, office.folder.root / "kho.zip", NOON)
    assert error.value.code == "backup.inside"


def changed(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a backup whose entries were changed; of a file that is taken out, the manifest goes on telling."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    copy = file.with_name("changed.zip")
    with zipfile.ZipFile(copy, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return copy


def _other_bytes(entries: dict[str, bytes]) -> None:
    name = next(name for name in entries if name.startswith("landing/"))
    entries[name] = b"x" * len(entries[name])


def _missing(entries: dict[str, bytes]) -> None:
    del entries[next(name for name in entries if name.endswith("kho.duckdb"))]


def _longer(entries: dict[str, bytes]) -> None:
    name = next(name for name in entries if name.startswith("landing/"))
    entries[name] += b"x"


@pytest.mark.parametrize("change", [_other_bytes, _missing, _longer])
def test_a_damaged_backup_brings_nothing_back(
    office: Office, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    made = make_backup(office.desk.settings, tmp_path, NOON)
    with pytest.raises(KhoError) as error:
        restore(changed(made.file, change), DataFolder(tmp_path / "back"))
    assert error.value.code == "backup.damaged"
    assert not (tmp_path / "back").exists()


def test_a_backup_whose_packing_broke_is_damaged_too(office: Office, tmp_path: Path) -> None:
    made = make_backup(office.desk.settings, tmp_path, NOON)
    with zipfile.ZipFile(made.file) as archive:
        entry = next(item for item in archive.infolist() if item.filename.startswith("landing/"))
    content = bytearray(made.file.read_bytes())
    # a local header: 30 bytes, the last four of which tell how long the name and what else follows it are
    lengths = content[entry.header_offset + 26 : entry.header_offset + 30]
    data = entry.header_offset + 30 + sum(memoryview(lengths).cast("H"))
    content[data : data + entry.compress_size] = b"\xff" * entry.compress_size
    made.file.write_bytes(content)
    with pytest.raises(KhoError) as error:
        restore(made.file, DataFolder(tmp_path / "back"))
    assert error.value.code == "backup.damaged"


@pytest.mark.parametrize(
    "name",
    ["../out", "/tmp/out", "a/../../out", "a//b", ".", "", "a/\x00", "a/\ud800"],  # noqa: S108
)
def test_a_name_in_a_backup_leads_nowhere_else(office: Office, tmp_path: Path, name: str) -> None:
    def rename(entries: dict[str, bytes]) -> None:
        told = json.loads(entries[MANIFEST])
        told["files"][0]["path"] = name
        entries[MANIFEST] = json.dumps(told).encode()

    made = make_backup(office.desk.settings, tmp_path, NOON)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError) as error:
        restore(changed(made.file, rename), DataFolder(tmp_path / "back"))
    assert error.value.code == "backup.not_one"
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "changed.zip"])


_NAMES = st.sets(
    st.binary(min_size=1, max_size=80)
    .map(lambda told: told.translate(None, b"/\0"))
    .filter(lambda told: told and not told.startswith(b".")),
    min_size=1,
    max_size=5,
)


@given(_NAMES)
@example(
    {"Biểu 16:30.xlsx".encode(), b"C:out", b"a\\..\\out", b"Bi\xd3u.xlsx", rb"Bi\udcd3u.xlsx", b"so-journal"}
)
@tried(max_examples=40, deadline=None)
def test_a_file_of_any_name_comes_back_under_it_and_in_its_folder(names: set[bytes]) -> None:
    """On Linux only / parts a path: "C:out" and "a\\..\\out" name files of the folder, and lead to no other."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        settings = Settings(data=top / "data", catalogue=top, person="Lan")
        settings.folder.make()
        for name in names:
            (settings.folder.inbox / os.fsdecode(name)).write_bytes(name)
        made = make_backup(settings, top, NOON)
        restore(made.file, DataFolder(top / "back"))
        back = DataFolder(top / "back").inbox
        assert {os.fsencode(path.name): path.read_bytes() for path in back.iterdir()} == {
            name: name for name in names
        }
        assert {path.name for path in top.iterdir()} == {"data", "back", made.file.name}


def test_a_manifest_that_lies_in_the_folder_is_a_file_like_any_other(office: Office, tmp_path: Path) -> None:
    (office.folder.root / MANIFEST).write_text("of a backup that was unpacked by hand", encoding="utf-8")
    made = make_backup(office.desk.settings, tmp_path, NOON)
    restore(made.file, DataFolder(tmp_path / "back"))
    assert (tmp_path / "back" / MANIFEST).read_bytes() == (office.folder.root / MANIFEST).read_bytes()


def test_a_database_that_a_unit_sent_is_saved_byte_for_byte_sound_or_not(
    office: Office, tmp_path: Path
) -> None:
    sound, broken = office.folder.inbox / os.fsdecode(b"s\xd3.db"), office.folder.inbox / "broken.db"
    with closing(sqlite3.connect(sound)) as connection:
        connection.execute("create table a (b)")
    broken.write_bytes(sound.read_bytes()[:100] + b"x" * 5000)
    made = make_backup(office.desk.settings, tmp_path, NOON)
    back = DataFolder(tmp_path / "back")
    restore(made.file, back)
    for file in (sound, broken):
        assert (back.inbox / file.name).read_bytes() == file.read_bytes()


def _damage(file: Path, at: int) -> None:
    file.chmod(0o644)
    with file.open("r+b") as stream:
        stream.seek(at)
        stream.write(b"x" * 8192)


@pytest.mark.parametrize("at", [0, 4096])
def test_a_damaged_ledger_makes_no_backup_that_could_not_be_restored(
    office: Office, tmp_path: Path, at: int
) -> None:
    _damage(office.folder.ledger_file, at)
    with pytest.raises(KhoError) as error:
        make_backup(office.desk.settings, tmp_path / "kho.zip", NOON)
    assert (error.value.code, error.value.values["what"]) == ("backup.unsound", "ledger.sqlite")
    assert not (tmp_path / "kho.zip").exists()


def test_a_damaged_current_release_makes_no_backup_that_could_not_be_restored(
    office: Office, tmp_path: Path
) -> None:
    current = current_manifest(office.folder)
    assert current is not None
    _damage(office.folder.release(current.release_id) / "kho.duckdb", 0)
    with pytest.raises(KhoError) as error:
        make_backup(office.desk.settings, tmp_path / "kho.zip", NOON)
    assert (error.value.code, error.value.values["what"]) == ("backup.unsound", current.release_id)
    assert not (tmp_path / "kho.zip").exists()


def test_another_file_is_told_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "other.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(UsageError) as error:
        restore(file, DataFolder(tmp_path / "back"))
    assert error.value.code == "backup.not_one"
