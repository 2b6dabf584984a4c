"""The rows of a ledger as they stand at one moment, in a SQLite file: how one in a database is saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from dagster_project.ledger.store import open_ledger
from dagster_project.ledger.tables import METADATA

if TYPE_CHECKING:
    from pydantic import SecretStr


def copy_ledger(source: Path | SecretStr, file: Path) -> Path:
    """Write every row of ``source`` into the new ledger ``file``, read in one transaction; returns ``file``."""
    into = open_ledger(file)
    with open_ledger(source).connect() as connection, into.begin() as writing:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        for table in METADATA.sorted_tables:
            rows = [dict(row) for row in connection.execute(select(table)).mappings()]
            if rows:
                writing.execute(insert(table), rows)
    return file
