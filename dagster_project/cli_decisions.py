"""What people decide: `kho correct`, `enter`, `confirm-entry`, `respond`, `decide`, `exempt`, `signed`, `withdraw`.

Options, words and the order of steps belong here; what may be decided is told in ``decide``. A decision changes no
release: the next `kho run` makes one with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import (
    Round,
    Year,
    clock,
    current_id,
    help_text,
    office_told,
    path_option,
    say,
    say_clock,
)
from dagster_project.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted
    from dagster_project.decide.entries import Asked, Checked
    from dagster_project.ledger.store import Receipt
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings

_TOTAL = "_T"

Unit = Annotated[str, typer.Option("--unit", help=help_text("one_unit"))]
Category = Annotated[str, typer.Option("--category", help=help_text("category"))]
Area = Annotated[str | None, typer.Option("--area", help=help_text("area_of_figure"))]
Value = Annotated[str, typer.Option("--value", help=help_text("value"))]
Reason = Annotated[str, typer.Option("--reason", help=help_text("reason"))]
SaidBy = Annotated[str, typer.Option("--said-by", help=help_text("said_by"))]
Channel = Annotated[str | None, typer.Option("--channel", help=help_text("channel"))]
By = Annotated[str, typer.Option("--by", help=help_text("officer"))]
Paper = Annotated[Path | None, path_option("--paper", help_text("paper"))]
Page = Annotated[int | None, typer.Option("--page", help=help_text("page"))]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    for name, command in (
        ("correct", correct),
        ("enter", enter),
        ("confirm-entry", confirm_entry),
        ("respond", respond),
        ("decide", decide),
        ("exempt", exempt),
        ("signed", signed),
        ("withdraw", withdraw),
    ):
        app.command(name, help=help_text(name.replace("-", "_")))(command)


def correct(
    element: Annotated[str, typer.Argument()],
    *,
    unit: Unit,
    year: Year = None,
    round_code: Round = None,
    category: Category = _TOTAL,
    area: Area = None,
    value: Value,
    expect: Annotated[str, typer.Option("--expect", help=help_text("expect"))],
    reason: Reason,
    said_by: SaidBy,
    channel: Channel = None,
    by: By,
    paper: Paper = None,
    page: Page = None,
) -> None:
    """Correct a figure that a unit sent, as long as the source still holds the old one."""
    from dagster_project.catalogue.rounds import Wanted
    from dagster_project.decide.entries import Asked
    from dagster_project.ledger.decisions import CORRECTION

    asked = Asked(
        kind=CORRECTION,
        element=element,
        unit=unit,
        wanted=Wanted(year, round_code),
        category=category,
        area=area,
        value=value,
        expect=expect,
        reason=reason,
        said_by=said_by,
        channel=channel or _channel(paper),
        by=by,
        paper=paper,
        page=page,
    )
    _enter(asked)


def enter(
    element: Annotated[str, typer.Argument()],
    *,
    unit: Annotated[str, typer.Option("--on-behalf", help=help_text("on_behalf"))],
    year: Year = None,
    round_code: Round = None,
    category: Category = _TOTAL,
    area: Area = None,
    value: Value,
    reason: Reason,
    said_by: SaidBy,
    channel: Channel = None,
    by: By,
    paper: Paper = None,
    page: Page = None,
) -> None:
    """Enter a figure that a unit gave by telephone or on paper."""
    from dagster_project.catalogue.rounds import Wanted
    from dagster_project.decide.entries import Asked
    from dagster_project.ledger.decisions import ON_BEHALF

    asked = Asked(
        kind=ON_BEHALF,
        element=element,
        unit=unit,
        wanted=Wanted(year, round_code),
        category=category,
        area=area,
        value=value,
        reason=reason,
        said_by=said_by,
        channel=channel or _channel(paper),
        by=by,
        paper=paper,
        page=page,
    )
    _enter(asked)


def confirm_entry(entry: Annotated[str, typer.Argument()], *, by: By) -> None:
    """Record that the unit confirmed a figure that was entered."""
    from dagster_project.ledger import decisions

    desk = office_told()
    with _ledger(desk) as ledger:
        done = decisions.confirm_entry(ledger, entry.upper(), by=_named(by), at=clock())
    if not done:
        raise UsageError("ledger.unknown_entry", entry=entry)
    _recorded(desk.settings, "entry_confirmed", id=entry.upper(), by=by)


def respond(
    finding: Annotated[str, typer.Argument()],
    *,
    text: Annotated[str, typer.Option("--text", help=help_text("text"))],
    by: Annotated[str, typer.Option("--by", help=help_text("answered_by"))],
) -> None:
    """Record what a unit says about a warning."""
    from dagster_project.decide.findings import finding_key, finding_to_answer
    from dagster_project.decide.problems import Problems
    from dagster_project.ledger.decisions import Response, add_response

    desk = office_told()
    problems = Problems()
    problems.need(text=text, by=by)
    found = finding_to_answer(_release_file(desk), finding, problems)
    problems.finish()
    if found is None:
        return
    response = Response(**finding_key(found), text=text.strip(), answered_by=by.strip(), answered_at=clock())
    with _ledger(desk) as ledger:
        response_id = add_response(ledger, response)
    _recorded(
        desk.settings, "responded", id=response_id, message=_message(desk, found.message_vi, found.message_en)
    )


def decide(
    finding: Annotated[str, typer.Argument()],
    *,
    accept: Annotated[bool, typer.Option("--accept", help=help_text("accept"))] = False,
    reason: Reason,
    by: By,
) -> None:
    """Decide that a figure stands in spite of a blocking finding."""
    from dagster_project.decide.findings import finding_key, finding_to_decide
    from dagster_project.decide.problems import Problems
    from dagster_project.ledger.decisions import ACCEPT, Verdict, add_verdict

    desk = office_told()
    problems = Problems()
    problems.need(reason=reason, by=by)
    if not accept:
        problems.add("ledger.accept_needed")
    found = finding_to_decide(_release_file(desk), finding, problems)
    problems.finish()
    if found is None:
        return
    verdict = Verdict(
        **finding_key(found),
        verdict=ACCEPT,
        reason=reason.strip(),
        decided_by=by.strip(),
        decided_at=clock(),
    )
    with _ledger(desk) as ledger:
        _refuse_fixed(ledger, [found.round_code] if found.round_code else [])
        verdict_id = add_verdict(ledger, verdict)
    _recorded(
        desk.settings, "decided", id=verdict_id, message=_message(desk, found.message_vi, found.message_en)
    )


def exempt(
    *,
    unit: Unit,
    year: Year = None,
    round_code: Round = None,
    kind: Annotated[str, typer.Option("--kind", help=help_text("exempt_kind"))],
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d", "%d/%m/%Y"], help=help_text("until"))
    ] = None,
    form: Annotated[str | None, typer.Option("--form", help=help_text("form"))] = None,
    reason: Reason,
    by: By,
) -> None:
    """Record why a unit need not send a form, or may send it later."""
    from dagster_project.catalogue.rounds import Wanted
    from dagster_project.decide.exemptions import AskedExemption, check_exemptions, sums_left_open
    from dagster_project.ledger.decisions import add_exemption

    desk = office_told()
    asked = AskedExemption(
        unit=unit,
        wanted=Wanted(year, round_code),
        kind=kind,
        until=until.date() if until else None,
        form=form,
        reason=reason,
        by=by,
    )
    catalogue = _catalogue(desk)
    exemptions = check_exemptions(asked, catalogue, desk.settings.office, clock())
    with _ledger(desk) as ledger:
        _refuse_fixed(ledger, [exemption.round_code for exemption in exemptions])
        ids = [add_exemption(ledger, exemption) for exemption in exemptions]
    rounds = ", ".join(sorted({exemption.round_code for exemption in exemptions}))
    _recorded(desk.settings, f"exempted_{kind}", id=", ".join(ids), unit=unit, round=rounds)
    open_sums = sums_left_open(exemptions, catalogue)
    if open_sums:
        say(desk.settings, "exempted_sums", unit=unit, elements=", ".join(open_sums))


def signed(
    *,
    unit: Unit,
    year: Year = None,
    round_code: Round = None,
    form: Annotated[str | None, typer.Option("--form", help=help_text("form"))] = None,
    paper: Paper = None,
    by: By,
) -> None:
    """Record that a form's signed copy came."""
    from dagster_project.catalogue.rounds import Wanted
    from dagster_project.decide.signed_copies import check_signed_copies
    from dagster_project.ledger.decisions import add_signed_copy

    desk = office_told()
    wanted = Wanted(year, round_code)
    copies = check_signed_copies(
        _catalogue(desk),
        desk.settings.office,
        unit=unit,
        wanted=wanted,
        form=form,
        paper=paper,
        by=by,
        now=clock(),
    )
    with _ledger(desk) as ledger:
        kept = _land(desk, paper, unit, wanted).sha256 if paper else None
        ids = [add_signed_copy(ledger, replace(copy, paper_sha256=kept)) for copy in copies]
    rounds = ", ".join(sorted({copy.round_code for copy in copies}))
    _recorded(desk.settings, "signed", id=", ".join(ids), unit=unit, round=rounds)


