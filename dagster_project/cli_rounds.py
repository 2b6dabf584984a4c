"""The state of a round: `kho review`, `sign`, `issue`, `lock`, `reopen`, `amend`, and `kho log`.

Options, words and the order of steps belong here; what may be done when is told in ``decide.rounds``. Each act is
written to the ledger first and then built into a release of its own, so that an export needs nothing but a release:
documents are made at once only where the act is about them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_project.cli_base import (
    HELP_LANG,
    Json,
    Round,
    Year,
    help_text,
    office_told,
    path_option,
    say,
    say_clock,
)
from dagster_project.errors import KhoError, UsageError
from dagster_project.messages import message, message_table

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dagster_project.catalogue.load import Catalogue
    from dagster_project.decide.rounds import AskedAct, CheckedAct, RoundAgainst
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings


def _help(code: str) -> str:
    return message(f"rounds.help_{code}", HELP_LANG)


#: After them somebody needs the documents: to be signed, and with their number. Others are made when asked for.
_ON_PAPER = ("sign", "issue")

By = Annotated[str, typer.Option("--by", help=help_text("officer"))]
Reason = Annotated[str, typer.Option("--reason", help=help_text("reason"))]
Remark = Annotated[str, typer.Option("--reason", help=_help("remark"), show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    for command in (review, sign, issue, lock, reopen, amend, log):
        app.command(command.__name__, help=_help(command.__name__))(command)


def review(*, year: Year = None, round_code: Round = None, reason: Remark = "", by: By) -> None:
    """Say that the round's figures were checked, or what is still open."""
    _do("review", year, round_code, by=by, reason=reason)


def sign(*, year: Year = None, round_code: Round = None, reason: Remark = "", by: By) -> None:
    """Freeze the round's figures for signature."""
    _do("sign", year, round_code, by=by, reason=reason)


def issue(
    *,
    year: Year = None,
    round_code: Round = None,
    number: Annotated[str, typer.Option("--number", help=_help("number"))],
    dated: Annotated[datetime, typer.Option("--date", formats=["%d/%m/%Y", "%Y-%m-%d"], help=_help("date"))],
    signer: Annotated[str, typer.Option("--signer", help=_help("signer"))],
    file: Annotated[Path, path_option("--file", _help("file"))],
    reason: Remark = "",
    by: By,
) -> None:
    """Register the signed document: its number, date, signer and file."""
    document = {"number": number, "dated": dated.date(), "signer": signer, "file": file}
    _do("issue", year, round_code, by=by, reason=reason, **document)


def lock(*, year: Year = None, round_code: Round = None, reason: Remark = "", by: By) -> None:
    """Close an issued round."""
    _do("lock", year, round_code, by=by, reason=reason)


def reopen(*, year: Year = None, round_code: Round = None, reason: Reason, by: By) -> None:
    """Make a round a draft again, for a reason."""
    _do("reopen", year, round_code, by=by, reason=reason)


def amend(
    *,
    year: Year = None,
    round_code: Round = None,
    kind: Annotated[str, typer.Option("--kind", help=_help("kind"))],
    returned_by: Annotated[str | None, typer.Option("--returned-by", help=_help("returned_by"))] = None,
    paper: Annotated[Path | None, path_option("--paper", _help("paper"))] = None,
    reason: Reason,
    by: By,
) -> None:
    """Take up an issued report again: final figures, an addition, a replacement of what came back."""
    _do("amend", year, round_code, by=by, reason=reason, amendment=kind, returned_by=returned_by, paper=paper)


