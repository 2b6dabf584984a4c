"""Which failures of a step may pass and are tried again, a few times: the disk or the ledger being busy.

What a person must mend (a ``KhoError``, no room, no right) is told at once.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from sqlalchemy.exc import OperationalError

LIMIT = 2
SECONDS = 5
_PASSING = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EIO,
        errno.EINTR,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOLCK,
        errno.ENOMEM,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)


@contextmanager
def tried_again(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[None]:
    """Ask for the step again where its failure may pass; after ``LIMIT`` times the failure stands as it is."""
    try:
        yield
    except (OSError, OperationalError) as error:
        passes = isinstance(error, OperationalError) or error.errno in _PASSING
        if passes and context.retry_number < LIMIT:
            raise dg.RetryRequested(max_retries=LIMIT, seconds_to_wait=SECONDS) from error
        raise
