"""States of an office's own catalogue, each kept whole as one compressed file named by its content.

Reference areas that stand beside it ship with the program and are no part of it.

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
from dagster_project.catalogue.load import Catalogue, as_text, content_hash, load_catalogue
from dagster_project.errors import KhoError

#: The same content gives the same bytes, whenever it is kept.
_ANY_DAY = (1980, 1, 1, 0, 0, 0)


def keep(catalogue: Catalogue, folder: Path) -> Path:
    """The file in ``folder`` that holds the own rows of ``catalogue``, written where it is not there yet."""
    file = _file(folder, own_hash(catalogue))
    if not file.is_file():
        with durable.replaced(file) as aside, ZipFile(aside, "w", ZIP_DEFLATED) as archive:
            for name in catalogue.tables:
                frame = catalogue.own(name)
                if frame.height:
                    entry = ZipInfo(f"{name}.csv", _ANY_DAY)
                    archive.writestr(entry, as_text(frame).write_csv(), ZIP_DEFLATED)
    return file


def own_hash(catalogue: Catalogue) -> str:
    """The hash of the office's own rows, by which a version is known."""
    return content_hash({name: catalogue.own(name) for name in catalogue.tables})


def is_kept(folder: Path, version: str) -> bool:
    """Whether the state with this hash is in ``folder``."""
    return _file(folder, version).is_file()


def load_version(folder: Path, version: str, reference_areas: Path | None = None) -> Catalogue:
    """The kept state with this hash, with ``reference_areas`` beside it.

    Raises ``KhoError`` where it is not there or no longer what it was.
    """
    file = _file(folder, version)
    if not file.is_file():
        raise KhoError("versions.not_kept", version=version[:12])
    with tempfile.TemporaryDirectory() as aside, ZipFile(file) as archive:
        archive.extractall(aside)
        catalogue = load_catalogue(Path(aside), reference_areas)
    if own_hash(catalogue) != version:
        raise KhoError("versions.damaged", version=version[:12], file=file)
    return replace(catalogue, folder=file)


def with_tables(folder: Path, tables: Mapping[str, bytes], reference_areas: Path | None = None) -> Catalogue:
    """The catalogue that ``folder`` would hold with these tables in the place of its own; nothing is written."""
    with tempfile.TemporaryDirectory() as aside:
        for file in folder.glob("*.csv"):
            shutil.copyfile(file, Path(aside) / file.name)
        _write(Path(aside), tables)
        return replace(load_catalogue(Path(aside), reference_areas), folder=folder)


def put_tables(folder: Path, tables: Mapping[str, bytes]) -> None:
    """Let ``tables`` take the place of those in ``folder``, all in one step; other files keep their bytes."""
    with durable.new_folder(folder) as aside:
        shutil.copytree(folder, aside, dirs_exist_ok=True)
        _write(aside, tables)


def _write(folder: Path, tables: Mapping[str, bytes]) -> None:
    for name, content in tables.items():
        (folder / f"{name}.csv").write_bytes(content)


def _file(folder: Path, version: str) -> Path:
    return folder / f"{version}.zip"
