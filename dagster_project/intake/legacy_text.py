"""Text typed in a TCVN3 (.VnTime) or VNI font, decoded where that can be only one text.

What counts as proof belongs here: the font of the cell, or the words of the whole file; the words that come out
must be Vietnamese, those that stand there must not be. The cell's own text stays as it is beside the decoded one.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from dagster_project.intake.syllables import is_syllable, words_of

LEGACY = ("tcvn3", "vni")
#: What both fonts use for their letters; a text with a letter of Unicode beyond it is not in such a font.
_FONT_LETTER = "[\u00a1-\u00ff]"
_UNICODE_LETTER = "[\u0100-\u024f\u0300-\u036f\u1e00-\u1eff]"
#: So many words of a file must become Vietnamese for the file to prove a font, and at most a tenth of them not.
_PROOF, _TOLERANCE = 2, 10
_SPOT = ["sha256", "sheet", "row", "col"]


class _Seen(NamedTuple):
    """What one text says for one font: its decoding, and how many of its words speak for and against."""

    text: str
    font: str
    decoded: str
    n_for: int
    n_against: int


def font_encoding(font: str) -> str:
    """Give the encoding that a font of this name is for; empty for a Unicode font."""
    name = font.casefold()
    if name.startswith(".vn"):
        return "tcvn3"
    return "vni" if name.startswith("vni") else ""


def convert(text: str, encoding: str) -> str:
    """``text`` in the letters of a legacy font as Unicode; what is no such letter stays."""
    from viparse.normalize.encodings import CHARMAPS
    from viparse.normalize.tables import convert as converted

    return str(converted(text, CHARMAPS[encoding]))


def decode_texts(raw: pl.DataFrame) -> pl.DataFrame:
    """Cells of ``raw`` (``read.RAW``) that are text in a legacy font: where they stand, ``decoded``, ``font``."""
    candidates = raw.filter(
        pl.col("cell_type") == "text",
        pl.col("raw_text").str.contains(_FONT_LETTER),
        ~pl.col("raw_text").str.contains(_UNICODE_LETTER),
    ).select(*_SPOT, "font", pl.col("raw_text").alias("text"))
    texts = candidates["text"].unique().to_list()
    seen = pl.DataFrame(
        [_look(text, name) for text in texts for name in LEGACY],
        schema={
            "text": pl.String,
            "by": pl.String,
            "decoded": pl.String,
            "n_for": pl.Int64,
            "n_against": pl.Int64,
        },
        orient="row",
    )
    by_file = candidates.select("sha256", "text").unique().join(seen, on="text")
    proven = (
        by_file.group_by("sha256", "by")
        .agg(pl.col("n_for", "n_against").sum())
        .filter(pl.col("n_for") >= _PROOF, pl.col("n_against") * _TOLERANCE <= pl.col("n_for"))
        .filter(pl.len().over("sha256") == 1)
        .select("sha256", "by", pl.lit(value=True).alias("is_proven"))
    )
    told = pl.col("font") == pl.col("by")
    read = pl.col("is_proven").fill_null(value=False) & (pl.col("n_for") > 0) & pl.col("font").is_null()
    return (
        candidates.join(seen, on="text")
        .join(proven, on=["sha256", "by"], how="left")
        .filter((told | read).fill_null(value=False), pl.col("n_against") == 0)
        .select(*_SPOT, "decoded", pl.col("by").alias("font"))
    )


def _look(text: str, encoding: str) -> _Seen:
    n_for = n_against = 0
    for word in {word for word in text.split() if not word.isascii()}:
        decoded = convert(word, encoding)
        if not _is_vietnamese(decoded):
            n_against += 1
        elif _is_a_word(decoded) and not _is_vietnamese(word):
            n_for += 1
    return _Seen(text, encoding, convert(text, encoding), n_for, n_against)


def _is_a_word(decoded: str) -> bool:
    """A sign that stands alone or before digits is one of money ("£400"), and no proof of any font."""
    return sum(char.isalpha() for char in decoded) > 1 and not any(char.isdigit() for char in decoded)


def _is_vietnamese(word: str) -> bool:
    """Whether all letters of ``word`` make syllables, and none of a font's signs is left between them."""
    parts = words_of(word)
    signs = any("\u00a1" <= char <= "\u00ff" and not char.isalpha() for char in word)
    return bool(parts) and not signs and all(part.isascii() or is_syllable(part) for part in parts)
