"""`kho handover`: the office handed from one officer to the next on one page.

Options and words belong here; what the page says is told in ``handover``.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dagster_project.cli_base import HELP_LANG, known_now, office_told, say_clock
from dagster_project.messages import message


def _help(code: str) -> str:
    return message(f"handover.help_{code}", HELP_LANG)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("handover", help=_help("handover"))(handover)


def handover(
    *,
    giver: Annotated[str, typer.Option("--from", help=_help("from"))],
    taker: Annotated[str, typer.Option("--to", help=_help("to"))],
) -> None:
    """Write the page and put into the ledger who handed over to whom."""
    from dagster_project.catalogue.load import load_catalogue
    from dagster_project.handover import hand_over

    desk = office_told()
    say_clock(desk)
    catalogue = load_catalogue(desk.settings.catalogue, desk.settings.reference_areas)
    for file in hand_over(desk, known_now(desk, catalogue), giver=giver, taker=taker):
        sys.stdout.write(message("handover.written", desk.settings.lang, file=file) + "\n")
