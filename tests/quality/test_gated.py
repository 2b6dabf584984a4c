"""What is kept of the gate beside each batch: the same in any grouping, asked once, and only of what counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from dagster_project import frames
from dagster_project.quality import beside, gated
from dagster_project.quality.gated import (
    Batch,
    Gated,
    forget_others,
    gate_batches,
    gate_submissions,
    results_of,
    summed,
    write_cells,
)
from dagster_project.quality.outcomes import Result
from tests.quality.test_gate import FAULTS, GOOD, SUITES, TinyCatalogue, batch, submissions

EARLIER = {"round_code": "2244-X-2024", "period_code": "2024"}


def _file(number: int, *rows: dict[str, object]) -> pl.DataFrame:
    return batch(*(row | {"sha256": f"f{number}", "submission_id": f"s{number}"} for row in rows))


FAULTY = [fault | {"cell": f"F{row}", "row": row} for row, fault in enumerate(FAULTS.values(), start=40)]
FILES = [
    _file(1, *GOOD),
    _file(2, *GOOD, *FAULTY[:3]),
    _file(3, *(row | EARLIER for row in (*GOOD, *FAULTY[2:]))),
    _file(4, *GOOD, GOOD[0] | {"cell": "F90", "row": 90}),
    _file(5, GOOD[0] | {"disposition": "ignored", "reason": "HEADING"}),
    _file(6, *FAULTY, GOOD[1] | EARLIER),
]


def _store(folder: Path, groups: Sequence[Sequence[int]]) -> list[Batch]:
    batches = []
    for number, group in enumerate(groups):
        own = folder / f"{number}"
        own.mkdir(parents=True)
        pl.concat([FILES[at] for at in group]).write_parquet(own / "cells.parquet")
        batches.append(Batch(own))
    return batches


def _gate(batches: Sequence[Batch]) -> list[Gated]:
    return gate_batches(batches, TinyCatalogue(), SUITES)


def _told(passed: Sequence[Gated], into: Path) -> tuple[pl.DataFrame, pl.DataFrame, object, object]:
    write_cells(passed, into)
    key = ("sha256", "cell", "rule_code")
    cells = pl.read_parquet(into / "*.parquet").sort("sha256", "cell")
    findings = pl.concat([one.findings() for one in passed]).sort(key)
    dispositions = dict(cells.group_by("disposition").len().iter_rows())
    counted = {
        name: sum(one.dispositions.get(name, 0) for one in passed)
        for name in {name for one in passed for name in one.dispositions}
    }
    assert counted == dispositions
    return cells, findings, summed(one.results for one in passed), dispositions


@pytest.fixture(scope="module")
def as_one(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame, object, object]:
    top = tmp_path_factory.mktemp("one")
    return _told(_gate(_store(top / "store", [range(len(FILES))])), top / "cells")


@pytest.mark.parametrize(
    ("groups", "at_once"), [([[0], [1], [2], [3], [4], [5]], 15), ([[5, 0], [2, 4], [1, 3]], 1_000)]
)
def test_batches_in_any_grouping_pass_the_gate_as_one_would(
    groups: list[list[int]],
    at_once: int,
    as_one: tuple[pl.DataFrame, pl.DataFrame, object, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gated, "_CELLS_AT_ONCE", at_once)
    cells, findings, results, dispositions = _told(_gate(_store(tmp_path / "store", groups)), tmp_path / "c")
    assert cells.equals(as_one[0])
    assert findings.equals(as_one[1])
    assert (results, dispositions) == as_one[2:]


def test_what_was_gated_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = _store(tmp_path, [[0, 1], [4]])
    first = _gate(batches)
    monkeypatch.setattr(beside, "ask", lambda *_: pytest.fail("asked again"))
    assert _gate(batches) == first
    assert [one.dispositions for one in first] == [{"accepted": 12, "quarantined": 3}, {"ignored": 1}]


def test_submissions_are_asked_about_again_where_they_are_others_or_broke_an_invariant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [submissions(), submissions(reporting_unit_code="X9-VP"), submissions(file_name="khác.xlsx")]
    asked: list[str] = []
    ask = beside.ask
    monkeypatch.setattr(beside, "ask", lambda name, *rest: asked.append(name) or ask(name, *rest))

    def told(number: int) -> tuple[list[Result], int]:
        asked.clear()
        return gate_submissions(sent[number], tmp_path, TinyCatalogue(), SUITES), len(asked)

    whole, _ = told(0)
    assert told(0) == (whole, 0)
    for number in (1, 1, 2, 0):
        results, times = told(number)
        assert times
        assert all(result.success for result in results) == (number != 1)
    assert told(0) == (whole, 0)


def test_of_a_batch_only_what_is_known_and_in_time_counts(tmp_path: Path) -> None:
    (whole,) = _store(tmp_path, [[0, 1, 2]])
    part = Batch(whole.folder, unknown=frozenset({"f2"}), late=frozenset({"s3"}))
    (first,), (later,) = _gate([whole]), _gate([part])
    assert set(first.findings()["sha256"]) == {"f2", "f3"}
    assert later.findings().is_empty()
    cells = pl.read_parquet(part.gated / "cells.parquet")
    held = cells.group_by("sha256", "disposition", "reason").len().sort("sha256").rows()
    assert held == [("f1", "accepted", None, 6), ("f3", "quarantined", "ROUND_FIXED", 11)]
    forget_others([part])
    assert [path.name for path in whole.folder.glob("gated*")] == [part.gated.name]


def test_a_batch_that_breaks_an_invariant_is_told_for_itself_and_each_time(tmp_path: Path) -> None:
    batches = _store(tmp_path, [[0, 1], [2]])
    broken = pl.concat([FILES[0], FILES[0]])
    broken.write_parquet(batches[0].folder / "cells.parquet")
    for _ in range(2):
        told = _gate(batches)
        assert [result.rule_code for result in told[0].results if not result.success] == ["CELLS_UNIQUE"]
        assert pl.read_parquet(told[0].folder / "cells.parquet").equals(broken)
        assert all(not result.invariant for result in told[1].results if not result.success)


def test_without_batches_there_is_still_a_file_of_cells(tmp_path: Path) -> None:
    write_cells([], tmp_path / "cells")
    assert pl.read_parquet(tmp_path / "cells" / "*.parquet").equals(frames.empty(frames.CELLS))


def test_without_any_batch_every_rule_still_says_that_nothing_broke_it() -> None:
    said = results_of([], TinyCatalogue(), SUITES)
    suites = [
        json.loads((SUITES / f"{name}.json").read_text("utf-8")) for name in ("cells", "reported_values")
    ]
    asked = {rule["meta"]["rule_code"] for suite in suites for rule in suite["expectations"]}
    assert {result.rule_code for result in said} == asked
    assert all(result.success and not result.evaluated for result in said)