def withdraw(decision: Annotated[str, typer.Argument()], *, reason: Reason, by: By) -> None:
    """Take back an entry, an answer, a verdict or an exemption; it stays written that it once stood."""
    from dagster_project.decide.problems import Problems
    from dagster_project.ledger import decisions

    problems = Problems()
    problems.need(reason=reason, by=by)
    problems.finish()
    desk = office_told()
    with _ledger(desk) as ledger:
        _refuse_fixed(ledger, _rounds_shaped(desk, *decisions.shapes(ledger, decision.upper())))
        done = decisions.withdraw(ledger, decision.upper(), by=by.strip(), reason=reason.strip(), at=clock())
    if not done:
        raise UsageError("ledger.unknown_decision", decision=decision)
    _recorded(desk.settings, "withdrawn", id=decision.upper())


def _enter(asked: Asked) -> None:
    """Check a figure, land the paper that shows it, and write the entry."""
    from dagster_project.decide.entries import Against, check_entry
    from dagster_project.ledger.decisions import add_entry
    from dagster_project.warehouse.releases import RELEASE_FILE, current_release

    desk = office_told()
    release_id = current_release(desk.folder)
    against = Against(
        catalogue=_catalogue(desk),
        office=desk.settings.office,
        expectations=desk.project.expectations,
        release_file=desk.folder.release(release_id) / RELEASE_FILE if release_id else None,
    )
    checked = check_entry(asked, against, clock())
    entry = checked.entry
    with _ledger(desk) as ledger:
        _refuse_fixed(ledger, [entry.round_code])
        if asked.paper is not None:
            receipt = _land(desk, asked.paper, asked.unit, asked.wanted)
            entry = replace(entry, paper_sha256=receipt.sha256, paper_name=receipt.file_name)
        entry_id = add_entry(ledger, entry)
    _say_entered(desk.settings, entry_id, replace(checked, entry=entry))


