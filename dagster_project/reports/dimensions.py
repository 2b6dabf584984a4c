"""Which criterion of statistical quality a rule speaks about, as ``dimensions.csv`` says.

A row there names the start of a rule's code, a stage, both or neither; the longest start that fits decides, then the
row that names the stage. The criteria's names in words are messages.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import polars as pl

#: In the order in which the criteria are named.
DIMENSIONS = (
    "relevance",
    "accuracy",
    "timeliness",
    "punctuality",
    "accessibility",
    "comparability",
    "coherence",
)

_TABLE = Path(__file__).with_name("dimensions.csv")


def dimension_of(rule_code: str, stage: str) -> str:
    """The criterion of one rule of one stage."""
    fitting = [
        (len(row["rule_prefix"]), bool(row["stage"]), row["dimension"])
        for row in dimension_rows()
        if rule_code.startswith(row["rule_prefix"]) and row["stage"] in ("", stage)
    ]
    return max(fitting)[2]


def with_dimension(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame``, which has ``rule_code`` and ``stage``, with its ``dimension``."""
    rules = frame.select("rule_code", "stage").unique().sort("rule_code", "stage")
    found = [dimension_of(code or "", stage or "") for code, stage in rules.iter_rows()]
    known = rules.with_columns(pl.Series("dimension", found, pl.String))
    return frame.join(known, on=["rule_code", "stage"], how="left", nulls_equal=True, maintain_order="left")


@cache
def dimension_rows() -> tuple[dict[str, str], ...]:
    """The rows of ``dimensions.csv``."""
    with _TABLE.open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))
