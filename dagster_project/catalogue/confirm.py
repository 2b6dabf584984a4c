"""Record that the name of an indicator was checked against the official appendix.

Only the row of that indicator changes. Who may do so, and the log of it, are the caller's.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from dagster_project import durable
from dagster_project.errors import UsageError

_FILE = "indicators.csv"


def confirm(folder: Path, indicator_code: str, *, by: str, on: date) -> None:
    """Set status, ``confirmed_by`` and ``confirmed_at`` in the catalogue ``folder``; ``UsageError`` if unknown."""
    rows = pl.read_csv(folder / _FILE, infer_schema=False)
    chosen = pl.col("indicator_code") == indicator_code
    if rows.filter(chosen).is_empty():
        raise UsageError("catalogue.unknown_indicator", code=indicator_code)
    written = {"status": "official", "confirmed_by": by, "confirmed_at": on.isoformat()}
    with durable.replaced(folder / _FILE) as aside:
        rows.with_columns(
            pl.when(chosen).then(pl.lit(value)).otherwise(name).alias(name) for name, value in written.items()
        ).write_csv(aside)
