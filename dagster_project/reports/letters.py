"""Letters to and from reporting units: what goes into their Word templates, and the lines to paste into a message.

What a unit owes comes in (``Debt``), its figures are read from the release; which letters are due and where they lie
is told by ``unit_letters``. All of them are in Vietnamese, the language of the documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from dagster_project.messages import message
from dagster_project.reports import annex_rows
from dagster_project.reports.filling import fill, template_of
from dagster_project.reports.names import bare_name, inside_name, official_day
from dagster_project.reports.numbers import number, state_words
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.release import LOCAL
from dagster_project.reports.safe import plain

_text = partial(message, lang="vi")
#: A message is read on a telephone: so many cells are named, the others counted.
_CELLS_NAMED = 12
_NAME_LIMIT = 200
#: Digits after the comma that a double can hold in full.
_MOST_DECIMALS = 12


@dataclass(frozen=True)
class Deadline:
    """A due date; ``inclusive`` says that the day itself still counts, ``days_left`` are working days after today."""

    day: date
    inclusive: bool
    days_left: int
    is_over: bool


@dataclass(frozen=True)
class Unsent:
    """A form that was not received (waiting, overdue) or could not be read (refused)."""

    code: str
    form: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """One open finding; sheet and cell are empty where it is about a whole file."""

    is_blocking: bool
    sheet: str
    cell: str
    name: str
    entered: str
    text: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Debt:
    """What one unit still owes in a round."""

    code: str
    name: str
    unsent: tuple[Unsent, ...] = ()
    questions: tuple[Question, ...] = ()
    files: tuple[str, ...] = ()
    owes_confirmation: bool = False
    deadline: Deadline | None = None

    @property
    def to_mend(self) -> tuple[Question, ...]:
        return tuple(item for item in self.questions if item.is_blocking)

    @property
    def to_explain(self) -> tuple[Question, ...]:
        return tuple(item for item in self.questions if not item.is_blocking)


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """The round at the moment of writing; ``recipient`` is the focal unit, ``office_deadline`` the office's own."""

    facts: RoundFacts
    now: datetime
    recipient: str
    sent: int
    expected: int
    deadline: Deadline | None
    office_deadline: Deadline | None
    templates: Path | None = None

    @property
    def at(self) -> str:
        """The moment in the office's time."""
        moment = self.now.astimezone(LOCAL)
        return f"{moment:%H:%M} {official_day(moment)}"


def write_reminder(occasion: Occasion, debts: Sequence[Debt], file: Path) -> None:
    """One letter to all of ``debts`` that have not sent."""
    names = [plain(debt.name, _NAME_LIMIT) for debt in debts]
    unsent = [
        {
            "unit": name,
            "form": plain(f"{item.code} – {item.form}", _NAME_LIMIT),
            "state": _text(f"letters.state_{item.state}"),
        }
        for name, debt in zip(names, debts, strict=True)
        for item in debt.unsent
    ]
    own = {debt.deadline for debt in debts}
    fields = {
        **_head(occasion),
        "addressee": names[0] if len(names) == 1 else _text("letters.units_below"),
        "asked": _text("letters.the_unit" if len(names) == 1 else "letters.the_units"),
        "due": _due(occasion.deadline),
        "received": _text("letters.received", sent=occasion.sent, expected=occasion.expected),
        "deadline": _asked_by(occasion, own.pop() if len(own) == 1 else occasion.deadline),
        "count": len(unsent),
        "unsent": unsent,
    }
    _fill(occasion, "reminder", fields, file)


def write_return(occasion: Occasion, debt: Debt, file: Path) -> None:
    """What one unit must mend and explain."""
    fields = {
        **_head(occasion),
        "unit": plain(debt.name, _NAME_LIMIT),
        "files": _files(debt),
        "mend": [_question(item) for item in debt.to_mend],
        "explain": [_question(item) for item in debt.to_explain],
        "deadline": _asked_by(occasion, debt.deadline),
    }
    _fill(occasion, "return", fields, file)


