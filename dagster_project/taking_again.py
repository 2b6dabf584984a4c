"""Which files that were refused for their round alone may be taken in again, though their bytes are known.

Without it a mistyped year, or a form that came before its round opened, would be refused for good: the same bytes are
the same receipt. What is taken again is written in the ledger (``ledger.retakes``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dagster_project import frames
from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.catalogue.rounds import ANYTHING, Wanted, rounds_wanted
from dagster_project.ledger.retakes import Retake, log_retakes, retakes
from dagster_project.ledger.rounds import read_rounds
from dagster_project.ledger.store import list_receipts

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dagster_project.catalogue.load import Catalogue
    from dagster_project.ledger.store import Receipt
    from dagster_project.settings import Office

_OF_ANOTHER_ROUND = ("FORM_WRONG_YEAR", "FORM_OTHER_ROUND", "LAYOUT_WRONG_YEAR", "LAYOUT_OTHER_ROUND")
_TOO_EARLY = ("FORM_ROUND_NOT_OPEN", "LAYOUT_ROUND_NOT_OPEN")


def take_again(
    ledger: Engine,
    cells: Path,
    handed_in: Iterable[Receipt],
    wanted: Wanted,
    *,
    catalogue: Catalogue,
    office: Office,
    now: datetime,
    by: str,
) -> list[str]:
    """Take again what of ``handed_in`` was refused for its round alone; the names of the files.

    Read for ``wanted``, where the run before was told another year or round; as of now, where the round was not open
    when the file came and is open now. ``cells`` is the folder in which readings are kept. Nothing is taken again for
    a fixed round, which refuses what comes later, nor a file of several years of which one was taken.
    """
    asked = {receipt.sha256 for receipt in handed_in}
    again = retakes(ledger)
    # Of equal bytes the receipt that was written first counts.
    first = {
        receipt.sha256: receipt for receipt in reversed(list_receipts(ledger)) if receipt.sha256 in asked
    }
    known = [again.get(sha256, Retake()).of(receipt) for sha256, receipt in first.items()]
    fixed = read_rounds(ledger).fixed()
    of_another_round, opening = _refused(cells, fixed)
    told = [
        receipt
        for receipt in known
        if receipt.sha256 in of_another_round
        and wanted not in (ANYTHING, Wanted(receipt.expected_year, receipt.expected_round))
    ]
    if told and not fixed.keys().isdisjoint(rounds_wanted(catalogue, office, wanted)):
        told = []
    early = [
        receipt
        for receipt in known
        if receipt.sha256 in opening and receipt.received_at < opening[receipt.sha256] <= now
    ]
    log_retakes(ledger, told, Retake(wanted.year, wanted.round_code), at=now, by=by)
    log_retakes(ledger, early, Retake(received_at=now), at=now, by=by)
    return sorted({receipt.file_name for receipt in (*told, *early)})


def _refused(cells: Path, fixed: Collection[str]) -> tuple[set[str], dict[str, datetime]]:
    """The files (sha256) that were refused as of another round, and those as too early, with when theirs opens.

    None of which anything was taken, and of the latter none whose round is ``fixed`` by now.
    """
    found = [
        pl.scan_parquet(file)
        .filter(pl.col("rule_code").is_in([*_OF_ANOTHER_ROUND, *_TOO_EARLY]))
        .select("sha256", "rule_code", "observed", "expected")
        .collect()
        for file in cells.glob("[!.]*/[!.]*/findings.parquet")
    ]
    taken = [
        pl.scan_parquet(file).filter(~pl.col("blocked")).select("sha256").collect()
        for file in cells.glob("[!.]*/[!.]*/submissions.parquet")
    ]
    told = pl.concat(
        [frames.empty(frames.FINDINGS).select("sha256", "rule_code", "observed", "expected"), *found]
    )
    told = told.join(pl.concat([told.select("sha256").clear(), *taken]), on="sha256", how="anti")
    early = pl.col("rule_code").is_in(_TOO_EARLY)
    opening = told.filter(early, ~pl.col("observed").is_in(list(fixed))).select(
        "sha256", pl.col("expected").str.to_date("%d/%m/%Y")
    )
    return (
        set(told.filter(~early)["sha256"]),
        {sha256: datetime.combine(day, time(), OFFICE_TIME) for sha256, day in opening.iter_rows()},
    )
