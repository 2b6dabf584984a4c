"""What an office puts into its documents: `kho text` (an officer's words), `kho templates` (its own Word template).

Options and words belong here; what may be written is told in ``decide.report_texts``, which fields a template may
use in ``reports.template_fields``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import (
    HELP_LANG,
    Round,
    Year,
    clock,
    desk_told,
    help_text,
    office_told,
    path_option,
    print_table,
    say,
)
from dagster_project.errors import UsageError
from dagster_project.messages import message

if TYPE_CHECKING:
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings


def _help(code: str) -> str:
    return message(f"documents.help_{code}", HELP_LANG)


templates_app = typer.Typer(help=_help("templates"), no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("text", help=_help("text"))(text)
    app.add_typer(templates_app, name="templates")


def text(
    *,
    year: Year = None,
    round_code: Round = None,
    section: Annotated[str | None, typer.Option("--section", help=_help("section"))] = None,
    told: Annotated[str | None, typer.Option("--text", help=_help("the_text"))] = None,
    file: Annotated[Path | None, path_option("--file", _help("file"))] = None,
    by: Annotated[str, typer.Option("--by", help=help_text("officer"), show_default=False)] = "",
) -> None:
    """Write into a section of a round's report; without a section, list what stands."""
    from dagster_project.decide.report_texts import AskedText, check_text
    from dagster_project.fixed_rounds import refuse_fixed
    from dagster_project.ledger.decisions import add_report_text
    from dagster_project.ledger.rounds import read_rounds
    from dagster_project.ledger.store import open_ledger
    from dagster_project.locks import build_lock

    desk = office_told()
    code = _round(desk, year, round_code)
    if section is None and told is None and file is None:
        _list(desk, code)
        return
    asked = AskedText(round_code=code, section=section or "", text=told, file=file, by=by)
    written = check_text(asked, clock())
    desk.folder.make()
    with build_lock(desk.folder.build_lock):
        ledger = open_ledger(desk.settings.ledger)
        refuse_fixed(read_rounds(ledger), [code])
        text_id = add_report_text(ledger, written)
    _say(desk.settings, "written", id=text_id, section=written.section, round=code)
    say(desk.settings, "run_again")


@templates_app.command("export", help=_help("templates_export"))
def templates_export(*, again: Annotated[bool, typer.Option("--again", help=_help("again"))] = False) -> None:
    """Put the shipped templates into the data folder, where the office edits them; its own are kept."""
    from dagster_project import durable
    from dagster_project.reports.filling import SHIPPED

    desk = desk_told()
    folder = desk.folder.templates
    folder.mkdir(parents=True, exist_ok=True)
    for shipped in sorted(SHIPPED.glob("*.docx")):
        file = folder / shipped.name
        kept = file.exists() and not again
        if not kept:
            durable.write_bytes(file, shipped.read_bytes())
        _say(desk.settings, "template_kept" if kept else "template_put", file=file)


@templates_app.command("check", help=_help("templates_check"))
def templates_check() -> None:
    """Name every field of the office's templates that is not known."""
    from dagster_project.reports.filling import SHIPPED, template_of
    from dagster_project.reports.template_fields import check_fields, template_names

    desk = desk_told()
    files = [template_of(name, desk.folder.templates) for name in template_names()]
    check_fields(*files)
    for file in files:
        _say(desk.settings, "template_good", file=file.name if file.parent == SHIPPED else file)


@templates_app.command("fields", help=_help("templates_fields"))
def templates_fields(
    template: Annotated[str, typer.Argument(help=_help("template"))] = "official",
) -> None:
    """List the fields that a template may use."""
    from dagster_project.reports.template_fields import known_fields, template_names

    desk = desk_told()
    if template not in template_names():
        raise UsageError("documents.unknown_template", template=template, known=", ".join(template_names()))
    rows = [(field.path, field.told(desk.settings.lang)) for field in known_fields(template)]
    print_table(desk.settings, ("field", "meaning"), rows)


def _round(desk: Desk, year: int | None, round_code: str | None) -> str:
    """The one round that is meant. Raises ``UsageError`` where none or several are."""
    from dagster_project import pipeline
    from dagster_project.catalogue.rounds import Wanted, rounds_wanted

    catalogue = pipeline.load_checked_catalogue(desk)
    found = rounds_wanted(catalogue, desk.settings.office, Wanted(year, round_code))
    if len(found) > 1:
        raise UsageError("rounds.several_rounds", rounds=", ".join(found))
    return found[0]


def _list(desk: Desk, round_code: str) -> None:
    from dagster_project.catalogue.calendar import OFFICE_TIME
    from dagster_project.ledger.decisions import list_report_texts
    from dagster_project.ledger.store import open_ledger
    from dagster_project.reports.sections import SECTIONS

    texts = list_report_texts(open_ledger(desk.settings.ledger))
    newest = {item.section: item for item in texts if item.round_code == round_code}
    for section in SECTIONS:
        item = newest.get(section)
        name = message(f"documents.section_{section}", desk.settings.lang)
        if item is None:
            _say(desk.settings, "section_empty", section=section, name=name)
            continue
        when = f"{item.written_at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"
        _say(
            desk.settings,
            "section_written",
            section=section,
            name=name,
            id=item.text_id,
            by=item.written_by,
            when=when,
        )
        sys.stdout.write("".join(f"  {line}\n" for line in item.text.splitlines()))


def _say(settings: Settings, code: str, **values: object) -> None:
    sys.stdout.write(message(f"documents.{code}", settings.lang, **values) + "\n")
