"""What became of files since a moment: per arrival, unit, form and round, as the release tells it.

Queries belong here; what a unit is told of it does not (``notices``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dagster_project.warehouse.summary import open_release


@dataclass(frozen=True)
class Arrival:
    """One file for one unit's form in one round; of a file of no known unit the last seven fields are empty."""

    receipt_id: str
    file_name: str
    sha256: str
    received_at: datetime
    sender: str
    status: str
    reason: str | None
    unit: str | None
    unit_name: str | None
    form_code: str | None
    round_code: str | None
    revision: int | None
    on_time: bool | None
    to_mend: int
    to_explain: int


def arrivals_since(release_file: Path, moment: datetime) -> list[Arrival]:
    """Arrivals after ``moment`` in their order; rounds from before the system are left out.

    ``status`` is that of the submission where there is one (accepted, quarantined, refused, …), else the receipt's.
    """
    with open_release(release_file) as connection:
        rows = connection.execute(
            """
            with findings as (
                select
                    submission_id,
                    count(*) filter (where severity = 'blocking') as to_mend,
                    count(*) filter (where severity = 'warning') as to_explain
                from marts.fct_finding
                where status = 'fail' and is_open and submission_id is not null
                group by submission_id
            )
            select
                r.receipt_id,
                r.file_name,
                r.sha256,
                r.received_at,
                r.sender,
                case when r.status = 'duplicate' then r.status else coalesce(s.status, r.status) end as status,
                r.reason,
                s.reporting_unit_code,
                s.reporting_unit_name,
                s.form_code,
                s.round_code,
                s.revision,
                s.on_time,
                coalesce(f.to_mend, 0) as to_mend,
                coalesce(f.to_explain, 0) as to_explain
            from marts.fct_receipt as r
            left join marts.fct_submission as s on r.sha256 = s.sha256
            left join findings as f on s.submission_id = f.submission_id
            left join marts.dim_round as d on s.round_code = d.round_code
            where r.received_at > $1 and not coalesce(d.is_retrospective, false)
            order by r.received_at, r.receipt_id, s.round_code, s.reporting_unit_code, s.form_code
            """,
            [moment],
        ).fetchall()
    return [Arrival(*row) for row in rows]
