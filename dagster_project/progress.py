"""How far long work is: told by whoever does it, shown by whoever asked for it.

The shape of what is told belongs here; bars on a terminal are ``cli_progress``'s.
"""

from __future__ import annotations

from collections.abc import Callable

#: What is under way (the end of a message code), how much of it is done, and of how much (None: not known).
Progress = Callable[[str, int, int | None], None]


def unseen(_what: str, _done: int, _total: int | None) -> None:
    """Nobody looks."""
