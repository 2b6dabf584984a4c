"""Read-only SQL for people: one statement over a release, run in a bounded child process, and its result as text.

The guard and the forms of a result (table, CSV, JSON) belong here; what the child does is ``sandbox``.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from dagster_project.errors import KhoError, UsageError
from dagster_project.messages import message
from dagster_project.warehouse.terminal import one_line, padded, width

Style = Literal["table", "csv", "json"]

_SANDBOX = Path(__file__).with_name("sandbox.py")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_ENCODING = "utf-8"
_PLAN = ["explain_key", "explain_value"]


@dataclass(frozen=True)
class QueryLimits:
    """What one query may cost."""

    memory_bytes: int = 2_000_000_000
    seconds: int = 60
    result_bytes: int = 200_000_000


@dataclass(frozen=True)
class Result:
    """Rows of one query. Decimals, dates, times and bytes are text; ``types`` are DuckDB's names."""

    columns: Sequence[str]
    types: Sequence[str]
    rows: Sequence[Sequence[Any]]


def run_query(file: Path, query: str, limits: QueryLimits | None = None) -> Result:
    """Run one reading statement on ``file`` with schema ``marts`` in front.

    Raises ``UsageError`` for a statement that is wrong or not a reading one, ``KhoError`` where a limit stops it.
    """
    limits = limits or QueryLimits()
    asked = {
        "file": str(file),
        "query": query,
        "memory_bytes": limits.memory_bytes,
        "seconds": limits.seconds,
    }
    lines, code, stopped = _run_child(json.dumps(asked).encode(_ENCODING), limits)
    if stopped == "time":
        raise KhoError("warehouse.query_time", seconds=limits.seconds)
    if stopped == "size":
        raise KhoError("warehouse.query_size", megabytes=limits.result_bytes // 1_000_000)
    _raise_error(lines[-1] if lines else {}, code)
    return Result(
        columns=lines[0]["columns"],
        types=lines[0]["types"],
        rows=[row for line in lines[1:] for row in line["rows"]],
    )


def render(result: Result, style: Style, lang: str = "vi") -> str:
    """The result as text.

    CSV is RFC 4180 with a header line and holds the data as it is, also where a spreadsheet would take a text for a
    formula: it is data for programs. Null is an empty cell there, and ``null`` in JSON.
    """
    if style == "csv":
        return _as_csv(result)
    return _as_json(result) if style == "json" else _as_table(result, lang)


def _run_child(asked: bytes, limits: QueryLimits) -> tuple[list[dict[str, Any]], int, str]:
    """What the child said, how it ended, and which limit of ours stopped it."""
    child = subprocess.Popen(  # noqa: S603  # our own script; the query goes in as data
        [sys.executable, "-I", str(_SANDBOX)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},  # what the program was told, passwords among it, is not even there
    )
    stopped: list[str] = []

    def stop(why: str) -> None:
        stopped.append(why)
        child.kill()

    timer = threading.Timer(limits.seconds, stop, ["time"])
    timer.start()
    try:
        said = _talk(child, asked, limits.result_bytes)
        if said is None:
            stop("size")
        code = child.wait()
    finally:
        timer.cancel()
        child.kill()
        child.wait()
    return [] if stopped or said is None else _lines(said), code, stopped[0] if stopped else ""


def _talk(child: subprocess.Popen[bytes], asked: bytes, result_bytes: int) -> bytes | None:
    """The child's whole answer; None where it is larger than ``result_bytes``."""
    given, said = _pipe(child.stdin), _pipe(child.stdout)
    try:
        given.write(asked)
        given.close()
    except BrokenPipeError:
        return b""
    with said:
        answer = said.read(result_bytes + 1)
    return answer if len(answer) <= result_bytes else None


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("not a pipe")
    return stream


def _lines(said: bytes) -> list[dict[str, Any]]:
    """Whole lines only: a child that a limit ended stops anywhere."""
    return [json.loads(line) for line in said.split(b"\n")[:-1]]


def _raise_error(last: dict[str, Any], code: int) -> None:
    kind = last.get("error")
    if kind == "query":
        raise UsageError("warehouse.query_wrong", detail=last["detail"])
    if kind == "kind":
        raise UsageError("warehouse.query_kind")
    if kind == "memory" or code != 0 or not last:
        raise KhoError("warehouse.query_memory")


def _as_csv(result: Result) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(result.columns)
    writer.writerows([_csv_cell(value) for value in row] for row in result.rows)
    return stream.getvalue()


def _csv_cell(value: object) -> object:
    return "" if value is None else _shown(value)


def _as_json(result: Result) -> str:
    """A list of objects; a decimal stands as an exact number."""
    exact = [kind.startswith("DECIMAL") and kind.endswith(")") for kind in result.types]
    names = [json.dumps(name, ensure_ascii=False) for name in _distinct(result.columns)]
    lines = [
        ", ".join(
            f"{name}: {value if is_exact and value is not None else json.dumps(value, ensure_ascii=False)}"
            for name, is_exact, value in zip(names, exact, row, strict=True)
        )
        for row in result.rows
    ]
    return "[" + ",".join(f"\n  {{{line}}}" for line in lines) + ("\n" if lines else "") + "]\n"


def _distinct(columns: Sequence[str]) -> list[str]:
    """Names as keys: the second ``n`` becomes ``n_1``, so that no value is lost."""
    names: list[str] = []
    for column in columns:
        name, number = column, 0
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names


def _as_table(result: Result, lang: str) -> str:
    if list(result.columns) == _PLAN:
        return "\n".join(str(text) for _, text in result.rows) + "\n"
    cells = [["NULL" if value is None else one_line(_shown(value)) for value in row] for row in result.rows]
    widths = [
        max([width(name), *(width(row[index]) for row in cells)]) for index, name in enumerate(result.columns)
    ]
    to_right = [kind.startswith(_NUMBERS) or kind[1:].startswith(_NUMBERS) for kind in result.types]
    lines = [
        "  ".join(
            padded(cell, columns, to_right=right)
            for cell, columns, right in zip(row, widths, to_right, strict=True)
        )
        for row in (list(result.columns), ["─" * columns for columns in widths], *cells)
    ]
    footer = message("warehouse.rows", lang, count=len(result.rows))
    return "\n".join(line.rstrip() for line in (*lines, footer)) + "\n"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
