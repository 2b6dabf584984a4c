"""The quality report: one HTML file that needs nothing beside it, for a phone, a screen or paper.

What was counted and found, in words; the page itself is ``templates/quality_report.html``. Every text is escaped by
the template. Counting rows belongs to ``quality_counts`` and ``quality_measures``, computing figures does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.messages import message, message_table
from dagster_project.reports.annex_rows import entered_rows, sent
from dagster_project.reports.dimensions import DIMENSIONS
from dagster_project.reports.findings import GROUPS
from dagster_project.reports.numbers import number, state_words
from dagster_project.reports.quality_charts import HEIGHT, WIDTH, finding_chart, rate_chart
from dagster_project.reports.quality_counts import DISPOSITIONS, QualityFacts
from dagster_project.reports.quality_findings import (
    LISTED,
    rule_rows,
    rules_left_out,
    unit_sections,
)
from dagster_project.reports.quality_measures import Measure, measures
from dagster_project.reports.read import RoundFacts, UnitLine
from dagster_project.reports.safe import plain
from dagster_project.reports.table import Line, indicator_table

_TEMPLATES = Path(__file__).parent / "templates"
_FILES_LISTED = 500


def write_quality_report(quality: QualityFacts, file: Path, lang: str, *, documents: int) -> None:
    """Write the page; equal facts give equal bytes. ``documents`` is how many the whole set has."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("quality_report.html")
    file.write_text(page.render(quality_fields(quality, lang, documents)), encoding="utf-8", newline="\n")


def quality_fields(quality: QualityFacts, lang: str, documents: int) -> dict[str, Any]:
    """What the page shows, by the names that its template uses."""
    facts = quality.facts
    sections = unit_sections(quality.findings, lang, "u")
    return {
        "lang": lang,
        "t": partial(_text, lang),
        "n": lambda value, decimals=0: number(value, decimals, lang),
        "stamp": quality.stamp,
        "created": f"{quality.stamp.created_at:%d/%m/%Y %H:%M}",
        "title": _title(facts, lang),
        "is_draft": facts is not None and facts.round.is_draft,
        "groups": GROUPS,
        "cards": _cards(quality, lang),
        "dimensions": _dimensions(quality, documents, lang),
        "dimension_names": DIMENSIONS,
        "units": _units(facts, sections) if facts else [],
        "many_areas": len({unit.area_name for unit in facts.units}) > 1 if facts else False,
        "sections": sections,
        "more": {group: _left_out(quality.findings, group) for group in GROUPS},
        "rules": rule_rows(quality.findings, lang),
        "rules_left_out": rules_left_out(quality.findings),
        "entered": _entered(facts, lang) if facts else [],
        "others": unit_sections(quality.other_findings, lang, "o"),
        "other_count": quality.other_findings.height,
        "checks": dict(quality.checks.group_by("status").agg(pl.col("n").sum()).iter_rows()),
        **_trend(quality, lang),
        **_file_fields(quality, lang),
        **_indicator_fields(facts, lang),
    }


def _text(lang: str, code: str, **values: object) -> str:
    return message(f"reports.{code}", lang, **values)


def _title(facts: RoundFacts | None, lang: str) -> str:
    if facts is None:
        return _text(lang, "quality_title_all")
    place = facts.area.name if facts.area else _text(lang, "areas", count=len(facts.areas))
    return _text(lang, "quality_title", place=plain(place), period=facts.round.period.words(lang))


def _cards(quality: QualityFacts, lang: str) -> list[dict[str, str]]:
    """The few figures that come first."""
    units = quality.facts.expected_units if quality.facts else ()
    missing = sum(unit.is_missing for unit in units)
    on_time = sum(sent(unit) == "on_time" for unit in units)
    found = {group: quality.findings.filter(group=group).height for group in GROUPS}
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
        _card("blocking", number(found["blocking"], 0, lang), lang, good=not found["blocking"]),
        _card("warning", number(found["warning"], 0, lang), lang, good=not found["warning"]),
    ]


def _card(name: str, value: str, lang: str, *, good: bool = True) -> dict[str, str]:
    return {
        "label": _text(lang, f"card_{name}"),
        "frame": _text(lang, f"frame_{name}"),
        "value": value,
        "look": "good" if good else "open",
    }


