"""A catalogue folder with many areas of equal units: the reference catalogue, its units repeated for each area.

What these units report is the reference catalogue's own; the figures and the files stand elsewhere (``season``,
``blank``).
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dagster_project.paths import Project

#: Letters before the units of the area that the reference catalogue has today.
_PATTERN = "BL"
_PATTERN_AREA = "03390"
_REPLACED = ("reporting_unit_successions", "unit_aliases")

Row = dict[str, str]


def area_code(number: int) -> str:
    """Code of the made-up area ``number``, from 1; no real one begins so."""
    return f"9{number:04d}"


def prefix(number: int) -> str:
    """What the codes of the area's units begin with."""
    return f"A{number:04d}"


def area_name(number: int) -> str:
    return f"Xã Minh họa {number:04d}"


def write_catalogue(folder: Path, areas: int) -> None:
    """Write a catalogue with ``areas`` areas, each with the units and duties of the reference catalogue's own."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(Project().reference.glob("*.csv")):
        shutil.copyfile(file, folder / file.name)
    for name in _REPLACED:
        header, _ = _read(name)
        _write(folder, name, header, [])
    numbers = range(1, areas + 1)
    header, rows = _read("areas")
    pattern = next(row for row in rows if row["area_code"] == _PATTERN_AREA and row["valid_from"])
    made = [
        {
            **pattern,
            "area_code": area_code(number),
            "name_vi": area_name(number),
            "name_en": area_name(number),
        }
        for number in numbers
    ]
    _write(folder, "areas", header, [*rows, *made])
    for name in ("reporting_units", "assignments"):
        header, rows = _read(name)
        ours = [row for row in rows if row["reporting_unit_code"].startswith(f"{_PATTERN}-")]
        _write(folder, name, header, [_moved(row, number) for number in numbers for row in ours])


def _moved(row: Mapping[str, str], number: int) -> Row:
    _, kind = row["reporting_unit_code"].split("-", 1)
    moved = {**row, "reporting_unit_code": f"{prefix(number)}-{kind}"}
    return {**moved, "area_code": area_code(number)} if "area_code" in row else moved


def _read(name: str) -> tuple[Sequence[str], list[Row]]:
    with (Project().reference / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        return list(reader.fieldnames or ()), list(reader)


def _write(folder: Path, name: str, header: Sequence[str], rows: Iterable[Row]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
