"""``kho portal``: the static portal of a round, the office's own or the public one.

Options and printing belong here; which pages there are and what they say does not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.cli_base import (
    HELP_LANG,
    KnownAt,
    OfRelease,
    Round,
    Year,
    desk_told,
    id_told,
    path_option,
    rounds_told,
)
from dagster_project.errors import UsageError
from dagster_project.messages import message


def _help(code: str) -> str:
    return message(f"portal.{code}", HELP_LANG)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("portal", help=_help("help"))(portal)


def portal(
    year: Year = None,
    round_code: Round = None,
    release: OfRelease = None,
    at: KnownAt = None,
    *,
    is_public: Annotated[bool, typer.Option("--public", help=_help("help_public"))] = False,
    out: Annotated[Path | None, path_option("--out", _help("help_out"))] = None,
) -> None:
    """Write the portal of the round told, or of the newest round with submissions."""
    from dagster_project import pipeline
    from dagster_project.reports.export import export_portal
    from dagster_project.warehouse.summary import summarise

    desk = desk_told()
    release_id = id_told(desk, release, at)
    sent = summarise(desk.folder.release(release_id) / "kho.duckdb").rounds
    told = rounds_told(desk.settings, pipeline.load_checked_catalogue(desk), year, round_code)
    wanted = [code for code in sent if told is None or code in told]
    if not wanted:
        raise UsageError("cli.nothing_of_round", round=", ".join(told or sent) or "–", release=release_id)
    name = "cong-thong-tin-cong-khai" if is_public else "cong-thong-tin"
    if release is None and at is None:
        release_id = pipeline.release_to_export(desk, release_id, wanted[-1])
    page = export_portal(
        desk.folder.release(release_id),
        out or desk.folder.exports / name / wanted[-1],
        round_code=wanted[-1],
        lang=desk.settings.lang,
        is_public=is_public,
    )
    sys.stdout.write(message("portal.written", desk.settings.lang, path=page) + "\n")
