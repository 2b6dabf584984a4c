"""The indicator table: the tree of a criteria set with one figure, or a word, per period.

Which basis stands in a cell and how it is marked belongs here. Where several areas report and none stands for all,
the cells say how many of them have a figure. No figure is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from dagster_project.messages import message, message_table
from dagster_project.reports.numbers import number, state_words
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.release import valid_at

TOTAL = "_T"
#: Behind the first figure of another definition; in no name of a unit of measure.
DEFINED = " †"
_FIGURE = ("value", "zero")
_COUNTED = ("count", "money")
_RECALCULATED = ("summed", "weighted")
_NOT_FINAL = ("estimate", "preliminary")


@dataclass(frozen=True)
class Figure:
    """One cell: ``digits`` where a figure is shown, else ``words``; ``state`` as the marts have it.

    A figure in another unit than the line's has its unit beside the digits and no ``value``: it compares with none of
    the line's. ``break_reason``: why the definition of this period is another than that of the one before.
    ``is_break``: the figure compares with none before it.
    """

    value: float | None
    digits: str
    words: str
    state: str
    break_reason: str = ""
    is_final: bool = True
    is_break: bool = False


@dataclass(frozen=True)
class Line:
    """One row; a heading has no figures. ``name`` carries the mark of an unconfirmed name."""

    code: str
    name: str
    depth: int
    is_heading: bool
    is_confirmed: bool
    unit: str = ""
    decimals: int | None = None
    value_type: str = ""
    root: str = ""
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class PeriodColumn:
    """One period with the marks of its heading: recalculated to today's areas, given after the fact, a break."""

    code: str
    label: str
    is_break: bool
    is_recalculated: bool
    is_retrospective: bool
    reason: str


@dataclass(frozen=True)
class IndicatorTable:
    """The whole table; ``is_overview`` where cells count areas."""

    periods: tuple[PeriodColumn, ...]
    lines: tuple[Line, ...]
    is_overview: bool

    @property
    def indicators(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.is_heading)


def indicator_table(
    facts: RoundFacts, lang: str, last: int | None = None, *, area: str | None = None
) -> IndicatorTable:
    """The table of a round over its ``last`` periods, or over all: of its own area, or of another that reported."""
    periods = facts.periods if last is None else facts.periods.tail(last)
    shown = area or facts.own
    rows = _overview_rows(facts) if shown is None else area_rows(facts, shown)
    wanted = rows.filter(pl.col("period_code").is_in(periods["period_code"].implode()))
    by_place = {(row["indicator_code"], row["period_code"]): row for row in wanted.iter_rows(named=True)}
    recalculated = set(wanted.filter(pl.col("method").is_in(_RECALCULATED))["period_code"])
    given_later = set(wanted.filter(pl.col("is_retrospective"))["period_code"])
    columns = tuple(_column(row, recalculated, given_later) for row in periods.iter_rows(named=True))
    lines = tuple(
        line if line.is_heading else _filled(line, columns, by_place, lang)
        for line in tree_lines(facts.nodes, lang)
    )
    return IndicatorTable(columns, lines, shown is None)


def tree_lines(nodes: pl.DataFrame, lang: str) -> list[Line]:
    """The tree from the top down, without figures; a node that the marts give none to is a heading."""
    ordered = nodes.sort("sort_order", "indicator_code", nulls_last=True)
    codes = set(ordered["indicator_code"])
    children: dict[str | None, list[dict[str, Any]]] = {}
    for row in ordered.iter_rows(named=True):
        parent = row["parent_code"] if row["parent_code"] in codes else None
        children.setdefault(parent, []).append(row)
    lines: list[Line] = []
    waiting = [(row, 0, row["indicator_code"]) for row in reversed(children.get(None, []))]
    while waiting:
        row, depth, root = waiting.pop()
        below = children.pop(row["indicator_code"], [])
        is_heading = row["numerator"] is None and (bool(below) or row["node_type"] == "group")
        lines.append(_line(row, depth, root, lang, is_heading=is_heading))
        waiting += [(child, depth + 1, root) for child in reversed(below)]
    return lines


def period_heading(period: PeriodColumn) -> str:
    """The period's label with its marks, which ``table_notes`` explains."""
    return period.label + "¹" * period.is_recalculated + "²" * period.is_retrospective + "*" * period.is_break


