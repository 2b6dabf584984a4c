"""Orchestration only: assets, checks, jobs, schedules, sensors and resources over ``pipeline``.

No figure is computed here and no other room imports Dagster.
"""

import warnings

import dagster as dg

#: Backfills in one run are marked as new by Dagster; the other it says of its own decorator.
warnings.filterwarnings("ignore", r"Parameter `(backfill_policy|owners)`", dg.BetaWarning)
