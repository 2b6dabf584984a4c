"""An office that goes on working on a tiny scale: files, ledger and releases of one table, without a build by dbt."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from dagster_project.pipeline import Desk, Inputs, publish, receive
from dagster_project.settings import Settings
from tests.warehouse.tiny import make_build

NOON = datetime(2026, 4, 9, 5, tzinfo=UTC)


class Office:
    """An office that goes on taking in files and making releases of a single table."""

    def __init__(self, root: Path, work_done: Office | None = None) -> None:
        if work_done is not None:
            shutil.copytree(work_done.folder.root, root / "data")
        self.desk = Desk(Settings(data=root / "data", catalogue=root, person="Lan"), now=lambda: NOON)
        self.desk.folder.make()
        self.folder = self.desk.folder
        self._files = root / "sent"
        self._files.mkdir()
        self.number = work_done.number if work_done else 0

    def work(self) -> None:
        """One more file, one more release that counts it."""
        self.number += 1
        file = self._files / f"biểu {self.number}.xlsx"
        file.write_bytes(str(self.number).encode())
        receive(self.desk, [file])
        make_build(
            self.folder,
            "create table marts.dim_round as select null::varchar as round_code, null::varchar as state where false; "
            f"create table marts.fct_a as select {self.number} as files",
        )
        self.folder.build_inputs.mkdir(exist_ok=True)
        (self.folder.build_inputs / "catalogue.sha256").write_text("c", encoding="utf-8")
        publish(self.desk, Inputs(str(self.number), "c", "v"))
