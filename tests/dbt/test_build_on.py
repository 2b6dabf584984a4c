"""A build that goes on from the one before holds what a whole one holds."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from build_files import connect_build
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_inputs import LATE_2025, Inputs
from small_office import small_office
from test_aggregation_marts import nation
from test_back_series_marts import back_series
from test_decision_marts import ENTERED, decided_office

from dagster_project import pipeline
from dagster_project.errors import KhoError
from dagster_project.paths import DataFolder, Project
from dagster_project.pipeline import Desk
from dagster_project.settings import Settings
from dagster_project.warehouse import build as dbt_builds
from dagster_project.warehouse import marts, releases, slices
from dagster_project.warehouse.build import KEPT, NodeResult, run_dbt
from dagster_project.warehouse.contents import Parts
from dagster_project.warehouse.marts import describe
from dagster_project.warehouse.slices import Slice, find_parts, find_slice, keep_read

FILES = ["intake.receipts", "intake.submissions", "intake.cells"]


def build(folder: DataFolder, office: Inputs) -> list[NodeResult]:
    folder.make()
    office.write(folder.build_inputs)
    return list(run_dbt(Project(), folder, code_version="1"))


def lively_office() -> Inputs:
    """All that the models can tell: decisions, a back series, peers, an area above the others."""
    office = decided_office()
    office.rule("PEERS", kind="peer_outlier", absolute_floor=2.0)
    office.formula("PEERS", {"P.GT": 1}, owner_type="rule", side="left")
    office.rule("BACK_SERIES_DIFFERS", kind="back_series", severity="blocking")
    back_series(office, "O1", "001", 2023, {"P.GT": 115, "R.TS": 30})
    tables = office.tables
    tables["areas"] = [{"area_code": "10", "name_vi": "Tỉnh", "level": "province"}] + [
        {**area, "parent_code": "10"} for area in tables["areas"]
    ]
    for name in ("rounds", "forms"):
        tables[name] = [{**row, "level": "province"} for row in tables[name]]
    tables["rounds"] = [{**row, "is_retrospective": row["data_year"] == 2023} for row in tables["rounds"]]
    return office


def take_away(office: Inputs, unit: str, year: int) -> None:
    (gone,) = (
        row["sha256"]
        for row in office.submissions
        if (row["reporting_unit_code"], row["round_code"]) == (unit, f"T-{year}")
    )
    for rows in (office.receipts, office.submissions, office.cells):
        rows[:] = [row for row in rows if row["sha256"] != gone]


def come_and_go(office: Inputs) -> None:
    """A form more, for an area that is not its unit's; one sent again, one gone, and a file that nobody could read."""
    office.submit("U3", "004", 2025, {"X.GT": 4, "P.GT": 690}, received_at=LATE_2025)
    office.submit("O2", "002", 2024, {"P.GT": 900, "R.TS": 30, "R.MS": 20}, received_at=LATE_2025)
    take_away(office, "K4", 2024)
    unread = {"sha256": "f" * 64, "file_name": "anh.xlsx", "is_sample": False}
    office.receipts.append({**unread, "receipt_id": "unread", "status": "refused", "received_at": ENTERED})
    office.findings.append(
        {
            **unread,
            "finding_id": "unread",
            "rule_code": "FILE",
            "stage": "guard",
            "status": "fail",
            "severity": "blocking",
        }
    )


def release(folder: DataFolder) -> str:
    """The content hash of the build as a release, which the file of the release bears out."""
    made = releases.make_release(
        folder,
        inputs_hash="i",
        catalogue_hash="c",
        code_version="1",
        is_sample=False,
        created_at=datetime(2026, 4, 11, tzinfo=UTC),
        keep=9,
    )
    manifest = releases.find_release(folder, made.release_id)
    with duckdb.connect(
        str(folder.release(made.release_id) / releases.RELEASE_FILE), read_only=True
    ) as connection:
        assert {mart.name: mart.sha256 for mart in describe(connection)} == manifest.mart_hashes
    return made.content_hash


def test_a_build_and_its_release_go_on_in_slices_to_what_those_of_all_rounds_in_turn_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on, whole = DataFolder(tmp_path / "going-on"), DataFolder(tmp_path / "whole")
    hashed = listen_to_releases(monkeypatch)
    office = lively_office()
    build(going_on, office)
    first = release(going_on)
    come_and_go(office)
    told = build(going_on, office)
    kept = {result.unique_id.split(".")[2] for result in told if result.status == KEPT}
    assert {"dim_area", "dim_indicator", "int_area_lineage"} <= kept
    second = release(going_on)
    assert (hashed[-1]["dim_area"], hashed[-1]["fct_reported_value"]) == ([], ["T-2024", "T-2025"])
    monkeypatch.setattr(slices, "_FIGURES_AT_ONCE", 20)
    build(whole, office)
    assert list(differences(going_on, whole)) == []
    assert release(whole) == second != first
    assert (count_slices(going_on), count_slices(whole)) == (2, 4)
    assert list(joins_on_a_condition(whole)) == []


