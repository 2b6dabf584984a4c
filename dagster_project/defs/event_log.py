"""Where Dagster keeps the events of its runs: its own SQLite files, each opened once per process.

Dagster opens a database and compiles its statements anew for each event. A run of ours has one event and more for each
model and test, which took a fifth of its time. The tables of a run's own file, made one by one on disk and looked for
among all versions of Dagster's tables, take as long as half of its events: they are made in memory. Whether a table is
there, which Dagster asks for each event, is asked once. What comes in a batch is written as one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster import EventLogEntry
from dagster._core.storage.event_log.schema import SqlEventLogStorageMetadata
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

#: As alembic makes it.
_VERSION_TABLE = (
    "create table alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t"
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
)
#: Files kept open: that of all runs, and those of the last few.
_KEPT_OPEN = 4


class KeptOpenEventLog(SqliteEventLogStorage):
    """``SqliteEventLogStorage`` with the same files and tables, for the pinned version of Dagster."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        self._tables: set[str] = set()
        self._batch = threading.local()
        super().__init__(*args, **kwargs)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> KeptOpenEventLog:
        """Made by Dagster from dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Whether the file of all runs has it; one that was there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store all of them or none, in one transaction of each file: a run plans an event for each asset and check."""
        shards = {INDEX_SHARD_NAME, *(event.run_id for event in events)}
        for shard in shards:
            with self._connect(shard):
                pass
        with self._db_lock, ExitStack() as transactions:
            self._batch.connections = {
                shard: transactions.enter_context(self._engine(shard).begin()) for shard in shards
            }
            try:
                super().store_event_batch(events)
            finally:
                del self._batch.connections

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        if hasattr(self._batch, "connections"):
            yield self._batch.connections[shard]
            return
        if shard not in self._initialized_dbs:
            if shard == INDEX_SHARD_NAME or Path(self.path_for_shard(shard)).exists():
                # Dagster's own way makes the tables, or looks which version of them is there.
                with super()._connect(shard):
                    pass
            else:
                self._make_tables(shard)
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _make_tables(self, shard: str) -> None:
        """The file of a new run: Dagster's tables, at the version that the file of all runs is at."""
        with self._connect(INDEX_SHARD_NAME) as connection:
            (at_version,) = connection.execute(sa.text("select version_num from alembic_version")).one()
        file = Path(self.path_for_shard(shard))
        aside = file.with_name(f".{file.name}.new")
        memory = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        SqlEventLogStorageMetadata.create_all(memory)
        with memory.begin() as connection, closing(sqlite3.connect(aside)) as made:
            connection.execute(sa.text(_VERSION_TABLE))
            connection.execute(sa.text("insert into alembic_version values (:at)"), {"at": at_version})
            connection.connection.commit()
            source: Any = connection.connection.driver_connection
            source.backup(made)
            made.execute("pragma journal_mode = wal")
        memory.dispose()
        aside.replace(file)
        self._initialized_dbs.add(shard)

    def _engine(self, shard: str) -> sa.Engine:
        engine = self._engines.pop(shard, None)
        if engine is None:
            engine = sa.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            sa.event.listen(engine, "connect", _sync_at_checkpoints)
        self._engines[shard] = engine
        while len(self._engines) > _KEPT_OPEN:
            oldest = next(name for name in self._engines if name != INDEX_SHARD_NAME)
            self._engines.pop(oldest).dispose()
        return engine

    def dispose(self) -> None:
        """Close the files."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _sync_at_checkpoints(connection: Any, _record: object) -> None:
    """With a write-ahead log, a crash loses at most the last events of a run, and breaks nothing."""
    connection.execute("pragma synchronous = normal")
