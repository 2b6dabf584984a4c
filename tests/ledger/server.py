"""An empty ledger on a server that other tests have written to."""

from __future__ import annotations

from pydantic import SecretStr
from sqlalchemy import Engine

from dagster_project.ledger.store import open_ledger
from dagster_project.ledger.tables import METADATA


def open_empty_ledger(address: str) -> Engine:
    """The ledger at ``address`` with its tables made anew: what stands in them cannot be deleted."""
    METADATA.drop_all(open_ledger(SecretStr(address)))
    return open_ledger(SecretStr(address))