def table_notes(table: IndicatorTable, lang: str) -> list[str]:
    """What the marks and words of the table mean, only those that it uses."""
    notes = []
    shown = {figure.state for line in table.indicators for figure in line.figures}
    digits = " ".join(figure.digits for line in table.indicators for figure in line.figures)
    if any(period.is_recalculated for period in table.periods):
        notes.append(message("reports.note_recalculated", lang))
    if any(period.is_retrospective for period in table.periods):
        notes.append(message("reports.note_retrospective", lang))
    notes += [
        message("reports.note_break", lang, period=period.label, reason=period.reason).strip()
        for period in table.periods
        if period.is_break
    ]
    notes += [
        message(
            "reports.note_definition", lang, code=line.code, period=period.label, reason=figure.break_reason
        )
        for line in table.indicators
        for period, figure in zip(table.periods, line.figures, strict=True)
        if figure.break_reason
    ]
    notes += [
        message(f"reports.note_{state}", lang) for state in ("held", "missing", "partial") if state in shown
    ]
    notes += [
        message(f"reports.note_{status}", lang)
        for status in ("estimate", "preliminary")
        if _status_mark(status, lang) in digits.split()
    ]
    if any(not line.is_confirmed for line in table.lines):
        notes.append(message("reports.note_unconfirmed", lang))
    return notes


def marked_name(row: Mapping[str, Any], lang: str) -> str:
    """A node's name with "(chưa xác nhận)" where nobody has confirmed it."""
    name = row["name_vi"] if lang == "vi" or not row["name_en"] else row["name_en"]
    return name if row["is_confirmed"] else f"{name} {message('reports.unconfirmed', lang)}"


def _line(row: Mapping[str, Any], depth: int, root: str, lang: str, *, is_heading: bool) -> Line:
    return Line(
        code=row["indicator_code"],
        name=marked_name(row, lang),
        depth=depth,
        is_heading=is_heading,
        is_confirmed=bool(row["is_confirmed"]),
        unit=row["unit"] or "",
        decimals=row["decimals"],
        value_type=row["value_type"] or "",
        root=root,
    )


def _filled(
    line: Line,
    columns: Sequence[PeriodColumn],
    by_place: Mapping[tuple[str, str], Mapping[str, Any]],
    lang: str,
) -> Line:
    rows = [by_place.get((line.code, column.code)) for column in columns]
    figures = (
        _with_marks(figure(row, line, lang), row, column) for row, column in zip(rows, columns, strict=True)
    )
    return replace(line, figures=tuple(figures))


def _with_marks(shown: Figure, row: Mapping[str, Any] | None, column: PeriodColumn) -> Figure:
    """``shown`` with what its row tells beside the figure."""
    if row is None:
        return shown
    marked = replace(
        shown,
        is_final=row["value_status"] not in _NOT_FINAL,
        is_break=bool(row["break_in_series"]) and shown.value is not None,
    )
    return _with_break(marked, row, column)


def _with_break(shown: Figure, row: Mapping[str, Any] | None, column: PeriodColumn) -> Figure:
    """``shown`` with its mark where the definition changed; a break of the whole period is marked in the heading."""
    told = (row or {}).get("break_reason_vi") or ""
    reason = told.removeprefix(column.reason).strip() if column.is_break else told
    if not reason or not shown.digits:
        return shown
    return replace(shown, digits=f"{shown.digits}{DEFINED}", break_reason=reason)


def figure(row: Mapping[str, Any] | None, line: Line, lang: str) -> Figure:
    """A cell from a row of the marts; no row gives "chưa có số liệu".

    Where things are counted a zero is said in words ("không phát sinh"); a rate or an index of 0 is a figure.
    """
    if row is None:
        return Figure(None, "", state_words(None, None, lang), "not_available")
    state = row["value_state"] or "not_available"
    told = row.get("counted") or _partial_digits(row, line, lang)
    if told:
        return Figure(None, told, "", state)
    if state not in _FIGURE or row["value"] is None:
        lost = row["method"] == "not_harmonised" and row["coverage"] and state == "not_available"
        told = "not_harmonised" if lost else state
        return Figure(None, "", state_words(told, row["applicability"], lang), told)
    value = float(row["value"])
    if line.value_type == "yes_no":
        return Figure(value, "", message("reports.yes" if value else "reports.no", lang), "value")
    if value == 0 and line.value_type in _COUNTED:
        return Figure(value, "", state_words("zero", None, lang), "zero")
    digits = f"{number(value, line.decimals, lang)} {_status_mark(row['value_status'], lang)}".strip()
    other = _other_unit(row, line)
    return Figure(None if other else value, f"{digits} {other}".strip(), "", "value")


def _other_unit(row: Mapping[str, Any], line: Line) -> str:
    """The unit of a figure where it is not the line's."""
    unit = row.get("unit") or ""
    return unit if line.unit and unit != line.unit else ""


