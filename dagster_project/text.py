"""Vietnamese text made comparable, for matching only and never for storing; names made fit to be kept.

Normal form, folding of tone placement, y/i, dashes and spaces belong here, and how SQL writes a text. Decoding of
legacy fonts and parsing of numbers do not (``intake``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD])
_DASHES = dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212], "-")
_TONES = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}


def clean(text: str) -> str:
    """NFC without invisible characters, runs of any space as one, ends stripped."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_INVISIBLE).split())


def sql_literal(text: str | Path) -> str:
    """``text`` as SQL writes it; parameters would make DuckDB load pandas, which takes longer than most commands."""
    return "'" + str(text).replace("'", "''") + "'"


def printable(text: str) -> str:
    """``text`` with a mark for each character that no report, workbook or ledger can hold."""
    return "".join(
        "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") or char in "\ufffe\uffff" else char
        for char in text
    )


def fold(text: str) -> str:
    """A key under which the usual spellings of one Vietnamese text are equal.

    Case, dashes, spaces, tone placement (hòa, hoà) and y/i (tỷ, tỉ) are folded; letters and tones are kept, so
    "má" and "mà" stay different.
    """
    lowered = clean(text).casefold().translate(_DASHES)
    return " ".join(_fold_word(word) for word in re.sub(r"\s*-\s*", "-", lowered).split())


def fold_plain(text: str) -> str:
    """Letters only, without diacritics and with y as i: for suggestions and search, never for binding."""
    decomposed = unicodedata.normalize("NFD", clean(text).casefold().translate(_DASHES).replace("đ", "d"))
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("y", "i")


def nearest(code: str, known: Iterable[str]) -> str:
    """Known codes that look like ``code``, for a suggestion; all of them where there are few."""
    codes = sorted(set(known))
    folded = {one.casefold(): one for one in codes}
    found = [folded[key] for key in get_close_matches(code.casefold(), folded, n=3, cutoff=0.5)]
    return ", ".join(found or codes[:12]) or "–"


def _fold_word(word: str) -> str:
    letters: list[str] = []
    tones: list[str] = []
    for char in unicodedata.normalize("NFD", word):
        if char in _TONES:
            tones.append(_TONES[char])
        else:
            letters.append("i" if char == "y" else char)
    return unicodedata.normalize("NFC", "".join(letters)) + ("\u0000" + "".join(tones) if tones else "")
