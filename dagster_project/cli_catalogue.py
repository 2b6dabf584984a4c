"""`kho catalogue`: look at, check, exchange and confirm the reference data."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import (
    Json,
    Round,
    Year,
    clock,
    help_text,
    office_told,
    own_catalogue,
    path_option,
    path_told,
    print_table,
    rounds_told,
    say,
    settings_told,
)
from dagster_project.errors import ExitCode, UsageError
from dagster_project.messages import message
from dagster_project.paths import Project

if TYPE_CHECKING:
    from dagster_project.catalogue.appendix_apply import Terms
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.ledger.catalogue_log import CatalogueVersion
    from dagster_project.settings import Settings

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
def catalogue_export(file: Annotated[Path, typer.Argument(parser=path_told)]) -> None:
    """Write the catalogue to one workbook."""
    from dagster_project.catalogue.exchange import export_workbook
    from dagster_project.catalogue.load import load_catalogue

    settings = settings_told()
    if file.exists():
        raise UsageError("cli.file_exists", file=file)
    export_workbook(load_catalogue(settings.catalogue), file)
    say(settings, "catalogue_exported", file=file)


@catalogue_app.command("import", help=help_text("catalogue_import"))
def catalogue_import(
    file: Annotated[Path, typer.Argument(parser=path_told)],
    *,
    by: Annotated[str, typer.Option("--by", help=help_text("by"))] = "",
    reason: Annotated[str, typer.Option("--reason", help=help_text("change_reason"))] = "",
    document: Annotated[str, typer.Option("--document", help=help_text("document"))] = "",
    year: Year = None,
    valid_from: Annotated[str | None, typer.Option("--valid-from", help=help_text("valid_from"))] = None,
    accept: Annotated[list[str] | None, typer.Option("--accept", help=help_text("accept_row"))] = None,
    accept_all: Annotated[bool, typer.Option("--accept-all", help=help_text("accept_all"))] = False,
    partial: Annotated[bool, typer.Option("--partial", help=help_text("partial"))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=help_text("dry_run"))] = False,
) -> None:
    """Read an edited workbook or an official appendix: what changes, what is wrong, then the new version."""
    from dagster_project.appendix import is_appendix, plan_appendix
    from dagster_project.catalogue.load import load_catalogue
    from dagster_project.intake.guard import inspect

    settings = own_catalogue()
    if not file.is_file():
        raise UsageError("cli.no_such_file", file=file)
    seen = inspect(file, settings.office.read_limits)
    if seen.refusal or seen.kind in ("csv", "paper"):
        found = seen.values.get("found", seen.kind)
        told = {"file_name": file.name, "observed": found, "expected": "?", **seen.values}
        raise UsageError(seen.refusal or "FILE_NOT_WORKBOOK", **told)
    if not dry_run and not (by.strip() and (reason.strip() or document.strip())):
        raise UsageError("versions.reason_blank")
    as_version = Written(by, reason, document, (file.name, hashlib.sha256(file.read_bytes()).hexdigest()))
    if not is_appendix(file, seen.kind):
        _import_workbook(settings, file, as_version, dry_run=dry_run)
        return
    catalogue = load_catalogue(settings.catalogue, settings.reference_areas)
    terms = _terms(settings, catalogue, as_version, year, valid_from, is_whole=not partial)
    plan = plan_appendix(settings, catalogue, file, terms, _accepted(accept or ()), accept_all=accept_all)
    for line in plan.lines(settings.lang):
        sys.stdout.write(line + "\n")
    if plan.blocking:
        sys.stdout.write(message("appendix.not_written", settings.lang, count=plan.blocking) + "\n")
        raise typer.Exit(ExitCode.BLOCKING_FINDINGS)
    if dry_run:
        sys.stdout.write(message("appendix.dry_run", settings.lang) + "\n")
        return
    _write_version(settings, plan.tables, "appendix", as_version, len(plan.applied.told))


@dataclass(frozen=True)
class Written:
    """What stands beside a version: who, why, by which document, from which file (name, sha256)."""

    by: str
    reason: str = ""
    document: str = ""
    source: tuple[str, str] = ("", "")


def _import_workbook(settings: Settings, file: Path, written: Written, *, dry_run: bool) -> None:
    from dagster_project.catalogue.exchange import read_workbook

    imported = read_workbook(file, settings.catalogue, settings.reference_areas)
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
    _write_version(settings, imported.tables, "import", written, len(imported.changes))


def _write_version(
    settings: Settings, tables: Mapping[str, bytes], how: str, written: Written, changes: int
) -> None:
    from dagster_project.catalogue_versions import change_catalogue
    from dagster_project.locks import build_lock

    settings.folder.make()
    with build_lock(settings.folder.build_lock):
        _keep_fixed(settings, tables)
        version = change_catalogue(settings, tables, how=how, at=clock(), **asdict(written))
    _say_version(settings, version, changes)


def _terms(
    settings: Settings,
    catalogue: Catalogue,
    written: Written,
    year: int | None,
    valid_from: str | None,
    *,
    is_whole: bool,
) -> Terms:
    """From when the appendix holds and for whom; ``UsageError`` where that is not told."""
    from dagster_project.catalogue.appendix_apply import Terms
    from dagster_project.catalogue.rounds import Wanted, rounds_wanted

    office = settings.office
    if not office.criteria_set_code:
        raise UsageError("appendix.no_set")
    if valid_from:
        try:
            since = date.fromisoformat(valid_from)
        except ValueError as error:
            raise UsageError("appendix.wrong_day", told=valid_from) from error
    elif year is not None:
        first = rounds_wanted(catalogue, office, Wanted(year))[0]
        since = catalogue.table("rounds").filter(round_code=first)["period_start"].item()
    else:
        raise UsageError("appendix.when_needed")
    return Terms(
        criteria_set_code=office.criteria_set_code,
        level=office.level,
        area_code=office.area_code,
        valid_from=since,
        confirmed_by=written.by.strip(),
        confirmed_at=clock().date(),
        document=written.document.strip(),
        is_whole=is_whole,
    )


def _accepted(told: Sequence[str]) -> dict[str, str]:
    parted = [text.partition("=") for text in told]
    for ref, _, code in parted:
        if not ref.strip() or not code.strip():
            raise UsageError("appendix.wrong_accept", told=f"{ref}={code}")
    return {ref.strip(): code.strip() for ref, _, code in parted}


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
    by: Annotated[str, typer.Option("--by", help=help_text("by"))],
    indicators: Annotated[list[str] | None, typer.Argument()] = None,
    *,
    all_from: Annotated[Path | None, path_option("--all-from", help_text("all_from"))] = None,
    document: Annotated[str, typer.Option("--document", help=help_text("document"))] = "",
    year: Year = None,
    round_code: Round = None,
) -> None:
    """Record that names were checked against the official appendix: those told, or all that it has word for word.

    Of each the version of a round's last day; without a round, of today.
    """
    from dagster_project.appendix import same_names
    from dagster_project.catalogue.confirm import confirmed
    from dagster_project.catalogue.load import load_catalogue
    from dagster_project.catalogue_versions import change_catalogue
    from dagster_project.ledger.store import log_act, open_ledger
    from dagster_project.locks import build_lock

    settings = own_catalogue()
    now = clock()
    catalogue = load_catalogue(settings.catalogue, settings.reference_areas)
    rounds = rounds_told(settings, catalogue, year, round_code)
    ends = dict(catalogue.table("rounds").select("round_code", "period_end").iter_rows())
    valid_on = ends[rounds[0]] if rounds else now.date()
    codes = list(dict.fromkeys(indicators or ()))
    source = ("", "")
    if all_from is not None:
        if not all_from.is_file():
            raise UsageError("cli.no_such_file", file=all_from)
        sha256, found, others = same_names(settings, catalogue, all_from, valid_on)
        codes = list(dict.fromkeys([*codes, *found]))
        source = (all_from.name, sha256)
        for name in others:
            sys.stdout.write(message("appendix.not_confirmed", settings.lang, name=name) + "\n")
    if not codes:
        raise UsageError("versions.nothing_to_confirm")
    marked = confirmed(settings.catalogue, codes, by=by, on=now.date(), valid_on=valid_on)
    settings.folder.make()
    written = Written(by, ", ".join(codes), document, source)
    with build_lock(settings.folder.build_lock):
        # The ledger first: nothing is marked as checked where that could not be logged.
        ledger = open_ledger(settings.ledger)
        for code in codes:
            log_act(ledger, at=now, actor=by.strip(), act="catalogue.confirm", subject=code, detail=document)
        version = change_catalogue(
            settings, {"indicators": marked.table}, how="confirm", at=now, **asdict(written)
        )
    _say_version(settings, version, len(codes))
    for code, (name, *validity) in marked.versions.items():
        since, until = ("…" if day is None else f"{day:%d/%m/%Y}" for day in validity)
        say(settings, "confirmed", code=code, name=name, since=since, until=until, by=by)


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
    catalogue = with_tables(settings.catalogue, tables, settings.reference_areas)
    if rounds.fixed() and not check(catalogue):
        beside = build_aside(Desk(settings=settings, now=clock), catalogue)
        check_fixed(settings.folder, rounds, beside / RELEASE_FILE)


def _say_version(settings: Settings, version: CatalogueVersion | None, changes: int) -> None:
    if version is None:
        sys.stdout.write(message("versions.unchanged", settings.lang) + "\n")
        return
    told = {"version": version.content_hash[:12], "changes": changes, "by": version.made_by}
    sys.stdout.write(message("versions.saved", settings.lang, **told) + "\n")
