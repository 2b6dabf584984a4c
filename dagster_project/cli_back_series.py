"""``kho forms back-series``: forms for the years from before the system.

Parsing and printing belong here; what the forms hold does not.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dagster_project.cli_base import help_text, office_told
from dagster_project.errors import UsageError
from dagster_project.messages import message


def register(forms_app: typer.Typer) -> None:
    """Add the command to ``kho forms``."""
    forms_app.command("back-series", help=help_text("back_series"))(back_series)


def back_series(
    first: Annotated[int, typer.Option("--from", help=help_text("back_series_from"))],
    last: Annotated[int, typer.Option("--to", help=help_text("back_series_to"))],
    unit: Annotated[list[str] | None, typer.Option("--unit", help=help_text("unit"))] = None,
) -> None:
    """One workbook per unit that fills in the figures of earlier years, a sheet per area of the time."""
    from dagster_project import pipeline
    from dagster_project.catalogue.rounds import Wanted, rounds_wanted

    if first > last:
        raise UsageError("back_series.wrong_years", first=first, last=last)
    desk = office_told()
    catalogue = pipeline.load_checked_catalogue(desk)
    rounds = [
        code
        for year in range(first, last + 1)
        for code in rounds_wanted(catalogue, desk.settings.office, Wanted(year))
    ]
    issued = pipeline.issue_back(desk, catalogue, rounds, unit)
    told = message("back_series.issued", desk.settings.lang, count=len(issued), folder=issued[0].parent)
    sys.stdout.write(told + "\n")
