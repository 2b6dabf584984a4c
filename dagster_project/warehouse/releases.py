"""Releases: the marts of one build as one file, its content hash, its manifest, and the pointer to the current one.

A release is written aside, put in place whole, and pointed to last, so that a crash at any instant leaves the old one
or the new one. Building is ``build``; reading figures from a release is ``summary``, ``sql``, ``trace`` and reports.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project import durable
from dagster_project.errors import KhoError, UsageError
from dagster_project.paths import DataFolder
from dagster_project.settings import BUILD_MEMORY_MB
from dagster_project.text import sql_literal
from dagster_project.warehouse import marts
from dagster_project.warehouse.build import is_as_released, note_released
from dagster_project.warehouse.connection import connect
from dagster_project.warehouse.contents import Kept, keep_contents, read_contents, read_kept

RELEASE_FILE = "kho.duckdb"
_MANIFEST = "manifest.json"
_RELEASE_ID = re.compile(r"R(\d{4,})-[0-9a-f]{8}")

#: The oldest storage format: read by every DuckDB client that analysts have.
_STORAGE_VERSION = "v1.0.0"

#: Rows up to which a release is written in the order in which people look for them; a larger one is the build file.
_WRITTEN_IN_ORDER = 2_000_000


@dataclass(frozen=True)
class Release:
    """What ``make_release`` made, or found unchanged."""

    release_id: str
    changed: bool
    content_hash: str


@dataclass(frozen=True)
class Manifest:
    """``manifest.json`` of a release: what it was made from and what it holds; ``created_at`` in ISO form."""

    release_id: str
    created_at: str
    content_hash: str
    inputs_hash: str
    catalogue_hash: str
    code_version: str
    is_sample: bool
    sha256: str
    rows: Mapping[str, int] = field(default_factory=dict)
    mart_hashes: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return asdict(self)


def make_release(
    folder: DataFolder,
    *,
    inputs_hash: str,
    catalogue_hash: str,
    code_version: str,
    is_sample: bool,
    created_at: datetime,
    keep: int,
    always_kept: Collection[str] = (),
    memory_mb: int = BUILD_MEMORY_MB,
    record: Callable[[Release], None] = lambda _made: None,
) -> Release:
    """The build file's marts as the current release, or the current one where nothing in them changed.

    Equal content makes no second release: the manifest then only learns the new inputs, so that the next run has
    nothing to do. The last ``keep`` releases stay, and those that are ``always_kept``. ``record`` hears of it before
    anything tells that these inputs are released: what a crash keeps it from writing is written by the next run. The
    caller holds the build lock.
    """
    contents = _read_build(folder, read_kept(folder), memory_mb)
    content_hash = _combined(contents)
    current = current_manifest(folder)
    known = _same_content(folder, content_hash, current, is_sample=is_sample)
    if known is None:
        known = Manifest(
            release_id=f"R{_next_number(folder):04d}-{content_hash[:8]}",
            created_at=created_at.isoformat(timespec="seconds"),
            content_hash=content_hash,
            inputs_hash=inputs_hash,
            catalogue_hash=catalogue_hash,
            code_version=code_version,
            is_sample=is_sample,
            sha256="",
            rows={mart.name: mart.rows for mart in contents},
            mart_hashes={mart.name: mart.sha256 for mart in contents},
        )
        _write_release(folder, known, contents, memory_mb)
    changed = current is None or current.release_id != known.release_id
    made = Release(known.release_id, changed, content_hash)
    record(made)
    learned = replace(
        known, inputs_hash=inputs_hash, catalogue_hash=catalogue_hash, code_version=code_version
    )
    if learned != known:
        _write_manifest(folder.release(known.release_id), learned)
    if changed:
        durable.write_text(folder.current_release, known.release_id + "\n")
    keep_contents(folder, contents)
    _drop_old(folder, keep, always_kept)
    return made


def make_aside(
    folder: DataFolder,
    *,
    inputs: Mapping[str, str],
    is_sample: bool,
    created_at: datetime,
    keep: int,
    memory_mb: int = BUILD_MEMORY_MB,
) -> Path:
    """The build file's marts as a folder beside the releases, in their form; no release and no pointer changes.

    ``inputs`` are inputs_hash, catalogue_hash and code_version. The newest ``keep`` such folders stay. The caller
    holds the build lock.
    """
    contents = _read_build(folder, Kept(), memory_mb)
    made = folder.release(_aside_id(inputs["inputs_hash"]))
    manifest = Manifest(
        release_id=made.name,
        created_at=created_at.isoformat(timespec="seconds"),
        content_hash=_combined(contents),
        **inputs,
        is_sample=is_sample,
        sha256="",
        rows={mart.name: mart.rows for mart in contents},
        mart_hashes={mart.name: mart.sha256 for mart in contents},
    )
    _write_release(folder, manifest, contents, memory_mb)
    others = sorted(folder.known.glob("K-*/"), key=lambda path: (path == made, path.stat().st_mtime))
    dropped = [path.name for path in others[:-keep]]
    durable.sweep(folder.known, lambda name: name in dropped)
    return made


def find_aside(folder: DataFolder, inputs_hash: str) -> Path | None:
    """The release, else the folder beside the releases, that was made from these inputs."""
    for manifest in list_releases(folder):
        if manifest.inputs_hash == inputs_hash:
            return folder.release(manifest.release_id)
    beside = _read_manifest(folder.release(_aside_id(inputs_hash)))
    return folder.release(beside.release_id) if beside and beside.inputs_hash == inputs_hash else None


def current_release(folder: DataFolder) -> str | None:
    """The id that the pointer names, where that release is whole."""
    manifest = current_manifest(folder)
    return manifest.release_id if manifest else None


def current_manifest(folder: DataFolder) -> Manifest | None:
    """The manifest of the current release."""
    try:
        release_id = folder.current_release.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return _read_manifest(folder.release(release_id)) if _RELEASE_ID.fullmatch(release_id) else None


def find_release(folder: DataFolder, told: str) -> Manifest:
    """The kept release with this id, or whose id begins so (R0007); ``UsageError`` where none or several do."""
    found = [
        item for item in list_releases(folder) if item.release_id.lower().startswith(told.strip().lower())
    ]
    if len(found) != 1 or not told.strip():
        kept = ", ".join(item.release_id for item in list_releases(folder))
        raise UsageError("releases.unknown", given=told, kept=kept or "–")
    return found[0]


def read_manifest(folder: DataFolder, release_id: str) -> Manifest:
    """The manifest of a release, or of a build beside them; ``KhoError`` where it is not whole."""
    manifest = _read_manifest(folder.release(release_id))
    if manifest is None:
        raise KhoError("releases.damaged", release=release_id)
    return manifest


def is_whole(folder: DataFolder, manifest: Manifest) -> bool:
    """Whether a release's file is still what its manifest says."""
    return durable.file_hash(folder.release(manifest.release_id) / RELEASE_FILE) == manifest.sha256


