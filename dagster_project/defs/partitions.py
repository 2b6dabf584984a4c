"""Partitions: one per reporting round, added as rounds appear in the catalogue."""

import dagster as dg

ROUNDS = dg.DynamicPartitionsDefinition(name="rounds")
