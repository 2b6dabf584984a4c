"""Write the sample submissions: issue forms, fill them in, plant the faults, say when each file came.

``python -m tests.sample.make`` writes ``seeds/sample/inbox`` and ``tests/sample/faults.csv`` anew; equal code and
catalogue give equal content. The figures come from ``figures``, the faults from ``faults``.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.forms.issue import issue_forms
from dagster_project.forms.layout import MAIN_SHEET, row_code
from dagster_project.forms.plan import assigned_elements
from dagster_project.paths import Project
from tests.sample.faults import FAULTS, Fault
from tests.sample.figures import YEARS, figures
from tests.sample.workbook import Form

FAULTS_FILE = Path(__file__).parent / "faults.csv"
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_CHANNELS = ("email", "truc_lien_thong", "truc_tiep")
_SOURCE = "Sổ theo dõi của đơn vị"


class Arrival(NamedTuple):
    """One line of ``receipts.csv``."""

    file: str
    received_at: str
    sender: str
    channel: str


class Planted(NamedTuple):
    """One line of ``faults.csv``."""

    fault: str
    file: str
    sheet: str
    cell: str
    rule_code: str
    severity: str
    stage: str
    note: str


def make_clean(inbox: Path) -> None:
    """Write every submission of every year, on time and without a fault."""
    _make(inbox, ())


def make(inbox: Path, faults_file: Path) -> None:
    """Write the sample as it ships, and the list of what was planted in it."""
    planted = _make(inbox, FAULTS)
    _write_csv(faults_file, Planted._fields, planted)


def _make(inbox: Path, faults: Sequence[Fault]) -> list[Planted]:
    catalogue = load_catalogue(Project().reference)
    planted: list[Planted] = []
    arrivals: list[Arrival] = []
    inbox.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as aside:
        for year, unit, issued in _issue(catalogue, Path(aside)):
            here = [fault for fault in faults if (fault.unit, fault.year) == (unit, year)]
            if any(fault.is_missing for fault in here):
                planted.extend(_row(fault, "", "") for fault in here)
                continue
            for version, form in enumerate(_versions(catalogue, issued, unit, year, here), start=1):
                name = issued.name if version == 1 else issued.name.replace(".xlsx", f"_lan{version}.xlsx")
                is_last = version == 1 + any(fault.first for fault in here)
                cells = {fault.name: fault.plant(form) for fault in here if is_last and fault.plant}
                form.save(inbox / name)
                arrivals.append(_arrive(name, unit, year, version, here))
                if is_last:
                    planted.extend(_row(fault, name, cells.get(fault.name, "")) for fault in here)
    _write_csv(inbox / "receipts.csv", Arrival._fields, sorted(arrivals, key=lambda line: line.received_at))
    order = [fault.name for fault in faults]
    return sorted(planted, key=lambda line: order.index(line.fault))


def _issue(catalogue: Catalogue, folder: Path) -> Iterator[tuple[int, str, Path]]:
    """Every form of every year, with last year's figures printed: data year, unit, file."""
    for year in YEARS:
        files = issue_forms(catalogue, f"2244-X-{year}", folder, prior=_prior(year), is_sample=True)
        for file in files:
            yield year, file.name.split("_")[1], file


def _prior(year: int) -> pl.DataFrame:
    rows = [
        (unit, element, category, value, "not_applicable" if value is None else "value" if value else "zero")
        for (unit, element, category, data_year), value in figures().items()
        if data_year == year - 1
    ]
    return pl.DataFrame(
        rows,
        schema={
            "reporting_unit_code": pl.String,
            "data_element_code": pl.String,
            "category_code": pl.String,
            "value": pl.Float64,
            "value_state": pl.String,
        },
        orient="row",
    ).with_columns(pl.lit(None, pl.String).alias("unit"))


def _versions(
    catalogue: Catalogue, issued: Path, unit: str, year: int, faults: Sequence[Fault]
) -> Iterator[Form]:
    """The form as first sent and, where a fault says so, as sent again."""
    for fault in faults:
        if fault.first:
            form = _filled(catalogue, issued, unit, year)
            fault.first(form)
            yield form
    yield _filled(catalogue, issued, unit, year)


def _filled(catalogue: Catalogue, issued: Path, unit: str, year: int) -> Form:
    form = Form(issued)
    words = dict(
        catalogue.table("value_states").filter(pl.col("is_label")).select("value_state", "word").iter_rows()
    )
    final = dict(
        catalogue.table("value_statuses")
        .filter(pl.col("is_label"))
        .select("value_status", "word")
        .iter_rows()
    )["final"]
    elements = _elements(catalogue)
    for (reporter, element, category, data_year), value in figures().items():
        if (reporter, data_year) != (unit, year):
            continue
        code = row_code(element, category)
        if not value and elements[element] != "yes_no":
            form.put(code, words["zero" if value is not None else "not_applicable"], "TT")
            continue
        form.put(code, _typed(value, elements[element]))
        form.put(code, final, "LSL")
        form.put(code, _SOURCE, "NSL")
    return form


def _elements(catalogue: Catalogue) -> Mapping[str, str]:
    return dict(assigned_elements(catalogue).select("data_element_code", "value_type").unique().iter_rows())


def _typed(value: float | None, value_type: str) -> object:
    if value_type == "yes_no":
        return "Có" if value else "Không"
    assert value is not None
    return int(value) if value == int(value) else value


def _arrive(name: str, unit: str, year: int, version: int, faults: Sequence[Fault]) -> Arrival:
    """Between 9 March and 6 April of the next year, in office hours; a second version comes a week later."""
    digest = hashlib.sha256(f"{unit}|{year}".encode()).digest()
    opened = datetime(year + 1, 3, 9, 7, 30, tzinfo=_ZONE)
    moment = opened + timedelta(days=digest[0] % 21, minutes=digest[1] * 2, seconds=digest[2] % 60)
    moment += timedelta(days=7 * (version - 1))
    late = [fault.received_at for fault in faults if fault.received_at]
    return Arrival(
        name,
        late[0] if late else moment.isoformat(),
        f"{unit.lower()}@binhlu.example",
        _CHANNELS[digest[3] % len(_CHANNELS)],
    )


def _row(fault: Fault, file: str, cell: str) -> Planted:
    sheet = MAIN_SHEET if cell else ""
    return Planted(fault.name, file, sheet, cell, fault.rule_code, fault.severity, fault.stage, fault.note)


def _write_csv(file: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Replace the sample that ships."""
    inbox = Project().sample / "inbox"
    shutil.rmtree(inbox, ignore_errors=True)
    make(inbox, FAULTS_FILE)


if __name__ == "__main__":
    main()
