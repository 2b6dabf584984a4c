"""Notices to units, to the focal officer and to the maintainer: which are due, and their folders in the data folder.

A notice is a folder with its text and what is attached to it, and a row of the ledger under the event that it tells
of: an event is told once, by whatever command or run. What a notice says comes from the message table; sending is
``mail``'s. Letters that an office signs are ``unit_letters``'.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dagster_project import durable
from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.ledger.notices import add_notice, known_events
from dagster_project.ledger.store import open_ledger
from dagster_project.messages import message, message_table
from dagster_project.reports.safe import file_part
from dagster_project.sending_back import feedback
from dagster_project.warehouse.status import first_due

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.pipeline import Desk
    from dagster_project.warehouse.arrivals import Arrival
    from dagster_project.warehouse.status import Known, RoundStatus, UnitStatus

RECEIPT, REMINDER, RELEASE, FAILURE = "receipt", "reminder", "release", "failure"
KINDS = (RECEIPT, REMINDER, RELEASE, FAILURE)
TEXT_FILE = "thong-bao.txt"
#: What is older is history when it is first seen (a folder brought from elsewhere): nobody is written to about it.
TOLD_WITHIN = timedelta(days=30)
#: What waited longer is never sent by itself: it counts days that are over, and the office may have handed it over by
#: hand meanwhile. A weekend without a mail server is bridged.
SENT_WITHIN = timedelta(days=3)
_OF_NO_ROUND = "chung"
_UNSENT = ("waiting", "overdue", "refused")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notice before it is written; ``key`` names its event, ``attached`` are files or texts by name."""

    kind: str
    key: tuple[str, ...]
    round_code: str = ""
    unit: str = ""
    recipient: str = ""
    subject: str
    body: str
    attached: tuple[tuple[str, Path | str], ...] = ()

    @property
    def event(self) -> str:
        return event_of(self.kind, *self.key)


def event_of(kind: str, *key: str) -> str:
    """The name of an event: equal for equal kinds and keys, and nothing else."""
    return hashlib.sha256("\n".join((kind, *key)).encode()).hexdigest()


def write_notices(desk: Desk, notices: Sequence[Notice]) -> list[Path]:
    """Write the notices whose events were not told yet; returns their folders.

    The folder is whole before the ledger tells of it: after a crash between the two it is written again, the same.
    """
    ledger = open_ledger(desk.settings.ledger)
    told = known_events(ledger)
    written = []
    for notice in notices:
        if notice.event in told:
            continue
        told.add(notice.event)
        folder = desk.folder.notices / (notice.round_code or _OF_NO_ROUND) / _folder_name(notice)
        with durable.new_folder(folder) as aside:
            (aside / TEXT_FILE).write_text(f"{notice.subject}\n\n{notice.body}\n", encoding="utf-8")
            for name, content in notice.attached:
                if isinstance(content, Path):
                    shutil.copyfile(content, aside / name)
                else:
                    (aside / name).write_text(content, encoding="utf-8")
        if add_notice(
            ledger,
            event=notice.event,
            kind=notice.kind,
            round_code=notice.round_code,
            unit=notice.unit,
            recipient=notice.recipient,
            subject=notice.subject,
            folder=folder.relative_to(desk.folder.root).as_posix(),
            at=desk.now(),
        ):
            written.append(folder)
    return written


def due_notices(desk: Desk, catalogue: Catalogue) -> list[Notice]:
    """Receipts for what came and a note about the current release, as far as they were not written yet."""
    from dagster_project.warehouse.releases import current_manifest

    manifest = current_manifest(desk.folder)
    if manifest is None:
        return []
    told = known_events(open_ledger(desk.settings.ledger))
    notices = list(_receipts(desk, catalogue, manifest.release_id, told))
    since = desk.now() - TOLD_WITHIN
    is_new = event_of(RELEASE, manifest.release_id) not in told
    if is_new and datetime.fromisoformat(manifest.created_at) > since:
        notices.append(_release_note(desk, manifest.release_id))
    return notices


