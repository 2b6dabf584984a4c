"""What the current release knows of files that were sent: the source of ``status``.

Queries belong here; who was expected, and what follows, does not. Without a release nothing was sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster_project.warehouse.connection import ask
from dagster_project.warehouse.summary import is_open, open_release


def submissions_of(
    release_file: Path | None, round_code: str, owed: Mapping[tuple[str, str], Collection[str]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Per unit and form the submission that counts, or the last refused one where none does.

    ``owed`` tells the codes of the areas that a unit has to send a form for; of several, what came for all of them is
    one, and ``is_whole`` tells whether each has a submission that counts.
    """
    rows = _rows(
        release_file,
        f"""
        with findings as (
            select
                submission_id,
                count(distinct coalesce(sheet || '!' || cell, finding_id)) filter (
                    where severity = 'blocking'
                ) as to_mend,
                count(*) filter (where severity = 'warning') as to_explain
            from marts.fct_finding
            where status = 'fail' and submission_id is not null and {is_open(release_file) if release_file else "true"}
            group by submission_id
        ),
        firsts as (
            select
                reporting_unit_code,
                form_code,
                bool_and(coalesce(on_time, true)) filter (where entered_how <> 'back_series') as on_time
            from marts.fct_submission
            where round_code = getvariable('round_code') and revision = 1
            group by reporting_unit_code, form_code
        )
        select
            s.reporting_unit_code,
            s.form_code,
            s.area_code,
            s.status = 'refused' as is_refused,
            s.revision,
            s.received_at,
            s.signed_copy,
            s.entered_how,
            case when s.status <> 'refused' then firsts.on_time end as on_time,
            coalesce(findings.to_mend, 0) as to_mend,
            coalesce(findings.to_explain, 0) as to_explain
        from marts.fct_submission as s
        left join findings on s.submission_id = findings.submission_id
        left join firsts
            on s.reporting_unit_code = firsts.reporting_unit_code and s.form_code = firsts.form_code
        where
            s.round_code = getvariable('round_code')
            and s.reporting_unit_code is not null
            and (s.is_current or s.status = 'refused')
        order by s.status <> 'refused', s.entered_how <> 'back_series', s.received_at
        """,  # noqa: S608 - the only inserted text is one of two of our own
        round_code=round_code,
    )
    came: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        came.setdefault((row["reporting_unit_code"], row["form_code"]), []).append(row)
    return {place: _as_one(of_place, owed.get(place, ())) for place, of_place in came.items()}


def _as_one(rows: Sequence[dict[str, Any]], areas: Collection[str]) -> dict[str, Any]:
    """Submissions of a unit's form, what counts last, as one."""
    if len(areas) < 2:
        return {**rows[-1], "is_whole": not rows[-1]["is_refused"]}
    by_area = {row["area_code"]: row for row in rows}
    counting = {area for area, row in by_area.items() if not row["is_refused"]}
    last = max(by_area.values(), key=lambda row: row["received_at"])
    return {
        **last,
        "is_whole": counting.issuperset(areas),
        "is_refused": len(counting) < len(by_area),
        "signed_copy": all(by_area[area]["signed_copy"] for area in counting),
        **{name: sum(row[name] for row in by_area.values()) for name in ("to_mend", "to_explain")},
    }


def files_without_form(release_file: Path | None) -> set[str]:
    """sha256 of the files that became no submission of any round, or of a unit that nobody knows."""
    rows = _rows(
        release_file,
        "select distinct sha256 from marts.fct_receipt where sha256 not in "
        "(select sha256 from marts.fct_submission where sha256 is not null and reporting_unit_code is not null) "
        "and sha256 not in "
        "(select sha256 from marts.fct_finding where rule_code = 'RETURN_RECEIVED' and sha256 is not null)",
    )
    return {row["sha256"] for row in rows}


def rounds_with_submissions(release_file: Path | None) -> set[str]:
    """Codes of the rounds that something was sent for."""
    rows = _rows(release_file, "select distinct round_code from marts.fct_submission")
    return {row["round_code"] for row in rows}


def _rows(release_file: Path | None, query: str, **values: str) -> list[dict[str, Any]]:
    """Rows of a query over the release; none where there is no release."""
    if release_file is None:
        return []
    with open_release(release_file) as connection:
        return ask(connection, query, **values).to_dicts()
