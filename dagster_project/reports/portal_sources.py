"""Where the figures of the portal come from: reported figures under indicator values, down to the text typed.

A release tells it in ``bridge_indicator_source``. What many areas reported is shown for the round's period only: the
open data hold the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.numbers import number, state_words
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.release import Release, local_times
from dagster_project.reports.safe import plain
from dagster_project.reports.table import TOTAL

_VALUE = (
    *("reported_value_key", "data_element_code", "name_vi", "category_code", "category_name", "value"),
    *("value_text", "value_state", "unit", "reporting_unit_code", "reporting_unit_name", "revision"),
    *("received_at", "entered_how", "file_name", "sheet", "cell", "raw_text", "source_text", "note_text"),
)
_PLACE = ("indicator_code", "period_code", "area_code", "area_name")
#: States whose words concern the office and its units, not the public.
INSIDE = ("held", "missing")
_PUBLISHED = ("value", "zero", "partial")
_BY_HAND = ("correction", "on_behalf")


def read_sources(
    release: Release, facts: RoundFacts, *, is_public: bool = False
) -> Mapping[str, list[dict[str, Any]]]:
    """Per indicator, the rows of ``_VALUE`` under its totals, newest period first, then by area and element.

    In public only under what is published: a figure that is held out must not be read from its parts.
    """
    figures = facts.indicators.filter(
        pl.col("period_code").is_in(facts.periods["period_code"].implode()), category_code=TOTAL
    ).filter(pl.col("origin").fill_null("") != "aggregated")
    if facts.area is None or len(facts.areas) > 1:
        figures = figures.filter(period_code=facts.round.period_code)
    if is_public:
        figures = figures.filter(pl.col("value_state").is_in(_PUBLISHED))
    bridge = release.slim(
        "bridge_indicator_source", ["indicator_value_key", "reported_value_key", "part", "coefficient"]
    )
    values = local_times(release.slim("fct_reported_value", _VALUE))
    order = facts.periods.select("period_code", pl.col("period_end").alias("_end"))
    rows = (
        figures.select("indicator_value_key", *_PLACE)
        .drop_nulls("indicator_value_key")
        .join(bridge, on="indicator_value_key")
        .join(values, on="reported_value_key")
        .join(order, on="period_code")
        .sort(
            *("indicator_code", "_end", "area_code", "part", "data_element_code", "category_code"),
            *("reporting_unit_code", "file_name", "sheet", "cell"),
            descending=[False, True, False, True, *(False for _ in range(6))],
            nulls_last=True,
        )
        .drop("_end")
    )
    parts = rows.partition_by("indicator_code", as_dict=True, maintain_order=True)
    return {str(code[0]): part.to_dicts() for code, part in parts.items()}


def source_fields(
    row: Mapping[str, Any], lang: str, *, is_confirmed: bool, is_public: bool
) -> dict[str, Any]:
    """One source in words; in public without what a unit typed, and without its file."""
    mark = "" if is_confirmed else message("reports.unconfirmed", lang)
    told = {
        "area": plain(row["area_name"]),
        "part": row["part"] or "numerator",
        "times": "" if row["coefficient"] in (None, 1.0) else number(row["coefficient"], None, lang),
        "element": plain(f"{row['data_element_code']} {row['name_vi'] or ''} {mark}"),
        "category": "" if row["category_code"] == TOTAL else plain(row["category_name"], 80),
        "value": message("portal.not_published", lang)
        if is_public and row["value_state"] in INSIDE
        else reported_figure(row, lang),
        "unit": plain(row["reporting_unit_name"] or row["reporting_unit_code"]),
        "unit_code": row["reporting_unit_code"],
    }
    return told if is_public else {**told, **place_fields(row, lang)}


def reported_figure(row: Mapping[str, Any], lang: str) -> str:
    """A reported figure with its unit of measure, or the word for its state."""
    digits = number(row["value"], None, lang) or plain(row["value_text"], 200)
    if not digits or row["value_state"] not in ("value", "zero"):
        return state_words(row["value_state"], None, lang)
    return f"{digits} {plain(row['unit'], 60)}".strip()


def place_fields(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """File, sheet, cell and the text typed there, or who was told what where there is no cell."""
    received = row["received_at"]
    by_hand = row["entered_how"] in _BY_HAND
    return {
        "place": [plain(row[name], 160) for name in ("file_name", "sheet", "cell") if row[name]],
        "raw_text": plain(row["raw_text"], 300),
        "how": message(f"reports.entered_how.{row['entered_how']}", lang) if by_hand else "",
        "revision": row["revision"],
        "received": f"{received:%d/%m/%Y %H:%M}" if received else "",
        "notes": [plain(row[name], 400) for name in ("source_text", "note_text") if row[name]],
    }
