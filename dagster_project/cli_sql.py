"""SQL for people: `kho sql`, at once or with a prompt, and `kho describe`.

Reading lines, history and printing belong here; a query runs in the limited child of ``warehouse.sql``, always.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project import durable
from dagster_project.cli_base import (
    HELP_LANG,
    Csv,
    Json,
    KnownAt,
    OfRelease,
    check_format,
    desk_told,
    id_told,
    say,
)
from dagster_project.errors import KhoError, UsageError
from dagster_project.messages import message

if TYPE_CHECKING:
    from dagster_project.warehouse.describe import TableText

_HISTORY_KEPT = 1_000
_QUIT = ("\\q", "exit", "quit")


def _help(code: str) -> str:
    return message(f"sql.help_{code}", HELP_LANG)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("sql", help=_help("sql"))(sql)
    app.command("describe", help=_help("describe"))(describe)


def sql(
    query: Annotated[str | None, typer.Argument(help=_help("query"), show_default=False)] = None,
    *,
    release: OfRelease = None,
    at: KnownAt = None,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Print the rows of read-only queries over the current release, an earlier one, or what was known when."""
    from dagster_project.warehouse.releases import RELEASE_FILE
    from dagster_project.warehouse.sql import Style, render, run_query

    check_format(as_csv=as_csv, as_json=as_json)
    desk = desk_told()
    release_id = id_told(desk, release, at)
    file = desk.folder.release(release_id) / RELEASE_FILE

    style: Style = "csv" if as_csv else "json" if as_json else "table"

    def answer(asked: str) -> str:
        return render(run_query(file, asked), style, desk.settings.lang)

    if query is None and sys.stdin.isatty():
        if desk.settings.office.is_sample:
            say(desk.settings, "sample_mark")
        sys.stdout.write(message("sql.prompt_hello", desk.settings.lang, release=release_id) + "\n")
        _converse(file, answer, desk.folder.sql_history, desk.settings.lang)
        return
    asked = sys.stdin.read() if query is None else query
    if not asked.strip():
        raise UsageError("sql.no_query")
    sys.stdout.write(answer(asked))


def describe(
    table: Annotated[str | None, typer.Argument(help=_help("table"), show_default=False)] = None,
    *,
    release: OfRelease = None,
    as_json: Json = False,
) -> None:
    """Tell what the tables of a release hold, or what each column of one means."""
    from dagster_project.warehouse.describe import find_text, read_texts
    from dagster_project.warehouse.releases import RELEASE_FILE

    desk = desk_told()
    texts = read_texts(desk.folder.release(id_told(desk, release, None)) / RELEASE_FILE)
    told = [find_text(texts, table)] if table else texts
    if as_json:
        sys.stdout.write(json.dumps([asdict(text) for text in told], ensure_ascii=False, indent=2) + "\n")
        return
    lang = desk.settings.lang
    sys.stdout.write(_one_table(told[0], lang) if table else _all_tables(told, lang))


def _all_tables(texts: Sequence[TableText], lang: str) -> str:
    from dagster_project.warehouse.describe import in_language

    return _aligned([(text.name, in_language(text.comment, lang)) for text in texts])


def _one_table(text: TableText, lang: str) -> str:
    from dagster_project.warehouse.describe import in_language

    counted = message("sql.rows", lang, count=text.rows)
    columns = [(column.name, column.type, in_language(column.comment, lang)) for column in text.columns]
    return f"{text.name} ({counted}): {in_language(text.comment, lang)}\n\n{_aligned(columns)}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    from dagster_project.warehouse.terminal import padded, width

    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    return "".join("  ".join(map(padded, row, widths)).rstrip() + "\n" for row in rows)


def _converse(file: Path, answer: Callable[[str], str], history: Path, lang: str) -> None:
    """Answer queries until the end of input; a mistake, a limit or Ctrl-C ends one query, not the conversation."""
    from dagster_project.warehouse.describe import read_texts

    texts = read_texts(file)
    remember = _with_history(history, [*(text.name for text in texts)])
    lines: list[str] = []
    while True:
        try:
            lines.append(input("  ... " if lines else "kho> "))
            asked = "\n".join(lines).strip()
            is_command = asked.startswith("\\") or asked.lower() in _QUIT
            if asked and not is_command and not asked.endswith(";"):
                continue
            lines.clear()
            if asked in _QUIT:
                return
            if asked:
                remember(asked)
                sys.stdout.write(_told(asked, texts, lang) if is_command else answer(asked))
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            lines.clear()
            sys.stdout.write("\n")
        except KhoError as error:
            sys.stdout.write(error.text(lang) + "\n")


def _told(command: str, texts: Sequence[TableText], lang: str) -> str:
    from dagster_project.warehouse.describe import find_text

    name, _, table = command.partition(" ")
    if name != "\\d":
        raise UsageError("sql.no_command", given=name)
    return _one_table(find_text(texts, table), lang) if table.strip() else _all_tables(texts, lang)


def _with_history(file: Path, names: Sequence[str]) -> Callable[[str], None]:
    """Editing lines, the queries of before and the names of tables at the tab key; what remembers one more query."""
    try:
        import readline
    except ImportError:  # a Python without it still asks and answers
        return lambda _: None
    known = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    readline.set_auto_history(False)
    readline.clear_history()
    for line in known[-_HISTORY_KEPT:]:
        readline.add_history(line)
    readline.set_completer(
        lambda start, number: next(iter([name for name in names if name.startswith(start)][number:]), None)
    )
    readline.parse_and_bind("tab: complete")
    with suppress(OSError):  # a folder that may only be read is asked all the same
        if len(known) > _HISTORY_KEPT:
            durable.write_text(file, "\n".join(known[-_HISTORY_KEPT:]) + "\n")

    def remember(asked: str) -> None:
        line = " ".join(asked.split("\n"))
        readline.add_history(line)
        with suppress(OSError):
            file.touch(mode=0o600)
            with file.open("a", encoding="utf-8", errors="replace") as stream:
                stream.write(line + "\n")

    return remember
