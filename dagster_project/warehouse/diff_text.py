"""How differences and histories of figures read: lines for a terminal, rows for CSV. Finding them is ``diff``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.messages import message
from dagster_project.warehouse.diff import (
    ADDED,
    CHANGED,
    INDICATOR,
    REMOVED,
    REPORTED,
    Change,
    Diff,
    Figure,
    FindingChange,
    Place,
)
from dagster_project.warehouse.history import Known
from dagster_project.warehouse.terminal import one_line, shown_figure

_TOTAL = "_T"
_SIGNS = {ADDED: "+", REMOVED: "−", CHANGED: "~"}
_PLACES_SHOWN = 3
_NOT_FINAL = ("estimate", "preliminary")
_ABOUT = (
    "kind",
    "change",
    "round_code",
    "period_code",
    "data_year",
    "area_code",
    "area_name",
    "reporting_unit_code",
    "reporting_unit_name",
    "code",
    "category_code",
    "name_vi",
)
_OF_FIGURE = (
    "value",
    "value_text",
    "value_state",
    "value_status",
    "unit",
    "revision",
    "entered_how",
    "value_decimal",
    "partial_value",
    "n_areas",
    "n_areas_expected",
)


def render_diff(diff: Diff, lang: str) -> str:
    """Counts, then every figure under the unit or area it belongs to, with the cells of both sides."""
    lines: list[str] = []
    for kind in (REPORTED, INDICATOR):
        changes = [item for item in diff.changes if item.kind == kind]
        if changes:
            counts = {change: diff.count(kind, change) for change in (CHANGED, ADDED, REMOVED)}
            lines.extend([_say(lang, f"diff_{kind}", **counts), *_change_lines(changes, lang)])
    if not diff.changes:
        lines.append(_say(lang, "diff_none"))
    if diff.moved:
        lines.append(_say(lang, "diff_moved", count=diff.moved))
    lines.extend(_finding_lines(diff.findings, lang))
    return "\n".join(one_line(line) for line in lines) + "\n"


def diff_rows(diff: Diff) -> list[list[object]]:
    """The changes as a table with its heading first; several cells are joined by a semicolon."""
    heading = [*_ABOUT, *(f"{side}_{name}" for side in ("old", "new") for name in (*_OF_FIGURE, "places"))]
    rows = [
        [
            *(getattr(item, name) for name in _ABOUT),
            *_figure_cells(item.old),
            *_figure_cells(item.new),
        ]
        for item in diff.changes
    ]
    return [list(heading), *rows]


def render_history(known: Sequence[Known], lang: str, at: datetime | None) -> str:
    """Each figure with its revisions in order; the one that is believed is marked."""
    lines = [
        _say(lang, "history_now") if at is None else _say(lang, "history_at", moment=shown_moment(at)),
    ]
    for _, group in groupby(known, key=_series):
        revisions = list(group)
        first = revisions[0]
        name = _with_category(first.name_vi, first.category_code, first.category_name)
        where = f"{first.reporting_unit_code} {first.reporting_unit_name or ''} · {first.round_code}"
        lines.append(f"{first.data_element_code} {name} · {where}")
        lines.extend(line for item in revisions for line in _known_lines(item, lang))
    return "\n".join(one_line(line) for line in lines) + "\n"


def shown_moment(moment: datetime) -> str:
    """A moment as the office writes it."""
    return f"{moment.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"


def _change_lines(changes: Sequence[Change], lang: str) -> Iterator[str]:
    for _, group in groupby(
        changes, key=lambda item: (item.round_code, item.area_code, item.reporting_unit_code)
    ):
        items = list(group)
        first = items[0]
        who = (first.reporting_unit_code, first.reporting_unit_name, first.area_name, f"({first.area_code})")
        yield " ".join(part for part in who if part) + f" · {first.round_code}"
        for item in items:
            name = _with_category(item.name_vi, item.category_code, item.category_name)
            if item.is_confirmed is False:
                name += f" ({message('warehouse.unconfirmed', lang)})"
            figures = " → ".join(_shown(figure, lang) for figure in (item.old, item.new))
            yield f"  {_SIGNS[item.change]} {item.code} {name}: {figures}"
            places = dict.fromkeys(_shown_places(figure) for figure in (item.old, item.new) if figure)
            shown = " → ".join(place for place in places if place)
            if shown:
                yield f"      {shown}"


def _finding_lines(findings: Sequence[FindingChange], lang: str) -> Iterator[str]:
    if not findings:
        return
    came, went = (sum(getattr(item, name) for item in findings) for name in ("came", "went"))
    yield _say(lang, "diff_findings", came=came, went=went)
    for item in findings:
        severity = _say(lang, f"severity_{item.severity}")
        yield f"  {item.rule_code} ({severity}): +{item.came} −{item.went}"


def _known_lines(item: Known, lang: str) -> Iterator[str]:
    shown = item.value_text or shown_figure(item.value, item.value_state, item.unit, lang)
    known = {"revision": item.revision, "start": shown_moment(item.known_from)}
    if item.known_to == item.known_from:
        span = _say(lang, "history_never", **known)
    elif item.known_to:
        span = _say(lang, "history_span", **known, end=shown_moment(item.known_to))
    else:
        span = _say(lang, "history_open", **known)
    yield f"  {'●' if item.believed else ' '} {shown} · {span}"
    yield f"      {_shown_place(Place(item.file_name, item.sheet, item.cell))}"


def _series(item: Known) -> tuple[str, ...]:
    return (
        item.round_code,
        item.area_code,
        item.reporting_unit_code,
        item.data_element_code,
        item.category_code,
    )


def _with_category(name: str | None, code: str | None, category: str | None) -> str:
    return (name or "") if code in (None, _TOTAL) else f"{name or ''} · {category or code}"


def _shown(figure: Figure | None, lang: str) -> str:
    if figure is None:
        return _say(lang, "diff_nothing")
    if figure.value_state == "partial" and figure.partial_value is not None:
        digits = shown_figure(figure.partial_value, "value", figure.unit, lang, figure.decimals)
        areas = {"n_areas": figure.n_areas, "n_areas_expected": figure.n_areas_expected}
        return message("reports.partial", lang, digits=digits, **areas)
    exact = figure.value if figure.value_decimal is None else figure.value_decimal
    shown = figure.value_text or shown_figure(exact, figure.value_state, figure.unit, lang, figure.decimals)
    if figure.value_status in _NOT_FINAL:
        return f"{shown} ({_say(lang, f'status_{figure.value_status}')})"
    return shown


def _shown_places(figure: Figure) -> str:
    shown = "; ".join(_shown_place(place) for place in figure.places[:_PLACES_SHOWN])
    more = len(figure.places) - _PLACES_SHOWN
    return f"{shown}; … (+{more})" if more > 0 else shown


def _shown_place(place: Place) -> str:
    return " › ".join(part for part in (place.file_name, place.sheet, place.cell) if part)


def _figure_cells(figure: Figure | None) -> list[object]:
    if figure is None:
        return [None] * (len(_OF_FIGURE) + 1)
    places = "; ".join(_shown_place(place) for place in figure.places)
    return [*(getattr(figure, name) for name in _OF_FIGURE), places]


def _say(lang: str, code: str, **values: object) -> str:
    return message(f"releases.{code}", lang, **values)
