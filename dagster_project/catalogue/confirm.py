"""Record that names of indicators were checked against the official appendix.

Only the rows of those indicators change, every other byte stays. Putting the table in place, and the log of it, are
the caller's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dagster_project.catalogue.load import load_catalogue
from dagster_project.errors import UsageError

_FILE = "indicators.csv"


@dataclass(frozen=True)
class Confirmed:
    """The table with its marks, and of each indicator the version that has them: name, first and last day."""

    table: bytes
    versions: Mapping[str, tuple[str, date | None, date | None]]


def confirmed(folder: Path, codes: Collection[str], *, by: str, on: date, valid_on: date) -> Confirmed:
    """Status, ``confirmed_by`` and ``confirmed_at`` (``on``) of the versions that are valid on a day.

    Where none of an indicator is, of its last version. Raises ``UsageError`` for codes that are not there and a blank
    ``by``, ``CatalogueError`` where the catalogue cannot be read.
    """
    if not by.strip():
        raise UsageError("catalogue.confirmed_by_blank")
    known = set(load_catalogue(folder).table("indicators")["indicator_code"])
    if lost := [code for code in dict.fromkeys(codes) if code not in known]:
        raise UsageError("catalogue.unknown_indicator", code=", ".join(lost))
    # Validity is inclusive, an open end is empty; ISO dates compare as text.
    day = valid_on.isoformat()
    marks = {"status": "official", "confirmed_by": by.strip(), "confirmed_at": on.isoformat()}
    records = _raw_records((folder / _FILE).read_bytes().decode("utf-8"))
    header = _cells(records[0].removeprefix("\ufeff"))
    lacking = [name for name in marks if name not in header]
    rows = [dict(zip(header, _cells(record), strict=False)) for record in records]
    if lacking:
        records = [
            _widened(record, lacking if number == 0 else [""] * len(lacking))
            for number, record in enumerate(records)
        ]
    versions: dict[str, tuple[str, date | None, date | None]] = {}
    for code in codes:
        own = [n for n, row in enumerate(rows) if n and row.get("indicator_code", "").strip() == code]
        valid = [
            n
            for n in own
            if (rows[n].get("valid_from") or day).strip() <= day <= (rows[n].get("valid_to") or day).strip()
        ]
        for number in valid or own[-1:]:
            records[number] = _marked(records[number], [*header, *lacking], marks)
            since, until = (_day(rows[number].get(name, "")) for name in ("valid_from", "valid_to"))
            versions[code] = rows[number].get("name_vi", "").strip(), since, until
    return Confirmed("".join(records).encode("utf-8"), versions)


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


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell.strip()) if cell.strip() else None


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
