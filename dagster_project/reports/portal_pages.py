"""What the overview, the indicators' pages, the areas' pages and the comparison say.

Only words and order; the pages themselves are templates, the figures those of ``portal_site``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from dagster_project.messages import message, message_table
from dagster_project.reports.changes import CHANGES
from dagster_project.reports.charts import Bar, comparison_svg, series_chart, series_text
from dagster_project.reports.numbers import number, state_words
from dagster_project.reports.portal_charts import hidden, sparkline
from dagster_project.reports.portal_site import Site
from dagster_project.reports.portal_sources import INSIDE, source_fields
from dagster_project.reports.safe import plain
from dagster_project.reports.table import TOTAL, Figure, Line, period_heading, round_rows, table_notes

LIGHTS = ("green", "amber", "red")
_FIGURE = ("value", "zero")
_HEAD = 60
_FORECAST = ("forecast", "forecast_low", "forecast_high")


def text(lang: str, code: str, **values: object) -> str:
    """A text of the portal."""
    return message(f"portal.{code}", lang, **values)


def overview(site: Site) -> dict[str, Any]:
    """The first page: lights, who has reported, the newest figure of each indicator."""
    lights = light_rows(site, site.own) if site.own else []
    return {
        "lights": lights,
        "light_counts": _light_counts(lights),
        "headings": [period_heading(period) for period in site.head.periods[-2:]],
        "rows": [_overview_row(site, line, lights) for line in site.head.lines],
        "areas": [_area_row(site, code, name) for code, name in site.others.items()],
        "figures": _with_figure(site.head.indicators),
        "indicators": len(site.head.indicators),
        "notes": notes(site, site.head),
        "is_overview": site.head.is_overview,
    }


def area_page(site: Site, code: str) -> dict[str, Any]:
    """One area: all its indicators over the years."""
    table = site.tables[code]
    lights = light_rows(site, code)
    return {
        "title": site.areas[code],
        "lights": lights,
        "light_counts": _light_counts(lights),
        "headings": [period_heading(period) for period in table.periods],
        "rows": [
            {
                **_named(site, line),
                "cells": [_cell(site, figure) for figure in line.figures],
                "spark": sparkline(line.figures),
            }
            for line in table.lines
        ],
        "notes": notes(site, table),
    }


def indicator_page(site: Site, line: Line) -> dict[str, Any]:
    """One indicator: line, figures by year, areas compared, definition, and where each figure comes from."""
    series = site.series.get(site.own or "", {}).get(line.code)
    targets = [_light(site, row, line) for row in site.ahead.targets_of(site.own or "", line.code)]
    return {
        "title": plain(line.name),
        "code": line.code,
        "unit": plain(line.unit, 60),
        "chart": site.drawer.draw(series_chart(replace(series, title=site.place), site.lang))
        if series
        else "",
        "chart_text": series_text(series, site.lang) if series else "",
        "figures": [] if site.head.is_overview else _figures(site, line),
        "forecasts": _forecasts(site, line),
        "targets": targets,
        "change": _changes(site, line),
        "areas": _area_figures(site, line),
        "headings": [period_heading(period) for period in site.head.periods],
        "comparison": _comparison(site, line),
        "categories": _categories(site, line),
        "about": _about(site, line),
        "sources": _sources(site, line),
        "notes": notes(site, site.head, line),
        "path": _path(site, line),
    }


def comparison_page(site: Site) -> dict[str, Any]:
    """Areas × indicators in the round's period, one table per group."""
    groups: dict[str, list[Line]] = {}
    for line in site.head.indicators:
        groups.setdefault(line.root, []).append(line)
    names = {line.code: plain(line.name) for line in site.head.lines}
    last = {
        code: {line.code: line.figures[-1] for line in table.indicators}
        for code, table in site.tables.items()
    }
    return {
        "period": site.facts.round.period_code,
        "groups": [
            {
                "name": names.get(root, root),
                "code": root,
                "heads": [{**_named(site, line), "short": _short(site, line)} for line in lines],
                "rows": [
                    {
                        "name": name,
                        "url": site.url("area", code),
                        "is_own": code == site.own,
                        "cells": [_cell(site, last[code].get(line.code)) for line in lines],
                    }
                    for code, name in site.areas.items()
                ],
            }
            for root, lines in groups.items()
        ],
    }


def _short(site: Site, line: Line) -> str:
    """A name cut for the head of a column; the mark of an unconfirmed one stays."""
    name = plain(site.nodes[line.code]["name_vi"], _HEAD)
    return name if line.is_confirmed else f"{name} {message('reports.unconfirmed', site.lang)}"


def light_rows(site: Site, area: str) -> list[dict[str, Any]]:
    """Targets of an area in the order of the indicators."""
    lines = {line.code: line for line in site.tables[area].indicators}
    return [
        {**_named(site, line), **_light(site, row, line)}
        for line in lines.values()
        for row in site.ahead.targets_of(area, line.code)
    ]


