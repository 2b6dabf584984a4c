"""Which letters are due to the units of a round, and their files: what each owes, from status, findings and ledger.

Choosing and putting in place belongs here; what a letter says does not (``reports.letters``). A letter that somebody
edited by hand is never written over.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dagster_project import own_files
from dagster_project.reports.filling import template_of
from dagster_project.reports.letters import (
    Deadline,
    Debt,
    Occasion,
    Question,
    Unsent,
    message_lines,
    write_confirmation,
    write_reminder,
    write_return,
)
from dagster_project.reports.pdf import docx_to_pdf
from dagster_project.reports.read import RoundFacts, read_round
from dagster_project.reports.release import open_release, valid_at
from dagster_project.reports.safe import code_part
from dagster_project.reports.template_fields import check_fields
from dagster_project.warehouse.open_findings import SendBack, open_findings
from dagster_project.warehouse.releases import RELEASE_FILE
from dagster_project.warehouse.status import Due, Known, RoundStatus, UnitStatus, first_due, read_status

if TYPE_CHECKING:
    from dagster_project.paths import DataFolder

KINDS = ("reminder", "return", "confirmation", "message")
_PREFIXES = {
    "reminder": "cong-van-don-doc",
    "return": "phieu-tra-lai",
    "confirmation": "giay-xac-nhan",
    "message": "tin-nhan",
}
_UNSENT = {"waiting": "send", "overdue": "send_overdue", "refused": "send_again"}


@dataclass(frozen=True)
class Letter:
    """One letter as it was put in place; ``is_edited`` says that a file changed by hand was kept instead."""

    kind: str
    path: Path
    is_edited: bool


@dataclass(frozen=True)
class Letters:
    """All letters of one call, and how many of earlier calls no longer held and were removed.

    ``is_fixed`` says that the round is: nobody is asked for what would be refused.
    """

    letters: tuple[Letter, ...]
    removed: int
    is_fixed: bool = False


@dataclass(frozen=True)
class _Planned:
    kind: str
    name: str
    write: Callable[[Path], None]


def write_letters(
    known: Known,
    folder: DataFolder,
    release_dir: Path,
    round_code: str,
    *,
    units: Sequence[str] | None = None,
    kinds: Sequence[str] = KINDS,
) -> Letters:
    """Write what is due to ``units``, or to all, as Word documents with their PDFs and as texts.

    In a round that is for signature, issued or locked nothing but a signed copy is asked for.
    Raises ``UsageError`` for a unit that does not report in the round and for a template that cannot be filled.
    """
    status = read_status(known, round_code)
    status.check_units(units or ())
    check_fields(*(template_of(kind, folder.templates) for kind in kinds if kind != "message"))
    with open_release(release_dir) as release:
        facts = read_round(release, round_code)
        focal = _focal(release.mart("dim_reporting_unit"), facts)
    occasion = _occasion(known, status, facts, focal, folder.templates)
    debts = _debts(known, status, facts, open_findings(release_dir / RELEASE_FILE, round_code))
    chosen = [debt for debt in debts if units is None or debt.code in units]
    planned = [plan for plan in _plan(occasion, chosen, together=units is None) if plan.kind in kinds]
    done = _put(folder.letters / round_code, planned, _of_call(units, kinds))
    return replace(done, is_fixed=not facts.round.is_draft)


def _occasion(known: Known, status: RoundStatus, facts: RoundFacts, focal: str, templates: Path) -> Occasion:
    dues = {due.level: _deadline(due) for due in status.dues}
    return Occasion(
        facts=facts,
        now=known.now,
        recipient=focal,
        sent=status.sent,
        expected=status.expected,
        deadline=dues.get("unit"),
        office_deadline=dues.get(known.office.level),
        templates=templates,
    )


def _focal(units: pl.DataFrame, facts: RoundFacts) -> str:
    """The focal unit of the round's area, else the office itself."""
    found = valid_at(units, facts.round.period_end).filter(
        pl.col("is_focal").fill_null(value=False), pl.col("level") == facts.round.level
    )
    if found.is_empty():
        return facts.area.name if facts.area else ""
    return str(found["name_vi"][0])


def _debts(known: Known, status: RoundStatus, facts: RoundFacts, back: Iterable[SendBack]) -> list[Debt]:
    """One per unit that owes anything, in the order of the status."""
    returned: dict[str, list[SendBack]] = {}
    for item in back:
        if item.reporting_unit_code:
            returned.setdefault(item.reporting_unit_code, []).append(item)
    by_unit: dict[str, list[UnitStatus]] = {}
    for unit in status.units:
        by_unit.setdefault(unit.reporting_unit_code, []).append(unit)
    forms = dict(known.catalogue.table("forms").select("form_code", "name_vi").iter_rows())
    debts = (
        _debt(known, status, facts, lines, returned.get(code, []), forms) for code, lines in by_unit.items()
    )
    return [debt for debt in debts if debt.unsent or debt.questions or debt.owes_confirmation]


