"""What starts by itself: a sensor on the inbox, a nightly refresh, the report set after each release.

What is due when comes from the catalogue's rounds; nothing is decided here about figures.
"""

from __future__ import annotations

import hashlib

import dagster as dg

from dagster_project.defs.assets import RELEASE
from dagster_project.defs.desk import open_desk
from dagster_project.defs.jobs import refresh, report
from dagster_project.defs.partitions import ROUNDS
from dagster_project.warehouse.releases import current_release
from dagster_project.warehouse.summary import latest_round

INBOX_SECONDS = 30
QUIET_SECONDS = 10  # a file that changed more recently may still be being copied


@dg.sensor(job=refresh, minimum_interval_seconds=INBOX_SECONDS)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """A run for each state of the inbox, once its files have come to rest."""
    desk = open_desk()
    files = sorted(path for path in desk.folder.inbox.rglob("*") if path.is_file())
    if not files:
        return dg.SkipReason("inbox is empty")
    stats = [(path.relative_to(desk.folder.inbox).as_posix(), path.stat()) for path in files]
    newest = max(stat.st_mtime for _, stat in stats)
    if desk.now().timestamp() - newest < QUIET_SECONDS:
        return dg.SkipReason("a file is still being copied")
    state = hashlib.sha256(repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]).encode())
    if context.cursor == state.hexdigest():
        return dg.SkipReason("nothing new in the inbox")
    context.update_cursor(state.hexdigest())
    return dg.RunRequest(run_key=state.hexdigest())


refresh_schedule = dg.ScheduleDefinition(
    name="nightly_refresh",
    job=refresh,
    cron_schedule="0 2 * * *",
    execution_timezone="Asia/Ho_Chi_Minh",
)


@dg.asset_sensor(asset_key=RELEASE, job=report)
def release_sensor(
    _context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry
) -> dg.SensorResult | dg.SkipReason:
    """The report set of the newest round, after each release."""
    folder = open_desk().folder
    release_id = current_release(folder)
    round_code = latest_round(folder.release(release_id) / "kho.duckdb") if release_id else None
    if round_code is None:
        return dg.SkipReason("the release holds no round")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"{asset_event.run_id}", partition_key=round_code)],
        dynamic_partitions_requests=[ROUNDS.build_add_request([round_code])],
    )
