"""What the marts of a build hold, as hashes, kept for the next build: of a part that is the same they are the same.

Kept beside the build file. How a part is hashed is ``marts``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

from dagster_project import durable
from dagster_project.paths import DataFolder
from dagster_project.warehouse import marts
from dagster_project.warehouse.build import read_built
from dagster_project.warehouse.connection import connect

_KEPT = "contents.json"

#: The parts of marts, by table.
Parts = Mapping[str, Mapping[str, marts.Part]]


@dataclass(frozen=True)
class Kept:
    """The parts of a build before, and what was made anew since; None: that may be anything."""

    parts: Parts = field(default_factory=dict)
    reached: marts.Reached | None = None


def read_contents(folder: DataFolder, kept: Kept, memory_mb: int) -> Sequence[marts.Mart]:
    """The marts of the build file, of which at most ``memory_mb`` are held in memory; none where there is no file.

    Of parts that were ``kept`` and look the same no hash is made.
    """
    if not folder.build_file.is_file():
        return ()
    with connect(folder.build_file, memory_mb=memory_mb, spill=folder.build_spill) as connection:
        return marts.describe(connection, kept.parts, kept.reached)


def read_kept(folder: DataFolder) -> Kept:
    """What was kept of a build by the models that made the build file; nothing where there is none to go on from."""
    built = read_built(folder)
    try:
        told = json.loads((folder.build / _KEPT).read_text(encoding="utf-8"))
        parts = {
            table: {
                code: marts.Part(marts.Seen(rows, total, parity), sha256)
                for code, (rows, total, parity, sha256) in parts.items()
            }
            for table, parts in told["parts"].items()
        }
        made_by, build = told["made_by"], told["build"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Kept()
    if built is None or made_by != built.made_by:
        return Kept()
    return Kept(parts, built.reached if build == built.went_on_from else None)


def keep_contents(folder: DataFolder, contents: Sequence[marts.Mart]) -> None:
    """Keep what the build file holds for the next build that goes on from it."""
    if built := read_built(folder):
        parts = {
            mart.name: {code: (*astuple(part.seen), part.sha256) for code, part in mart.parts.items()}
            for mart in contents
        }
        told = {"made_by": built.made_by, "build": built.build, "parts": parts}
        durable.write_text(folder.build / _KEPT, json.dumps(told, sort_keys=True))