def _debt(  # noqa: PLR0917
    known: Known,
    status: RoundStatus,
    facts: RoundFacts,
    lines: Sequence[UnitStatus],
    back: Sequence[SendBack],
    forms: Mapping[str, str],
) -> Debt:
    code = lines[0].reporting_unit_code
    is_fixed = not facts.round.is_draft
    unsent = [] if is_fixed else [line for line in lines if _UNSENT.get(line.state) in line.to_do]
    owing = unsent or [line for line in lines if line.to_do] or lines
    is_excused = all(line.excuse and line.state == line.excuse for line in lines)
    is_asked = not is_excused and not is_fixed
    # What is said of a form that did not come is the reminder's.
    asked = [item for item in back if item.sha256 and not item.findings.is_empty()] if is_asked else []
    questions = tuple(question for item in asked for question in _questions(item.findings))
    owes = any({"signed_copy", "confirm"} & set(line.to_do) for line in lines)
    is_whole = not any(item.is_blocking for item in questions)
    counting = facts.submissions.filter(pl.col("is_current"), reporting_unit_code=code)["file_name"]
    files = [item.file_name for item in asked if item.file_name] or counting.drop_nulls().to_list()
    return Debt(
        code=code,
        name=lines[0].reporting_unit_name,
        unsent=tuple(
            Unsent(line.form_code, forms.get(line.form_code) or line.form_code, line.state) for line in unsent
        ),
        questions=questions,
        files=tuple(dict.fromkeys(files)) if questions or owes else (),
        owes_confirmation=owes and is_whole and not facts.values.filter(reporting_unit_code=code).is_empty(),
        deadline=_deadline(first_due(known, status, owing)),
    )


def _questions(findings: pl.DataFrame) -> list[Question]:
    """What is to be mended or explained, in the order of the sheet."""
    rows = findings.filter(pl.col("severity").is_in(["blocking", "warning"])).sort(
        "sheet",
        pl.col("cell").str.extract(r"(\d+)$").cast(pl.Int64),
        *("cell", "rule_code", "finding_id"),
        nulls_last=True,
    )
    return [
        Question(
            is_blocking=row["severity"] == "blocking",
            sheet=row["sheet"] or "",
            cell=row["cell"] or "",
            name=row["name_vi"] or row["data_element_code"] or "",
            entered=row["entered"] or row["observed"] or "",
            text=row["message_vi"] or "",
            advice=row["advice_vi"] or "",
        )
        for row in rows.iter_rows(named=True)
    ]


def _deadline(due: Due | None) -> Deadline | None:
    return Deadline(due.due_date, due.inclusive, due.working_days_left, due.is_over) if due else None


def _plan(occasion: Occasion, debts: Sequence[Debt], *, together: bool) -> list[_Planned]:
    unsent = [debt for debt in debts if debt.unsent]
    planned = []
    if together and unsent:
        planned.append(_reminder(occasion, unsent, f"{_PREFIXES['reminder']}.docx"))
    if not together:
        planned += [_reminder(occasion, [debt], _name("reminder", debt)) for debt in unsent]
    for debt in debts:
        if debt.questions:
            planned.append(_one("return", debt, write_return, occasion))
        if debt.owes_confirmation:
            planned.append(_one("confirmation", debt, write_confirmation, occasion))
        planned.append(_message(occasion, debt))
    return planned


def _name(kind: str, debt: Debt) -> str:
    return f"{_stem(kind, debt.code)}.{'txt' if kind == 'message' else 'docx'}"


def _stem(kind: str, unit: str) -> str:
    return f"{_PREFIXES[kind]}_{code_part(unit)}"


def _reminder(occasion: Occasion, debts: Sequence[Debt], name: str) -> _Planned:
    return _Planned("reminder", name, lambda file: write_reminder(occasion, debts, file))


def _one(
    kind: str, debt: Debt, write: Callable[[Occasion, Debt, Path], None], occasion: Occasion
) -> _Planned:
    return _Planned(kind, _name(kind, debt), lambda file: write(occasion, debt, file))


def _message(occasion: Occasion, debt: Debt) -> _Planned:
    text = message_lines(occasion, debt)
    return _Planned("message", _name("message", debt), lambda file: _write_text(file, text))


def _write_text(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def _of_call(units: Sequence[str] | None, kinds: Sequence[str]) -> Callable[[str], bool]:
    """Whether a call for ``units`` and ``kinds`` answers for a file of an earlier one."""
    if units is None:
        prefixes = tuple(_PREFIXES[kind] for kind in kinds)
        return lambda name: name.startswith(prefixes)
    stems = {_stem(kind, unit) for kind in kinds for unit in units}
    return lambda name: Path(name).stem in stems


def _put(folder: Path, planned: Sequence[_Planned], is_answered: Callable[[str], bool]) -> Letters:
    """Put the letters and their PDFs in place, remove earlier ones that no longer hold."""
    with tempfile.TemporaryDirectory() as made_in:
        made = {file.name: file for plan in planned for file in _make(plan, Path(made_in))}
        done = own_files.put(folder, made, is_answered)
    letters = tuple(Letter(plan.kind, folder / plan.name, plan.name in done.edited) for plan in planned)
    return Letters(letters, sum(not name.endswith(".pdf") for name in done.removed))


def _make(plan: _Planned, folder: Path) -> list[Path]:
    file = folder / plan.name
    plan.write(file)
    if file.suffix != ".docx":
        return [file]
    pdf = file.with_suffix(".pdf")
    docx_to_pdf(file, pdf)
    return [file, pdf]
