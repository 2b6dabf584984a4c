"""A nation's year on one machine: ``python -m tests.benchmarks.nation [--communes 3321]``.

Communes with 12 units each, all of one country, sample. Nine earlier years lie there as if they had been taken in
(their figures, written set-wise into the store of cells, with their receipts) and stand in a release. Then, by the
command itself, each in a process of its own:

- ``kho run --no-report`` of the year's workbooks, from the inbox to a release;
- ``kho run --no-report`` of one workbook more, which a unit sent again with one figure changed.

Documents are not made: a portal of the country has a page for each commune, which is no set that anybody waits for.

At most 5 minutes and 4 GB for the first, 15 s for the second; exit code 1 says that it took more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from dagster_project import frames, pipeline
from dagster_project.catalogue.load import load_catalogue
from dagster_project.intake.take_in import Intake
from dagster_project.ledger.store import Receipt, add_receipts, open_ledger
from dagster_project.limits import processors
from dagster_project.settings import read_settings
from tests.benchmarks.measure import Row, row_of, run_apart, show, write_json
from tests.benchmarks.workbooks import PATTERNS, UNITS, pattern_season, write_workbooks
from tests.faultset.__main__ import say
from tests.faultset.blank import issue_blanks
from tests.faultset.places import area_code, prefix

_YEAR, _SEED = 2026, 2244
_EARLIER = range(_YEAR - 9, _YEAR)
_COMMUNES_OF_A_PROVINCE = 98
_NATION = "VN"
_YEAR_SECONDS, _YEAR_MB, _ONE_SECONDS = 300.0, 4000, 15.0
#: How much of a figure an earlier year had less, a year.
_GROWTH = 0.02


def main() -> int:
    """Make the nation, run its year and one workbook more, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.nation", description=__doc__)
    parser.add_argument("--communes", type=int, default=3_321)
    parser.add_argument("--folder", type=Path, help="where the forms are kept; else they go")
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        workbooks = told.communes * UNITS
        season = (told.folder or Path(aside)) / f"workbooks-{workbooks}"
        if not season.is_dir():
            write_workbooks(season, workbooks, year=_YEAR, seed=_SEED, processes=processors())
        return _run(season, Path(aside), told.communes, told.json)


def _run(season: Path, aside: Path, communes: int, as_json: Path | None) -> int:
    catalogue, data = aside / "catalogue", aside / "data"
    _write_nation(season / "catalogue", catalogue, communes)
    office = ("--level", "national", "--area", _NATION, "--criteria-set", "2244")
    _kho(catalogue, data, "init", "--sample", *office)
    figures = _write_history(catalogue, data, season, communes)
    say(f"{figures} figures of {len(_EARLIER)} earlier years written")
    rows = [
        _measured("earlier years alone", catalogue, data, "run", "--no-report"),
        _measured(
            f"a year of {communes * UNITS} workbooks", catalogue, data, "run", "--no-report", season / "inbox"
        ),
        _measured(
            "one workbook more", catalogue, data, "run", "--no-report", _changed(season / "inbox", aside)
        ),
        _measured("nothing new", catalogue, data, "run", "--no-report"),
    ]
    _, year, one, _ = rows
    missed = [
        line
        for line, is_missed in (
            (f"the year took {year.seconds:.0f} s, not {_YEAR_SECONDS:.0f}", year.seconds > _YEAR_SECONDS),
            (f"the year took {year.peak_mb} MB, not {_YEAR_MB}", year.peak_mb > _YEAR_MB),
            (f"one workbook took {one.seconds:.1f} s, not {_ONE_SECONDS:.0f}", one.seconds > _ONE_SECONDS),
            ("of the one workbook no figure was taken", not one.told["accepted"]),
        )
        if is_missed
    ]
    return write_json(as_json, rows, missed)


