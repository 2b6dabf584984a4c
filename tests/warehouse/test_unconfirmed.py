"""Whose word is still waited for, of figures that officers entered: of those that count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.ledger.decisions import CORRECTION, ON_BEHALF, Entry
from dagster_project.warehouse.unconfirmed import unconfirmed_entries

BEFORE, RELEASED, SINCE = (datetime(2026, 4, day, tzinfo=UTC) for day in (1, 2, 3))
CORRECTED = Entry(
    entry_id="SL-0001",
    kind=CORRECTION,
    round_code="R",
    period_code="2025",
    area_code="03390",
    reporting_unit_code="BL-KT",
    data_element_code="A.1.GT",
    category_code="_T",
    value=12.0,
    value_exact="12",
    value_text=None,
    value_state="value",
    unit=None,
    expect="11",
    reason="x",
    said_by="chị Hà",
    channel="phone",
    entered_at=BEFORE,
    entered_by="Lan",
)
TOLD = replace(CORRECTED, entry_id="SL-0002", kind=ON_BEHALF, expect=None)


def _release(folder: Path, *figures: tuple[str, str]) -> tuple[Path, datetime]:
    """A release in which A.1.GT of BL-KT was given so in each of these areas."""
    file = folder / "kho.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_reported_value (area_code varchar, entered_how varchar, round_code varchar "
            "default 'R', reporting_unit_code varchar default 'BL-KT', data_element_code varchar default 'A.1.GT', "
            "category_code varchar default '_T')"
        )
        for figure in figures:
            connection.execute(
                "insert into marts.fct_reported_value (area_code, entered_how) values (?, ?)", figure
            )
    return file, RELEASED


def _waiting(entries: list[Entry], release: tuple[Path, datetime] | None) -> list[str]:
    return [entry.entry_id for entry in unconfirmed_entries(entries, release)]


def test_without_a_release_the_newest_of_each_figure_waits() -> None:
    again = replace(CORRECTED, entry_id="SL-0003")
    confirmed = replace(CORRECTED, entry_id="SL-0004", area_code="03405", confirmed_at=SINCE)
    assert _waiting([CORRECTED, TOLD, again, confirmed], None) == ["SL-0003", "SL-0002"]


@pytest.mark.parametrize(
    ("how", "waiting"),
    [
        ("correction", ["SL-0001"]),  # of a figure on its behalf that was corrected, only the correction
        ("on_behalf", ["SL-0002"]),
        ("form", []),  # settled by the unit's own figure, or replaced by it
    ],
)
def test_what_a_release_passes_over_is_not_waited_for(tmp_path: Path, how: str, waiting: list[str]) -> None:
    assert _waiting([CORRECTED, TOLD], _release(tmp_path, ("03390", how))) == waiting


def test_an_entry_is_about_the_figure_of_its_area(tmp_path: Path) -> None:
    other = replace(CORRECTED, entry_id="SL-0003", area_code="03405")
    release = _release(tmp_path, ("03390", "form"), ("03405", "correction"))
    assert _waiting([CORRECTED, other], release) == ["SL-0003"]


def test_what_was_entered_since_the_release_waits(tmp_path: Path) -> None:
    again = replace(CORRECTED, entry_id="SL-0003", entered_at=SINCE)
    assert _waiting([CORRECTED, again, TOLD], _release(tmp_path, ("03390", "form"))) == ["SL-0003"]
