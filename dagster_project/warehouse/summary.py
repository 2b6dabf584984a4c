"""What one release says about files, findings and rounds: the few counts that commands print.

Reads a release and nothing else. Documents and reports are made in ``reports``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from dagster_project.text import sql_literal
from dagster_project.warehouse.connection import ask, connect

if TYPE_CHECKING:
    import polars as pl

SEVERITIES = ("blocking", "warning", "info")


@dataclass(frozen=True)
class FileSummary:
    """One file: cells = accepted + quarantined + ignored."""

    file: str
    sha256: str
    status: str
    cells: int
    accepted: int
    quarantined: int
    ignored: int
    findings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ReleaseSummary:
    """The whole release in counts; ``rounds`` that took something in, from the oldest period to the newest."""

    files: int
    submissions: int
    findings: dict[str, int]
    rounds: Sequence[str]


def summarise(release_file: Path) -> ReleaseSummary:
    """Counts of the release in ``release_file`` (a DuckDB file)."""
    with open_release(release_file) as connection:
        return ReleaseSummary(
            files=_one(connection, "select count(*) from marts.fct_receipt"),
            submissions=_one(connection, "select count(*) from marts.fct_submission"),
            findings=_by_severity(
                connection.execute(
                    "select severity, count(*) from marts.fct_finding "
                    "where status = 'fail' and is_open group by severity"
                ).fetchall()
            ),
            rounds=[
                str(row[0])
                for row in connection.execute(
                    "select s.round_code from marts.fct_submission as s "
                    "join marts.dim_round as r on s.round_code = r.round_code "
                    "where s.status <> 'refused' "
                    "group by s.round_code, r.period_end order by r.period_end, s.round_code"
                ).fetchall()
            ],
        )


def round_states(release_file: Path) -> dict[str, str]:
    """The state of each round as the release knows it; empty for a release from before states."""
    with open_release(release_file) as connection:
        known = connection.execute(
            "select 1 from duckdb_columns() where table_name = 'dim_round' and column_name = 'state'"
        ).fetchone()
        if known is None:
            return {}
        return dict(connection.execute("select round_code, state from marts.dim_round").fetchall())


def refused_by_fixed_rounds(release_file: Path) -> set[str]:
    """sha256 of the files that came for a fixed round and were refused as a whole."""
    with open_release(release_file) as connection:
        return {
            str(row[0])
            for row in connection.execute(
                "select sha256 from marts.fct_receipt where status = 'refused' and reason = 'ROUND_FIXED'"
            ).fetchall()
        }


def is_open(release_file: Path) -> str:
    """The condition of findings that are still open; a release of an earlier version tells of none that it is not."""
    with open_release(release_file) as connection:
        known = connection.execute(
            "select 1 from duckdb_columns() where table_name = 'fct_finding' and column_name = 'is_open'"
        ).fetchone()
    return "coalesce(is_open, true)" if known else "true"


def reported_values(release_file: Path, round_code: str, areas: Collection[str]) -> pl.DataFrame:
    """Current values of one round that no blocking finding doubts, or that an officer accepted all the same.

    reporting_unit_code, data_element_code, category_code, value, value_state, unit; about ``areas``, of units that
    reported about one area each.
    """
    import polars as pl

    still_open = is_open(release_file)
    with open_release(release_file) as connection:
        found = ask(
            connection,
            "select reporting_unit_code, area_code, data_element_code, category_code, value, value_state, unit "  # noqa: S608
            "from marts.fct_reported_value as v where round_code = getvariable('round_code') and not exists ("
            "select 1 from marts.fct_finding as f where f.status = 'fail' and f.severity = 'blocking' "
            f"and {still_open} and f.submission_id = v.submission_id "
            "and f.data_element_code = v.data_element_code and f.category_code = v.category_code) "
            "qualify count(*) over (partition by reporting_unit_code, data_element_code, category_code) = 1",
            round_code=round_code,
        )
    return found.filter(pl.col("area_code").is_in(list(areas))).drop("area_code")


def list_files(release_file: Path, asked: Collection[str] | None = None) -> list[FileSummary]:
    """The files of a release as they came, those with the ``asked`` sha256 or all."""
    with open_release(release_file) as connection:
        _ask_for(connection, asked)
        return _files(connection)


def has_blocking(release_file: Path, asked: Collection[str]) -> bool:
    """Whether anything blocking was found in the files with the ``asked`` sha256, open or not."""
    with open_release(release_file) as connection:
        _ask_for(connection, asked)
        found = connection.execute(
            "select 1 from marts.fct_finding "
            "where status = 'fail' and severity = 'blocking' and sha256 in (from asked) limit 1"
        )
        return found.fetchone() is not None


def _ask_for(connection: duckdb.DuckDBPyConnection, asked: Collection[str] | None) -> None:
    """A table of the ``asked`` sha256, or of those of all files."""
    connection.execute("create temp table asked (sha256 varchar)")
    if asked:
        listed = ", ".join(f"({sql_literal(sha256)})" for sha256 in asked)
        connection.execute(f"insert into asked values {listed}")  # noqa: S608
    elif asked is None:
        connection.execute("insert into asked select distinct sha256 from marts.fct_receipt")


def _files(connection: duckdb.DuckDBPyConnection) -> list[FileSummary]:
    findings: dict[str, dict[str, int]] = {}
    for sha256, severity, count in connection.execute(
        "select sha256, severity, count(*) from marts.fct_finding "
        "where status = 'fail' and sha256 in (from asked) group by sha256, severity"
    ).fetchall():
        findings.setdefault(sha256, dict.fromkeys(SEVERITIES, 0))[severity] = count
    rows = connection.execute(
        """
        with cells as (
            select
                sha256,
                count(*) as cells,
                count(*) filter (where disposition = 'accepted') as accepted,
                count(*) filter (where disposition = 'quarantined') as quarantined,
                count(*) filter (where disposition = 'ignored') as ignored
            from marts.fct_reported_cell
            where sha256 in (from asked)
            group by sha256
        )
        select
            r.file_name, r.sha256, r.status,
            coalesce(c.cells, 0), coalesce(c.accepted, 0), coalesce(c.quarantined, 0), coalesce(c.ignored, 0)
        from marts.fct_receipt as r
        -- An equality alone: beside one, a condition on the receipt would compare every file with every file.
        left join cells as c on case when r.status <> 'duplicate' then r.sha256 end = c.sha256
        where r.sha256 in (from asked)
        order by r.received_at, r.file_name
        """
    ).fetchall()
    none = dict.fromkeys(SEVERITIES, 0)
    return [
        FileSummary(
            file=name,
            sha256=sha256,
            status=status,
            cells=cells,
            accepted=accepted,
            quarantined=quarantined,
            ignored=ignored,
            findings=none if status == "duplicate" else findings.get(sha256, none),
        )
        for name, sha256, status, cells, accepted, quarantined, ignored in rows
    ]


def _by_severity(rows: Sequence[tuple[str, int]]) -> dict[str, int]:
    return {**dict.fromkeys(SEVERITIES, 0), **dict(rows)}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def open_release(release_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that only reads the release in ``release_file``."""
    connection = connect(release_file)
    try:
        yield connection
    finally:
        connection.close()
