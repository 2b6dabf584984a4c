"""What starts by itself: sensors on inbox, releases, waiting mail and failed runs; schedules of the rounds' timetable.

What is due when is read from the catalogue (``timetable``) at each tick; nothing is decided here about figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from dagster_project import mail, pipeline, timetable
from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.defs import jobs
from dagster_project.defs.assets import RELEASE
from dagster_project.defs.desk import open_desk
from dagster_project.defs.failures import failure_of
from dagster_project.defs.inbox import Seen, at_rest, look, read_cursor, state_of, write_cursor
from dagster_project.defs.office import CLOSING, DELIVERY
from dagster_project.defs.partitions import ROUNDS
from dagster_project.defs.tags import OCCASION_TAG, ONE_AT_A_TIME, RELEASE_TAG, ROUND_TAG, STEP_TAG
from dagster_project.freshness import read_freshness
from dagster_project.notices import write_notices
from dagster_project.pipeline import Desk
from dagster_project.reports.export import is_exported
from dagster_project.warehouse.releases import RELEASE_FILE, current_release
from dagster_project.warehouse.summary import summarise

INBOX_SECONDS = 30
_MAIL_SECONDS = 60
_RUNNING = dg.DefaultSensorStatus.RUNNING
_STATE_TAG = "kho/inbox"
#: The history has every event; the log of ``kho serve`` only what went wrong.
_QUIETLY = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}


@dg.sensor(job=jobs.refresh, minimum_interval_seconds=INBOX_SECONDS, default_status=_RUNNING)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """A run for each state of the files that have come to rest in the inbox; one that was stopped is made up for."""
    desk = open_desk()
    before, taken = read_cursor(context.cursor)
    seen = look(desk.folder.inbox)
    resting = at_rest(seen, before, desk.now().timestamp())
    state = _again(context.instance, state_of(resting))
    if not resting or state == taken:
        context.update_cursor(write_cursor(seen, taken))
        return dg.SkipReason(
            "a file is still being copied" if len(resting) < len(seen) else "nothing new in the inbox"
        )
    context.update_cursor(write_cursor(seen, state))
    return dg.RunRequest(
        run_key=state,
        run_config=_landing_of(resting),
        tags={**ONE_AT_A_TIME, _STATE_TAG: state_of(resting)},
    )


def _again(instance: dg.DagsterInstance, state: str) -> str:
    """The key of a state's run: another one for each time that the run was stopped before its end."""
    stopped = dg.RunsFilter(tags={_STATE_TAG: state}, statuses=[dg.DagsterRunStatus.CANCELED])
    times = instance.get_runs_count(stopped)
    return f"{state}:{times}" if times else state


def _landing_of(resting: Seen) -> dict[str, Any]:
    """The configuration of a run that lands files as they were seen, and no others."""
    seen = {name: list(stat) for name, stat in resting.items()}
    return {**_QUIETLY, "ops": {"landing": {"config": {"at_rest": seen}}}}


@dg.asset_sensor(asset_key=RELEASE, jobs=[jobs.report, jobs.notify], default_status=_RUNNING)
def release_sensor(
    _context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry
) -> dg.SensorResult | dg.SkipReason:
    """The report set of the newest round, receipts and the note, once for each release."""
    desk = open_desk()
    release_id = current_release(desk.folder)
    if release_id is None:
        return dg.SkipReason("there is no release")
    rounds = summarise(desk.folder.release(release_id) / RELEASE_FILE).rounds
    requests = [_notify(release_id, asset_event.run_id)]
    if rounds:
        signed = pipeline.release_to_export(desk, release_id, rounds[-1])
        if not is_exported(desk.folder.exports / signed, rounds[-1]):
            requests.append(_report(signed, rounds[-1]))
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[ROUNDS.build_add_request(list(rounds))] if rounds else [],
    )


def _notify(release_id: str, run_id: str) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"notices:{run_id}",
        job_name=jobs.notify.name,
        run_config=_QUIETLY,
        tags={**ONE_AT_A_TIME, RELEASE_TAG: release_id},
    )


def _report(release_id: str, round_code: str) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"report:{release_id}:{round_code}",
        job_name=jobs.report.name,
        run_config=_QUIETLY,
        partition_key=round_code,
        tags={**ONE_AT_A_TIME, RELEASE_TAG: release_id, ROUND_TAG: round_code},
    )


