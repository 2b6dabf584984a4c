"""The main job on workbooks that others made, against results that others published.

The files are read where they lie; only the catalogues that map them are ours.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.command import kho, rows


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory, third_party: Path, catalogues: Path) -> Any:
    done: dict[str, tuple[Path, Path, Mapping[str, Any]]] = {}
    sets = {"pci": "vn_pci_2006_2012", "papi": "vn_papi_2011_2020", "wdi": "wdi_export"}

    def run(name: str) -> tuple[Path, Path, Mapping[str, Any]]:
        if name not in done:
            data = tmp_path_factory.mktemp(name) / "data"
            files = sorted((third_party / sets[name]).glob(_FILES[name]))
            printed = kho(data, "run", *files, "--json", catalogue=catalogues / name)
            assert printed.code == 0, printed.err
            done[name] = (data, catalogues / name, printed.json)
        return done[name]

    return run


_FILES = {"pci": "*.xls*", "papi": "*.csv", "wdi": "GDP.csv"}
