"""`kho`: thin commands over the rooms. Parsing, progress, printing and exit codes belong here, no figure does.

Rooms are imported inside the commands that need them: `kho --help` loads none.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_project.errors import ExitCode, KhoError, UsageError
from dagster_project.messages import message
from dagster_project.paths import Project
from dagster_project.settings import Settings, read_settings

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.pipeline import Desk
    from dagster_project.warehouse.summary import ReleaseSummary


def _told_lang(arguments: Sequence[str]) -> str:
    """The language for help texts, which are made before the options are parsed."""
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        told = value if option == "--lang" else option.removeprefix("--lang=")
        if option.startswith("--lang") and told in ("vi", "en"):
            return told
    return "en" if os.environ.get("KHO_LANG") == "en" else "vi"


_HELP_LANG = _told_lang(sys.argv[1:])


def _help(code: str) -> str:
    return message(f"cli.help_{code}", _HELP_LANG)


app = typer.Typer(help=_help("app"), no_args_is_help=True, add_completion=False, rich_markup_mode=None)
catalogue_app = typer.Typer(help=_help("catalogue_group"), no_args_is_help=True)
forms_app = typer.Typer(help=_help("forms"), no_args_is_help=True)
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(forms_app, name="forms")

Year = Annotated[int | None, typer.Option("--year", help=_help("year"))]
Json = Annotated[bool, typer.Option("--json", help=_help("json"))]


@dataclass
class _Told:
    """Options that stand before the command."""

    data: Path | None = None
    catalogue: Path | None = None
    lang: str | None = None


_told = _Told()


@app.callback()
def options(
    data: Annotated[Path | None, typer.Option("--data", help=_help("data"))] = None,
    catalogue: Annotated[Path | None, typer.Option("--catalogue", help=_help("catalogue"))] = None,
    lang: Annotated[str | None, typer.Option("--lang", help=_help("lang"))] = None,
) -> None:
    """Keep the options that stand before every command."""
    _told.data, _told.catalogue, _told.lang = data, catalogue, lang


@app.command(help=_help("init"))
def init(
    *,
    sample: Annotated[bool, typer.Option("--sample", help=_help("sample"))] = False,
    area: Annotated[str, typer.Option("--area", help=_help("area"))] = "03390",
    level: Annotated[str, typer.Option("--level", help=_help("level"))] = "commune",
    criteria_set: Annotated[str, typer.Option("--criteria-set", help=_help("criteria_set"))] = "2244",
) -> None:
    """Make the data folder; what an office already has is left alone."""
    from dagster_project.office import make_office

    settings = _settings()
    made = make_office(
        settings, is_sample=sample, level=level, area_code=area, criteria_set_code=criteria_set
    )
    _say(settings, "init_done" if made else "init_kept", folder=settings.data)


@app.command(help=_help("run"))
def run(
    files: Annotated[list[Path] | None, typer.Argument(help=_help("files"), show_default=False)] = None,
    *,
    year: Year = None,
    as_json: Json = False,
) -> None:
    """Take in files, gate, build, release and export: the main job."""
    from dagster_project import pipeline
    from dagster_project.locks import build_lock
    from dagster_project.warehouse.releases import current_manifest
    from dagster_project.warehouse.summary import summarise

    desk = _desk()
    seconds: dict[str, float] = {}
    desk.folder.make()
    with build_lock(desk.folder.build_lock):
        catalogue = pipeline.load_checked_catalogue(desk)
        if year is not None:
            _rounds_of(desk.settings, catalogue, year)
        with _stage(desk.settings, "receive", seconds):
            received = pipeline.receive(desk, files or [desk.folder.inbox], expected_year=year)
        before = current_manifest(desk.folder)
        inputs = pipeline.read_inputs(desk, catalogue)
        runner = None
        if before is None or before.inputs_hash != inputs.inputs_hash:
            from dagster_project.defs.run import Runner

            runner = Runner(desk)
            with _stage(desk.settings, "refresh", seconds):
                seconds.update(runner.refresh())
        after = current_manifest(desk.folder)
        if after is None:
            raise KhoError("cli.no_release", folder=desk.folder.root)
        summary = summarise(desk.folder.release(after.release_id) / "kho.duckdb")
        round_code = _export_round(desk.settings, catalogue, year, summary.rounds)
        if not _is_exported(desk, after.release_id, round_code):
            from dagster_project.defs.run import Runner

            with _stage(desk.settings, "export", seconds):
                if round_code:
                    seconds.update((runner or Runner(desk)).report(round_code))
                else:
                    pipeline.export(desk, after.release_id, None)
    changed = before is None or before.release_id != after.release_id
    names = {(receipt.file_name, receipt.sha256) for receipt in received} if files else None
    outcome = _Outcome(desk, after.release_id, after.content_hash, changed, summary, seconds, names)
    if as_json:
        sys.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        outcome.say()
    raise typer.Exit(ExitCode.BLOCKING_FINDINGS if summary.findings["blocking"] else ExitCode.DONE)


@app.command(help=_help("report"))
def report(
    year: Year = None,
    release: Annotated[str | None, typer.Option("--release", help=_help("release"))] = None,
) -> None:
    """Export the report set of a release again."""
    from dagster_project import pipeline
    from dagster_project.warehouse.summary import summarise

    desk = _desk()
    release_id = release or _current(desk)
    summary = summarise(desk.folder.release(release_id) / "kho.duckdb")
    round_code = _export_round(desk.settings, pipeline.load_checked_catalogue(desk), year, summary.rounds)
    for file in pipeline.export(desk, release_id, round_code):
        _say(desk.settings, "run_where", name=_export_name(desk.settings, file.kind), path=file.path)


@app.command(help=_help("sql"))
def sql(
    query: Annotated[str, typer.Argument()],
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help=_help("csv"))] = False,
    as_json: Json = False,
) -> None:
    """Print the rows of one read-only query over the current release."""
    from dagster_project.warehouse import sql as sandbox

    desk = _desk()
    result = sandbox.run_query(desk.folder.release(_current(desk)) / "kho.duckdb", query)
    sys.stdout.write(sandbox.render(result, "csv" if as_csv else "json" if as_json else "table"))


@app.command(help=_help("trace"))
def trace(
    indicator: Annotated[str, typer.Argument()],
    area: Annotated[str, typer.Option("--area", help=_help("area"))],
    year: Annotated[int, typer.Option("--year", help=_help("year"))],
    *,
    as_json: Json = False,
) -> None:
    """Follow a figure down to file, sheet, cell and the text typed there."""
    from dagster_project.warehouse.trace import render, trace_indicator

    desk = _desk()
    file = desk.folder.release(_current(desk)) / "kho.duckdb"
    traces = trace_indicator(file, indicator, area, year)
    if not traces:
        raise UsageError("cli.trace_none", indicator=indicator, area=area, year=year)
    if as_json:
        content = (
            json.dumps([asdict(item) for item in traces], ensure_ascii=False, indent=2, default=str) + "\n"
        )
    else:
        content = render(traces, desk.settings.lang)
    sys.stdout.write(content)


@app.command(help=_help("releases"))
def releases(*, as_json: Json = False) -> None:
    """List the releases, newest first."""
    from dagster_project.warehouse.releases import list_releases

    desk = _desk()
    manifests = list_releases(desk.folder)
    if as_json:
        rows = [manifest.as_json() for manifest in manifests]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    if not manifests:
        _say(desk.settings, "releases_none")
        return
    current = _current(desk)
    _table(
        desk.settings,
        ("release", "created", "content", "current"),
        [
            (
                manifest.release_id,
                manifest.created_at,
                manifest.content_hash[:16],
                "●" if manifest.release_id == current else "",
            )
            for manifest in manifests
        ],
    )


@forms_app.command("issue", help=_help("forms_issue"))
def forms_issue(
    year: Annotated[int, typer.Option("--year", help=_help("year"))],
    unit: Annotated[list[str] | None, typer.Option("--unit", help=_help("unit"))] = None,
) -> None:
    """One workbook per reporting unit of the year's round."""
    from dagster_project import pipeline

    desk = _desk()
    catalogue = pipeline.load_checked_catalogue(desk)
    for round_code in _rounds_of(desk.settings, catalogue, year):
        issued = pipeline.issue(desk, catalogue, round_code, unit)
        _say(desk.settings, "forms_issued", count=len(issued), folder=desk.folder.forms / round_code)


