"""The finding that an answer or a verdict is about, and whether it may have one."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.decide.problems import Problems
from dagster_project.ledger.decisions import FindingKey

if TYPE_CHECKING:
    from dagster_project.warehouse.lookup import Finding

_SHORTEST_BEGINNING = 4


def finding_to_answer(release_file: Path, beginning: str, problems: Problems) -> Finding | None:
    """The warning whose id begins so; an answered one may be answered again."""
    finding = _find(release_file, beginning, problems)
    if finding and finding.severity != "warning" and finding.unit_response is None:
        problems.add("ledger.only_warnings", finding=finding.finding_id)
    return finding


def finding_to_decide(release_file: Path, beginning: str, problems: Problems) -> Finding | None:
    """The blocking finding about the meaning of a figure whose id begins so."""
    finding = _find(release_file, beginning, problems)
    if finding and (finding.severity, finding.stage) != ("blocking", "meaning"):
        problems.add("ledger.only_blocking", finding=finding.finding_id)
    return finding


def finding_key(finding: Finding) -> dict[str, Any]:
    """The parts by which the same finding is known in a later revision."""
    return {part.name: getattr(finding, part.name) for part in fields(FindingKey)}


def _find(release_file: Path, beginning: str, problems: Problems) -> Finding | None:
    from dagster_project.warehouse.lookup import find_findings

    wanted = beginning.strip().lower()
    if len(wanted) < _SHORTEST_BEGINNING:
        problems.add("ledger.id_too_short", finding=beginning, least=_SHORTEST_BEGINNING)
        return None
    found = find_findings(release_file, wanted)
    if not found:
        problems.add("ledger.unknown_finding", finding=beginning)
    elif len(found) > 1:
        ids = ", ".join(finding.finding_id for finding in found[:5])
        problems.add("ledger.several_findings", finding=beginning, ids=ids)
    return found[0] if len(found) == 1 else None
