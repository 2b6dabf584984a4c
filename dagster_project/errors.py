"""The errors that a user may meet, with the exit code each one ends in.

Only the base class and exit codes belong here; the words come from the message table.
"""

from __future__ import annotations

from enum import IntEnum

from dagster_project.messages import message


class ExitCode(IntEnum):
    """Exit codes of ``kho`` (architecture, section 6)."""

    DONE = 0
    BLOCKING_FINDINGS = 1
    WRONG_USAGE = 2
    LOCKED = 3
    FAILED = 4


class KhoError(Exception):
    """An expected failure: a message code with its values, never a traceback for the user."""

    exit_code = ExitCode.FAILED

    def __init__(self, code: str, /, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(message(code, "en", **values))

    def __reduce__(self) -> tuple[object, ...]:
        # whatever a kind of error is made from, it comes out of another process as it was
        return _as_it_was, (type(self), self.args, self.__dict__)

    def text(self, lang: str) -> str:
        """The message in ``lang`` ("vi" or "en")."""
        return message(self.code, lang, **self.values)


def _as_it_was(kind: type[KhoError], args: tuple[object, ...], state: dict[str, object]) -> KhoError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(KhoError):
    """Wrong usage or wrong settings."""

    exit_code = ExitCode.WRONG_USAGE


class LockedError(KhoError):
    """Nothing was taken because something holds a lock: another build, a fixed round."""

    exit_code = ExitCode.LOCKED
