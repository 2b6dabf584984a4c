"""Signed means fixed: what a build, a release or another catalogue must leave as it is, and the release of each act.

Comparing and recording belong here, between the ledger and the warehouse. Whether an act is allowed is told in
``decide``; a late file is held by ``quality.late``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import LockedError
from dagster_project.ledger.rounds import DRAFT, FIXED, Rounds, add_round_release
from dagster_project.messages import message
from dagster_project.paths import DataFolder

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dagster_project.warehouse.fixed import ChangedFigure

_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Altered:
    """A fixed round of which other figures would be told; without ``changes`` only a hash tells so."""

    round_code: str
    state: str
    changes: Sequence[ChangedFigure]

    def text(self, lang: str) -> str:
        told = {"round": self.round_code, "count": len(self.changes)}
        lines = [message(f"rounds.would_change_{self.state}", lang, **told)]
        lines += [
            f"  – {change.place}: {change.old} → {change.new}" for change in self.changes[:_NAMED_AT_MOST]
        ]
        rest = len(self.changes) - _NAMED_AT_MOST
        return "\n".join([*lines, message("rounds.more", lang, count=rest)] if rest > 0 else lines)


class FixedError(LockedError):
    """Nothing was done, since figures of fixed rounds would change; names rounds, changes and the files that came."""

    def __init__(self, altered: Sequence[Altered], files: Sequence[str]) -> None:
        self.altered, self.files = tuple(altered), tuple(files)
        super().__init__("rounds.figures_fixed")

    def text(self, lang: str) -> str:
        lines = [super().text(lang), *(item.text(lang) for item in self.altered)]
        if self.files:
            rest = ["…"] if len(self.files) > _NAMED_AT_MOST else []
            named = ", ".join([*self.files[:_NAMED_AT_MOST], *rest])
            lines.append(message("rounds.files_came", lang, files=named))
        return "\n".join(lines)


def check_fixed(folder: DataFolder, rounds: Rounds, candidate: Path) -> None:
    """Raise ``FixedError`` where ``candidate`` (a build or a release) tells other figures of a fixed round.

    Compared with the release that the round was fixed in; where that is gone, with the hash in the ledger. A file about
    an earlier period can be the cause, where a formula or a rule looks back.
    """
    from dagster_project.warehouse.fixed import changed_figures, figures_hash, files_that_came
    from dagster_project.warehouse.releases import RELEASE_FILE, current_release

    altered: list[Altered] = []
    for code, fixed in rounds.fixed().items():
        held = folder.release(fixed.release_id or "-") / RELEASE_FILE
        if held.is_file():
            changes = changed_figures(held, candidate, code)
            if changes:
                altered.append(Altered(code, fixed.state, changes))
        elif figures_hash(candidate, code) != fixed.fixed_by.figures_hash:
            altered.append(Altered(code, fixed.state, ()))
    if altered:
        current = current_release(folder)
        before = folder.release(current) / RELEASE_FILE if current else None
        raise FixedError(altered, files_that_came(before, candidate) if before else ())


def check_states(rounds: Rounds, release_file: Path) -> None:
    """Raise ``LockedError`` where a release tells of a round that is fixed now, or then, in another state than now."""
    from dagster_project.warehouse.summary import round_states

    known = round_states(release_file)
    for code in sorted({*rounds.fixed(), *(code for code, state in known.items() if state in FIXED)}):
        if known.get(code, DRAFT) != rounds.state(code):
            raise LockedError("rounds.release_of_other_state", round=code)


def record_releases(ledger: Engine, rounds: Rounds, release_id: str, at: datetime) -> None:
    """Write which release the last act on each round made; what is written stays."""
    last = {act.round_code: act for act in rounds.acts}
    for act in last.values():
        if act.number not in rounds.releases:
            add_round_release(ledger, act.number, release_id, at)


def release_of(rounds: Rounds, round_code: str) -> str | None:
    """The release that a fixed round's documents are made from; None for a round that is not fixed."""
    fixed = rounds.fixed().get(round_code)
    return rounds.releases.get(fixed.last.number) if fixed else None


def refuse_fixed(rounds: Rounds, codes: Sequence[str]) -> None:
    """Raise ``LockedError`` where one of these rounds is fixed: what was asked would alter it."""
    fixed = rounds.fixed()
    for code in codes:
        if code in fixed:
            raise LockedError(f"rounds.refuses_{fixed[code].state}", round=code)