def _changed(inbox: Path, aside: Path) -> Path:
    """A folder with one form of the inbox, sent again a day later: a figure in it is another one."""
    forms = sorted(inbox.glob("*.xlsx"))
    form = forms[len(forms) // 2]
    changed = aside / "more" / form.name
    changed.parent.mkdir()
    (changed.parent / "receipts.csv").write_text(
        f"file,received_at\n{form.name},{_YEAR + 1}-03-11T08:00:00+07:00\n", encoding="utf-8"
    )
    book = openpyxl.load_workbook(form)
    page = book["Biểu"]
    cell = next(
        cell for row in page.iter_rows(min_row=15, min_col=6, max_col=6) for cell in row if cell.value
    )
    cell.value = float(cell.value) + 1
    book.save(changed)
    return changed.parent


def _measured(name: str, catalogue: Path, data: Path, *line: str | Path) -> Row:
    row = row_of(name, [run_apart(_kho, catalogue, data, *line, "--json", is_command=True)])
    show(row)
    for stage, seconds in row.told.get("seconds", {}).items():
        say(f"    {stage:20} {seconds:8.1f} s")
    return row


def _kho(catalogue: Path, data: Path, *line: str | Path) -> Mapping[str, Any]:
    """The command, in a process of its own; what it printed as JSON, of files only how many and how much was taken."""
    start = "from dagster_project.cli import main; main()"
    command = [sys.executable, "-c", start, "--catalogue", catalogue, "--data", data, *line]
    done = subprocess.run([*map(str, command)], capture_output=True, check=False, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"kho {line[0]}: exit code {done.returncode}\n{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout) if "--json" in line else {}
    files = told.get("files", ())
    told["files"], told["accepted"] = len(files), sum(file["accepted"] for file in files)
    return told


def _write_nation(reference: Path, folder: Path, communes: int) -> None:
    """The catalogue of the forms with a country and provinces over its communes, and rounds of the country."""
    folder.mkdir(parents=True)
    tables = {file.stem: pl.read_csv(file, infer_schema=False) for file in sorted(reference.glob("*.csv"))}
    numbers = pl.DataFrame({"number": range(1, communes + 1)})
    codes = numbers.select(
        area_code=pl.format("9{}", pl.col("number").cast(pl.String).str.zfill(4)),
        province=pl.format("P{}", ((pl.col("number") - 1) // _COMMUNES_OF_A_PROVINCE).cast(pl.String)),
    )
    above = [(_NATION, "Cả nước", "national", None)] + [
        (code, f"Tỉnh Minh họa {code}", "province", _NATION)
        for code in codes["province"].unique(maintain_order=True)
    ]
    areas = tables["areas"].join(codes, on="area_code", how="left", maintain_order="left")
    tables["areas"] = pl.concat(
        [
            areas.with_columns(pl.coalesce("province", "parent_code").alias("parent_code")).drop("province"),
            pl.DataFrame(above, schema=["area_code", "name_vi", "level", "parent_code"], orient="row"),
        ],
        how="diagonal",
    )
    rounds = tables["rounds"].filter(pl.col("round_code").str.starts_with("2244-X-"))
    pattern = rounds.filter(pl.col("data_year") == str(_YEAR))
    earlier = [pattern.with_columns(_moved(year)) for year in _EARLIER]
    tables["rounds"] = pl.concat([*earlier, pattern]).with_columns(level=pl.lit("national"))
    due = tables["round_due_dates"].filter(pl.col("round_code") == f"2244-X-{_YEAR}")
    tables["round_due_dates"] = pl.concat([*(due.with_columns(_moved(year)) for year in _EARLIER), due])
    tables["forms"] = tables["forms"].with_columns(
        level=pl.when(pl.col("form_code") == "B01-X").then(pl.lit("national")).otherwise("level")
    )
    tables["reporting_units"] = tables["reporting_units"].with_columns(level=pl.lit("national"))
    for name, table in tables.items():
        known = tables["rounds"]["round_code"].implode()
        kept = table.filter(pl.col("round_code").is_in(known)) if "round_code" in table.columns else table
        kept.write_csv(folder / f"{name}.csv")


def _moved(year: int) -> pl.Expr:
    """Every text with the year, or the year after it, moved to ``year``."""
    return (
        pl.all()
        .str.replace_all(str(_YEAR + 1), str(year + 1), literal=True)
        .str.replace_all(str(_YEAR), str(year), literal=True)
    )


def _write_history(catalogue: Path, data: Path, season: Path, communes: int) -> int:
    """Figures of the earlier years as batches of the store, one a year, with a receipt for each form."""
    settings = read_settings(data, catalogue)
    desk = pipeline.Desk(settings, now=lambda: datetime(_YEAR + 1, 3, 1, tzinfo=UTC))
    loaded = pipeline.load_checked_catalogue(desk)
    patterns = _pattern_figures(season)
    areas = pl.DataFrame({"area": range(1, communes + 1)}).with_columns(
        pattern=(pl.col("area") - 1) % PATTERNS + 1,
        area_code=pl.Series([area_code(area) for area in range(1, communes + 1)]),
        prefix=pl.Series([prefix(area) for area in range(1, communes + 1)]),
    )
    engine = open_ledger(settings.ledger)
    figures = 0
    for year in _EARLIER:
        cells = _history_cells(areas.join(patterns, on="pattern"), year)
        submissions = _history_submissions(cells, year)
        add_receipts(
            engine,
            [_receipt(*row) for row in submissions.select("sha256", "file_name", "received_at").iter_rows()],
        )
        files = submissions["sha256"].to_list()
        nothing = (frames.empty(frames.FINDINGS), frames.empty(frames.ANSWERS))
        pipeline.keep_batch(pipeline.cell_store(desk, loaded), Intake(files, cells, submissions, *nothing))
        figures += cells.height
    return figures


def _receipt(sha256: str, file_name: str, received_at: datetime) -> Receipt:
    return Receipt(
        sha256=sha256, file_name=file_name, size_bytes=1, received_at=received_at, sender="", channel="email"
    )


def _pattern_figures(season: Path) -> pl.DataFrame:
    """The figures that stand in the pattern areas' forms, with their cells."""
    patterns = load_catalogue(season / "patterns")
    blanks = issue_blanks(patterns, f"2244-X-{_YEAR}")
    return pl.DataFrame(
        [
            (
                spot.area,
                spot.kind,
                spot.element,
                spot.category,
                float(spot.value),
                spot.value_type,
                spot.measure,
                blanks[spot.kind].rows[spot.code],
                blanks[spot.kind].cell(spot.code, "GT"),
            )
            for spot in pattern_season(patterns, _YEAR, _SEED)
            if spot.value
        ],
        schema={
            "pattern": pl.Int64,
            "kind": pl.String,
            "data_element_code": pl.String,
            "category_code": pl.String,
            "value": pl.Float64,
            "value_type": pl.String,
            "unit": pl.String,
            "row": pl.Int32,
            "cell": pl.String,
        },
        orient="row",
    )


def _history_cells(figures: pl.DataFrame, year: int) -> pl.DataFrame:
    whole = pl.col("value_type").is_in(["count", "money"])
    value = pl.col("value") * (1 - _GROWTH) ** (_YEAR - year)
    unit = pl.format("{}-{}", "prefix", "kind")
    name = pl.format(f"B01-X_{{}}_2244-X-{year}.xlsx", unit)
    cells = figures.with_columns(
        value=pl.when(whole).then(value.round()).otherwise(value.round(2)),
        file_name=name,
        reporting_unit_code=unit,
    )
    names = cells["file_name"].unique(maintain_order=True)
    digests = [hashlib.sha256(one.encode()).hexdigest() for one in names]
    text = pl.col("value").cast(pl.String).str.strip_suffix(".0")
    whole_cells = cells.with_columns(
        sha256=pl.col("file_name").replace_strict(names, digests),
        sheet=pl.lit("Biểu"),
        col=pl.lit(6, dtype=pl.Int32),
        raw_text=text,
        cell_type=pl.lit("number"),
        number="value",
        number_format=pl.lit(""),
        role=pl.lit("value"),
        form_code=pl.lit("B01-X"),
        round_code=pl.lit(f"2244-X-{year}"),
        period_code=pl.lit(str(year)),
        value_exact=pl.when(whole).then(text),
        value_state=pl.lit("value"),
        value_status=pl.lit("final"),
        entered_how=pl.lit("form"),
        is_sample=pl.lit(value=True),
        disposition=pl.lit("accepted"),
    ).with_columns(submission_id=pl.col("sha256").str.head(32))
    return frames.conform(
        whole_cells.select(name for name in frames.CELLS if name in whole_cells.columns), frames.CELLS
    )


def _history_submissions(cells: pl.DataFrame, year: int) -> pl.DataFrame:
    shared = ("submission_id", "sha256", "file_name", "reporting_unit_code", "area_code", "form_code")
    return frames.conform(
        cells.select(*shared, "round_code", "period_code", "entered_how", "is_sample")
        .unique("submission_id", maintain_order=True)
        .with_columns(
            form_version=pl.lit("1"),
            received_at=pl.lit(datetime(year + 1, 3, 10, 1, tzinfo=UTC), dtype=frames.TIMESTAMP),
            counts_from=pl.lit(None, dtype=frames.TIMESTAMP),
            signed_copy=pl.lit(value=False),
            blocked=pl.lit(value=False),
        )
        .select(*frames.SUBMISSIONS),
        frames.SUBMISSIONS,
    )


if __name__ == "__main__":
    sys.exit(main())
