"""`kho`: thin commands over the rooms. Parsing, progress, printing and exit codes belong here, no figure does.

Rooms are imported inside the commands that need them: `kho --help` loads none.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dagster_project.cli_back_series import register as register_back_series
from dagster_project.cli_backup import register as register_backup
from dagster_project.cli_base import (
    HELP_LANG,
    OPTIONS,
    Json,
    KnownAt,
    OfRelease,
    Round,
    Year,
    clock,
    desk_told,
    help_text,
    id_told,
    office_told,
    path_option,
    path_told,
    rounds_told,
    say,
    say_clock,
    say_rollback,
    settings_told,
)
from dagster_project.cli_catalogue import catalogue_app
from dagster_project.cli_decisions import register as register_decisions
from dagster_project.cli_doctor import register as register_doctor
from dagster_project.cli_documents import register as register_documents
from dagster_project.cli_failures import explain
from dagster_project.cli_feedback import feedback
from dagster_project.cli_handover import register as register_handover
from dagster_project.cli_letters import register as register_letters
from dagster_project.cli_notices import register as register_notices
from dagster_project.cli_package import register as register_package
from dagster_project.cli_portal import register as register_portal
from dagster_project.cli_progress import progress_shown
from dagster_project.cli_publish import register as register_publish
from dagster_project.cli_releases import register as register_releases
from dagster_project.cli_rounds import register as register_rounds
from dagster_project.cli_serve import register as register_serve
from dagster_project.cli_sql import register as register_sql
from dagster_project.cli_status import register as register_status
from dagster_project.cli_timetable import register as register_timetable
from dagster_project.cli_usage import HelpAsked, ParserError, explain_usage
from dagster_project.errors import ExitCode, KhoError, UsageError
from dagster_project.limits import peak_memory_mb
from dagster_project.messages import message
from dagster_project.paths import Project

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted
    from dagster_project.defs.run import Runner
    from dagster_project.ledger.rollbacks import Rollback
    from dagster_project.ledger.store import Receipt
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings
    from dagster_project.warehouse.summary import ReleaseSummary


#: What Typer makes of Ctrl-C.
_SHELL_INTERRUPTED = 130

app = typer.Typer(help=help_text("app"), no_args_is_help=True, add_completion=False, rich_markup_mode=None)
forms_app = typer.Typer(help=help_text("forms"), no_args_is_help=True)
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(forms_app, name="forms")
app.command("feedback", help=help_text("feedback"))(feedback)


@app.callback()
def options(
    data: Annotated[Path | None, path_option("--data", help_text("data"))] = None,
    catalogue: Annotated[Path | None, path_option("--catalogue", help_text("catalogue"))] = None,
    lang: Annotated[str | None, typer.Option("--lang", help=help_text("lang"))] = None,
) -> None:
    """Keep the options that stand before every command."""
    OPTIONS.data, OPTIONS.catalogue, OPTIONS.lang = data, catalogue, lang


@app.command(help=help_text("init"))
def init(
    *,
    sample: Annotated[bool, typer.Option("--sample", help=help_text("sample"))] = False,
    area: Annotated[str | None, typer.Option("--area", help=help_text("area"))] = None,
    level: Annotated[str | None, typer.Option("--level", help=help_text("level"))] = None,
    criteria_set: Annotated[
        str | None, typer.Option("--criteria-set", help=help_text("criteria_set"))
    ] = None,
    reference_areas: Annotated[
        str | None, typer.Option("--reference-areas", help=help_text("reference_areas"))
    ] = None,
) -> None:
    """Make the data folder; what an office already has is left alone."""
    from dagster_project.office import make_office

    settings = settings_told()
    told = {
        "level": level,
        "area_code": area,
        "criteria_set_code": criteria_set,
        "reference_areas": reference_areas,
    }
    asked = {name: value for name, value in told.items() if value is not None}
    made = make_office(settings, is_sample=sample, asked=asked)
    say(settings, "init_done" if made else "init_kept", folder=settings.data)


@app.command(help=help_text("run"))
def run(
    files: Annotated[
        list[Path] | None, typer.Argument(parser=path_told, help=help_text("files"), show_default=False)
    ] = None,
    *,
    year: Year = None,
    round_code: Round = None,
    reports: Annotated[bool, typer.Option("--report/--no-report", help=help_text("run_report"))] = True,
    as_json: Json = False,
) -> None:
    """Take in files, gate, build, release and export: the main job."""
    if files:  # most likely there is something new
        _start_beside()
    from dagster_project import pipeline
    from dagster_project.catalogue.rounds import Wanted
    from dagster_project.locks import build_lock
    from dagster_project.warehouse.releases import current_manifest
    from dagster_project.warehouse.summary import summarise

    desk = desk_told()
    pipeline.check_templates(desk)
    seconds: dict[str, float] = {}
    began = time.perf_counter()
    desk.folder.make()
    with build_lock(desk.folder.build_lock), progress_shown(desk.settings) as progress:
        desk = replace(desk, progress=progress, exports_follow=reports)
        say_clock(desk)
        catalogue = pipeline.load_checked_catalogue(desk)
        told = rounds_told(desk.settings, catalogue, year, round_code)
        wanted = Wanted(round_code=told[0]) if told and round_code else Wanted(year)
        last = pipeline.last_received(desk)
        with _timed("receive", seconds):
            sources = files or [desk.folder.inbox]
            received = pipeline.receive(desk, sources, wanted=wanted)
            _take_again(desk, catalogue, received, wanted)
        problems = [error.text(desk.settings.lang) for error in pipeline.not_received(desk, sources)]
        before = current_manifest(desk.folder)
        held = pipeline.rolled_back(desk)
        asked = set(received)
        new = [receipt for receipt in pipeline.received_since(desk, last) if receipt in asked]
        runner = _refresh(desk, catalogue, seconds, has_new=bool(new))
        after = current_manifest(desk.folder)
        if after is None:
            raise KhoError("cli.no_release", folder=desk.folder.root)
        summary = summarise(desk.folder.release(after.release_id) / "kho.duckdb")
        exported = _export_round(told, summary.rounds)
        signed = pipeline.release_to_export(desk, after.release_id, exported)
        if reports:
            of_round = exported if signed == after.release_id else None
            seconds.update(_export_new(desk, after.release_id, of_round, runner))
    seconds["total"] = time.perf_counter() - began
    changed = before is None or before.release_id != after.release_id
    names = {(receipt.file_name, receipt.sha256) for receipt in received} if files else None
    outcome = _Outcome(
        desk, after.release_id, after.content_hash, changed, summary, seconds, names, held, signed, problems
    )
    if as_json:
        # In one line: to indent the files of a country takes three times as long.
        sys.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False) + "\n")
    else:
        outcome.say()
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    raise typer.Exit(_exit_code(outcome, received, new, is_whole=not problems))


@app.command(help=help_text("report"))
def report(
    year: Year = None,
    round_code: Round = None,
    release: OfRelease = None,
    at: KnownAt = None,
) -> None:
    """Export the report set of a release again, or of what was known at a moment; a fixed round's is its own."""
    from dagster_project import pipeline
    from dagster_project.locks import build_lock
    from dagster_project.warehouse.summary import summarise

    desk = desk_told()
    release_id = id_told(desk, release, at)
    summary = summarise(desk.folder.release(release_id) / "kho.duckdb")
    told = rounds_told(desk.settings, pipeline.load_checked_catalogue(desk), year, round_code)
    exported = _export_round(told, summary.rounds)
    if told and exported is None:
        raise UsageError("cli.nothing_of_round", round=", ".join(told), release=release_id)
    if release is None and at is None:
        release_id = pipeline.release_to_export(desk, release_id, exported)
    with build_lock(desk.folder.build_lock):
        written = pipeline.export(desk, release_id, exported)
    for file in written:
        say(desk.settings, "run_where", name=_export_name(desk.settings, file.kind), path=file.path)


