"""The database itself refuses to change or delete what was written to the ledger.

Ledgers that were made before learn it when they are opened. Who owns the database can still take the triggers away:
``missing_guards`` tells.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, inspect, text

from dagster_project.ledger.tables import METADATA

_REFUSAL = "the ledger is append-only"
_PREFIX = "kho_keep"
_FUNCTION = "kho_refuse_change"
#: One process at a time adds the triggers.
_POSTGRES_LOCK = 2_244_001


def keep_append_only(engine: Engine) -> None:
    """Add the triggers that are missing."""
    with engine.connect() as connection:
        missing = _missing(connection)
    if not missing:
        return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"select pg_advisory_xact_lock({_POSTGRES_LOCK})"))
            connection.execute(
                text(
                    f"create or replace function {_FUNCTION}() returns trigger language plpgsql as "
                    f"$$ begin raise exception '{_REFUSAL}'; end $$"
                )
            )
        for name in missing:
            connection.execute(text(_trigger(engine.dialect.name, name)))


def missing_guards(engine: Engine) -> list[str]:
    """The triggers that the tables of a ledger should have and have not."""
    there = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return [name for name in _missing(connection) if _parts(name)[1] in there]


def _missing(connection: Connection) -> list[str]:
    where = (
        "select tgname from pg_trigger where not tgisinternal and tgenabled <> 'D'"
        if connection.dialect.name == "postgresql"
        else "select name from sqlite_master where type = 'trigger'"
    )
    there: set[str] = set(connection.execute(text(where)).scalars())
    return [name for name in _wanted(connection.dialect.name) if name not in there]


def _wanted(dialect: str) -> Sequence[str]:
    """Names that tell table and act: ``kho_keep_update_receipts``."""
    acts = ("update", "delete", "truncate") if dialect == "postgresql" else ("update", "delete")
    return [f"{_PREFIX}_{act}_{table.name}" for table in METADATA.sorted_tables for act in acts]


def _parts(name: str) -> tuple[str, str]:
    act, _, table = name.removeprefix(f"{_PREFIX}_").partition("_")
    return act, table


def _trigger(dialect: str, name: str) -> str:
    act, table = _parts(name)
    if dialect == "postgresql":
        return (
            f"create or replace trigger {name} before {act} on {table} "
            f"for each statement execute function {_FUNCTION}()"
        )
    return (
        f"create trigger if not exists {name} before {act} on {table} "
        f"begin select raise(abort, '{_REFUSAL}'); end"
    )
