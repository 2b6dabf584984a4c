"""The child process that runs one query of a person: no other file, no socket, no writing, bounded memory.

Started by ``sql`` as a script of its own, so that nothing of the program is loaded into it. Reads one JSON object from
standard input, writes JSON lines to standard output: the columns, then batches of rows; or one error.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

_BATCH = 2_000
_STATEMENTS = ("SELECT", "EXPLAIN")  # DESCRIBE and SHOW are read as SELECT

_SETTINGS = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "threads": "2",
}

#: Values whose conversion loads libraries: after the last file is open it is too late for that.
_WARM_UP = """
    select
        timestamptz '2026-04-10 09:00:00+07', timestamp '2026-04-10 09:00:00', date '2026-04-10',
        time '09:00:00', interval 1 day, 1.5::decimal(9, 2), uuid(), 'a'::blob, [1], {'a': 1}, map {'a': 1}
"""


def main() -> None:
    """Answer the one question on standard input."""
    asked = json.loads(sys.stdin.buffer.read())
    for kind, amount in (
        (resource.RLIMIT_AS, asked["memory_bytes"]),
        (resource.RLIMIT_CPU, asked["seconds"] * 2 + 1),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (amount, amount))
    _answer(asked)


def _answer(asked: dict[str, Any]) -> None:
    import duckdb

    try:
        connection = duckdb.connect(
            asked["file"],
            read_only=True,
            config={**_SETTINGS, "memory_limit": f"{asked['memory_bytes'] // 2} bytes"},
        )
        connection.execute("set enable_progress_bar = false")
        connection.execute("set schema = 'marts'")
        connection.execute("set timezone = 'Asia/Ho_Chi_Minh'")
        connection.execute("set lock_configuration = true")
        connection.execute(_WARM_UP).fetchall()
        # From here on the process can open nothing, whatever a function of DuckDB would do.
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        statements = connection.extract_statements(asked["query"])
        if len(statements) != 1 or statements[0].type.name not in _STATEMENTS:
            _write({"error": "kind"})
            return
        _write_rows(connection.execute(statements[0]))
    except (duckdb.OutOfMemoryException, MemoryError):
        _write({"error": "memory"})
    except Exception as error:  # noqa: BLE001  # whatever a query provokes ends in words
        _write({"error": "query", "detail": str(error).strip()})


def _write_rows(cursor: Any) -> None:
    columns = cursor.description or []
    _write({"columns": [column[0] for column in columns], "types": [str(column[1]) for column in columns]})
    while batch := cursor.fetchmany(_BATCH):
        _write({"rows": [[_plain(value) for value in row] for row in batch]})


def _plain(value: object) -> object:
    """What JSON can carry; exact numbers, moments and bytes as text."""
    if value is None or isinstance(value, bool | int | str):
        plain: object = value
    elif isinstance(value, float):
        plain = value if value - value == 0 else str(value)
    elif isinstance(value, Decimal):
        plain = format(value, "f")
    elif isinstance(value, datetime | date | time):
        plain = value.isoformat()
    elif isinstance(value, bytes):
        plain = value.hex()
    elif isinstance(value, list | tuple):
        plain = [_plain(item) for item in value]
    elif isinstance(value, dict):
        plain = {str(key): _plain(item) for key, item in value.items()}
    else:
        plain = str(value)
    return plain


def _write(line: dict[str, Any]) -> None:
    text = json.dumps(line, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
