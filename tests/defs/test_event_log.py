"""The history of runs lies in Dagster's own files: what we make faster is what Dagster makes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from dagster_project.defs.event_log import KeptOpenEventLog
from dagster_project.defs.run import open_instance
from dagster_project.paths import DataFolder


def made_by(kind: type[SqliteEventLogStorage], folder: Path) -> list[tuple[object, ...]]:
    """Tables, indexes, version and journal of the file of a new run."""
    storage = kind(str(folder))
    with storage.run_connection("a-run"):
        pass
    storage.dispose()
    with closing(sqlite3.connect(folder / "a-run.db")) as file:
        tables = file.execute(
            "select type, name, tbl_name, lower(sql) from sqlite_master order by 1, 2"
        ).fetchall()
        version = file.execute("select version_num from alembic_version").fetchall()
        return [*tables, *version, *file.execute("pragma journal_mode").fetchall()]


def test_the_file_of_a_run_is_what_dagster_makes(tmp_path: Path) -> None:
    theirs = made_by(SqliteEventLogStorage, tmp_path / "theirs")
    assert len(theirs) > 10
    assert made_by(KeptOpenEventLog, tmp_path / "ours") == theirs
    assert sorted(path.name for path in (tmp_path / "ours").glob("*a-run*")) == ["a-run.db"]


def test_a_table_that_is_made_later_is_found_then(tmp_path: Path) -> None:
    storage = KeptOpenEventLog(str(tmp_path))
    assert storage.has_table("asset_keys")
    assert not storage.has_table("ours")
    with closing(sqlite3.connect(tmp_path / "index.db")) as file:
        file.execute("create table ours (one)")
    assert storage.has_table("ours")
    storage.dispose()


@dg.asset
def one() -> None:
    """An asset."""


@dg.asset_check(asset=one)
def holds() -> dg.AssetCheckResult:
    """A check of it."""
    return dg.AssetCheckResult(passed=True)


def told_of(instance: dg.DagsterInstance) -> list[tuple[str, str | None]]:
    """What the history of all runs says of a run of the asset and its check, run twice."""
    told: list[tuple[str, str | None]] = []
    for _ in range(2):
        run = dg.materialize([one, holds], instance=instance)
        told += [
            (event.dagster_event_type.value, event.step_key)
            for event in instance.all_logs(run.run_id)
            if event.dagster_event_type
        ]
        (record,) = instance.get_asset_records([one.key])
        assert record.asset_entry.last_run_id == run.run_id
    return told


def test_runs_are_told_as_dagster_tells_them(tmp_path: Path) -> None:
    for name in ("theirs", "ours"):
        (tmp_path / name).mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "theirs")) as theirs:
        expected = told_of(theirs)
    with open_instance(DataFolder(tmp_path / "ours")) as ours:
        assert told_of(ours) == expected


def test_of_a_batch_that_cannot_be_written_nothing_is(tmp_path: Path) -> None:
    with open_instance(DataFolder(tmp_path)) as instance:
        run = dg.materialize([one], instance=instance)
        (record,) = instance.fetch_materializations(one.key, limit=1).records
        entry = record.event_log_entry
        storage = instance.event_log_storage
        before = len(storage.get_logs_for_run(run.run_id))
        with pytest.raises(OverflowError):
            storage.store_event_batch([entry, entry._replace(timestamp=1e20)])
        assert len(storage.get_logs_for_run(run.run_id)) == before
        assert len(instance.fetch_materializations(one.key, limit=9).records) == 1
        storage.store_event_batch([entry, entry])
        assert len(storage.get_logs_for_run(run.run_id)) == before + 2
        assert len(instance.fetch_materializations(one.key, limit=9).records) == 3
