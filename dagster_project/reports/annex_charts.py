"""Native charts of the annex: a sheet of numbers that they draw from, and a sheet with the charts.

Words such as "chờ đơn vị chỉnh sửa" would be drawn as 0, and a line over a break would join what does not compare: so
each stretch that compares has a row of numbers of its own, with blanks elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from dagster_project.messages import message
from dagster_project.reports.charts import Series, series_text
from dagster_project.reports.numbers import cell_format
from dagster_project.reports.safe import plain

#: Charts of a workbook; what is more stands in its tables.
_MOST = 60
_ACROSS = 2
_WIDTH, _HEIGHT = 480, 225
#: Rows of 20 pixels that one chart takes, with a gap.
_ROWS = 12
_COLUMNS = 8
#: Said, since programs differ in what a column is by itself.
_CELL_WIDTH = 8.43
#: A printed page holds three rows of charts at this scale in percent, also where columns come out a quarter wider.
_ROWS_PRINTED, _SCALE = 3, 74
#: Stretches are told apart by their markers, not by their colour.
_MARKERS = ("circle", "square", "diamond", "triangle")
_LINE = "#1F4E79"


@dataclass(frozen=True)
class Stretch:
    """One row of numbers: a part of an indicator's series within which figures compare."""

    code: str
    title: str
    unit: str
    number: int
    values: tuple[float | None, ...]
    decimals: int | None


@dataclass(frozen=True)
class Places:
    """Where the numbers stand (zero-based), and the row from which charts are put."""

    sheet: str
    head_row: int
    first_row: int
    first_column: int
    last_column: int
    charts_from: int


def stretches(series: Mapping[str, Series], periods: tuple[str, ...]) -> list[Stretch]:
    """The rows of the sheet of numbers, those of one indicator together; only series with two figures or more."""
    found: list[Stretch] = []
    drawn = [(code, item) for code, item in series.items() if len(_values(item)) > 1]
    for code, item in drawn[:_MOST]:
        parts: list[dict[str, float]] = [{}]
        for point in item.points:
            if point.label in item.breaks and parts[-1]:
                parts.append({})
            if point.value is not None:
                parts[-1][point.label] = point.value
        found += [
            Stretch(
                code,
                item.title,
                item.unit,
                number,
                tuple(part.get(period) for period in periods),
                item.decimals,
            )
            for number, part in enumerate((part for part in parts if part), start=1)
        ]
    return found


def draw(  # noqa: PLR0917
    book: Any, page: Any, rows: list[Stretch], series: Mapping[str, Series], places: Places, lang: str
) -> None:
    """Put a chart per indicator onto ``page``, two in a row, each with its text alternative."""
    page.set_print_scale(_SCALE)
    page.set_column(0, _COLUMNS * _ACROSS, _CELL_WIDTH)
    charts = len({row.code for row in rows})
    block = _ROWS * _ROWS_PRINTED
    ends = range(places.charts_from + block, places.charts_from + _ROWS * ceil(charts / _ACROSS), block)
    page.set_h_pagebreaks(list(ends))
    for place, (code, numbered) in enumerate(_by_code(rows)):
        chart = book.add_chart({"type": "line"})
        for row, stretch in numbered:
            at = places.first_row + row
            chart.add_series(
                {
                    "name": message("annex.stretch", lang, number=stretch.number),
                    "categories": [
                        places.sheet,
                        places.head_row,
                        places.first_column,
                        places.head_row,
                        places.last_column,
                    ],
                    "values": [places.sheet, at, places.first_column, at, places.last_column],
                    "line": {"color": _LINE, "width": 2},
                    "marker": {
                        "type": _MARKERS[(stretch.number - 1) % len(_MARKERS)],
                        "size": 7,
                        "fill": {"color": _LINE},
                        "border": {"color": _LINE},
                    },
                }
            )
        item = series[code]
        _look(chart, item, code, is_several=len(numbered) > 1)
        page.insert_chart(
            places.charts_from + _ROWS * (place // _ACROSS),
            _COLUMNS * (place % _ACROSS),
            chart,
            {"description": plain(series_text(item, lang), 2_000), "object_position": 2},
        )


def _look(chart: Any, item: Series, code: str, *, is_several: bool) -> None:
    font: dict[str, Any] = {"name": "Times New Roman", "size": 10}
    unit = f" ({item.unit})" if item.unit else ""
    chart.set_title(
        {
            "name": plain(f"{code} {item.title}{unit}", 180),
            "name_font": {**font, "bold": True},
            "overlay": False,
        }
    )
    chart.set_x_axis({"num_font": font})
    chart.set_y_axis(
        {
            "name": plain(item.unit, 40),
            "name_font": {**font, "bold": False},
            "num_font": font,
            "num_format": cell_format(item.decimals),
            "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
        }
    )
    legend: dict[str, Any] = {"position": "bottom", "font": font} if is_several else {"none": True}
    chart.set_legend(legend)
    chart.show_blanks_as("gap")
    chart.set_size({"width": _WIDTH, "height": _HEIGHT})


def _by_code(rows: list[Stretch]) -> Iterator[tuple[str, list[tuple[int, Stretch]]]]:
    grouped: dict[str, list[tuple[int, Stretch]]] = {}
    for number, row in enumerate(rows):
        grouped.setdefault(row.code, []).append((number, row))
    yield from grouped.items()


def _values(series: Series) -> list[float]:
    return [point.value for point in series.points if point.value is not None]
