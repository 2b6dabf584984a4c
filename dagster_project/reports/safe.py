"""Text that came from outside, made harmless for the place where it will stand.

Workbooks and HTML need no escaping here (strings are written as strings, templates escape); what stays is what
those leave open: characters that break a file, texts without end, spreadsheet formulas in CSV, names of files.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

#: A cell of a workbook holds 32,767 characters; a longer text would be dropped as a whole.
CELL_LIMIT = 32_000
#: A line in a document.
LINE_LIMIT = 600

#: Apostrophes count too, so that one can be taken off again (``intake.package_parts``).
_FORMULA = r"^'*[\t\r\n ]*[=@+\-\t\r]"
_NUMBER = r"^[+\-]?[0-9.,  ]*%?$|^[\-–]+$"
#: As ``catalogue.lint`` has it.
_FIT_CODE = re.compile(r"[^\W_][\w.-]{0,39}")


def plain(text: object, limit: int = LINE_LIMIT) -> str:
    """One line of text: no control, format or private characters, spaces as one, cut at ``limit`` with "…"."""
    return _line("" if text is None else str(text), limit)


@lru_cache(maxsize=2048)
def _line(text: str, limit: int) -> str:
    kept = (
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", text)
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def file_part(text: str) -> str:
    """``text`` as a part of a file's name: no separator, no leading dot, never empty."""
    return re.sub(r"[^0-9A-Za-z._-]+", "-", text).strip(".-")[:80] or "_"


def code_part(code: str) -> str:
    """A code as a part of a file's name: as it is where the catalogue's check lets it pass, else made fit."""
    return code if _FIT_CODE.fullmatch(code) else file_part(code)


def csv_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with an apostrophe before every text that a spreadsheet would run as a formula."""
    import polars as pl
    import polars.selectors as cs

    column = cs.string()
    risky = column.str.contains(_FORMULA) & column.str.contains(_NUMBER).not_()
    return frame.with_columns(pl.when(risky).then(pl.lit("'") + column).otherwise(column).name.keep())
