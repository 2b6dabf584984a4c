"""What was known at a moment is what a release of that moment holds, whatever was sent before and after.

The models are built once with dbt; each example runs the compiled SQL of those between the inputs and the facts again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from compiled_models import CompiledModels
from dbt_inputs import Inputs, write_cells
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_office import small_office
from test_marts import build

from dagster_project import frames
from dagster_project.ledger.decision_frames import Decisions, decision_frames
from dagster_project.ledger.decisions import Entry, Exemption, Withdrawn
from dagster_project.warehouse.history import Known, read_history

START = datetime(2026, 4, 1, tzinfo=UTC)
SAME = (
    "round_code",
    "area_code",
    "reporting_unit_code",
    "data_element_code",
    "category_code",
    "value",
    "value_text",
    "value_state",
    "unit",
    "raw_text",
    "submission_id",
    "revision",
    "entered_how",
    "file_name",
    "sheet",
    "cell",
)
CHANGING = ("stg_submissions", "stg_cells", "stg_entries", "stg_exemptions")
WANTED = ("fct_reported_value", "fct_reported_value_history")

Figures = set[tuple[Any, ...]]


@dataclass(frozen=True)
class Sent:
    """One file of a unit: the day it came, whether it was refused, and its figures."""

    unit: str
    form: str
    day: int
    blocked: bool
    figures: Mapping[str, float | str | None]
    quarantined: Sequence[str]


ELEMENTS = ("P.GT", "P.GT:NU", "S.GT", "Y.GT")
FILES = st.lists(
    st.builds(
        Sent,
        unit=st.sampled_from(("U1", "U1", "U2")),
        form=st.sampled_from(("F1", "F1", "F2")),
        day=st.integers(0, 6),
        blocked=st.sampled_from((False, False, False, True)),
        figures=st.dictionaries(
            st.sampled_from(ELEMENTS), st.sampled_from((None, "zero", "=Mức 2", 1.0, 1.0, 2.5)), min_size=1
        ),
        quarantined=st.lists(st.sampled_from(ELEMENTS), max_size=1),
    ),
    min_size=1,
    max_size=6,
)


@dataclass(frozen=True)
class Entered:
    """A correction or a figure on behalf: the day it was entered, how long it stood, what it expects to correct."""

    unit: str
    element: str
    day: int
    lasts: int | None
    value: float
    expect: str | None


@dataclass(frozen=True)
class Excused:
    """What an officer wrote down about a form, and how long it stood."""

    unit: str
    form: str
    day: int
    lasts: int | None
    kind: str


LASTS = st.sampled_from((None, None, 1, 3))
DECIDED = st.lists(
    st.one_of(
        st.builds(
            Entered,
            unit=st.sampled_from(("U1", "U1", "U2")),
            element=st.sampled_from(("P.GT", "P.GT", "S.GT")),
            day=st.integers(0, 6),
            lasts=LASTS,
            value=st.sampled_from((1.0, 4.0)),
            expect=st.sampled_from((None, "1", "1", "2.5", "")),
        ),
        st.builds(
            Excused,
            unit=st.sampled_from(("U1", "U2")),
            form=st.sampled_from(("F1", "F2")),
            day=st.integers(0, 6),
            lasts=LASTS,
            kind=st.sampled_from(("nothing_to_report", "nothing_to_report", "extension")),
        ),
    ),
    min_size=1,
    max_size=5,
)


def _frame(rows: Sequence[Mapping[str, object]], schema: pl.Schema) -> pl.DataFrame:
    content = {column: [row.get(column) for row in rows] for column in schema}
    return pl.DataFrame(content, schema=schema)


class Models(CompiledModels):
    """The models between what is sent and the facts."""

    def run(self, office: Inputs, decided: Mapping[str, pl.DataFrame]) -> None:
        submissions = _frame(office.submissions, frames.SUBMISSIONS)
        submissions.write_parquet(self.inputs / "submissions.parquet")
        write_cells(_frame(office.cells, frames.CELLS), self.inputs / "cells")
        for name, frame in decided.items():
            frame.write_parquet(self.inputs / f"{name}.parquet")
        self.build()

    def reported(self) -> Figures:
        query = f"select {', '.join(SAME)} from fct_reported_value"  # noqa: S608  # the columns stand above
        return set(self.ask(query))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = build(tmp_path_factory.mktemp("known"), small_office())
    return Models(folder, CHANGING, WANTED)


def office_of(files: Sequence[Sent], until: datetime | None = None) -> Inputs:
    """The inputs as they are when all files that came until a moment are there."""
    office = Inputs()
    for sent in files:
        office.submit(
            sent.unit,
            "001",
            2025,
            sent.figures,
            received_at=(START + timedelta(days=sent.day)).isoformat(),
            blocked=sent.blocked,
            quarantined=sent.quarantined,
            form=sent.form,
        )
    if until is not None:
        office.submissions = [row for row in office.submissions if row["received_at"] <= until]
        known = {row["submission_id"] for row in office.submissions}
        office.cells = [row for row in office.cells if row["submission_id"] in known]
    return office


def decisions_of(acts: Sequence[Entered | Excused], until: datetime | None = None) -> dict[str, pl.DataFrame]:
    """The frames of what was decided until a moment."""
    ordered = sorted(acts, key=lambda act: act.day)
    standing: list[Entry | Exemption] = []
    withdrawn: list[Withdrawn] = []
    for number, act in enumerate(ordered, start=1):
        begun, ended = decided_at(act)
        if until is not None and begun > until:
            continue
        decision = entry(act, number) if isinstance(act, Entered) else exemption(act, number)
        if ended is None or (until is not None and ended > until):
            standing.append(decision)
        else:
            withdrawn.append(Withdrawn(decision, ended))
    decisions = Decisions(
        entries=[item for item in standing if isinstance(item, Entry)],
        responses=[],
        verdicts=[],
        exemptions=[item for item in standing if isinstance(item, Exemption)],
        signed_copies=[],
        withdrawn=withdrawn,
    )
    return decision_frames(decisions, frames.empty(frames.ANSWERS), {}, is_sample=False)


def decided_at(act: Entered | Excused) -> tuple[datetime, datetime | None]:
    """When a decision was written down, between the files of two days, and when it was withdrawn."""
    begun = START + timedelta(days=act.day, hours=6)
    return begun, None if act.lasts is None else begun + timedelta(days=act.lasts, hours=6)


def entry(act: Entered, number: int) -> Entry:
    element, _, category = act.element.partition(":")
    return Entry(
        entry_id=f"SL-{number:04d}",
        kind="on_behalf" if act.expect is None else "correction",
        round_code="T-2025",
        period_code="2025",
        area_code="001",
        reporting_unit_code=act.unit,
        data_element_code=element,
        category_code=category or "_T",
        value=act.value,
        value_exact=f"{act.value:g}",
        value_text=None,
        value_state="value",
        unit=None,
        expect=act.expect,
        reason="gọi điện",
        said_by="chị Hà",
        channel="phone",
        entered_at=decided_at(act)[0],
        entered_by="Lan",
    )


def exemption(act: Excused, number: int) -> Exemption:
    return Exemption(
        exemption_id=f"MG-{number:04d}",
        reporting_unit_code=act.unit,
        area_code="001",
        form_code=act.form,
        round_code="T-2025",
        kind=act.kind,
        until=None,
        reason="chị Hà báo",
        decided_by="Lan",
        decided_at=decided_at(act)[0],
    )


def believed(known: Sequence[Known]) -> Figures:
    return {tuple(getattr(item, name) for name in SAME) for item in known if item.believed}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES, acts=DECIDED, asked=st.sets(st.integers(0, 9), min_size=1, max_size=2))
def test_known_at_a_moment_is_what_the_release_of_that_moment_holds(
    models: Models, files: list[Sent], acts: list[Entered | Excused], asked: set[int]
) -> None:
    ends = [moment for act in acts for moment in decided_at(act) if moment is not None]
    moments = sorted({*ends, *(START + timedelta(days=sent.day) for sent in files)})
    models.run(office_of(files), decisions_of(acts))
    told = {at: believed(read_history(models.folder.build_file, at=at)) for at in moments}
    before_all = believed(read_history(models.folder.build_file, at=moments[0] - timedelta(microseconds=1)))
    assert believed(read_history(models.folder.build_file)) == models.reported() == told[moments[-1]]
    assert before_all == set()
    for number in asked:
        at = moments[number % len(moments)]
        models.run(office_of(files, at), decisions_of(acts, at))
        assert told[at] == models.reported()
        assert told[at] == believed(read_history(models.folder.build_file))


def test_what_an_officer_entered_is_believed_from_then_until_it_is_withdrawn_or_replaced(
    models: Models,
) -> None:
    files = [
        Sent("U1", "F1", 0, blocked=False, figures={"P.GT": 1.0, "S.GT": None}, quarantined=()),
        Sent("U1", "F1", 5, blocked=False, figures={"P.GT": 2.5, "S.GT": 3.0}, quarantined=()),
    ]
    acts = [
        Entered("U1", "P.GT", 1, 2, value=4.0, expect="1"),
        Entered("U1", "P.GT", 2, None, value=6.0, expect="1"),
        Entered("U1", "S.GT", 1, 1, value=4.0, expect=None),
        Entered("U1", "S.GT", 3, None, value=8.0, expect=None),
    ]
    models.run(office_of(files), decisions_of(acts))

    def spans(element: str) -> list[tuple[Any, ...]]:
        known = read_history(models.folder.build_file, element=element, unit="U1", year=2025)
        return [
            (item.value, item.entered_how, hours(item.known_from), hours(item.known_to)) for item in known
        ]

    def hours(moment: datetime | None) -> float | None:
        return None if moment is None else (moment - START) / timedelta(hours=1)

    assert spans("P.GT") == [
        (1.0, "form", 0, 30),
        (4.0, "correction", 30, 54),
        (6.0, "correction", 54, 120),
        (2.5, "form", 120, None),
    ]
    assert spans("S.GT") == [
        (None, "form", 0, 30),
        (4.0, "on_behalf", 30, 60),
        (None, "form", 60, 78),
        (8.0, "on_behalf", 78, 120),
        (3.0, "form", 120, None),
    ]
    for at, value in ((29, 1.0), (30, 4.0), (54, 6.0), (119, 6.0), (120, 2.5)):
        known = read_history(
            models.folder.build_file, element="P.GT", unit="U1", at=START + timedelta(hours=at)
        )
        assert [item.value for item in known if item.believed] == [value]


def test_a_file_that_waited_for_a_fixed_round_is_believed_from_when_it_was_let_in(models: Models) -> None:
    office = office_of(
        [Sent("U1", "F1", day, blocked=False, figures={"P.GT": day}, quarantined=()) for day in (0, 2)]
    )
    opened = START + timedelta(days=5)
    office.submissions[1] = {**office.submissions[1], "counts_from": opened}
    models.run(office, decisions_of([]))
    spans = [
        (item.value, item.known_from, item.known_to)
        for item in read_history(models.folder.build_file, element="P.GT", unit="U1", year=2025)
    ]
    assert spans == [(0.0, START, opened), (2.0, opened, None)]


def test_a_span_ends_before_the_moment_at_which_the_next_begins(models: Models) -> None:
    one = Sent("U1", "F1", 0, blocked=False, figures={"P.GT": 1.0}, quarantined=())
    other = Sent("U1", "F1", 2, blocked=False, figures={"P.GT": 2.0}, quarantined=())
    models.run(office_of([one, other]), decisions_of([]))
    replaced = START + timedelta(days=2)

    def value_at(moment: datetime) -> list[float | None]:
        known = read_history(models.folder.build_file, element="P.GT", unit="U1", year=2025, at=moment)
        return [item.value for item in known if item.believed]

    assert value_at(replaced - timedelta(microseconds=1)) == [1.0]
    assert value_at(replaced) == [2.0]
    first, second = read_history(models.folder.build_file, element="P.GT", unit="U1", year=2025)
    assert first.known_to == second.known_from == replaced
    assert second.known_to is None
