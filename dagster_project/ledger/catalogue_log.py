"""Which catalogue was in force when, who made it so and why.

The states themselves are kept by ``catalogue.versions`` under their hash.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Engine, insert, select

from dagster_project.ledger.store import aware, utc
from dagster_project.ledger.tables import ACTS, CATALOGUE_VERSIONS

_MADE = ("import", "appendix")


@dataclass(frozen=True)
class CatalogueVersion:
    """One state of the catalogue from the moment at which it was made or found.

    ``how``: first (found at the first run), edited (found changed at a run), shipped (came with the program), import
    (an edited workbook), appendix (an official document), confirm (names checked). Who edited by hand is not known.
    """

    content_hash: str
    how: str
    made_at: datetime
    made_by: str = ""
    reason: str = ""
    document: str = ""
    source_name: str = ""
    source_sha256: str = ""
    number: int = 0


def list_versions(engine: Engine) -> list[CatalogueVersion]:
    """All versions in the order in which they came into force."""
    with engine.connect() as connection:
        rows = connection.execute(select(CATALOGUE_VERSIONS).order_by(CATALOGUE_VERSIONS.c.number)).mappings()
        return [CatalogueVersion(**{**row, "made_at": aware(row["made_at"])}) for row in rows]


def add_version(engine: Engine, version: CatalogueVersion) -> None:
    """Append ``version``, and the act of whoever made it; its number is given here.

    What was only found has no act, and names that were checked have one each.
    """
    row = {**asdict(version), "made_at": utc(version.made_at)}
    del row["number"]
    with engine.begin() as connection:
        connection.execute(insert(CATALOGUE_VERSIONS).values(row))
        if version.how in _MADE:
            told = (version.source_name, version.document, version.reason)
            act = {
                "acted_at": row["made_at"],
                "actor": version.made_by,
                "act": f"catalogue.{version.how}",
                "subject": version.content_hash[:12],
                "detail": " · ".join(filter(None, told)),
            }
            connection.execute(insert(ACTS).values(act))
