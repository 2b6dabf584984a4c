"""``kho notices`` and ``kho remind``: what is written to units and officers, and handing it to the mail server.

Parsing and printing belong here; which notices are due and what they say does not (``notices``, ``timetable``).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import HELP_LANG, Round, Year, help_text, office_told, rounds_told
from dagster_project.errors import ExitCode, UsageError
from dagster_project.messages import message

if TYPE_CHECKING:
    from dagster_project.ledger.notices import WrittenNotice
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings


def _help(code: str) -> str:
    return message(f"notices.{code}", HELP_LANG)


notices_app = typer.Typer(help=_help("help"), no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(notices_app, name="notices")
    app.command("remind", help=_help("help_remind"))(remind)


@notices_app.command("list", help=_help("help_list"))
def list_written(year: Year = None, round_code: Round = None) -> None:
    """What was written to whom, oldest first, and what became of it."""
    from dagster_project import pipeline
    from dagster_project.ledger.notices import list_notices
    from dagster_project.ledger.store import open_ledger

    desk = office_told()
    told = rounds_told(desk.settings, pipeline.load_checked_catalogue(desk), year, round_code)
    found = list_notices(open_ledger(desk.settings.ledger)) if desk.settings.has_ledger else []
    shown = [item for item in found if told is None or item.round_code in told]
    if not shown:
        _say(desk.settings, "list_none")
    for item in shown:
        sys.stdout.write(_line(desk, item) + "\n")


@notices_app.command("write", help=_help("help_write"))
def write() -> None:
    """Receipts, the note about the release and failures that were not told yet."""
    from dagster_project import pipeline
    from dagster_project.defs.failures import failed_runs
    from dagster_project.defs.run import open_instance
    from dagster_project.notices import due_notices, write_notices

    desk = office_told()
    desk.folder.make()
    due = [
        *due_notices(desk, pipeline.load_checked_catalogue(desk)),
        *failed_runs(desk, open_instance(desk.folder)),
    ]
    written = write_notices(desk, due)
    for folder in written:
        _say(desk.settings, "written", path=folder)
    if not written:
        _say(desk.settings, "none_due")


@notices_app.command("send", help=_help("help_send"))
def send(
    again: Annotated[list[int] | None, typer.Option("--again", help=_help("help_again"))] = None,
) -> None:
    """Hand what waits to the mail server and say what is too old for that; exit code 4 where some could not be sent."""
    from dagster_project.ledger.notices import FAILED, SENT
    from dagster_project.mail import is_old, left_over, send_waiting
    from dagster_project.notices import SENT_WITHIN

    desk = office_told()
    done = send_waiting(desk, again or ())
    if not done:
        _say(desk.settings, "nothing_waiting")
    for item in done:
        told = {"number": item.notice.number, "recipient": item.notice.recipient, "detail": item.detail}
        is_last = item.outcome == FAILED and is_old(item.notice, desk.now())
        _say(desk.settings, "outcome_failed_old" if is_last else f"outcome_{item.outcome}", **told)
    old = left_over(desk)
    if old:
        _say(desk.settings, "old", count=len(old), days=SENT_WITHIN.days)
    if any(item.outcome != SENT for item in done):
        raise typer.Exit(ExitCode.FAILED)


def remind(
    *,
    year: Year = None,
    round_code: Round = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", help=help_text("unit"))] = None,
    occasion: Annotated[str | None, typer.Option("--occasion", help=_help("help_occasion"))] = None,
) -> None:
    """Write a reminder to each unit that owes a form of the rounds told; exit code 3 where one is fixed."""
    from dagster_project import pipeline
    from dagster_project.catalogue.calendar import OFFICE_TIME
    from dagster_project.timetable import REMINDER, Step, remind

    desk = office_told()
    catalogue = pipeline.load_checked_catalogue(desk)
    told = rounds_told(desk.settings, catalogue, year, round_code)
    if told is None:
        raise UsageError("periods.none_named")
    today = f"{desk.now().astimezone(OFFICE_TIME):%Y-%m-%d}"
    for code in told:
        step = Step(REMINDER, code, occasion or today)
        written = remind(desk, catalogue, step, desk.settings.person, unit or None)
        for folder in written:
            _say(desk.settings, "written", path=folder)
        if not written:
            _say(desk.settings, "nobody_owes", round=code)


def _line(desk: Desk, item: WrittenNotice) -> str:
    from dagster_project.catalogue.calendar import OFFICE_TIME
    from dagster_project.mail import is_old

    settings = desk.settings
    state = item.outcome or ("waiting" if item.recipient else "by_hand")
    if item.is_unsent and is_old(item, desk.now()):
        state = "old"
    return message(
        "notices.line",
        settings.lang,
        number=item.number,
        at=f"{item.written_at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}",
        kind=message(f"notices.kind_{item.kind}", settings.lang),
        unit=item.reporting_unit_code or "–",
        subject=item.subject,
        state=message(f"notices.state_{state}", settings.lang, number=item.number, detail=item.detail),
    )


def _say(settings: Settings, code: str, **values: object) -> None:
    sys.stdout.write(message(f"notices.{code}", settings.lang, **values) + "\n")
