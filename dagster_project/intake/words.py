"""Words of the catalogue in the cells of a row: states, statuses, and what a note holds that belongs elsewhere.

A word is looked up folded, whole; what is near is only ever suggested. What follows for the figure does not belong
here (``values``).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.intake.keys import folded
from dagster_project.text import fold, fold_plain

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

_WORDED = ("text", "level", "yes_no")
_INVISIBLE = "[\u200b\u200c\u200d\u2060\ufeff\u00ad]"
#: A figure and, in brackets or behind a space, a word that may say what kind of figure it is.
_FIGURE_AND_WORD = r"^(.*\d.*?)\s*[(\s]\s*(\p{L}[\p{L}\s]*?)\s*\)?$"
#: A note that is a figure, or ends on one behind a colon; a date, a year or the number of a paper is none.
_FIGURE_IN_NOTE = (
    r"^(?:[^:=]*[:=])?\s*(?i:khoảng|gần|hơn|ước|tổng số|số liệu là)?\s*"
    r"[+-]?\d[\d.,\u00a0 ]*(?:\s*(?:%|‰|\p{L}[\p{L}\s]{0,30}))?\s*$"
)
_YEAR = r"(?i)năm\s+\d{4}\s*$|^\s*(?:19|20)\d\d\s*$|(?:số|điều|khoản|điểm|tháng|ngày|quý|lần)\s*:?\s*\d+\s*$"
_NEAR = 0.75


def visible(text: pl.Expr) -> pl.Expr:
    """``text`` without characters that nobody sees, ends stripped."""
    return text.str.replace_all(_INVISIBLE, "").str.strip_chars()


def with_words(values: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """The states that value cell (``typed_state``) and state cell (``said_state``) mean, and ``said_status``.

    ``shown`` is the value cell without the word for a status that it ends on (``typed_status``).
    """
    states = _words(catalogue, "value_states", "value_state")
    statuses = _words(catalogue, "value_statuses", "value_status")
    # "Không" answers a question of yes or no, and a text may say it too: there it is no zero.
    answers = pl.col("value_type").is_in(_WORDED).fill_null(value=False)
    shown = values.with_columns(visible(pl.col("raw_text")).alias("shown"))
    typed = shown.with_columns(
        pl.when(pl.col("cell_type") == "text", ~answers)
        .then(pl.col("shown").str.extract(_FIGURE_AND_WORD, 2))
        .alias("tail")
    )
    keyed = typed.with_columns(
        folded(typed["shown"]).alias("typed_key"),
        folded(typed["state_said"]).alias("state_key"),
        folded(typed["status_said"]).alias("status_key"),
        folded(typed["tail"]).alias("tail_key"),
    )
    return (
        _look_up(keyed, states, "typed_key", "typed_state")
        .pipe(_look_up, states, "state_key", "said_state")
        .pipe(_look_up, statuses, "status_key", "said_status")
        .pipe(_look_up, statuses, "tail_key", "typed_status")
        .with_columns(
            pl.when(pl.col("cell_type") == "text", ~(answers & (pl.col("typed_state") == "zero")))
            .then("typed_state")
            .alias("typed_state"),
            pl.when(pl.col("typed_status").is_not_null())
            .then(pl.col("shown").str.extract(_FIGURE_AND_WORD, 1))
            .otherwise("shown")
            .alias("shown"),
            near(keyed["state_said"], catalogue.table("value_states")["word"]).alias("near_state"),
            near(keyed["status_said"], catalogue.table("value_statuses")["word"]).alias("near_status"),
        )
        .drop("typed_key", "state_key", "status_key", "tail_key", "tail")
    )


def _look_up(frame: pl.DataFrame, words: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    return frame.join(
        words.rename({"meaning": name}), left_on=key, right_on="key", how="left", maintain_order="left"
    )


def _words(catalogue: Catalogue, table: str, code: str) -> pl.DataFrame:
    words = catalogue.table(table).select(pl.col(code).alias("meaning"), "word").drop_nulls()
    return (
        words.with_columns(folded(words["word"]).alias("key")).unique("key", maintain_order=True).drop("word")
    )


def number_in_note() -> pl.Expr:
    """Whether the note of a row holds a figure and little else."""
    note = visible(pl.col("note_said").str.normalize("NFC"))
    return (note.str.contains(_FIGURE_IN_NOTE) & ~note.str.contains(_YEAR)).fill_null(value=False)


def near(typed: pl.Series, known: pl.Series) -> pl.Series:
    """The known word that each typed one nearly is, letters compared without marks; for suggestions only.

    A word that is the typed one, and was not taken, is no suggestion.
    """
    words = {fold_plain(word): word for word in known.drop_nulls()}
    found = {
        text: words[match[0]]
        for text in typed.drop_nulls().unique()
        if (match := get_close_matches(fold_plain(text), words, n=1, cutoff=_NEAR))
        and fold(words[match[0]]) != fold(text)
    }
    return typed.replace_strict(found, default=None, return_dtype=pl.String)
