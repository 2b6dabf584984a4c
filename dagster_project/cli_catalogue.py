"""`kho catalogue`: look at, check, exchange and confirm the reference data."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import (
    Json,
    clock,
    help_text,
    office_told,
    own_catalogue,
    print_table,
    say,
    settings_told,
)
from dagster_project.errors import ExitCode, UsageError
from dagster_project.messages import message
from dagster_project.paths import Project
from dagster_project.settings import Settings

if TYPE_CHECKING:
    from dagster_project.ledger.catalogue_log import CatalogueVersion

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
    by: Annotated[str, typer.Option("--by", help=help_text("by"))] = "",
    reason: Annotated[str, typer.Option("--reason", help=help_text("change_reason"))] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help=help_text("dry_run"))] = False,
) -> None:
    """Read an edited workbook back: the differences, the problems, then the new version."""
    from dagster_project.catalogue.exchange import read_workbook
    from dagster_project.catalogue_versions import change_catalogue
    from dagster_project.intake.guard import inspect
    from dagster_project.locks import build_lock

    settings = own_catalogue()
    if not file.is_file():
        raise UsageError("cli.no_such_file", file=file)
    seen = inspect(file, settings.office.read_limits)
    if seen.refusal or seen.kind in ("csv", "docx", "paper"):
        found = seen.values.get("found", seen.kind)
        told = {"file_name": file.name, "observed": found, "expected": "?", **seen.values}
        raise UsageError(seen.refusal or "FILE_NOT_WORKBOOK", **told)
    imported = read_workbook(file, settings.catalogue)
    for change in imported.changes:
        sys.stdout.write(change.text(settings.lang) + "\n")
    for problem in imported.problems:
        sys.stdout.write(problem.text(settings.lang) + "\n")
    if imported.problems:
        say(settings, "catalogue_problems", count=len(imported.problems))
        raise typer.Exit(ExitCode.BLOCKING_FINDINGS)
    if dry_run:
        say(settings, "catalogue_dry_run", changes=len(imported.changes))
        return
    if not by.strip() or not reason.strip():
        raise UsageError("versions.reason_blank")
    with build_lock(settings.folder.build_lock):
        _keep_fixed(settings, imported.tables)
        version = change_catalogue(
            settings,
            imported.tables,
            how="import",
            at=clock(),
            by=by,
            reason=reason,
            source=(file.name, hashlib.sha256(file.read_bytes()).hexdigest()),
        )
    _say_version(settings, version, len(imported.changes))


@catalogue_app.command("versions", help=help_text("catalogue_versions"))
def catalogue_versions(*, as_json: Json = False) -> None:
    """List the versions of the catalogue: when, how, who, why."""
    from dagster_project.catalogue.calendar import OFFICE_TIME
    from dagster_project.ledger.catalogue_log import list_versions
    from dagster_project.ledger.store import open_ledger

    desk = office_told()
    settings = desk.settings
    versions = list_versions(open_ledger(settings.ledger)) if settings.has_ledger else []
    if as_json:
        rows = [{**asdict(version), "made_at": version.made_at.isoformat()} for version in versions]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    if not versions:
        sys.stdout.write(message("versions.none", settings.lang) + "\n")
        return
    print_table(
        settings,
        ("version", "made_at", "how", "made_by", "why"),
        [
            (
                f"{version.number} · {version.content_hash[:12]}",
                f"{version.made_at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}",
                message(f"versions.how_{version.how}", settings.lang),
                version.made_by or message("versions.nobody", settings.lang),
                " · ".join(filter(None, (version.reason, version.document, version.source_name))),
            )
            for version in versions
        ],
    )


@catalogue_app.command("diff", help=help_text("catalogue_diff"))
def catalogue_diff(
    first: Annotated[str | None, typer.Argument(metavar="[A]")] = None,
    second: Annotated[str | None, typer.Argument(metavar="[B]")] = None,
) -> None:
    """Print what differs from A (else the shipped catalogue) to B (else the one in use): versions or folders."""
    from dagster_project.catalogue.diff import diff
    from dagster_project.catalogue.load import load_catalogue
    from dagster_project.catalogue_versions import catalogue_told

    settings = settings_told()
    old = catalogue_told(settings, first) if first else load_catalogue(Project().reference)
    new = catalogue_told(settings, second) if second else load_catalogue(settings.catalogue)
    for change in diff(old, new):
        sys.stdout.write(change.text(settings.lang) + "\n")


@catalogue_app.command("confirm", help=help_text("catalogue_confirm"))
def catalogue_confirm(
    indicators: Annotated[list[str], typer.Argument()],
    by: Annotated[str, typer.Option("--by", help=help_text("by"))],
    document: Annotated[str, typer.Option("--document", help=help_text("document"))] = "",
) -> None:
    """Record that names were checked against the official appendix."""
    from dagster_project.catalogue.confirm import confirmed
    from dagster_project.catalogue_versions import change_catalogue
    from dagster_project.ledger.store import log_act, open_ledger
    from dagster_project.locks import build_lock

    settings = own_catalogue()
    now = clock()
    table = confirmed(settings.catalogue, indicators, by=by, on=now.date())
    settings.folder.make()
    with build_lock(settings.folder.build_lock):
        # The ledger first: nothing is marked as checked where that could not be logged.
        ledger = open_ledger(settings.ledger)
        for code in dict.fromkeys(indicators):
            log_act(ledger, at=now, actor=by.strip(), act="catalogue.confirm", subject=code, detail=document)
        change_catalogue(
            settings,
            {"indicators": table},
            how="confirm",
            at=now,
            by=by,
            reason=", ".join(dict.fromkeys(indicators)),
            document=document,
        )
    for code in dict.fromkeys(indicators):
        say(settings, "confirmed", code=code, by=by)


def _keep_fixed(settings: Settings, tables: Mapping[str, bytes]) -> None:
    """Refuse tables by which figures of a fixed round would change, told by a build beside the current release.

    A confirmed name changes no figure and needs no such build.
    """
    from dagster_project.aside import build_aside
    from dagster_project.catalogue.lint import check
    from dagster_project.catalogue.versions import with_tables
    from dagster_project.fixed_rounds import check_fixed
    from dagster_project.ledger.rounds import read_rounds
    from dagster_project.ledger.store import open_ledger
    from dagster_project.pipeline import Desk
    from dagster_project.warehouse.releases import RELEASE_FILE

    if not settings.has_ledger:
        return
    rounds = read_rounds(open_ledger(settings.ledger))
    catalogue = with_tables(settings.catalogue, tables)
    if rounds.fixed() and not check(catalogue):
        beside = build_aside(Desk(settings=settings, now=clock), catalogue)
        check_fixed(settings.folder, rounds, beside / RELEASE_FILE)


def _say_version(settings: Settings, version: CatalogueVersion | None, changes: int) -> None:
    if version is None:
        sys.stdout.write(message("versions.unchanged", settings.lang) + "\n")
        return
    told = {"version": version.content_hash[:12], "changes": changes, "by": version.made_by}
    sys.stdout.write(message("versions.saved", settings.lang, **told) + "\n")
