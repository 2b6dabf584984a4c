"""What a back-series form (số liệu hồi cứu) prints: the figures of years before the system, years as columns.

Who reports what of those years, for which area of the time, and who fills it in belong here: the units of the time,
through the unit that took over from them; where the catalogue knows no unit of an area of the time, those of today.
Cells and colours do not (``issue_back_series``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.catalogue.assignments import unit_assignments
from dagster_project.catalogue.lineage import FIRST, LAST, area_members, unit_successors
from dagster_project.errors import UsageError
from dagster_project.forms.plan import (
    FormRow,
    Shelf,
    assigned_elements,
    find_round,
    plan_rows,
    round_forms,
    with_elements,
)

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue


@dataclass(frozen=True)
class Year:
    """One group of columns: the round that its figures belong to, and what stands above it."""

    round_code: str
    period_code: str


@dataclass(frozen=True)
class BackSheet:
    """One sheet: a unit of the time, its area of the time, the rows, and which figure of which year is asked."""

    reporting_unit_code: str
    unit_name: str
    area_code: str
    area_name: str
    area_from: date | None
    area_to: date | None
    years: tuple[Year, ...]
    rows: tuple[FormRow, ...]
    asked: frozenset[tuple[str, str, str]]  # data element, category, round


@dataclass(frozen=True)
class BackPlan:
    """One workbook: who fills it in, and its sheets."""

    form_code: str
    form_version: str
    form_name: str
    legal_basis: str
    first_year: int
    last_year: int
    created: date
    filler_code: str
    filler_name: str
    recipient: str
    is_sample: bool
    sheets: tuple[BackSheet, ...]

    @property
    def file_name(self) -> str:
        return f"{self.form_code}-HC_{self.filler_code}_{self.first_year}-{self.last_year}.xlsx"


def back_series_elements(catalogue: Catalogue) -> pl.DataFrame:
    """Every figure of the rounds from before the system, by whom it is reported and for which area of the time.

    As ``assigned_elements``, with ``area_code`` the area of the time. Units of today stand in only for an area of
    which the catalogue knows no unit of the time.
    """
    rounds = (
        catalogue.table("rounds")
        .filter(pl.col("is_retrospective").fill_null(value=False))
        .select(
            "round_code", pl.col("criteria_set_code").alias("round_set"), pl.col("level").alias("round_level")
        )
    )
    own = assigned_elements(catalogue).join(rounds.select("round_code"), on="round_code", how="semi")
    today = pl.col("valid_to").is_null()
    forms = round_forms(catalogue).join(rounds.select("round_code"), on="round_code", how="semi")
    assignments = (
        unit_assignments(catalogue.tables)
        .filter(today)
        .rename({"role": "assignment_role", "status": "assignment_status"})
        .drop("valid_from", "valid_to")
    )
    units = (
        catalogue.table("reporting_units")
        .filter(today)
        .select("reporting_unit_code", "level", pl.col("area_code").alias("area_today"))
    )
    standing_in = (
        forms.join(assignments, on="form_code")
        .join(units, on=["reporting_unit_code", "level"])
        .join(area_members(catalogue), left_on="area_today", right_on="area_code")
        .filter(pl.col("day").is_between("member_from", "member_to"))
        .rename({"member_code": "area_code"})
        .drop("area_today", "member_name", "member_from", "member_to")
        .join(own.select("round_code", "area_code").unique(), on=["round_code", "area_code"], how="anti")
    )
    return pl.concat([own, with_elements(standing_in, catalogue).select(own.columns)])


def plan_back_series(
    catalogue: Catalogue,
    round_codes: Sequence[str],
    *,
    units: Sequence[str] | None,
    is_sample: bool,
) -> list[BackPlan]:
    """Plan the back-series forms over ``round_codes``, one workbook per unit that fills in and form.

    A unit of today gets the sheets of all units that it took over from; a unit of the time that is named in ``units``
    gets its own. Raises ``KhoError`` for an unknown round, ``UsageError`` for a round that has its own forms, for
    units that report none of these years, and where nobody does.
    """
    rounds = [find_round(catalogue, code) for code in round_codes]
    ordinary = [str(row["round_code"]) for row in rounds if not row["is_retrospective"]]
    if ordinary:
        raise UsageError("back_series.ordinary_round", rounds=", ".join(ordinary))
    asked = back_series_elements(catalogue).filter(pl.col("round_code").is_in(list(round_codes)))
    heirs = unit_successors(catalogue)
    asked = asked.with_columns(
        pl.col("reporting_unit_code").replace(heirs).alias("filler_code"),
    )
    known = set(asked["filler_code"]) | set(asked["reporting_unit_code"])
    unknown = sorted(set(units or ()) - known)
    if unknown:
        raise UsageError("back_series.unknown_units", units=", ".join(unknown))
    if asked.is_empty():
        raise UsageError("back_series.nothing_assigned", rounds=", ".join(round_codes))
    by_round = {code: Shelf.of(catalogue, row) for code, row in zip(round_codes, rounds, strict=True)}
    parts: list[tuple[str, pl.DataFrame]] = []
    for filler in sorted(set(units) if units else set(asked["filler_code"])):
        whole = asked.filter(filler_code=filler)
        part = whole if len(whole) else asked.filter(reporting_unit_code=filler)
        parts.extend((filler, group) for (_,), group in _by(part, "form_code"))
    return [_plan(catalogue, by_round, filler, part, is_sample=is_sample) for filler, part in parts]


def _by(frame: pl.DataFrame, *keys: str) -> list[tuple[tuple[object, ...], pl.DataFrame]]:
    return sorted(frame.partition_by(*keys, as_dict=True).items(), key=lambda item: str(item[0]))


def _plan(
    catalogue: Catalogue, shelves: dict[str, Shelf], filler: str, part: pl.DataFrame, *, is_sample: bool
) -> BackPlan:
    rounds = catalogue.table("rounds").filter(pl.col("round_code").is_in(list(shelves))).sort("period_end")
    last = rounds.row(-1, named=True)
    shelf = shelves[last["round_code"]]
    form = shelf.forms[part["form_code"].item(0)]
    names = catalogue.table("reporting_units").sort("valid_to", nulls_last=True)
    named = {row["reporting_unit_code"]: row for row in names.iter_rows(named=True)}
    home = named[filler]["area_code"]
    focal = names.filter(pl.col("is_focal").fill_null(value=False), area_code=home)
    sheets = _by(_with_versions(part, catalogue), "area_code", "begins", "reporting_unit_code")
    return BackPlan(
        form_code=str(form["form_code"]),
        form_version=str(form["form_version"]),
        form_name=str(form["name_vi"]),
        legal_basis=str(form["legal_basis_vi"] or ""),
        first_year=rounds["data_year"].item(0),
        last_year=last["data_year"],
        created=last["opens_on"] or last["period_end"],
        filler_code=filler,
        filler_name=str(named[filler]["name_vi"]),
        recipient=focal["name_vi"].item(-1) if len(focal) else "",
        is_sample=is_sample,
        sheets=tuple(
            _sheet(catalogue, shelf, named[str(unit)]["name_vi"], sheet, rounds)
            for (_, _, unit), sheet in sheets
        ),
    )


def _with_versions(part: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """``part`` with name and validity of each figure's area: two areas may have had one code after each other."""
    areas = catalogue.table("areas").select(
        "area_code",
        pl.col("name_vi").alias("area_name"),
        pl.col("valid_from").fill_null(FIRST).alias("begins"),
        pl.col("valid_to").fill_null(LAST).alias("ends"),
    )
    return part.join(areas, on="area_code", how="left").filter(
        pl.col("begins").is_null() | pl.col("day").is_between("begins", "ends")
    )


def _sheet(
    catalogue: Catalogue, shelf: Shelf, unit_name: str, part: pl.DataFrame, rounds: pl.DataFrame
) -> BackSheet:
    first = part.row(0, named=True)
    years = rounds.filter(pl.col("round_code").is_in(part["round_code"].unique().implode()))
    one_each = part.sort("day").unique(["data_element_code", "category_code"], keep="last")
    area = catalogue.table("areas").filter(
        pl.col("area_code") == first["area_code"], pl.col("valid_from").fill_null(FIRST) == first["begins"]
    )
    return BackSheet(
        reporting_unit_code=first["reporting_unit_code"],
        unit_name=unit_name,
        area_code=first["area_code"],
        area_name=first["area_name"] or first["area_code"],
        area_from=area["valid_from"].item(0) if len(area) else None,
        area_to=area["valid_to"].item(0) if len(area) else None,
        years=tuple(Year(*row) for row in years.select("round_code", "period_code").iter_rows()),
        rows=tuple(plan_rows(shelf, one_each, {})),
        asked=frozenset(part.select("data_element_code", "category_code", "round_code").iter_rows()),
    )