@app.command(help=help_text("trace"))
def trace(
    indicator: Annotated[str, typer.Argument()],
    area: Annotated[str, typer.Option("--area", help=help_text("area"))],
    year: Year = None,
    *,
    round_code: Round = None,
    release: OfRelease = None,
    at: KnownAt = None,
    as_json: Json = False,
) -> None:
    """Follow a figure down to file, sheet, cell and the text typed there."""
    from dagster_project.catalogue.rounds import Wanted
    from dagster_project.warehouse.trace import render, trace_indicator

    desk = desk_told()
    file = desk.folder.release(id_told(desk, release, at)) / "kho.duckdb"
    wanted = Wanted(year, round_code)
    traces = trace_indicator(file, indicator, area, wanted)
    if not traces:
        raise UsageError("cli.trace_none", indicator=indicator, area=area, round=round_code or year)
    if as_json:
        content = (
            json.dumps([asdict(item) for item in traces], ensure_ascii=False, indent=2, default=str) + "\n"
        )
    else:
        content = render(traces, desk.settings.lang)
    sys.stdout.write(content)


@forms_app.command("issue", help=help_text("forms_issue"))
def forms_issue(
    year: Year = None,
    round_code: Round = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", help=help_text("unit"))] = None,
) -> None:
    """One workbook per reporting unit of the round."""
    from dagster_project import pipeline
    from dagster_project.catalogue.rounds import Wanted, rounds_wanted
    from dagster_project.timetable import FORMS, Step, mark_done

    desk = office_told()
    catalogue = pipeline.load_checked_catalogue(desk)
    for code in rounds_wanted(catalogue, desk.settings.office, Wanted(year, round_code)):
        issued = pipeline.issue(desk, catalogue, code, unit)
        if unit is None:
            mark_done(desk, Step(FORMS, code), desk.settings.person)
        say(desk.settings, "forms_issued", count=len(issued), folder=desk.folder.forms / code)