def notes(site: Site, table: Any, line: Line | None = None) -> list[str]:
    """What marks and words mean, in public without those that concern units; of one line, or of the whole table."""
    shown = table if line is None else replace(table, lines=(line,))
    told = table_notes(shown, site.lang)
    inside = {message(f"reports.note_{state}", site.lang) for state in INSIDE}
    return [plain(note) for note in told if not (site.is_public and note in inside)]


def _overview_row(site: Site, line: Line, lights: list[dict[str, Any]]) -> dict[str, Any]:
    own = [row for row in lights if row["code"] == line.code]
    return {
        **_named(site, line),
        "cells": [_cell(site, figure) for figure in line.figures[-2:]],
        "spark": "" if site.head.is_overview else sparkline(line.figures),
        "change": _changes(site, line),
        "light": own[0] if own else None,
    }


def _named(site: Site, line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "name": plain(line.name),
        "unit": plain(line.unit, 60),
        "depth": line.depth,
        "is_heading": line.is_heading,
        "is_confirmed": line.is_confirmed,
        "url": site.url("indicator", line.code),
    }


def _cell(site: Site, figure: Figure | None) -> dict[str, Any]:
    if figure is None:
        return {"text": state_words(None, None, site.lang), "is_number": False, "value": None}
    return {
        "text": site.words(figure),
        "is_number": bool(figure.digits),
        "value": figure.value,
        "is_break": figure.is_break,
    }


def _changes(site: Site, line: Line) -> dict[str, str]:
    """Changes with their units: of a percentage in points; marked where the last period begins a new series."""
    change = site.changes.get(line.code, {})
    mark = "*" * bool(line.figures and (site.head.periods[-1].is_break or line.figures[-1].is_break))
    decimals = {"change": line.decimals, "yoy_pct": 1, "cagr_pct": 1}
    units = dict.fromkeys(CHANGES, "{change} %") | {"change": "{change}"}
    if line.unit == "%":
        units["change"] = message("reports.points", site.lang, change="{change}")
    told = {name: _signed(change.get(name), decimals[name], site.lang) for name in CHANGES}
    return {name: digits and f"{units[name].format(change=digits)}{mark}" for name, digits in told.items()}


def _signed(value: float | None, decimals: int | None, lang: str) -> str:
    digits = number(value, decimals, lang)
    return f"+{digits}" if value and value > 0 and digits.strip("0.,") else digits.replace("-", "−", 1)


def _area_row(site: Site, code: str, name: str) -> dict[str, Any]:
    units = [unit for unit in site.facts.expected_units if plain(unit.area_name) == name]
    lights = light_rows(site, code)
    lines = site.tables[code].indicators
    return {
        "name": name,
        "url": site.url("area", code),
        "units": f"{sum(not unit.is_missing for unit in units)}/{len(units)}" if units else "",
        "on_time": f"{sum(not unit.is_missing and not unit.is_late for unit in units)}/{len(units)}"
        if units
        else "",
        "figures": f"{_with_figure(lines)}/{len(lines)}",
        "lights": _light_counts(lights),
    }


def _with_figure(lines: tuple[Line, ...]) -> int:
    return sum(bool(line.figures) and line.figures[-1].state in _FIGURE for line in lines)