def test_who_is_missed_changes_with_the_first_file_of_a_round_and_with_one_for_the_area_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on, office = DataFolder(tmp_path / "going-on"), small_office()
    vacuum: list[str | None] = []
    invoke = dbtRunner.invoke

    def listen(runner: dbtRunner, line: list[str]) -> dbtRunnerResult:
        vacuum.append(os.environ.get("KHO_BUILD_VACUUM_TASKS"))
        return invoke(runner, line)

    monkeypatch.setattr(dbtRunner, "invoke", listen)
    monkeypatch.setattr(dbt_builds, "_TIDIED_AFTER", 2)
    build(going_on, office)
    for unit, area, tasks in (("U2", "001", None), ("K4", "006", "100")):
        office.submit(unit, area, 2026, {"P.GT": 710})
        told = build(going_on, office)
        assert KEPT in {result.status for result in told}
        assert vacuum[-1] == tasks, "the first one leaves its gaps, the second closes those of both"
        whole = DataFolder(tmp_path / f"whole-{unit}")
        build(whole, office)
        assert list(differences(going_on, whole)) == []


def publish(office: Inputs, figures: Mapping[str, int], received_at: str) -> None:
    """A table in which one unit tells of many areas: one submission, whose own area is the unit's."""
    office.submit("O2", "002", 2025, {"X.GT": 0}, received_at=received_at)
    pattern = office.cells.pop() | {
        "value_state": "value",
        "value_status": "final",
        "data_element_code": "P.GT",
    }
    for row, (area, figure) in enumerate(figures.items(), start=9):
        told = {"value": float(figure), "raw_text": str(figure), "value_exact": str(figure)}
        office.cells.append({**pattern, **told, "area_code": area, "row": row, "cell": f"F{row}"})


def test_what_a_table_of_many_areas_no_longer_tells_is_gone_and_comes_back_with_the_one_before(
    tmp_path: Path,
) -> None:
    going_on, office = DataFolder(tmp_path / "going-on"), small_office()
    publish(office, {"002": 900, "003": 500, "004": 600}, "2026-03-02T09:00:00+07:00")
    build(going_on, office)
    before = {name: list(getattr(office, name)) for name in ("receipts", "submissions", "cells")}
    publish(office, {"002": 901, "003": 500}, "2026-03-05T09:00:00+07:00")
    told = build(going_on, office)
    assert KEPT in {result.status for result in told}
    build(whole := DataFolder(tmp_path / "whole"), office)
    assert list(differences(going_on, whole)) == []
    for name, rows in before.items():
        getattr(office, name)[:] = rows
    told = build(going_on, office)
    assert KEPT in {result.status for result in told}
    build(again := DataFolder(tmp_path / "again"), office)
    assert list(differences(going_on, again)) == []


def test_an_area_held_because_of_its_peers_is_held_in_the_area_above_it(tmp_path: Path) -> None:
    going_on, office = DataFolder(tmp_path / "going-on"), nation()
    office.rule("PEERS", kind="peer_outlier", absolute_floor=2.0, severity="blocking", holds_element="R.TS")
    office.formula("PEERS", {"R.TS": 1}, owner_type="rule", side="left")
    for unit, area, figure in (("X11", "11", 85), ("X12", "12", 400), ("X13", "13", 90), ("T20", "21", 300)):
        office.submit(unit, area, 2025, {"R.TS": figure, "R.MS": 1000})
    build(going_on, office)
    office.submit("X12", "12", 2025, {"R.TS": 88, "R.MS": 1000}, received_at="2026-03-05T09:00:00+07:00")
    told = build(going_on, office)
    assert KEPT in {result.status for result in told}
    build(whole := DataFolder(tmp_path / "whole"), office)
    assert list(differences(going_on, whole)) == []
    with connect_build(going_on) as connection:
        query = (
            "select value_state from marts.fct_indicator where area_code = '20' and indicator_code = 'R' "
            "and category_code = '_T' and period_code = '2025'"
        )
        assert connection.execute(query).fetchall() == [("held",)]


