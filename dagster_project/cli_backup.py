"""`kho backup` and `kho restore`: the whole data folder saved while the office works, and brought back.

Options and words belong here; what is copied and how it is checked is told in ``backup``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import HELP_LANG, Json, clock, settings_told
from dagster_project.messages import message

if TYPE_CHECKING:
    from dagster_project.backup import Backup
    from dagster_project.settings import Settings

_BYTES_PER_MB = 1_000_000


def _help(code: str) -> str:
    return message(f"backup.help_{code}", HELP_LANG)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("backup", help=_help("backup"))(backup)
    app.command("restore", help=_help("restore"))(restore)


def backup(
    target: Annotated[Path, typer.Argument(help=_help("target"), show_default=False)],
    *,
    as_json: Json = False,
) -> None:
    """Save the data folder in one file."""
    from dagster_project.backup import make_backup

    settings = settings_told()
    _say(settings, "made", make_backup(settings, target, clock()), as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help=_help("file"), show_default=False)], *, as_json: Json = False
) -> None:
    """Bring a backup back into a data folder that is not there yet, or empty."""
    from dagster_project.backup import restore as bring_back

    settings = settings_told()
    _say(settings, "restored", bring_back(file, settings.folder), as_json=as_json)


def _say(settings: Settings, code: str, done: Backup, *, as_json: bool) -> None:
    from dagster_project.catalogue.calendar import OFFICE_TIME

    if as_json:
        sys.stdout.write(json.dumps(asdict(done), ensure_ascii=False, indent=2, default=str) + "\n")
        return
    told = {
        "file": done.file,
        "folder": settings.data,
        "release": done.release_id or "–",
        "files": done.files,
        "size": f"{done.size_bytes / _BYTES_PER_MB:.1f}".replace(".", "," if settings.lang == "vi" else "."),
        "at": f"{datetime.fromisoformat(done.made_at).astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}",
    }
    sys.stdout.write(message(f"backup.{code}", settings.lang, **told) + "\n")
    if done.ledger == "rows":
        sys.stdout.write(message(f"backup.rows_{code}", settings.lang) + "\n")
