"""How this room opens DuckDB: what a command prints is its own, so a slow query draws no progress bar.

People's queries are opened in ``sandbox``, with limits.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.text import sql_literal

if TYPE_CHECKING:
    import polars as pl


def connect(
    file: Path | None = None, *, memory_mb: int | None = None, spill: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection that only reads ``file``; without one, to an empty database in memory.

    For work on whole tables: at most ``memory_mb`` are held in memory, and what is more is written aside in ``spill``.
    """
    limits: dict[str, Any] = {}
    if memory_mb and spill:
        limits = {"memory_limit": f"{memory_mb}MB", "temp_directory": str(spill)}
    connection = (
        duckdb.connect(str(file), True, limits) if file else duckdb.connect(":memory:", False, limits)
    )
    connection.execute("set enable_progress_bar = false")
    return connection


def tell(connection: duckdb.DuckDBPyConnection, **values: str) -> None:
    """What ``getvariable`` reads from now on; for parameters, DuckDB would first load pandas, which takes a second."""
    for name, value in values.items():
        connection.execute(f"set variable {name} = {sql_literal(value)}")


def ask(connection: duckdb.DuckDBPyConnection, query: str, **values: str) -> pl.DataFrame:
    """The rows of a query, which reads ``values`` by ``getvariable``."""
    import polars as pl

    tell(connection, **values)
    return pl.DataFrame(connection.sql(query))
