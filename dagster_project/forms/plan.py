"""What each form of a round prints, before any workbook exists: header texts and rows in order.

Which units report, what they are assigned, under which headings it stands and what it showed last period
belong here. Cells, colours and files do not (``issue``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from dagster_project.catalogue.assignments import unit_assignments
from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.rounds import Period
from dagster_project.errors import KhoError, UsageError
from dagster_project.forms.layout import TOTAL, row_code
from dagster_project.forms.prior import comparable

Row = Mapping[str, object]
#: The rows of last period's figures, by data element and category.
Prior = Mapping[tuple[str, str], Row]


@dataclass(frozen=True)
class FormRow:
    """One printed row: a heading (``code`` is None) or one category of a data element."""

    number: str
    name: str
    depth: int
    is_unconfirmed: bool = False
    code: str | None = None
    data_element_code: str = ""
    category_code: str = TOTAL
    unit: str = ""
    value_type: str = ""
    decimals: int = 0
    low: float | None = None
    high: float | None = None
    prior: float | str | None = None
    prior_decimals: int | None = None  # None: as many as the row has


@dataclass(frozen=True)
class FormPlan:
    """One workbook: whom it is for, what it is about, its rows."""

    form_code: str
    form_version: str
    form_name: str
    legal_basis: str
    round_code: str
    period_code: str
    data_year: int
    period: Period
    due_date: date | None
    due_inclusive: bool
    created: date
    reporting_unit_code: str
    unit_name: str
    area_code: str
    area_name: str
    recipient: str
    is_sample: bool
    rows: tuple[FormRow, ...]

    @property
    def file_name(self) -> str:
        return f"{self.form_code}_{self.reporting_unit_code}_{self.round_code}.xlsx"


def plan_forms(
    catalogue: Catalogue,
    round_code: str,
    *,
    units: Sequence[str] | None,
    prior: pl.DataFrame | None,
    is_sample: bool,
) -> list[FormPlan]:
    """Plan the forms of ``round_code``, one per reporting unit and form, ordered by their codes.

    Raises ``UsageError`` for units that do not report in the round, ``KhoError`` for an unknown round and where
    nothing is assigned.
    """
    round_row = find_round(catalogue, round_code)
    assigned = assigned_elements(catalogue).filter(pl.col("round_code") == round_code)
    wanted = sorted(set(units or assigned["reporting_unit_code"]))
    unknown = sorted(set(wanted) - set(assigned["reporting_unit_code"]))
    if unknown:
        raise UsageError("forms.unknown_units", round_code=round_code, units=", ".join(unknown))
    if not wanted:
        raise KhoError("forms.nothing_assigned", round_code=round_code)
    chosen = assigned.filter(pl.col("reporting_unit_code").is_in(wanted))
    shelf = Shelf.of(catalogue, round_row)
    if prior is not None:
        prior = comparable(prior, catalogue, round_row)
    return [
        _plan_form(shelf, part, round_row, _prior_of(prior, str(unit)), is_sample)
        for (unit, _), part in sorted(
            chosen.partition_by("reporting_unit_code", "form_code", as_dict=True).items()
        )
    ]


def assigned_elements(catalogue: Catalogue, of: pl.DataFrame | None = None) -> pl.DataFrame:
    """List every data element that a unit has to report, for every round, with what a form prints of it.

    One row per round × unit × form × element × category, each as valid on the last day of the round's period; with
    ``of`` only for the rounds and the units that are in its columns round_code and reporting_unit_code.
    """
    tables, forms = catalogue.tables, round_forms(catalogue)
    if of is not None:
        forms = forms.join(of, on="round_code", how="semi", maintain_order="left")
        # Before types are spread over their units: of a whole country that is a million rows.
        asked = {
            name: tables[name].join(of, on="reporting_unit_code", how="semi", maintain_order="left")
            for name in ("reporting_units", "assignments")
        }
        of_types = tables["assignments"].filter(pl.col("unit_type").is_not_null())
        tables = {**tables, **asked, "assignments": pl.concat([asked["assignments"], of_types])}
    units = tables["reporting_units"].select(
        "reporting_unit_code", "level", "area_code", "valid_from", "valid_to"
    )
    assignments = unit_assignments(tables)
    on_form = _valid(forms.join(assignments, on="form_code")).rename(
        {"role": "assignment_role", "status": "assignment_status"}
    )
    reporting = _valid(on_form.join(units, on=["reporting_unit_code", "level"], how="inner"))
    return with_elements(reporting, catalogue)


def round_forms(catalogue: Catalogue) -> pl.DataFrame:
    """The forms of every round: round_code, level, period_code, day (its period's last), form_code, form_version."""
    # Form versions are taken as valid at the end of the period too; a catalogue without dates means always.
    rounds = catalogue.table("rounds").select(
        "round_code",
        "criteria_set_code",
        "level",
        "period_code",
        pl.col("period_type").fill_null("year").alias("kind"),
        pl.col("period_end").alias("day"),
    )
    return _valid(
        rounds.join(catalogue.table("forms"), on=["criteria_set_code", "level"], how="inner").filter(
            pl.col("period_type").fill_null(pl.col("kind")) == pl.col("kind")
        )
    ).select("round_code", "level", "period_code", "day", "form_code", "form_version")


def with_elements(reporting: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """``reporting`` with its data elements as valid on its ``day``, and their categories, the total first."""
    elements = catalogue.table("data_elements").filter(pl.col("role").fill_null("value") != "derived")
    known = _valid(reporting.join(elements, on="data_element_code", how="inner"))
    return known.join(_categories(catalogue), on="disaggregation_code", how="left", nulls_equal=True)


def _valid(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows valid on their ``day``; the validity columns go, so that the next table can bring its own."""
    begins = pl.col("valid_from").fill_null(pl.date(1, 1, 1))
    ends = pl.col("valid_to").fill_null(pl.date(9999, 12, 31))
    return frame.filter(pl.col("day").is_between(begins, ends)).drop("valid_from", "valid_to")


def _categories(catalogue: Catalogue) -> pl.DataFrame:
    """Give the total for every element, and the categories of each disaggregation after it."""
    total = pl.DataFrame(
        {
            "disaggregation_code": [None, *catalogue.table("disaggregations")["disaggregation_code"]],
            "category_code": TOTAL,
            "category_name": None,
            "category_order": -1,
        },
        schema_overrides={"disaggregation_code": pl.String, "category_name": pl.String},
    )
    parts = catalogue.table("categories").filter(pl.col("category_code") != TOTAL)
    return pl.concat(
        [
            total.with_columns(pl.col("category_order").cast(pl.Int64)),
            parts.select(
                "disaggregation_code",
                "category_code",
                pl.col("name_vi").alias("category_name"),
                pl.col("sort_order").fill_null(0).alias("category_order"),
            ),
        ]
    )


def find_round(catalogue: Catalogue, round_code: str) -> Row:
    """The catalogue's row of ``round_code``; raises ``KhoError`` where it has none."""
    found = catalogue.table("rounds").filter(pl.col("round_code") == round_code)
    if found.is_empty():
        raise KhoError("forms.unknown_round", round_code=round_code)
    return found.row(0, named=True)


def _prior_of(prior: pl.DataFrame | None, unit: str) -> Prior:
    """Last period's accepted figures of a unit."""
    if prior is None:
        return {}
    rows = prior.filter(pl.col("reporting_unit_code") == unit).iter_rows(named=True)
    return {(row["data_element_code"], row["category_code"]): row for row in rows}


@dataclass(frozen=True)
class Shelf:
    """Look-ups that all forms of a round share, as valid at the end of its period."""

    indicators: dict[str, Row]
    units: dict[str, Row]
    areas: dict[str, Row]
    forms: dict[str, Row]
    measures: dict[str, str]
    states: dict[str, str]
    due: Row | None
    focal: dict[str, str]

    @classmethod
    def of(cls, catalogue: Catalogue, round_row: Row) -> Shelf:
        day = round_row["period_end"]

        def valid(name: str) -> pl.DataFrame:
            return _valid(catalogue.table(name).with_columns(pl.lit(day).alias("day")))

        due = catalogue.table("round_due_dates").filter(
            (pl.col("round_code") == round_row["round_code"]) & (pl.col("level") == "unit")
        )
        units = valid("reporting_units")
        measures = catalogue.table("units_of_measure")
        states = catalogue.table("value_states").filter(pl.col("is_label"))
        # A commune has its own focal unit, which is not the one that gathers for the level above.
        level = pl.lit(round_row["level"], dtype=pl.String)
        focal = units.filter(
            pl.col("is_focal").fill_null(value=False), pl.col("level") == pl.coalesce(level, "level")
        )
        return cls(
            indicators=_by(valid("indicators"), "indicator_code"),
            units=_by(units, "reporting_unit_code"),
            areas=_by(valid("areas"), "area_code"),
            forms=_by(valid("forms"), "form_code"),
            measures=dict(measures.select("unit", "name_vi").iter_rows()),
            states=dict(states.select("value_state", "word").iter_rows()),
            due=due.row(0, named=True) if due.height else None,
            focal=dict(focal.select("area_code", "name_vi").iter_rows()),
        )


def _by(frame: pl.DataFrame, key: str) -> dict[str, Row]:
    return {row[key]: row for row in frame.iter_rows(named=True)}


def _plan_form(
    shelf: Shelf,
    part: pl.DataFrame,
    round_row: Row,
    prior: Prior,
    is_sample: bool,
) -> FormPlan:
    first = part.row(0, named=True)
    unit = shelf.units[first["reporting_unit_code"]]
    form = shelf.forms[first["form_code"]]
    area_code = str(unit["area_code"] or "")
    area_name = str(shelf.areas[area_code]["name_vi"]) if area_code in shelf.areas else area_code
    period_end = round_row["period_end"]
    assert isinstance(period_end, date)  # noqa: S101 - the catalogue's loader types and requires it
    return FormPlan(
        form_code=first["form_code"],
        form_version=str(form["form_version"]),
        form_name=str(form["name_vi"]),
        legal_basis=str(form["legal_basis_vi"] or ""),
        round_code=str(round_row["round_code"]),
        period_code=str(round_row["period_code"]),
        data_year=int(str(round_row["data_year"])),
        period=Period(
            kind=str(round_row["period_type"] or "year"),
            code=str(round_row["period_code"]),
            data_year=int(str(round_row["data_year"])),
            end=period_end,
            request_number=int(str(round_row["request_number"] or 1)),
        ),
        due_date=_as_date(shelf.due["due_date"]) if shelf.due else None,
        due_inclusive=bool(shelf.due and shelf.due["inclusive"]),
        created=_as_date(round_row["opens_on"]) or period_end,
        reporting_unit_code=str(first["reporting_unit_code"]),
        unit_name=str(unit["name_vi"]),
        area_code=area_code,
        area_name=area_name,
        recipient=_recipient(shelf, area_code) or area_name,
        is_sample=is_sample,
        rows=tuple(plan_rows(shelf, part, prior)),
    )


def _recipient(shelf: Shelf, area_code: str) -> str | None:
    """The focal unit of the area, else of the one above it."""
    above = str(shelf.areas[area_code]["parent_code"] or "") if area_code in shelf.areas else ""
    return shelf.focal.get(area_code) or shelf.focal.get(above)


def _as_date(value: object) -> date | None:
    return value if isinstance(value, date) else None


def plan_rows(shelf: Shelf, part: pl.DataFrame, prior: Prior) -> list[FormRow]:
    """Elements under their indicator, indicators under their groups, all in the catalogue's order."""
    elements = part.sort(
        pl.col("sort_order").fill_null(0), "data_element_code", "category_order", "category_code"
    )
    by_indicator: dict[str, list[Row]] = {}
    for row in elements.iter_rows(named=True):
        by_indicator.setdefault(str(row["indicator_code"] or ""), []).append(row)
    rows: list[FormRow] = []
    printed: set[str] = set()
    for indicator in sorted(by_indicator, key=lambda code: _tree_order(shelf, code)):
        for depth, ancestor in enumerate(_path(shelf, indicator)):
            if ancestor not in printed:
                printed.add(ancestor)
                rows.append(_heading(shelf.indicators[ancestor], depth))
        rows.extend(_element_rows(shelf, by_indicator[indicator], prior))
    return rows


def _path(shelf: Shelf, code: str) -> list[str]:
    """``code`` with its ancestors, the topmost first; empty for a code outside the tree."""
    path: list[str] = []
    while code in shelf.indicators and code not in path:
        path.insert(0, code)
        code = str(shelf.indicators[code]["parent_code"] or "")
    return path


def _tree_order(shelf: Shelf, code: str) -> list[tuple[int, str]]:
    return [(int(str(shelf.indicators[node]["sort_order"] or 0)), node) for node in _path(shelf, code)]


def _heading(node: Row, depth: int) -> FormRow:
    # Groups are the frame of the set; what the appendix must confirm are the names below them.
    unconfirmed = node["node_type"] != "group" and node["status"] != "official" and not node["confirmed_by"]
    return FormRow(
        number=str(node["indicator_code"]),
        name=str(node["name_vi"]),
        depth=depth,
        is_unconfirmed=unconfirmed,
    )


def _element_rows(shelf: Shelf, elements: Sequence[Row], prior: Prior) -> list[FormRow]:
    rows: list[FormRow] = []
    number = 0
    for row in elements:
        is_total = row["category_code"] == TOTAL
        number += is_total
        rows.append(_element_row(shelf, row, str(number) if is_total else "-", prior))
    return rows


def _element_row(shelf: Shelf, row: Row, number: str, prior: Prior) -> FormRow:
    element, category = str(row["data_element_code"]), str(row["category_code"])
    decimals = int(str(row["decimals"] or 0))
    before = prior.get((element, category), {})
    state, places = before.get("value_state"), before.get("decimals")
    return FormRow(
        number=number,
        name=str(row["name_vi"] if category == TOTAL else row["category_name"]),
        depth=0 if category == TOTAL else 1,
        code=row_code(element, category),
        data_element_code=element,
        category_code=category,
        unit=shelf.measures.get(str(row["unit"]), str(row["unit"] or "")),
        value_type=str(row["value_type"]),
        decimals=decimals,
        low=_as_number(row["min_value"]),
        high=_as_number(row["max_value"]),
        prior=_as_number(before["value"]) if state == "value" else shelf.states.get(str(state)),
        prior_decimals=max(decimals, places) if isinstance(places, int) else None,
    )


def _as_number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
