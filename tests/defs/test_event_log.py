"""The history of runs lies in Dagster's own files: what we make faster is what Dagster makes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from dagster_project.defs.event_log import KeptOpenEventLog


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
