"""What a page of the portal shows, as a table for those who compute.

Each period has two columns: the number as the release has it, and the text of the page, which also says why there is
no number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.portal_site import Site
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import CELL_LIMIT, plain

_WHOSE = ("area_code", "area", "number", "indicator", "unit")
_VALUES = ("area", "element_code", "element", "category", "shown", "raw_text", "place", "received")


def figures(
    site: Site, areas: Iterable[str], indicator: str | None = None, last: int | None = None
) -> pl.DataFrame:
    """One row per area and indicator, of one indicator or of all, over all periods or the ``last`` ones."""
    heads = [message(f"reports.head_{name}", site.lang) for name in _WHOSE]
    shown = message("portal.head_shown", site.lang)
    labels = [period.label for period in site.head.periods[-(last or 0) :]]
    columns = [name for label in labels for name in (label, f"{label} ({shown})")]
    rows = [
        [
            site.code(code),
            site.areas[code],
            line.code,
            plain(line.name, CELL_LIMIT),
            plain(line.unit),
            *(told for figure in line.figures[-(last or 0) :] for told in (figure.value, site.words(figure))),
        ]
        for code in areas
        for line in site.tables[code].indicators
        if indicator in (None, line.code)
    ]
    types = {name: pl.Float64 if name in labels else pl.String for name in columns}
    return pl.DataFrame(rows, schema={**dict.fromkeys(heads, pl.String), **types}, orient="row")


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


def with_marks(rows: pl.DataFrame, facts: RoundFacts) -> pl.DataFrame:
    """``rows`` with the marks of sample data and of a draft, named and told as in the open data."""
    return rows.with_columns(
        pl.lit(facts.stamp.is_sample).alias("is_sample"), pl.lit(facts.round.state).alias("state")
    )


def _frame(rows: Iterable[Mapping[str, Any]], names: Sequence[str], lang: str) -> pl.DataFrame:
    heads = {
        name: message("portal.head_shown" if name == "shown" else f"reports.head_{name}", lang)
        for name in names
    }
    return pl.DataFrame(
        [{heads[name]: row[name] for name in names} for row in rows],
        schema=dict.fromkeys(heads.values(), pl.String),
    )
