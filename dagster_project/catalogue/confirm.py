"""Record that the name of an indicator was checked against the official appendix.

Only the row of that indicator changes, every other byte stays. Who may do so, and the log of it, are the caller's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from dagster_project import durable
from dagster_project.catalogue.load import load_catalogue
from dagster_project.errors import UsageError

_FILE = "indicators.csv"


def confirm(folder: Path, indicator_code: str, *, by: str, on: date) -> None:
    """Set status, ``confirmed_by`` and ``confirmed_at`` of the version that is valid ``on`` that day.

    Where none is, of the last version. Raises ``UsageError`` for an unknown code or a blank ``by``, ``CatalogueError``
    where the catalogue cannot be read.
    """
    if not by.strip():
        raise UsageError("catalogue.confirmed_by_blank")
    versions = load_catalogue(folder).table("indicators").filter(indicator_code=indicator_code)
    if versions.is_empty():
        raise UsageError("catalogue.unknown_indicator", code=indicator_code)
    # Validity is inclusive, an open end is empty; ISO dates compare as text.
    day = on.isoformat()
    marks = {"status": "official", "confirmed_by": by.strip(), "confirmed_at": day}
    records = _raw_records((folder / _FILE).read_bytes().decode("utf-8"))
    header = _cells(records[0].removeprefix("\ufeff"))
    lacking = [name for name in marks if name not in header]
    rows = [dict(zip(header, _cells(record), strict=False)) for record in records]
    own = [n for n, row in enumerate(rows) if n and row.get("indicator_code", "").strip() == indicator_code]
    valid = [
        n
        for n in own
        if (rows[n].get("valid_from") or day).strip() <= day <= (rows[n].get("valid_to") or day).strip()
    ]
    if lacking:
        records = [
            _widened(record, lacking if number == 0 else [""] * len(lacking))
            for number, record in enumerate(records)
        ]
    for number in valid or own[-1:]:
        records[number] = _marked(records[number], [*header, *lacking], marks)
    durable.write_bytes(folder / _FILE, "".join(records).encode("utf-8"))


def _raw_records(text: str) -> list[str]:
    """Records with their line ends; a record goes on while a quote is open."""
    records: list[str] = []
    for line in io.StringIO(text, newline=""):
        if records and records[-1].count('"') % 2:
            records[-1] += line
        else:
            records.append(line)
    return records


def _cells(record: str) -> list[str]:
    return next(csv.reader(io.StringIO(record, newline="")), [])


def _parted(record: str) -> tuple[str, str]:
    body = record.rstrip("\r\n")
    return body, record[len(body) :]


def _widened(record: str, cells: list[str]) -> str:
    body, end = _parted(record)
    return ",".join([body, *cells]) + end if body else record


def _marked(record: str, header: list[str], marks: Mapping[str, str]) -> str:
    body, end = _parted(record)
    row = dict(zip(header, _cells(body), strict=True)) | dict(marks)
    line = io.StringIO()
    csv.writer(line, lineterminator=end).writerow(row.values())
    return line.getvalue()
