"""Which acts of the log concern one round.

An act names its round in its subject or its words; what follows it (a confirmation, a withdrawal) names the act's
own number; what was said or decided on a finding names the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_ON_FINDINGS = ("respond", "decide.")


def acts_of(acts: Iterable[Mapping[str, Any]], round_code: str, period_code: str) -> list[dict[str, Any]]:
    """The acts that concern a round, in their order; of findings, those of its period."""
    found: list[dict[str, Any]] = []
    subjects: set[str] = set()
    for act in acts:
        words = f"{act['subject']} {act['detail']}".split()
        of_period = act["act"].startswith(_ON_FINDINGS) and period_code in words
        if round_code in words or of_period or act["subject"] in subjects:
            found.append(dict(act))
            subjects.add(act["subject"])
    return found
