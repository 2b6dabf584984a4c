"""Issued forms, filled in by the thousand: one form per kind of unit is issued, the others differ in their codes only.

What stands in a form is the caller's; forms that people have changed by hand are made elsewhere (``kinds``).
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from dagster_project.catalogue.load import Catalogue
from dagster_project.forms.issue import issue_forms
from dagster_project.forms.layout import POSITION
from tests.faultset.places import area_code, area_name, prefix
from tests.sample.workbook import Form

_MOMENT = (2026, 1, 1, 0, 0, 0)
_SHEET = "xl/worksheets/sheet1.xml"
_TEXTS = "xl/sharedStrings.xml"
_BLANK = re.compile(r'<c r="([A-Z]+[0-9]+)"( s="[0-9]+")?/>')


@dataclass(frozen=True)
class Blank:
    """The form of one kind of unit in one round, as issued for the first area."""

    kind: str
    round_code: str
    parts: Mapping[str, bytes]
    rows: Mapping[str, int]

    def cell(self, code: str, column: str) -> str:
        """Name of the cell of a row and a column, by their codes."""
        return f"{chr(ord('A') + POSITION[column])}{self.rows[code]}"

    def file_name(self, area: int) -> str:
        return f"B01-X_{prefix(area)}-{self.kind}_{self.round_code}.xlsx"

    def fill(self, area: int, cells: Mapping[str, float | str]) -> bytes:
        """The workbook of the area's unit with ``cells`` (by their names) filled in; equal input, equal bytes."""
        texts = self.parts[_TEXTS].decode()
        for old, new in (
            (f">{prefix(1)}-", f">{prefix(area)}-"),
            (f">{area_code(1)}<", f">{area_code(area)}<"),
            (area_name(1), area_name(area)),
        ):
            texts = texts.replace(old, new)
        sheet = _BLANK.sub(lambda found: _filled(found, cells), self.parts[_SHEET].decode())
        changed = {_TEXTS: texts.encode(), _SHEET: sheet.encode()}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, content in self.parts.items():
                entry = zipfile.ZipInfo(name, _MOMENT)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, changed.get(name, content))
        return buffer.getvalue()


def issue_blanks(catalogue: Catalogue, round_code: str) -> dict[str, Blank]:
    """The blank form of every kind of unit, by the letters behind its area's prefix."""
    blanks = {}
    units = [
        code
        for code in catalogue.table("reporting_units")["reporting_unit_code"]
        if code.startswith(f"{prefix(1)}-")
    ]
    with tempfile.TemporaryDirectory() as aside:
        for file in issue_forms(catalogue, round_code, Path(aside), units=units, is_sample=True):
            kind = file.name.split("_")[1].split("-", 1)[1]
            with zipfile.ZipFile(file) as archive:
                parts = {name: archive.read(name) for name in archive.namelist()}
            blanks[kind] = Blank(kind, round_code, parts, Form(file).rows)
    return blanks


def _filled(found: re.Match[str], cells: Mapping[str, float | str]) -> str:
    name, style = found[1], found[2] or ""
    if name not in cells:
        return found[0]
    value = cells[name]
    if isinstance(value, str):
        return f'<c r="{name}"{style} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{name}"{style}><v>{value!r}</v></c>'
