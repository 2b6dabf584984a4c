"""What may pass is tried again, a few times; what a person must mend is told at once, as it is."""

# Annotations are not postponed here: Dagster wants the context's type itself, not its name.

import errno

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from dagster_project.defs import retries
from dagster_project.errors import KhoError


def _times(error: Exception, failures: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, Exception | None]:
    """How often a step ran whose first ``failures`` times end in ``error``, and what the run ended in."""
    monkeypatch.setattr(retries, "SECONDS", 0)
    ran: list[int] = []

    @dg.op
    def step(context: dg.OpExecutionContext) -> None:
        with retries.tried_again(context):
            ran.append(context.retry_number)
            if len(ran) <= failures:
                raise error

    @dg.job(executor_def=dg.in_process_executor, logger_defs={})
    def alone() -> None:
        step()

    try:
        alone.execute_in_process()
    except Exception as raised:  # noqa: BLE001 - whatever it is
        return len(ran), raised
    return len(ran), None


@pytest.mark.parametrize(
    "error", [OSError(errno.EBUSY, "busy"), OperationalError("insert", {}, Exception("database is locked"))]
)
def test_a_busy_disk_and_a_busy_ledger_are_tried_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _times(error, 2, monkeypatch) == (3, None)


def test_a_disk_that_stays_busy_fails_as_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    error = OSError(errno.EIO, "broken")
    assert _times(error, 9, monkeypatch) == (1 + retries.LIMIT, error)


@pytest.mark.parametrize(
    "error",
    [KhoError("cli.interrupted"), OSError(errno.ENOSPC, "full"), PermissionError(errno.EACCES, "closed")],
)
def test_what_a_person_must_mend_is_told_at_once(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _times(error, 1, monkeypatch) == (1, error)
