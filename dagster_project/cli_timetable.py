"""``kho timetable`` and ``kho backfill``: what is due in the office's rounds, done by hand as schedules do it.

Parsing and printing belong here; what is due and what a step does is told in ``timetable``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import HELP_LANG, office_told, print_table
from dagster_project.errors import UsageError
from dagster_project.messages import message

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings
    from dagster_project.timetable import Step


def _help(code: str) -> str:
    return message(f"timetable.help_{code}", HELP_LANG)


timetable_app = typer.Typer(help=_help("timetable"), no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(timetable_app, name="timetable")
    app.command("backfill", help=_help("backfill"))(backfill)


@timetable_app.command("show", help=_help("show"))
def show() -> None:
    """What is due now, and what was done when."""
    from dagster_project import pipeline
    from dagster_project.catalogue.calendar import OFFICE_TIME
    from dagster_project.ledger.store import open_ledger
    from dagster_project.ledger.timetable import list_steps
    from dagster_project.timetable import due_now

    desk = office_told()
    desk.folder.make()
    due = due_now(desk, pipeline.load_checked_catalogue(desk))
    waiting = message("timetable.due", desk.settings.lang)
    rows = [
        (item.round_code, _name(desk.settings, item.step, item.occasion), item.done_by, done)
        for item in list_steps(open_ledger(desk.settings.ledger))
        for done in (f"{item.done_at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}",)
    ]
    rows += [(step.round_code, _name(desk.settings, step.kind, step.occasion), "", waiting) for step in due]
    if rows:
        print_table(desk.settings, ("round", "step", "by", "when"), rows)
    else:
        _say(desk.settings, "nothing")


@timetable_app.command("run", help=_help("run"))
def run_due() -> None:
    """Do every step that is due now, in the order in which the year has them."""
    from dagster_project import pipeline
    from dagster_project.timetable import STEPS, due_now

    desk = office_told()
    desk.folder.make()
    catalogue = pipeline.load_checked_catalogue(desk)
    due = sorted(due_now(desk, catalogue), key=lambda step: STEPS.index(step.kind))
    for step in due:
        _do(desk, catalogue, step)
        name = _name(desk.settings, step.kind, step.occasion)
        _say(desk.settings, "done", round=step.round_code, step=name)
    if not due:
        _say(desk.settings, "nothing")


def backfill(
    first: Annotated[int, typer.Argument(help=_help("first"), show_default=False)],
    last: Annotated[int, typer.Argument(help=_help("last"), show_default=False)],
) -> None:
    """The report sets of all yearly rounds from one data year to another, in one run."""
    from dagster_project import pipeline
    from dagster_project.catalogue.rounds import rounds_of
    from dagster_project.defs.run import Runner
    from dagster_project.locks import build_lock
    from dagster_project.warehouse.releases import RELEASE_FILE, current_release
    from dagster_project.warehouse.summary import summarise

    desk = office_told()
    with build_lock(desk.folder.build_lock):
        release_id = current_release(desk.folder)
        if release_id is None:
            raise UsageError("cli.no_release", folder=desk.folder.root)
        catalogue = pipeline.load_checked_catalogue(desk)
        sent = summarise(desk.folder.release(release_id) / RELEASE_FILE).rounds
        years = range(first, last + 1)
        wanted = [code for year in years for code in rounds_of(catalogue, desk.settings.office, year)]
        rounds = [code for code in wanted if code in sent]
        if not rounds:
            raise UsageError("timetable.nothing_between", first=first, last=last)
        Runner(desk).backfill(rounds)
    for code in rounds:
        _say(desk.settings, "filled", round=code)


def _do(desk: Desk, catalogue: Catalogue, step: Step) -> None:
    from dagster_project.defs.run import Runner
    from dagster_project.freshness import read_freshness
    from dagster_project.locks import build_lock
    from dagster_project.timetable import CLOSING, EXPORT, FORMS, issue_forms, mark_done, remind

    by = desk.settings.person
    if step.kind == FORMS:
        issue_forms(desk, catalogue, step.round_code, by)
        return
    if step.kind == CLOSING and not read_freshness(desk, catalogue).is_fresh:
        with build_lock(desk.folder.build_lock):
            Runner(desk).refresh()
    if step.kind == EXPORT:
        with build_lock(desk.folder.build_lock):
            _export(desk, step.round_code)
        mark_done(desk, step, by)
    else:
        remind(desk, catalogue, step, by)


def _export(desk: Desk, round_code: str) -> None:
    """The round's documents, where they were not made yet from the release that they belong to."""
    from dagster_project import pipeline
    from dagster_project.cli_base import current_id
    from dagster_project.defs.run import Runner
    from dagster_project.reports.export import is_exported

    release_id = pipeline.release_to_export(desk, current_id(desk), round_code)
    if not is_exported(desk.folder.exports / release_id, round_code):
        Runner(desk).report(round_code)


def _name(settings: Settings, kind: str, occasion: str) -> str:
    code = f"step_{kind}_before" if kind == "reminder" and occasion.isdecimal() else f"step_{kind}"
    return message(f"timetable.{code}", settings.lang, days=occasion)


def _say(settings: Settings, code: str, **values: object) -> None:
    sys.stdout.write(message(f"timetable.{code}", settings.lang, **values) + "\n")
