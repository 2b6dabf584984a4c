"""The generated forms through the real stages, from receiving to the built marts, with the seconds of each stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from dagster_project import pipeline
from dagster_project.settings import Office, Settings


@dataclass(frozen=True)
class Ran:
    """What came of a run: its stages in seconds, and the build that a release would be made from."""

    build_file: Path
    seconds: Mapping[str, float]
    nodes: Mapping[str, float] = field(default_factory=dict)

    def rows(self, query: str) -> pl.DataFrame:
        """Rows of a query over the marts."""
        with duckdb.connect(str(self.build_file), read_only=True) as connection:
            connection.execute("set schema = 'marts'")
            return connection.execute(query).pl()


def run_stages(
    data: Path, catalogue: Path, inbox: Path, *, said: Callable[[str], object] = lambda _: None
) -> Ran:
    """Receive, read, admit and build; no report is written."""
    desk = open_desk(data, catalogue)
    loaded = pipeline.load_checked_catalogue(desk)
    seconds: dict[str, float] = {}
    nodes: dict[str, float] = {}

    def stage(name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        done = work()
        seconds[name] = time.perf_counter() - began
        said(f"{name}: {seconds[name]:.1f} s")
        return done

    stage("receive", lambda: pipeline.receive(desk, [inbox]))
    pipeline.start_build(desk)
    pipeline.write_catalogue(desk, loaded)
    stage("read", lambda: pipeline.read_cells(desk, loaded))
    gate = stage("gate 1", lambda: pipeline.admit(desk, loaded))
    assert not gate.broken, [result.text("en") for result in gate.broken]
    built = stage("build", lambda: pipeline.build(desk))
    for node in built:
        nodes[node.unique_id] = nodes.get(node.unique_id, 0) + node.seconds
    return Ran(desk.folder.build_file, seconds, nodes)


def open_desk(data: Path, catalogue: Path) -> pipeline.Desk:
    """An office of the first made-up area, after the last of the rounds."""
    office = Office(is_sample=True, level="commune", area_code="90001", criteria_set_code="2244")
    settings = Settings(data=data, catalogue=catalogue, office=office)
    return pipeline.Desk(settings, now=lambda: datetime(2028, 5, 1, tzinfo=UTC))
