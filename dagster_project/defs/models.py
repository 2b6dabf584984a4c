"""The dbt models as assets, one each, with their tests as checks: built in process in one invocation.

Lineage comes from dbt's manifest; running dbt is ``warehouse.build``.
"""

# Annotations are not postponed here: Dagster wants the context's type itself, not its name.

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project import pipeline
from dagster_project.paths import Project
from dagster_project.pipeline import Desk
from dagster_project.warehouse.build import KEPT, NodeResult, ensure_manifest


@contextmanager
def _as_if_missing(name: str) -> Iterator[None]:
    """Let an import of the module fail."""
    loaded = sys.modules.pop(name, None)
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if loaded:
            sys.modules[name] = loaded


# dagster-dbt needs no dbt to make assets of a manifest. Ours builds in a process of its own; to load it in this one as
# well takes two seconds.
with _as_if_missing("dbt.version"):
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

Manifest = Mapping[str, Any]


class Translator(DagsterDbtTranslator):
    """Models are grouped by layer; sources take the key of the asset that writes them."""

    def __init__(self) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_source_tests_as_checks=True, enable_duplicate_source_asset_keys=True
            )
        )

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        layer = dbt_resource_props["fqn"][1:2]
        return str(layer[0]) if layer else None


def read_manifest(project: Project) -> Manifest:
    """The manifest of dbt, parsed anew where a model changed since."""
    return _read(ensure_manifest(project))


@lru_cache(maxsize=1)
def _read(file: Path) -> Manifest:
    """A process that runs several jobs reads it once: the folder's name is the hash of what was parsed."""
    manifest: Manifest = json.loads(file.read_text(encoding="utf-8"))
    return manifest


def mart_keys(manifest: Manifest) -> list[dg.AssetKey]:
    """The assets of the marts layer."""
    translator = Translator()
    return sorted(
        translator.get_asset_key(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1:2] == ["marts"]
    )


def make_models(manifest: Manifest) -> dg.AssetsDefinition:
    """All models of ``manifest`` as one op with many assets."""
    translator = Translator()

    @dbt_assets(manifest=manifest, dagster_dbt_translator=translator, name="models")
    def models(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        specs = context.assets_def.check_specs
        yield from node_events(manifest, specs, pipeline.build(desk))

    return models


def node_events(
    manifest: Manifest, specs: Sequence[dg.AssetCheckSpec], results: Sequence[NodeResult]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """What Dagster shows of each dbt node: models with their time, tests as checks.

    A kept mart is told too, for the release waits for all of them; of a kept model on the way there is nothing to say.
    """
    translator = Translator()
    by_name = {spec.name: spec for spec in specs}
    for result in results:
        node = manifest["nodes"].get(result.unique_id)
        if node is None:
            continue
        if node["resource_type"] == "model":
            is_kept = result.status == KEPT
            if not is_kept or node["fqn"][1:2] == ["marts"]:
                yield dg.MaterializeResult(
                    asset_key=translator.get_asset_key(node),
                    metadata={"seconds": result.seconds, "kept": is_kept},
                )
        elif node["name"] in by_name:
            spec = by_name[node["name"]]
            warns = node["config"]["severity"].lower() == "warn"
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=result.status == "pass",
                severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
                metadata={"failures": result.failures, "message": result.message},
            )
