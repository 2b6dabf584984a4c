"""Intake beside what cannot be left out and what an office would write: ``python -m tests.benchmarks.intake``.

Forms of a commune (40), a province (1,500) and, told by ``--workbooks``, the nation (39,852). Three sides in turn, each
in a process of its own over the same files:

- intake: received, landed, guarded, read, bound, parsed, with findings and provenance;
- bare loop: the bytes read, sha256, a copy made durable once a batch, calamine over every sheet, by as many processes;
- pandas + openpyxl: one table of all figures as an office would merge it, with a few checks, in one process.

At most twice the bare loop, and at least five times as fast as pandas and openpyxl; exit code 1 says that it was not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from dagster_project import pipeline
from dagster_project.limits import processors
from tests.benchmarks.measure import Row, row_of, run_apart, show, write_json
from tests.benchmarks.workbooks import write_workbooks
from tests.faultset.__main__ import say
from tests.faultset.run import open_desk

_YEAR, _SEED = 2026, 2244
_TIMES_THE_LIMIT, _TIMES_THE_RIVAL = 2.0, 5.0
#: Bars are held from a province on; more workbooks than this are taken in once, and not by the rival.
_PROVINCE, _OFTEN = 1_500, 5_000
_BATCH = 1_000


def main() -> int:
    """Write the forms, run the sides, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.intake", description=__doc__)
    parser.add_argument("--workbooks", type=int, nargs="+", default=[40, 1_500])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the forms are kept; else they go")
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    rows: list[Row] = []
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as aside:
        for workbooks in told.workbooks:
            season = (told.folder or Path(aside)) / f"workbooks-{workbooks}"
            if not season.is_dir():
                write_workbooks(season, workbooks, year=_YEAR, seed=_SEED, processes=processors())
            times = told.times if workbooks <= _OFTEN else 1
            rows += _measure(season, workbooks, times, missed)
    return write_json(told.json, rows, missed)


def _measure(season: Path, workbooks: int, times: int, missed: list[str]) -> list[Row]:
    sides = {"intake": _take_in, "bare loop": _run_bare}
    if workbooks <= _OFTEN:
        sides["pandas + openpyxl"] = _merge_as_an_office
    runs: dict[str, list[Any]] = {name: [] for name in sides}
    for _ in range(times):
        for name, work in sides.items():
            with tempfile.TemporaryDirectory() as aside:
                runs[name].append(run_apart(work, season, Path(aside)))
    rows = {name: row_of(f"{name}, {workbooks} workbooks", of) for name, of in runs.items()}
    for row in rows.values():
        show(row)
    told = rows["intake"].told
    say(f"  {told['cells']} cells, {told['findings']} findings, {told['figures']} figures accepted")
    ratio = rows["intake"].seconds / rows["bare loop"].seconds
    say(f"  intake: {ratio:.2f} × the bare loop (at most {_TIMES_THE_LIMIT})")
    if workbooks >= _PROVINCE and ratio > _TIMES_THE_LIMIT:
        missed.append(f"intake of {workbooks}: {ratio:.2f} × the bare loop, not {_TIMES_THE_LIMIT}")
    if "pandas + openpyxl" in rows:
        faster = rows["pandas + openpyxl"].seconds / rows["intake"].seconds
        say(f"  intake: {faster:.2f} × as fast as pandas + openpyxl (at least {_TIMES_THE_RIVAL})")
        if workbooks >= _PROVINCE and faster < _TIMES_THE_RIVAL:
            missed.append(f"intake of {workbooks}: {faster:.2f} × as fast, not {_TIMES_THE_RIVAL}")
    return list(rows.values())


def _take_in(season: Path, aside: Path) -> Mapping[str, Any]:
    """Our side, the catalogue and its checks included."""
    import polars as pl

    desk = open_desk(aside / "data", season / "catalogue")
    catalogue = pipeline.load_checked_catalogue(desk)
    pipeline.receive(desk, [season / "inbox"])
    pipeline.read_cells(desk, catalogue)
    batches = desk.folder.cells / "*" / "*"
    cells = pl.scan_parquet(str(batches / "cells.parquet"))
    accepted = (pl.col("role") == "value") & (pl.col("disposition") == "accepted")
    return {
        "cells": cells.select(pl.len()).collect().item(),
        "figures": cells.select(accepted.sum()).collect().item(),
        "findings": pl.scan_parquet(str(batches / "findings.parquet")).select(pl.len()).collect().item(),
    }


def _run_bare(season: Path, aside: Path) -> Mapping[str, Any]:
    files = sorted((season / "inbox").glob("*.xlsx"))
    batches = [files[at : at + _BATCH] for at in range(0, len(files), _BATCH)]
    shares = [batch[place :: processors()] for batch in batches for place in range(processors())]
    # Forked: what a new interpreter would import is no part of the limit.
    with ProcessPoolExecutor(processors(), get_context("fork")) as pool:
        return {"cells": sum(pool.map(partial(_read_bare, aside), shares))}


def _read_bare(aside: Path, files: Sequence[Path]) -> int:
    from python_calamine import CalamineWorkbook

    cells = 0
    for file in files:
        content = file.read_bytes()
        (aside / hashlib.sha256(content).hexdigest()).write_bytes(content)
        with CalamineWorkbook.from_path(str(file)) as workbook:
            for sheet in workbook.sheet_names:
                rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
                cells += sum(map(len, rows))
    descriptor = os.open(aside, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return cells


def _merge_as_an_office(season: Path, aside: Path) -> Mapping[str, Any]:
    """Each form by pandas, its figures by the codes printed in row and column, merged, checked a little and saved."""
    import pandas as pd

    forms = []
    for file in sorted((season / "inbox").glob("*.xlsx")):
        sheet = pd.read_excel(file, sheet_name="Biểu", header=None, engine="openpyxl")
        at = next(row for row in range(len(sheet)) if {"MA", "GT", "TT"} <= set(sheet.iloc[row]))
        table = sheet.iloc[at + 1 :].set_axis(list(sheet.iloc[at]), axis=1)[["MA", "GT", "TT"]]
        table = table.dropna(subset=["MA"])
        forms.append(table.assign(file=file.name))
    merged = pd.concat(forms, ignore_index=True)
    merged["GT"] = pd.to_numeric(merged["GT"], errors="coerce")
    missing = merged[merged["GT"].isna() & merged["TT"].isna()]
    doubled = merged[merged.duplicated(["file", "MA"], keep=False)]
    negative = merged[merged["GT"] < 0]
    with pd.ExcelWriter(aside / "merged.xlsx", engine="openpyxl") as book:
        merged.to_excel(book, sheet_name="figures", index=False)
        merged.groupby("MA")["GT"].agg(["count", "sum", "mean"]).to_excel(book, sheet_name="totals")
        pd.concat([missing, doubled, negative]).to_excel(book, sheet_name="faults", index=False)
    return {"figures": len(merged), "faults": len(missing) + len(doubled) + len(negative)}


if __name__ == "__main__":
    sys.exit(main())
