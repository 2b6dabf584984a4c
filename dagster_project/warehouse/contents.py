"""What the marts of a build hold, as hashes, kept for the next build: of a part that is the same they are the same.

Kept beside the build file. How a part is hashed is ``marts``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple

from dagster_project import durable
from dagster_project.paths import DataFolder
from dagster_project.warehouse import marts
from dagster_project.warehouse.build import read_built
from dagster_project.warehouse.connection import connect

_KEPT = "contents.json"

#: The parts of marts, by table.
Parts = Mapping[str, Mapping[str, marts.Part]]


def read_contents(folder: DataFolder, known: Parts, memory_mb: int) -> Sequence[marts.Mart]:
    """The marts of the build file, of which at most ``memory_mb`` are held in memory; none where there is no file.

    Of parts that are ``known`` and look the same no hash is made.
    """
    if not folder.build_file.is_file():
        return ()
    with connect(folder.build_file, memory_mb=memory_mb, spill=folder.build_spill) as connection:
        return marts.describe(connection, known)


def read_kept(folder: DataFolder) -> Parts:
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
        made_by = told["made_by"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return parts if built is not None and made_by == built else {}


def keep_contents(folder: DataFolder, contents: Sequence[marts.Mart]) -> None:
    """Keep what the build file holds for the next build that goes on from it."""
    if built := read_built(folder):
        parts = {
            mart.name: {code: (*astuple(part.seen), part.sha256) for code, part in mart.parts.items()}
            for mart in contents
        }
        told = {"made_by": built, "parts": parts}
        durable.write_text(folder.build / _KEPT, json.dumps(told, sort_keys=True))
