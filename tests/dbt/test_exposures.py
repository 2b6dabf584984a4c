"""What leaves the warehouse is written down beside the models, with what it is made from."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.paths import Project
from dagster_project.reports import export
from dagster_project.reports.entered import WAITING_RULE
from dagster_project.reports.open_data import write_open_data
from dagster_project.reports.package import write_package
from dagster_project.reports.portal import write_portal
from dagster_project.reports.portal_sources import read_sources
from dagster_project.reports.quality_counts import read_quality
from dagster_project.reports.read import read_round
from dagster_project.reports.release import Release, open_release
from dagster_project.reports.series import read_ahead
from dagster_project.warehouse.build import ensure_manifest
from tests.reports.tiny_package import release_with_figures
from tests.reports.tiny_release import ROUND, write_release

#: How a column's name, or what is said of it, speaks of a person.
_PERSON_NAME = re.compile(r"_by$|sender|signer|author|officer|contact|person|phone|email")
_PERSON_TOLD = re.compile(r"\b(who|whom|officer|person)\b|\bngười\b|\bcán bộ\b|\bai\b", re.IGNORECASE)
#: What speaks of people and names none.
_NAMELESS = {
    ("dim_round", "addressee_vi"),  # an office
    ("dim_round", "recipients_vi"),  # offices
    ("dim_round", "state_since"),  # a moment
    ("fct_finding", "is_open"),  # yes or no
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ensure_manifest(Project()).read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def exposures(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in manifest["exposures"].values()}


def marts(manifest: dict[str, Any]) -> set[str]:
    return {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    }


def parents(exposure: dict[str, Any]) -> set[str]:
    return {name.rsplit(".", 1)[1] for name in exposure["depends_on"]["nodes"]}


def test_each_document_of_the_report_set_has_one_exposure(exposures: dict[str, dict[str, Any]]) -> None:
    kinds = [
        value
        for name, value in vars(export).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    ]
    told = [kind for item in exposures.values() for kind in item["config"]["meta"]["kinds"]]
    assert sorted(told) == sorted(kinds)
    for item in exposures.values():
        assert item["owner"]["name"]
        assert " — " in item["label"]
        assert " — " in item["description"]


def test_postgres_gets_every_mart(manifest: dict[str, Any], exposures: dict[str, dict[str, Any]]) -> None:
    assert parents(exposures["published_postgres"]) == marts(manifest)


def test_documents_read_no_mart_that_their_exposures_do_not_name(
    exposures: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    for name in ("mart", "slim", "counts"):
        monkeypatch.setattr(Release, name, _recorded(getattr(Release, name), read))

    def check(exposure: str) -> None:
        assert read <= parents(exposures[exposure]), exposure

    with open_release(release_with_figures(tmp_path)) as release:
        facts = read_round(release, ROUND)
        for exposure in ("official_documents", "annex", "summary", "quality_report"):
            check(exposure)
        counted = read_quality(release, facts)
        check("quality_report")
        write_portal(release, facts, counted, tmp_path / "portal", "vi")
        check("portal")
        read.clear()
        write_package(release, ROUND, tmp_path / "p.zip", "vi")
        check("package")
        read.clear()
        write_open_data(release, tmp_path / "open", "vi")
        check("open_data")
        read.clear()
        read_sources(release, facts)
        check("annex")
        read.clear()
        read_ahead(release, facts)
        check("summary")


def test_no_column_that_speaks_of_a_person_is_in_the_open_data(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    """A new one is a row of what ``reports.open_data`` leaves out, or of ``_NAMELESS`` here."""
    columns = {
        node["name"]: node["columns"].values()
        for node in manifest["nodes"].values()
        if node["name"] in marts(manifest)
    }
    personal = {
        (mart, column["name"])
        for mart, told in columns.items()
        for column in told
        if _PERSON_NAME.search(column["name"]) or _PERSON_TOLD.search(column["description"])
    }
    assert ("fct_round_state", "set_by") in personal
    release_dir = write_release(tmp_path, {})
    with duckdb.connect(str(release_dir / "kho.duckdb")) as connection:
        for mart, told in columns.items():
            types = ", ".join(f'"{column["name"]}" {column["data_type"]}' for column in told)
            connection.execute(f'create or replace table marts."{mart}" ({types})')
    with open_release(release_dir) as release:
        write_open_data(release, tmp_path / "open", "vi")
    with (tmp_path / "open" / "columns.csv").open(encoding="utf-8-sig", newline="") as stream:
        open_columns = {(row["table"], row["column"]) for row in csv.DictReader(stream)}
    assert open_columns & personal == _NAMELESS


def test_only_the_finding_that_waits_for_a_unit_repeats_who_told_a_figure() -> None:
    """Its words are blank in the open data."""
    with (Project().reference / "validation_rules.csv").open(encoding="utf-8", newline="") as stream:
        rules = {row["rule_code"]: " ".join(row.values()) for row in csv.DictReader(stream)}
    assert [code for code, words in rules.items() if "{said_by}" in words or "{reason}" in words] == [
        WAITING_RULE
    ]


def _recorded(reader: Any, read: set[str]) -> Any:
    def record(release: Release, name: str, *values: Any, **equal: Any) -> Any:
        read.add(name)
        return reader(release, name, *values, **equal)

    return record
