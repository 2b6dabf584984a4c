"""Where a round stands: who was to send, who has sent, what is left to mend, to explain and to urge.

Whom to expect comes from the catalogue, what came from the current release, excuses and unconfirmed figures from the
ledger: what was decided since the release counts at once. Printing belongs to the command.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_project.catalogue.calendar import OFFICE_TIME, day_rules, due_moment, working_days_left
from dagster_project.errors import UsageError
from dagster_project.forms.back_series import back_series_elements
from dagster_project.forms.plan import assigned_elements
from dagster_project.ledger.decisions import Entry, Exemption, SignedCopy
from dagster_project.warehouse.sent import files_without_form, rounds_with_submissions, submissions_of

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.settings import Office

_EXCUSES = ("exempt", "nothing_to_report", "not_sending")
_ORDER = ("overdue", "refused", "waiting", "sent", "not_sending", "nothing_to_report", "exempt")


@dataclass(frozen=True)
class Due:
    """One level's due date; ``inclusive`` as in the catalogue."""

    level: str
    due_date: date
    inclusive: bool
    working_days_left: int
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class UnitStatus:
    """One unit and form: ``state`` is one of sent, refused, waiting, overdue or the kind of its excuse."""

    reporting_unit_code: str
    reporting_unit_name: str
    form_code: str
    state: str
    revision: int | None
    received_at: datetime | None
    on_time: bool | None
    signed_copy: bool | None
    on_behalf: bool
    to_mend: int
    to_explain: int
    unconfirmed: int
    excuse: str | None
    until: date | None
    reason: str | None
    to_do: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RoundStatus:
    """One round at one moment; exempt units are not expected, nothing to report counts as sent.

    In a round from before the system nothing is due.
    """

    round_code: str
    name_vi: str
    name_en: str
    data_year: int
    is_retrospective: bool
    at: datetime
    dues: tuple[Due, ...]
    expected: int
    sent: int
    on_time: int
    units: tuple[UnitStatus, ...]
    files_without_form: int

    def as_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return asdict(self)

    def check_units(self, units: Collection[str]) -> None:
        """Raise ``UsageError`` with all of ``units`` that do not report in the round."""
        strangers = sorted(set(units) - {unit.reporting_unit_code for unit in self.units})
        if strangers:
            raise UsageError("letters.unknown_unit", unit=", ".join(strangers), round_code=self.round_code)


@dataclass(frozen=True)
class Known:
    """What is known at one moment; ``release_file`` is None before the first release, ``fixed`` are codes of rounds.

    ``unconfirmed`` are the entries that their units are to confirm.
    """

    catalogue: Catalogue
    office: Office
    release_file: Path | None
    entries: Sequence[Entry]
    unconfirmed: Sequence[Entry]
    exemptions: Sequence[Exemption]
    signed_copies: Sequence[SignedCopy]
    fixed: Collection[str]
    now: datetime


@dataclass(frozen=True)
class _At:
    """The moment of a status, whether its round is open or fixed then, and whether it is from before the system."""

    now: datetime
    is_open: bool
    is_fixed: bool
    is_retrospective: bool


def round_to_show(known: Known, told: Sequence[str] | None) -> str | None:
    """The last of the rounds ``told``; without them the newest round that is open or has taken something in."""
    if told is not None:
        return told[-1] if told else None
    rounds = known.catalogue.table("rounds").filter(pl.col("period_type").fill_null("year") == "year")
    if known.office.criteria_set_code:
        rounds = rounds.filter(
            pl.col("criteria_set_code") == known.office.criteria_set_code,
            pl.col("level") == known.office.level,
        )
    taken = rounds_with_submissions(known.release_file)
    today = known.now.astimezone(OFFICE_TIME).date()
    open_rounds = rounds.filter((pl.col("opens_on") <= today) | pl.col("round_code").is_in(list(taken))).sort(
        "period_end", "round_code"
    )
    return open_rounds["round_code"].item(-1) if len(open_rounds) else None


def read_status(known: Known, round_code: str) -> RoundStatus:
    """Where ``round_code`` stands."""
    round_row = known.catalogue.table("rounds").filter(pl.col("round_code") == round_code).row(0, named=True)
    # Nothing of a year from before the system is late or overdue.
    is_retrospective = bool(round_row["is_retrospective"])
    dues = [] if is_retrospective else _dues(known, round_code)
    opens_on = round_row["opens_on"]
    is_open = opens_on is None or opens_on <= known.now.astimezone(OFFICE_TIME).date()
    at = _At(known.now, is_open, round_code in known.fixed, is_retrospective)
    units = _units(known, round_code, dues, at)
    papers = {entry.paper_sha256 for entry in known.entries}
    papers |= {signed.paper_sha256 for signed in known.signed_copies}
    counted = [unit for unit in units if unit.state != "exempt"]
    return RoundStatus(
        round_code=round_code,
        name_vi=round_row["name_vi"] or round_code,
        name_en=round_row["name_en"] or round_row["name_vi"] or round_code,
        data_year=round_row["data_year"],
        is_retrospective=is_retrospective,
        at=known.now,
        dues=tuple(due for due in dues if due.level in ("unit", known.office.level)),
        expected=len(counted),
        sent=sum(unit.state in ("sent", "nothing_to_report") for unit in counted),
        on_time=sum(bool(unit.on_time) for unit in counted if unit.state == "sent"),
        units=tuple(units),
        files_without_form=len(files_without_form(known.release_file) - papers),
    )


