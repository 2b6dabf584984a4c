"""``kho package``: the figures of one round packed for the level above.

Parsing and printing belong here; what a package holds does not (``reports.package``).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.cli_base import (
    HELP_LANG,
    OfRelease,
    Round,
    Year,
    desk_told,
    id_told,
    path_option,
    rounds_told,
)
from dagster_project.errors import UsageError
from dagster_project.messages import message


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("package", help=message("package.help", HELP_LANG))(package)


def package(
    year: Year = None,
    round_code: Round = None,
    release: OfRelease = None,
    *,
    sdmx: Annotated[bool, typer.Option("--sdmx", help=message("package.help_sdmx", HELP_LANG))] = False,
    to: Annotated[Path | None, path_option("--to", message("package.help_to", HELP_LANG))] = None,
) -> None:
    """Write the packages of the rounds told, or of the newest round with submissions; a fixed round's is its own."""
    from dagster_project import pipeline
    from dagster_project.durable import replaced
    from dagster_project.reports.export import package_name
    from dagster_project.reports.package import write_package
    from dagster_project.reports.release import open_release
    from dagster_project.warehouse.summary import summarise

    desk = desk_told()
    told_id = id_told(desk, release, None)
    sent = summarise(desk.folder.release(told_id) / "kho.duckdb").rounds
    told = rounds_told(desk.settings, pipeline.load_checked_catalogue(desk), year, round_code)
    chosen = sent[-1:] if told is None else [code for code in told if code in sent]
    if not chosen:
        raise UsageError("cli.nothing_of_round", round=", ".join(told or ["–"]), release=told_id)
    for code in chosen:
        release_id = told_id if release else pipeline.release_to_export(desk, told_id, code)
        folder = to or desk.folder.exports / release_id
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / package_name(code, sdmx=sdmx)
        with open_release(desk.folder.release(release_id)) as opened, replaced(file) as aside:
            write_package(opened, code, aside, desk.settings.lang, sdmx=sdmx)
        sys.stdout.write(message("package.written", desk.settings.lang, round_code=code, path=file) + "\n")