def reminders(
    desk: Desk, known: Known, status: RoundStatus, occasion: str, units: Collection[str] | None = None
) -> list[Notice]:
    """One per unit that owes a form of the round; ``occasion`` tells one reminder of a round from another.

    Raises ``UsageError`` for ``units`` that do not report in the round.
    """
    status.check_units(units or ())
    owing = [
        unit
        for unit in status.units
        if unit.state in _UNSENT and (units is None or unit.reporting_unit_code in units)
    ]
    owing.sort(key=lambda unit: (unit.reporting_unit_code, unit.form_code))
    notices = []
    for code, lines in groupby(owing, key=lambda unit: unit.reporting_unit_code):
        own = list(lines)
        due = first_due(known, status, own)
        text = "overdue" if due and due.is_over else "waiting"
        values = {
            "round": status.name_vi if desk.settings.lang == "vi" else status.name_en,
            "due": f"{due.due_date:%d/%m/%Y}" if due else "–",
            "before": _text(desk, "before" if due and not due.inclusive else "until"),
            "days": due.working_days_left if due else 0,
        }
        notices.append(
            Notice(
                kind=REMINDER,
                key=(status.round_code, code, occasion),
                round_code=status.round_code,
                unit=code,
                recipient=_address(known.catalogue, code),
                subject=_text(desk, f"reminder_subject_{text}", **values),
                body=_letter(
                    desk,
                    own[0].reporting_unit_name,
                    [
                        _text(desk, f"reminder_{text}", **values),
                        *(_owed(desk, known.catalogue, line) for line in own),
                        _text(desk, "reminder_how"),
                    ],
                ),
            )
        )
    return notices


def failure(desk: Desk, *, run_id: str, job: str, at: datetime, error: str) -> Notice:
    """What the maintainer is told of a run that failed."""
    values = {"job": job, "run": run_id, "at": _moment(at), "error": error, "data": desk.folder.root}
    return Notice(
        kind=FAILURE,
        key=(run_id,),
        recipient=desk.settings.office.mail.maintainer if desk.settings.office.mail else "",
        subject=_text(desk, "failure_subject", **values),
        body=_letter(desk, _text(desk, "maintainer"), [_text(desk, "failure", **values)]),
    )


def _receipts(desk: Desk, catalogue: Catalogue, release_id: str, told: Collection[str]) -> Iterator[Notice]:
    from dagster_project.warehouse.arrivals import arrivals_since
    from dagster_project.warehouse.releases import RELEASE_FILE

    arrivals = arrivals_since(desk.folder.release(release_id) / RELEASE_FILE, desk.now() - TOLD_WITHIN)
    new = [item for item in arrivals if event_of(RECEIPT, *_receipt_key(item)) not in told]
    lists = _lists(desk, new)
    new.sort(key=_receipt_key)
    for key, lines in groupby(new, key=_receipt_key):
        own = list(lines)
        first = own[0]
        files = [lists[place] for place in {(item.round_code, item.unit) for item in own} if place in lists]
        attached = tuple((file.name, file) for file in files)
        unit = first.unit or ""
        yield Notice(
            kind=RECEIPT,
            key=key,
            round_code=first.round_code or "",
            unit=unit,
            recipient=_address(catalogue, unit) or (first.sender if "@" in first.sender else ""),
            subject=_text(desk, "receipt_subject", file=first.file_name),
            body=_letter(
                desk,
                first.unit_name or first.sender or _text(desk, "sender"),
                [
                    _text(desk, "receipt", file=first.file_name, at=_moment(first.received_at)),
                    *(_fate(desk, item) for item in own),
                    *(
                        [_text(desk, "attached", files=", ".join(file.name for file in files))]
                        if files
                        else []
                    ),
                ],
            ),
            attached=attached,
        )


