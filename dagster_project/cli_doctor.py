"""`kho doctor`: what may be wrong with the data folder and this machine, one line each, with what to do.

Words and exit codes belong here; what is looked at is told in ``doctor``.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer

from dagster_project.cli_base import HELP_LANG, Json, office_told
from dagster_project.errors import ExitCode
from dagster_project.messages import advice, message

if TYPE_CHECKING:
    from dagster_project.doctor import Finding


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("doctor", help=message("doctor.help_doctor", HELP_LANG))(doctor)


def doctor(*, as_json: Json = False) -> None:
    """Look at everything, mend nothing: exit code 1 where something is to be done."""
    from dagster_project.doctor import WRONG, examine

    desk = office_told()
    found = examine(desk)
    lang = desk.settings.lang
    if as_json:
        told = []
        for item in found:
            words, to_do = _words(item, lang)
            told.append({"look": item.look, "status": item.status, "message": words, "advice": to_do})
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        for item in found:
            words, to_do = _words(item, lang)
            mark = message(f"doctor.mark_{item.status}", lang)
            sys.stdout.write(f"{mark:<12} {words}{f' → {to_do}' if to_do else ''}\n")
    is_wrong = any(item.status == WRONG for item in found)
    raise typer.Exit(ExitCode.BLOCKING_FINDINGS if is_wrong else ExitCode.DONE)


def _words(item: Finding, lang: str) -> tuple[str, str]:
    """What was found, and what to do about it."""
    if item.what == "failed":
        look = message(f"doctor.look_{item.look}", lang)
        return message("doctor.failed", lang, look=look, **item.values), advice("doctor.failed", lang)
    values = {name: str(value) for name, value in item.values.items()}
    return message(item.code, lang, **values), advice(item.code, lang, **values)