def _partial_digits(row: Mapping[str, Any], line: Line, lang: str) -> str:
    """What some of the areas below add up to, with how many they are; empty where they do not."""
    if row["value_state"] != "partial" or row["partial_value"] is None:
        return ""
    return message(
        "reports.partial",
        lang,
        digits=f"{number(row['partial_value'], line.decimals, lang)} {_other_unit(row, line)}".strip(),
        n_areas=row["n_areas"],
        n_areas_expected=row["n_areas_expected"],
    )


def _status_mark(status: str | None, lang: str) -> str:
    code = f"reports.status.{status}"
    return message(code, lang) if code in message_table() else ""


def _column(row: Mapping[str, Any], recalculated: set[str], given_later: set[str]) -> PeriodColumn:
    code = row["period_code"]
    return PeriodColumn(
        code=code,
        label=code,
        is_break=bool(row["is_break"]),
        is_recalculated=code in recalculated,
        is_retrospective=code in given_later,
        reason=row["break_reason_vi"] or "",
    )


_CELL = (
    "basis",
    "indicator_code",
    "period_code",
    "value",
    "value_state",
    "value_status",
    "applicability",
    "method",
    "coverage",
    "unit",
    "break_reason_vi",
    "is_retrospective",
    "break_in_series",
    "comparable_from",
)
_PARTIAL = ("partial_value", "n_areas", "n_areas_expected")


def area_rows(facts: RoundFacts, area: str) -> pl.DataFrame:
    """Harmonised totals of ``facts.own`` or of an area that reported, and as-reported ones where it was the same."""
    is_of_today = area == facts.own and facts.is_made_later
    code = facts.area.code if facts.area and area == facts.own else area
    harmonised = facts.harmonised.filter(area_code=code, category_code=TOTAL)
    own = facts.indicators.filter(area_code=code, category_code=TOTAL).join(
        _periods_of_same_area(facts, code), on="period_code", how="semi"
    )
    if is_of_today:
        own = own.clear()
    elif code in facts.later_areas:
        harmonised = harmonised.clear()
    both = pl.concat(
        [
            harmonised.with_columns(pl.lit("harmonised").alias("basis")).select(_CELL),
            own.with_columns(pl.lit("as_reported").alias("basis"), pl.lit("reported").alias("method")).select(
                _CELL
            ),
        ],
        how="vertical_relaxed",
    )
    cell = ["indicator_code", "period_code"]
    return both.unique(cell, keep="first", maintain_order=True).join(
        own.select(*cell, *_PARTIAL).unique(cell, keep="first"), on=cell, how="left", maintain_order="left"
    )


def round_rows(facts: RoundFacts) -> pl.DataFrame:
    """Figures of the round as reported, and those of an own area that was made later under ``facts.own``."""
    reported = facts.indicators.filter(round_code=facts.round.code).with_columns(
        pl.lit("reported").alias("method")
    )
    if facts.area is None or not facts.is_made_later:
        return reported
    of_today = facts.harmonised.filter(round_code=facts.round.code, area_code=facts.area.code)
    return pl.concat(
        [reported, of_today.with_columns(pl.lit(facts.own).alias("area_code"))], how="diagonal_relaxed"
    )


def _periods_of_same_area(facts: RoundFacts, area: str) -> pl.DataFrame:
    """Periods at whose end the code meant the area that it means at the round's end."""
    versions = facts.dim_area.filter(area_code=area)
    now = valid_at(versions, facts.round.period_end)
    if now.is_empty():
        return facts.periods.select("period_code")
    start = now.row(-1, named=True)["valid_from"]
    return facts.periods.filter((pl.col("period_end") >= start) if start else pl.lit(value=True)).select(
        "period_code"
    )


def _overview_rows(facts: RoundFacts) -> pl.DataFrame:
    """Per indicator and period, "areas with a figure / areas"."""
    counted = (
        facts.indicators.filter(category_code=TOTAL)
        .group_by("indicator_code", "period_code")
        .agg(
            pl.col("value_state").is_in(_FIGURE).sum().alias("with_figure"),
            pl.col("area_code").n_unique().alias("areas"),
            pl.col("is_retrospective").any(),
        )
    )
    return counted.select(
        "indicator_code",
        "period_code",
        pl.when(pl.col("with_figure") > 0)
        .then(pl.lit("value"))
        .otherwise(pl.lit("missing"))
        .alias("value_state"),
        pl.lit("reported").alias("method"),
        "is_retrospective",
        pl.lit(None, pl.String).alias("value_status"),
        pl.lit(value=False).alias("break_in_series"),
        pl.format("{}/{}", "with_figure", "areas").alias("counted"),
    )
