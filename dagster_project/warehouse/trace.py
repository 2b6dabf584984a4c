"""From a published figure down to the cell it came from: the tree under one indicator value, as data and as text.

Reads a release and nothing else. Which figures stand under an indicator is told by ``bridge_indicator_source``; how it
is computed is decided in ``dbt/``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.catalogue.rounds import Wanted
from dagster_project.errors import UsageError
from dagster_project.messages import message
from dagster_project.warehouse.connection import connect
from dagster_project.warehouse.terminal import one_line, shown_figure, shown_number

_SOUND = ("value", "zero", "not_applicable")
_BY_HAND = ("correction", "on_behalf")
_TOTAL = "_T"

# Releases of older programs lack these columns.
_TRACES = """
    with indicators as (
        select * from marts.fct_indicator
        union all by name
        select
            cast(null as double) as partial_value, cast(null as bigint) as n_areas,
            cast(null as bigint) as n_areas_expected, cast(null as varchar) as break_reason_vi,
            cast(null as varchar) as break_reason_en
        where false
    )
    select
        i.indicator_value_key, i.indicator_code, i.name_vi, i.category_code, i.category_name, i.unit, i.decimals,
        i.area_code, i.area_name, i.round_code, i.period_code, i.data_year, i.numerator, i.denominator, i.value,
        i.partial_value, i.origin, i.n_areas, i.n_areas_expected,
        i.value_state, i.value_status, i.break_in_series, i.comparable_from, i.break_reason_vi, i.break_reason_en,
        i.is_confirmed, i.is_sample,
        b.part, b.coefficient, v.data_element_code, v.name_vi as element_name,
        v.category_code as element_category_code, v.category_name as element_category_name, v.unit as element_unit,
        v.value as reported_value, v.value_text as reported_text, v.value_state as reported_state, v.raw_text,
        v.period_code as reported_period_code, v.area_code as reported_area_code,
        v.area_name as reported_area_name, v.reporting_unit_code, v.reporting_unit_name, v.submission_id, v.revision,
        v.received_at, v.entered_how, v.file_name, v.sha256, v.sheet, v.cell, v.source_text, v.note_text
    from indicators as i
    left join marts.bridge_indicator_source as b on i.indicator_value_key = b.indicator_value_key
    left join marts.fct_reported_value as v on b.reported_value_key = v.reported_value_key
    where i.indicator_code = $indicator and i.area_code = $area
        and ($year is null or i.data_year = $year) and ($round_code is null or i.round_code = $round_code)
    order by
        i.period_code, i.round_code, i.category_code <> '_T', i.category_code, b.part desc, v.period_code desc,
        v.data_element_code, v.category_code, v.reporting_unit_code, v.sheet, v.cell
"""

_FINDINGS = """
    with elements as (
        select data_element_code from marts.dim_data_element where indicator_code = $indicator
        union
        select v.data_element_code
        from marts.fct_indicator as i
        join marts.bridge_indicator_source as b on i.indicator_value_key = b.indicator_value_key
        join marts.fct_reported_value as v on b.reported_value_key = v.reported_value_key
        where i.indicator_code = $indicator
    ),
    reported as (
        select
            reporting_unit_code,
            bool_or(data_element_code in (from elements)) as this_one,
            bool_or(asked) as this_round,
            bool_or(data_element_code in (from elements) and asked) as this_one_this_round
        from (
            select
                *,
                ($year is null or data_year = $year)
                and ($round_code is null or round_code = $round_code) as asked
            from marts.fct_reported_value
            where area_code = $area
        )
        group by reporting_unit_code
    ),
    silent as (
        select rates.reporting_unit_code
        from marts.fct_reporting_rate as rates
        left join reported on rates.reporting_unit_code = reported.reporting_unit_code
        where
            rates.area_code = $area and exists (from elements)
            and ($year is null or rates.data_year = $year) and ($round_code is null or rates.round_code = $round_code)
            and not coalesce(this_one_this_round, false) and (this_one or not coalesce(this_round, false))
    )
    select
        round_code, rule_code, severity, reporting_unit_code, reporting_unit_name, data_element_code, file_name, sheet,
        cell, observed, expected, message_vi, message_en, advice_vi, advice_en
    from marts.fct_finding
    where
        status = 'fail' and area_code = $area
        and ($year is null or data_year = $year) and ($round_code is null or round_code = $round_code)
        and case
            when data_element_code in (from elements) or indicator_code = $indicator then severity = 'blocking'
            when data_element_code is null and indicator_code is null
                then severity <> 'info' and reporting_unit_code in (from silent)
            else false
        end
    order by severity, rule_code, reporting_unit_code, file_name, sheet, cell
