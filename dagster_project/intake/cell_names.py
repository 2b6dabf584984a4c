"""Names of cells and columns in A1 notation; positions count from 1."""

from __future__ import annotations

import polars as pl

_ALPHABET = [chr(ord("A") + index) for index in range(26)]


def column_letters(col: int) -> str:
    """Letters of a column from 1; empty for 0."""
    letters = ""
    while col:
        col, letter = divmod(col - 1, 26)
        letters = _ALPHABET[letter] + letters
    return letters


def letters(col: pl.Expr) -> pl.Expr:
    """Letters of the column ``col``, up to column ZZZ."""
    rest = col.cast(pl.Int64) - 1

    def letter(index: pl.Expr) -> pl.Expr:
        return index.replace_strict(list(range(26)), _ALPHABET, default="", return_dtype=pl.String)

    return pl.concat_str(
        pl.when(rest >= 702).then(letter((rest - 702) // 676)).otherwise(pl.lit("")),
        pl.when(rest >= 26).then(letter((rest - 26) // 26 % 26)).otherwise(pl.lit("")),
        letter(rest % 26),
    )


def a1(row: pl.Expr, col: pl.Expr) -> pl.Expr:
    """A1 notation of ``row`` and ``col``, up to column ZZZ."""
    return pl.concat_str(letters(col), row.cast(pl.String))
