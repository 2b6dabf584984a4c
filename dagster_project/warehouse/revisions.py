"""Two revisions of one form, found by what a person has at hand: a file's name, its content, or a submission's id.

Reads a release and nothing else; comparing the two is ``diff``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dagster_project.errors import UsageError
from dagster_project.warehouse.connection import connect

_SHORTEST_ID = 6
_COLUMNS = (
    "submission_id",
    "sha256",
    "file_name",
    "revision",
    "received_at",
    "round_code",
    "area_code",
    "reporting_unit_code",
    "reporting_unit_name",
    "form_code",
)
_SUBMISSIONS = f"select {', '.join(_COLUMNS)} from marts.fct_submission order by received_at, submission_id"  # noqa: S608  # the columns stand above


@dataclass(frozen=True)
class Revision:
    """One submission of one form; ``revision`` is None for a file that was refused."""

    submission_id: str
    sha256: str | None
    file_name: str | None
    revision: int | None
    received_at: datetime
    round_code: str | None
    area_code: str | None
    reporting_unit_code: str | None
    reporting_unit_name: str | None
    form_code: str | None

    @property
    def form(self) -> tuple[str | None, ...]:
        """What two revisions have in common."""
        return self.reporting_unit_code, self.area_code, self.form_code, self.round_code

    def is_named(self, told: str) -> bool:
        """Whether ``told`` is its file's name, or the beginning of its id or of its file's sha256."""
        begins = len(told) >= _SHORTEST_ID and any(
            (name or "").startswith(told.lower()) for name in (self.submission_id, self.sha256)
        )
        return begins or told in (self.file_name, Path(self.file_name or "").name)


def find_revisions(release: Path, first: str, second: str | None) -> tuple[Revision, Revision]:
    """The older and the newer of two revisions of one form; without ``second``, the first and the one before it."""
    with connect(release) as connection:
        connection.execute("set timezone = 'Asia/Ho_Chi_Minh'")
        known = [Revision(*row) for row in connection.execute(_SUBMISSIONS).fetchall()]
    one = _named(known, first)
    pairs = _before(known, one) if second is None else _of_one_form(one, _named(known, second))
    if not pairs and second is None:
        raise UsageError("releases.first_revision", given=first)
    if not pairs:
        raise UsageError("releases.other_form", first=first, second=second)
    if len(pairs) > 1:
        ids = ", ".join(sorted({item.submission_id for pair in pairs for item in pair}))
        raise UsageError("releases.several_submissions", ids=ids)
    return pairs[0]


def _named(known: Sequence[Revision], told: str) -> list[Revision]:
    named = [item for item in known if item.is_named(told)]
    if not named:
        raise UsageError("releases.no_submission", given=told)
    counted = [item for item in named if item.revision is not None]
    if not counted:
        raise UsageError("releases.refused_submission", given=told)
    return counted


def _before(known: Sequence[Revision], newer: Sequence[Revision]) -> list[tuple[Revision, Revision]]:
    return [
        (item, later)
        for later in newer
        for item in known
        if item.form == later.form and item.revision == _number(later) - 1
    ]


def _of_one_form(one: Sequence[Revision], other: Sequence[Revision]) -> list[tuple[Revision, Revision]]:
    pairs = {
        (a, b) if _number(a) < _number(b) else (b, a)
        for a in one
        for b in other
        if a.form == b.form and a.submission_id != b.submission_id
    }
    return sorted(pairs, key=lambda pair: (pair[0].submission_id, pair[1].submission_id))


def _number(item: Revision) -> int:
    return item.revision or 0
