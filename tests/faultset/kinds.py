"""What a kind of fault is: where it fits, how it is planted, and what must come of it.

Expectations come from what people write in such forms and from the catalogue, never from how the program reads: an
entry that says one thing only must give that figure, anything else must give a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.faultset.season import Spot
from tests.sample.workbook import Form

#: blocking: a blocking finding, no figure taken; warning: told, the figure stands; harmless: the right figure, and
#: nothing to mend.
Severity = Literal["blocking", "warning", "harmless"]
FormChange = Callable[[Form, Random], object]


@dataclass(frozen=True)
class Reading:
    """The only right reading of an entry."""

    value: float | None
    state: str


@dataclass(frozen=True)
class Mark:
    """What was typed: its cell, and the reading that is right where there is one."""

    cell: str
    reading: Reading | None = None
    #: Another cell at which it may be told as well.
    also: str = ""


@dataclass(frozen=True)
class CellKind:
    """A fault of single cells."""

    code: str
    severity: Severity
    fits: Callable[[Spot], bool]
    plant: Callable[[Form, Spot, Random], Mark]
    #: Shows how its file writes numbers, so that only one such kind may stand in a file.
    is_text: bool = False
    #: A right reading is as good as the finding.
    or_right: bool = False
    #: With how many areas it can be told at all.
    areas: int = 1


@dataclass(frozen=True)
class FileKind:
    """A fault of a whole file; it stands there alone."""

    code: str
    severity: Severity
    change: FormChange | None = None
    fits: Callable[[Sequence[Spot]], bool] = lambda spots: len(spots) >= 6
    or_right: bool = False
    #: How the file arrives: on time, late, missing, again (equal bytes, another name), revised (a wrong one first).
    arrives: Literal["", "late", "missing", "again", "revised"] = ""
    #: Types other figures over the unit's own and gives them by row code; what is told must stand at these cells.
    retype: Callable[[Form, Sequence[Spot], Random], dict[str, float | None]] | None = None


def figure(value: float | None) -> Reading:
    """The reading of an ordinary figure."""
    if value is None:
        return Reading(None, "not_applicable")
    return Reading(value, "value" if value else "zero")
