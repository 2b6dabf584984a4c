"""Rows for ``build_findings`` about a form that came back: what was seen where, and whose file it is.

What is a fault belongs to the modules that look (``form_identity``, ``form_checks``).
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import polars as pl

from dagster_project.frames import FINDINGS
from dagster_project.quality.findings import build_findings


def finding(frame: pl.DataFrame, rule_code: str, **columns: pl.Expr | str) -> pl.DataFrame:
    """Rows for ``build_findings``: the subject columns that ``frame`` has, and what was seen."""
    subject = [
        name
        for name in ("sha256", "sheet", "cell", "data_element_code", "category_code", "indicator_code")
        if name in frame.columns and name not in columns
    ]
    return frame.select(
        pl.lit(rule_code).alias("rule_code"),
        *subject,
        *(pl.col(of).alias(name) if isinstance(of, str) else of.alias(name) for name, of in columns.items()),
    )


def suggest(printed: pl.Series, known: pl.Series) -> pl.Series:
    """The nearest known code for each printed one, for the message only; null where none is near."""
    texts = printed.drop_nulls().unique().to_list()
    codes = {str(code).lower(): str(code) for code in known.unique()} if texts else {}
    near = {
        text: codes[match[0]] for text in texts if (match := get_close_matches(text, codes, n=1, cutoff=0.7))
    }
    return pl.Series("suggestion", [near.get(text) for text in printed], dtype=pl.String)


def to_findings(
    found: pl.DataFrame, forms: pl.DataFrame, files: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """``found`` with the identity of its form, in words; ``files`` gives the sha256 of forms that are parts."""
    whose = forms.select(
        "sha256",
        "file_name",
        "submission_id",
        "reporting_unit_code",
        "area_code",
        "round_code",
        "period_code",
        "is_sample",
        "sheet",
    )
    full = found.join(whose, on="sha256", how="left", maintain_order="left", suffix="_of_file")
    if "sheet_of_file" in full.columns:
        full = full.with_columns(pl.coalesce("sheet", "sheet_of_file").alias("sheet"))
    if files:
        full = full.with_columns(pl.col("sha256").replace_strict(files))
    keep = [name for name in full.columns if name in FINDINGS]
    return build_findings(full.select(*keep).with_columns(pl.lit("intake").alias("stage")))
