"""The two files of a build, opened as its models see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from dagster_project.paths import DataFolder


@contextmanager
def connect_build(folder: DataFolder, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to which the marts lie in the database ``kho`` and all else in ``work``; names alone find marts."""
    with duckdb.connect(str(folder.build_work), read_only=read_only) as connection:
        connection.execute(f"attach '{folder.build_file}' as kho{' (read_only)' if read_only else ''}")
        connection.execute("set search_path = 'kho.marts,work.intermediate,work.staging'")
        yield connection
