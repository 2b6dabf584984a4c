"""`kho publish postgres`: the current release, or an earlier one, for BI tools.

Options, words and printing belong here; what is written is told in ``warehouse.publish``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import HELP_LANG, Json, OfRelease, clock, desk_told, id_told, say
from dagster_project.errors import UsageError
from dagster_project.messages import message
from dagster_project.paths import Project

if TYPE_CHECKING:
    from dagster_project.settings import Settings


def _help(code: str) -> str:
    return message(f"publish.{code}", HELP_LANG)


_PUBLISHED = "publish.postgres"

publish_app = typer.Typer(help=_help("help"), no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(publish_app, name="publish")
    publish_app.command("postgres", help=_help("help_postgres"))(postgres)


@publish_app.callback()
def _group() -> None:
    """Keep the kind of place a word of its own, also while there is only one."""


def postgres(
    *,
    release: OfRelease = None,
    schema: Annotated[str, typer.Option("--schema", help=_help("help_schema"))] = "marts",
    reader: Annotated[str, typer.Option("--reader", help=_help("help_reader"))] = "kho_reader",
    all_rows: Annotated[bool, typer.Option("--all-rows", help=_help("help_all_rows"))] = False,
    as_json: Json = False,
) -> None:
    """Publish a release into PostgreSQL."""
    from dagster_project.ledger.store import log_act, open_ledger
    from dagster_project.warehouse.keys import read_keys
    from dagster_project.warehouse.publish import Target, publish
    from dagster_project.warehouse.releases import read_manifest

    desk = desk_told()
    settings = desk.settings
    if settings.postgres_url is None:
        raise UsageError("publish.no_address", file=desk.folder.settings)
    manifest = read_manifest(desk.folder, id_told(desk, release, None))
    ledger, now = open_ledger(settings.ledger), clock()
    with _progress(settings) as on_table:
        done = publish(
            desk.folder,
            manifest,
            read_keys(Project()),
            Target(settings.postgres_url, schema, reader),
            area_code=settings.office.area_code,
            now=now,
            all_rows=all_rows,
            on_table=on_table,
        )
    if done.changed:
        log_act(ledger, at=now, actor=settings.person, act=_PUBLISHED, subject=done.release_id, detail=schema)
    if as_json:
        sys.stdout.write(json.dumps(asdict(done), ensure_ascii=False, indent=2) + "\n")
        return
    if settings.office.is_sample:
        say(settings, "sample_mark")
    told = message(
        "publish.done" if done.changed else "publish.unchanged",
        settings.lang,
        release=done.release_id,
        schema=schema,
        added=sum(table.added for table in done.tables),
        removed=sum(table.removed for table in done.tables),
        count=len(done.tables),
    )
    sys.stdout.write(told + "\n")


@contextmanager
def _progress(settings: Settings) -> Iterator[Callable[[str], None]]:
    """On a terminal, show which table is under way."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("…") as status:
        yield lambda table: status.update(message("publish.progress", settings.lang, table=table))