def log(*, year: Year = None, round_code: Round = None, as_json: Json = False) -> None:
    """List who did what and when; with a round, what concerns it."""
    from dagster_project.catalogue.load import load_catalogue
    from dagster_project.ledger.acts import acts_of
    from dagster_project.ledger.store import list_acts, open_ledger

    desk = office_told()
    acts = list(list_acts(open_ledger(desk.settings.ledger)))
    if year is not None or round_code is not None:
        catalogue = load_catalogue(desk.settings.catalogue, desk.settings.reference_areas)
        code = _round(desk.settings, catalogue, year, round_code)
        (period,) = catalogue.table("rounds").filter(round_code=code)["period_code"]
        acts = acts_of(acts, code, period)
    if as_json:
        told = [{**act, "acted_at": _moment(act).isoformat()} for act in acts]
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        return
    if not acts:
        _say(desk.settings, "log_none")
    for act in acts:
        sys.stdout.write(_log_line(desk.settings, act) + "\n")


def _do(act: str, year: int | None, round_code: str | None, **asked: Any) -> None:
    """Check an act, write it, and build the release that knows of it, with documents where they are to be signed."""
    from dagster_project import pipeline
    from dagster_project.decide.rounds import AskedAct, check_act
    from dagster_project.intake.land import land
    from dagster_project.ledger.rounds import add_round_act
    from dagster_project.ledger.store import open_ledger
    from dagster_project.locks import build_lock

    desk = office_told()
    desk.folder.make()
    with build_lock(desk.folder.build_lock):
        say_clock(desk)
        catalogue = pipeline.load_checked_catalogue(desk)
        code = _round(desk.settings, catalogue, year, round_code)
        ledger = open_ledger(desk.settings.ledger)
        wanted = AskedAct(act=act, round_code=code, **asked)
        checked = check_act(wanted, _against(desk, catalogue, ledger, code))
        written, document = checked.act, checked.document
        if wanted.paper is not None:
            written = replace(written, paper_sha256=land(wanted.paper, desk.folder).sha256)
        if document is not None and wanted.file is not None:
            document = replace(document, file_sha256=land(wanted.file, desk.folder).sha256)
        add_round_act(ledger, written, document)
        _say_done(desk.settings, wanted, checked)
        try:
            release_id = _release(desk, code, is_exported=act in _ON_PAPER)
        except KhoError as error:
            raise NotBuiltError(error) from error
    _say(desk.settings, "release", release=release_id)
    if act not in _ON_PAPER:
        _say(desk.settings, "documents_later", round=code)
    for kind, path in _documents(desk, release_id):
        say(desk.settings, "run_where", name=message(f"cli.export_{kind}", desk.settings.lang), path=path)


class NotBuiltError(KhoError):
    """The act stands in the ledger, its release could not be made."""

    def __init__(self, cause: KhoError) -> None:
        self.cause = cause
        self.exit_code = cause.exit_code
        super().__init__("rounds.not_built", detail=cause.text("en"))

    def text(self, lang: str) -> str:
        return message("rounds.not_built", lang, detail=self.cause.text(lang))


def _against(desk: Desk, catalogue: Catalogue, ledger: Engine, round_code: str) -> RoundAgainst:
    from dagster_project import pipeline
    from dagster_project.decide.rounds import RoundAgainst
    from dagster_project.freshness import waiting_files
    from dagster_project.known import unconfirmed_of
    from dagster_project.ledger.decisions import list_entries
    from dagster_project.ledger.rounds import last_receipt_number, read_rounds
    from dagster_project.warehouse.fixed import figures_hash
    from dagster_project.warehouse.readiness import read_readiness
    from dagster_project.warehouse.releases import RELEASE_FILE, current_release

    release_id = current_release(desk.folder)
    file = desk.folder.release(release_id) / RELEASE_FILE if release_id else None
    return RoundAgainst(
        rounds=read_rounds(ledger),
        release_id=release_id,
        readiness=read_readiness(file, round_code) if file else None,
        figures_hash=figures_hash(file, round_code) if file else None,
        is_stale=pipeline.needs_build(desk, pipeline.read_inputs(desk, catalogue)),
        is_rolled_back=pipeline.rolled_back(desk) is not None,
        waiting_files=waiting_files(desk),
        unconfirmed_entries=[
            entry.entry_id
            for entry in unconfirmed_of(desk, list_entries(ledger))
            if entry.round_code == round_code
        ],
        last_receipt_number=last_receipt_number(ledger),
        period_start=_period_start(catalogue, round_code),
        now=desk.now(),
    )


