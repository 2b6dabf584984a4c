"""The desk as a Dagster resource: settings, clock and the build lock for as long as a run lasts.

Nothing about the steps themselves belongs here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg

from dagster_project.errors import KhoError
from dagster_project.locks import build_lock
from dagster_project.pipeline import Desk, start_build
from dagster_project.settings import read_settings

#: How long a run waits for another build: longer than one takes.
LOCK_SECONDS = 1800
MAX_RETRIES_TAG = "dagster/max_retries"


def system_clock() -> datetime:
    """The moment now, aware."""
    return datetime.now(UTC)


def open_desk() -> Desk:
    """The desk that the environment names (``KHO_DATA``, ``KHO_CATALOGUE``, ``KHO_LANG``)."""
    return Desk(settings=read_settings(), now=system_clock)


def locked_desk(make_desk: Callable[[], Desk]) -> dg.ResourceDefinition:
    """A resource that holds the build lock, with the build cleared, while a run uses the desk.

    Another build is waited for; what a person must mend is not tried again by the instance.
    """

    def hold(context: dg.InitResourceContext) -> Iterator[Desk]:
        try:
            desk = make_desk()
            desk.folder.make()
        except KhoError:
            if context.instance is not None and context.run is not None:
                context.instance.add_run_tags(context.run.run_id, {MAX_RETRIES_TAG: "0"})
            raise
        with build_lock(desk.folder.build_lock, seconds=LOCK_SECONDS):
            start_build(desk)
            yield desk

    return _resource(hold, "Where and with what one run works")


def free_desk(make_desk: Callable[[], Desk]) -> dg.ResourceDefinition:
    """The desk without the build lock, for what touches no figure."""

    def give(_context: dg.InitResourceContext) -> Iterator[Desk]:
        yield make_desk()

    return _resource(give, "The same, without the build lock")


def _resource(
    give: Callable[[dg.InitResourceContext], Iterator[Desk]], description: str
) -> dg.ResourceDefinition:
    return dg.ResourceDefinition(resource_fn=dg.resource(give).resource_fn, description=description)
