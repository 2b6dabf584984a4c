"""What the spreadsheet reader leaves out of a workbook, whatever its kind: one answer per cell.

The shape of that answer and the choice of the scanner belong here; how each kind is scanned does not (``sheet_xml``
for xlsx, ``sheet_ods``, ``sheet_xlsb``, ``sheet_xls``). A sheet that cannot be scanned is left out, so that its
formats count as unknown rather than plain.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from zipfile import BadZipFile

from dagster_project.intake.cell_detail import Details
from dagster_project.intake.sheet_ods import read_ods
from dagster_project.intake.sheet_xls import read_xls
from dagster_project.intake.sheet_xlsb import read_xlsb
from dagster_project.intake.sheet_xml import read_xlsx

_SCANNERS: Mapping[str, Callable[[Path], dict[str, Details]]] = {
    "xlsb": read_xlsb,
    "ods": read_ods,
    "xls": read_xls,
}


def read_details(file: Path, kind: str, parts: Mapping[str, bytes]) -> dict[str, Details]:
    """Details of each sheet of ``file``, by its name; nothing where the reader may still manage what we cannot.

    ``parts`` are those that the guard has inflated before.
    """
    try:
        return read_xlsx(file, parts) if kind in ("xlsx", "xlsm") else _SCANNERS[kind](file)
    except (struct.error, IndexError, KeyError, ValueError, SyntaxError, BadZipFile):
        return {}
