"""What is planted in the sample is found at its cell by intake and gate 1, and clean workbooks stay quiet."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import ANYTHING
from dagster_project.intake.take_in import ReceivedFile, take_in
from dagster_project.limits import ReadLimits
from dagster_project.paths import Project
from dagster_project.quality.gate import admit
from dagster_project.settings import Office
from tests.sample.figures import figures
from tests.sample.hostile import write_hostile
from tests.sample.make import FAULTS_FILE, make

INBOX = Project().sample / "inbox"
OFFICE = Office(is_sample=True, level="commune", area_code="03390", criteria_set_code="2244")
FAULTS = list(csv.DictReader(FAULTS_FILE.open(encoding="utf-8", newline="")))
PLANTED = {fault["file"] for fault in FAULTS}


@dataclass(frozen=True)
class Seen:
    """A folder of files after intake and gate 1."""

    cells: pl.DataFrame
    submissions: pl.DataFrame
    findings: pl.DataFrame

    def about(self, file_name: str) -> list[tuple[str, str, str | None, str | None, str]]:
        found = self.findings.filter(pl.col("file_name") == file_name)
        return list(found.select("rule_code", "severity", "sheet", "cell", "stage").iter_rows())


def _look(folder: Path, catalogue: Catalogue) -> Seen:
    with (folder / "receipts.csv").open(encoding="utf-8", newline="") as stream:
        files = [_received(folder / line["file"], line) for line in csv.DictReader(stream)]
    intake = take_in(files, catalogue, OFFICE, ReadLimits(), ANYTHING)
    gate = admit(intake.cells, intake.submissions, catalogue, Project().expectations)
    assert gate.broken == []
    return Seen(gate.cells, intake.submissions, pl.concat([intake.findings, gate.findings]))


def _received(path: Path, line: dict[str, str]) -> ReceivedFile:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    moment = datetime.fromisoformat(line["received_at"])
    return ReceivedFile(sha256, sha256, path.name, path, moment, line["sender"], line["channel"])


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Project().reference)


@pytest.fixture(scope="module")
def sample(catalogue: Catalogue) -> Seen:
    return _look(INBOX, catalogue)


@pytest.fixture(scope="module")
def hostile(
    catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, str], Seen, Path]:
    folder = tmp_path_factory.mktemp("hostile")
    expected = write_hostile(folder)
    return expected, _look(folder, catalogue), folder


@pytest.mark.parametrize(
    "fault",
    [fault for fault in FAULTS if fault["stage"] in ("guard", "intake", "admission")],
    ids=lambda f: f["fault"],
)
def test_a_planted_fault_is_found_at_its_cell(fault: dict[str, str], sample: Seen) -> None:
    cell = fault["cell"] or None
    told = [(code, severity, at, stage) for code, severity, _, at, stage in sample.about(fault["file"])]
    assert told == [(fault["rule_code"], fault["severity"], cell, fault["stage"])]


def test_no_other_workbook_gets_a_finding(sample: Seen) -> None:
    noisy = set(sample.findings["file_name"])
    found_here = {fault["file"] for fault in FAULTS if fault["stage"] in ("guard", "intake", "admission")}
    assert noisy == found_here


def test_every_figure_arrives_as_it_was_made(sample: Seen) -> None:
    """Moved rows and columns, words, percent signs and thousands marks included."""
    changed = {
        (fault["file"], fault["cell"]) for fault in FAULTS if fault["severity"] in ("warning", "blocking")
    }
    versions = {file.replace("_lan2", "") for file in PLANTED if "_lan2" in file}
    arrived = sample.cells.filter(
        (pl.col("role") == "value")
        & ~pl.concat_str("file_name", pl.lit("|"), "cell").is_in([f"{file}|{cell}" for file, cell in changed])
        & ~pl.col("file_name").is_in(list(versions))
    ).with_columns(pl.col("period_code").cast(pl.Int32))
    made = figures()
    key = ("reporting_unit_code", "data_element_code", "category_code", "period_code")
    got = {row[:4]: row[4:] for row in arrived.select(*key, "value", "value_state").iter_rows()}
    assert len(got) == arrived.height
    wrong = {
        where: (value, state, made[where])
        for where, (value, state) in got.items()
        if (value or 0, state) != (made[where] or 0, _state(made[where]))
    }
    assert wrong == {}
    missing = {unit for unit, *_ in set(made) - set(got)} - {"BL-THPT"}
    assert len(set(made) - set(got)) - sum(unit == "BL-THPT" for unit, *_ in made) == sum(
        bool(cell) for _, cell in changed
    ), missing


def _state(figure: float | None) -> str:
    return "not_applicable" if figure is None else "value" if figure else "zero"


def test_every_cell_has_a_disposition_and_a_reason_where_it_is_not_accepted(sample: Seen) -> None:
    assert set(sample.cells["disposition"]) == {"accepted", "quarantined", "ignored"}
    assert sample.cells.filter((pl.col("disposition") != "accepted") & pl.col("reason").is_null()).is_empty()
    held = sample.cells.filter(pl.col("disposition") == "quarantined")
    assert set(held.filter(pl.col("role") == "value")["file_name"]) == {
        fault["file"] for fault in FAULTS if fault["fault"] == "dotted_decimal"
    }


def test_everything_says_that_it_is_a_sample(sample: Seen) -> None:
    assert sample.cells["is_sample"].all()
    assert sample.submissions["is_sample"].all()
    assert not sample.submissions["blocked"].any()


def test_twelve_units_a_year_less_the_missing_one_and_two_sent_twice(sample: Seen) -> None:
    first = sample.submissions.unique(["reporting_unit_code", "round_code"])
    per_round = dict(first.group_by("round_code").len().iter_rows())
    assert per_round == {f"2244-X-{year}": 12 for year in range(2021, 2025)} | {"2244-X-2025": 11}
    assert sample.submissions.height == len(list(INBOX.glob("*.xlsx"))) == 61


def test_most_workbooks_are_clean() -> None:
    assert len(PLANTED) == len(FAULTS)
    assert len(PLANTED) < len(list(INBOX.glob("*.xlsx"))) / 3


def test_hostile_files_end_in_one_finding_each(hostile: tuple[dict[str, str], Seen, Path]) -> None:
    expected, seen, folder = hostile
    assert {name: [told[0] for told in seen.about(name)] for name in expected} == {
        name: [code] for name, code in expected.items()
    }
    assert set(seen.findings["severity"]) == {"blocking"}
    assert (folder / "trang_thua.xlsx").stat().st_size < 6_000


def test_the_sample_that_ships_is_the_one_that_the_generator_writes(tmp_path: Path) -> None:
    """Run ``python -m tests.sample.make`` after a change of the catalogue, of forms or of the generator."""
    make(tmp_path / "inbox", tmp_path / "faults.csv")
    assert (tmp_path / "faults.csv").read_text("utf-8") == FAULTS_FILE.read_text("utf-8")
    made, shipped = (sorted(path.name for path in folder.iterdir()) for folder in (tmp_path / "inbox", INBOX))
    assert made == shipped
    assert [name for name in made if _content(tmp_path / "inbox" / name) != _content(INBOX / name)] == []


def _content(file: Path) -> Sequence[tuple[str, bytes]]:
    """Parts of a workbook: how they are compressed may differ between machines."""
    if file.suffix != ".xlsx":
        return [(file.name, file.read_bytes())]
    with zipfile.ZipFile(file) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]
