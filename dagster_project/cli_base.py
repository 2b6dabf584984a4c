"""What every command of ``kho`` shares: the options before it, settings, the desk, the clock, words and tables.

No command belongs here. Rooms are imported inside the functions that need them: ``kho --help`` loads none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_project.errors import UsageError
from dagster_project.messages import message
from dagster_project.paths import Project

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.ledger.rollbacks import Rollback
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings
    from dagster_project.warehouse.status import Known


def _told_lang(arguments: Sequence[str]) -> str:
    """The language for help texts, which are made before the options are parsed."""
    for option, value in zip(arguments, [*arguments[1:], ""], strict=False):
        told = value if option == "--lang" else option.removeprefix("--lang=")
        if option.startswith("--lang") and told in ("vi", "en"):
            return told
    return "en" if os.environ.get("KHO_LANG") == "en" else "vi"


HELP_LANG = _told_lang(sys.argv[1:])


def help_text(code: str) -> str:
    """The help text ``code`` in the language of this command line."""
    return message(f"cli.help_{code}", HELP_LANG)


Year = Annotated[int | None, typer.Option("--year", help=help_text("year"))]
Round = Annotated[str | None, typer.Option("--round", help=message("periods.help_round", HELP_LANG))]
Csv = Annotated[bool, typer.Option("--csv", help=help_text("csv"))]
Json = Annotated[bool, typer.Option("--json", help=help_text("json"))]
OfRelease = Annotated[str | None, typer.Option("--release", help=help_text("release"))]
KnownAt = Annotated[str | None, typer.Option("--at", help=message("known.help_at", HELP_LANG))]


@dataclass
class Told:
    """Options that stand before the command."""

    data: Path | None = None
    catalogue: Path | None = None
    lang: str | None = None


OPTIONS = Told()


def path_told(text: str) -> Path:
    """A path as it is told; ``UsageError`` for an empty one, which Python would take for the current folder."""
    if not text:
        raise UsageError("cli.empty_path")
    return Path(text)


def check_format(*, as_csv: bool, as_json: bool) -> None:
    """``UsageError`` where rows are asked for in two forms."""
    if as_csv and as_json:
        raise UsageError("releases.two_formats")


def path_option(name: str, help_shown: str) -> Any:
    """An option that tells a path."""
    return typer.Option(name, parser=path_told, metavar="<path>", help=help_shown)


def current_id(desk: Desk) -> str:
    """The current release; ``UsageError`` where there is none."""
    from dagster_project.warehouse.releases import current_release

    release_id = current_release(desk.folder)
    if release_id is None:
        raise UsageError("cli.no_release", folder=desk.folder.root)
    return release_id


def id_told(desk: Desk, release: str | None, at: str | None) -> str:
    """The release that a command asks: one by its id, what was known at a moment, else the current one.

    What a moment found is said beside the output. ``UsageError`` where both are told or neither is there.
    """
    from dagster_project.aside import find_known
    from dagster_project.catalogue.calendar import OFFICE_TIME
    from dagster_project.warehouse.history import moment
    from dagster_project.warehouse.releases import find_release

    if at is None:
        return find_release(desk.folder, release or current_id(desk)).release_id
    if release is not None:
        raise UsageError("known.two_ways")
    asked = moment(at)
    if not desk.settings.has_ledger:
        raise UsageError("cli.no_release", folder=desk.folder.root)
    found = find_known(desk, asked)
    shown = f"{asked.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"
    sys.stderr.write(message("known.taken", desk.settings.lang, at=shown, release=found) + "\n")
    return found


def settings_told() -> Settings:
    """Settings from the command line, the environment and the data folder."""
    from dagster_project.settings import read_settings

    return read_settings(OPTIONS.data, OPTIONS.catalogue, OPTIONS.lang)


def own_catalogue() -> Settings:
    """Settings with the office's own catalogue; ``UsageError`` where only the shipped one is there."""
    settings = settings_told()
    if settings.catalogue == Project().reference:
        raise UsageError("cli.catalogue_shipped")
    return settings


def desk_told() -> Desk:
    """The desk that the settings describe, with the machine's clock."""
    from dagster_project.pipeline import Desk

    return Desk(settings=settings_told(), now=clock)


def office_told() -> Desk:
    """The desk of a data folder that is there: a mistyped path must not become an office where nobody has sent."""
    desk = desk_told()
    if not desk.folder.root.is_dir():
        raise UsageError("cli.no_folder", folder=desk.folder.root)
    return desk


def known_now(desk: Desk, catalogue: Catalogue) -> Known:
    """What is known of rounds at this moment: from the catalogue, the current release and the ledger."""
    from dagster_project.known import known_of

    return known_of(desk, catalogue)


def clock() -> datetime:
    """The moment now."""
    return datetime.now(UTC)


def say_clock(desk: Desk) -> None:
    """Say beside the output where this machine's clock is behind what stands in the ledger."""
    from dagster_project.catalogue.calendar import OFFICE_TIME
    from dagster_project.ledger.store import last_act_at, open_ledger

    last, now = last_act_at(open_ledger(desk.settings.ledger)), desk.now()
    if last is not None and now < last:
        shown = {
            name: f"{at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"
            for name, at in (("last", last), ("now", now))
        }
        sys.stderr.write(message("days.clock_back", desk.settings.lang, **shown) + "\n")


def say(settings: Settings, text: str, /, **values: object) -> None:
    """Print one message of the command."""
    sys.stdout.write(message(f"cli.{text}", settings.lang, **values) + "\n")


def say_rollback(settings: Settings, held: Rollback, *, ended: bool = False) -> None:
    """Print that the current release was taken by a rollback, or that something new ended it."""
    from dagster_project.catalogue.calendar import OFFICE_TIME

    code = "held_ended" if ended else "held"
    at = f"{held.at.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"
    values = {"release": held.release_id, "by": held.by, "at": at, "reason": held.reason}
    sys.stdout.write(message(f"releases.{code}", settings.lang, **values) + "\n")


def print_table(settings: Settings, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table whose headings are messages."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(message(f"cli.col_{name}", settings.lang) for name in columns))
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    Console().print(table)


def rounds_told(
    settings: Settings, catalogue: Catalogue, year: int | None, round_code: str | None
) -> Sequence[str] | None:
    """The rounds that ``--year`` and ``--round`` mean, oldest period first; None where neither is given.

    ``UsageError`` where there is no such round or the two disagree.
    """
    from dagster_project.catalogue.rounds import Wanted, rounds_wanted

    wanted = Wanted(year, round_code)
    return rounds_wanted(catalogue, settings.office, wanted) if wanted else None
