"""Charts for documents and the portal from one place: a figure drawn in one looks the same in the other.

What a chart shows comes in as rows that a release holds; nothing is computed here but where things stand. A line over
periods is a Vega-Lite specification, drawn without a browser or a network as SVG (portal) or PNG (documents). Every
chart has a text that says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from dagster_project.messages import message
from dagster_project.reports.numbers import number
from dagster_project.reports.safe import plain

FONTS = Path(__file__).parent / "fonts"
FONT = "Tinos"

#: Told apart by lightness too, so that they differ in grey and for the colour-blind.
_LINE, _FORECAST, _TARGET, _QUIET, _OTHER = "#1F4E79", "#B45F06", "#38761D", "#6B6B6B", "#8FAAC6"
_WIDTH, _HEIGHT = 520, 240
#: Where the word at a break stands: over the figures, which it would cover beside its line; and room for it.
_ABOVE, _ROOM = -20, 26
_BAR_HEIGHT = 17
#: Pixels above the bars, between a name and its bar, and for the figure behind the longest one.
_TOP, _GAP, _VALUE = 40, 6, 90
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
#: Characters of an area's name beside its bar.
_NAME = 40
#: Values are written beside the points up to this many.
_LABELLED = 12
_LOCALES = {
    "vi": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", ""]},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]},
}


@dataclass(frozen=True)
class Point:
    """One period of a series; without a value the line has a gap. ``is_final`` is False for estimates and the like."""

    label: str
    value: float | None
    is_final: bool = True


@dataclass(frozen=True)
class Outlook:
    """One period of a forecast with its interval."""

    label: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Series:
    """An indicator of one area over periods, oldest first.

    ``breaks`` names the periods from which figures no longer compare with earlier ones: the line stops before them.
    ``target`` is its period and its figure, marked where it is not confirmed.
    """

    title: str
    unit: str
    decimals: int | None
    points: tuple[Point, ...]
    breaks: frozenset[str] = frozenset()
    outlook: tuple[Outlook, ...] = ()
    target: tuple[str, float] | None = None
    is_target_confirmed: bool = True


@dataclass(frozen=True)
class Bar:
    """One area in a comparison; ``is_own`` is drawn darker."""

    name: str
    value: float
    is_own: bool = False


def series_chart(series: Series, lang: str) -> dict[str, Any]:
    """The specification of a line over periods with breaks, forecast and target."""
    labels = [point.label for point in series.points]
    labels += [item.label for item in series.outlook if item.label not in labels]
    if series.target and series.target[0] not in labels:
        labels.append(series.target[0])
    axis = {
        "field": "label",
        "type": "ordinal",
        "scale": {"domain": labels},
        "axis": {"labelAngle": 0, "title": None},
    }
    layers = [
        *_break_layers(series, axis, lang),
        *_outlook_layers(series, axis),
        *_line_layers(series, axis, lang),
        *_target_layers(series, axis, lang),
    ]
    frame = _frame(series.title, series.unit)
    if series.breaks:
        frame["title"]["offset"] = _ROOM
    return {**frame, "width": _WIDTH, "height": _HEIGHT, "layer": layers}


def comparison_svg(title: str, unit: str, decimals: int | None, bars: Sequence[Bar], lang: str) -> str:
    """One bar per area, in the order given, as an SVG element; texts are escaped.

    Drawn here: the renderer measures every text, which takes 120 ms for the areas of a province.
    """
    names = [plain(bar.name, _NAME) for bar in bars]
    left = max((sum(_wide(char) for char in name) for name in names), default=0) + _GAP
    low, high = min([0.0, *(bar.value for bar in bars)]), max([0.0, *(bar.value for bar in bars)])
    scale = _WIDTH / (high - low) if high > low else 0.0
    zero = left - low * scale
    rows = "".join(
        _bar(place, name, bar, number(bar.value, decimals, lang), (left, zero, scale))
        for place, (name, bar) in enumerate(zip(names, bars, strict=True))
    )
    width = left + _WIDTH + _VALUE
    height = _TOP + max(len(bars), 1) * _BAR_HEIGHT + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}"'
        f' viewBox="0 0 {width:.0f} {height}" font-family="{FONT}">'
        f'<rect width="100%" height="100%" fill="white"/>'
        f'<text x="{_GAP}" y="18" font-size="14" font-weight="bold">{escape(title)}</text>'
        f'<text x="{_GAP}" y="33" font-size="12">{escape(unit)}</text>'
        f'{rows}<path d="M{zero:.1f} {_TOP}V{height - _GAP}" stroke="{_QUIET}"/></svg>'
    )


def _bar(place: int, name: str, bar: Bar, digits: str, at: tuple[float, float, float]) -> str:
    """One area: its name, its bar from zero, its figure at the bar's end."""
    left, zero, scale = at
    top = _TOP + place * _BAR_HEIGHT
    start, length = zero + min(bar.value, 0.0) * scale, abs(bar.value) * scale
    base = top + _BAR_HEIGHT / 2 + 4
    return (
        f'<text x="{left - _GAP:.1f}" y="{base}" font-size="12" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{start:.1f}" y="{top + 2.5}" width="{length:.1f}" height="{_BAR_HEIGHT - 5}"'
        f' fill="{_LINE if bar.is_own else _OTHER}"/>'
        f'<text x="{start + length + 4:.1f}" y="{base}" font-size="11">{escape(digits)}</text>'
    )


