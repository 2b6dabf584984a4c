"""The office handed from one officer to the next: what stands, what is open and what is waited for, on one page.

Gathered from catalogue, current release and ledger; how it looks on paper is told in ``reports.handover``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.errors import UsageError
from dagster_project.ledger.rounds import Rounds, read_rounds
from dagster_project.ledger.store import log_act, open_ledger
from dagster_project.messages import message
from dagster_project.pipeline import Desk
from dagster_project.reports.handover import Handover, RoundLine, write_handover
from dagster_project.reports.pdf import docx_to_pdf
from dagster_project.warehouse.releases import current_release
from dagster_project.warehouse.status import Known, RoundStatus, read_status

ACT = "office.handover"
_DONE = ("issued", "locked")
_ROUNDS_SHOWN = 6
_UNITS_NAMED = 4


def hand_over(desk: Desk, known: Known, *, giver: str, taker: str) -> list[Path]:
    """Write the page (Word and PDF) and who handed over to whom; returns the files.

    Raises ``UsageError`` where one of the two is not named or both are the same.
    """
    giver, taker = giver.strip(), taker.strip()
    if not giver or not taker or giver == taker:
        raise UsageError("handover.two_people")
    lang, now = desk.settings.lang, desk.now()
    ledger = open_ledger(desk.settings.ledger)
    page = gather(known, read_rounds(ledger), giver=giver, taker=taker, lang=lang)
    page = page.with_release(current_release(desk.folder) or "–", is_sample=desk.settings.office.is_sample)
    file = desk.folder.handovers / f"ban-giao-{now.astimezone(OFFICE_TIME):%Y%m%d-%H%M%S}.docx"
    write_handover(page, file, lang)
    docx_to_pdf(file, file.with_suffix(".pdf"))
    log_act(ledger, at=now, actor=giver, act=ACT, subject=taker, detail=file.name)
    return [file, file.with_suffix(".pdf")]


def gather(known: Known, rounds: Rounds, *, giver: str, taker: str, lang: str) -> Handover:
    """What the page says; the newest rounds first."""
    statuses = [read_status(known, code) for code in _rounds_shown(known)]
    areas = known.catalogue.table("areas").filter(pl.col("area_code") == known.office.area_code)
    return Handover(
        office=areas["name_vi"].item(-1) if len(areas) else known.office.area_code,
        giver=giver,
        taker=taker,
        at=known.now.astimezone(OFFICE_TIME),
        rounds=tuple(_round_line(status, rounds, lang) for status in statuses),
        waiting=tuple(line for status in statuses for line in _waiting(known, rounds, status, lang)),
    )


def _rounds_shown(known: Known) -> list[str]:
    """The newest of the office's own rounds that are open, none of them from before the system."""
    rounds = known.catalogue.table("rounds").filter(~pl.col("is_retrospective").fill_null(value=False))
    if known.office.criteria_set_code:
        rounds = rounds.filter(
            pl.col("criteria_set_code") == known.office.criteria_set_code,
            pl.col("level") == known.office.level,
        )
    today = known.now.astimezone(OFFICE_TIME).date()
    opened = rounds.filter(pl.col("opens_on").is_null() | (pl.col("opens_on") <= today))
    newest = opened.sort("period_end", "round_code", descending=True)["round_code"].to_list()
    return newest[:_ROUNDS_SHOWN]


def _round_line(status: RoundStatus, rounds: Rounds, lang: str) -> RoundLine:
    last = rounds.last(status.round_code)
    state = message(f"rounds.state_{rounds.state(status.round_code)}", lang)
    since = f" ({_shown(last.set_at)}, {last.set_by})" if last else ""
    return RoundLine(
        code=status.round_code,
        state=f"{state}{since}",
        due=", ".join(f"{due.due_date:%d/%m/%Y}" for due in status.dues),
        sent=f"{status.sent}/{status.expected}",
        to_mend=sum(unit.to_mend for unit in status.units),
        to_explain=sum(unit.to_explain for unit in status.units),
    )


def _waiting(known: Known, rounds: Rounds, status: RoundStatus, lang: str) -> Iterator[str]:
    """The papers and answers that a round waits for, one line per kind."""
    code = status.round_code
    is_out = rounds.state(code) == "for_signature"
    if is_out:
        yield message("handover.signature", lang, round=code)
    if rounds.state(code) in _DONE:
        return
    # While it is out, what units send is refused: only signed copies and confirmations are waited for.
    unsent = [
        unit.reporting_unit_code for unit in status.units if unit.state in ("waiting", "overdue", "refused")
    ]
    if unsent and not is_out:
        yield _line("unsent", lang, code, unsent)
    unsigned = [unit.reporting_unit_code for unit in status.units if "signed_copy" in unit.to_do]
    if unsigned:
        yield _line("unsigned", lang, code, unsigned)
    entries = [
        f"{entry.entry_id} {entry.reporting_unit_code} {entry.data_element_code}"
        for entry in known.unconfirmed
        if entry.round_code == code
    ]
    if entries:
        yield _line("unconfirmed", lang, code, entries)
    today = known.now.astimezone(OFFICE_TIME).date()
    extended = [
        f"{item.reporting_unit_code} ({item.until:%d/%m/%Y})"
        for item in known.exemptions
        if item.round_code == code and item.until is not None and item.until >= today
    ]
    if extended and not is_out:
        yield _line("extended", lang, code, extended)
    if status.files_without_form:
        yield message("handover.without_form", lang, round=code, count=status.files_without_form)


def _line(kind: str, lang: str, round_code: str, items: Sequence[str]) -> str:
    """A count and the first few by name."""
    items = list(dict.fromkeys(items))
    more = len(items) - _UNITS_NAMED
    named = ", ".join([*items[:_UNITS_NAMED], *([f"… +{more}"] if more > 0 else [])])
    return message(f"handover.{kind}", lang, round=round_code, count=len(items), items=named)


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(OFFICE_TIME):%d/%m/%Y}"
