"""Files that were refused for their round alone: by a mistyped year, or because the round was not open yet."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from dagster_project import pipeline
from dagster_project.catalogue.rounds import ANYTHING, Wanted
from dagster_project.ledger.rounds import FOR_SIGNATURE, RoundAct, add_round_act
from dagster_project.ledger.store import list_acts, open_ledger
from dagster_project.paths import Project
from dagster_project.settings import Office, Settings

INBOX = Project().sample / "inbox"
FORM = INBOX / "B01-X_BL-VP_2244-X-2025.xlsx"
NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)
#: Its round opens on 1 January 2026.
EARLY = datetime(2025, 12, 31, 16, 59, tzinfo=UTC)
OPEN = datetime(2025, 12, 31, 17, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> pipeline.Desk:
    office = Office(is_sample=True, area_code="03390", criteria_set_code="2244")
    return pipeline.Desk(
        Settings(data=tmp_path, catalogue=Project().reference, office=office), now=lambda: NOW
    )


def at_moment(desk: pipeline.Desk, moment: datetime) -> pipeline.Desk:
    return replace(desk, now=lambda: moment)


def read(desk: pipeline.Desk, file: Path, wanted: Wanted) -> tuple[list[str], dict[str, bool]]:
    """What was taken again, and of each file that was read whether it is blocked."""
    catalogue = pipeline.load_checked_catalogue(desk)
    received = pipeline.receive(desk, [file], wanted=wanted)
    again = pipeline.take_again(desk, catalogue, received, wanted)
    pipeline.read_cells(desk, catalogue)
    found = pl.read_parquet(pipeline.cell_store(desk, catalogue) / "*" / "submissions.parquet")
    return again, dict(found.select("file_name", "blocked").iter_rows())


def test_the_year_that_is_told_later_lets_in_what_a_mistyped_one_refused(desk: pipeline.Desk) -> None:
    assert read(desk, FORM, Wanted(2026)) == ([], {FORM.name: True})
    catalogue = pipeline.load_checked_catalogue(desk)
    before = pipeline.read_inputs(desk, catalogue)
    assert read(desk, FORM, ANYTHING) == ([], {FORM.name: True})
    assert pipeline.read_inputs(desk, catalogue) == before
    assert read(desk, FORM, Wanted(2025)) == ([FORM.name], {FORM.name: False})
    assert pipeline.read_inputs(desk, catalogue).inputs_hash != before.inputs_hash
    (act,) = list_acts(open_ledger(desk.settings.ledger), ("receive.again",))
    assert (act["subject"], act["acted_at"]) == (FORM.name, NOW)
    # told once more, it is what it is
    assert read(desk, FORM, Wanted(2025)) == ([], {FORM.name: False})


def test_a_round_by_its_code_lets_it_in_as_well(desk: pipeline.Desk) -> None:
    read(desk, FORM, Wanted(round_code="2244-X-2026"))
    assert read(desk, FORM, Wanted(round_code="2244-X-2025")) == ([FORM.name], {FORM.name: False})


def test_a_file_that_was_taken_stays_so_whatever_year_a_later_run_is_told(desk: pipeline.Desk) -> None:
    read(desk, FORM, Wanted(2025))
    assert read(desk, FORM, Wanted(2026)) == ([], {FORM.name: False})


def test_a_file_of_which_something_was_taken_is_not_taken_again(desk: pipeline.Desk) -> None:
    read(desk, FORM, Wanted(2026))
    (file,) = desk.folder.cells.glob("*/*/submissions.parquet")
    refused = pl.read_parquet(file)
    # as a table of two years reads of which the run was told one
    other = refused.with_columns(
        pl.lit("of-2026").alias("submission_id"), pl.lit(value=False).alias("blocked")
    )
    pl.concat([refused, other]).write_parquet(file)
    catalogue = pipeline.load_checked_catalogue(desk)
    received = pipeline.receive(desk, [FORM], wanted=Wanted(2025))
    assert pipeline.take_again(desk, catalogue, received, Wanted(2025)) == []


@pytest.mark.parametrize(
    ("moment", "before", "after"),
    [(NOW, Wanted(2026), Wanted(2025)), (EARLY, ANYTHING, ANYTHING)],
    ids=["another year", "too early"],
)
def test_nothing_is_taken_again_for_a_round_that_is_fixed(
    desk: pipeline.Desk, moment: datetime, before: Wanted, after: Wanted
) -> None:
    read(at_moment(desk, moment), FORM, before)
    act = RoundAct(
        round_code="2244-X-2025",
        act="sign",
        state=FOR_SIGNATURE,
        reason="",
        set_by="Lan",
        set_at=NOW,
        last_receipt_number=1,
    )
    add_round_act(open_ledger(desk.settings.ledger), act)
    assert read(desk, FORM, after) == ([], {FORM.name: True})


def test_what_came_before_its_round_opened_is_taken_when_it_is_handed_in_again(
    desk: pipeline.Desk, tmp_path: Path
) -> None:
    early, soon, later = (at_moment(desk, moment) for moment in (EARLY, OPEN, NOW))
    assert read(early, FORM, ANYTHING) == ([], {FORM.name: True})
    assert read(early, FORM, ANYTHING) == ([], {FORM.name: True})
    renamed = shutil.copyfile(FORM, tmp_path / "gửi lại.xlsx")
    assert read(soon, renamed, ANYTHING) == ([FORM.name], {FORM.name: False})
    assert read(later, FORM, ANYTHING) == ([], {FORM.name: False})
    store = pipeline.cell_store(later, pipeline.load_checked_catalogue(later))
    assert pl.read_parquet(store / "*" / "submissions.parquet")["received_at"].to_list() == [OPEN]
    # as it was known before, it was not there yet
    assert pipeline.cell_store(replace(desk, known_at=EARLY), pipeline.load_checked_catalogue(desk)) != store
