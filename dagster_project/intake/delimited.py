"""Rows of a text file with delimiters: delimiter by consistency, nothing by guess.

Splitting into fields belongs here; a field stays the text that it is.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import chain

from dagster_project.intake.encodings import decode

DELIMITERS = (",", ";", "\t")
#: Where no delimiter splits every row alike, one must split nearly every row alike.
_MOST = 0.9
_FIELD_LIMIT = 10_000_000
_CLOSED = "closed"


class UnclearDelimiterError(Exception):
    """No delimiter, or more than one, splits the rows alike."""


class OpenQuoteError(Exception):
    """A quotation mark that opens a field is not closed where the field ends, so that it takes in lines after it.

    ``line`` is where its row begins, from 1.
    """

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def read_delimited(content: bytes) -> list[list[str]]:
    """Rows of fields.

    Raises ``OpenQuoteError``, ``UnclearDelimiterError``, ``UnknownEncodingError`` and ``csv.Error``.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    text = decode(content).text
    delimiters = [delimiter for delimiter in DELIMITERS if delimiter in text]
    rows = {
        delimiter: list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        for delimiter in delimiters or DELIMITERS[:1]
    }
    try:
        chosen = _choose(rows) if delimiters else DELIMITERS[0]
    except UnclearDelimiterError:
        # Lines that an open quote took in are not split at all.
        for delimiter in rows:
            _check_quotes(text, delimiter)
        raise
    _check_quotes(text, chosen)
    return rows[chosen]


def _check_quotes(text: str, delimiter: str) -> None:
    """Raise ``OpenQuoteError`` where text follows a field of several lines, or a quote is open at the end.

    What follows a quoted field on its own line is read as part of it: people write so, and no line is lost.
    """
    if '"' not in text:
        return
    # After the line that is added, a field that the last line leaves open has more than one.
    lines = chain(io.StringIO(text, newline=""), [_CLOSED])
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begin = rows.line_num + 1
        try:
            next(rows)
        except StopIteration:
            return
        except csv.Error:
            if rows.line_num > begin:
                raise OpenQuoteError(begin) from None


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