def _tamper(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("update marts.fct_indicator set value = value + 1000, name_vi = 'khác'")


def _corrupt(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.seek(5000)
        stream.write(b"x" * 100)


@pytest.mark.parametrize("damage", [_tamper, _corrupt])
@pytest.mark.parametrize("is_dropped", [True, False])
def test_nobody_goes_on_from_a_large_release_that_is_no_longer_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None], *, is_dropped: bool
) -> None:
    monkeypatch.setattr(releases, "_WRITTEN_IN_ORDER", 0)
    folder, office = DataFolder(tmp_path / "office"), small_office()
    build(folder, office)
    first = release(folder)
    file = folder.release(str(releases.current_release(folder))) / releases.RELEASE_FILE
    file.chmod(0o644)
    damage(file)
    if is_dropped:
        shutil.rmtree(file.parent)
    with pytest.raises(KhoError) as caught:
        release(folder)
    assert caught.value.code == "warehouse.build_damaged"
    told = build(folder, office)
    assert KEPT not in {result.status for result in told}
    assert release(folder) == first
    made = releases.current_manifest(folder)
    assert made is not None
    assert releases.is_whole(folder, made)


def test_a_large_release_holds_the_marts_alone_in_the_oldest_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen_to_releases(monkeypatch)
    folder = DataFolder(tmp_path)
    build(folder, small_office())
    release(folder)
    (file,) = folder.releases.glob("R*/kho.duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        held = connection.execute(
            "select distinct schema_name from duckdb_tables() union "
            "select schema_name from duckdb_views() where not internal"
        ).fetchall()
        (version,) = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where path is not null"
        ).fetchone() or ("",)
    assert held == [("marts",)]
    assert version.startswith("v1.0")


@pytest.mark.parametrize("lost", ["kho.duckdb", "work.duckdb"])
def test_where_one_file_of_a_build_is_lost_all_is_made_again(tmp_path: Path, lost: str) -> None:
    folder, whole = DataFolder(tmp_path / "one"), DataFolder(tmp_path / "other")
    office = small_office()
    build(folder, office)
    (folder.build / lost).unlink()
    told = build(folder, office)
    assert KEPT not in {result.status for result in told}
    build(whole, office)
    assert list(differences(folder, whole)) == []


def test_what_is_more_than_memory_holds_is_made_in_parts_whatever_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts, at_once = DataFolder(tmp_path / "in-parts"), DataFolder(tmp_path / "at-once")
    office = lively_office()
    build(in_parts, office)
    office.tables["areas"][1]["name_vi"] = "Xã mang tên khác"
    build(at_once, office)
    monkeypatch.setattr(slices, "_FIGURES_AT_ONCE", 20)
    told = build(in_parts, office)
    assert KEPT not in {result.status for result in told}
    assert list(differences(in_parts, at_once)) == []
    assert (count_slices(in_parts), count_slices(at_once)) == (4, 0)


@pytest.mark.parametrize(("at_once", "started"), [(500_000, [2]), (20, [])])
def test_documents_are_got_ready_for_beside_a_build_only_where_it_is_made_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, started: list[int]
) -> None:
    told: list[int] = []
    settings = Settings(data=tmp_path, catalogue=tmp_path, processes=2)
    desk = Desk(settings, now=lambda: ENTERED, exports_follow=True)
    desk.folder.make()
    lively_office().write(desk.folder.build_inputs)
    monkeypatch.setattr(slices, "_FIGURES_AT_ONCE", at_once)
    monkeypatch.setattr("dagster_project.reports.export.start_early", told.append)
    monkeypatch.setattr("dagster_project.warehouse.build.run_dbt", lambda *_, **__: [])
    pipeline.build(desk)
    assert told == started


def listen_to_releases(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, list[str]]]:
    """The parts that each release, which counts as a large one, did not know."""
    hashed: list[dict[str, list[str]]] = []

    def look(
        connection: duckdb.DuckDBPyConnection, known: Parts, reached: marts.Reached | None
    ) -> list[marts.Mart]:
        found = describe(connection, known, reached)
        hashed.append(
            {
                mart.name: sorted(
                    code for code, part in mart.parts.items() if known.get(mart.name, {}).get(code) != part
                )
                for mart in found
            }
        )
        return found

    monkeypatch.setattr(marts, "describe", look)
    monkeypatch.setattr(releases, "_WRITTEN_IN_ORDER", 0)
    return hashed


@pytest.mark.parametrize(
    ("year", "rounds"), [(2025, ["T-2025", "T-2026"]), (2023, ["T-2023", "T-2024", "T-2025", "T-2026"])]
)
def test_what_came_is_told_by_area_and_by_round_with_all_that_look_back_at_it(
    tmp_path: Path, year: int, rounds: list[str]
) -> None:
    inputs, kept, office = tmp_path / "inputs", tmp_path / "kept", small_office()
    keep_read(office.write(inputs), kept)
    office.submit("O2", "002", year, {"P.GT": 900}, received_at=LATE_2025)
    office.write(inputs)
    assert find_slice(inputs, kept, FILES) == Slice(rounds, ["002"])


