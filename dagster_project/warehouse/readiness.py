"""What stands between a round and its signature, as one release tells it.

Queries belong here; what is demanded at which step is told in ``decide``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.warehouse.connection import tell
from dagster_project.warehouse.summary import open_release

if TYPE_CHECKING:
    import duckdb

#: What may have no official name any more, once it is signed.
_UNCONFIRMED = """
    select distinct indicator_code, name_vi
    from marts.fct_indicator
    where
        round_code = getvariable('round_code') and not is_confirmed
        and coalesce(applicability, '') <> 'not_applicable'
    order by indicator_code
"""
#: Open blocking findings about what counts: not about a version that was replaced, nor what the level above sent back
#: of a figure that an officer has given, nor a refused file where another one counts or the unit sends none. One of an
#: unknown unit may be that of any who has not sent.
_BLOCKING = """
    select distinct f.finding_id, f.reporting_unit_code, f.file_name, f.sheet, f.cell, f.message_vi, f.message_en
    from marts.fct_finding as f
    left join marts.fct_submission as s on f.submission_id = s.submission_id
    left join marts.fct_reporting_rate as r
        on s.round_code = r.round_code and s.reporting_unit_code = r.reporting_unit_code and s.form_code = r.form_code
    where f.round_code = getvariable('round_code') and f.status = 'fail' and f.severity = 'blocking' and f.is_open
    and (
        s.submission_id is null
        or s.is_current
        or (
            s.status = 'refused' and case
                when s.reporting_unit_code is not null
                    then coalesce(r.actual, 0) = 0 and not coalesce(r.not_sending, false)
                else exists (
                    select 1 from marts.fct_reporting_rate
                    where round_code = getvariable('round_code') and expected = 1 and actual = 0 and not not_sending
                )
            end
        )
    )
    and not (
        f.stage = 'returned' and f.data_element_code is not null and exists (
            select 1 from marts.fct_reported_value as v
            where v.round_code = f.round_code and v.reporting_unit_code = f.reporting_unit_code
            and v.data_element_code = f.data_element_code
            and v.category_code = coalesce(f.category_code, '_T')
            and v.entered_how in ('correction', 'on_behalf')
        )
    )
    order by f.reporting_unit_code, f.finding_id
"""
_NOT_SENT = """
    select reporting_unit_code, max(reporting_unit_name) as name, form_code
    from marts.fct_reporting_rate
    where round_code = getvariable('round_code') and expected = 1 and actual = 0 and not not_sending
    group by reporting_unit_code, form_code
    order by reporting_unit_code, form_code
"""
_NOT_SIGNED = """
    select distinct reporting_unit_code, reporting_unit_name as name, form_code
    from marts.fct_submission
    where round_code = getvariable('round_code') and is_current and not signed_copy and entered_how <> 'on_behalf'
    order by reporting_unit_code, form_code
"""
_COUNTS = """
    select
        (select count(*) from marts.fct_indicator where round_code = getvariable('round_code')),
        (
            select count(*) from marts.fct_finding
            where round_code = getvariable('round_code') and status = 'fail' and severity = 'warning' and is_open
        ),
        (
            select count(*) from marts.fct_reported_value
            where round_code = getvariable('round_code') and value_status in ('estimate', 'preliminary')
        )
"""


@dataclass(frozen=True)
class Readiness:
    """Rows as the queries name their columns, and counts."""

    unconfirmed: Sequence[dict[str, Any]]
    blocking: Sequence[dict[str, Any]]
    not_sent: Sequence[dict[str, Any]]
    not_signed: Sequence[dict[str, Any]]
    figures: int
    warnings: int
    preliminary: int


def read_readiness(release_file: Path, round_code: str) -> Readiness:
    """What one release tells of a round's way to its signature."""
    with open_release(release_file) as connection:
        tell(connection, round_code=round_code)
        counts = connection.execute(_COUNTS).fetchone() or (0, 0, 0)
        return Readiness(
            unconfirmed=_rows(connection, _UNCONFIRMED),
            blocking=_rows(connection, _BLOCKING),
            not_sent=_rows(connection, _NOT_SENT),
            not_signed=_rows(connection, _NOT_SIGNED),
            figures=int(counts[0]),
            warnings=int(counts[1]),
            preliminary=int(counts[2]),
        )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = connection.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