def first_due(known: Known, status: RoundStatus, lines: Iterable[UnitStatus]) -> Due | None:
    """What is due first of a unit's forms: by the end of an extension, else with all units; None without a date."""
    of_all = next((due for due in status.dues if due.level == "unit"), None)
    holidays = day_rules(known.catalogue.table("holidays"))
    dues = [
        _due("unit", line.until, inclusive=True, now=known.now, holidays=holidays) if line.until else of_all
        for line in lines
    ]
    return min(
        filter(None, dues), key=lambda due: due_moment(due.due_date, inclusive=due.inclusive), default=None
    )


def _dues(known: Known, round_code: str) -> list[Due]:
    holidays = day_rules(known.catalogue.table("holidays"))
    rows = known.catalogue.table("round_due_dates").filter(pl.col("round_code") == round_code)
    return [
        _due(row["level"], row["due_date"], bool(row["inclusive"]), known.now, holidays)
        for row in rows.sort("due_date").iter_rows(named=True)
    ]


def _due(level: str, day: date, inclusive: bool, now: datetime, holidays: Mapping[date, bool]) -> Due:
    moment = due_moment(day, inclusive=inclusive)
    return Due(level, day, inclusive, working_days_left(now, moment, holidays), now >= moment)


def _units(known: Known, round_code: str, dues: Sequence[Due], at: _At) -> list[UnitStatus]:
    names = (
        known.catalogue.table("reporting_units")
        .select("reporting_unit_code", "name_vi")
        .unique("reporting_unit_code", keep="last", maintain_order=True)
    )
    elements = back_series_elements if at.is_retrospective else assigned_elements
    owed = (
        elements(known.catalogue)
        .filter(pl.col("round_code") == round_code)
        .select("reporting_unit_code", "form_code", "area_code")
        .unique()
    )
    areas: dict[tuple[str, str], set[str]] = {}
    for unit, form, area in owed.iter_rows():
        areas.setdefault((unit, form), set()).add(area)
    sent = submissions_of(known.release_file, round_code, areas)
    places = set(areas) | set(sent)
    named = dict(names.iter_rows())
    order = {code: number for number, code in enumerate(named)}
    excuses = {
        (exemption.reporting_unit_code, exemption.form_code): exemption
        for exemption in known.exemptions
        if exemption.round_code == round_code
    }
    waiting = [entry.reporting_unit_code for entry in known.unconfirmed if entry.round_code == round_code]
    due = next((due for due in dues if due.level == "unit"), dues[0] if dues else None)
    units = [
        _unit(
            (unit, named.get(unit, unit), form),
            sent.get((unit, form)),
            excuses.get((unit, form)),
            unconfirmed=waiting.count(unit),
            due=due,
            at=at,
        )
        for unit, form in places
    ]
    return sorted(
        units,
        key=lambda unit: (
            _ORDER.index(unit.state),
            not unit.to_do,
            order.get(unit.reporting_unit_code, len(order)),
            unit.form_code or "",
        ),
    )


def _unit(
    place: tuple[str, str, str],
    sent: Mapping[str, Any] | None,
    excuse: Exemption | None,
    *,
    unconfirmed: int,
    due: Due | None,
    at: _At,
) -> UnitStatus:
    until = excuse.until if excuse else None
    is_over = at.now >= due_moment(until, inclusive=True) if until else due is not None and due.is_over
    state = _state(sent, excuse, is_over=is_over)
    came = sent or {}
    return UnitStatus(
        reporting_unit_code=place[0],
        reporting_unit_name=place[1],
        form_code=place[2],
        state=state,
        revision=came.get("revision"),
        received_at=came.get("received_at"),
        on_time=came.get("on_time"),
        signed_copy=came.get("signed_copy"),
        on_behalf=came.get("entered_how") == "on_behalf",
        to_mend=came.get("to_mend", 0),
        to_explain=came.get("to_explain", 0),
        unconfirmed=unconfirmed,
        excuse=excuse.kind if excuse else None,
        until=until,
        reason=excuse.reason if excuse else None,
        to_do=_to_do(state, came, unconfirmed, at),
    )


def _state(sent: Mapping[str, Any] | None, excuse: Exemption | None, *, is_over: bool) -> str:
    if sent and sent["is_whole"]:
        return "sent"
    if excuse and excuse.kind in _EXCUSES:
        return excuse.kind
    if sent and sent["is_refused"]:
        return "refused"
    return "overdue" if is_over else "waiting"


def _to_do(state: str, came: Mapping[str, Any], unconfirmed: int, at: _At) -> tuple[str, ...]:
    """What is still to be asked of the unit, the most urgent first; forms only of an open round that is not fixed."""
    takes_forms = not at.is_fixed
    wanted = {
        "send_overdue": state == "overdue" and takes_forms,
        "send": state == "waiting" and at.is_open and takes_forms,
        "send_again": state == "refused" and takes_forms,
        "mend": state == "sent" and came["to_mend"] > 0 and takes_forms,
        "explain": state == "sent" and came["to_explain"] > 0,
        "signed_copy": state == "sent" and not came["signed_copy"],
        "confirm": unconfirmed > 0,
    }
    return tuple(name for name, is_wanted in wanted.items() if is_wanted)
