"""The whole data folder in one file while the office works, and back from it into a folder that is not in use.

Nothing waits for a build and no build waits for it: what is copied is never changed in place, the ledger and Dagster's
history are copied by their database, and the order makes the copy one that a crash could have left. What can be made
again from the rest (the build in progress, the cells and the catalogue that were read) is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dagster_project import durable
from dagster_project.errors import KhoError, UsageError
from dagster_project.ledger.copy import copy_ledger
from dagster_project.locks import build_lock
from dagster_project.paths import FOLDER_MODE, DataFolder
from dagster_project.settings import Settings
from dagster_project.text import printable
from dagster_project.warehouse.releases import RELEASE_FILE, check_whole, current_manifest

MANIFEST = "kho-backup.json"
_FORMAT = 1
_CHUNK = 1 << 20
_SQLITE = b"SQLite format 3\x00"
_SQLITE_SIDES = ("-wal", "-shm", "-journal")
_PATIENCE_MS = 10_000
_TRIES = 5
_LEDGER = "ledger.sqlite"
#: What Linux takes as a part of a path: units call their files "Biểu 16:30.xlsx", and bytes that are no UTF-8 are
#: told as Python tells them, by surrogates from DC80 to DCFF.
_PART = re.compile(r"[^/\x00\ud800-\udc7f\udd00-\udfff]+")
#: Files that an entry cannot be named after; what is hidden is never saved, so that no file has such a name itself.
_BY_NUMBER = ".kho"
_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Backup:
    """A backup that was made or read: its file, the release that is current in it, files and bytes.

    ``ledger``: file (the ledger's own file) or rows (taken from the database that the settings name).
    """

    file: Path
    made_at: str
    release_id: str | None
    ledger: str
    files: int
    size_bytes: int


def make_backup(settings: Settings, target: Path, now: datetime) -> Backup:
    """Write the data folder into ``target``, or into a file named by the moment where ``target`` is a folder.

    The pointer is read first, then the ledger, then what both name: bytes that were received and releases are there
    before the ledger tells of them, and are not changed. Raises ``UsageError`` where there is no data folder or
    ``target`` lies in it, is there already, or is neither a folder that is there nor a .zip file in one: a disk that is
    not plugged in would be taken for a file. Raises ``KhoError`` where ledger or current release are damaged: a backup
    of them could not be restored.
    """
    folder = settings.folder
    if not folder.root.is_dir():
        raise UsageError("cli.no_folder", folder=folder.root)
    if not target.is_dir() and (target.suffix.lower() != ".zip" or not target.parent.is_dir()):
        raise UsageError("backup.no_target", target=target)
    file = target / f"kho-{now:%Y%m%dT%H%M%S}.zip" if target.is_dir() else target
    if file.exists():
        raise UsageError("cli.file_exists", file=file)
    if file.resolve().is_relative_to(folder.root.resolve()):
        raise UsageError("backup.inside", file=file, folder=folder.root)
    with durable.replaced(file) as aside, tempfile.TemporaryDirectory(dir=file.parent, prefix=".") as scratch:
        aside.touch(mode=0o600)  # settings with their secrets are in it
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            told = _write(_Writer(archive, folder, Path(scratch)), settings)
            told |= {"format": _FORMAT, "made_at": now.isoformat(timespec="seconds")}
            # a surrogate becomes what JSON, too, writes for it
            content = json.dumps(told, ensure_ascii=False, indent=1).encode(errors="backslashreplace")
            archive.writestr(zipfile.ZipInfo(MANIFEST, _FIRST_MOMENT), content, zipfile.ZIP_DEFLATED)
    return _summary(file, told)


def restore(file: Path, folder: DataFolder) -> Backup:
    """Bring a backup back as ``folder``, which must not be there or be empty: whole, or not at all.

    Every file is held against its sha256, and nothing is written outside ``folder`` whatever the archive says. Raises
    ``UsageError`` for a folder that holds something and a file that is no backup, ``KhoError`` for a damaged one.
    """
    root = folder.root
    if root.is_dir() and any(root.iterdir()):
        raise UsageError("backup.not_empty", folder=root)
    if not file.is_file():
        raise UsageError("cli.no_such_file", file=file)
    try:
        with zipfile.ZipFile(file) as archive, durable.new_folder(root) as aside:
            told = _read_manifest(archive, file)
            aside.chmod(FOLDER_MODE)
            for item in told["files"]:
                _extract(archive, item, aside, file)
            DataFolder(aside).make()
            _check(DataFolder(aside), told, file)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, sqlite3.DatabaseError) as error:
        raise KhoError("backup.damaged", file=file, what=str(error)) from error
    return _summary(file, told)


class _Writer:
    """An archive that is being written, and what it holds so far."""

    def __init__(self, archive: zipfile.ZipFile, folder: DataFolder, scratch: Path) -> None:
        self._archive, self._folder, self._scratch = archive, folder, scratch
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, path: Path, name: str | None = None) -> None:
        """One file as it is at this moment; one that is gone meanwhile is passed over."""
        name = name or path.relative_to(self._folder.root).as_posix()
        try:
            mode = path.stat().st_mode & 0o777
            with path.open("rb") as stream:
                is_database = stream.read(len(_SQLITE)) == _SQLITE
        except FileNotFoundError:
            return
        # what units sent is saved byte for byte, a database too: its name in landing is its hash
        if name == _LEDGER or (is_database and name.startswith(f"{self._folder.dagster_home.name}/")):
            path = self._copied(path, name)
        try:
            with path.open("rb") as stream:
                self._put(name, mode, stream)
        except FileNotFoundError:
            return

    def add_tree(self, top: Path) -> None:
        """A folder with everything below it, but for what is being written aside."""
        sides = _SQLITE_SIDES if top == self._folder.dagster_home else ()
        for path in _files_below(top):
            if not path.name.endswith(sides):
                self.add(path)

    def add_whole(self, top: Path) -> None:
        """A folder that is only ever replaced as a whole; copied again where that happened meanwhile."""
        for _ in range(_TRIES):
            if not top.is_dir():
                return
            before = top.stat().st_ino
            kept = self._scratch / "whole"
            shutil.rmtree(kept, ignore_errors=True)
            try:
                shutil.copytree(top, kept)
                is_same = top.stat().st_ino == before
            except (FileNotFoundError, shutil.Error):
                continue
            if is_same:
                for path in _files_below(kept):
                    self.add(path, (top.relative_to(self._folder.root) / path.relative_to(kept)).as_posix())
                return
        raise KhoError("backup.restless", folder=top)

    def add_text(self, path: Path, content: bytes) -> None:
        """One small file whose content was read before."""
        kept = self._scratch / "text"
        kept.write_bytes(content)
        self.add(kept, path.relative_to(self._folder.root).as_posix())

    def _copied(self, database: Path, name: str) -> Path:
        """A copy of a database of ours, sound whatever is being written to it meanwhile."""
        copy = self._scratch / "database"
        try:
            _copy_database(database, copy)
            is_sound = name != _LEDGER or _is_sound(copy)
        except sqlite3.OperationalError:
            raise  # in use for too long
        except sqlite3.DatabaseError:
            is_sound = False
        if not is_sound:
            raise KhoError("backup.unsound", what=name)
        return copy

    def _put(self, name: str, mode: int, stream: Any) -> None:
        told: dict[str, Any] = {"path": name}
        if not _can_name_entry(name):
            told["entry"] = f"{_BY_NUMBER}/{len(self.files)}"
        entry = zipfile.ZipInfo(_entry_of(told), _FIRST_MOMENT)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = mode << 16
        digest, size = hashlib.sha256(), 0
        with self._archive.open(entry, "w", force_zip64=True) as into:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                into.write(chunk)
        self.files[name] = told | {"size": size, "mode": mode, "sha256": digest.hexdigest()}


def _write(writer: _Writer, settings: Settings) -> dict[str, Any]:
    """Everything in the order that keeps the copy sound; returns what the manifest tells."""
    folder = settings.folder
    current = current_manifest(folder)
    pointer = folder.current_release.read_bytes() if current else b""
    writer.add_whole(folder.catalogue)
    writer.add(folder.settings)
    by_rows = settings.ledger_url is not None
    if by_rows:
        with tempfile.TemporaryDirectory(prefix="kho-ledger-") as scratch:
            writer.add(copy_ledger(settings.ledger, Path(scratch) / _LEDGER), _LEDGER)
    elif folder.ledger_file.is_file():
        writer.add(folder.ledger_file)
    for release_dir in sorted(folder.releases.glob("R*/")):
        writer.add_tree(release_dir)
    if current:
        kept = {
            path.relative_to(folder.root).as_posix()
            for path in _files_below(folder.release(current.release_id))
        }
        if not kept or not kept <= set(writer.files):
            raise KhoError("backup.restless", folder=folder.releases)
        marts = (folder.release(current.release_id) / RELEASE_FILE).relative_to(folder.root).as_posix()
        if writer.files[marts]["sha256"] != current.sha256:
            raise KhoError("backup.unsound", what=current.release_id)
        writer.add_text(folder.current_release, pointer)
    for documents in sorted(folder.exports.glob("R*/")):
        writer.add_whole(documents)
    done = {folder.catalogue, folder.settings, folder.releases, folder.exports}
    left_out = {folder.build, folder.cells, folder.catalogue_read, folder.known, folder.ledger_file}
    for path in sorted(folder.root.iterdir()):
        if path in done | left_out or path.name.startswith((".", f"{_LEDGER}-")) or path.suffix == ".lock":
            continue
        (writer.add_tree if path.is_dir() else writer.add)(path)
    return {
        "release": current.release_id if current else None,
        "ledger": "rows" if by_rows else "file",
        "files": list(writer.files.values()),
    }


def _files_below(top: Path) -> Iterator[Path]:
    """Files in a fixed order; links and half-written files are none."""
    for path in sorted(top.rglob("*")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(top).parts)
        if path.is_file() and not path.is_symlink() and not is_hidden:
            yield path


def _copy_database(path: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    with (
        closing(
            sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=_PATIENCE_MS / 1000)
        ) as source,
        closing(sqlite3.connect(copy)) as into,
    ):
        source.backup(into)
        into.execute("pragma journal_mode = delete")


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(path.resolve()))


def _is_sound(ledger: Path) -> bool:
    with closing(sqlite3.connect(ledger)) as connection:
        (answer,) = connection.execute("pragma integrity_check").fetchone()
    return bool(answer == "ok")


def _can_name_entry(name: str) -> bool:
    """Whether the archive can hold a file under its own name: names in it are UTF-8, one is the manifest's."""
    return name != MANIFEST and name.encode(errors="replace").decode() == name


def _entry_of(item: dict[str, Any]) -> str:
    """The entry of the archive that holds a file of the manifest."""
    entry: str = item.get("entry", item["path"])
    return entry


def _read_manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    """What the backup says that it holds; ``UsageError`` where it says nothing that is one, or names a strange path."""
    try:
        told: dict[str, Any] = json.loads(archive.read(MANIFEST))
        names = [item["path"] for item in told["files"]]
        is_ours = told["format"] == _FORMAT and all(
            isinstance(item["size"], int)
            and isinstance(item["mode"], int)
            and len(item["sha256"]) == 64
            and isinstance(_entry_of(item), str)
            for item in told["files"]
        )
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError("backup.not_one", file=file) from error
    strange = [name for name in names if not _is_inside(name)]
    if not is_ours or strange or len(set(names)) != len(names):
        raise UsageError("backup.not_one", file=file)
    return told


def _is_inside(name: object) -> bool:
    """Whether a name leads to a file below the folder that it is joined to."""
    return isinstance(name, str) and all(
        _PART.fullmatch(part) and part not in (".", "..") for part in name.split("/")
    )


def _extract(archive: zipfile.ZipFile, item: dict[str, Any], root: Path, file: Path) -> None:
    path = root / item["path"]
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), item["size"]
    try:
        entry = archive.open(_entry_of(item))
    except KeyError as error:
        raise KhoError("backup.damaged", file=file, what=printable(item["path"])) from error
    with entry as stream, path.open("xb") as into:
        while left >= 0 and (chunk := stream.read(min(_CHUNK, left + 1))):
            digest.update(chunk)
            left -= len(chunk)
            into.write(chunk)
    if left != 0 or digest.hexdigest() != item["sha256"]:
        raise KhoError("backup.damaged", file=file, what=printable(item["path"]))
    path.chmod(item["mode"] & 0o755)


def _check(folder: DataFolder, told: dict[str, Any], file: Path) -> None:
    """The ledger is sound and the current release is the one that the backup was made of."""
    if folder.ledger_file.is_file() and not _is_sound(folder.ledger_file):
        raise KhoError("backup.damaged", file=file, what=_LEDGER)
    current = current_manifest(folder)
    if (current.release_id if current else None) != told["release"]:
        raise KhoError("backup.damaged", file=file, what=str(told["release"]))
    if current:
        check_whole(folder, current)
    with build_lock(folder.build_lock):
        pass


def _summary(file: Path, told: dict[str, Any]) -> Backup:
    return Backup(
        file=file,
        made_at=told["made_at"],
        release_id=told["release"],
        ledger=told["ledger"],
        files=len(told["files"]),
        size_bytes=sum(item["size"] for item in told["files"]),
    )
