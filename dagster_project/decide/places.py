"""Where a decision belongs: the round, the unit and what the unit reports there, by the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.catalogue.rounds import Wanted, rounds_wanted
from dagster_project.decide.problems import Problems
from dagster_project.errors import UsageError
from dagster_project.forms.back_series import back_series_elements
from dagster_project.forms.plan import assigned_elements
from dagster_project.text import nearest

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.settings import Office


def assigned_in(catalogue: Catalogue, office: Office, wanted: Wanted, problems: Problems) -> pl.DataFrame:
    """What every unit reports in the rounds that are wanted, as ``assigned_elements`` gives it.

    In a round from before the system also what units of today report in the place of those of the time. That
    nobody reports anything is told.
    """
    rounds: Sequence[str] = []
    try:
        rounds = rounds_wanted(catalogue, office, wanted)
    except UsageError as error:
        problems.add(error.code, **error.values)
    chosen = catalogue.table("rounds").filter(pl.col("round_code").is_in(rounds))
    retrospective = chosen.filter(pl.col("is_retrospective").fill_null(value=False))
    ordinary = chosen.join(retrospective, on="round_code", how="anti")
    assigned = assigned_elements(catalogue).join(ordinary, on="round_code", how="semi", maintain_order="left")
    if len(retrospective):
        of_the_time = back_series_elements(catalogue).filter(pl.col("round_code").is_in(rounds))
        assigned = pl.concat([assigned, of_the_time])
    if rounds and assigned.is_empty():
        problems.add("forms.nothing_assigned", round_code=", ".join(rounds))
    return assigned


def of_unit(assigned: pl.DataFrame, unit: str, catalogue: Catalogue, problems: Problems) -> pl.DataFrame:
    """The part of ``assigned`` that ``unit`` reports; empty, with the problem told, where it reports nothing."""
    own = assigned.filter(pl.col("reporting_unit_code") == unit)
    known = catalogue.table("reporting_units")["reporting_unit_code"]
    if unit not in known:
        problems.add("ledger.unknown_unit", unit=unit, suggestion=nearest(unit, known))
    elif own.is_empty() and not assigned.is_empty():
        problems.add("ledger.unit_not_in_round", unit=unit, round=round_codes(assigned))
    return own


def round_codes(rows: pl.DataFrame) -> str:
    """The rounds of ``rows``, to be named in a message."""
    return ", ".join(rows["round_code"].unique().sort())


def forms_meant(own: pl.DataFrame, form: str | None, problems: Problems) -> pl.DataFrame:
    """round_code, form_code and area_code of the form that is named, or of every form of the unit."""
    forms = own.select("round_code", "form_code", "area_code", "reporting_unit_code").unique().sort(pl.all())
    named = forms if form is None else forms.filter(pl.col("form_code") == form)
    if named.is_empty() and len(forms):
        known = ", ".join(forms["form_code"].unique().sort())
        problems.add("ledger.unknown_form", form=form, unit=forms["reporting_unit_code"][0], known=known)
    return named
