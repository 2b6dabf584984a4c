"""How this room opens DuckDB: what a command prints is its own, so a slow query draws no progress bar.

People's queries are opened in ``sandbox``, with limits.
"""

from __future__ import annotations

from pathlib import Path

import duckdb


def connect(file: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that only reads ``file``; without one, to an empty database in memory."""
    connection = duckdb.connect(str(file), read_only=True) if file else duckdb.connect(":memory:")
    connection.execute("set enable_progress_bar = false")
    return connection
