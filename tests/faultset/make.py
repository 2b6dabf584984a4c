"""Three years of forms from many areas: two clean, in the last one every kind of fault planted where it fits.

``make`` writes the inbox and the catalogue, and gives what was planted where and what the right figures are. Running
the forms through the gates is ``run``, counting what came of it ``judge``.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from dagster_project.catalogue.load import Catalogue, load_catalogue
from tests.faultset.blank import Blank, issue_blanks
from tests.faultset.cell_kinds import CELL_KINDS
from tests.faultset.file_kinds import FILE_KINDS
from tests.faultset.kinds import CellKind, FileKind, Mark, Reading, figure
from tests.faultset.places import write_catalogue
from tests.faultset.season import Spot, make_spots
from tests.sample.workbook import Form

YEARS = (2025, 2026, 2027)
FAULTY = YEARS[-1]
#: Figures that one area reports a year.
CELLS_OF_AREA = 131
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

#: Reporting unit, data element, category, year.
Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Planted:
    """One fault: which, in which file, and at which cell (empty where it is about the whole file)."""

    kind: CellKind | FileKind
    file: str
    spot: Spot
    cell: str = ""
    also: str = ""
    reading: Reading | None = None
    cells: Mapping[str, str] = field(default_factory=dict)  # of a whole file: changed cells by row code


@dataclass
class Made:
    """What was written."""

    catalogue: Path
    inbox: Path
    truth: dict[Key, Reading]
    planted: list[Planted]
    files: dict[str, int]  # year of each file

    @property
    def cells(self) -> int:
        """Figures asked for in the year with faults."""
        return sum(year == FAULTY for *_, year in self.truth)


def make(folder: Path, seed: int, cells: int) -> Made:
    """Write catalogue and inbox below ``folder`` with at least ``cells`` figures in the year with faults."""
    areas = -(-cells // CELLS_OF_AREA)
    write_catalogue(folder / "catalogue", areas)
    (folder / "inbox").mkdir()
    catalogue = load_catalogue(folder / "catalogue")
    spots = make_spots(catalogue, YEARS, seed)
    truth = {_key(spot): figure(spot.value) for spot in spots}
    made = Made(folder / "catalogue", folder / "inbox", truth, [], {})
    _Writer(catalogue, made, Random(seed), areas).write(spots)  # noqa: S311
    return made


def _key(spot: Spot) -> Key:
    return spot.unit_code, spot.element, spot.category, spot.year


class _Writer:
    """The files of all units being written."""

    def __init__(self, catalogue: Catalogue, made: Made, rng: Random, areas: int) -> None:
        self.made = made
        self.rng = rng
        self.areas = areas
        self.blanks = {year: issue_blanks(catalogue, f"2244-X-{year}") for year in YEARS}
        self.arrivals: list[tuple[str, str, str, str]] = []

    def write(self, spots: Sequence[Spot]) -> None:
        forms: dict[tuple[int, str], list[Spot]] = defaultdict(list)
        for spot in spots:
            forms[spot.year, spot.unit_code].append(spot)
        plan = plan_faults(
            [form for (year, _), form in forms.items() if year == FAULTY], self.areas, self.rng
        )
        for (year, unit), form in forms.items():
            here = plan.whole.get(unit) if year == FAULTY else None
            if here:
                self._write_whole(form, here)
            elif year == FAULTY and unit in plan.cells:
                self._write_cells(form, plan.cells[unit])
            else:
                self._send(form, self._filled(form))
        with (self.made.inbox / "receipts.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("file", "received_at", "sender", "channel"))
            writer.writerows(self.arrivals)

    def _blank(self, form: Sequence[Spot]) -> Blank:
        return self.blanks[form[0].year][form[0].kind]

    def _name(self, form: Sequence[Spot]) -> str:
        return self._blank(form).file_name(form[0].area)

    def _filled(self, form: Sequence[Spot]) -> bytes:
        blank, cells = self._blank(form), dict[str, float | str]()
        for spot in form:
            if not spot.value:
                word = "Không phát sinh" if spot.value is not None else "Không áp dụng"
                cells[blank.cell(spot.code, "TT")] = word
                continue
            cells[blank.cell(spot.code, "GT")] = spot.value
            cells[blank.cell(spot.code, "LSL")] = "Chính thức"
            cells[blank.cell(spot.code, "NSL")] = "Sổ theo dõi của đơn vị"
        return blank.fill(form[0].area, cells)

    def _send(self, form: Sequence[Spot], content: bytes | Form, *, name: str = "", day: int = 70) -> None:
        """Put a file into the inbox; it came ``day`` days into the next year."""
        name = name or self._name(form)
        if isinstance(content, bytes):
            (self.made.inbox / name).write_bytes(content)
        else:
            content.save(self.made.inbox / name)
        moment = datetime(form[0].year + 1, 1, 1, 8, tzinfo=_ZONE) + timedelta(days=day, seconds=form[0].area)
        self.arrivals.append((name, moment.isoformat(), "", "email"))
        self.made.files[name] = form[0].year

    def _open(self, form: Sequence[Spot]) -> Form:
        return Form(io.BytesIO(self._filled(form)))  # type: ignore[arg-type]

    def _write_cells(self, form: Sequence[Spot], chosen: Sequence[tuple[CellKind, Spot]]) -> None:
        opened, name = self._open(form), self._name(form)
        for kind, spot in chosen:
            mark: Mark = kind.plant(opened, spot, self.rng)
            self.made.planted.append(Planted(kind, name, spot, mark.cell, mark.also, mark.reading))
            if mark.reading:
                self.made.truth[_key(spot)] = mark.reading
        self._send(form, opened)

    def _write_whole(self, form: Sequence[Spot], kind: FileKind) -> None:
        opened, name = self._open(form), self._name(form)
        cells: dict[str, str] = {}
        if kind.arrives == "missing":
            for spot in form:
                del self.made.truth[_key(spot)]
            self.made.planted.append(Planted(kind, "", form[0]))
            return
        if kind.change:
            kind.change(opened, self.rng)
        if kind.retype:
            typed = kind.retype(opened, form, self.rng)
            cells = {code: opened.at(code).coordinate for code in typed}
        if kind.arrives == "again":
            self._send(form, self._filled(form))
            self._send(form, self._filled(form), name=name.replace(".xlsx", " (1).xlsx"), day=75)
        elif kind.arrives == "revised":
            self._send_revised(form)
        else:
            self._send(form, opened, day=101 if kind.arrives == "late" else 70)
        self.made.planted.append(Planted(kind, name, form[0], cells=cells))

    def _send_revised(self, form: Sequence[Spot]) -> None:
        """A wrong figure first, the right ones a week later under another name."""
        wrong = [replaced(spot) if n == 0 else spot for n, spot in enumerate(form)]
        self._send(form, self._filled(wrong))
        self._send(form, self._filled(form), name=self._name(form).replace(".xlsx", "_lần 2.xlsx"), day=77)


def replaced(spot: Spot) -> Spot:
    """``spot`` one higher."""
    return replace(spot, value=(spot.value or 0) + 1)


@dataclass
class Plan:
    """Which faults go into the forms of which units."""

    whole: dict[str, FileKind] = field(default_factory=dict)
    cells: dict[str, list[tuple[CellKind, Spot]]] = field(default_factory=lambda: defaultdict(list))
    taken: set[tuple[object, str]] = field(default_factory=set)
    text_kind: dict[str, str] = field(default_factory=dict)


def plan_faults(forms: Sequence[Sequence[Spot]], areas: int, rng: Random) -> Plan:
    """Each kind of whole files in some, each kind of cells in others; no two faults touch one indicator of an area."""
    plan = Plan()
    for kind in FILE_KINDS:
        free = [form for form in forms if form[0].unit_code not in plan.whole and kind.fits(form)]
        for form in rng.sample(free, min(max(1, areas // 8), len(free))):
            plan.whole[form[0].unit_code] = kind
    rest = [form for form in forms if form[0].unit_code not in plan.whole]
    room = {form[0].unit_code: 1 + len({spot.indicator for spot in form}) // 2 for form in rest}
    wanted = max(2, areas // 5)
    # Where a lead's file is refused or never comes there is nothing that a contributor could differ from.
    lone = {
        form[0].area
        for form in forms
        if (kind := plan.whole.get(form[0].unit_code))
        and (kind.severity == "blocking" or kind.arrives == "missing")
    }
    spots = [spot for form in rest for spot in form if spot.leads or spot.summed or spot.area not in lone]
    choices = {
        kind: [spot for spot in spots if kind.fits(spot)] for kind in CELL_KINDS if kind.areas <= areas
    }
    for kind, found in sorted(choices.items(), key=lambda item: len(item[1])):
        placed = 0
        for spot in rng.sample(found, len(found)):
            if placed < wanted and _place(plan, kind, spot, room):
                placed += 1
    return plan


def _place(plan: Plan, kind: CellKind, spot: Spot, room: Mapping[str, int]) -> bool:
    unit = spot.unit_code
    place = (unit if spot.summed else spot.area, spot.indicator)
    text = plan.text_kind.get(unit, kind.code)
    if place in plan.taken or len(plan.cells[unit]) >= room[unit] or (kind.is_text and text != kind.code):
        return False
    plan.taken.add(place)
    plan.cells[unit].append((kind, spot))
    if kind.is_text:
        plan.text_kind[unit] = kind.code
    return True
