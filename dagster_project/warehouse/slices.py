"""Rounds and areas of a build: those that can have changed since the one before, and those that memory holds at once.

Which rounds and areas, and what was read the last time, belong here. What a model makes of it is said in
``dbt/macros/slices.sql``; running dbt is ``build``.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import durable
from dagster_project.text import sql_literal
from dagster_project.warehouse.connection import connect

if TYPE_CHECKING:
    import duckdb

#: What a file that came, was replaced or is gone changes, the tables of it and its cells.
_TABLES = ("receipts", "submissions", "findings")
_CELLS = "cells"
_ALWAYS = {"intake.submissions", "intake.cells"}
_CHANGED_BY_FILES = {*_ALWAYS, "intake.receipts", "intake.findings"}


#: Figures that a build makes at once in the memory that an office has where it sets none.
_FIGURES_AT_ONCE = 500_000


@dataclass(frozen=True)
class Slice:
    """Rows by the codes of their rounds and areas.

    Of what changed: outside these nothing differs but what is looked up across them. Of a whole build: its part with
    this ``number``; the one that ``is_rest`` has all rounds but these, and no part tells areas.
    """

    rounds: Sequence[str]
    areas: Sequence[str] = ()
    number: str = ""
    is_rest: bool = False

    def as_json(self) -> Mapping[str, object]:
        """Plain values for ``json.dumps``."""
        return asdict(self)


def keep_read(inputs: Path, kept: Path) -> None:
    """Keep what a build read of files, for the next one to compare with; without a folder of cells there is nothing."""
    if not (inputs / _CELLS).is_dir():
        return
    with durable.new_folder(kept) as aside:
        for name in _TABLES:
            shutil.copyfile(inputs / f"{name}.parquet", aside / f"{name}.parquet")
        (aside / _CELLS).mkdir()
        for file in (inputs / _CELLS).glob("*.parquet"):
            # Their names change with what they hold, so nobody writes into them.
            durable.link(file, aside / _CELLS / file.name)


def find_slice(
    inputs: Path,
    kept: Path,
    changed: Collection[str],
    *,
    memory_mb: int | None = None,
    spill: Path | None = None,
) -> Slice | None:
    """What differs between ``inputs`` and what was ``kept`` of the build before; None where it may be anything.

    ``changed`` names the sources that differ, as dbt selects them. A round brings all later ones with it, for these
    look at earlier figures. At most ``memory_mb`` are held in memory, more is written aside in ``spill``.
    """
    if not _ALWAYS <= set(changed) <= _CHANGED_BY_FILES or not kept.is_dir():
        return None
    with connect(memory_mb=memory_mb, spill=spill) as connection:
        for statement in (
            *_read(inputs, kept),
            *map(_changed, _TABLES),
            *_changed_cells(inputs, kept),
            _TOUCHED,
        ):
            connection.execute(statement)
        return Slice(_codes(connection, _ROUNDS), _codes(connection, _AREAS))


def find_parts(inputs: Path) -> Sequence[Slice]:
    """The parts of a whole build, by what their rounds hold; none where memory holds all figures at once."""
    files = sorted((inputs / _CELLS).glob("*.parquet"))
    if not files:
        return ()
    with connect() as connection:
        connection.execute(_view("cells", files))
        counted = connection.execute(_FIGURES).fetchall()
    if sum(figures for _, figures in counted) <= _FIGURES_AT_ONCE:
        return ()
    parts: list[list[str]] = []
    held = _FIGURES_AT_ONCE
    for round_code, figures in counted:
        if held + figures > _FIGURES_AT_ONCE:
            parts.append([])
            held = 0
        parts[-1].append(round_code)
        held += figures
    *first, _ = (Slice(rounds, number=str(number)) for number, rounds in enumerate(parts, start=1))
    others = [round_code for part in first for round_code in part.rounds]
    return (*first, Slice(others, number=str(len(parts)), is_rest=True)) if first else ()


def _codes(connection: duckdb.DuckDBPyConnection, query: str) -> Sequence[str]:
    return [code for (code,) in connection.execute(query).fetchall()]


def _read(inputs: Path, kept: Path) -> Iterator[str]:
    """Statements that show the tables of both sides, and what else tells what they touch."""
    for name in _TABLES:
        yield _view(f"{name}_now", [inputs / f"{name}.parquet"])
        yield _view(f"{name}_before", [kept / f"{name}.parquet"])
    yield _view("entries", [inputs / "entries.parquet"])
    yield _view("all_cells", sorted((inputs / _CELLS).glob("*.parquet")))
    for name in ("rounds", "areas", "reporting_units"):
        yield _view(name, [inputs / "catalogue" / f"{name}.parquet"])


def _changed_cells(inputs: Path, kept: Path) -> Iterator[str]:
    """Statements that show the cells that are only on one side, by the files that are.

    Where none took the place of another these are all of their cells, and nothing is compared.
    """
    now, before = (
        {file.name: file for file in (folder / _CELLS).glob("*.parquet")} for folder in (inputs, kept)
    )
    came = [file for name, file in now.items() if name not in before]
    gone = [file for name, file in before.items() if name not in now]
    if came and gone:
        yield _view(f"{_CELLS}_now", came)
        yield _view(f"{_CELLS}_before", gone)
        yield _changed(_CELLS)
    else:
        yield _view(f"changed_{_CELLS}", came or gone)


def _view(name: str, files: Sequence[Path]) -> str:
    listed = ", ".join(sql_literal(file) for file in files)
    return f"create view {name} as from read_parquet([{listed}])"


def _changed(name: str) -> str:
    """A statement that makes the table of the rows that are only on one side, told by a quick hash of each."""
    now, before = f"{name}_now", f"{name}_before"
    return f"""
        create table changed_{name} as
        with sides as (
            select 1 as side, hash(whole_row) as row_hash from {now} as whole_row
            union all
            select -1 as side, hash(whole_row) as row_hash from {before} as whole_row
        ),
        differing as (
            select row_hash from sides
            group by row_hash
            having sum(side) <> 0
        )
        select whole_row.* from {now} as whole_row where hash(whole_row) in (from differing)
        union all
        select whole_row.* from {before} as whole_row where hash(whole_row) in (from differing)
    """  # noqa: S608  # names of our own


#: What came for an area changes what is said of its unit, too, whose own area may be another. A file that tells of
#: many areas takes the place of an earlier one in all that it told of, and gives it back. Of what was entered the paper
#: may have come earlier than was known. With the first that comes for a round all its areas owe figures, and none does
#: where the last is gone.
_TOUCHED = """
    create table touched as
    with changed as (
        select distinct submission_id, reporting_unit_code, round_code, area_code from changed_cells
        union
        select submission_id, reporting_unit_code, round_code, area_code from changed_submissions
        union
        select submission_id, reporting_unit_code, round_code, area_code from changed_findings
    ),
    revisions as (
        select submissions.submission_id
        from submissions_now as submissions
        inner join changed_submissions as others
            on submissions.reporting_unit_code = others.reporting_unit_code
            and submissions.round_code = others.round_code
            and submissions.form_code is not distinct from others.form_code
            and submissions.area_code is not distinct from others.area_code
    ),
    told as (
        select reporting_unit_code, round_code, area_code from changed
        union
        select reporting_unit_code, round_code, area_code from all_cells
        where submission_id in (from revisions)
        union
        select submissions.reporting_unit_code, submissions.round_code, submissions.area_code
        from changed
        inner join submissions_now as submissions on changed.submission_id = submissions.submission_id
        union
        select entries.reporting_unit_code, entries.round_code, entries.area_code
        from changed_receipts
        inner join entries on changed_receipts.sha256 = entries.paper_sha256
    ),
    begun as (
        select 'now' as at, round_code from submissions_now where not coalesce(blocked, false)
        union
        select 'before', round_code from submissions_before where not coalesce(blocked, false)
    ),
    turned as (
        select round_code from begun
        group by round_code
        having count(*) = 1
    )
    select round_code, area_code from told
    union
    select told.round_code, units.area_code
    from told
    inner join reporting_units as units on told.reporting_unit_code = units.reporting_unit_code
    union
    select turned.round_code, areas.area_code
    from turned
    cross join areas
"""

_FIGURES = """
    select round_code, count(*) from cells
    where role = 'value' and round_code is not null
    group by round_code order by round_code
"""

_AREAS = "select distinct area_code from touched where area_code is not null order by area_code"

_ROUNDS = """
    with first_touched as (
        select min(rounds.period_end) as period_end, min(rounds.data_year) as data_year
        from rounds
        inner join touched on rounds.round_code = touched.round_code
    )
    select rounds.round_code
    from rounds
    inner join first_touched
        on rounds.period_end >= first_touched.period_end or rounds.data_year >= first_touched.data_year
    union
    select round_code from touched where round_code is not null
    order by round_code
"""
