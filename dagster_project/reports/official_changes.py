"""What changed and why, and the targets: the sections of the official report that explain figures.

The reasons are those that stand in the release: units' explanations, breaks, new definitions. Nothing is computed or
guessed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from dagster_project.messages import message, message_table
from dagster_project.reports.changes import changes
from dagster_project.reports.numbers import number
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import plain
from dagster_project.reports.table import TOTAL, IndicatorTable, Line

#: Largest movements that are told.
_MOVED = 10
_NAMED = 40
#: A change of a share is told in points.
_SHARES = ("percent", "rate")

_text = partial(message, lang="vi")


def change_fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    """The largest movements with their reasons, breaks, new definitions, what the units explained."""
    lines = {line.code: line for line in table.indicators}
    explained = _explained(facts)
    return {
        "movements": _movements(facts, lines, explained, "*" if _ends_in_break(table) else ""),
        "breaks": [
            {"period": period.label, "reason": plain(period.reason).rstrip(".")}
            for period in table.periods
            if period.is_break
        ],
        "definitions": [
            {
                "code": plain(line.code, 40),
                "name": plain(line.name, 300),
                "period": period.label,
                "reason": plain(figure.break_reason).rstrip("."),
            }
            for line in table.indicators
            for period, figure in zip(table.periods, line.figures, strict=True)
            if figure.break_reason
        ],
        "explained": [
            {
                "unit": plain(row["reporting_unit_name"] or row["reporting_unit_code"] or "", 120),
                "subject": _subject(row, lines),
                "text": plain(row["unit_response"]).rstrip("."),
            }
            for row in explained.head(_NAMED).iter_rows(named=True)
        ],
    }


def _explained(facts: RoundFacts) -> pl.DataFrame:
    told = facts.findings.filter(pl.col("unit_response").fill_null("").str.strip_chars() != "")
    grain = ["reporting_unit_code", "indicator_code", "data_element_code", "unit_response"]
    return told.unique(grain, keep="first", maintain_order=True)


def _subject(row: dict[str, Any], lines: dict[str, Line]) -> str:
    line = lines.get(row["indicator_code"] or "")
    name = line.name if line else row["name_vi"] or ""
    return plain(" ".join(filter(None, (row["indicator_code"], name))), 300)


def _ends_in_break(table: IndicatorTable) -> bool:
    return bool(table.periods) and table.periods[-1].is_break


def _movements(
    facts: RoundFacts, lines: dict[str, Line], explained: pl.DataFrame, mark: str
) -> list[dict[str, Any]]:
    moved = (
        changes(facts)
        .filter(
            pl.col("change") != 0,
            pl.col("indicator_code").is_in(pl.Series(list(lines), dtype=pl.String).implode()),
        )
        .sort([pl.col("yoy_pct").abs(), pl.col("change").abs()], descending=True, nulls_last=True)
        .head(_MOVED)
    )
    return [
        _movement(
            place,
            row,
            lines[row["indicator_code"]],
            mark,
            _reason(lines[row["indicator_code"]], facts, explained),
        )
        for place, row in enumerate(moved.iter_rows(named=True), start=1)
    ]


def _movement(place: int, row: dict[str, Any], line: Line, mark: str, reason: str) -> dict[str, Any]:
    """One movement; ``mark`` says that the last period begins a new series."""
    decimals = line.decimals
    if line.value_type in _SHARES or row["yoy_pct"] is None:
        told, unit = number(row["change"], decimals), line.unit
        change = _text("reports.points", change=told) if unit == "%" else f"{told} {plain(unit, 60)}".strip()
    else:
        change = f"{number(row['yoy_pct'], 1)}%"
    return {
        "number": place,
        "code": plain(line.code, 40),
        "name": plain(line.name, 300),
        "unit": plain(line.unit, 60),
        "before": number(row["previous_value"], decimals),
        "after": number(row["last_value"], decimals) + mark,
        "change": change if change.startswith("-") else f"+{change}",
        "reason": reason,
    }


def _reason(line: Line, facts: RoundFacts, explained: pl.DataFrame) -> str:
    """The units' words; else that a question on the figure is open."""
    told = [
        plain(row["unit_response"], 300).rstrip(".")
        for row in explained.filter(indicator_code=line.code).iter_rows(named=True)
    ]
    if told:
        return "; ".join(told)
    asked = facts.findings.filter(group="warning", indicator_code=line.code)
    return "" if asked.is_empty() else _text("reports.reason_awaited")


def target_fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    """Targets of the round's area with their lights, and how many have which light."""
    lines = {line.code: line for line in table.indicators}
    order = {code: place for place, code in enumerate(lines)}
    found = [
        row
        for row in facts.targets.filter(category_code=TOTAL).iter_rows(named=True)
        if row["area_code"] == facts.own and row["indicator_code"] in lines
    ]
    found.sort(key=lambda row: (order[row["indicator_code"]], row["target_period_code"]))
    rows = [_target(place, row, lines[row["indicator_code"]]) for place, row in enumerate(found, start=1)]
    lights = dict.fromkeys(row["light"] for row in rows)
    return {
        "targets": rows,
        "lights": [{"name": light, "count": sum(row["light"] == light for row in rows)} for light in lights],
    }


def _target(place: int, row: dict[str, Any], line: Line) -> dict[str, Any]:
    decimals = line.decimals
    figures = [number(row[name], decimals) for name in ("target", "target_high")]
    sign = row["comparison"] or ""
    if sign == "between":
        wanted = "–".join(figures)
    else:
        wanted = f"{_text(f'reports.comparison_{sign}') if sign in ('>=', '<=') else ''} {figures[0]}".strip()
    mark = "" if row["target_status"] == "confirmed" else _text("reports.unconfirmed")
    return {
        "number": place,
        "code": plain(line.code, 40),
        "name": plain(line.name, 300),
        "unit": plain(line.unit, 60),
        "period": row["target_period_code"],
        "target": f"{wanted} {mark}".strip(),
        "actual": number(row["actual"], decimals),
        "gap": number(row["gap"], decimals),
        "pace": number(row["pace"], decimals),
        "light": plain(row["light_name_vi"] or _untold(row["reason"]), 120),
    }


def _untold(reason: str | None) -> str:
    code = f"reports.target_{reason}"
    return _text(code if code in message_table() else "reports.target_not_told")
