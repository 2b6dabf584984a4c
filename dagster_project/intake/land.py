"""Land a file: a copy of its bytes under their sha256, durable before anything reads it, never changed after.

Only bytes belong here. The name that a file came with never becomes a path, and who sent it is the ledger's.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dagster_project.durable import sync_file, sync_folder
from dagster_project.paths import DataFolder

_CHUNK = 1 << 20
_READ_ONLY = 0o444


@dataclass(frozen=True)
class LandedFile:
    """The landed copy of a file."""

    sha256: str
    size_bytes: int
    path: Path


def land(source: Path, folder: DataFolder) -> LandedFile:
    """Copy ``source`` into the landing zone; a file whose bytes are known is left as it stands."""
    folder.landing.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder.landing, prefix=".", delete=False) as stream:
        aside = Path(stream.name)
        try:
            digest, size = hashlib.sha256(), 0
            with source.open("rb") as incoming:
                while chunk := incoming.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    stream.write(chunk)
            stream.flush()
            return _settle(aside, LandedFile(digest.hexdigest(), size, folder.landed(digest.hexdigest())))
        finally:
            aside.unlink(missing_ok=True)


def _settle(aside: Path, landed: LandedFile) -> LandedFile:
    if landed.path.is_file() and landed.path.stat().st_size == landed.size_bytes:
        return landed
    landed.path.parent.mkdir(exist_ok=True)
    sync_file(aside)
    aside.chmod(_READ_ONLY)
    aside.replace(landed.path)
    sync_folder(landed.path.parent)
    sync_folder(landed.path.parent.parent)
    return landed
