"""The machine package of one round: what the level above takes in, checks and computes with.

One zip: the annex, the round's tables as CSV and Parquet with ``datapackage.json``, SDMX where it is asked for, and a
manifest with the sha256 of each part. What a table's columns mean stands in the release; how a package is read
belongs to ``intake``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.errors import KhoError
from dagster_project.frames import REPORT_PACKAGE
from dagster_project.intake.package_parts import checksum
from dagster_project.reports.datapackage import describe
from dagster_project.reports.open_data import MANIFEST, Written, tell_manifest, write_tables
from dagster_project.reports.packing import pack
from dagster_project.reports.read import RoundFacts, read_round
from dagster_project.reports.release import Release, valid_at

FACTS = "fct_element_value"
#: Facts of the round, findings among them.
_OF_ROUND = (FACTS, "fct_indicator", "fct_reported_value", "fct_reporting_rate", "fct_finding")


def write_package(release: Release, round_code: str, file: Path, lang: str, *, sdmx: bool = False) -> None:
    """Write the package of a round; equal releases give equal bytes.

    Raises ``KhoError`` for a round that the release lacks, for a release from before packages, and where SDMX is asked
    for but its library is not installed.
    """
    from dagster_project.reports.annex import write_annex
    from dagster_project.reports.portal_sources import read_sources

    if not has_packages(release):
        raise KhoError("package.release_too_old", release=release.stamp.release_id)
    facts = read_round(release, round_code)
    with tempfile.TemporaryDirectory(prefix="kho-package-") as aside:
        folder = Path(aside)
        write_annex(facts, folder / "annex.xlsx", lang, read_sources(release, facts))
        written = [Written("annex.xlsx", None)]
        tables = _tables(release, facts)
        written += write_tables(tables.items(), folder)
        described = describe(release, tables, facts, lang)
        _write_json(folder / "datapackage.json", described)
        written.append(Written("datapackage.json", None))
        if sdmx:
            from dagster_project.reports.sdmx import write_sdmx_parts

            written += [Written(path, None) for path in write_sdmx_parts(tables, facts, folder)]
        told = {**_about(facts), **tell_manifest(release, folder, written, lang)}
        _write_json(folder / MANIFEST, {**told, "checksum": checksum(told)})
        pack(folder, file)


def has_packages(release: Release) -> bool:
    """Whether the release knows the figures that count, which releases of earlier programs do not."""
    return FACTS in {column.mart for column in release.columns()}


def _about(facts: RoundFacts) -> dict[str, Any]:
    """Whose package it is, of which round, and how far that round has come."""
    chosen, letter = facts.round, facts.letter
    return {
        "format": REPORT_PACKAGE,
        "round": {
            "round_code": chosen.code,
            "criteria_set_code": chosen.criteria_set_code,
            "level": chosen.level,
            "period_code": chosen.period_code,
            "data_year": chosen.data_year,
            "state": chosen.state,
        },
        "area": asdict(facts.area) if facts.area else None,
        "document": {
            "number": letter.number,
            "date": letter.dated.isoformat() if letter.dated else None,
            "signer": letter.signer,
        },
    }


def _tables(release: Release, facts: RoundFacts) -> dict[str, pl.DataFrame]:
    """The round's facts, and of each dimension what they name, as valid at the round's end."""
    code, day = facts.round.code, facts.round.period_end
    tables = {name: release.mart(name, round_code=code) for name in _OF_ROUND}
    of_set = {"criteria_set_code": facts.round.criteria_set_code}
    areas = valid_at(facts.dim_area, day)
    named = _named(tables, "area_code")
    parents = areas.filter(pl.col("area_code").is_in(named.implode()))["parent_code"].drop_nulls()
    units = valid_at(release.mart("dim_reporting_unit"), day)
    return {
        **tables,
        "dim_indicator": _one_each(facts.nodes, "indicator_code"),
        "dim_data_element": _one_each(
            valid_at(release.mart("dim_data_element", **of_set), day), "data_element_code"
        ),
        "dim_area": _one_each(areas, "area_code", pl.concat([named, parents])),
        "dim_reporting_unit": _one_each(units, "reporting_unit_code", _named(tables, "reporting_unit_code")),
        "dim_round": release.mart("dim_round", round_code=code),
        "dim_period": _one_each(
            release.mart("dim_period", period_code=facts.round.period_code), "period_code"
        ),
    }


def _named(tables: Mapping[str, pl.DataFrame], column: str) -> pl.Series:
    return pl.concat(
        [frame[column] for frame in tables.values() if column in frame.columns]
        or [pl.Series([], dtype=pl.String)]
    ).drop_nulls()


def _one_each(frame: pl.DataFrame, code: str, named: pl.Series | None = None) -> pl.DataFrame:
    """One row per code, of those that are named, where that matters."""
    chosen = frame if named is None else frame.filter(pl.col(code).is_in(named.implode()))
    return chosen.unique(code, keep="last", maintain_order=True)


def _write_json(file: Path, told: Mapping[str, object] | Sequence[object]) -> None:
    file.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
