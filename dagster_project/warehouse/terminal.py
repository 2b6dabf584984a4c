"""Text for a terminal: what came from outside made harmless, and aligned by the columns it takes."""

from __future__ import annotations

import unicodedata

_WIDE = ("W", "F")


def one_line(text: str) -> str:
    """``text`` with nothing in it that moves a terminal's cursor or paints it."""
    return "".join(_harmless(char) for char in text)


def width(text: str) -> int:
    """Columns that ``text`` takes: marks take none, wide letters two."""
    return sum(_columns(char) for char in text)


def padded(text: str, columns: int, *, to_right: bool = False) -> str:
    """``text`` filled with spaces to so many columns."""
    space = " " * (columns - width(text))
    return space + text if to_right else text + space


def _harmless(char: str) -> str:
    if char.isprintable():
        return char
    return "␣" if char.isspace() else "�"


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1