def _light_counts(lights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter(row["light"] for row in lights)
    names = {row["light"]: row["light_name"] for row in lights}
    return [
        {"light": light, "name": names[light], "count": counts[light]} for light in LIGHTS if counts[light]
    ]


def _light(site: Site, row: Mapping[str, Any], line: Line) -> dict[str, Any]:
    lang = site.lang
    reason = f"portal.reason.{row['reason']}"
    inside = site.is_public and row["reason"] in INSIDE
    return {
        "light": row["light"] or "",
        "light_name": plain(row[f"light_name_{lang}"] or row["light_name_vi"] or ""),
        "reason": ""
        if row["light"]
        else text(lang, "not_published")
        if inside
        else message(reason, lang)
        if reason in message_table()
        else "",
        "period": plain(row["target_period_code"], 40),
        "target": _target_words(row, line, lang),
        "actual": number(row["actual"], line.decimals, lang),
        "percent": _percent(row["achievement_pct"], lang),
        "pace": number(row["pace"], line.decimals, lang),
        "is_due": bool(row["is_due"]),
        "source": plain(row["source_vi"]),
        "is_sure": row["target_status"] == "confirmed",
    }


def _target_words(row: Mapping[str, Any], line: Line, lang: str) -> str:
    low, high = (number(row[name], line.decimals, lang) for name in ("target", "target_high"))
    code = f"portal.comparison.{row['comparison']}"
    return message(code, lang, low=low, high=high) if code in message_table() else low


def _percent(value: float | None, lang: str) -> str:
    return f"{number(value, 1, lang)} %" if value is not None else ""


def _figures(site: Site, line: Line) -> list[dict[str, Any]]:
    """One row per period, the newest first."""
    sourced = {row["period_code"] for row in site.sources.get(line.code, [])}
    rows = [
        {
            **_cell(site, figure),
            "period": period_heading(period),
            "code": period.code,
            "anchor": f"nguon-{number}" if period.code in sourced else "",
            "is_recalculated": period.is_recalculated,
            "is_break": period.is_break or figure.is_break,
        }
        for number, (period, figure) in enumerate(zip(site.head.periods, line.figures, strict=True), 1)
    ]
    return rows[::-1]


def _forecasts(site: Site, line: Line) -> list[dict[str, str]]:
    return [
        {
            "year": str(row["forecast_year"]),
            **{name: number(row[name], line.decimals, site.lang) for name in _FORECAST},
            "level": number(100 * row["interval_level"], 0, site.lang) if row["interval_level"] else "",
            "method": plain(row["method"], 80),
        }
        for row in site.ahead.forecasts_of(site.own or "", line.code)
    ]


def _area_figures(site: Site, line: Line) -> list[dict[str, Any]]:
    """The same indicator in each of the other areas."""
    found = {}
    for code in site.others:
        found[code] = next(item for item in site.tables[code].indicators if item.code == line.code)
    return [
        {
            "name": site.areas[code],
            "url": site.url("area", code),
            "cells": [_cell(site, figure) for figure in item.figures],
            "spark": sparkline(item.figures),
        }
        for code, item in found.items()
    ]


def _comparison(site: Site, line: Line) -> dict[str, Any] | None:
    """Areas of one level by size of the figure; null for under two."""
    series = {code: site.series[code].get(line.code) for code in site.others}
    known = [
        (found.points[-1].value, code)
        for code, found in series.items()
        if found is not None and found.points[-1].value is not None
    ]
    if len(known) < 2:  # one alone compares with none
        return None
    known.sort(key=lambda item: (-(item[0] or 0), item[1]))
    names = Counter(site.areas[code] for _, code in known)
    told_apart = {code: site.areas[code] + f" ({code})" * (names[site.areas[code]] > 1) for _, code in known}
    bars = [Bar(told_apart[code], value or 0.0) for value, code in known]
    title = text(site.lang, "comparison_title", period=site.facts.round.period_code)
    unit = plain(line.unit, 60)
    told = "; ".join(f"{bar.name}: {number(bar.value, line.decimals, site.lang)}" for bar in bars)
    return {
        "chart": hidden(comparison_svg(title, unit, line.decimals, bars, site.lang)),
        "text": f"{title}. {told}.",
    }


def _categories(site: Site, line: Line) -> list[dict[str, str]]:
    """Figures by category of the own area in the round's period."""
    rows = (
        round_rows(site.facts)
        .filter(pl.col("category_code") != TOTAL, indicator_code=line.code, area_code=site.own or "")
        .sort("category_code")
    )
    return [
        {
            "name": plain(row["category_name"] or row["category_code"], 120),
            "text": number(row["value"], line.decimals, site.lang)
            if row["value_state"] in _FIGURE
            else text(site.lang, "not_published")
            if site.is_public and row["value_state"] in INSIDE
            else state_words(row["value_state"], row["applicability"], site.lang),
        }
        for row in rows.iter_rows(named=True)
    ]


def _about(site: Site, line: Line) -> list[tuple[str, str]]:
    node = site.nodes[line.code]
    lang = site.lang
    confirmed = text(lang, "confirmed" if node["is_confirmed"] else "unconfirmed")
    status = _words(f"portal.status.{node['status']}", lang) or node["status"] or ""
    told = [
        ("unit_of_measure", node["unit"]),
        ("definition", node["definition_vi"]),
        ("method", node["method_vi"]),
        ("source", node["source_vi"]),
        ("direction", _words(f"portal.direction.{node['direction']}", lang)),
        ("confirmation", f"{confirmed}. {status}".strip()),
    ]
    if not site.is_public and node["confirmed_by"]:
        day = f", {node['confirmed_at']:%d/%m/%Y}" if node["confirmed_at"] else ""
        told.append(("confirmed_by", f"{node['confirmed_by']}{day}"))
    return [
        (text(lang, f"about.{name}"), plain(value, 2000) or text(lang, "about.unknown"))
        for name, value in told
    ]


def _words(code: str, lang: str) -> str:
    return message(code, lang) if code in message_table() else ""


def _sources(site: Site, line: Line) -> list[dict[str, Any]]:
    """Reported figures by period, the newest first; anchors as in ``_figures``."""
    places = {period.code: number for number, period in enumerate(site.head.periods, 1)}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in site.sources.get(line.code, []):
        told = source_fields(row, site.lang, is_confirmed=line.is_confirmed, is_public=site.is_public)
        found.setdefault(row["period_code"], []).append(
            {**told, "unit_url": site.url("unit", row["reporting_unit_code"])}
        )
    return [
        {
            "period": period,
            "anchor": f"nguon-{places[period]}",
            "rows": rows,
            "many_areas": len({row["area"] for row in rows}) > 1 or not site.own,
        }
        for period, rows in found.items()
    ]


def _path(site: Site, line: Line) -> list[str]:
    """Names of the headings above an indicator, from the top."""
    names: list[str] = []
    parent = site.nodes[line.code]["parent_code"]
    while parent in site.nodes and len(names) < len(site.nodes):
        node = site.nodes[parent]
        names.append(plain(f"{parent}. {node['name_vi']}"))
        parent = node["parent_code"]
    return names[::-1]
