"""Runs that failed, as notices to the maintainer: told by a sensor, or looked for in the history where none runs."""

from __future__ import annotations

from contextlib import suppress

import dagster as dg

from dagster_project.errors import LockedError
from dagster_project.locks import build_lock
from dagster_project.messages import message
from dagster_project.notices import TOLD_WITHIN, Notice, failure
from dagster_project.pipeline import Desk

_LONGEST = 2000
_AT_MOST = 100
_AT_WORK = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def failed_runs(desk: Desk, instance: dg.DagsterInstance) -> list[Notice]:
    """One notice per run of the history that failed lately, the oldest first."""
    since = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], created_after=desk.now() - TOLD_WITHIN)
    runs = instance.get_runs(since, limit=_AT_MOST)
    return [failure_of(desk, run, _reason(instance, run)) for run in reversed(runs)]


def end_dead_runs(desk: Desk, instance: dg.DagsterInstance) -> None:
    """Close the runs of the history that no process works on any more; none while a build is at work."""
    with suppress(LockedError), build_lock(desk.folder.build_lock):
        for run in instance.get_runs(dg.RunsFilter(statuses=_AT_WORK)):
            instance.report_run_canceled(run, message("serve.run_died", desk.settings.lang))


def failure_of(desk: Desk, run: dg.DagsterRun, reason: str) -> Notice:
    """The notice about one failed run."""
    return failure(desk, run_id=run.run_id, job=run.job_name, at=desk.now(), error=reason.strip()[:_LONGEST])


def _reason(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    return (events[-1].message or "") if events else ""
