"""The jobs executed in process, as ``kho run`` does it: the same graph and the same history as the UI's.

An error of a step is raised as it is, an interruption as Python's own; knows nothing about figures.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager

from dagster_project.definitions import build_defs
from dagster_project.defs.event_log import KeptOpenEventLog
from dagster_project.defs.partitions import ROUNDS, span_tags, spans
from dagster_project.errors import KhoError
from dagster_project.office import make_dagster_home
from dagster_project.paths import DataFolder
from dagster_project.pipeline import Desk, start_build

#: The history keeps every event; a terminal shows our own words.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
#: Without such a number, Dagster writes the events of a batch one by one.
_EVENTS_A_BATCH = ("DAGSTER_EVENT_BATCH_SIZE", "1000")


class Runner:
    """One desk's graph and Dagster instance; the caller holds the build lock."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._instance = open_instance(desk.folder)
        self._definitions = build_defs({"desk": desk})

    def refresh(self) -> Mapping[str, float]:
        """From the inbox to a release; returns seconds per stage. Raises the stage's ``KhoError``."""
        start_build(self._desk)
        return self._execute("refresh", None)

    def report(self, round_code: str) -> Mapping[str, float]:
        """The report set of one round of the current release."""
        self._instance.add_dynamic_partitions(str(ROUNDS.name), [round_code])
        return self._execute("report", round_code)

    def backfill(self, round_codes: Sequence[str]) -> None:
        """The report sets of several rounds of the current release, in one run where they stand side by side."""
        self._instance.add_dynamic_partitions(str(ROUNDS.name), list(round_codes))
        known = list(self._instance.get_dynamic_partitions(str(ROUNDS.name)))
        for first, last in spans(known, round_codes):
            self._execute("report", None, span_tags(first, last))

    def _execute(
        self, job: str, partition: str | None, tags: Mapping[str, str] | None = None
    ) -> Mapping[str, float]:
        try:
            result = self._definitions.resolve_job_def(job).execute_in_process(
                instance=self._instance, partition_key=partition, tags=tags, run_config=_QUIET
            )
        except dg.DagsterExecutionInterruptedError as error:
            raise KeyboardInterrupt from error
        if not result.success:
            failed = [event.step_key for event in result.all_events if event.is_step_failure]
            raise KhoError("cli.run_failed", stages=", ".join(str(step) for step in failed) or job)
        return {
            str(event.step_key): event.step_success_data.duration_ms / 1000
            for event in result.all_events
            if event.is_step_success
        }


def open_instance(folder: DataFolder) -> dg.DagsterInstance:
    """The instance whose home lies in the data folder, telemetry off; its files are those that the UI reads."""
    make_dagster_home(folder)
    os.environ.setdefault(*_EVENTS_A_BATCH)
    home = str(folder.dagster_home)
    defaults: Mapping[str, Any] = InstanceRef.config_defaults(home)
    kept_open = {
        "module": KeptOpenEventLog.__module__,
        "class": KeptOpenEventLog.__name__,
        "config": defaults["event_log_storage"].config_dict,
    }
    # What steps print goes to the terminal; Dagster would start two processes a step to keep it as well.
    uncaptured = {
        "module": NoOpComputeLogManager.__module__,
        "class": NoOpComputeLogManager.__name__,
        "config": {},
    }
    overrides = {"event_log_storage": kept_open, "compute_logs": uncaptured}
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides=overrides))
