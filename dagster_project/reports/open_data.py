"""Marts as open data: CSV and Parquet, a data dictionary, and a manifest with the sha256 of each file.

Every mart of the release, except those that name people: who sent a file, and each cell as it was typed, names of
signatories among them. Figures keep their file, sheet and cell.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.release import Release
from dagster_project.reports.safe import csv_texts

MANIFEST = "manifest.json"
_INSIDE = ("fct_receipt", "fct_reported_cell")


@dataclass(frozen=True)
class Written:
    """One part that a manifest lists, and its rows where it is a table."""

    path: str
    rows: int | None


def write_open_data(release: Release, folder: Path, lang: str) -> Path:
    """Fill ``folder``; returns its manifest. CSV is UTF-8 with a byte order mark, so that Excel reads Vietnamese."""
    marts = list(dict.fromkeys(column.mart for column in release.columns() if column.mart not in _INSIDE))
    written = write_tables(((mart, release.mart(mart)) for mart in marts), folder)
    _dictionary(release, folder / "columns.csv")
    written.append(Written("columns.csv", None))
    manifest = folder / MANIFEST
    told = tell_manifest(release, folder, written, lang)
    manifest.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return manifest


def write_tables(tables: Iterable[tuple[str, pl.DataFrame]], folder: Path) -> list[Written]:
    """Write each table below ``folder`` as CSV and as Parquet."""
    written = []
    for kind in ("csv", "parquet"):
        (folder / kind).mkdir(parents=True)
    for name, frame in tables:
        write_csv(frame, folder / "csv" / f"{name}.csv")
        frame.write_parquet(folder / "parquet" / f"{name}.parquet", compression="zstd")
        written += [
            Written(f"csv/{name}.csv", frame.height),
            Written(f"parquet/{name}.parquet", frame.height),
        ]
    return written


def sha256_of(file: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_csv(frame: pl.DataFrame, file: Path) -> None:
    """Write what a spreadsheet opens without harm: UTF-8 with a byte order mark, texts quoted."""
    csv_texts(frame).write_csv(
        file,
        include_bom=True,
        quote_style="non_numeric",
        datetime_format="%Y-%m-%dT%H:%M:%SZ",
    )


def _dictionary(release: Release, file: Path) -> None:
    columns = [column for column in release.columns() if column.mart not in _INSIDE]
    frame = pl.DataFrame(
        {
            "table": [column.mart for column in columns],
            "column": [column.name for column in columns],
            "type": [column.type for column in columns],
            "description": [column.comment for column in columns],
        },
        schema=dict.fromkeys(("table", "column", "type", "description"), pl.String),
    )
    write_csv(frame, file)


def tell_manifest(release: Release, folder: Path, written: list[Written], lang: str) -> dict[str, Any]:
    """What a manifest says of the release and of each part that was written below ``folder``."""
    stamp = release.stamp
    notes = [message("reports.open_csv_note", lang), message("reports.note_unconfirmed", lang)]
    return {
        "release_id": stamp.release_id,
        "created_at": stamp.created_at.isoformat(),
        "content_hash": stamp.content_hash,
        "is_sample": stamp.is_sample,
        "mark": message("reports.sample_mark", lang) if stamp.is_sample else "",
        "notes": notes,
        "files": [
            {
                "path": item.path,
                "bytes": (folder / item.path).stat().st_size,
                "rows": item.rows,
                "sha256": sha256_of(folder / item.path),
            }
            for item in written
        ],
    }
