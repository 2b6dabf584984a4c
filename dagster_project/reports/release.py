"""A release folder opened for reading: its manifest, its marts by name, and what all readers of marts need.

Marts are read as they are. What one round says is put together in ``read``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from dagster_project.errors import KhoError
from dagster_project.text import sql_literal

if TYPE_CHECKING:
    import duckdb

SCHEMA = "marts"
LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True)
class Stamp:
    """What the manifest says about the release; ``created_at`` in the office's time."""

    release_id: str
    created_at: datetime
    content_hash: str
    is_sample: bool


@dataclass(frozen=True)
class Column:
    """One column of a mart, with the comment that describes it."""

    mart: str
    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Release:
    """An open release."""

    stamp: Stamp
    connection: duckdb.DuckDBPyConnection

    def columns(self) -> list[Column]:
        """Every column of every mart, in order."""
        rows = self.connection.execute(
            "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
            "where schema_name = 'marts' and database_name = current_database() "
            "order by table_name, column_index"
        ).fetchall()
        return [Column(*row) for row in rows]

    def has(self, mart: str) -> bool:
        """Whether the release holds a mart: those of earlier programs lack some."""
        return any(column.mart == mart for column in self.columns())

    def mart(self, name: str, **equal: str) -> pl.DataFrame:
        """The rows of a mart, those where the given columns have the given values."""
        wanted = " and ".join(f'"{column}" = {sql_literal(value)}' for column, value in equal.items())
        query = f'select * from {SCHEMA}."{name}"' + (f" where {wanted}" if wanted else "")  # noqa: S608
        return pl.DataFrame(self.connection.sql(query))

    def slim(self, name: str, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of a mart."""
        listed = ", ".join(f'"{column}"' for column in columns)
        query = f'select {listed} from {SCHEMA}."{name}"'  # noqa: S608  # names are the program's own
        return pl.DataFrame(self.connection.sql(query))

    def counts(self, name: str, columns: Sequence[str]) -> pl.DataFrame:
        """How many rows (``n``) of a mart have each combination of some columns, in their order."""
        listed = ", ".join(f'"{column}"' for column in columns)
        query = f'select {listed}, count(*) as n from {SCHEMA}."{name}" group by all order by all'  # noqa: S608
        return pl.DataFrame(self.connection.sql(query))


@contextmanager
def open_release(release_dir: Path) -> Iterator[Release]:
    """Open a release folder for reading. Raises ``KhoError`` where it is not a whole release."""
    import duckdb

    file = release_dir / "kho.duckdb"
    if not file.is_file():
        raise KhoError("reports.no_release", folder=release_dir)
    connection = duckdb.connect(str(file), read_only=True)
    try:
        connection.execute("set enable_progress_bar = false")
        connection.execute("set timezone = 'UTC'")
        yield Release(_stamp(release_dir), connection)
    finally:
        connection.close()


def valid_at(frame: pl.DataFrame, moment: date) -> pl.DataFrame:
    """The versions of a dimension that were valid on a day."""
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from") <= moment)
    ended = pl.col("valid_to").is_not_null() & (pl.col("valid_to") < moment)
    return frame.filter(begun & ~ended)


def local_times(frame: pl.DataFrame) -> pl.DataFrame:
    """Moments of a frame in the office's time; those without a zone are UTC."""
    moments = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(
        (pl.col(name) if frame.schema[name].time_zone else pl.col(name).dt.replace_time_zone("UTC"))  # type: ignore[attr-defined]
        .dt.convert_time_zone(LOCAL.key)
        .alias(name)
        for name in moments
    )


def _stamp(release_dir: Path) -> Stamp:
    try:
        told = json.loads((release_dir / "manifest.json").read_text(encoding="utf-8"))
        created_at = datetime.fromisoformat(told["created_at"])
        return Stamp(
            release_id=str(told["release_id"]),
            created_at=(created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)).astimezone(
                LOCAL
            ),
            content_hash=str(told["content_hash"]),
            is_sample=bool(told["is_sample"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KhoError("reports.no_release", folder=release_dir) from error
