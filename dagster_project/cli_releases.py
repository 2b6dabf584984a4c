"""Releases through time: `kho releases`, `diff`, `history` and `rollback`.

Options, words and printing belong here; what differs is told in ``warehouse.diff``, what was believed when in
``warehouse.history``, and what a rollback does in ``pipeline``.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_project import durable
from dagster_project.cli_base import (
    HELP_LANG,
    Csv,
    Json,
    Round,
    Year,
    check_format,
    current_id,
    desk_told,
    help_text,
    id_told,
    print_table,
    say,
)
from dagster_project.errors import UsageError
from dagster_project.messages import message

if TYPE_CHECKING:
    from dagster_project.pipeline import Desk
    from dagster_project.settings import Settings
    from dagster_project.warehouse.diff import Diff
    from dagster_project.warehouse.releases import Manifest

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4}")
_COMPARED = ("inputs_hash", "catalogue_hash", "code_version")


def _help(code: str) -> str:
    return message(f"releases.help_{code}", HELP_LANG)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("releases", help=help_text("releases"))(releases)
    app.command("diff", help=_help("diff"))(diff)
    app.command("history", help=_help("history"))(history)
    app.command("rollback", help=_help("rollback"))(rollback)


def releases(*, as_json: Json = False) -> None:
    """List the releases, newest first."""
    from dagster_project.warehouse.releases import current_release, list_releases

    desk = desk_told()
    manifests = list_releases(desk.folder)
    if as_json:
        _write_json([manifest.as_json() for manifest in manifests])
        return
    if not manifests:
        say(desk.settings, "releases_none")
        return
    current = current_release(desk.folder)
    print_table(
        desk.settings,
        ("release", "created", "content", "current"),
        [
            (
                manifest.release_id,
                _shown(manifest.created_at),
                manifest.content_hash[:16],
                "●" if manifest.release_id == current else "",
            )
            for manifest in manifests
        ],
    )


def diff(
    old: Annotated[str | None, typer.Argument(help=_help("old"), show_default=False)] = None,
    new: Annotated[str | None, typer.Argument(help=_help("new"), show_default=False)] = None,
    *,
    submission: Annotated[list[str] | None, typer.Option("--submission", help=_help("submission"))] = None,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Show value by value what differs between two releases or two revisions of a form."""
    check_format(as_csv=as_csv, as_json=as_json)
    if submission and old:
        raise UsageError("releases.two_ways")
    desk = desk_told()
    if submission:
        _diff_submissions(desk, submission, as_csv=as_csv, as_json=as_json)
    else:
        _diff_releases(desk, old, new, as_csv=as_csv, as_json=as_json)


