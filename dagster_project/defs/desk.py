"""The desk as a Dagster resource: settings, clock and the build lock for as long as a run lasts.

Nothing about the steps themselves belongs here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg

from dagster_project.locks import build_lock
from dagster_project.pipeline import Desk, start_build
from dagster_project.settings import read_settings


def system_clock() -> datetime:
    """The moment now, aware."""
    return datetime.now(UTC)


def open_desk() -> Desk:
    """The desk that the environment names (``KHO_DATA``, ``KHO_CATALOGUE``, ``KHO_LANG``)."""
    return Desk(settings=read_settings(), now=system_clock)


def locked_desk(make_desk: Callable[[], Desk]) -> dg.ResourceDefinition:
    """A resource that holds the build lock, with the build cleared, while a run uses the desk."""

    def hold(_context: dg.InitResourceContext) -> Iterator[Desk]:
        desk = make_desk()
        desk.folder.make()
        with build_lock(desk.folder.build_lock):
            start_build(desk)
            yield desk

    return dg.ResourceDefinition(
        resource_fn=dg.resource(hold).resource_fn, description="Where and with what one run works"
    )