def _lists(desk: Desk, arrivals: Sequence[Arrival]) -> dict[tuple[str | None, str | None], Path]:
    """The workbook of open findings per round and unit, for units of which something is to be mended or explained."""
    found: dict[tuple[str | None, str | None], Path] = {}
    wanted = {
        (item.round_code, item.unit)
        for item in arrivals
        if item.round_code and item.unit and (item.to_mend or item.to_explain or item.status == "refused")
    }
    for round_code in sorted({code for code, _ in wanted if code}):
        units = sorted(unit for code, unit in wanted if code == round_code and unit)
        for sent in feedback(desk, round_code, units):
            # what somebody edited may be of an earlier file
            if sent.path is not None and not sent.is_edited:
                found.setdefault((round_code, sent.unit), sent.path)
    return found


def _receipt_key(item: Arrival) -> tuple[str, str, str]:
    return (item.receipt_id, item.round_code or "", item.unit or "")


def _fate(desk: Desk, item: Arrival) -> str:
    """What became of a file for one form."""
    if item.form_code is None:
        code = f"fate_{item.status}" if f"notices.fate_{item.status}" in message_table() else "fate_received"
        return _text(desk, code)
    words = _text(desk, f"status_{item.status}")
    timing = "" if item.on_time is None else _text(desk, "on_time" if item.on_time else "late")
    return _text(
        desk,
        "fate_form",
        form=item.form_code,
        round=item.round_code,
        revision=item.revision or "–",
        status=words,
        timing=timing,
        to_mend=item.to_mend,
        to_explain=item.to_explain,
    )


def _release_note(desk: Desk, release_id: str) -> Notice:
    from dagster_project.warehouse.diff import diff_releases
    from dagster_project.warehouse.diff_text import render_diff
    from dagster_project.warehouse.releases import RELEASE_FILE, list_releases
    from dagster_project.warehouse.summary import summarise

    file = desk.folder.release(release_id) / RELEASE_FILE
    summary = summarise(file)
    ids = [item.release_id for item in list_releases(desk.folder)]
    earlier = ids[ids.index(release_id) + 1 :][:1]
    lines = [
        _text(
            desk,
            "release",
            release=release_id,
            files=summary.files,
            submissions=summary.submissions,
            **summary.findings,
        )
    ]
    attached: tuple[tuple[str, Path | str], ...] = ()
    if earlier:
        changed = diff_releases(desk.folder.release(earlier[0]) / RELEASE_FILE, file)
        lines.append(_text(desk, "release_changes", before=earlier[0], count=len(changed.changes)))
        attached = (("thay-doi.txt", render_diff(changed, desk.settings.lang)),)
    return Notice(
        kind=RELEASE,
        key=(release_id,),
        recipient=desk.settings.office.mail.office if desk.settings.office.mail else "",
        subject=_text(desk, "release_subject", release=release_id),
        body=_letter(desk, _text(desk, "officer"), lines),
        attached=attached,
    )


def _owed(desk: Desk, catalogue: Catalogue, line: UnitStatus) -> str:
    names = dict(catalogue.table("forms").select("form_code", "name_vi").iter_rows())
    state = _text(desk, f"owed_{line.state}")
    return _text(desk, "owed", form=line.form_code, name=names.get(line.form_code) or "", state=state)


def _letter(desk: Desk, name: str, lines: Sequence[str]) -> str:
    parts = [_text(desk, "greeting", name=name), *lines, _text(desk, "closing")]
    if desk.settings.office.is_sample:
        parts.insert(0, message("cli.sample_mark", desk.settings.lang))
    return "\n\n".join(parts)


def _address(catalogue: Catalogue, unit: str) -> str:
    """The address of a unit in the catalogue, of its newest row."""
    rows = catalogue.table("reporting_units").filter(pl.col("reporting_unit_code") == unit)
    found = rows.sort("valid_from", nulls_last=False)["email"].drop_nulls().to_list()
    return str(found[-1]).strip() if found else ""


def _folder_name(notice: Notice) -> str:
    name = message(f"notices.folder_{notice.kind}", "vi")
    about = file_part(notice.unit) if notice.unit else ""
    return "_".join(part for part in (name, about, notice.event[:8]) if part)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"


def _text(desk: Desk, code: str, **values: object) -> str:
    return message(f"notices.{code}", desk.settings.lang, **values)
