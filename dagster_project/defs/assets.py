"""The stages of ``pipeline`` as assets: landing → cells → gate → (models) → release → exports.

Each asset is one call into ``pipeline`` and what the UI shows of its result. Models are in ``models``.
"""

# Annotations are not postponed here: Dagster wants the context's type itself, not its name.

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from dagster_project import durable, pipeline
from dagster_project.catalogue.rounds import ANYTHING
from dagster_project.catalogue_versions import notice
from dagster_project.defs.inbox import is_at_rest
from dagster_project.defs.partitions import ROUNDS
from dagster_project.defs.retries import tried_again
from dagster_project.defs.tags import RELEASE_TAG, add_tags
from dagster_project.errors import KhoError
from dagster_project.freshness import read_freshness
from dagster_project.pipeline import Admitted, Desk
from dagster_project.quality.outcomes import UNDECIDED

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


class Inbox(dg.Config):
    """What to take: ``at_rest`` gives size and time of change per file as the sensor saw them; None: everything."""

    at_rest: dict[str, list[int]] | None = None


@dg.asset(key=LANDING, group_name="intake", kinds={"file"})
def landing(
    context: dg.AssetExecutionContext, config: Inbox, desk: dg.ResourceParam[Desk]
) -> dg.MaterializeResult[None]:
    """Every file of the inbox, kept by sha256, with its receipt in the ledger."""
    inbox = desk.folder.inbox
    seen = None if config.at_rest is None else {name: tuple(stat) for name, stat in config.at_rest.items()}
    pipeline.copy_early(desk)
    with tried_again(context):
        receipts = pipeline.receive(
            desk, [inbox], only=None if seen is None else lambda path: is_at_rest(path, inbox, seen)
        )
        pipeline.take_again(desk, pipeline.load_checked_catalogue(desk), receipts, ANYTHING)
        problems = [error.text(desk.settings.lang) for error in pipeline.not_received(desk, [inbox])]
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
def cells(context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """Cells of the landed files with their coordinates, bound to units, elements and periods."""
    with tried_again(context):
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
        docs = _data_docs(desk, admitted, context.run_id)
        yield dg.MaterializeResult(
            metadata={
                **admitted.dispositions,
                "data_docs": dg.MetadataValue.path(docs),
            }
        )
        yield from gate_results(admitted)

    return gate


def _data_docs(desk: Desk, admitted: Admitted, run_id: str) -> Path:
    """The page about this run of the gate; those of the oldest runs make room."""
    from dagster_project.quality.docs import write_data_docs

    top = desk.folder.logs / DATA_DOCS
    page = write_data_docs(
        admitted.results, desk.project.expectations, top / f"{desk.now():%Y%m%dT%H%M%S}-{run_id[:8]}"
    )
    kept = sorted(path.name for path in top.iterdir())[-_DATA_DOCS_KEPT:]
    durable.sweep(top, lambda name: name not in kept)
    return page


def gate_results(admitted: Admitted) -> Iterator[dg.AssetCheckResult]:
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
    undecided = admitted.dispositions.get(UNDECIDED, 0)
    yield dg.AssetCheckResult(
        asset_key=GATE,
        check_name=CELLS_ADD_UP,
        passed=undecided == 0,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"cells": sum(admitted.dispositions.values()), "undecided": undecided},
    )
    broken = [result.rule_code for result in admitted.broken]
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
    def release(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        """The build as one file that readers see whole, or not at all."""
        with tried_again(context):
            inputs = pipeline.read_inputs(desk, pipeline.load_checked_catalogue(desk))
            made = pipeline.publish(desk, inputs)
        add_tags(context, {RELEASE_TAG: made.release_id})
        return dg.MaterializeResult(
            metadata={"release": made.release_id, "changed": made.changed, "content_hash": made.content_hash}
        )

    return release


@dg.asset_check(asset=RELEASE, name="is_fresh", description="The release holds what the office has received")
def release_is_fresh(desk: dg.ResourceParam[Desk]) -> dg.AssetCheckResult:
    """A warning where a file waits in the inbox, or something was decided since."""
    found = read_freshness(desk, pipeline.load_checked_catalogue(desk))
    return dg.AssetCheckResult(
        passed=found.is_fresh,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"waiting_files": list(found.files), "is_stale": found.is_stale},
    )


@dg.asset(
    key=EXPORTS,
    deps=[RELEASE],
    partitions_def=ROUNDS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="exports",
    kinds={"word", "excel", "html", "parquet"},
)
def exports(context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]) -> dg.MaterializeResult[None]:
    """The report set of each round: official report, annex, quality report, portal, open data."""
    from dagster_project.warehouse.releases import current_release

    current = current_release(desk.folder)
    if current is None:
        raise KhoError("cli.no_release", folder=desk.folder.root)
    written: dict[str, dg.MetadataValue] = {}
    taken = {code: pipeline.release_to_export(desk, current, code) for code in context.partition_keys}
    for round_code, release_id in taken.items():
        with tried_again(context):
            files = pipeline.export(desk, release_id, round_code)
        written |= {f"{round_code} {file.kind}": dg.MetadataValue.path(file.path) for file in files}
    add_tags(context, {RELEASE_TAG: ", ".join(sorted(set(taken.values())))})
    return dg.MaterializeResult(metadata=written)
