"""Text for a terminal: figures as the office writes them, what came from outside made harmless, columns aligned."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from dagster_project.messages import message

_WIDE = ("W", "F")
_PRESENT = ("value", "zero")
_DIGITS = 12


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


def shown_figure(
    value: float | Decimal | None,
    state: str | None,
    unit: str | None,
    lang: str,
    decimals: int | None = None,
) -> str:
    """A figure with its unit; where there is none, what stands instead."""
    if value is None or state not in _PRESENT:
        return message(f"warehouse.state_{state or 'missing'}", lang)
    return " ".join(part for part in (shown_number(value, lang, decimals), unit) if part)


def shown_number(value: float | Decimal | None, lang: str, decimals: int | None = None) -> str:
    """As the office writes it: 1.234,5 in Vietnamese, 1,234.5 in English; a decimal with every digit."""
    if value is None:
        return ""
    if decimals is not None:
        shown = f"{value:,.{decimals}f}"
    elif isinstance(value, Decimal):
        shown = _without_zeros(f"{value:,f}")
    else:
        shown = f"{value:,.{_DIGITS}g}"
        shown = _without_zeros(f"{value:,.{_DIGITS - 1}f}") if "e" in shown else shown
    return shown.translate(str.maketrans(",.", ".,")) if lang == "vi" else shown


def _without_zeros(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _harmless(char: str) -> str:
    if char.isprintable():
        return char
    return "␣" if char.isspace() else "�"


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1
