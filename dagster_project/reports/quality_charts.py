"""Bars over the reporting rounds as positions on a drawing: the page draws them without scripts or libraries.

Which rows are drawn belongs to ``quality_report``, colours and words to the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.reports.findings import GROUPS

#: Rounds drawn at most, the last ones.
ROUNDS_DRAWN = 10
WIDTH, HEIGHT = 360.0, 150.0
_TOP, _BOTTOM = 20.0, 20.0
_GAP = 0.3


@dataclass(frozen=True)
class Bar:
    """One rectangle; ``label`` stands above it, ``kind`` names its colour."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    label: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Chart:
    """The bars of all rounds with the period below each group (its place and its name)."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]


def rate_chart(rounds: Sequence[Mapping[str, Any]]) -> Chart:
    """Two bars per round, in percent of the expected: sent, and sent on time."""
    rates = [[("sent", row["rate"]), ("on_time", row["rate_on_time"])] for row in rounds[-ROUNDS_DRAWN:]]
    bars = [
        _bar(kind, value, 100.0, place=(number, len(rates), part, 2), label=f"{value:.0f}")
        for number, pair in enumerate(rates)
        for part, (kind, value) in enumerate(pair)
        if value is not None
    ]
    return Chart(tuple(bars), _ticks(rounds))


def finding_chart(rounds: Sequence[Mapping[str, Any]]) -> Chart:
    """One column per round: its findings, the gravest at the bottom."""
    shown = rounds[-ROUNDS_DRAWN:]
    totals = [sum(row[name] for name in GROUPS) for row in shown]
    most = float(max(totals, default=0) or 1)
    bars: list[Bar] = []
    for number, row in enumerate(shown):
        below = 0
        for name in GROUPS:
            if row[name]:
                below += row[name]
                bar = _bar(name, below, most, place=(number, len(shown), 0, 1))
                height = bar.height * row[name] / below
                bars.append(Bar(name, bar.x, bar.y, bar.width, round(height, 1)))
        top = _bar("total", below, most, place=(number, len(shown), 0, 1), label=str(totals[number]))
        bars.append(Bar("total", top.x, top.y, top.width, 0.0, top.label))
    return Chart(tuple(bars), _ticks(rounds))


def _bar(kind: str, value: float, most: float, *, place: tuple[int, int, int, int], label: str = "") -> Bar:
    """A bar from the ground; ``place``: which of how many groups, which of how many bars within it."""
    group, groups, part, parts = place
    room = WIDTH / groups
    width = min(room * (1 - _GAP) / parts, 40.0)
    start = room * group + (room - width * parts) / 2
    height = (HEIGHT - _TOP - _BOTTOM) * min(value / most, 1.0)
    return Bar(
        kind=kind,
        x=round(start + width * part, 1),
        y=round(HEIGHT - _BOTTOM - height, 1),
        width=round(width * 0.94, 1),
        height=round(height, 1),
        label=label,
    )


def _ticks(rounds: Sequence[Mapping[str, Any]]) -> tuple[tuple[float, str], ...]:
    shown = rounds[-ROUNDS_DRAWN:]
    room = WIDTH / max(len(shown), 1)
    return tuple((round(room * (number + 0.5), 1), row["label"]) for number, row in enumerate(shown))