def write_confirmation(occasion: Occasion, debt: Debt, file: Path) -> None:
    """The unit's figures as they stand in the release, for its head to sign."""
    head = _head(occasion)
    name = plain(debt.name, _NAME_LIMIT)
    fields = {
        **head,
        "superior": f"{_text('reports.people_committee_short')} {head['issuer_area']}",
        "addressee": head["issuer"],
        "unit": name,
        "issuer": name.upper(),
        "files": _files(debt),
        "values": _values(occasion.facts, debt.code),
    }
    _fill(occasion, "confirmation", fields, file)


def message_lines(occasion: Occasion, debt: Debt) -> str:
    """Three lines: what is missing, which cells to mend, how long there is."""
    mark = f"[{_text('reports.sample_mark')}] " if occasion.facts.stamp.is_sample else ""
    about = _text("letters.round", period=occasion.facts.round.period.words("vi"))
    who = f"{mark}{plain(debt.name, _NAME_LIMIT)} – {about}"
    due = _asked_by(occasion, debt.deadline)
    lines = (
        f"{who}: {_missing(debt)}",
        _cells(debt),
        f"{due[:1].upper()}{due[1:]}.",
    )
    # A message is pasted where nothing escapes: a line never begins with what a spreadsheet or a chat would run.
    return "".join(f"{line.lstrip('=+-@/ ')}\n" for line in lines)


def _fill(occasion: Occasion, name: str, fields: dict[str, Any], file: Path) -> None:
    title = _text(f"letters.title_{name}", period=occasion.facts.round.period.words("vi"))
    fill(template_of(name, occasion.templates), fields, file, title=title, stamp=occasion.facts.stamp)


def _head(occasion: Occasion) -> dict[str, Any]:
    facts = occasion.facts
    sample = _text("reports.sample_mark") if facts.stamp.is_sample else ""
    return {
        "marks": sample,
        "draft": "",
        **head_fields(facts),
        "number": _text("letters.blank_number"),
        "dated": _text("reports.blank_date", year=occasion.now.astimezone(LOCAL).year),
        "signer": "",
        "recipients": _text("letters.recipients").split("|"),
        "period": facts.round.period.words("vi"),
        "round_name": plain(facts.round.name_vi, _NAME_LIMIT),
        "recipient": plain(occasion.recipient, _NAME_LIMIT),
        "at": occasion.at,
    }


def head_fields(facts: RoundFacts) -> dict[str, str]:
    """Whose document it is: the fields of the head that all documents of an office share."""
    blank = _text("reports.blank")
    name = plain(facts.area.name, _NAME_LIMIT) if facts.area else ""
    above = plain(facts.area.parent_name, _NAME_LIMIT) if facts.area else ""
    kind = _text("reports.people_committee")
    return {
        "superior": f"{_text('reports.people_committee_short')} {above}".upper() if above else "",
        "issuer_kind": kind.upper(),
        "issuer_area": name.upper() or blank,
        "issuer": f"{kind} {inside_name(name)}" if name else f"{kind} {blank}",
        "place": bare_name(name) or blank,
    }


def _due(deadline: Deadline | None) -> str:
    if deadline is None:
        return _text("letters.no_due")
    code = "letters.due_by" if deadline.inclusive else "letters.due_before"
    return _text(code, day=official_day(deadline.day))


def _asked_by(occasion: Occasion, deadline: Deadline | None) -> str:
    """Until when, with the working days left; once it is over, until when the office itself must report."""
    if deadline is None:
        return _text("letters.no_due")
    if not deadline.is_over:
        code = "letters.days_left" if deadline.days_left else "letters.last_day"
        return _text(code, due=_due(deadline), days=deadline.days_left)
    office = occasion.office_deadline
    if office is None or office.is_over:
        return _text("letters.over", due=_due(deadline))
    code = "letters.over_office" if office.days_left else "letters.over_office_last"
    return _text(code, due=_due(deadline), office_due=_due(office), days=office.days_left)