register_back_series(forms_app)
register_status(app)
register_decisions(app)
register_portal(app)
register_releases(app)
register_rounds(app)
register_letters(app)
register_documents(app)
register_package(app)
register_sql(app)
register_backup(app)
register_publish(app)
register_notices(app)
register_timetable(app)
register_serve(app)
register_doctor(app)
register_handover(app)


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
    held: Rollback | None
    signed: str
    problems: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """The object that ``kho run --json`` prints (architecture, section 6)."""
        from dagster_project.warehouse.summary import list_files

        asked = None if self.names is None else {sha256 for _, sha256 in self.names}
        return {
            "release": self.release_id,
            "changed": self.changed,
            "content_hash": self.content_hash,
            "files": [
                vars(file)
                for file in list_files(self.release_file(), asked)
                if self.names is None or (file.file, file.sha256) in self.names
            ],
            "seconds": {stage: round(value, 3) for stage, value in self.seconds.items()},
            "peak_memory_mb": peak_memory_mb(),
            **({"rollback": self._rollback_told(self.held)} if self.held else {}),
            **({"not_received": self.problems} if self.problems else {}),
        }

    def release_file(self) -> Path:
        """The file of the release, which tells of what came."""
        return self.desk.folder.release(self.release_id) / "kho.duckdb"

    def _rollback_ended(self) -> bool:
        from dagster_project import pipeline

        return pipeline.rolled_back(self.desk) is None

    def _rollback_told(self, held: Rollback) -> dict[str, Any]:
        told = {"release": held.release_id, "by": held.by, "at": held.at.isoformat(), "reason": held.reason}
        return {**told, "ended": self._rollback_ended()}

    def say(self) -> None:
        settings = self.desk.settings
        if settings.office.is_sample:
            say(settings, "sample_mark")
        code = "run_changed" if self.changed else "run_unchanged"
        say(settings, code, release=self.release_id, content_hash=self.content_hash[:16])
        if self.held:
            say_rollback(settings, self.held, ended=self._rollback_ended())
        counts = self.summary.findings
        say(
            settings,
            "run_counts",
            files=self.summary.files,
            submissions=self.summary.submissions,
            **counts,
        )
        say(settings, "run_spent", seconds=f"{self.seconds['total']:.0f}", memory=peak_memory_mb())
        for kind, path in self._documents():
            say(settings, "run_where", name=_export_name(settings, kind), path=path)
        say(
            settings,
            "run_where",
            name=message("cli.export_release", settings.lang),
            path=self.desk.folder.release(self.release_id),
        )

    def _documents(self) -> list[tuple[str, Path]]:
        """What was exported; of a fixed round the documents that were signed, beside what tells of later files."""
        own = _exported(self.desk, self.release_id)
        if self.signed == self.release_id:
            return own
        kinds = {kind for kind, _ in own}
        return [*own, *(item for item in _exported(self.desk, self.signed) if item[0] not in kinds)]


