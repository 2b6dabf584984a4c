"""Orchestration only: assets, checks, jobs, schedules, sensors and resources over ``pipeline``.

No figure is computed here and no other room imports Dagster.
"""
