"""Who is asked for what, unit by unit.

Spreading an assignment of a type of units over its units belongs here; what a form prints of it does not
(``forms.plan``), nor whether it makes sense (``lint_use``).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

_PLACE = ["reporting_unit_code", "data_element_code", "form_code"]


def unit_assignments(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The table ``assignments`` with one row per unit: what a type is asked for, every unit of it is.

    Units of a type are those at the form's level. A row of a unit itself stands instead of that of its type.
    """
    assignments = tables["assignments"]
    of_type = assignments.filter(pl.col("unit_type").is_not_null())
    if of_type.is_empty():
        return assignments
    own = assignments.filter(pl.col("reporting_unit_code").is_not_null())
    units = tables["reporting_units"].select("reporting_unit_code", "unit_type", "level").unique()
    spread = (
        of_type.drop("reporting_unit_code")
        .join(tables["forms"].select("form_code", "level").unique(), on="form_code")
        .join(units, on=["unit_type", "level"])
        .join(own, on=_PLACE, how="anti")
        .sort("reporting_unit_code", maintain_order=True)
    )
    return pl.concat([own, spread.select(own.columns)])