def _dimensions(quality: QualityFacts, documents: int, lang: str) -> list[dict[str, Any]]:
    told = measures(quality, documents)
    return [
        {
            "name": name,
            "measures": [_measure(measure, lang) for measure in told if measure.dimension == name],
            **{group: quality.findings.filter(dimension=name, group=group).height for group in GROUPS},
        }
        for name in DIMENSIONS
    ]


def _measure(measure: Measure, lang: str) -> dict[str, Any]:
    whole = "" if measure.whole is None else f"/{number(measure.whole, 0, lang)}"
    share = measure.share
    return {
        "label": _text(lang, f"measure.{measure.code}"),
        "value": f"{number(measure.part, 0, lang)}{whole}",
        "share": share,
        "percent": "" if share is None else f"{number(100 * share, 1, lang)}%",
    }


def _units(facts: RoundFacts, sections: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found = {section["code"]: section for section in sections}
    return [_unit(unit, found.get(unit.code)) for unit in facts.units]


def _unit(unit: UnitLine, found: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "name": plain(unit.name),
        "area": plain(unit.area_name),
        "sent": sent(unit),
        "received": f"{unit.received_at:%d/%m/%Y %H:%M}" if unit.received_at else "",
        "due": unit.due,
        "note": plain(unit.note),
        "anchor": found["anchor"] if found else "",
        **{group: found[group] if found else 0 for group in GROUPS},
    }


def _left_out(findings: pl.DataFrame, group: str) -> int:
    return max(findings.filter(group=group).height - LISTED, 0)


def _entered(facts: RoundFacts, lang: str) -> list[dict[str, Any]]:
    return [
        {
            "unit": plain(row["reporting_unit_name"] or row["reporting_unit_code"]),
            "element": plain(f"{row['data_element_code']} {row['name']}"),
            "category": plain(row["category_name"]),
            "value": number(row["value"], None, lang) or plain(row["value_text"], 200),
            "unit_of_measure": plain(row["unit"], 60),
            "how": row["entered_how"],
            "raw_text": plain(row["raw_text"], 200),
            "place": plain(
                " › ".join(row[name] for name in ("file_name", "sheet", "cell") if row[name]), 160
            ),
            "is_waiting": row["is_waiting"],
        }
        for row in entered_rows(facts, lang).head(LISTED).iter_rows(named=True)
    ]


def _trend(quality: QualityFacts, lang: str) -> dict[str, Any]:
    rounds = [
        {
            **row,
            "label": plain(row["period_code"] or row["round_code"], 20),
            "name": plain(row[f"name_{lang}"] or row["name_vi"] or row["round_code"], 120),
            "rate": _percent(row["actual"], row["expected"]),
            "rate_on_time": _percent(row["actual_on_time"], row["expected"]),
        }
        for row in quality.rounds.to_dicts()
    ]
    return {
        "rounds": rounds,
        "rate_chart": rate_chart(rounds),
        "finding_chart": finding_chart(rounds),
        "chart_width": WIDTH,
        "chart_height": HEIGHT,
    }


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _indicator_fields(facts: RoundFacts | None, lang: str) -> dict[str, Any]:
    table = indicator_table(facts, lang, 1) if facts else None
    lines = table.indicators if table else ()
    figures = lines if table and not table.is_overview else ()
    unconfirmed = [line for line in lines if not line.is_confirmed]
    return {
        "without_figure": [_without(line, lang) for line in figures if _is_owed(line)],
        "unconfirmed": [{"code": line.code, "name": plain(line.name)} for line in unconfirmed],
        "indicators": len(lines),
    }


def _without(line: Line, lang: str) -> dict[str, str]:
    """Why an indicator has no figure; what only some areas add up to is none either."""
    last = line.figures[-1]
    words = last.words or f"{state_words(last.state, None, lang)}: {last.digits}"
    return {"code": line.code, "name": plain(line.name), "words": words}


def _is_owed(line: Line) -> bool:
    return bool(line.figures) and line.figures[-1].state not in ("value", "zero", "not_applicable")


def _file_fields(quality: QualityFacts, lang: str) -> dict[str, Any]:
    return {
        "files": _file_rows(quality.files, lang),
        "more_files": max(quality.files.height - _FILES_LISTED, 0),
        "other_files": _file_rows(quality.other_files, lang),
        "other_files_count": quality.other_files.height,
    }


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