@dg.sensor(job=jobs.send_notices, minimum_interval_seconds=_MAIL_SECONDS, default_status=_RUNNING)
def mail_sensor(_context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """A run where notices wait and the mail server may be asked (again)."""
    desk = open_desk()
    waiting = mail.waiting(desk)
    if not mail.is_time(desk, waiting):
        return dg.SkipReason("no notice waits, or the mail server is left alone for a while")
    return dg.RunRequest(run_config=_QUIETLY)


@dg.run_failure_sensor(name="failure_sensor", default_status=_RUNNING)
def failure_sensor(context: dg.RunFailureSensorContext) -> None:
    """A notice to the maintainer for each run that failed."""
    desk = open_desk()
    write_notices(desk, [failure_of(desk, context.dagster_run, context.failure_event.message or "")])


@dg.schedule(
    job=jobs.refresh,
    cron_schedule="0 2 * * *",
    execution_timezone=OFFICE_TIME.key,
    tags=ONE_AT_A_TIME,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def nightly_refresh(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Whatever the day left out of the release, for whatever reason."""
    desk = open_desk()
    if read_freshness(desk, load_catalogue(desk.settings.catalogue, desk.settings.reference_areas)).is_fresh:
        return dg.SkipReason("the release holds everything")
    resting = at_rest(look(desk.folder.inbox), {}, desk.now().timestamp())
    return dg.RunRequest(run_config=_landing_of(resting))


freshness_schedule = dg.ScheduleDefinition(
    name="freshness_schedule",
    job=jobs.check_freshness,
    run_config=_QUIETLY,
    cron_schedule="0 5 * * *",
    execution_timezone=OFFICE_TIME.key,
    tags=ONE_AT_A_TIME,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


def _timetable_schedule(kind: str, job: dg.UnresolvedAssetJobDefinition, cron: str) -> dg.ScheduleDefinition:
    """A schedule that asks at its hours which rounds have a step of ``kind`` due."""

    @dg.schedule(
        name=f"{kind}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone=OFFICE_TIME.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def ask(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        desk = open_desk()
        desk.folder.make()
        catalogue = load_catalogue(desk.settings.catalogue, desk.settings.reference_areas)
        steps = timetable.due_now(desk, catalogue)
        due = [step for step in steps if step.kind == kind]
        if not due:
            yield dg.SkipReason(f"no round has {kind} due")
            return
        context.instance.add_dynamic_partitions(str(ROUNDS.name), [step.round_code for step in due])
        for step in due:
            yield _step_request(step, context.scheduled_execution_time, _needed(desk, catalogue, step))

    return ask


def _needed(desk: Desk, catalogue: Catalogue, step: timetable.Step) -> list[dg.AssetKey] | None:
    """The part of a step's job that is left where the release, or its documents, are made already; None: all."""
    release_id = current_release(desk.folder)
    if release_id is None:
        return None
    if step.kind == timetable.CLOSING and read_freshness(desk, catalogue).is_fresh:
        return [CLOSING]
    signed = pipeline.release_to_export(desk, release_id, step.round_code)
    if step.kind == timetable.EXPORT and is_exported(desk.folder.exports / signed, step.round_code):
        return [DELIVERY]
    return None


def _step_request(step: timetable.Step, at: datetime, needed: list[dg.AssetKey] | None) -> dg.RunRequest:
    """A step that failed is asked for again at the next tick, under another key."""
    return dg.RunRequest(
        run_key=":".join((*step.key, f"{at.astimezone(UTC):%Y%m%dT%H%M}")),
        partition_key=step.round_code,
        asset_selection=needed,
        run_config=_QUIETLY,
        tags={**ONE_AT_A_TIME, ROUND_TAG: step.round_code, STEP_TAG: step.kind, OCCASION_TAG: step.occasion},
    )


#: The closing runs early in the day after the last one in time; the others when people come to work.
timetable_schedules = [
    _timetable_schedule(timetable.FORMS, jobs.issue_forms, "0 7 * * *"),
    _timetable_schedule(timetable.REMINDER, jobs.remind, "30 7 * * *"),
    _timetable_schedule(timetable.CLOSING, jobs.close, "5 0 * * *"),
    _timetable_schedule(timetable.EXPORT, jobs.deliver, "0 6 * * *"),
]
