"""A catalogue that was read and checked, kept typed: while its files are the same, that need not be done again.

A folder per catalogue holds its tables and what else the loading told. Whoever asks names it after everything that the
reading rests on.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import polars as pl

from dagster_project import durable
from dagster_project.catalogue.load import Catalogue, Problem
from dagster_project.catalogue.tables import TABLES

_TOLD = "told.json"


def keep(catalogue: Catalogue, folder: Path) -> None:
    """Write ``catalogue`` to ``folder``; what was kept beside it goes."""
    with durable.new_folder(folder) as aside:
        for name, frame in catalogue.tables.items():
            frame.write_parquet(aside / f"{name}.parquet")
        told = {
            "content_hash": catalogue.content_hash,
            "notes": [asdict(note) for note in catalogue.notes],
            "own_rows": catalogue.own_rows,
        }
        (aside / _TOLD).write_text(json.dumps(told), encoding="utf-8")
    # What another process is just writing aside is its own.
    durable.sweep(folder.parent, lambda name: name != folder.name and not name.startswith("."))


def find_kept(folder: Path, source: Path) -> Catalogue | None:
    """The catalogue in ``folder``, whose files lie in ``source``; None where there is none, or no whole one."""
    try:
        told = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
        tables = {name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLES}
        notes = tuple(Problem(**note) for note in told["notes"])
        return Catalogue(source, tables, told["content_hash"], notes, told["own_rows"])
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None
