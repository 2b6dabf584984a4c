"""Marts as open data: CSV and Parquet, a data dictionary, and a manifest with the sha256 of each file.

What names people stays in the office: who sent, entered, decided, signed and wrote, their words, and each cell as it
was typed, names of signatories among them. Figures keep their file, sheet and cell.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.entered import HOW, WAITING_RULE
from dagster_project.reports.release import Column, Release
from dagster_project.reports.safe import csv_texts

MANIFEST = "manifest.json"
#: Marts about who did what, as a whole.
_INSIDE_MARTS = ("fct_document", "fct_receipt", "fct_report_text", "fct_reported_cell", "fct_round_state")
#: Columns of other marts that name people or hold officers' words: mart and column.
_INSIDE_COLUMNS = (
    ("dim_indicator", "confirmed_by"),
    # the notes of the parts, with those of officers among them; units' own stand in fct_reported_value
    ("fct_element_value", "note_text"),
    ("fct_finding", "decided_by"),
    ("fct_finding", "decision_reason"),
    ("fct_finding", "unit_response"),
    ("fct_reporting_rate", "note"),
)
_BY_HAND = pl.col("entered_how").is_in(HOW)
#: A package of the level below tells the notes of a figure's parts together, as fct_element_value does.
_NOTED_BY_HAND = pl.col("entered_how").is_in((*HOW, "package"))
_IS_WAITING = pl.col("rule_code") == WAITING_RULE
#: Columns that do so in some rows, and are blank there: mart, column and rows.
_INSIDE_CELLS = (
    ("fct_finding", "message_vi", _IS_WAITING),
    ("fct_finding", "message_en", _IS_WAITING),
    ("fct_reported_value", "source_text", _BY_HAND),
    ("fct_reported_value", "note_text", _NOTED_BY_HAND),
    ("fct_reported_value_history", "source_text", _BY_HAND),
    ("fct_reported_value_history", "note_text", _NOTED_BY_HAND),
)


@dataclass(frozen=True)
class Written:
    """One part that a manifest lists, and its rows where it is a table."""

    path: str
    rows: int | None


def write_open_data(release: Release, folder: Path, lang: str) -> Path:
    """Fill ``folder``; returns its manifest. CSV is UTF-8 with a byte order mark, so that Excel reads Vietnamese."""
    columns = [column for column in release.columns() if _is_open(column)]
    marts = dict.fromkeys(column.mart for column in columns)
    written = write_tables(((mart, _open_part(release, mart, columns)) for mart in marts), folder)
    _dictionary(columns, folder / "columns.csv")
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


def _is_open(column: Column) -> bool:
    return column.mart not in _INSIDE_MARTS and (column.mart, column.name) not in _INSIDE_COLUMNS


def _open_part(release: Release, mart: str, columns: Sequence[Column]) -> pl.DataFrame:
    """The rows of a mart with those of ``columns`` that are its own, blank where a cell stays inside."""
    frame = release.mart(mart).with_columns(
        pl.when(rows).then(None).otherwise(pl.col(column)).alias(column)
        for table, column, rows in _INSIDE_CELLS
        if table == mart
    )
    return frame.select(column.name for column in columns if column.mart == mart)


def _dictionary(columns: Sequence[Column], file: Path) -> None:
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
