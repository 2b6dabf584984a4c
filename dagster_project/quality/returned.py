"""Which findings of the level above still stand: those of the return package that came last for a round.

An earlier package is answered by a later one, which tells all that is still to be done; none left is told too.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

STAGE = "returned"
#: The rule that tells that a package came.
RECEIVED = "RETURN_RECEIVED"


def keep_newest(findings: pl.DataFrame, receipt_numbers: Mapping[str, int]) -> pl.DataFrame:
    """``findings`` (FINDINGS) without what was asked before the last package of their round; that each came stays.

    ``receipt_numbers`` gives the place of each sha256 in the ledger.
    """
    is_returned = pl.col("stage") == STAGE
    if findings.filter(is_returned).is_empty():
        return findings
    place = pl.col("sha256").replace_strict(receipt_numbers, default=None, return_dtype=pl.Int64)
    last = place.filter(is_returned).max().over("round_code")
    came = pl.col("rule_code") == RECEIVED
    return findings.filter(~is_returned | came | (place == last).fill_null(value=True))
