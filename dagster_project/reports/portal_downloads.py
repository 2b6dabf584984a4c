"""What a page of the portal shows, as a table for those who compute: one figure a row.

``value`` is the number as the release has it, beside it the text of the page; where there is no figure only the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.portal_site import Site
from dagster_project.reports.safe import CELL_LIMIT, plain

_LONG = ("area_code", "area", "number", "indicator", "unit", "period", "value", "shown")
_VALUES = ("area", "element_code", "element", "category", "shown", "raw_text", "place", "received")


def figures(
    site: Site, areas: Iterable[str], indicator: str | None = None, last: int | None = None
) -> pl.DataFrame:
    """Figures of areas, of one indicator or of all, over all periods or the ``last`` ones."""
    rows = [
        {
            "area_code": code,
            "area": site.areas[code],
            "number": line.code,
            "indicator": plain(line.name, CELL_LIMIT),
            "unit": plain(line.unit),
            "period": period.label,
            "value": figure.value,
            "shown": site.words(figure),
        }
        for code in areas
        for line in site.tables[code].indicators
        if indicator in (None, line.code)
        for period, figure in list(zip(site.tables[code].periods, line.figures, strict=True))[-(last or 0) :]
    ]
    return _frame(rows, _LONG, site.lang)


def reported(values: Iterable[Mapping[str, Any]], lang: str) -> pl.DataFrame:
    """The figures of a unit's page with their cells."""
    rows = [
        {
            **row,
            "element_code": row["code"],
            "element": row["name"],
            "shown": row["value"],
            "place": " › ".join(row["place"]),
        }
        for row in values
    ]
    return _frame(rows, _VALUES, lang)


def _frame(rows: Iterable[Mapping[str, Any]], names: Sequence[str], lang: str) -> pl.DataFrame:
    heads = {
        name: message("portal.head_shown" if name == "shown" else f"reports.head_{name}", lang)
        for name in names
    }
    return pl.DataFrame(
        [{heads[name]: row[name] for name in names} for row in rows],
        schema={heads[name]: pl.Float64 if name == "value" else pl.String for name in names},
    )