def _take_again(desk: Desk, catalogue: Catalogue, received: Sequence[Receipt], wanted: Wanted) -> None:
    """Let what another year or round refused be read for the one that is told now, and say so beside the output."""
    from dagster_project import pipeline

    names = pipeline.take_again(desk, catalogue, received, wanted)
    if names:
        text = message("cli.taken_again", desk.settings.lang, count=len(names), files=", ".join(names))
        sys.stderr.write(text + "\n")


def _exit_code(
    outcome: _Outcome, received: Sequence[Receipt], new: Sequence[Receipt], *, is_whole: bool
) -> ExitCode:
    """A lock, where fixed rounds refused a file and nothing usable came with it; ``is_whole``: nothing was left out.

    Of what is new a blocking finding counts also where another file came in its place.
    """
    from dagster_project.warehouse.summary import has_blocking, list_files, refused_by_fixed_rounds

    came = {receipt.sha256 for receipt in new or received}
    refused = came & refused_by_fixed_rounds(outcome.release_file())
    if refused:
        files = list_files(outcome.release_file(), came)
        names = ", ".join(file.file for file in files if file.sha256 in refused)
        told = message("rounds.files_refused", outcome.desk.settings.lang, count=len(refused), files=names)
        sys.stderr.write(told + "\n")
        if not any(file.status in ("received", "paper") for file in files):
            return ExitCode.LOCKED
    is_clean = is_whole and not outcome.summary.findings["blocking"]
    is_clean = is_clean and not (new and has_blocking(outcome.release_file(), came))
    return ExitCode.DONE if is_clean else ExitCode.BLOCKING_FINDINGS


def _refresh(desk: Desk, catalogue: Catalogue, seconds: dict[str, float], *, has_new: bool) -> Runner | None:
    """Make a release of what is new, files (``has_new``) or not; returns what ran it, None where nothing is new."""
    from dagster_project import pipeline
    from dagster_project.side_by_side import loading

    if not pipeline.needs_build(desk, pipeline.read_inputs(desk, catalogue)):
        _stop_beside()
        pipeline.start_build(desk)
        return None
    _start_beside(judges=has_new or not pipeline.cell_store(desk, catalogue).is_dir())
    with loading():
        from dagster_project.defs.run import Runner

    runner = Runner(desk)
    with _stage(desk, "refresh", seconds):
        seconds.update(runner.refresh())
    return runner


def _start_beside(*, judges: bool = True) -> None:
    """What judges and builds takes seconds to load: it does so in processes beside this one.

    Without ``judges`` there are only decisions that are new, and nothing to judge.
    """
    from dagster_project.quality import beside
    from dagster_project.warehouse.build import start_early

    if judges:
        beside.start()
    start_early(Project())


def _stop_beside() -> None:
    """End those processes: there is nothing to do for them."""
    from dagster_project.quality import beside
    from dagster_project.warehouse.build import stop_early

    beside.stop()
    stop_early()


