"""What still counts in the unit of before where an appendix gives another: targets, goalposts, bounds, rules.

Which rows these are, and in which figures, belongs here. They are told and not converted: a document assigned them,
or a person chose them. What an appendix changes is in ``appendix_apply``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from dagster_project.catalogue.appendix_apply import Told
from dagster_project.catalogue.formulas import parse
from dagster_project.catalogue.load import Catalogue

_TARGET = ("target", "target_high", "baseline_value")
_GOALPOSTS = ("goalpost_low", "goalpost_high")
_BOUNDS = ("min_value", "max_value")
_LIMITS = ("tolerance", "absolute_floor")

Row = dict[str, Any]


class Units(NamedTuple):
    """The unit of an indicator or an element before and after."""

    old: str
    new: str


def left_in_old_units(old: Catalogue, new: Catalogue, day: date) -> list[Told]:
    """One line per row of ``new`` with figures in the unit that its indicator or element had in ``old`` on ``day``."""
    indicators = _changed(old, new, "indicators", "indicator_code", day)
    elements = _changed(old, new, "data_elements", "data_element_code", day)
    return [
        *_targets(new, indicators, day),
        *_goalposts(new, indicators, day),
        *_bounds(old, new, elements, day),
        *_rules(new, elements, day),
    ]


def _changed(old: Catalogue, new: Catalogue, table: str, key: str, day: date) -> dict[str, Units]:
    before, after = (
        {row[key]: row["unit"] for _, row in _rows(catalogue, table, day) if _has_begun(row, day)}
        for catalogue in (old, new)
    )
    return {
        code: Units(before[code], unit)
        for code, unit in after.items()
        if unit and before.get(code) and before[code] != unit
    }


def _rows(catalogue: Catalogue, table: str, day: date) -> Iterator[tuple[int, Row]]:
    """The rows that have not ended by ``day``, with their numbers in the file."""
    numbered = catalogue.table(table).with_row_index("row", offset=2)
    for row in numbered.filter(pl.col("valid_to").fill_null(day) >= day).iter_rows(named=True):
        yield row["row"], row


def _has_begun(row: Row, day: date) -> bool:
    return row["valid_from"] is None or row["valid_from"] <= day


def _targets(new: Catalogue, units: Mapping[str, Units], day: date) -> Iterator[Told]:
    for number, row in _rows(new, "targets", day):
        if row["indicator_code"] in units and int(row["period_code"][:4]) >= day.year:
            place = f"targets.csv:{number} ({row['area_code']}, {row['period_code']})"
            yield _told(row["indicator_code"], units, place, _figures(row, _TARGET))


def _goalposts(new: Catalogue, units: Mapping[str, Units], day: date) -> Iterator[Told]:
    for number, row in _rows(new, "weights", day):
        figures = _figures(row, _GOALPOSTS)
        if row["indicator_code"] in units and figures:
            yield _told(row["indicator_code"], units, f"weights.csv:{number} ({row['scheme_code']})", figures)


def _bounds(old: Catalogue, new: Catalogue, units: Mapping[str, Units], day: date) -> Iterator[Told]:
    """Bounds that are the same number as before; nought is nought in every unit."""
    before = {
        row["data_element_code"]: row for _, row in _rows(old, "data_elements", day) if _has_begun(row, day)
    }
    for number, row in _rows(new, "data_elements", day):
        code = row["data_element_code"]
        if code in units and _has_begun(row, day):
            same = [column for column in _BOUNDS if row[column] and row[column] == before[code][column]]
            if same:
                yield _told(code, units, f"data_elements.csv:{number}", _figures(row, same))


def _rules(new: Catalogue, units: Mapping[str, Units], day: date) -> Iterator[Told]:
    """Rules with a limit in the element's unit, or that compare it with a number or with what has another unit."""
    for number, row in _rows(new, "validation_rules", day):
        if not units or row["kind"] != "formula":
            continue
        sides = [parse(row["left"]), parse(row["right"])]
        used = {reference.data_element_code for side in sides for reference in side.references}
        is_bare = any(not reference and value for side in sides for reference, value in side.numerator.terms)
        limits = _figures(row, [column for column in _LIMITS if row[column]])
        for code in sorted(used & units.keys()):
            shown = [limits] if limits else []
            if is_bare or any(units.get(other) != units[code] for other in used):
                shown.insert(0, f"{row['left']} {row['operator']} {row['right']}")
            if shown:
                place = f"validation_rules.csv:{number} ({row['rule_code']})"
                yield _told(code, units, place, ", ".join(shown))


def _figures(row: Row, columns: Sequence[str]) -> str:
    return ", ".join(f"{column} = {row[column]:.15g}" for column in columns if row[column] is not None)


def _told(code: str, units: Mapping[str, Units], place: str, figures: str) -> Told:
    old, new = units[code]
    return Told("old_unit", {"code": code, "place": place, "figures": figures, "old": old, "new": new})
