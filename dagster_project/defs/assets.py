"""The stages of ``pipeline`` as assets: landing → cells → gate → (models) → release → exports.

Each asset is one call into ``pipeline`` and what the UI shows of its result. Models are in ``models``.
"""

# Annotations are not postponed here: Dagster wants the context's type itself, not its name.

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from dagster_project import durable, pipeline
from dagster_project.catalogue_versions import notice
from dagster_project.defs.partitions import ROUNDS
from dagster_project.errors import KhoError
from dagster_project.pipeline import Desk
from dagster_project.quality.gate import Gate

CATALOGUE = dg.AssetKey("catalogue")
LANDING = dg.AssetKey("landing")
CELLS = dg.AssetKey("cells")
GATE = dg.AssetKey("gate")
RELEASE = dg.AssetKey("release")
EXPORTS = dg.AssetKey("exports")

#: Our own invariants: a failure stops the run before the models.
CELLS_ADD_UP = "cells_add_up"
ACCEPTED_BATCH_PASSES = "accepted_batch_passes"
#: Pages about the gate's last runs that are kept, under the logs.
DATA_DOCS = "data-docs"
_DATA_DOCS_KEPT = 20


@dg.asset(key=LANDING, group_name="intake", kinds={"file"})
def landing(desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """Every file of the inbox, kept by sha256, with its receipt in the ledger."""
    receipts = pipeline.receive(desk, [desk.folder.inbox])
    problems = [error.text(desk.settings.lang) for error in pipeline.not_received(desk, [desk.folder.inbox])]
    return dg.MaterializeResult(metadata={"files_in_inbox": len(receipts), "not_received": problems})


@dg.asset(key=CATALOGUE, group_name="intake", kinds={"csv"})
def catalogue(desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """The reference data, linted, kept as the version in use and written as typed Parquet for the models."""
    loaded = pipeline.load_checked_catalogue(desk)
    notice(desk.settings, loaded, desk.now())
    pipeline.write_catalogue(desk, loaded)
    rows = {name: frame.height for name, frame in loaded.tables.items() if frame.height}
    return dg.MaterializeResult(metadata={"content_hash": loaded.content_hash, "rows": rows})


@dg.asset(key=CELLS, deps=[LANDING, CATALOGUE], group_name="intake", kinds={"polars"})
def cells(desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """Cells of the landed files with their coordinates, bound to units, elements and periods."""
    read = pipeline.read_cells(desk, pipeline.load_checked_catalogue(desk))
    return dg.MaterializeResult(metadata={"files_read": read})


def suite_checks(expectations: Path) -> list[dg.AssetCheckSpec]:
    """One check per rule of a suite, and our own blocking ones."""
    rules = {
        (file.stem, expectation["meta"]["rule_code"])
        for file in sorted(expectations.glob("*.json"))
        for expectation in json.loads(file.read_text(encoding="utf-8"))["expectations"]
    }
    return [
        *(dg.AssetCheckSpec(f"{suite}__{rule.lower()}", asset=GATE) for suite, rule in sorted(rules)),
        dg.AssetCheckSpec(
            CELLS_ADD_UP,
            asset=GATE,
            blocking=True,
            description="Every cell that was read is accepted, quarantined or ignored",
        ),
        dg.AssetCheckSpec(
            ACCEPTED_BATCH_PASSES,
            asset=GATE,
            blocking=True,
            description="The accepted batch has the columns and types of its suite and passes it",
        ),
    ]


def make_gate(expectations: Path) -> dg.AssetsDefinition:
    """The gate asset, its checks read from the suites in ``expectations``."""

    @dg.asset(
        key=GATE,
        deps=[CELLS],
        group_name="gate",
        kinds={"greatexpectations"},
        check_specs=suite_checks(expectations),
    )
    def gate(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Gate 1: what fits the catalogue's shape goes on, the rest is quarantined with a finding."""
        admitted = pipeline.admit(desk, pipeline.load_checked_catalogue(desk))
        dispositions = dict(admitted.cells["disposition"].value_counts().iter_rows())
        docs = _data_docs(desk, admitted, context.run_id)
        yield dg.MaterializeResult(
            metadata={
                **{str(name): count for name, count in dispositions.items()},
                "data_docs": dg.MetadataValue.path(docs),
            }
        )
        yield from gate_results(admitted)

    return gate


def _data_docs(desk: Desk, admitted: Gate, run_id: str) -> Path:
    """The page about this run of the gate; those of the oldest runs make room."""
    from dagster_project.quality.docs import write_data_docs

    top = desk.folder.logs / DATA_DOCS
    page = write_data_docs(
        admitted.results, desk.project.expectations, top / f"{desk.now():%Y%m%dT%H%M%S}-{run_id[:8]}"
    )
    kept = sorted(path.name for path in top.iterdir())[-_DATA_DOCS_KEPT:]
    durable.sweep(top, lambda name: name not in kept)
    return page


def gate_results(admitted: Gate) -> Iterator[dg.AssetCheckResult]:
    """Suite results summed over rounds: what units must mend warns, our own invariants block."""
    summed: dict[str, tuple[int, int]] = {}
    for result in admitted.results:
        name = f"{result.dataset}__{result.rule_code.lower()}"
        failed, evaluated = summed.get(name, (0, 0))
        summed[name] = (failed + result.failed, evaluated + result.evaluated)
    for name, (failed, evaluated) in sorted(summed.items()):
        yield dg.AssetCheckResult(
            asset_key=GATE,
            check_name=name,
            passed=failed == 0,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"failed": failed, "evaluated": evaluated},
        )
    undecided = admitted.cells["disposition"].null_count()
    yield dg.AssetCheckResult(
        asset_key=GATE,
        check_name=CELLS_ADD_UP,
        passed=undecided == 0,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"cells": admitted.cells.height, "undecided": undecided},
    )
    broken = [result.rule_code for result in admitted.results if result.invariant and not result.success]
    yield dg.AssetCheckResult(
        asset_key=GATE,
        check_name=ACCEPTED_BATCH_PASSES,
        passed=not broken,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"broken": broken},
    )


def make_release_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """The release asset, downstream of every mart."""

    @dg.asset(key=RELEASE, deps=marts, group_name="release", kinds={"duckdb"})
    def release(desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
        """The build as one file that readers see whole, or not at all."""
        inputs = pipeline.read_inputs(desk, pipeline.load_checked_catalogue(desk))
        made = pipeline.publish(desk, inputs)
        return dg.MaterializeResult(
            metadata={"release": made.release_id, "changed": made.changed, "content_hash": made.content_hash}
        )

    return release


@dg.asset(
    key=EXPORTS,
    deps=[RELEASE],
    partitions_def=ROUNDS,
    group_name="exports",
    kinds={"word", "excel", "html", "parquet"},
)
def exports(context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """The report set of one round: official report, annex, quality report, open data."""
    from dagster_project.warehouse.releases import current_release

    release_id = current_release(desk.folder)
    if release_id is None:
        raise KhoError("cli.no_release", folder=desk.folder.root)
    release_id = pipeline.release_to_export(desk, release_id, context.partition_key)
    files = pipeline.export(desk, release_id, context.partition_key)
    return dg.MaterializeResult(metadata={file.kind: dg.MetadataValue.path(file.path) for file in files})