def _export_new(
    desk: Desk, release_id: str, round_code: str | None, runner: Runner | None
) -> Mapping[str, float]:
    """Export what the release has no documents of yet; seconds per stage."""
    seconds: dict[str, float] = {}
    if _is_exported(desk, release_id, round_code):
        return seconds
    from dagster_project import pipeline
    from dagster_project.defs.run import Runner

    with _stage(desk, "export", seconds):
        if round_code:
            seconds.update((runner or Runner(desk)).report(round_code))
        else:
            pipeline.export(desk, release_id, None)
    return seconds


def _exported(desk: Desk, release_id: str) -> list[tuple[str, Path]]:
    from dagster_project.reports.export import exported_files

    return [(file.kind, file.path) for file in exported_files(desk.folder.exports / release_id)]


def _is_exported(desk: Desk, release_id: str, round_code: str | None) -> bool:
    from dagster_project.reports.export import is_exported

    return is_exported(desk.folder.exports / release_id, round_code)


def _export_name(settings: Settings, kind: str) -> str:
    return message(f"cli.export_{kind}", settings.lang)


def _export_round(told: Sequence[str] | None, rounds: Sequence[str]) -> str | None:
    """The round whose report set is made: the one told, else the newest with submissions."""
    wanted = rounds if told is None else [code for code in told if code in rounds]
    return wanted[-1] if wanted else None


@contextmanager
def _timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


@contextmanager
def _stage(desk: Desk, name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Time a stage and show that it is at work."""
    desk.progress(name, 0, None)
    with _timed(name, seconds):
        yield
    desk.progress(name, 1, 1)


def main() -> None:
    """The command's entry: every failure ends in a message and an exit code, never in a traceback."""
    for name in ("DO_NOT_TRACK", "DAGSTER_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    interrupted = Event()
    signal.signal(signal.SIGINT, lambda *_: _interrupt(interrupted))
    try:
        code = app(standalone_mode=False)
        if code == _SHELL_INTERRUPTED:
            _fail(KhoError("cli.interrupted"))
        sys.exit(code)
    except HelpAsked as error:
        error.show()
        sys.exit(ExitCode.WRONG_USAGE)
    except ParserError as error:
        _fail(explain_usage(error))
    except KhoError as error:
        _fail(KhoError("cli.interrupted") if interrupted.is_set() else explain(error, _root()) or error)
    except Exception as error:  # noqa: BLE001  # the last guard: a user gets words, the log gets the traceback
        log = _log(error)
        _fail(explain(error, _root()) or _unforeseen(error, log))
    finally:
        # Python would search all that a run has loaded for garbage once more, which takes a second.
        gc.freeze()


def _interrupt(interrupted: Event) -> NoReturn:
    """Remember it, since dbt takes an interruption for a fault of its own."""
    interrupted.set()
    raise KeyboardInterrupt


def _fail(error: KhoError) -> NoReturn:
    lang = OPTIONS.lang if OPTIONS.lang in ("vi", "en") else HELP_LANG
    sys.stderr.write(error.text(lang) + "\n")
    sys.exit(error.exit_code)


def _unforeseen(error: Exception, log: Path | str) -> KhoError:
    if isinstance(error, OSError):
        where = error.filename or _root()
        return KhoError("cli.disk_refused", file=where, detail=error.strerror or str(error), log=log)
    return KhoError("cli.unexpected", error=type(error).__name__, log=log)


def _root() -> Path:
    return (OPTIONS.data or Path(os.environ.get("KHO_DATA") or "data")).resolve()


def _log(error: Exception) -> Path | str:
    """Write the traceback among the logs; where that cannot be, it goes to the temporary folder."""
    import tempfile
    import traceback

    root = _root()
    content = "".join(traceback.format_exception(error))
    for folder in (root / "logs", Path(tempfile.gettempdir())):
        log = folder / f"kho-{clock():%Y%m%dT%H%M%S}.log"
        try:
            folder.mkdir(exist_ok=True)
            log.write_text(content, encoding="utf-8", errors="replace")
        except OSError:
            continue
        return log
    return "–"