def _files(debt: Debt) -> str:
    names = ", ".join(plain(name, _NAME_LIMIT) for name in debt.files)
    return _text("letters.files", files=names) if names else ""


def _question(item: Question) -> dict[str, str]:
    text = " ".join(filter(None, (plain(item.text), plain(item.advice))))
    return {
        "place": _place(item) or _text("letters.whole_file"),
        "name": plain(item.name, _NAME_LIMIT),
        "entered": plain(item.entered, 80),
        "text": text,
    }


def _place(item: Question) -> str:
    sheet, cell = plain(item.sheet, 60), plain(item.cell, 20)
    if sheet and cell:
        return _text("letters.place", sheet=sheet, cell=cell)
    return cell or (_text("letters.sheet", sheet=sheet) if sheet else "")


def _values(facts: RoundFacts, unit: str) -> list[dict[str, str]]:
    rows = annex_rows.value_rows(facts, "vi").filter(reporting_unit_code=unit)
    return [
        {
            "code": plain(row["data_element_code"], 60),
            "name": " – ".join(
                filter(None, (plain(row["name"], _NAME_LIMIT), plain(row["category_name"], 60)))
            ),
            "unit": plain(row["unit"], 40),
            "value": _value(row),
            "source": _source(row),
        }
        for row in rows.iter_rows(named=True)
    ]


def _value(row: dict[str, Any]) -> str:
    """The figure with every digit that was reported: what is signed is not rounded."""
    exact = row["value_decimal"] if row["value_decimal"] is not None else row["value"]
    if row["value_state"] in ("value", "zero") and exact is not None:
        told = exact if isinstance(exact, Decimal) else Decimal(repr(float(exact)))
        decimals = min(len(f"{told:f}".partition(".")[2].rstrip("0")), _MOST_DECIMALS)
        return (
            number(told, decimals)
            if told or row["value_state"] == "value"
            else state_words("zero", None, "vi")
        )
    return plain(row["value_text"], 80) or state_words(row["value_state"], None, "vi")


def _source(row: dict[str, Any]) -> str:
    if row["entry"]:
        how = _text(f"reports.entered_how.{row['entered_how']}")
        return f"{how} ({_text('reports.entry.' + row['entry']).lower()})"
    place = Question(
        is_blocking=False,
        sheet=row["sheet"] or "",
        cell=row["cell"] or "",
        name="",
        entered="",
        text="",
        advice="",
    )
    return _place(place) or plain(row["file_name"], 60)


def _missing(debt: Debt) -> str:
    parts = [_text(f"letters.message_{item.state}", form=plain(item.code, 60)) for item in debt.unsent]
    if debt.questions:
        parts.append(_text("letters.message_sent", mend=len(debt.to_mend), explain=len(debt.to_explain)))
    if debt.owes_confirmation:
        parts.append(_text("letters.message_confirm"))
    return "; ".join(parts) + "."


def _cells(debt: Debt) -> str:
    """Cells to mend, sheet by sheet; where none is known, what to do instead."""
    told = []
    for code, items in (("mend", debt.to_mend), ("explain", debt.to_explain)):
        places = list(dict.fromkeys((item.sheet, item.cell) for item in items if item.cell))
        if not places:
            continue
        sheets: dict[str, list[str]] = {}
        for sheet, cell in places[:_CELLS_NAMED]:
            sheets.setdefault(plain(sheet, 60), []).append(plain(cell, 20))
        named = "; ".join(
            _text("letters.cells_of", sheet=sheet, cells=", ".join(cells)) if sheet else ", ".join(cells)
            for sheet, cells in sheets.items()
        )
        more = len(places) - _CELLS_NAMED
        rest = f" {_text('letters.more_cells', count=more)}" if more > 0 else ""
        told.append(_text(f"letters.cells_{code}", cells=named + rest))
    if told:
        return " ".join(told)
    return _text("letters.cells_unknown" if debt.questions else "letters.cells_none")
