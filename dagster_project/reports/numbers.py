"""Figures as a Vietnamese reader expects them, and the words that stand where there is no figure.

Rounding is half up on the decimal digits shown; nothing is computed here.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from dagster_project.messages import message, message_table

#: Decimals shown at most where the catalogue does not say how many.
_MOST_DECIMALS = 3
#: Holds every digit of the largest figure that there is (309 before the point), and more decimals than anyone shows.
_EXACT = Context(prec=1_000)
_SEPARATORS = {"vi": (".", ","), "en": (",", ".")}


def number(value: float | Decimal | None, decimals: int | None, lang: str = "vi") -> str:
    """``1234.5`` with one decimal as "1.234,5"; empty for null, infinity and not-a-number.

    Without ``decimals`` as many as the value has, at most three.
    """
    if value is None or not math.isfinite(value):
        return ""
    digits = _MOST_DECIMALS if decimals is None else max(decimals, 0)
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)
    text = f"{rounded:,f}"
    if decimals is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    group, point = _SEPARATORS[lang]
    return text.replace(",", "\0").replace(".", point).replace("\0", group)


def cell_format(decimals: int | None) -> str:
    """The number format of a workbook's cell; the reader's own locale chooses the marks."""
    if decimals is None:
        return "#,##0.###"
    return "#,##0" + ("." + "0" * decimals if decimals > 0 else "")


def state_words(state: str | None, applicability: str | None, lang: str) -> str:
    """Why there is no figure; what others supply or publish is said so while it is not there."""
    known = message_table()
    if state in (None, "missing", "not_available") and f"reports.state.{applicability}" in known:
        return message(f"reports.state.{applicability}", lang)
    code = f"reports.state.{state or 'not_available'}"
    return message(code if code in known else "reports.state.not_available", lang)