def _release(desk: Desk, round_code: str, *, is_exported: bool) -> str:
    """The release that holds the act, with the round's documents where asked; the caller holds the build lock."""
    from dagster_project.cli_base import current_id
    from dagster_project.side_by_side import loading
    from dagster_project.warehouse.build import start_early

    start_early(desk.project)  # dbt loads while this process does
    with loading():
        from dagster_project.defs.run import Runner

    runner = Runner(desk)
    runner.refresh()
    if is_exported:
        runner.report(round_code)
    return current_id(desk)


def _documents(desk: Desk, release_id: str) -> list[tuple[str, Path]]:
    from dagster_project.reports.export import exported_files

    return [(file.kind, file.path) for file in exported_files(desk.folder.exports / release_id)]


def _round(settings: Settings, catalogue: Catalogue, year: int | None, round_code: str | None) -> str:
    """The one round that is meant. Raises ``UsageError`` where none or several are."""
    from dagster_project.catalogue.rounds import Wanted, rounds_wanted

    found = rounds_wanted(catalogue, settings.office, Wanted(year, round_code))
    if len(found) > 1:
        raise UsageError("rounds.several_rounds", rounds=", ".join(found))
    return found[0]


def _period_start(catalogue: Catalogue, round_code: str) -> date:
    """First day of the period that a round of the catalogue reports."""
    known = catalogue.table("rounds").select("round_code", "period_start").iter_rows()
    start: date = dict(known)[round_code]
    return start


def _say_done(settings: Settings, asked: AskedAct, checked: CheckedAct) -> None:
    act, document = checked.act, checked.document
    state = message(f"rounds.state_{act.state}", settings.lang)
    _say(settings, f"done_{asked.act}", round=act.round_code, state=state, by=act.set_by)
    if document is not None:
        dated = f"{document.document_date:%d/%m/%Y}"
        told = {"number": document.document_number, "date": dated, "signer": document.signer}
        _say(settings, "document", **told)
        if document.cites_number and document.cites_date:
            cited = {"number": document.cites_number, "date": f"{document.cites_date:%d/%m/%Y}"}
            _say(settings, f"cites_{document.relation}", revision=document.revision, **cited)
    for item in checked.remarks:
        sys.stdout.write(f"– {item.text(settings.lang)}\n")


def _log_line(settings: Settings, act: dict[str, object]) -> str:
    from dagster_project.catalogue.calendar import OFFICE_TIME

    when = f"{_moment(act).astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"
    code = f"rounds.act_{act['act']}"
    name = message(code, settings.lang) if code in message_table() else str(act["act"])
    kind, mark, rest = _plain(act).partition(" · ")
    worded = f"rounds.amendment_{kind}"
    kind = message(worded, settings.lang) if worded in message_table() else kind
    parts = (when, str(act["actor"]), name, str(act["subject"]), f"{kind}{mark}{rest}")
    return "  ".join(part for part in parts if part)


def _plain(act: dict[str, object]) -> str:
    """What an act says besides, in words: a rollback's is JSON, any other's what somebody wrote."""
    from dagster_project.ledger.rollbacks import ROLLED_BACK

    detail = str(act["detail"])
    return str(json.loads(detail)["reason"]) if act["act"] == ROLLED_BACK else detail


def _moment(act: dict[str, object]) -> datetime:
    moment = act["acted_at"]
    if not isinstance(moment, datetime):
        raise TypeError(f"an act without its moment: {moment!r}")
    return moment


def _say(settings: Settings, code: str, **values: object) -> None:
    sys.stdout.write(message(f"rounds.{code}", settings.lang, **values) + "\n")
