"""Partitions: one per reporting round, added as rounds appear; several that stand side by side make one run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import dagster as dg

ROUNDS = dg.DynamicPartitionsDefinition(name="rounds")


def spans(known: Sequence[str], wanted: Collection[str]) -> list[tuple[str, str]]:
    """First and last of each unbroken stretch of ``wanted`` in the order of ``known``."""
    found: list[tuple[str, str]] = []
    before: str | None = None
    for key in known:
        if key in wanted:
            if found and found[-1][1] == before:
                found[-1] = (found[-1][0], key)
            else:
                found.append((key, key))
        before = key
    return found


def span_tags(first: str, last: str) -> Mapping[str, str]:
    """What asks a run for all rounds from ``first`` to ``last``."""
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
