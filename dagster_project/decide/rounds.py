"""What an office does with a round: which act follows which state, and what stands in its way.

``ACTS`` is the whole of it as data. Writing the act is the ledger's, the release that it makes the pipeline's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.decide.problems import Problems, Remark, remark
from dagster_project.ledger.rounds import (
    AMENDMENTS,
    DRAFT,
    FOR_SIGNATURE,
    ISSUED,
    LOCKED,
    REVIEWED,
    Document,
    RoundAct,
    Rounds,
)
from dagster_project.messages import message
from dagster_project.text import printable

if TYPE_CHECKING:
    from dagster_project.warehouse.readiness import Readiness

REVIEW, SIGN, ISSUE, LOCK, REOPEN, AMEND = "review", "sign", "issue", "lock", "reopen", "amend"


@dataclass(frozen=True)
class Step:
    """The states that an act starts from and the one that it leads to."""

    starts: tuple[str, ...]
    leads: str


ACTS: Mapping[str, Step] = {
    REVIEW: Step((DRAFT, REVIEWED), REVIEWED),
    SIGN: Step((REVIEWED,), FOR_SIGNATURE),
    ISSUE: Step((FOR_SIGNATURE,), ISSUED),
    LOCK: Step((ISSUED,), LOCKED),
    REOPEN: Step((REVIEWED, FOR_SIGNATURE, ISSUED, LOCKED), DRAFT),
    AMEND: Step((ISSUED, LOCKED), DRAFT),
}


@dataclass(frozen=True, kw_only=True)
class AskedAct:
    """An act as an officer typed it; the document's parts belong to ``issue``, amendment and paper to ``amend``."""

    act: str
    round_code: str
    by: str
    reason: str = ""
    amendment: str | None = None
    returned_by: str | None = None
    paper: Path | None = None
    number: str = ""
    dated: date | None = None
    signer: str = ""
    file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class RoundAgainst:
    """What an act is checked against: the ledger, and the current release where there is one."""

    rounds: Rounds
    release_id: str | None
    readiness: Readiness | None
    figures_hash: str | None
    is_stale: bool
    is_rolled_back: bool
    waiting_files: Sequence[str]
    unconfirmed_entries: Sequence[str]
    last_receipt_number: int
    period_start: date
    now: datetime


@dataclass(frozen=True)
class CheckedAct:
    """An act that may be written, the document that it issues, and what its officer should know."""

    act: RoundAct
    document: Document | None
    remarks: tuple[Remark, ...]


def check_act(asked: AskedAct, against: RoundAgainst) -> CheckedAct:
    """The act that ``asked`` means. Raises ``RefusedError`` with everything that stands in its way."""
    problems = Problems()
    problems.need(by=asked.by)
    last = against.rounds.last(asked.round_code)
    state = last.state if last else DRAFT
    step = ACTS[asked.act]
    remarks: list[Remark] = []
    if state not in step.starts:
        problems.found.append(_not_now(asked, state))
    elif asked.act in (REVIEW, SIGN):
        remarks = _check_figures(asked, against, last, problems)
    if asked.act in (REOPEN, AMEND):
        problems.need(reason=asked.reason)
    if asked.act == AMEND:
        _check_amendment(asked, problems)
    document = _document(asked, against, problems) if asked.act == ISSUE else None
    problems.finish()
    return CheckedAct(
        RoundAct(
            round_code=asked.round_code,
            act=asked.act,
            state=step.leads,
            reason=asked.reason.strip(),
            set_by=asked.by.strip(),
            set_at=against.now,
            follows=last.number if last else 0,
            amendment=asked.amendment,
            returned_by=(asked.returned_by or "").strip() or None,
            paper_name=printable(asked.paper.name) if asked.paper else None,
            release_id=against.release_id,
            figures_hash=against.figures_hash,
            last_receipt_number=against.last_receipt_number,
        ),
        document,
        tuple(remarks),
    )


def _not_now(asked: AskedAct, state: str) -> Remark:
    told = [
        message(
            f"rounds.not_now_{asked.act}",
            lang,
            round=asked.round_code,
            state=message(f"rounds.state_{state}", lang),
        )
        for lang in ("vi", "en")
    ]
    return Remark(*told)


def _check_figures(
    asked: AskedAct, against: RoundAgainst, last: RoundAct | None, problems: Problems
) -> list[Remark]:
    """Whether a release holds what was received and decided, and what of it hinders a review or a signature."""
    ready = against.readiness
    if against.is_rolled_back:
        problems.add("rounds.rolled_back")
    elif against.is_stale:
        problems.add("rounds.stale")
    if against.waiting_files:
        told = {"count": len(against.waiting_files), "files": ", ".join(against.waiting_files)}
        problems.add("rounds.waiting_files", **told)
    if ready is None or not ready.figures:
        problems.add("rounds.nothing_reported", round=asked.round_code)
        return []
    if asked.act == REVIEW:
        open_ends = _open_ends(ready, against.unconfirmed_entries)
        if open_ends and not asked.reason.strip():
            problems.found.extend(open_ends)
            problems.add("rounds.review_reason")
        return [*open_ends, *_to_know(ready)]
    if last is not None and last.figures_hash != against.figures_hash:
        problems.add("rounds.changed_since_review")
    _hinder_signature(asked.round_code, ready, problems)
    return []


