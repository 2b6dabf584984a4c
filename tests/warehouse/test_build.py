"""What a run relies on in dbt's build: each office's own figures, named failures, nothing left locked or shared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from tiny import make_inputs, make_project

from dagster_project.durable import file_hash
from dagster_project.errors import KhoError
from dagster_project.paths import DataFolder, Project
from dagster_project.warehouse.build import (
    KEPT,
    NodeResult,
    clear_build,
    copy_early,
    ensure_manifest,
    note_released,
    run_dbt,
    start_early,
    stop_early,
)
from tests.workers import last_worker

GOOD = [("A1", 1.0), ("A2", 2.5)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("checkout"))


def office(root: Path, cells: list[tuple[str, float]]) -> DataFolder:
    folder = DataFolder(root)
    make_inputs(folder, cells)
    return folder


def cells_of(folder: DataFolder) -> list[tuple[str, float]]:
    with duckdb.connect(str(folder.build_file), read_only=True) as connection:
        return connection.execute("select cell, number from marts.fct_cell order by cell").fetchall()


def test_models_and_tests_are_told_one_by_one(project: Project, tmp_path: Path) -> None:
    heard: list[NodeResult] = []
    results = run_dbt(project, office(tmp_path / "a", GOOD), heard.append)
    told = {result.unique_id.split(".")[2]: result.status for result in results}
    assert told == {
        "fct_cell": "success",
        "dim_count": "success",
        "dim_factor": "success",
        "not_null_fct_cell_cell": "pass",
        "unique_fct_cell_cell": "pass",
    }
    assert {(item.unique_id, item.status) for item in heard} == {
        (item.unique_id, item.status) for item in results
    }


def test_a_process_that_got_ready_builds_the_same(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "dbt.cli.main", raising=False)
    folder = office(tmp_path / "a", GOOD)
    heard: list[NodeResult] = []
    start_early(project)
    results = run_dbt(project, folder, heard.append)
    assert "dbt.cli.main" not in sys.modules
    assert len(results) == 5
    assert {item.unique_id for item in heard} == {item.unique_id for item in results}
    assert cells_of(folder) == GOOD

    start_early(project)
    last_worker().kill()
    run_dbt(project, folder)
    assert cells_of(folder) == GOOD


def test_a_process_that_got_ready_for_nothing_is_ended(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "dbt.cli.main", raising=False)
    start_early(project)
    ready = last_worker()
    stop_early()
    assert not ready.is_running()


def test_offices_of_one_checkout_never_see_each_others_inputs(project: Project, tmp_path: Path) -> None:
    first, second = office(tmp_path / "first", GOOD), office(tmp_path / "second", [("B1", 7.0)])
    run_dbt(project, first)
    run_dbt(project, second)
    run_dbt(project, first)
    assert (cells_of(first), cells_of(second)) == (GOOD, [("B1", 7.0)])


def test_only_what_an_input_changes_is_built_again(project: Project, tmp_path: Path) -> None:
    folder = office(tmp_path / "a", GOOD)

    def build_on(code: str) -> dict[str, str]:
        results = run_dbt(project, folder, code_version=code)
        return {result.unique_id.split(".")[2]: result.status for result in results}

    models = ["dim_count", "dim_factor", "fct_cell"]
    assert sorted(name for name, status in build_on("1").items() if status == "success") == models
    again = build_on("1")
    assert {name for name, status in again.items() if status == KEPT} == set(models)
    assert (again["unique_fct_cell_cell"], again["not_null_fct_cell_cell"]) == ("pass", "pass")

    make_inputs(folder, [("B1", 7.0)])
    told = build_on("1")
    assert (told["fct_cell"], told["dim_count"], told["dim_factor"]) == ("success", "success", KEPT)
    assert told["unique_fct_cell_cell"] == "pass"
    assert cells_of(folder) == [("B1", 7.0)]

    # Another program, a build that failed, a build that was killed: everything is made again.
    assert KEPT not in build_on("2").values()
    make_inputs(folder, [("B1", 7.0), ("B1", 7.0)])
    with pytest.raises(KhoError):
        build_on("2")
    make_inputs(folder, GOOD)
    assert KEPT not in build_on("2").values()


def test_a_data_folder_that_was_moved_is_built_anew_since_views_name_the_files_that_they_read(
    project: Project, tmp_path: Path
) -> None:
    run_dbt(project, office(tmp_path / "a", GOOD), code_version="1")
    (tmp_path / "a").rename(tmp_path / "b")
    told = run_dbt(project, office(tmp_path / "b", [("B1", 7.0)]), code_version="1")
    assert KEPT not in {result.status for result in told}


def test_a_build_that_did_not_end_is_cleared_and_a_whole_one_kept(project: Project, tmp_path: Path) -> None:
    folder = office(tmp_path / "a", GOOD)
    run_dbt(project, folder, code_version="1")
    clear_build(folder)
    assert (folder.build_file.is_file(), folder.build_inputs.exists()) == (True, False)
    make_inputs(folder, GOOD)
    run_dbt(project, folder)
    clear_build(folder)
    assert not folder.build_file.exists()


@pytest.mark.parametrize("is_early", [True, False])
def test_a_build_that_goes_on_changes_nothing_in_a_release_that_is_its_file(
    project: Project, tmp_path: Path, *, is_early: bool
) -> None:
    folder, released = office(tmp_path / "a", GOOD), tmp_path / "release.duckdb"
    run_dbt(project, folder, code_version="1")
    released.hardlink_to(folder.build_file)
    note_released(folder, file_hash(released))
    released.chmod(0o444)
    before = released.read_bytes()
    if is_early:
        copy_early(folder)
    make_inputs(folder, [("B1", 7.0)])
    told = run_dbt(project, folder, code_version="1")
    assert KEPT in {result.status for result in told}
    assert cells_of(folder) == [("B1", 7.0)]
    assert (released.read_bytes(), released.stat().st_nlink) == (before, 1)
    assert [path.name for path in folder.build.iterdir() if path.name.startswith(".")] == []


def test_a_copy_that_was_begun_for_one_office_is_not_taken_by_another(
    project: Project, tmp_path: Path
) -> None:
    first, second = office(tmp_path / "first", GOOD), office(tmp_path / "second", [("B1", 7.0)])
    for folder in (first, second):
        run_dbt(project, folder, code_version="1")
    (tmp_path / "release.duckdb").hardlink_to(first.build_file)
    copy_early(first)
    run_dbt(project, second, code_version="1")
    assert (cells_of(first), cells_of(second)) == (GOOD, [("B1", 7.0)])


def test_two_offices_build_at_the_same_time(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from dagster_project.paths import *; "
        "from dagster_project.warehouse.build import run_dbt; "
        "run_dbt(Project(Path(sys.argv[1])), DataFolder(Path(sys.argv[2])))"
    )
    fresh = make_project(tmp_path / "checkout")
    offices = [office(tmp_path / name, [(name, 1.0)]) for name in ("x", "y")]
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(fresh.root), str(folder.root)])
        for folder in offices
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert [cells_of(folder) for folder in offices] == [[("x", 1.0)], [("y", 1.0)]]
    assert [path.name for path in (fresh.dbt / "target").iterdir() if path.name.startswith(".")] == []


def test_a_failing_test_is_named_and_the_build_file_is_free(project: Project, tmp_path: Path) -> None:
    folder = office(tmp_path / "twice", [("A1", 1.0), ("A1", 2.0)])
    with pytest.raises(KhoError) as caught:
        run_dbt(project, folder)
    text = caught.value.text("vi")
    assert "unique_fct_cell_cell" in text
    assert "not_null_fct_cell_cell" not in text
    assert "không phải của đơn vị" in text
    read = "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=True).execute('from marts.fct_cell')"
    subprocess.run([sys.executable, "-c", read, str(folder.build_file)], check=True)
    assert (folder.logs / "dbt.log").stat().st_size > 0


def test_a_build_that_memory_does_not_hold_says_what_to_set(tmp_path: Path) -> None:
    project = make_project(tmp_path / "checkout")
    (project.dbt / "models/marts/dim_large.sql").write_text(
        "{{ config(pre_hook=\"set memory_limit = '10MB'\") }} select list(range) as a from range(3000000)",
        encoding="utf-8",
    )
    with pytest.raises(KhoError, match="build_memory_mb") as caught:
        run_dbt(project, office(tmp_path / "office", GOOD))
    assert caught.value.code == "warehouse.memory_too_small"


def test_a_missing_input_names_the_model_that_needs_it(project: Project, tmp_path: Path) -> None:
    folder = office(tmp_path / "lacking", GOOD)
    (folder.build_inputs / "cells.parquet").unlink()
    with pytest.raises(KhoError, match="fct_cell"):
        run_dbt(project, folder)


def test_nothing_is_printed_or_left_in_the_environment(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHO_INPUTS", "mine")
    before, here = dict(os.environ), Path.cwd()
    run_dbt(project, office(tmp_path / "quiet", GOOD))
    assert capfd.readouterr() == ("", "")
    assert (dict(os.environ), Path.cwd()) == (before, here)


def test_the_manifest_follows_the_models_and_is_kept_while_they_stay(tmp_path: Path) -> None:
    project = make_project(tmp_path / "checkout")
    first = ensure_manifest(project)
    parsed_at = first.stat().st_mtime_ns
    assert (ensure_manifest(project), first.stat().st_mtime_ns) == (first, parsed_at)
    (project.dbt / "models/marts/dim_new.sql").write_text("select 1 as a", encoding="utf-8")
    nodes = json.loads(ensure_manifest(project).read_text(encoding="utf-8"))["nodes"]
    assert "model.kho.dim_new" in nodes


def test_what_interrupted_parses_left_is_removed_and_what_another_one_writes_is_not(tmp_path: Path) -> None:
    project = make_project(tmp_path / "checkout")
    left, written = (project.dbt / "target" / name for name in (".parse-left", ".parse-written"))
    for folder in (left, written):
        folder.mkdir(parents=True)
    os.utime(left, (1e9, 1e9))
    ensure_manifest(project)
    assert (left.exists(), written.exists()) == (False, True)


def test_a_checkout_that_cannot_be_written_to_still_builds(tmp_path: Path) -> None:
    project = make_project(tmp_path / "checkout")
    (project.dbt / "target").write_text("a file where the folder would be", encoding="utf-8")
    assert ensure_manifest(project).is_file()
    folder = office(tmp_path / "office", GOOD)
    run_dbt(project, folder)
    assert cells_of(folder) == GOOD


def test_models_that_cannot_be_read_end_in_words(tmp_path: Path) -> None:
    project = make_project(tmp_path / "checkout")
    (project.dbt / "models/marts/dim_bad.sql").write_text(
        "select * from {{ ref('nowhere') }}", encoding="utf-8"
    )
    with pytest.raises(KhoError, match="nowhere"):
        ensure_manifest(project)
