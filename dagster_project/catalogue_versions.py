"""The catalogue of an office through time: the one way to change it, and what was in force at a moment.

Every state that was used or imported is kept in the data folder, with who, when and why in the ledger. Which tables
change is decided by those who call ``change_catalogue``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import Catalogue, CatalogueError, load_catalogue
from dagster_project.catalogue.versions import is_kept, keep, load_version, own_hash, put_tables, with_tables
from dagster_project.errors import UsageError
from dagster_project.ledger.catalogue_log import CatalogueVersion, add_version, list_versions
from dagster_project.ledger.store import open_ledger
from dagster_project.paths import Project
from dagster_project.settings import Settings

_SHORTEST_HASH = 4


def change_catalogue(
    settings: Settings,
    tables: Mapping[str, bytes],
    *,
    how: str,
    at: datetime,
    by: str,
    reason: str = "",
    document: str = "",
    source: tuple[str, str] = ("", ""),
) -> CatalogueVersion | None:
    """Put ``tables`` (CSV by name) in the place of the office's own as a new version; None where nothing differs.

    ``source``: name and sha256 of the file that they were taken from. Raises ``CatalogueError`` where the result has
    problems; then nothing is written. The ledger comes before the tables: no state is in force that was not logged.
    """
    beside = settings.reference_areas
    old = load_catalogue(settings.catalogue, beside)
    new = with_tables(settings.catalogue, tables, beside)
    problems = check(new)
    if problems:
        raise CatalogueError(problems)
    settings.folder.make()
    notice(settings, old, at)
    if own_hash(old) == own_hash(new):
        return None
    keep(new, settings.folder.catalogue_versions)
    version = CatalogueVersion(
        content_hash=own_hash(new),
        how=how,
        made_at=at,
        made_by=by.strip(),
        reason=reason.strip(),
        document=document.strip(),
        source_name=source[0],
        source_sha256=source[1],
    )
    add_version(open_ledger(settings.ledger), version)
    put_tables(settings.catalogue, tables)
    return version


def notice(settings: Settings, catalogue: Catalogue, at: datetime) -> CatalogueVersion | None:
    """Keep the catalogue in use; where the ledger does not know it as the last one, say since when it was seen."""
    keep(catalogue, settings.folder.catalogue_versions)
    ledger = open_ledger(settings.ledger)
    known, found = list_versions(ledger), own_hash(catalogue)
    if known and known[-1].content_hash == found:
        return None
    is_shipped = settings.catalogue == Project().reference
    how = "shipped" if is_shipped else "edited" if known else "first"
    version = CatalogueVersion(content_hash=found, how=how, made_at=at)
    add_version(ledger, version)
    return version


def version_in_force(settings: Settings, at: datetime) -> CatalogueVersion | None:
    """The version that was in force ``at`` that moment; None before the first one was seen."""
    known = list_versions(open_ledger(settings.ledger))
    return next((version for version in reversed(known) if version.made_at <= at), None)


def catalogue_in_force(settings: Settings, at: datetime) -> Catalogue | None:
    """The catalogue that was in force ``at`` that moment, as it was; None before the first one was seen."""
    version = version_in_force(settings, at)
    if version is None:
        return None
    kept = settings.folder.catalogue_versions
    if not is_kept(kept, version.content_hash):
        # a folder brought back from landing and ledger alone may still use the very catalogue of then
        in_use = load_catalogue(settings.catalogue, settings.reference_areas)
        if own_hash(in_use) == version.content_hash:
            return in_use
    return load_version(kept, version.content_hash, settings.reference_areas)


def catalogue_told(settings: Settings, told: str) -> Catalogue:
    """The catalogue that a person names: a folder, the number of a version, or the beginning of its hash."""
    if Path(told).is_dir():
        return load_catalogue(Path(told))
    versions = list_versions(open_ledger(settings.ledger)) if settings.has_ledger else []
    hashes = {
        version.content_hash
        for version in versions
        if told == str(version.number)
        or (len(told) >= _SHORTEST_HASH and version.content_hash.startswith(told.lower()))
    }
    if len(hashes) != 1:
        raise UsageError("versions.unknown", version=told)
    return load_version(settings.folder.catalogue_versions, hashes.pop())