def _hinder_signature(round_code: str, ready: Readiness, problems: Problems) -> None:
    if ready.unconfirmed:
        told = {"count": len(ready.unconfirmed), "names": _indicators(ready.unconfirmed)}
        problems.add("rounds.unconfirmed", round=round_code, **told)
    if ready.blocking:
        problems.add("rounds.blocking", count=len(ready.blocking))
    for row in ready.blocking:
        place = " ".join(filter(None, (row["file_name"], row["sheet"], row["cell"])))
        told = {"unit": row["reporting_unit_code"] or "–", "place": place or "–", "id": row["finding_id"][:8]}
        problems.found.append(
            Remark(
                message("rounds.blocking_one", "vi", text=row["message_vi"], **told),
                message("rounds.blocking_one", "en", text=row["message_en"], **told),
            )
        )


def _open_ends(ready: Readiness, unconfirmed_entries: Sequence[str]) -> list[Remark]:
    """What an office wants before it calls a round reviewed: every form, every signed copy, every figure confirmed."""
    found = []
    for code, rows in (("not_sent", ready.not_sent), ("not_signed", ready.not_signed)):
        if rows:
            found.append(remark(f"rounds.{code}", count=len(rows), units=_units(rows)))
    if unconfirmed_entries:
        told = {"count": len(unconfirmed_entries), "ids": ", ".join(unconfirmed_entries)}
        found.append(remark("rounds.entries_unconfirmed", **told))
    return found


def _to_know(ready: Readiness) -> list[Remark]:
    counts = {
        "know_unconfirmed": len(ready.unconfirmed),
        "know_blocking": len(ready.blocking),
        "know_warnings": ready.warnings,
        "know_preliminary": ready.preliminary,
    }
    return [remark(f"rounds.{code}", count=count) for code, count in counts.items() if count]


def _indicators(rows: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{row['indicator_code']} {row['name_vi']}" for row in rows)


def _units(rows: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{row['reporting_unit_code']} {row['name'] or ''} ({row['form_code']})" for row in rows)


def _check_amendment(asked: AskedAct, problems: Problems) -> None:
    if asked.amendment not in AMENDMENTS:
        problems.add("rounds.unknown_amendment", kind=asked.amendment or "", known=", ".join(AMENDMENTS))
    if asked.paper is not None:
        _check_file(asked.paper, problems)


def _check_file(file: Path | None, problems: Problems) -> None:
    if file is None or not file.is_file():
        problems.add("cli.no_such_file", file=file)
    elif not file.stat().st_size:
        problems.add("rounds.file_empty", file=file)


def _check_signed(file: Path | None, problems: Problems) -> None:
    from dagster_project.intake.guard import is_paper

    before = len(problems.found)
    _check_file(file, problems)
    if file is not None and len(problems.found) == before and not is_paper(file):
        problems.add("rounds.file_not_paper", file=file)


def _document(asked: AskedAct, against: RoundAgainst, problems: Problems) -> Document | None:
    """The document that is issued; it cites the one before, if there is one."""
    problems.need(number=asked.number, signer=asked.signer)
    today = against.now.astimezone(OFFICE_TIME).date()
    if asked.dated is None or asked.dated > today:
        problems.add("rounds.date_ahead", today=f"{today:%d/%m/%Y}")
    before = against.rounds.document(asked.round_code)
    if before and asked.dated and asked.dated < before.document_date:
        earlier = {"number": before.document_number, "date": f"{before.document_date:%d/%m/%Y}"}
        problems.add("rounds.date_before", **earlier)
    elif asked.dated and asked.dated < against.period_start:
        problems.add("rounds.date_before_period", start=f"{against.period_start:%d/%m/%Y}")
    _check_signed(asked.file, problems)
    number = asked.number.strip()
    if any(
        item.document_number.casefold() == number.casefold()
        and asked.dated is not None
        and item.document_date.year == asked.dated.year
        for item in against.rounds.documents
    ):
        problems.add("rounds.number_taken", number=number)
    if problems.found or asked.dated is None or asked.file is None:
        return None
    last = against.rounds.last(asked.round_code)
    return Document(
        round_code=asked.round_code,
        document_number=number,
        document_date=asked.dated,
        signer=asked.signer.strip(),
        file_sha256="",
        file_name=printable(asked.file.name),
        release_id=against.rounds.releases.get(last.number) if last else None,
        revision=before.revision + 1 if before else 1,
        relation=against.rounds.amendment(asked.round_code) if before else None,
        cites_number=before.document_number if before else None,
        cites_date=before.document_date if before else None,
    )