@catalogue_app.command("check", help=_help("catalogue_check"))
def catalogue_check(*, as_json: Json = False) -> None:
    """Lint the catalogue and print every problem."""
    from dagster_project.catalogue.lint import check
    from dagster_project.catalogue.load import load_catalogue

    settings = _settings()
    catalogue = load_catalogue(settings.catalogue)
    problems = check(catalogue)
    if as_json:
        rows = [{**asdict(problem), "text": problem.text(settings.lang)} for problem in problems]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n")
    else:
        for problem in problems:
            sys.stdout.write(problem.text(settings.lang) + "\n")
        filled = [frame.height for frame in catalogue.tables.values() if frame.height]
        if problems:
            _say(settings, "catalogue_problems", count=len(problems))
        else:
            _say(settings, "catalogue_ok", tables=len(filled), rows=sum(filled))
    raise typer.Exit(ExitCode.BLOCKING_FINDINGS if problems else ExitCode.DONE)


@catalogue_app.command("export", help=_help("catalogue_export"))
def catalogue_export(file: Annotated[Path, typer.Argument()]) -> None:
    """Write the catalogue to one workbook."""
    from dagster_project.catalogue.exchange import export_workbook
    from dagster_project.catalogue.load import load_catalogue

    settings = _settings()
    export_workbook(load_catalogue(settings.catalogue), file)
    _say(settings, "catalogue_exported", file=file)


