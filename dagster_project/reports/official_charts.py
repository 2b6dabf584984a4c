"""Charts of the official report: how the indicators that moved most came there. How one looks is told by ``charts``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from dagster_project.reports.charts import series_chart, series_text, to_png
from dagster_project.reports.official_tables import short_name
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.series import Ahead, area_series
from dagster_project.reports.table import IndicatorTable

#: Fields of the template: ``chart_1`` and so on.
_CHARTS = 3
#: Fewer figures are told by the table beside.
_LEAST_POINTS = 3
_WIDTH_MM = 118.0


@dataclass(frozen=True)
class Chart:
    """A picture with its width in mm, and the text that says the same."""

    png: bytes
    width: float
    told: str


def official_charts(facts: RoundFacts, table: IndicatorTable, codes: Iterable[str]) -> dict[str, Chart]:
    """Charts of the first of ``codes`` that have enough figures, by field."""
    if facts.own is None:
        return {}
    found = area_series(table, Ahead(pl.DataFrame(), facts.targets), facts.own)
    names = {line.code: short_name(line) for line in table.indicators}
    chosen = [
        replace(found[code], title=names[code])
        for code in codes
        if code in found and sum(point.value is not None for point in found[code].points) >= _LEAST_POINTS
    ]
    return {
        f"chart_{place}": Chart(
            to_png(series_chart(series, "vi"), "vi"), _WIDTH_MM, series_text(series, "vi")
        )
        for place, series in enumerate(chosen[:_CHARTS], start=1)
    }


def no_charts() -> dict[str, str]:
    """Every field of a chart, empty."""
    return dict.fromkeys((f"chart_{place}" for place in range(1, _CHARTS + 1)), "")


def tell_charts(document: Any, charts: Mapping[str, Chart]) -> None:
    """Give the pictures of a document their text alternative; an office's own pictures stay as they are."""
    from docx.oxml.ns import qn

    told = {hashlib.sha256(chart.png).digest(): chart.told for chart in charts.values()}
    for inline in document.element.body.iter(qn("wp:inline")):
        (blip,) = inline.xpath(".//a:blip/@r:embed")
        text = told.get(hashlib.sha256(document.part.related_parts[blip].blob).digest())
        if text:
            inline.docPr.set("descr", text)
