"""Tags of runs: the round that a run is about, the release that it made or read, the step that asked for it."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

ROUND_TAG, RELEASE_TAG, STEP_TAG, OCCASION_TAG = "kho/round", "kho/release", "kho/step", "kho/occasion"
#: On every run that starts by itself: the instance's settings let one such run work at a time.
ONE_AT_A_TIME = {"kho/one_at_a_time": "true"}


def add_tags(context: dg.AssetExecutionContext, tags: Mapping[str, str]) -> None:
    """Tag the run of ``context`` with what it came to know."""
    context.instance.add_run_tags(context.run_id, dict(tags))
