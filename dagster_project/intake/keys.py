"""Columns of text made comparable, each different text once: for looking labels up, never for storing.

What is folded is told in ``text``; which label means what does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from dagster_project.text import clean, fold


def folded(texts: pl.Series) -> pl.Series:
    """``texts`` under ``text.fold``."""
    return _keyed(texts, fold)


def coded(texts: pl.Series) -> pl.Series:
    """``texts`` as codes: case and spaces aside, a code is what it is, so that PRI is not PRY."""
    return _keyed(texts, lambda text: clean(text).casefold())


def _keyed(texts: pl.Series, key: Callable[[str], str]) -> pl.Series:
    unique = texts.drop_nulls().unique().to_list()
    return texts.replace_strict(unique, [key(text) for text in unique], default=None, return_dtype=pl.String)
