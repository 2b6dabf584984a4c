"""``datapackage.json``: the tables of a package described as a Tabular Data Package.

Names and types of columns, what they mean, what identifies a row and which table a code is found in belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.release import Release
from dagster_project.reports.safe import file_part

_KEYS: Mapping[str, tuple[str, ...]] = {
    "fct_element_value": ("element_value_key",),
    "fct_indicator": ("indicator_value_key",),
    "fct_reported_value": ("reported_value_key",),
    "fct_reporting_rate": ("area_code", "reporting_unit_code", "form_code"),
    "fct_finding": ("finding_id",),
    "dim_indicator": ("indicator_code",),
    "dim_data_element": ("data_element_code",),
    "dim_area": ("area_code",),
    "dim_reporting_unit": ("reporting_unit_code",),
    "dim_round": ("round_code",),
    "dim_period": ("period_code",),
}
#: Codes and the table of each.
_DIMENSIONS = {keys[0]: name for name, keys in _KEYS.items() if name.startswith("dim_")}


def describe(
    release: Release, tables: Mapping[str, pl.DataFrame], facts: RoundFacts, lang: str
) -> dict[str, Any]:
    """The descriptor of the CSV files of ``tables``; comments of the release's columns become descriptions."""
    comments = {(column.mart, column.name): column.comment for column in release.columns()}
    stamp = release.stamp
    marks = [message("reports.sample_mark", lang)] if stamp.is_sample else []
    return {
        "profile": "tabular-data-package",
        "name": file_part(f"kho-{facts.round.code}-{stamp.release_id}".lower()),
        "id": stamp.content_hash,
        "title": " – ".join([facts.round.name(lang), *marks]),
        "created": stamp.created_at.isoformat(),
        "resources": [_resource(name, frame, tables, comments) for name, frame in tables.items()],
    }


def _resource(
    name: str,
    frame: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    comments: Mapping[tuple[str, str], str],
) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "path": f"csv/{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {
            "fields": [
                {"name": column, **_type(dtype), "description": comments.get((name, column), "")}
                for column, dtype in frame.schema.items()
            ],
            "missingValues": [""],
            "primaryKey": list(_KEYS[name]),
            "foreignKeys": [
                {
                    "fields": [code],
                    "reference": {"resource": "" if dimension == name else dimension, "fields": [code]},
                }
                for code, dimension in _DIMENSIONS.items()
                if _refers(name, frame, code, tables.get(dimension))
            ],
        },
    }


def _refers(name: str, frame: pl.DataFrame, code: str, dimension: pl.DataFrame | None) -> bool:
    """Whether every code of a table is found in its dimension: a code that units invented is in none."""
    if dimension is None or code not in frame.columns or name == _DIMENSIONS[code]:
        return False
    return frame.select(code).drop_nulls().join(dimension, on=code, how="anti").is_empty()


def _type(dtype: pl.DataType) -> dict[str, Any]:
    if dtype.is_integer():
        return {"type": "integer"}
    if dtype.is_numeric():
        return {"type": "number"}
    if dtype == pl.Boolean:
        return {"type": "boolean"}
    if dtype == pl.Date:
        return {"type": "date"}
    if isinstance(dtype, pl.Datetime):
        return {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"}
    return {"type": "string"}
