"""Filled forms of a commune, a province or the nation: issued ones, with the figures of a clean season.

A handful of areas get figures of their own; the others carry the figures of one of these under their own codes, so
that a nation of forms is written in minutes and every file differs from every other.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from dagster_project.catalogue.load import Catalogue, load_catalogue
from tests.faultset.blank import Blank, issue_blanks
from tests.faultset.places import write_catalogue
from tests.faultset.season import Spot, make_spots

UNITS = 12
#: Areas with figures of their own.
PATTERNS = 20
_BATCH = 500

#: By pattern area and kind of unit: what is filled into which cell.
Cells = Mapping[tuple[int, str], Mapping[str, float | str]]


def write_workbooks(
    folder: Path, workbooks: int, *, year: int, seed: int, processes: int
) -> tuple[Path, Path]:
    """Write ``workbooks`` forms of the data year ``year``; returns the catalogue's folder and the inbox."""
    areas = -(-workbooks // UNITS)
    catalogue, inbox = folder / "catalogue", folder / "inbox"
    write_catalogue(folder / "patterns", min(areas, PATTERNS))
    patterns = load_catalogue(folder / "patterns")
    blanks = issue_blanks(patterns, f"2244-X-{year}")
    cells = _cells(pattern_season(patterns, year, seed), blanks)
    write_catalogue(catalogue, areas)
    inbox.mkdir(parents=True)
    chosen = [(area, kind) for area in range(1, areas + 1) for kind in blanks][:workbooks]
    with ProcessPoolExecutor(processes) as pool:
        batches = [chosen[at : at + _BATCH] for at in range(0, len(chosen), _BATCH)]
        list(pool.map(partial(_write, inbox, blanks, cells), batches))
    with (inbox / "receipts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("file", "received_at", "sender", "channel"))
        writer.writerows(
            (blanks[kind].file_name(area), f"{year + 1}-03-10T08:00:00+07:00", "", "email")
            for area, kind in chosen
        )
    return catalogue, inbox


def _write(inbox: Path, blanks: Mapping[str, Blank], cells: Cells, chosen: Sequence[tuple[int, str]]) -> None:
    for area, kind in chosen:
        content = blanks[kind].fill(area, cells.get(((area - 1) % PATTERNS + 1, kind), {}))
        (inbox / blanks[kind].file_name(area)).write_bytes(content)


def pattern_season(patterns: Catalogue, year: int, seed: int) -> list[Spot]:
    """The figures of the pattern areas for ``year``."""
    return [spot for spot in make_spots(patterns, [year - 1, year], seed) if spot.year == year]


def _cells(spots: Sequence[Spot], blanks: Mapping[str, Blank]) -> Cells:
    cells: dict[tuple[int, str], dict[str, float | str]] = defaultdict(dict)
    for spot in spots:
        cells[spot.area, spot.kind].update(filled_cells(blanks[spot.kind], spot))
    return cells


def filled_cells(blank: Blank, spot: Spot) -> dict[str, float | str]:
    """What a unit fills in for one figure, by the name of the cell."""
    if not spot.value:
        word = "Không phát sinh" if spot.value is not None else "Không áp dụng"
        return {blank.cell(spot.code, "TT"): word}
    return {
        blank.cell(spot.code, "GT"): spot.value,
        blank.cell(spot.code, "LSL"): "Chính thức",
        blank.cell(spot.code, "NSL"): "Sổ theo dõi của đơn vị",
    }
