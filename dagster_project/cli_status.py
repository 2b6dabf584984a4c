"""`kho status`: where a round stands, as a table that a person reads at a glance.

Words and colours belong here; what is counted is told in ``warehouse.status``.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from datetime import date, datetime
from typing import TYPE_CHECKING

import typer

from dagster_project.cli_base import (
    Json,
    Round,
    Year,
    help_text,
    known_now,
    office_told,
    rounds_told,
    say,
    say_rollback,
)
from dagster_project.errors import UsageError
from dagster_project.messages import message

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from dagster_project.catalogue.load import Catalogue
    from dagster_project.ledger.rounds import RoundAct
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings
    from dagster_project.warehouse.status import Due, RoundStatus, UnitStatus

_COLUMNS = ("unit", "sent", "on_time", "signed_copy", "to_mend", "to_explain", "to_do")
_COLOURS = {"overdue": "red", "refused": "red", "waiting": "yellow", "not_sending": "magenta"}
_WIDTH_OF_A_FILE = 160


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("status", help=help_text("status"))(status)


def status(*, year: Year = None, round_code: Round = None, as_json: Json = False) -> None:
    """Show who has sent, who is to be urged and what is left to mend."""
    from dagster_project.ledger.rounds import read_rounds
    from dagster_project.ledger.store import open_ledger
    from dagster_project.pipeline import load_catalogue_as_it_stands, rolled_back
    from dagster_project.warehouse.status import read_status, round_to_show
    from dagster_project.warehouse.summary import open_release

    desk = office_told()
    catalogue = load_catalogue_as_it_stands(desk)
    known = known_now(desk, catalogue)
    # held open, it is opened once for all that is asked of it
    with open_release(known.release_file) if known.release_file else nullcontext():
        shown = round_to_show(known, rounds_told(desk.settings, catalogue, year, round_code))
        if shown is None:
            raise UsageError("cli.status_no_round")
        found = read_status(known, shown)
    stale = _is_stale(desk, catalogue)
    rounds = read_rounds(open_ledger(desk.settings.ledger))
    last = rounds.last(shown)
    if as_json:
        state = {
            "state": rounds.state(shown),
            "state_since": last.set_at if last else None,
            "state_by": last.set_by if last else None,
        }
        content = {**found.as_json(), **state, "is_stale": stale}
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2, default=_plain) + "\n")
    else:
        _show(desk.settings, found, _state_line(desk.settings, rounds.state(shown), last), stale=stale)
        held = rolled_back(desk)
        if held:
            say_rollback(desk.settings, held)


def _is_stale(desk: Desk, catalogue: Catalogue) -> bool:
    """Whether something was received or decided that the current release does not hold."""
    from dagster_project import pipeline
    from dagster_project.warehouse.releases import current_manifest

    if current_manifest(desk.folder) is None:
        return bool(pipeline.last_received(desk))
    return pipeline.needs_build(desk, pipeline.read_inputs(desk, catalogue))


def _state_line(settings: Settings, state: str, last: RoundAct | None) -> str:
    from dagster_project.catalogue.calendar import OFFICE_TIME

    told = message(f"rounds.state_{state}", settings.lang)
    if last is None:
        return message("rounds.status_draft", settings.lang, state=told)
    since = f"{last.set_at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"
    return message("rounds.status_state", settings.lang, state=told, since=since, by=last.set_by)


def _show(settings: Settings, found: RoundStatus, state_line: str, *, stale: bool) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_FILE, highlight=False)
    if settings.office.is_sample:
        say(settings, "sample_mark")
    name = found.name_vi if settings.lang == "vi" else found.name_en
    say(settings, "status_round", round=found.round_code, name=name)
    sys.stdout.write(state_line + "\n")
    sent_code = "status_sent_retrospective" if found.is_retrospective else "status_sent"
    say(settings, sent_code, sent=found.sent, expected=found.expected, on_time=found.on_time)
    for due in found.dues:
        say(settings, _due_code(due), **_due_values(settings, due))
    sys.stdout.flush()
    console.print(_table(settings, found))
    if found.files_without_form:
        say(settings, "status_files_without_form", count=found.files_without_form)
    if stale:
        say(settings, "status_stale")


def _due_code(due: Due) -> str:
    state = "over" if due.is_over else "due"
    return f"status_{state}_by" if due.inclusive else f"status_{state}_before"


def _due_values(settings: Settings, due: Due) -> dict[str, object]:
    who = message(f"cli.status_level_{due.level}", settings.lang)
    values: dict[str, object] = {"who": who, "day": f"{due.due_date:%d/%m/%Y}"}
    return values if due.is_over else {**values, "days": due.working_days_left}


def _table(settings: Settings, found: RoundStatus) -> Table:
    from rich.table import Table

    table = Table(show_lines=False)
    for name in _COLUMNS:
        is_count = name in ("to_mend", "to_explain")
        table.add_column(
            message(f"cli.status_col_{name}", settings.lang), justify="right" if is_count else "left"
        )
    several = len({unit.form_code for unit in found.units}) > 1
    for unit in found.units:
        table.add_row(*_cells(settings, unit, with_form=several))
    return table


def _cells(settings: Settings, unit: UnitStatus, *, with_form: bool) -> list[Text]:
    from rich.text import Text

    name = f"{unit.reporting_unit_code} {unit.reporting_unit_name}"
    if with_form:
        name += f" ({unit.form_code})"
    is_sent = unit.state == "sent"
    texts = (
        name,
        _sent(settings, unit),
        _yes_no(settings, unit.on_time, "late") if is_sent else "–",
        _yes_no(settings, unit.signed_copy, "no") if is_sent else "–",
        _count(unit.to_mend, shown=unit.received_at is not None),
        _count(unit.to_explain, shown=unit.received_at is not None),
        _notes(settings, unit),
    )
    colour = _COLOURS.get(unit.state) or ("yellow" if unit.to_do else "green")
    return [Text(texts[0]), *(Text(text, style=colour) for text in texts[1:])]


def _sent(settings: Settings, unit: UnitStatus) -> str:
    if unit.received_at is None:
        return message(f"cli.status_{unit.state}", settings.lang)
    from dagster_project.catalogue.calendar import OFFICE_TIME

    when = f"{unit.received_at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"
    if unit.state == "refused":
        return message("cli.status_refused", settings.lang) + f" {when}"
    code = "status_on_behalf" if unit.on_behalf else "status_revision"
    return message(f"cli.{code}", settings.lang, revision=unit.revision, when=when)


def _notes(settings: Settings, unit: UnitStatus) -> str:
    counts = {"mend": unit.to_mend, "explain": unit.to_explain, "confirm": unit.unconfirmed}
    notes = [
        message(f"cli.status_do_{name}", settings.lang, **({"count": counts[name]} if name in counts else {}))
        for name in unit.to_do
    ]
    if unit.excuse:
        until = f" {unit.until:%d/%m/%Y}" if unit.until else ""
        notes.append(message(f"cli.status_excuse_{unit.excuse}", settings.lang) + f"{until}: {unit.reason}")
    return "; ".join(notes) or "–"


def _yes_no(settings: Settings, answer: bool | None, otherwise: str) -> str:
    if answer is None:
        return "–"
    return message("cli.status_yes" if answer else f"cli.status_{otherwise}", settings.lang)


def _count(count: int, *, shown: bool) -> str:
    return str(count) if shown else "–"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
