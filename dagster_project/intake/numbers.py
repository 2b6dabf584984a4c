"""The number that a text writes, in the Vietnamese or the English way, where it can be only one number.

Shapes of written numbers belong here. What a number is a number of, and what becomes of one that can be read in two
ways, does not (``values``).
"""

from __future__ import annotations

import polars as pl

_SPACES = "[\u00a0\u2007\u2009\u202f ]"
_NUMBER = r"^([+-]?[0-9](?:[0-9., ]*[0-9])?)"
_SPACED = r"^[+-]?[0-9]{1,3}( [0-9]{3})+([.,][0-9]+)?$"
_SCIENTIFIC = r"^[+-]?[0-9](?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}$"
_WHOLE = r"^[+-]?[0-9]+$"
_TWO_WAYS = r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
_DECIMAL = r"^[+-]?[0-9]+[.,][0-9]+$"
_DOTS = r"^[+-]?[1-9][0-9]{0,2}(\.[0-9]{3}){2,}$"
_COMMAS = r"^[+-]?[1-9][0-9]{0,2}(,[0-9]{3}){2,}$"
_VIETNAMESE = r"^[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]+$"
_ENGLISH = r"^[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+\.[0-9]+$"


def read_numbers(texts: pl.Series) -> pl.DataFrame:
    """For each different text of ``texts``, what number it writes.

    ``text``; ``digits``, the number with a decimal point where it can be only one; ``whole`` and ``split`` for
    one that can be read in two ways, with the mark as thousands or as decimal; ``mark``, the decimal mark that the
    text proves ("." or ",") or, for one that can be read in two ways, the mark that it holds; ``rest``, what stands
    behind the number. A text that begins with no number has no digits, and no ``rest``.
    """
    text = pl.col("text").str.normalize("NFC").str.replace_all(_SPACES, " ")
    plain = text.str.replace_all("[\u2212\u2013]", "-").str.replace(r"^([+-])\s+", "${1}").str.strip_chars()
    frame = (
        pl.DataFrame({"text": texts.drop_nulls().unique()}, schema={"text": pl.String})
        .with_columns(plain.alias("plain"))
        .with_columns(
            pl.when(pl.col("plain").str.contains(_SCIENTIFIC))
            .then("plain")
            .otherwise(pl.col("plain").str.extract(_NUMBER))
            .alias("number")
        )
        .with_columns(
            pl.col("plain").str.slice(pl.col("number").str.len_chars()).str.strip_chars().alias("rest"),
            pl.col("number").str.contains(_TWO_WAYS).alias("two_ways"),
        )
    )
    number = pl.col("number")
    held = number.str.extract("([.,])")
    return frame.select(
        "text",
        _digits(number).str.strip_prefix("+").alias("digits"),
        pl.when("two_ways").then(number.str.replace("[.,]", "").str.strip_prefix("+")).alias("whole"),
        pl.when("two_ways").then(number.str.replace("[.,]", ".").str.strip_prefix("+")).alias("split"),
        pl.when("two_ways").then(held).otherwise(_proven(number)).alias("mark"),
        "rest",
    )


def _digits(number: pl.Expr) -> pl.Expr:
    no_dots = number.str.replace_all(".", "", literal=True)
    no_commas = number.str.replace_all(",", "", literal=True)
    return (
        pl.when(number.str.contains(_WHOLE))
        .then(number)
        .when(number.str.contains(_TWO_WAYS))
        .then(None)
        .when(number.str.contains(f"{_DECIMAL}|{_SCIENTIFIC}"))
        .then(number.str.replace(",", ".", literal=True))
        .when(number.str.contains(_SPACED))
        .then(number.str.replace_all(" ", "").str.replace(",", ".", literal=True))
        .when(number.str.contains(f"{_DOTS}|{_VIETNAMESE}"))
        .then(no_dots.str.replace(",", ".", literal=True))
        .when(number.str.contains(f"{_COMMAS}|{_ENGLISH}"))
        .then(no_commas)
    )


def _proven(number: pl.Expr) -> pl.Expr:
    """The decimal mark of the convention in which alone the number can be read."""
    decimal = number.str.contains(f"{_DECIMAL}|{_SPACED}|{_SCIENTIFIC}")
    return (
        pl.when(decimal)
        .then(number.str.extract("([.,])"))
        .when(number.str.contains(f"{_DOTS}|{_VIETNAMESE}"))
        .then(pl.lit(","))
        .when(number.str.contains(f"{_COMMAS}|{_ENGLISH}"))
        .then(pl.lit("."))
    )