@catalogue_app.command("import", help=_help("catalogue_import"))
def catalogue_import(
    file: Annotated[Path, typer.Argument()],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_help("dry_run"))] = False,
) -> None:
    """Read an edited workbook back: the differences, the problems, then the change."""
    from dagster_project.catalogue.exchange import import_workbook
    from dagster_project.intake.guard import inspect

    settings = _own_catalogue()
    if not file.is_file():
        raise UsageError("cli.no_such_file", file=file)
    seen = inspect(file, settings.office.read_limits)
    if seen.refusal:
        told = {"file_name": file.name, "observed": "?", "expected": "?", **seen.values}
        raise UsageError(seen.refusal, **told)
    imported = import_workbook(file, settings.catalogue, dry_run=dry_run)
    for change in imported.changes:
        sys.stdout.write(change.text(settings.lang) + "\n")
    for problem in imported.problems:
        sys.stdout.write(problem.text(settings.lang) + "\n")
    if imported.problems:
        _say(settings, "catalogue_problems", count=len(imported.problems))
        raise typer.Exit(ExitCode.BLOCKING_FINDINGS)
    _say(settings, "catalogue_dry_run" if dry_run else "catalogue_imported", changes=len(imported.changes))


@catalogue_app.command("diff", help=_help("catalogue_diff"))
def catalogue_diff(other: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Print what differs between the catalogue in use and another folder."""
    from dagster_project.catalogue.diff import diff
    from dagster_project.catalogue.load import load_catalogue

    settings = _settings()
    old = load_catalogue(other or Project().reference)
    for change in diff(old, load_catalogue(settings.catalogue)):
        sys.stdout.write(change.text(settings.lang) + "\n")


@catalogue_app.command("confirm", help=_help("catalogue_confirm"))
def catalogue_confirm(
    indicator: Annotated[str, typer.Argument()],
    by: Annotated[str, typer.Option("--by", help=_help("by"))],
) -> None:
    """Record that a name was checked against the official appendix."""
    from dagster_project.catalogue.confirm import confirm
    from dagster_project.ledger.store import log_act, open_ledger

    settings = _own_catalogue()
    now = _now()
    confirm(settings.catalogue, indicator, by=by, on=now.date())
    log_act(open_ledger(settings.folder.ledger), at=now, actor=by, act="catalogue.confirm", subject=indicator)
    _say(settings, "confirmed", code=indicator, by=by)


@dataclass(frozen=True)
class _Outcome:
    """What one `kho run` has to tell."""

    desk: Desk
    release_id: str
    content_hash: str
    changed: bool
    summary: ReleaseSummary
    seconds: Mapping[str, float]
    names: set[tuple[str, str]] | None

    def as_json(self) -> dict[str, Any]:
        """The object that ``kho run --json`` prints (architecture, section 6)."""
        return {
            "release": self.release_id,
            "changed": self.changed,
            "content_hash": self.content_hash,
            "files": [
                asdict(file)
                for file in self.summary.files
                if self.names is None or (file.file, file.sha256) in self.names
            ],
            "seconds": {stage: round(value, 3) for stage, value in self.seconds.items()},
            "peak_memory_mb": _peak_memory_mb(),
        }

    def say(self) -> None:
        settings = self.desk.settings
        if settings.office.is_sample:
            _say(settings, "sample_mark")
        code = "run_changed" if self.changed else "run_unchanged"
        _say(settings, code, release=self.release_id, content_hash=self.content_hash[:16])
        counts = self.summary.findings
        _say(
            settings,
            "run_counts",
            files=len(self.summary.files),
            submissions=self.summary.submissions,
            **counts,
        )
        for kind, path in _exported(self.desk, self.release_id):
            _say(settings, "run_where", name=_export_name(settings, kind), path=path)
        _say(
            settings,
            "run_where",
            name=message("cli.export_release", settings.lang),
            path=self.desk.folder.release(self.release_id),
        )


def _exported(desk: Desk, release_id: str) -> list[tuple[str, Path]]:
    from dagster_project.reports.export import exported_files

    return [(file.kind, file.path) for file in exported_files(desk.folder.exports / release_id)]


def _is_exported(desk: Desk, release_id: str, round_code: str | None) -> bool:
    from dagster_project.reports.export import is_exported

    return is_exported(desk.folder.exports / release_id, round_code)


def _export_name(settings: Settings, kind: str) -> str:
    return message(f"cli.export_{kind}", settings.lang)


def _export_round(
    settings: Settings, catalogue: Catalogue, year: int | None, rounds: Sequence[str]
) -> str | None:
    """The round whose report set is made: the year's, else the newest with submissions."""
    wanted = (
        rounds if year is None else [code for code in _rounds_of(settings, catalogue, year) if code in rounds]
    )
    return wanted[-1] if wanted else None


def _rounds_of(settings: Settings, catalogue: Catalogue, year: int) -> list[str]:
    """The yearly rounds of the office's level and criteria set; ``UsageError`` where there is none."""
    from dagster_project.catalogue.rounds import rounds_of

    found = rounds_of(catalogue, settings.office, year)
    if not found:
        raise UsageError("cli.no_round", year=year)
    return found


def _current(desk: Desk) -> str:
    from dagster_project.warehouse.releases import current_release

    release_id = current_release(desk.folder)
    if release_id is None:
        raise UsageError("cli.no_release", folder=desk.folder.root)
    return release_id


def _settings() -> Settings:
    return read_settings(_told.data, _told.catalogue, _told.lang)


def _own_catalogue() -> Settings:
    settings = _settings()
    if settings.catalogue == Project().reference:
        raise UsageError("cli.catalogue_shipped")
    return settings


def _desk() -> Desk:
    from dagster_project.pipeline import Desk

    return Desk(settings=_settings(), now=_now)


def _now() -> datetime:
    return datetime.now(UTC)


def _say(settings: Settings, text: str, /, **values: object) -> None:
    sys.stdout.write(message(f"cli.{text}", settings.lang, **values) + "\n")


def _table(settings: Settings, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*(message(f"cli.col_{name}", settings.lang) for name in columns))
    for row in rows:
        table.add_row(*(str(value) for value in row))
    Console().print(table)


@contextmanager
def _stage(settings: Settings, name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Time a stage and, on a terminal, show that it is at work."""
    start = time.perf_counter()
    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status(message(f"cli.progress_{name}", settings.lang)):
            yield
    else:
        yield
    seconds[name] = time.perf_counter() - start


def _peak_memory_mb() -> int:
    """The largest resident set of this process or of a child, in MB (``ru_maxrss`` is in KiB on Linux)."""
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return round(max(peaks) / 1024)


def main() -> None:
    """The command's entry: every failure ends in a message and an exit code, never in a traceback."""
    for name in ("DO_NOT_TRACK", "DAGSTER_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    try:
        app(standalone_mode=True)
    except KhoError as error:
        lang = _told.lang if _told.lang in ("vi", "en") else _HELP_LANG
        sys.stderr.write(error.text(lang) + "\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  # the last guard: a user gets words, the log gets the traceback
        sys.stderr.write(_unexpected(error) + "\n")
        sys.exit(ExitCode.FAILED)


def _unexpected(error: Exception) -> str:
    import traceback

    root = (_told.data or Path(os.environ.get("KHO_DATA") or "data")).resolve()
    log = root / "logs" / f"{_now():%Y%m%dT%H%M%S}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return message("cli.unexpected", _HELP_LANG, error=type(error).__name__, log=log)
