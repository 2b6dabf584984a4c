"""``kho feedback``: every unit's own workbook back, with what to mend in it.

Parsing and printing belong here; which findings go where and what the workbook looks like do not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import Round, Year, current_id, desk_told, help_text, rounds_told
from dagster_project.errors import UsageError
from dagster_project.messages import message

if TYPE_CHECKING:
    from dagster_project.pipeline import Desk
    from dagster_project.sending_back import SentBack


def feedback(
    year: Year = None,
    round_code: Round = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", help=help_text("unit"))] = None,
) -> None:
    """Write the feedback workbooks of the rounds told, or of the newest round with submissions."""
    from dagster_project import sending_back

    desk = desk_told()
    lang = desk.settings.lang
    for code in _rounds(desk, year, round_code):
        written = sending_back.feedback(desk, code, unit)
        for item in written:
            _say_item(item, lang)
        for returned in sending_back.return_packages(desk, code, written):
            _print("package.return_written", lang, **asdict(returned))
        count = sum(item.path is not None for item in written)
        folder = desk.folder.feedback / code
        _print("feedback.total", lang, round_code=code, count=count, folder=folder)
        if (folder / sending_back.EARLIER).is_dir():
            _print("feedback.earlier", lang, folder=folder / sending_back.EARLIER)


def _rounds(desk: Desk, year: int | None, round_code: str | None) -> Sequence[str]:
    from dagster_project import pipeline
    from dagster_project.warehouse.summary import summarise

    sent = list(summarise(desk.folder.release(current_id(desk)) / "kho.duckdb").rounds)
    told = rounds_told(desk.settings, pipeline.load_checked_catalogue(desk), year, round_code)
    if told is not None:
        return told
    if not sent:
        raise UsageError("feedback.no_submissions")
    return sent[-1:]


def _say_item(item: SentBack, lang: str) -> None:
    if item.path is None:
        _print("feedback.nothing", lang, unit=item.unit)
        return
    told = "edited" if item.is_edited else "written"
    _print(f"feedback.{told}", lang, unit=item.unit, path=item.path, **item.counts)
    if item.lost and not item.is_edited:
        _print("feedback.lost_in", lang, parts=", ".join(message(code, lang) for code in item.lost))


def _print(code: str, lang: str, **values: object) -> None:
    sys.stdout.write(message(code, lang, **values) + "\n")
