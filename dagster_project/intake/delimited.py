"""Rows of a text file with delimiters: delimiter by consistency, nothing by guess.

Splitting into fields belongs here; a field stays the text that it is.
"""

from __future__ import annotations

import csv
import io
from collections import Counter

from dagster_project.intake.encodings import decode

DELIMITERS = (",", ";", "\t")
#: Where no delimiter splits every row alike, one must split nearly every row alike.
_MOST = 0.9
_FIELD_LIMIT = 10_000_000


class UnclearDelimiterError(Exception):
    """No delimiter, or more than one, splits the rows alike."""


def read_delimited(content: bytes) -> list[list[str]]:
    """Rows of fields. Raises ``UnclearDelimiterError``, ``UnknownEncodingError`` and ``csv.Error``."""
    csv.field_size_limit(_FIELD_LIMIT)
    text = decode(content).text
    rows = {
        delimiter: list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        for delimiter in DELIMITERS
        if delimiter in text
    }
    if not rows:
        return list(csv.reader(io.StringIO(text, newline="")))
    return rows[_choose(rows)]


def _choose(rows: dict[str, list[list[str]]]) -> str:
    """The one delimiter whose rows have all, or else nearly all, the same number of fields."""
    shares = {delimiter: _share(split) for delimiter, split in rows.items()}
    splitting = [delimiter for delimiter, share in shares.items() if share > 0]
    if len(splitting) == 1:
        return splitting[0]
    for least in (1.0, _MOST):
        alike = [delimiter for delimiter, share in shares.items() if share >= least]
        if len(alike) == 1:
            return alike[0]
        if alike:
            break
    raise UnclearDelimiterError


def _share(rows: list[list[str]]) -> float:
    """Which share of the rows has the commonest number of fields, rows of one field counting against it."""
    widths = Counter(len(row) for row in rows if any(field.strip() for field in row))
    several = {width: count for width, count in widths.items() if width > 1}
    return max(several.values()) / widths.total() if several else 0.0
