"""The parts of a machine package or a return package as sheets of text, from within the child process.

Inflating under the budget, sha256 of each part and splitting CSV into fields belong here. Nothing is unpacked under a
name that the zip gives; whether the parts are the right ones and what they say does not (``bind_package``).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from dagster_project.intake.archive import Budget, inflate
from dagster_project.limits import ReadLimits

MANIFEST = "manifest.json"
#: The sheets that a package becomes, beside those of its annex.
ABOUT, PARTS = "manifest.json", "manifest.json#files"
ANNEX = "annex.xlsx"
#: The table of a return package.
RETURNED = "returned_findings"
_TABLES = (
    *("fct_element_value", "fct_indicator", "fct_finding", "dim_indicator", "dim_data_element"),
    RETURNED,
)
#: Kinds of the guard.
PACKAGE, RETURN = "package", "return"
#: Above this no manifest is read; one of 60 parts has some 10 kB.
_MANIFEST_LIMIT = 4_000_000
_FIELD_LIMIT = 10_000_000


@dataclass(frozen=True)
class Parts:
    """``sheets``: name and rows of each; ``annex``: the bytes of the workbook, None where there is none."""

    sheets: Mapping[str, list[list[str]]]
    annex: bytes | None


def table_path(name: str) -> str:
    """Where a table lies in a package."""
    return f"csv/{name}.csv"


def read_manifest(file: Path, budget: Budget) -> dict[str, object]:
    """The manifest of a zip. Raises ``ValueError`` where it is none."""
    with ZipFile(file) as archive, file.open("rb") as stream:
        content = b""
        for chunk in inflate(stream, archive.getinfo(MANIFEST), budget):
            content += chunk
            if len(content) > _MANIFEST_LIMIT:
                raise ValueError(MANIFEST)
    return _object(content)


def read_parts(file: Path, limits: ReadLimits) -> Parts:
    """Every part hashed, the tables that are asked for as rows. Raises ``ValueError`` for what is no package."""
    budget = Budget(limits.inflated_bytes, limits.inflation_ratio * max(file.stat().st_size, 1))
    found: list[tuple[str, str]] = []
    kept: dict[str, bytes] = {}
    wanted = {MANIFEST, ANNEX, *map(table_path, _TABLES)}
    with ZipFile(file) as archive, file.open("rb") as stream:
        for entry in archive.infolist():
            digest, chunks = hashlib.sha256(), []
            for chunk in inflate(stream, entry, budget):
                digest.update(chunk)
                if entry.filename in wanted:
                    chunks.append(chunk)
            found.append((entry.filename, digest.hexdigest()))
            if entry.filename in wanted:
                kept.setdefault(entry.filename, b"".join(chunks))
    told = _object(kept.pop(MANIFEST))
    # JSON may escape half a letter, which no file can hold; all else is encoded by ``checksum``.
    json.dumps(told.get("checksum"), ensure_ascii=False).encode()
    annex = kept.pop(ANNEX, None)
    sheets = {ABOUT: [[key, value] for key, value in _flat(told)], PARTS: list(_parts(told, found))}
    csv.field_size_limit(_FIELD_LIMIT)
    for path, content in kept.items():
        text = content.decode("utf-8-sig")
        sheets[path] = list(csv.reader(io.StringIO(text, newline="")))
    return Parts(sheets, annex)


def checksum(told: Mapping[str, object]) -> str:
    """The sha256 that a manifest gives of all else that it says."""
    rest = {key: value for key, value in told.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _object(content: bytes) -> dict[str, object]:
    told = json.loads(content)
    if not isinstance(told, dict):
        raise ValueError(MANIFEST)  # noqa: TRY004  # a fault of the file, not of the call
    return told


def _flat(told: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    """Keys and values of nested objects, ``round.period_code`` for one within another; lists are left out."""
    for key, value in told.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        elif isinstance(value, bool):
            yield f"{before}{key}", str(value).lower()
        elif isinstance(value, (str, int, float)):
            yield f"{before}{key}", str(value)


def _parts(told: Mapping[str, object], found: list[tuple[str, str]]) -> Iterator[list[str]]:
    """Path, the sha256 that the manifest gives, the sha256 found; of the manifest its own checksum twice."""
    yield ["path", "told", "found"]
    yield [MANIFEST, str(told.get("checksum") or "–"), checksum(told)]
    listed = told.get("files")
    claims = {
        str(item.get("path")): str(item.get("sha256"))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict)
    }
    seen: set[str] = set()
    for path, digest in found:
        if path == MANIFEST and path not in seen:
            seen.add(path)
            continue
        # A name that stands twice is one part too many.
        yield [path, "" if path in seen else claims.get(path, ""), digest]
        seen.add(path)
    for path in sorted(set(claims) - seen):
        yield [path, claims[path], ""]
