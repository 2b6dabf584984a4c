"""The quality report: one HTML file that needs nothing beside it, for a phone, a screen or paper.

What was counted and found, in words; the page itself is ``templates/quality_report.html``. Every text is escaped by
the template. Counting rows belongs here, computing figures does not.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.messages import message, message_table
from dagster_project.reports.annex_rows import finding_rows, sent
from dagster_project.reports.numbers import number
from dagster_project.reports.quality_counts import DISPOSITIONS, QualityFacts
from dagster_project.reports.read import SEVERITIES, RoundFacts
from dagster_project.reports.safe import plain
from dagster_project.reports.table import Line, indicator_table

_TEMPLATES = Path(__file__).parent / "templates"
#: Findings listed per severity; the rest are counted and stand in the annex and the open data.
_LISTED = 300
_FILES_LISTED = 500


def write_quality_report(quality: QualityFacts, file: Path, lang: str) -> None:
    """Write the page; equal facts give equal bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("quality_report.html")
    file.write_text(page.render(_fields(quality, lang)), encoding="utf-8", newline="\n")


def _fields(quality: QualityFacts, lang: str) -> dict[str, Any]:
    facts = quality.facts
    table = indicator_table(facts, lang, 1) if facts else None
    lines = table.indicators if table and not table.is_overview else ()
    return {
        "lang": lang,
        "t": partial(_text, lang),
        "n": lambda value, decimals=0: number(value, decimals, lang),
        "stamp": quality.stamp,
        "created": f"{quality.stamp.created_at:%d/%m/%Y %H:%M}",
        "title": _title(facts, lang),
        "round": facts.round if facts else None,
        "cards": _cards(quality, lang),
        "units": _units(facts) if facts else [],
        "rounds": quality.rounds.to_dicts(),
        "findings": [_findings(quality.findings, severity, lang) for severity in SEVERITIES],
        "others": [_findings(quality.other_findings, severity, lang) for severity in SEVERITIES],
        "other_count": quality.other_findings.height,
        "by_unit": _by_unit(quality.findings, lang),
        "checks": {row["status"]: row["len"] for row in quality.checks.to_dicts()},
        "files": _file_rows(quality.files, lang),
        "more_files": max(quality.files.height - _FILES_LISTED, 0),
        "other_files": _file_rows(quality.other_files, lang),
        "other_files_count": quality.other_files.height,
        "without_figure": [_without(line) for line in lines if _is_owed(line)],
        "unconfirmed": [
            {"code": line.code, "name": plain(line.name)}
            for line in (table.indicators if table else ())
            if not line.is_confirmed
        ],
        "indicators": len(table.indicators) if table else 0,
    }


def _text(lang: str, code: str, **values: object) -> str:
    return message(f"reports.{code}", lang, **values)


def _title(facts: RoundFacts | None, lang: str) -> str:
    if facts is None:
        return _text(lang, "quality_title_all")
    place = facts.area.name if facts.area else _text(lang, "areas", count=len(facts.areas))
    return _text(lang, "quality_title", place=plain(place), period=facts.round.period_code)


def _cards(quality: QualityFacts, lang: str) -> list[dict[str, str]]:
    """The few figures that come first."""
    units = quality.facts.expected_units if quality.facts else ()
    missing = sum(unit.is_missing for unit in units)
    on_time = sum(sent(unit) == "on_time" for unit in units)
    counts = quality.findings["severity"].value_counts().rows()
    by_severity = dict.fromkeys(SEVERITIES, 0) | dict(counts)
    cells = {name: int(quality.files[name].sum() or 0) for name in DISPOSITIONS}
    total = sum(cells.values())
    cards = []
    if units:
        cards += [
            _card("complete", f"{len(units) - missing}/{len(units)}", lang, good=missing == 0),
            _card("on_time", f"{on_time}/{len(units)}", lang, good=on_time == len(units)),
        ]
    return [
        *cards,
        _card("cells", number(total, 0, lang), lang),
        _card("held", number(cells["quarantined"], 0, lang), lang, good=not cells["quarantined"]),
        _card("blocking", number(by_severity["blocking"], 0, lang), lang, good=not by_severity["blocking"]),
        _card("warning", number(by_severity["warning"], 0, lang), lang, good=not by_severity["warning"]),
    ]


def _card(name: str, value: str, lang: str, *, good: bool = True) -> dict[str, str]:
    return {
        "label": _text(lang, f"card_{name}"),
        "frame": _text(lang, f"frame_{name}"),
        "value": value,
        "look": "good" if good else "open",
    }


def _units(facts: RoundFacts) -> list[dict[str, Any]]:
    return [
        {
            "name": plain(unit.name),
            "area": plain(unit.area_name),
            "sent": sent(unit),
            "received": f"{unit.received_at:%d/%m/%Y %H:%M}" if unit.received_at else "",
        }
        for unit in facts.units
    ]


def _findings(findings: pl.DataFrame, severity: str, lang: str) -> dict[str, Any]:
    chosen = finding_rows(findings.filter(severity=severity), lang)
    return {
        "severity": severity,
        "count": chosen.height,
        "more": max(chosen.height - _LISTED, 0),
        "rows": [
            {name: plain(row[name], 400) for name in _FINDING_TEXTS}
            for row in chosen.head(_LISTED).iter_rows(named=True)
        ],
    }


_FINDING_TEXTS = (
    *("reporting_unit_name", "subject", "name", "file_name", "sheet", "cell", "period_code"),
    *("observed", "expected", "message", "advice", "rule_code"),
)


def _by_unit(findings: pl.DataFrame, lang: str) -> list[dict[str, Any]]:
    unit = pl.coalesce("reporting_unit_name", "reporting_unit_code", pl.lit(_text(lang, "no_unit")))
    counted = findings.group_by(unit.alias("unit")).agg(
        (pl.col("severity") == severity).sum().alias(severity) for severity in SEVERITIES
    )
    rows = counted.sort([*SEVERITIES, "unit"], descending=[True, True, True, False]).head(_LISTED)
    return [{**row, "unit": plain(row["unit"])} for row in rows.to_dicts()]


def _without(line: Line) -> dict[str, str]:
    return {"code": line.code, "name": plain(line.name), "words": line.figures[-1].words}


def _is_owed(line: Line) -> bool:
    return bool(line.figures) and line.figures[-1].state not in ("value", "zero", "not_applicable")


def _file_rows(files: pl.DataFrame, lang: str) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "file_name": plain(row["file_name"], 200),
            "received": f"{row['received_at']:%d/%m/%Y %H:%M}" if row["received_at"] else "",
            "told": _file_status(row, lang),
            "cells": sum(row[name] for name in DISPOSITIONS),
        }
        for row in files.head(_FILES_LISTED).iter_rows(named=True)
    ]


def _file_status(row: dict[str, Any], lang: str) -> str:
    code = f"reports.file.{row['status']}"
    return message(code, lang) if code in message_table() else plain(row["status"])
