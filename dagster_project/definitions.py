"""The one front door for Dagster: ``build_defs`` makes the graph, with other resources where a caller wants them.

Run by ``kho run`` in process and by Dagster's UI from ``defs`` below; there is no second graph.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from dagster_project.defs import assets, automation, jobs, models, office
from dagster_project.defs.desk import free_desk, locked_desk, open_desk
from dagster_project.paths import Project


def build_defs(overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """The definitions; ``overrides`` replaces resources by name (``desk``)."""
    project = Project()
    manifest = models.read_manifest(project)
    return dg.Definitions(
        assets=[
            assets.landing,
            assets.catalogue,
            assets.cells,
            assets.make_gate(project.expectations),
            models.make_models(manifest),
            assets.make_release_asset(models.mart_keys(manifest)),
            assets.exports,
            office.forms,
            office.reminders,
            office.closing,
            office.delivery,
            office.notices,
        ],
        jobs=[
            jobs.refresh,
            jobs.report,
            jobs.issue_forms,
            jobs.remind,
            jobs.close,
            jobs.deliver,
            jobs.notify,
            jobs.check_freshness,
            jobs.send_notices,
        ],
        asset_checks=[assets.release_is_fresh],
        schedules=[
            automation.nightly_refresh,
            automation.freshness_schedule,
            *automation.timetable_schedules,
        ],
        sensors=[
            automation.inbox_sensor,
            automation.release_sensor,
            automation.mail_sensor,
            automation.failure_sensor,
        ],
        resources={
            "desk": locked_desk(open_desk),
            "free_desk": free_desk(open_desk),
            **(overrides or {}),
        },
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; made when it asks, so that importing ``build_defs`` builds nothing."""
    return build_defs()
