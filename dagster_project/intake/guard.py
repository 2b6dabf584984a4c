"""Look at a file from outside before any spreadsheet parser does: what it is, and whether it may be opened.

Kind by content, sizes counted while inflating, true extents of sheets, entities, encryption and macros belong
here. Reading cells does not (``read``), nor does deciding which form a workbook is (``take_in``).
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path, PurePath
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from dagster_project.frames import REPORT_PACKAGE, RETURN_PACKAGE
from dagster_project.intake.alike import SMALL
from dagster_project.intake.archive import Budget, TooMuchError, inflate, inflate_small, read_packed
from dagster_project.intake.encodings import UTF16_MARKS, UnknownEncodingError, decode
from dagster_project.intake.extents import Extent, OdsExtent, TooWideError, XlsbExtent, XlsxExtent
from dagster_project.intake.package_parts import MANIFEST, PACKAGE, RETURN, read_manifest
from dagster_project.limits import ReadLimits

#: A part is kept up to this size, and parts up to so much in all.
_PART_KEPT, _PARTS_KEPT = 1 << 18, 1 << 22
#: So many small parts are remembered, for forms of one kind have most of them in common.
_ALIKE = 256
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_ENTRY = b"PK\x01\x02"
_CHUNK = 1 << 20
_TEXT_SUFFIXES = {".csv", ".tsv", ".txt"}
#: Kinds of a page that a person reads and no program: the paper copy of a form.
PAPER = "paper"
_PAPER_KINDS = {"PDF", "PNG", "JPEG", "TIFF", "HEIC"}
_PAPER_SUFFIXES = {".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".heic", ".heif"}
_HEIC = re.compile(rb"^.{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)", re.DOTALL)
_SIGNATURES = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"{\\rtf", "RTF"),
)
_PACKAGES = {REPORT_PACKAGE: PACKAGE, RETURN_PACKAGE: RETURN}
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True)
class Inspection:
    """What a file is, and the code of the finding that refuses it, if one does."""

    kind: str | None
    refusal: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    has_macros: bool = False
    encoding: str = ""  # of a text file
    parts: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    """The small parts of a workbook as they were inflated, by name: whoever reads on need not do so again."""


class _RefusedError(Exception):
    """Ends an inspection: the code of the finding and its values."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(code)


