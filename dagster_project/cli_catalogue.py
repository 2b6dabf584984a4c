"""`kho catalogue`: look at, check, exchange and confirm the reference data."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.cli_base import Json, clock, help_text, own_catalogue, say, settings_told
from dagster_project.errors import ExitCode, UsageError
from dagster_project.messages import message
from dagster_project.paths import Project

catalogue_app = typer.Typer(help=help_text("catalogue_group"), no_args_is_help=True)


@catalogue_app.command("check", help=help_text("catalogue_check"))
def catalogue_check(*, as_json: Json = False) -> None:
    """Lint the catalogue and print every problem."""
    from dagster_project.catalogue.lint import Problem, check
    from dagster_project.catalogue.load import CatalogueError, load_catalogue
    from dagster_project.catalogue.reference_areas import commune_counts

    settings = settings_told()
    filled: list[int] = []
    notes: list[Problem] = []
    counted: dict[str, int] = {}
    try:
        catalogue = load_catalogue(settings.catalogue, settings.reference_areas)
        problems = check(catalogue)
        notes += catalogue.notes
        if settings.reference_areas:
            counted = commune_counts(catalogue.tables)
        filled = [frame.height for frame in catalogue.tables.values() if frame.height]
    except CatalogueError as error:
        problems = list(error.problems)
    if as_json:
        told = [("blocking", problem) for problem in problems] + [("info", note) for note in notes]
        rows = [
            {**asdict(problem), "severity": severity, "text": problem.text(settings.lang)}
            for severity, problem in told
        ]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n")
    else:
        for problem in (*problems, *notes):
            sys.stdout.write(problem.text(settings.lang) + "\n")
        if counted:
            sys.stdout.write(message("areas.loaded", settings.lang, **counted) + "\n")
        if problems:
            say(settings, "catalogue_problems", count=len(problems))
        else:
            say(settings, "catalogue_ok", tables=len(filled), rows=sum(filled))
    raise typer.Exit(ExitCode.BLOCKING_FINDINGS if problems else ExitCode.DONE)


@catalogue_app.command("export", help=help_text("catalogue_export"))
def catalogue_export(file: Annotated[Path, typer.Argument()]) -> None:
    """Write the catalogue to one workbook."""
    from dagster_project.catalogue.exchange import export_workbook
    from dagster_project.catalogue.load import load_catalogue

    settings = settings_told()
    export_workbook(load_catalogue(settings.catalogue), file)
    say(settings, "catalogue_exported", file=file)


@catalogue_app.command("import", help=help_text("catalogue_import"))
def catalogue_import(
    file: Annotated[Path, typer.Argument()],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=help_text("dry_run"))] = False,
) -> None:
    """Read an edited workbook back: the differences, the problems, then the change."""
    from dagster_project.catalogue.exchange import import_workbook
    from dagster_project.intake.guard import inspect

    settings = own_catalogue()
    if not file.is_file():
        raise UsageError("cli.no_such_file", file=file)
    seen = inspect(file, settings.office.read_limits)
    if seen.refusal or seen.kind in ("csv", "docx", "paper"):
        found = seen.values.get("found", seen.kind)
        told = {"file_name": file.name, "observed": found, "expected": "?", **seen.values}
        raise UsageError(seen.refusal or "FILE_NOT_WORKBOOK", **told)
    imported = import_workbook(file, settings.catalogue, dry_run=dry_run)
    for change in imported.changes:
        sys.stdout.write(change.text(settings.lang) + "\n")
    for problem in imported.problems:
        sys.stdout.write(problem.text(settings.lang) + "\n")
    if imported.problems:
        say(settings, "catalogue_problems", count=len(imported.problems))
        raise typer.Exit(ExitCode.BLOCKING_FINDINGS)
    say(settings, "catalogue_dry_run" if dry_run else "catalogue_imported", changes=len(imported.changes))


@catalogue_app.command("diff", help=help_text("catalogue_diff"))
def catalogue_diff(other: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Print what differs between the catalogue in use and another folder."""
    from dagster_project.catalogue.diff import diff
    from dagster_project.catalogue.load import load_catalogue

    settings = settings_told()
    old = load_catalogue(other or Project().reference)
    for change in diff(old, load_catalogue(settings.catalogue)):
        sys.stdout.write(change.text(settings.lang) + "\n")


@catalogue_app.command("confirm", help=help_text("catalogue_confirm"))
def catalogue_confirm(
    indicator: Annotated[str, typer.Argument()],
    by: Annotated[str, typer.Option("--by", help=help_text("by"))],
) -> None:
    """Record that a name was checked against the official appendix."""
    from dagster_project.catalogue.confirm import confirm
    from dagster_project.ledger.store import log_act, open_ledger

    settings = own_catalogue()
    now = clock()
    # The ledger first: nothing is marked as checked where that could not be logged.
    settings.folder.make()
    ledger = open_ledger(settings.folder.ledger)
    confirm(settings.catalogue, indicator, by=by, on=now.date())
    log_act(ledger, at=now, actor=by, act="catalogue.confirm", subject=indicator)
    say(settings, "confirmed", code=indicator, by=by)
