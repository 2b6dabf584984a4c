"""What the marts of a build hold, as hashes: of the rounds that it did not make again, those of the build before.

Kept beside the build file, with the release that holds just this. Which rounds a build made again is ``build``, how a
part is hashed is ``marts``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from dagster_project import durable
from dagster_project.paths import DataFolder
from dagster_project.warehouse import marts
from dagster_project.warehouse.build import Built, read_built
from dagster_project.warehouse.connection import connect

_KEPT = "contents.json"

Parts = Mapping[str, Mapping[str, marts.Part]]


@dataclass(frozen=True)
class Kept:
    """What the marts of an earlier build held, by table and round, and the release that holds the same."""

    build_id: str
    release_id: str
    parts: Parts


def read_contents(folder: DataFolder, kept: Kept | None, memory_mb: int) -> Sequence[marts.Mart]:
    """The marts of the build file, of which at most ``memory_mb`` are held in memory; none where there is no file.

    Those parts that are ``kept`` and that no build since has made again are not looked at.
    """
    if not folder.build_file.is_file():
        return ()
    built = read_built(folder)
    known = _still_known(kept, built) if kept and built else {}
    with connect(folder.build_file, memory_mb=memory_mb, spill=folder.build_spill) as connection:
        return marts.describe(connection, known)


def read_kept(folder: DataFolder) -> Kept | None:
    """What was kept of this build or of the one that it went on from: the models were the same then."""
    built = read_built(folder)
    try:
        told = json.loads((folder.build / _KEPT).read_text(encoding="utf-8"))
        parts = {
            table: {code: marts.Part(**part) for code, part in parts.items()}
            for table, parts in told["parts"].items()
        }
        kept = Kept(told["build_id"], told["release_id"], parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return kept if built and kept.build_id in (built.build_id, built.before) else None


def keep_contents(folder: DataFolder, release_id: str, contents: Sequence[marts.Mart]) -> None:
    """Keep what the build file holds for the next build that goes on from it."""
    if built := read_built(folder):
        kept = Kept(built.build_id, release_id, {mart.name: mart.parts for mart in contents})
        durable.write_text(folder.build / _KEPT, json.dumps(asdict(kept), sort_keys=True))


def _still_known(kept: Kept, built: Built) -> Parts:
    if kept.build_id == built.build_id:
        return kept.parts
    return {table: _without(parts, built.made.get(table, ())) for table, parts in kept.parts.items()}


def _without(parts: Mapping[str, marts.Part], rounds: Sequence[str] | None) -> Mapping[str, marts.Part]:
    """The parts but those of these rounds and of none; of no rounds all, of None nothing."""
    if rounds is None:
        return {}
    gone = {*rounds, marts.NO_ROUND} if rounds else set()
    return {code: part for code, part in parts.items() if code not in gone}