"""


@dataclass(frozen=True)
class HoldingFinding:
    """A finding that may keep an indicator without a value."""

    round_code: str | None
    rule_code: str
    severity: str
    reporting_unit_code: str | None
    reporting_unit_name: str | None
    data_element_code: str | None
    file_name: str | None
    sheet: str | None
    cell: str | None
    observed: str | None
    expected: str | None
    message_vi: str | None
    message_en: str | None
    advice_vi: str | None
    advice_en: str | None


@dataclass(frozen=True)
class Trace:
    """One figure under one indicator value; without one, what it comes from is None throughout."""

    indicator_value_key: str
    indicator_code: str
    name_vi: str
    category_code: str
    category_name: str | None
    unit: str | None
    decimals: int | None
    area_code: str
    area_name: str
    round_code: str
    period_code: str
    data_year: int
    numerator: float | None
    denominator: float | None
    value: float | None
    partial_value: float | None
    origin: str | None
    n_areas: int | None
    n_areas_expected: int | None
    value_state: str
    value_status: str | None
    break_in_series: bool | None
    comparable_from: int | None
    break_reason_vi: str | None
    break_reason_en: str | None
    is_confirmed: bool
    is_sample: bool
    part: str | None
    coefficient: float | None
    data_element_code: str | None
    element_name: str | None
    element_category_code: str | None
    element_category_name: str | None
    element_unit: str | None
    reported_value: float | None
    reported_text: str | None
    reported_state: str | None
    raw_text: str | None
    reported_period_code: str | None
    reported_area_code: str | None
    reported_area_name: str | None
    reporting_unit_code: str | None
    reporting_unit_name: str | None
    submission_id: str | None
    revision: int | None
    received_at: datetime | None
    entered_how: str | None
    file_name: str | None
    sha256: str | None
    sheet: str | None
    cell: str | None
    source_text: str | None
    note_text: str | None
    findings: Sequence[HoldingFinding] = ()


def trace_indicator(file: Path, indicator: str, area: str, wanted: Wanted) -> list[Trace]:
    """Every figure under an indicator of an area in a data year (all its rounds) or in one round, all categories.

    An indicator value with no figure under it gives one trace. Where there is no value, the findings that may hold it
    come along: blocking ones at its figures, and those about units that have sent nothing for it (a unit counts that
    gave this figure at another time, or that gave nothing at all in this one). Areas and indicators are given by code;
    an unknown code raises ``UsageError``, and so does naming no time.
    """
    if not wanted:
        raise UsageError("periods.none_named")
    asked = {"indicator": indicator, "area": area, "year": wanted.year, "round_code": wanted.round_code}
    with connect(file) as connection:
        _check_code(connection, "indicator", indicator)
        _check_code(connection, "area", area)
        connection.execute("set timezone = 'UTC'")
        found = list(_rows(connection, _TRACES, asked))
        findings = [
            HoldingFinding(**row)
            for row in _rows(connection, _FINDINGS, asked)
            if any(item["value_state"] not in _SOUND for item in found)
        ]
    return [Trace(**row, findings=_holding(row, findings)) for row in found]


def render(traces: Sequence[Trace], lang: str) -> str:
    """The tree of each indicator value, marked where it is sample data or its name is unconfirmed."""
    lines: list[str] = []
    for _, group in groupby(traces, key=lambda trace: trace.indicator_value_key):
        figures = list(group)
        lines.extend([*_head(figures[0], lang), *_tree(figures, lang), *_held_by(figures[0], lang), ""])
    return "\n".join(one_line(line) for line in lines)


def _check_code(connection: duckdb.DuckDBPyConnection, kind: str, code: str) -> None:
    query = f"select count(*) from marts.dim_{kind} where {kind}_code = ?"  # noqa: S608  # kind is ours
    row = connection.execute(query, [code]).fetchone()
    if not row or not row[0]:
        raise UsageError(f"warehouse.no_{kind}", given=code)


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, asked: Mapping[str, object]
) -> Iterator[dict[str, Any]]:
    used = {name: value for name, value in asked.items() if f"${name}" in query}
    cursor = connection.execute(query, used)
    names = [column[0] for column in cursor.description or []]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))


def _holding(row: Mapping[str, Any], findings: Sequence[HoldingFinding]) -> tuple[HoldingFinding, ...]:
    if row["value_state"] in _SOUND:
        return ()
    return tuple(finding for finding in findings if finding.round_code in (None, row["round_code"]))


def _head(trace: Trace, lang: str) -> Iterator[str]:
    if trace.is_sample:
        yield _say(lang, "sample_mark")
    category = "" if trace.category_code == _TOTAL else f" · {trace.category_name or trace.category_code}"
    unconfirmed = "" if trace.is_confirmed else f" ({_say(lang, 'unconfirmed')})"
    yield f"{trace.indicator_code} {trace.name_vi}{category}{unconfirmed}"
    yield "  " + _say(
        lang,
        "trace_where",
        area=trace.area_name,
        area_code=trace.area_code,
        year=trace.data_year,
        round=trace.round_code,
    )
    yield f"  = {shown_figure(trace.value, trace.value_state, trace.unit, lang, trace.decimals)}"
    if trace.origin == "aggregated":
        partial = trace.value_state == "partial"
        yield "  " + _say(
            lang,
            "trace_partial" if partial else "trace_aggregated",
            figure=shown_figure(trace.partial_value, "value", trace.unit, lang, trace.decimals),
            n_areas=trace.n_areas,
            n_areas_expected=trace.n_areas_expected,
        )
    if trace.break_in_series and trace.comparable_from is not None:
        reason = trace.break_reason_vi if lang == "vi" else trace.break_reason_en
        told = f" {one_line(reason)}" if reason else ""
        yield "  " + _say(lang, "trace_break", year=trace.comparable_from) + told


def _tree(figures: Sequence[Trace], lang: str) -> Iterator[str]:
    known = [figure for figure in figures if figure.data_element_code is not None]
    for figure in known:
        last = figure is known[-1]
        first, *rest = _figure_lines(figure, lang)
        yield ("  └─ " if last else "  ├─ ") + first
        yield from (("     " if last else "  │  ") + line for line in rest)
    if not known:
        yield "  └─ " + _say(lang, "trace_no_source")


def _figure_lines(figure: Trace, lang: str) -> Iterator[str]:
    part = _say(lang, f"part_{figure.part}")
    times = "" if figure.coefficient in (None, 1.0) else f" × {shown_number(figure.coefficient, lang)}"
    category = (
        ""
        if figure.element_category_code in (None, _TOTAL)
        else f" · {figure.element_category_name or figure.element_category_code}"
    )
    shown = figure.reported_text or shown_figure(
        figure.reported_value, figure.reported_state, figure.element_unit, lang
    )
    yield f"{part} {figure.data_element_code} {figure.element_name}{category}: {shown}{times}"
    if (figure.reported_period_code, figure.reported_area_code) != (figure.period_code, figure.area_code):
        yield _say(
            lang,
            "trace_elsewhere",
            period=figure.reported_period_code,
            area=figure.reported_area_name,
            area_code=figure.reported_area_code,
        )
    received = (
        figure.received_at.astimezone(OFFICE_TIME).strftime("%d/%m/%Y %H:%M") if figure.received_at else "–"
    )
    yield _say(
        lang,
        "trace_submission",
        unit=figure.reporting_unit_name,
        unit_code=figure.reporting_unit_code,
        revision=figure.revision,
        received=received,
        submission=figure.submission_id,
    )
    if figure.file_name is None:
        yield _say(lang, "trace_told", text=figure.raw_text or "")
    else:
        yield _say(
            lang,
            "trace_cell",
            file=figure.file_name,
            sheet=figure.sheet or "–",
            cell=figure.cell or "–",
            text=figure.raw_text or "",
        )
    if figure.entered_how in _BY_HAND:
        yield _say(lang, f"trace_{figure.entered_how}")
    elif figure.entered_how == "back_series":
        yield _say(lang, "trace_back_series")
    if figure.source_text and figure.entered_how not in _BY_HAND:
        yield _say(lang, "trace_source", text=figure.source_text)


def _held_by(trace: Trace, lang: str) -> Iterator[str]:
    if trace.value_state in _SOUND:
        return
    if trace.findings:
        yield "  " + _say(lang, "trace_held_by")
    for finding in trace.findings:
        place = " › ".join(part for part in (finding.file_name, finding.sheet, finding.cell) if part)
        said = finding.message_vi if lang == "vi" else finding.message_en
        advised = finding.advice_vi if lang == "vi" else finding.advice_en
        yield f"  ! {finding.rule_code}: {said or ''}" + (f" [{place}]" if place else "")
        if advised:
            yield f"    {advised}"


def _say(lang: str, code: str, **values: object) -> str:
    return message(f"warehouse.{code}", lang, **values)
