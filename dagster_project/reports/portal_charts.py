"""Pictures of the portal: charts from ``charts``, each drawn once, and the small lines that stand in tables.

A picture is hidden from those who do not see it: its words stand beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from dagster_project.reports.charts import to_svg
from dagster_project.reports.table import Figure

_WIDTH, _HEIGHT, _EDGE = 96, 24, 3
_FEWEST = 2
_TAG = re.compile(r"<[a-z][^>]*>")
#: What the renderer writes for readers of screens and for pointers; a half of the file.
_UNUSED = re.compile(r' (?:aria-[a-z]+|role|class|pointer-events|stroke-miterlimit)="[^"]*"')


@dataclass
class Drawer:
    """Draws specifications; equal ones only once."""

    lang: str
    drawn: dict[str, Markup] = field(default_factory=dict)

    def draw(self, specification: dict[str, Any]) -> Markup:
        """The chart as SVG for a page; the renderer has escaped its texts."""
        key = json.dumps(specification, sort_keys=True)
        if key not in self.drawn:
            svg = _TAG.sub(lambda tag: _UNUSED.sub("", tag[0]), to_svg(specification, self.lang))
            self.drawn[key] = hidden(svg)
        return self.drawn[key]


def hidden(svg: str) -> Markup:
    """A picture whose texts are escaped, kept from readers of screens."""
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704


def sparkline(figures: Sequence[Figure]) -> Markup:
    """A line through the figures in their places, interrupted where one lacks and at breaks; empty for under two."""
    values = [figure.value for figure in figures]
    known = [value for value in values if value is not None]
    if len(known) < _FEWEST:
        return Markup("")
    low, span = min(known), max(known) - min(known)
    step = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    path, is_open, last = [], False, (0.0, 0.0)
    for place, figure in enumerate(figures):
        if figure.value is None:
            is_open = False
            continue
        share = (figure.value - low) / span if span else 0.5
        last = (_EDGE + place * step, _HEIGHT - _EDGE - share * (_HEIGHT - 2 * _EDGE))
        path.append(f"{'L' if is_open and not figure.is_break else 'M'}{last[0]:.1f} {last[1]:.1f}")
        is_open = True
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" aria-hidden="true" focusable="false"><path d="{}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="2.5"/></svg>'
    ).format(_WIDTH, _HEIGHT, "".join(path), *last)