def inspect(file: Path, limits: ReadLimits, file_name: str | None = None) -> Inspection:
    """Inspect ``file``; ``file_name`` is the name that it came with, which tells CSV from other plain text."""
    try:
        return _inspect(file, limits, file_name or file.name)
    except _RefusedError as refused:
        return Inspection(None, refused.code, refused.values)
    except TooMuchError:
        return Inspection(None, "FILE_ZIP_BOMB", {"limit": str(limits.inflated_bytes)})
    except TooWideError as wide:
        return Inspection(
            None, "FILE_SHEET_TOO_LARGE", {"cells": str(wide.cells), "limit": str(limits.sheet_cells)}
        )
    except (BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as error:
        return Inspection(None, "FILE_DAMAGED", {"detail": str(error)})


def _inspect(file: Path, limits: ReadLimits, file_name: str) -> Inspection:
    size = file.stat().st_size
    if size == 0:
        raise _RefusedError("FILE_EMPTY")
    if size > limits.file_bytes:
        raise _RefusedError("FILE_TOO_LARGE", size=size, limit=limits.file_bytes)
    with file.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(b"PK"):
        return _inspect_zip(file, size, limits)
    if head.startswith(_OLE):
        return _inspect_ole(file)
    found = _signature(head)
    if found in _PAPER_KINDS and PurePath(file_name).suffix.lower() in _PAPER_SUFFIXES:
        return Inspection(PAPER, values={"found": str(found)})
    if found is not None:
        raise _RefusedError("FILE_NOT_WORKBOOK", found=found)
    return _inspect_text(file, head, file_name)


def is_paper(file: Path) -> bool:
    """Whether a file is a page for people to read, whatever its name and size: a PDF or a picture of a page."""
    with file.open("rb") as stream:
        return _signature(stream.read(4096)) in _PAPER_KINDS


def _signature(head: bytes) -> str | None:
    """What the first bytes say that the file is; null where they say nothing that we know."""
    if _HEIC.match(head):
        return "HEIC"
    return next((name for signature, name in _SIGNATURES if head.startswith(signature)), None)


def _inspect_text(file: Path, head: bytes, file_name: str) -> Inspection:
    if not head.startswith(UTF16_MARKS) and b"\x00" in head:
        raise _RefusedError("FILE_NOT_WORKBOOK", found="?")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        raise _RefusedError("FILE_NOT_WORKBOOK", found="HTML/XML")
    if PurePath(file_name).suffix.lower() not in _TEXT_SUFFIXES:
        raise _RefusedError("FILE_NOT_WORKBOOK", found="text")
    try:
        decoded = decode(file.read_bytes())
    except UnknownEncodingError:
        raise _RefusedError("FILE_ENCODING") from None
    if "\x00" in decoded.text:
        raise _RefusedError("FILE_NOT_WORKBOOK", found="?")
    if not decoded.text.strip():
        raise _RefusedError("FILE_EMPTY")
    return Inspection("csv", encoding=decoded.encoding)


def _inspect_ole(file: Path) -> Inspection:
    """A compound file: names of its streams stand in it as UTF-16."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:

        def holds(name: str) -> bool:
            pattern = re.escape(name.encode("utf-16-le"))
            return re.search(pattern, content, re.IGNORECASE) is not None

        if holds("EncryptedPackage"):
            raise _RefusedError("FILE_ENCRYPTED")
        if holds("WordDocument"):
            raise _RefusedError("FILE_NOT_WORKBOOK", found="Word")
        if not holds("Workbook") and not holds("Book"):
            raise _RefusedError("FILE_NOT_WORKBOOK", found="OLE")
        return Inspection("xls", has_macros=holds("_VBA_PROJECT"))


def _inspect_zip(file: Path, size: int, limits: ReadLimits) -> Inspection:
    with _open(file, size) as stream:
        _count_entries(stream, limits)
        # The library closes only what it opens itself.
        entries = ZipFile(stream).infolist()
        names = [_part_name(entry.filename) for entry in entries]
        kind = _kind_of_zip(set(names), {entry.filename for entry in entries})
        if any(entry.flag_bits & 0x1 for entry in entries):
            raise _RefusedError("FILE_ENCRYPTED")
        budget = Budget(limits.inflated_bytes, limits.inflation_ratio * max(size, 1))
        parts: dict[str, bytes] = {}
        for name, entry in zip(names, entries, strict=True):
            part = _look_at(stream, entry, _Meant(kind, name, limits.sheet_cells), budget)
            if part.content is not None and budget.spent <= _PARTS_KEPT:
                parts[name] = part.content
            if kind == "ods" and name == "meta-inf/manifest.xml" and part.encrypted:
                raise _RefusedError("FILE_ENCRYPTED")
    if kind == PACKAGE:
        return Inspection(_kind_of_package(file, Budget(limits.inflated_bytes, limits.inflated_bytes)))
    macros = any(name.endswith("vbaproject.bin") for name in names)
    return Inspection("xlsm" if kind == "xlsx" and macros else kind, has_macros=macros, parts=parts)


@dataclass(frozen=True)
class _Meant:
    """What an entry is taken for: by the kind of its file and its own name; and how large a sheet may be."""

    kind: str
    name: str
    sheet_cells: int


@dataclass(frozen=True)
class _Part:
    """An entry that was looked at; ``content`` is None where it is too large to be kept."""

    content: bytes | None
    encrypted: bool


def _look_at(stream: BinaryIO, entry: ZipInfo, meant: _Meant, budget: Budget) -> _Part:
    if entry.compress_size <= SMALL:
        part = _look_at_small(read_packed(stream, entry), entry.compress_type, meant)
        if part is not None and part.content is not None:
            budget.spend(len(part.content))
            return part
    scan = _Scan(meant)
    before, chunks = budget.spent, list[bytes]()
    for chunk in inflate(stream, entry, budget):
        scan.feed(chunk)
        if budget.spent - before <= _PART_KEPT:
            chunks.append(chunk)
    scan.close()
    return _Part(b"".join(chunks) if budget.spent - before <= _PART_KEPT else None, scan.encrypted)


@lru_cache(_ALIKE)
def _look_at_small(packed: bytes, compress_type: int, meant: _Meant) -> _Part | None:
    """None where it is not small, or not whole."""
    content = inflate_small(packed, compress_type, SMALL)
    if content is None:
        return None
    scan = _Scan(meant)
    scan.feed_whole(content)
    return _Part(content, scan.encrypted)


def _open(file: Path, size: int) -> BinaryIO:
    """The file to be read here and there; a small one is read once."""
    return BytesIO(file.read_bytes()) if size <= _PARTS_KEPT else file.open("rb")


def _count_entries(stream: BinaryIO, limits: ReadLimits) -> None:
    """Count entries of the directory in the bytes: neither its header nor the library is trusted with it."""
    count, tail = 0, b""
    while chunk := stream.read(_CHUNK):
        window = tail + chunk
        count += window.count(_ZIP_ENTRY)
        tail = window[1 - len(_ZIP_ENTRY) :]
    if count > limits.zip_entries:
        raise _RefusedError("FILE_ZIP_ENTRIES", limit=limits.zip_entries)


def _part_name(name: str) -> str:
    """Some programs write part names in other cases, with backslashes or as absolute."""
    return name.replace("\\", "/").lstrip("/").lower()


def _kind_of_package(file: Path, budget: Budget) -> str:
    """A package is known by what its manifest calls itself, whatever the file is named."""
    kind = _PACKAGES.get(str(read_manifest(file, budget).get("format")))
    if kind is None:
        raise _RefusedError("FILE_NOT_WORKBOOK", found="ZIP")
    return kind


def _kind_of_zip(names: set[str], verbatim: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.rpartition("/")[2] == "workbook.xml" for name in names):
        return "xlsx"
    if "word/document.xml" in names:
        return "docx"
    if "content.xml" in names:
        return "ods"
    if MANIFEST in verbatim:
        return PACKAGE
    raise _RefusedError("FILE_NOT_WORKBOOK", found="ZIP")


def _extent_for(meant: _Meant) -> Extent | None:
    kind, name = meant.kind, meant.name
    if kind == "ods":
        return OdsExtent(meant.sheet_cells) if name == "content.xml" else None
    if kind == "xlsb" and name.endswith(".bin") and "sheets/" in name:
        return XlsbExtent(meant.sheet_cells)
    if kind in ("docx", PACKAGE):
        return None
    return XlsxExtent(meant.sheet_cells)


class _Scan:
    """One entry as it streams by: refuses declarations in what looks like XML, follows the sheet's extent."""

    def __init__(self, meant: _Meant) -> None:
        self._extent = _extent_for(meant)
        self._tail = b""
        # Records of a binary workbook may begin like XML.
        self._is_xml = False if meant.kind == "xlsb" and meant.name.endswith(".bin") else None
        self.encrypted = False

    def feed(self, chunk: bytes) -> None:
        chunk = self._checked(chunk)
        if self._extent is not None:
            self._extent.feed(chunk)

    def close(self) -> None:
        if self._extent is not None:
            self._extent.feed(b"")

    def feed_whole(self, content: bytes) -> None:
        content = self._checked(content)
        if self._extent is not None:
            self._extent.feed_whole(content)

    def _checked(self, chunk: bytes) -> bytes:
        if self._is_xml is None:
            start = chunk.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
            self._is_xml = start.startswith(b"<")
        if self._is_xml:
            chunk = chunk.replace(b"\x00", b"")  # UTF-16 without its zero bytes is plain enough to search
            window = self._tail + chunk
            if _DECLARATION.search(window):
                raise _RefusedError("FILE_XML_ENTITY")
            self.encrypted = self.encrypted or b":encryption-data" in window
            self._tail = window[-32:]
        return chunk
