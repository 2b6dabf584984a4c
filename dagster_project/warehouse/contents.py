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
    """The parts of marts that no build has made again since a release, by table and round, and that release."""

    release_id: str
    parts: Parts


def read_contents(folder: DataFolder, known: Parts, memory_mb: int) -> Sequence[marts.Mart]:
    """The marts of the build file, of which at most ``memory_mb`` are held in memory; none where there is no file.

    Parts that are ``known`` are not looked at.
    """
    if not folder.build_file.is_file():
        return ()
    with connect(folder.build_file, memory_mb=memory_mb, spill=folder.build_spill) as connection:
        return marts.describe(connection, known)


def read_kept(folder: DataFolder) -> Kept | None:
    """What was kept of this build or of the one that it went on from; None where there is nothing to go on from."""
    built = read_built(folder)
    try:
        told = json.loads((folder.build / _KEPT).read_text(encoding="utf-8"))
        parts = {
            table: {code: marts.Part(**part) for code, part in parts.items()}
            for table, parts in told["parts"].items()
        }
        build_id, release_id = told["build_id"], told["release_id"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if built is None or build_id not in (built.build_id, built.before):
        return None
    return Kept(release_id, parts if build_id == built.build_id else _not_made_again(parts, built))


def keep_contents(folder: DataFolder, release_id: str, contents: Sequence[marts.Mart]) -> None:
    """Keep what the build file holds for the next build that goes on from it."""
    if built := read_built(folder):
        parts = {mart.name: {code: asdict(part) for code, part in mart.parts.items()} for mart in contents}
        told = {"build_id": built.build_id, "release_id": release_id, "parts": parts}
        durable.write_text(folder.build / _KEPT, json.dumps(told, sort_keys=True))


def _not_made_again(parts: Parts, built: Built) -> Parts:
    return {table: _without(held, built.made.get(table, ())) for table, held in parts.items()}


def _without(parts: Mapping[str, marts.Part], rounds: Sequence[str] | None) -> Mapping[str, marts.Part]:
    """The parts but those of these rounds and of none; of no rounds all, of None nothing."""
    if rounds is None:
        return {}
    gone = {*rounds, marts.NO_ROUND} if rounds else set()
    return {code: part for code, part in parts.items() if code not in gone}
