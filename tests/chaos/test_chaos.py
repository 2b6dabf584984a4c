"""A few kills of the chaos run, over a build made by hand: `python -m tests.chaos` plays two hundred with dbt."""

from __future__ import annotations

import json
import pickle
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from dagster_project.paths import DataFolder, Project
from dagster_project.warehouse.build import NodeResult, ensure_manifest
from dagster_project.warehouse.releases import current_manifest
from tests.chaos.office import Office
from tests.chaos.play import Reference, Tally, check_after_kill, run_once
from tests.command import kho
from tests.package_office import AREA, write_catalogue
from tests.reports.tiny_release import commune, write_release

#: A little after the stage began; each is long enough to be hit.
KILLS = (("ledger", 0.0), ("swap", 0.1), ("export", 0.2))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A new office to which two files were sent."""
    root = tmp_path_factory.mktemp("chaos")
    made = Office(root)
    told = ("init", "--level", "commune", "--area", AREA, "--criteria-set", "T")
    assert kho(made.data, *told, catalogue=write_catalogue(root / "catalogue")).code == 0
    made.first.mkdir()
    for name in ("một.txt", "hai.txt"):
        (made.first / name).write_text(name, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt would have built: marts made by hand, every model done."""
    folder = write_release(tmp_path_factory.mktemp("built"), commune())
    nodes = json.loads(ensure_manifest(Project()).read_text("utf-8"))["nodes"]
    order = TopologicalSorter(
        {name: node["depends_on"]["nodes"] for name, node in nodes.items()}
    ).static_order()
    kinds = {"model": "success", "test": "pass"}
    done = [
        NodeResult(name, kinds[nodes[name]["resource_type"]], 0.0, "", 0)
        for name in order
        if name in nodes and nodes[name]["resource_type"] in kinds
    ]
    (folder / "results.pickle").write_bytes(pickle.dumps(done))
    return folder


def test_runs_killed_in_their_stages_lose_nothing_and_the_next_one_finishes(
    office: Office, built: Path
) -> None:
    tally, known, new_hash = Tally(), set[str](), ""
    for stage, delay in KILLS:
        ended = run_once(office, [office.first], kill=(stage, delay), built=built)
        assert ended.killed_in is not None, ended.words
        manifest = current_manifest(DataFolder(office.data))
        new_hash = new_hash or (manifest.content_hash if manifest else "")
        reference = Reference(None, new_hash, {}, built)
        known = check_after_kill(office, reference, known, tally, ended.killed_in)
        tally.kills[ended.killed_in] += 1
    finished = run_once(office, [office.first], built=built)
    assert finished.code in (0, 1), finished.words
    told = json.loads(finished.words)
    assert len(known) == 2
    assert told["content_hash"] == (new_hash or told["content_hash"])
    assert set(tally.kills) >= {"ledger", "swap"}
    assert [path.name for path in (office.data / "exports").iterdir()] == [told["release"]]
