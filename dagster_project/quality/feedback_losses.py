"""What openpyxl cannot keep of a workbook that it opens and saves, found in the workbook's parts.

Only looking belongs here; writing the workbook that goes back does not (``feedback``).
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from zipfile import ZipFile

#: Message codes by the folder or part that tells of them.
_BY_NAME = (
    (re.compile(r"xl/charts/"), "feedback.lost_charts"),
    (re.compile(r"xl/(ctrlProps|activeX)/"), "feedback.lost_controls"),
    (re.compile(r"xl/threadedComments/"), "feedback.lost_threads"),
    (re.compile(r"xl/(slicers|timelines)/"), "feedback.lost_slicers"),
    (re.compile(r"xl/(connections\.xml|queryTables/)"), "feedback.lost_connections"),
    (re.compile(r"_xmlsignatures/"), "feedback.lost_signature"),
    (re.compile(r"xl/(embeddings|diagrams)/"), "feedback.lost_objects"),
)
#: Message codes by what stands in sheets and in drawings.
_IN_SHEETS = (
    (re.compile(rb"sparklineGroup\b"), "feedback.lost_sparklines"),
    (re.compile(rb"<(\w+:)?f[\s>]"), "feedback.lost_results"),
    (re.compile(rb"<x14:(conditionalFormatting|dataValidation)\b"), "feedback.lost_rules"),
    (re.compile(rb"<(\w+:)?controls[\s>]"), "feedback.lost_controls"),
)
_IN_DRAWINGS = ((re.compile(rb"<(\w+:)?(sp|grpSp|cxnSp)[\s>]"), "feedback.lost_drawings"),)
_PICTURES = "xl/media/"


def find_losses(archive: ZipFile) -> list[str]:
    """Message codes of what ``archive``, a workbook, holds and its copy will lack; each once, in a fixed order."""
    found = set()
    for name in archive.namelist():
        found |= {code for pattern, code in _BY_NAME if pattern.match(name)}
        if name.startswith(_PICTURES) and find_spec("PIL") is None:
            found.add("feedback.lost_pictures")
        looks = _looks_for(name)
        content = archive.read(name) if looks else b""
        found |= {code for pattern, code in looks if pattern.search(content)}
    order = [code for _, code in (*_IN_DRAWINGS, *_IN_SHEETS, *_BY_NAME)]
    return sorted(found, key=lambda code: order.index(code) if code in order else -1)


def _looks_for(name: str) -> tuple[tuple[re.Pattern[bytes], str], ...]:
    if not name.endswith(".xml"):
        return ()
    if name.startswith("xl/worksheets/"):
        return _IN_SHEETS
    return _IN_DRAWINGS if name.startswith("xl/drawings/") else ()