def history(
    element: Annotated[str, typer.Argument(help=_help("element"))],
    *,
    unit: Annotated[str, typer.Option("--unit", help=help_text("one_unit"))],
    year: Year = None,
    round_code: Round = None,
    category: Annotated[str | None, typer.Option("--category", help=_help("category"))] = None,
    at: Annotated[str | None, typer.Option("--at", help=_help("at"))] = None,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Show every revision of a figure and which one a moment believed."""
    from dagster_project.warehouse.diff_text import render_history
    from dagster_project.warehouse.history import moment, read_history

    check_format(as_csv=as_csv, as_json=as_json)
    asked_at = None if at is None else moment(at)
    desk = desk_told()
    known = read_history(
        _file(desk, current_id(desk)),
        element=element,
        unit=unit,
        year=year,
        round_code=round_code,
        category=category,
        at=asked_at,
    )
    if not known:
        asked = " · ".join(
            str(part) for part in (element, unit, year, round_code, category) if part is not None
        )
        raise UsageError("releases.no_history", asked=asked)
    rows = [asdict(item) for item in known]
    if as_json:
        _write_json(rows)
    elif as_csv:
        _write_csv([list(rows[0]), *(list(row.values()) for row in rows)])
    else:
        _say_sample(desk.settings)
        sys.stdout.write(render_history(known, desk.settings.lang, asked_at))


def rollback(
    release: Annotated[str, typer.Argument(help=_help("target"))],
    *,
    reason: Annotated[str, typer.Option("--reason", help=help_text("reason"))],
    by: Annotated[str, typer.Option("--by", help=help_text("officer"))],
) -> None:
    """Make an earlier release the current one again."""
    from dagster_project import pipeline
    from dagster_project.locks import build_lock

    for option, text in (("reason", reason), ("by", by)):
        if not text.strip():
            raise UsageError("releases.blank", option=option)
    desk = desk_told()
    with build_lock(desk.folder.build_lock):
        done = pipeline.roll_back(desk, release, reason=reason.strip(), by=by.strip())
    _say(desk.settings, "rolled_back", release=done.release_id, left=done.left_release_id, reason=done.reason)
    if done.set_aside != done.inputs_hash:
        _say(desk.settings, "rolled_back_next")


def _diff_releases(desk: Desk, old: str | None, new: str | None, *, as_csv: bool, as_json: bool) -> None:
    from dagster_project.warehouse.diff import diff_releases

    older, newer = _two_releases(desk, old, new)
    found = diff_releases(_file(desk, older.release_id), _file(desk, newer.release_id))
    head = {"old": older.as_json(), "new": newer.as_json()}
    if _written(found, head, as_csv=as_csv, as_json=as_json):
        return
    lang = desk.settings.lang
    _say_sample(desk.settings)
    _say(
        desk.settings,
        "diff_title",
        old=older.release_id,
        old_at=_shown(older.created_at),
        new=newer.release_id,
        new_at=_shown(newer.created_at),
    )
    causes = [
        message(f"releases.cause_{name}", lang)
        for name in _COMPARED
        if getattr(older, name) != getattr(newer, name)
    ]
    if causes:
        _say(desk.settings, "diff_causes", causes=", ".join(causes))
    _write_diff(found, lang)


def _diff_submissions(desk: Desk, told: Sequence[str], *, as_csv: bool, as_json: bool) -> None:
    from dagster_project.warehouse.diff import diff_submissions
    from dagster_project.warehouse.diff_text import shown_moment
    from dagster_project.warehouse.revisions import find_revisions

    if len(told) > 2:
        raise UsageError("releases.too_many_submissions")
    file = _file(desk, current_id(desk))
    first, *second = (_content_or_name(name) for name in told)
    older, newer = find_revisions(file, first, second[0] if second else None)
    found = diff_submissions(file, older.submission_id, newer.submission_id)
    if _written(found, {"old": asdict(older), "new": asdict(newer)}, as_csv=as_csv, as_json=as_json):
        return
    _say_sample(desk.settings)
    _say(
        desk.settings,
        "diff_revisions",
        unit=newer.reporting_unit_name,
        unit_code=newer.reporting_unit_code,
        form=newer.form_code,
        round_code=newer.round_code,
    )
    for revision in (older, newer):
        _say(
            desk.settings,
            "diff_revision",
            revision=revision.revision,
            file=revision.file_name,
            received=shown_moment(revision.received_at),
            submission=revision.submission_id[:12],
        )
    _write_diff(found, desk.settings.lang)


def _two_releases(desk: Desk, old: str | None, new: str | None) -> tuple[Manifest, Manifest]:
    """The releases named, or what was known at the moments named; else the current one, and the one before it.

    The oldest one is current after a rollback: it is compared with the one that was left.
    """
    from dagster_project import pipeline
    from dagster_project.warehouse.releases import list_releases, read_manifest

    def named(told: str | None) -> Manifest:
        is_moment = told is not None and _MOMENT.match(told)
        return read_manifest(
            desk.folder, id_told(desk, None, told) if is_moment else id_told(desk, told, None)
        )

    newer = named(new)
    if old is not None:
        return named(old), newer
    kept = list_releases(desk.folder)
    before = kept[[item.release_id for item in kept].index(newer.release_id) + 1 :]
    if before:
        return before[0], newer
    held = pipeline.rolled_back(desk)
    if held is None:
        raise UsageError("releases.only_one")
    return named(held.left_release_id), newer


def _content_or_name(told: str) -> str:
    """The sha256 of a file that is there, whatever it is called; else what was told."""
    path = Path(told)
    return durable.file_hash(path) if path.is_file() else told


def _file(desk: Desk, release_id: str) -> Path:
    from dagster_project.warehouse.releases import RELEASE_FILE

    return desk.folder.release(release_id) / RELEASE_FILE


def _written(found: Diff, head: dict[str, Any], *, as_csv: bool, as_json: bool) -> bool:
    """Write the form for programs, where one was asked for."""
    from dagster_project.warehouse.diff_text import diff_rows

    if as_json:
        _write_json({**head, **found.as_json()})
    elif as_csv:
        _write_csv(diff_rows(found))
    return as_json or as_csv


def _write_diff(found: Diff, lang: str) -> None:
    from dagster_project.warehouse.diff_text import render_diff

    sys.stdout.write(render_diff(found, lang))


def _write_json(content: object) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _write_csv(rows: Sequence[Sequence[object]]) -> None:
    csv.writer(sys.stdout, lineterminator="\r\n").writerows([_plain(value) for value in row] for row in rows)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime) else value


def _shown(created_at: str) -> str:
    from dagster_project.warehouse.diff_text import shown_moment

    return shown_moment(datetime.fromisoformat(created_at))


def _say_sample(settings: Settings) -> None:
    if settings.office.is_sample:
        say(settings, "sample_mark")


def _say(settings: Settings, code: str, **values: object) -> None:
    sys.stdout.write(message(f"releases.{code}", settings.lang, **values) + "\n")