def _wide(char: str) -> float:
    """Pixels that a letter of a name takes at most or nearly so."""
    return 8.8 if char.isupper() else 6.2


def series_text(series: Series, lang: str) -> str:
    """What a line chart shows, in words: for those who do not see it."""
    told = [
        f"{point.label}: {number(point.value, series.decimals, lang) or message('reports.chart_gap', lang)}"
        for point in series.points
    ]
    parts = [
        f"{series.title} ({series.unit}). {'; '.join(told)}."
        if series.unit
        else f"{series.title}. {'; '.join(told)}."
    ]
    parts += [message("reports.chart_break_text", lang, period=label) for label in sorted(series.breaks)]
    parts += [
        message(
            "reports.chart_outlook_text",
            lang,
            period=item.label,
            value=number(item.value, series.decimals, lang),
            low=number(item.low, series.decimals, lang),
            high=number(item.high, series.decimals, lang),
        )
        for item in series.outlook
    ]
    if series.target:
        label, value = series.target[0], _target_words(series, series.target[1], lang)
        parts.append(message("reports.chart_target_text", lang, period=label, value=value))
    return " ".join(parts)


def _target_words(series: Series, value: float, lang: str) -> str:
    """The figure of the target with the mark of one that nobody has confirmed."""
    mark = "" if series.is_target_confirmed else message("reports.unconfirmed", lang)
    return f"{number(value, series.decimals, lang)} {mark}".strip()


def to_svg(specification: dict[str, Any], lang: str) -> str:
    """The chart as an SVG element; texts from outside are escaped by the renderer."""
    return str(_renderer().vegalite_to_svg(specification, format_locale=_LOCALES[lang]))


def to_png(specification: dict[str, Any], lang: str, scale: float = 2.0) -> bytes:
    """The chart as a PNG picture."""
    return bytes(_renderer().vegalite_to_png(specification, scale=scale, format_locale=_LOCALES[lang]))


def get_ready() -> None:
    """Start the renderer: its first chart, of whatever, takes longer than twenty others."""
    to_svg({"$schema": _SCHEMA, "data": {"values": []}, "mark": "point"}, "vi")


@cache
def _renderer() -> Any:
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    return vl_convert


def _frame(title: str, unit: str) -> dict[str, Any]:
    return {
        "$schema": _SCHEMA,
        "title": {
            "text": title,
            "subtitle": unit,
            "anchor": "start",
            "offset": 12,
            "fontSize": 14,
            "subtitleFontSize": 12,
        },
        "background": "white",
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {"labelFontSize": 12, "grid": False, "domainColor": _QUIET, "tickColor": _QUIET},
        },
    }