def check_whole(folder: DataFolder, manifest: Manifest) -> None:
    """``KhoError`` where a release's file is no longer what its manifest says."""
    if not is_whole(folder, manifest):
        raise KhoError("releases.damaged", release=manifest.release_id)


def point_to(folder: DataFolder, manifest: Manifest) -> None:
    """Make a kept release the current one again; the caller holds the build lock."""
    durable.write_text(folder.current_release, manifest.release_id + "\n")


def list_releases(folder: DataFolder) -> list[Manifest]:
    """Every whole release, newest first; what a crash left half-written is passed over."""
    if not folder.releases.is_dir():
        return []
    found = [_read_manifest(path) for path in folder.releases.iterdir() if _RELEASE_ID.fullmatch(path.name)]
    return sorted(
        (manifest for manifest in found if manifest), key=lambda item: _number(item.release_id), reverse=True
    )


def _aside_id(inputs_hash: str) -> str:
    return f"K-{inputs_hash[:12]}"


def _read_build(folder: DataFolder, kept: Kept, memory_mb: int) -> Sequence[marts.Mart]:
    if folder.build_file.is_file() and not is_as_released(folder):
        raise KhoError("warehouse.build_damaged", file=folder.build_file)
    contents = read_contents(folder, kept, memory_mb)
    if not contents:
        raise KhoError("warehouse.nothing_built", file=folder.build_file)
    return contents