def test_what_came_for_the_area_of_others_is_told_of_its_unit_too(tmp_path: Path) -> None:
    inputs, kept, office = tmp_path / "inputs", tmp_path / "kept", small_office()
    keep_read(office.write(inputs), kept)
    office.submit("K4", "001", 2025, {"P.GT": 900}, received_at=LATE_2025)
    office.write(inputs)
    assert find_slice(inputs, kept, FILES) == Slice(["T-2025", "T-2026"], ["001", "004"])


def test_the_first_file_of_a_round_and_the_last_to_go_reach_every_area(tmp_path: Path) -> None:
    inputs, kept, office = tmp_path / "inputs", tmp_path / "kept", small_office()
    every = ["001", "002", "003", "004", "005", "006"]
    keep_read(office.write(inputs), kept)
    office.submit("K4", "004", 2026, {"P.GT": 900})
    office.write(inputs)
    assert find_slice(inputs, kept, FILES) == Slice(["T-2026"], every)
    keep_read(inputs, kept)
    take_away(office, "K4", 2026)
    office.write(inputs)
    assert find_slice(inputs, kept, FILES) == Slice(["T-2026"], every)


def test_what_is_gone_is_told_too(tmp_path: Path) -> None:
    inputs, kept, office = tmp_path / "inputs", tmp_path / "kept", small_office()
    keep_read(office.write(inputs), kept)
    take_away(office, "U2", 2025)
    office.write(inputs)
    assert find_slice(inputs, kept, FILES) == Slice(["T-2025", "T-2026"], ["001"])


@pytest.mark.parametrize(
    ("at_once", "parts"),
    [
        (9, []),
        (5, [Slice(["A", "B"], number="1"), Slice(["A", "B"], number="2", is_rest=True)]),
        (
            1,
            [Slice(["A"], number="1"), Slice(["B"], number="2"), Slice(["A", "B"], number="3", is_rest=True)],
        ),
    ],
)
def test_a_whole_build_has_parts_of_whole_rounds_by_their_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, parts: list[Slice]
) -> None:
    monkeypatch.setattr(slices, "_FIGURES_AT_ONCE", at_once)
    rounds = ["A", "B", "A", "A", "B", "C", "C", "C", "C"]
    figures = pl.DataFrame({"round_code": rounds, "role": "value"})
    labels = pl.DataFrame(
        {"round_code": [*rounds, None], "role": [None] * 9 + ["value"]}, schema=figures.schema
    )
    (tmp_path / "cells").mkdir()
    for name, cells in (("1", figures), ("2", labels)):
        cells.write_parquet(tmp_path / "cells" / f"{name}.parquet")
    assert list(find_parts(tmp_path)) == parts


def test_where_more_than_files_changed_anything_may_be_another(tmp_path: Path) -> None:
    inputs, kept = tmp_path / "inputs", tmp_path / "kept"
    keep_read(small_office().write(inputs), kept)
    for changed in ([*FILES, "catalogue.areas"], [*FILES, "intake.entries"], ["intake.receipts"]):
        assert find_slice(inputs, kept, changed) is None
    assert find_slice(inputs, tmp_path / "nothing", FILES) is None


def differences(one: DataFolder, other: DataFolder) -> Iterator[str]:
    """Tables whose rows are not the same in the files of both builds."""
    for files in ((one.build_file, other.build_file), (one.build_work, other.build_work)):
        yield from differing_tables(*files)


def differing_tables(one: Path, other: Path) -> Iterator[str]:
    with duckdb.connect() as connection:
        for name, file in (("one", one), ("other", other)):
            connection.execute(f"attach '{file}' as {name} (read_only)")
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'other' order by all"
        ).fetchall()
        for (table,) in tables:
            for a, b in (("one", "other"), ("other", "one")):
                only = f"select count(*) from (from {a}.{table} except all from {b}.{table})"  # noqa: S608 - our names
                if connection.execute(only).fetchall() != [(0,)]:
                    yield f"{table}: {a}"


def count_slices(folder: DataFolder) -> int:
    with connect_build(folder) as connection:
        return len(
            connection.execute(
                "select schema_name from duckdb_schemas() where database_name = 'work' and schema_name like 'slice%'"
            ).fetchall()
        )


def joins_on_a_condition(folder: DataFolder) -> Iterator[str]:
    """Models with a join that no equality leads: it compares every row with every row, whatever a small set shows."""
    with connect_build(folder) as connection:
        connection.execute("set explain_output = 'optimized_only'")
        compiled = folder.build / "dbt" / "compiled" / "kho" / "models"
        for file in sorted(compiled.rglob("*.sql")):
            if file.parent.suffix != ".yml":
                plan = connection.execute(
                    f"explain (format json) {file.read_text(encoding='utf-8')}"
                ).fetchall()
                if any(step["name"] == "ANY_JOIN" for step in steps(json.loads(plan[0][1])[0])):
                    yield file.stem


def steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan["children"]:
        yield from steps(below)