def _refuse_fixed(ledger: Engine, round_codes: Sequence[str]) -> None:
    from dagster_project.fixed_rounds import refuse_fixed
    from dagster_project.ledger.rounds import read_rounds

    refuse_fixed(read_rounds(ledger), round_codes)


def _rounds_shaped(desk: Desk, round_code: str | None, period_code: str | None) -> list[str]:
    """The round of a decision; of one that names only a period, every round of that period."""
    if round_code is not None or period_code is None:
        return [round_code] if round_code else []
    found: list[str] = (
        _catalogue(desk).table("rounds").filter(period_code=period_code)["round_code"].to_list()
    )
    return found


def _land(desk: Desk, paper: Path, unit: str, wanted: Wanted) -> Receipt:
    from dagster_project import pipeline

    (receipt,) = pipeline.receive(desk, [paper], wanted=wanted, sender=unit, channel="paper")
    return receipt


def _say_entered(settings: Settings, entry_id: str, checked: Checked) -> None:
    entry = checked.entry
    figure = entry.value_exact or (
        entry.value_state if entry.value is None else repr(entry.value).removesuffix(".0")
    )
    for remark in checked.remarks:
        say(settings, "remark", text=remark.text(settings.lang))
    _recorded(
        settings,
        f"entered_{entry.kind}",
        id=entry_id,
        element=entry.data_element_code,
        unit=entry.reporting_unit_code,
        value=entry.value_text or figure.replace(".", ","),
        measure=entry.unit or "",
    )


def _recorded(settings: Settings, code: str, /, **values: object) -> None:
    say(settings, code, **values)
    say(settings, "run_again")


def _channel(paper: Path | None) -> str:
    return "phone" if paper is None else "paper"


def _named(by: str) -> str:
    from dagster_project.decide.problems import Problems

    problems = Problems()
    problems.need(by=by)
    problems.finish()
    return by.strip()


def _message(desk: Desk, vi: str, en: str) -> str:
    return vi if desk.settings.lang == "vi" else en


def _catalogue(desk: Desk) -> Catalogue:
    from dagster_project.catalogue.load import load_catalogue

    return load_catalogue(desk.settings.catalogue, desk.settings.reference_areas)


def _release_file(desk: Desk) -> Path:
    from dagster_project.warehouse.releases import RELEASE_FILE

    return desk.folder.release(current_id(desk)) / RELEASE_FILE


@contextmanager
def _ledger(desk: Desk) -> Iterator[Engine]:
    """The ledger, while no build reads it: a release then names exactly the decisions that it holds."""
    from dagster_project.ledger.store import open_ledger
    from dagster_project.locks import build_lock

    desk.folder.make()
    with build_lock(desk.folder.build_lock):
        say_clock(desk)
        yield open_ledger(desk.settings.ledger)
