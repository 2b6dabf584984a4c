"""What forms by the thousand have in common is worked out once: small parts of files, byte for byte the same.

Large ones are not kept, so that what is remembered of hostile files stays small as well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar, TypeVarTuple

#: Bytes up to which a part is small.
SMALL = 1 << 16

Rest = TypeVarTuple("Rest")
R = TypeVar("R")


def once_if_small(
    remembered: int, at_most: int = SMALL
) -> Callable[[Callable[[bytes, *Rest], R]], Callable[[bytes, *Rest], R]]:
    """Let a function of bytes, whose result nobody changes, work once for the last so many small contents.

    Small is what has ``at_most`` so many bytes.
    """

    def decorate(function: Callable[[bytes, *Rest], R]) -> Callable[[bytes, *Rest], R]:
        kept = lru_cache(remembered)(function)

        @wraps(function)
        def call(content: bytes, *rest: *Rest) -> R:
            return (kept if len(content) <= at_most else function)(content, *rest)

        return call

    return decorate
