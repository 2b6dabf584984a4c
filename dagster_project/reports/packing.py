"""Zip files (docx, xlsx, packages) made so that equal content gives equal bytes."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

#: The earliest moment that a zip can tell.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_PROPERTIES = "docProps/core.xml"
_MADE = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def settle(file: Path, moment: datetime | None = None) -> None:
    """Write a zip again in place, its entries in the same order without times and owners.

    ``moment`` stands for when a workbook or document says that it was made and changed.
    """
    with zipfile.ZipFile(file) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    if moment is not None:
        told = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".encode()
        entries = [
            (name, _MADE.sub(rb"\g<1>" + told, content) if name == _PROPERTIES else content)
            for name, content in entries
        ]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), content, zipfile.ZIP_DEFLATED)


def pack(folder: Path, file: Path) -> None:
    """Write every file below ``folder`` into the zip ``file``, in the order of their names, without times."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _NO_TIME)
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=6)
