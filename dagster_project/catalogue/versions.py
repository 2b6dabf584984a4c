"""States of a catalogue, each kept whole as one compressed file named by its content.

Keeping, reading back and putting changed tables in place belong here. Who made a version, when and why is in the
ledger.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from dagster_project import durable
from dagster_project.catalogue.load import Catalogue, as_text, load_catalogue
from dagster_project.errors import KhoError

#: The same content gives the same bytes, whenever it is kept.
_ANY_DAY = (1980, 1, 1, 0, 0, 0)


def keep(catalogue: Catalogue, folder: Path) -> Path:
    """The file in ``folder`` that holds ``catalogue``, written where it is not there yet."""
    file = _file(folder, catalogue.content_hash)
    if not file.is_file():
        with durable.replaced(file) as aside, ZipFile(aside, "w", ZIP_DEFLATED) as archive:
            for name, frame in catalogue.tables.items():
                if frame.height:
                    entry = ZipInfo(f"{name}.csv", _ANY_DAY)
                    archive.writestr(entry, as_text(frame).write_csv(), ZIP_DEFLATED)
    return file


def load_version(folder: Path, content_hash: str) -> Catalogue:
    """The kept state with this hash. Raises ``KhoError`` where it is not there or no longer what it was."""
    file = _file(folder, content_hash)
    if not file.is_file():
        raise KhoError("versions.not_kept", version=content_hash[:12])
    with tempfile.TemporaryDirectory() as aside, ZipFile(file) as archive:
        archive.extractall(aside)
        catalogue = load_catalogue(Path(aside))
    if catalogue.content_hash != content_hash:
        raise KhoError("versions.damaged", version=content_hash[:12], file=file)
    return replace(catalogue, folder=file)


def with_tables(folder: Path, tables: Mapping[str, bytes]) -> Catalogue:
    """The catalogue that ``folder`` would hold with these tables in the place of its own; nothing is written."""
    with tempfile.TemporaryDirectory() as aside:
        for file in folder.glob("*.csv"):
            shutil.copyfile(file, Path(aside) / file.name)
        _write(Path(aside), tables)
        return replace(load_catalogue(Path(aside)), folder=folder)


def put_tables(folder: Path, tables: Mapping[str, bytes]) -> None:
    """Let ``tables`` take the place of those in ``folder``, all in one step; other files keep their bytes."""
    with durable.new_folder(folder) as aside:
        shutil.copytree(folder, aside, dirs_exist_ok=True)
        _write(aside, tables)


def _write(folder: Path, tables: Mapping[str, bytes]) -> None:
    for name, content in tables.items():
        (folder / f"{name}.csv").write_bytes(content)


def _file(folder: Path, content_hash: str) -> Path:
    return folder / f"{content_hash}.zip"
