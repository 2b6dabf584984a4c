"""A server that goes away in the middle of an act leaves nothing of it, and says what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import SQLAlchemyError

from dagster_project.cli_failures import explain
from dagster_project.errors import ExitCode
from dagster_project.ledger.store import list_acts, log_act
from dagster_project.ledger.tables import ACTS
from tests.ledger.server import open_empty_ledger

NOON = datetime(2026, 4, 9, 5, tzinfo=UTC)


def test_an_act_that_the_server_did_not_live_through_is_not_written(postgres: str, tmp_path: Path) -> None:
    ledger = open_empty_ledger(postgres)
    act = {"acted_at": NOON, "actor": "Lan", "act": "round.sign", "subject": "R-2025", "detail": ""}
    with pytest.raises(SQLAlchemyError) as error, ledger.begin() as connection:
        connection.execute(insert(ACTS).values(act))
        own = connection.execute(text("select pg_backend_pid()")).scalar()
        with ledger.connect() as other:
            other.execute(text("select pg_terminate_backend(:own)"), {"own": own})
        connection.execute(insert(ACTS).values(act))
    told = explain(error.value, tmp_path)
    assert told is not None
    assert (told.code, told.exit_code) == ("days.server_gone", ExitCode.FAILED)
    assert list_acts(ledger) == []
    log_act(ledger, at=NOON, actor="Lan", act="round.sign", subject="R-2025")
    assert len(list_acts(ledger)) == 1
