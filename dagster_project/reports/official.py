"""The official report of one round: what goes into the fields of the Word template, and the document itself.

The words of the report stand in the template (``templates/official.docx``, or the office's own copy); here are the
figures, names and lists that they need. A template that names an unknown field is refused before anything is written.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from dagster_project.messages import message
from dagster_project.reports.filling import SHIPPED, fill
from dagster_project.reports.letters import head_fields
from dagster_project.reports.names import inside_name, official_day
from dagster_project.reports.official_changes import change_fields, target_fields
from dagster_project.reports.official_charts import no_charts, official_charts, tell_charts
from dagster_project.reports.official_counts import count_fields
from dagster_project.reports.official_questions import question_fields
from dagster_project.reports.official_tables import fit_tables, table_fields
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import plain
from dagster_project.reports.sections import text_fields
from dagster_project.reports.table import IndicatorTable, indicator_table
from dagster_project.reports.template_fields import check_fields as check_template

TEMPLATE = SHIPPED / "official.docx"
_YEARS = 5

__all__ = ["TEMPLATE", "check_template", "official_fields", "write_official"]

_text = partial(message, lang="vi")


def write_official(facts: RoundFacts, file: Path, template: Path = TEMPLATE) -> None:
    """Write the report as a Word document; equal facts and templates give equal bytes.

    ``template`` was checked (``check_template``).
    """
    table = indicator_table(facts, "vi", _YEARS)
    fields = official_fields(facts, table)
    charts = official_charts(facts, table, [item["code"] for item in fields["movements"]])

    def finish(document: Any) -> None:
        fit_tables(document)
        tell_charts(document, charts)

    fill(
        template,
        fields,
        file,
        title=_text("reports.subject", period=facts.round.period.words("vi")),
        stamp=facts.stamp,
        pictures={name: (chart.png, chart.width) for name, chart in charts.items()},
        finish=finish,
    )


def official_fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    """Every field that a template may use; ``template_fields.csv`` tells what each one holds."""
    return {
        **_state(facts),
        **_letterhead(facts),
        **count_fields(facts, table),
        **table_fields(facts, table),
        **change_fields(facts, table),
        **target_fields(facts, table),
        **question_fields(facts, table),
        **no_charts(),
        "texts": text_fields(facts.texts),
    }


def _state(facts: RoundFacts) -> dict[str, Any]:
    """Number, date and signer, blank until they are given by hand; what the document is to the one before it."""
    letter, due = facts.letter, facts.round.due_office
    draft = _text("reports.draft") if facts.round.is_draft else ""
    return {
        "draft": draft,
        "is_sample": facts.stamp.is_sample,
        "marks": " – ".join(filter(None, (draft, _sample_mark(facts)))),
        "number": plain(letter.number, 80) or _text("reports.blank_number"),
        "dated": _dated(letter.dated)
        if letter.dated
        else _text("reports.blank_date", year=due.year if due else facts.round.period.year_after),
        **_signer(letter.signer or ""),
        "relation": _text(
            f"reports.relation_{letter.relation}",
            number=plain(letter.cites_number, 80),
            date=official_day(letter.cites_date) if letter.cites_date else "",
        )
        if letter.relation
        else "",
    }


def _dated(moment: date) -> str:
    day, month, year = official_day(moment).split("/")
    return _text("reports.dated", day=day, month=month, year=year)


def _signer(signer: str) -> dict[str, Any]:
    """The name below the signature, and whether its bearer signs for the chair (known by the title before it)."""
    told = plain(signer, 120)
    for title in _text("reports.chair_titles").split("|"):
        if told.casefold().startswith(f"{title} ".casefold()):
            return {"signer": told[len(title) :].strip(), "is_for_chair": title.startswith("Phó")}
    return {"signer": told, "is_for_chair": True}


def _letterhead(facts: RoundFacts) -> dict[str, Any]:
    above = plain(facts.area.parent_name) if facts.area else ""
    return {
        **head_fields(facts),
        "addressee": plain(facts.round.addressee.replace("{parent}", inside_name(above))),
        "recipients": _recipients(facts),
        "legal_basis": plain(facts.round.legal_basis),
        "criteria_set": inside_name(plain(facts.round.criteria_set_name)),
        "period": facts.round.period.words("vi"),
        "release_day": official_day(facts.stamp.created_at),
    }


def _recipients(facts: RoundFacts) -> list[str]:
    """Each with what stands behind it: a semicolon, the last a full stop."""
    told = facts.round.recipients or _text("reports.recipients")
    names = [name for name in (plain(line, 200).rstrip(";.") for line in told.split("|")) if name]
    return [*(f"{name};" for name in names[:-1]), f"{names[-1]}."] if names else []


def _sample_mark(facts: RoundFacts) -> str:
    return _text("reports.sample_mark") if facts.stamp.is_sample else ""
