"""What the pages about reporting units and about quality say.

Reporting, findings and received files are the office's own matter: units have no page in public.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.annex_rows import sent, value_rows
from dagster_project.reports.findings import GROUPS
from dagster_project.reports.portal_site import Site
from dagster_project.reports.portal_sources import place_fields, reported_figure
from dagster_project.reports.quality_findings import listed_by_unit, unit_sections
from dagster_project.reports.quality_report import quality_fields
from dagster_project.reports.read import UnitLine
from dagster_project.reports.safe import plain
from dagster_project.reports.table import TOTAL

SENT = ("on_time", "late", "missing", "exempt")


def unit_rows(site: Site) -> list[dict[str, Any]]:
    """Every unit with how it has reported and what is open with it."""
    found = site.quality.findings
    counts = {
        code: {group: part.filter(group=group).height for group in GROUPS}
        for (code,), part in found.partition_by("reporting_unit_code", as_dict=True).items()
    }
    return [
        {
            **_line(unit, site.lang),
            "url": site.url("unit", unit.code),
            **counts.get(unit.code, dict.fromkeys(GROUPS, 0)),
        }
        for unit in site.facts.units
    ]


def unit_pages(site: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    """Code and page of every unit: what it had to send, what it sent, its figures with their cells, its findings."""
    total = pl.col("category_code") != TOTAL
    values = value_rows(site.facts, site.lang).sort(
        "area_code", "data_element_code", total, "category_code", nulls_last=True
    )
    reported = _by_unit(values)
    sent_files = _by_unit(site.facts.submissions.sort("received_at", "revision"))
    sections = unit_sections(site.quality.findings, site.lang, "f", listed_by_unit)
    found = {part["code"]: part for part in sections}
    lines: dict[str, list[UnitLine]] = {}
    for unit in site.facts.units:
        lines.setdefault(unit.code, []).append(unit)
    for code, own in lines.items():
        rows = reported.get(code, [])
        yield (
            code,
            {
                "title": plain(own[0].name),
                "code": code,
                "lines": [_line(unit, site.lang) for unit in own],
                "submissions": [_submission(row, site.lang) for row in sent_files.get(code, [])],
                "values": _values(site, rows),
                "many_areas": len({row["area_code"] for row in rows}) > 1,
                "findings": found[code]["rows"] if code in found else [],
                "finding_count": found[code]["total"] if code in found else 0,
            },
        )


def _by_unit(frame: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(row["reporting_unit_code"], []).append(row)
    return rows


def quality_page(site: Site, documents: int) -> dict[str, Any]:
    """The quality report's figures; in public only its measures and what names are unconfirmed."""
    told = quality_fields(site.quality, site.lang, documents)
    shown = (
        "cards",
        "dimensions",
        "rounds",
        "rules",
        "checks",
        "without_figure",
        "unconfirmed",
        "indicators",
    )
    public = ("dimensions", "unconfirmed", "indicators")
    shared = {name: told[name] for name in (public if site.is_public else shown)}
    nobody = site.quality.findings.filter(pl.col("reporting_unit_code").is_null())
    parts = [] if site.is_public else unit_sections(nobody, site.lang, "f")
    return {**shared, "findings": [row for part in parts for row in part["rows"]], "nobody": nobody.height}


def reporting(site: Site) -> dict[str, int]:
    """How many of the expected units have reported, and how."""
    units = site.facts.expected_units
    return {"expected": len(units), **{name: sum(sent(unit) == name for unit in units) for name in SENT[:3]}}


def _line(unit: UnitLine, lang: str) -> dict[str, Any]:
    return {
        "name": plain(unit.name),
        "area": plain(unit.area_name),
        "sent": sent(unit),
        "sent_words": message(f"reports.sent.{sent(unit)}", lang),
        "forms": f"{unit.actual}/{unit.expected}",
        "received": f"{unit.received_at:%d/%m/%Y %H:%M}" if unit.received_at else "",
        "due": unit.due,
        "note": plain(unit.note),
    }


def _submission(row: dict[str, Any], lang: str) -> dict[str, Any]:
    received = row["received_at"]
    return {
        "form": plain(row["form_code"], 60),
        "file": plain(row["file_name"], 200),
        "revision": row["revision"],
        "received": f"{received:%d/%m/%Y %H:%M}" if received else "",
        "is_current": bool(row["is_current"]),
        "state": message(f"portal.submission.{'current' if row['is_current'] else 'replaced'}", lang),
    }


def _values(site: Site, values: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "area": plain(row["area_name"]),
            "code": plain(row["data_element_code"], 80),
            "name": plain(row["name"]),
            "category": "" if row["category_code"] == TOTAL else plain(row["category_name"], 80),
            "value": reported_figure(row, site.lang),
            "url": site.url("indicator", row["indicator_code"] or ""),
            **place_fields(row, site.lang),
            "entry": message(f"reports.entry.{row['entry']}", site.lang) if row["entry"] else "",
        }
        for row in values
    ]
