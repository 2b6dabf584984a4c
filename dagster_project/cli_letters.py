"""``kho letters``: reminders, return slips, confirmations and messages for the units of a round.

Parsing and printing belong here; which letters are due and what they say do not.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dagster_project.cli_base import (
    HELP_LANG,
    Round,
    Year,
    current_id,
    help_text,
    known_now,
    office_told,
    rounds_told,
)
from dagster_project.errors import UsageError
from dagster_project.messages import message


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("letters", help=message("letters.help_letters", HELP_LANG))(letters)


def letters(
    *,
    year: Year = None,
    round_code: Round = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", help=help_text("unit"))] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help=message("letters.help_kind", HELP_LANG))
    ] = None,
) -> None:
    """Write what is due to units of the rounds told, or of the newest open round."""
    from dagster_project.catalogue.load import load_catalogue
    from dagster_project.unit_letters import KINDS, write_letters
    from dagster_project.warehouse.status import round_to_show

    for name in kind or ():
        if name not in KINDS:
            raise UsageError("letters.unknown_kind", kind=name, known=", ".join(KINDS))
    desk = office_told()
    catalogue = load_catalogue(desk.settings.catalogue, desk.settings.reference_areas)
    known = known_now(desk, catalogue)
    told = rounds_told(desk.settings, catalogue, year, round_code)
    shown = round_to_show(known, told)
    if shown is None:
        raise UsageError("cli.status_no_round")
    release_dir = desk.folder.release(current_id(desk))
    for code in told or [shown]:
        done = write_letters(known, desk.folder, release_dir, code, units=unit or None, kinds=kind or KINDS)
        for letter in done.letters:
            told_code = "edited" if letter.is_edited else "written"
            name = message(f"letters.kind_{letter.kind}", desk.settings.lang)
            _print(told_code, desk.settings.lang, kind=name, path=letter.path)
        if done.is_fixed:
            _print("fixed", desk.settings.lang, round_code=code)
        if not done.letters and not done.removed:
            _print("nothing", desk.settings.lang, round_code=code)
            continue
        _print(
            "total",
            desk.settings.lang,
            round_code=code,
            count=len(done.letters),
            folder=desk.folder.letters / code,
            removed=done.removed,
        )


def _print(code: str, lang: str, **values: object) -> None:
    sys.stdout.write(message(f"letters.{code}", lang, **values) + "\n")
