"""The processes of ``side_by_side`` that tests end from outside."""

from __future__ import annotations

import psutil


def last_worker() -> psutil.Process:
    """The one that this process started last."""
    alive = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    workers = [one for one in alive if "dagster_project.side_by_side" in one.cmdline()]
    return max(workers, key=lambda one: one.create_time())