def _value_axis() -> dict[str, Any]:
    return {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": None, "grid": True, "gridColor": "#E3E3E3", "tickCount": 5, "format": ",~f"},
    }


def _line_layers(series: Series, axis: dict[str, Any], lang: str) -> list[dict[str, Any]]:
    rows, segment = [], 0
    for point in series.points:
        segment += point.label in series.breaks or point.value is None
        if point.value is not None:
            text = number(point.value, series.decimals, lang)
            rows.append(
                {
                    "label": point.label,
                    "value": point.value,
                    "segment": segment,
                    "text": text,
                    "final": point.is_final,
                }
            )
    values = _value_axis()
    data = {"values": rows}
    layers: list[dict[str, Any]] = [
        {
            "data": data,
            "mark": {"type": "line", "color": _LINE, "strokeWidth": 2.2},
            "encoding": {"x": axis, "y": values, "detail": {"field": "segment", "type": "nominal"}},
        },
        {
            "data": data,
            "mark": {
                "type": "point",
                "size": 46,
                "stroke": _LINE,
                "strokeWidth": 2,
                "filled": True,
                "opacity": 1,
            },
            "encoding": {
                "x": axis,
                "y": values,
                "fill": {"condition": {"test": "datum.final", "value": _LINE}, "value": "white"},
            },
        },
    ]
    if len(rows) <= _LABELLED:
        layers.append(
            {
                "data": data,
                "mark": {"type": "text", "dy": -11, "fontSize": 11},
                "encoding": {"x": axis, "y": values, "text": {"field": "text"}},
            }
        )
    return layers


def _break_layers(series: Series, axis: dict[str, Any], lang: str) -> list[dict[str, Any]]:
    rows = [{"label": label, "text": message("reports.chart_break", lang)} for label in sorted(series.breaks)]
    if not rows:
        return []
    start = {**axis, "bandPosition": 0}
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "color": _QUIET, "strokeDash": [3, 3]},
            "encoding": {"x": start},
        },
        {
            "data": {"values": rows},
            "mark": {
                "type": "text",
                "y": _ABOVE,
                "fontSize": 11,
                "color": _QUIET,
                "fontStyle": "italic",
            },
            "encoding": {"x": start, "text": {"field": "text"}},
        },
    ]


def _outlook_layers(series: Series, axis: dict[str, Any]) -> list[dict[str, Any]]:
    if not series.outlook:
        return []
    rows = [
        {"label": item.label, "value": item.value, "low": item.low, "high": item.high}
        for item in series.outlook
    ]
    values, data = _value_axis(), {"values": rows}
    return [
        {
            "data": data,
            "mark": {"type": "bar", "color": _FORECAST, "opacity": 0.25, "width": {"band": 0.35}},
            "encoding": {"x": axis, "y": {**values, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "data": data,
            "mark": {
                "type": "point",
                "shape": "diamond",
                "size": 60,
                "color": _FORECAST,
                "filled": True,
                "opacity": 1,
            },
            "encoding": {"x": axis, "y": values},
        },
    ]


def _target_layers(series: Series, axis: dict[str, Any], lang: str) -> list[dict[str, Any]]:
    if series.target is None:
        return []
    label, value = series.target
    text = f"{message('reports.chart_target', lang)} {_target_words(series, value, lang)}"
    data = {"values": [{"label": label, "value": value, "text": text}]}
    place = {"x": axis, "y": _value_axis()}
    return [
        {
            "data": data,
            "mark": {
                "type": "tick",
                "orient": "horizontal",
                "color": _TARGET,
                "thickness": 3,
                "width": {"band": 0.7},
            },
            "encoding": place,
        },
        {
            "data": data,
            "mark": {"type": "text", "dy": -8, "fontSize": 11, "color": _TARGET},
            "encoding": {**place, "text": {"field": "text"}},
        },
    ]