def _combined(contents: Sequence[marts.Mart]) -> str:
    lines = sorted(f"{mart.name}:{mart.sha256}" for mart in contents)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _same_content(
    folder: DataFolder, content_hash: str, current: Manifest | None, *, is_sample: bool
) -> Manifest | None:
    """The current release, or a later one that a crash left without the pointer, if it holds just this."""
    first = _number(current.release_id) if current else 0
    for manifest in list_releases(folder):
        if (
            _number(manifest.release_id) >= first
            and manifest.content_hash == content_hash
            and manifest.is_sample == is_sample
            and durable.file_hash(folder.release(manifest.release_id) / RELEASE_FILE) == manifest.sha256
        ):
            return manifest
    return None


def _write_release(
    folder: DataFolder, manifest: Manifest, contents: Sequence[marts.Mart], memory_mb: int
) -> None:
    with durable.new_folder(folder.release(manifest.release_id)) as aside:
        file = aside / RELEASE_FILE
        if sum(mart.rows for mart in contents) <= _WRITTEN_IN_ORDER:
            _write_in_order(folder, contents, file, memory_mb)
            sha256 = durable.file_hash(file)
        else:
            sha256 = _take_build(folder, file)
        file.chmod(0o444)  # an analyst's client that opens it for writing would lock out every reader
        _write_manifest(aside, replace(manifest, sha256=sha256))


def _write_in_order(folder: DataFolder, contents: Sequence[marts.Mart], file: Path, memory_mb: int) -> None:
    """Write the marts as people look for their rows; what is published is what was built: the file is read again."""
    with connect(memory_mb=memory_mb, spill=folder.build_spill) as connection:
        connection.execute(f"attach {sql_literal(folder.build_file)} as build (read_only)")
        connection.execute(
            f"attach {sql_literal(file)} as release (storage_version {sql_literal(_STORAGE_VERSION)})"
        )
        connection.execute(f"create schema release.{marts.SCHEMA}")
        for mart in contents:
            marts.copy(connection, mart, "build", "release")
        connection.execute("checkpoint release")
        connection.execute("detach release")
        connection.execute(f"attach {sql_literal(file)} as written (read_only)")
        for mart in contents:
            if not marts.is_copied(connection, mart, "written"):
                raise KhoError("warehouse.copy_differs", table=mart.name)


def _take_build(folder: DataFolder, file: Path) -> str:
    """Let the build file be the release, under a second name; returns its sha256. The next build writes to a copy."""
    # A full disk may have left beside the file what belongs in it.
    if folder.build_file.with_name(f"{folder.build_file.name}.wal").exists():
        with duckdb.connect(str(folder.build_file)) as connection:
            connection.execute("checkpoint")
    durable.link(folder.build_file, file)
    sha256 = durable.file_hash(file)
    if not file.samefile(folder.build_file) and sha256 != durable.file_hash(folder.build_file):
        raise KhoError("warehouse.copy_differs", table=RELEASE_FILE)
    note_released(folder, sha256)
    return sha256


def _write_manifest(release_dir: Path, manifest: Manifest) -> None:
    content = json.dumps(manifest.as_json(), ensure_ascii=False, indent=2, sort_keys=True)
    durable.write_text(release_dir / _MANIFEST, content + "\n")


def _read_manifest(release_dir: Path) -> Manifest | None:
    if not (release_dir / RELEASE_FILE).is_file():
        return None
    try:
        told = json.loads((release_dir / _MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**{item.name: told[item.name] for item in fields(Manifest)})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if manifest.release_id == release_dir.name else None


def _next_number(folder: DataFolder) -> int:
    """One more than any folder there, whole or not, and than what the pointer names."""
    names = [path.name for path in folder.releases.iterdir()] if folder.releases.is_dir() else []
    if folder.current_release.is_file():
        names.append(folder.current_release.read_text(encoding="utf-8").strip())
    return max((_number(name) for name in names if _RELEASE_ID.fullmatch(name)), default=0) + 1


def _number(release_id: str) -> int:
    return int(release_id[1:].split("-", maxsplit=1)[0])


def _drop_old(folder: DataFolder, keep: int, always_kept: Collection[str]) -> None:
    stay = {current_release(folder), *always_kept}
    for manifest in list_releases(folder)[keep:]:
        if manifest.release_id not in stay:
            release_dir = folder.release(manifest.release_id)
            shutil.rmtree(release_dir.rename(release_dir.with_name(f".{release_dir.name}.old")))
