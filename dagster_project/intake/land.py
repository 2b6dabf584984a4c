"""Land a file: a copy of its bytes under their sha256, durable before anything reads it, never changed after.

Only bytes belong here. The name that a file came with never becomes a path, and who sent it is the ledger's.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_project.durable import sync_file, sync_file_system, sync_folder
from dagster_project.paths import DataFolder

_CHUNK = 1 << 20
_READ_ONLY = 0o444
#: From so many files on, waiting for the whole file system takes less time than waiting for each of them.
_MANY = 16


@dataclass(frozen=True)
class LandedFile:
    """The landed copy of a file."""

    sha256: str
    size_bytes: int
    path: Path


def land(source: Path, folder: DataFolder) -> LandedFile:
    """Copy ``source`` into the landing zone; a file whose bytes are known is left as it stands."""
    return land_all([source], folder)[0]


def land_all(sources: Sequence[Path], folder: DataFolder) -> list[LandedFile]:
    """Copy ``sources`` into the landing zone, one landed file each; none takes its place before all are durable."""
    folder.landing.mkdir(parents=True, exist_ok=True)
    copies = {folder.landing / f".{uuid.uuid4().hex}": source for source in sources}
    placed: list[Path] = []
    try:
        landed = {aside: _copy(source, aside, folder) for aside, source in copies.items()}
        new = {file.path: aside for aside, file in landed.items() if not _is_there(file)}
        _settle(new, folder, placed)
    finally:
        for aside in copies.keys() - set(placed):
            aside.unlink(missing_ok=True)
    return list(landed.values())


def _copy(source: Path, aside: Path, folder: DataFolder) -> LandedFile:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as incoming, aside.open("xb") as stream:
        os.fchmod(stream.fileno(), _READ_ONLY)
        while chunk := incoming.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            stream.write(chunk)
    return LandedFile(digest.hexdigest(), size, folder.landed(digest.hexdigest()))


def _is_there(landed: LandedFile) -> bool:
    return landed.path.is_file() and landed.path.stat().st_size == landed.size_bytes


def _settle(new: Mapping[Path, Path], folder: DataFolder, placed: list[Path]) -> None:
    """Give each copy its place, and list it among those ``placed``; the bytes are durable before, the names after."""
    many = len(new) >= _MANY
    if many:
        sync_file_system(folder.landing)
    for parent in {path.parent for path in new}:
        parent.mkdir(exist_ok=True)
    for path, aside in new.items():
        if not many:
            sync_file(aside)
        aside.replace(path)
        placed.append(aside)
    if many:
        sync_file_system(folder.landing)
    else:
        for parent in {*(path.parent for path in new), *([folder.landing] if new else [])}:
            sync_folder(parent)
