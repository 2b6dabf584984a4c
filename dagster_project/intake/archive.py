"""Inflate the entries of a zip under a budget that no header of the file can talk away.

Only raw inflating belongs here; what the entries mean does not (``guard``, ``extents``).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import BadZipFile, ZipInfo

_CHUNK = 1 << 16
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_STORED, _DEFLATED = 0, 8
#: Below this a high ratio is only a small repetitive sheet.
_RATIO_FLOOR = 8 << 20


class TooMuchError(Exception):
    """More bytes came out than the budget allows."""


@dataclass
class Budget:
    """Bytes that one file may inflate to, over all its entries."""

    limit: int
    ratio_limit: int
    spent: int = 0

    def spend(self, count: int) -> None:
        self.spent += count
        if self.spent > self.limit or self.spent > max(self.ratio_limit, _RATIO_FLOOR):
            raise TooMuchError


def inflate(stream: BinaryIO, entry: ZipInfo, budget: Budget) -> Iterator[bytes]:
    """The bytes of ``entry`` in chunks. Raises ``TooMuchError`` over budget, ``BadZipFile`` where it is damaged."""
    packed = _packed(stream, entry)
    if entry.compress_type == _STORED:
        for chunk in packed:
            budget.spend(len(chunk))
            yield chunk
    elif entry.compress_type == _DEFLATED:
        yield from _inflated(packed, entry, budget)
    else:
        raise BadZipFile(f"{entry.filename}: compression method {entry.compress_type}")


def read_packed(stream: BinaryIO, entry: ZipInfo) -> bytes:
    """The bytes of ``entry`` as the archive holds them. Raises ``BadZipFile`` where it is damaged."""
    return b"".join(_packed(stream, entry))


def inflate_small(packed: bytes, compress_type: int, at_most: int) -> bytes | None:
    """The bytes of one entry at once; None where they are more than ``at_most`` or not whole."""
    if compress_type == _STORED:
        return packed if len(packed) <= at_most else None
    if compress_type != _DEFLATED:
        return None
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, at_most)
    except zlib.error:
        return None
    return content if inflater.eof else None


def _packed(stream: BinaryIO, entry: ZipInfo) -> Iterator[bytes]:
    stream.seek(entry.header_offset)
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise BadZipFile(f"{entry.filename}: no header")
    fields = _LOCAL_HEADER.unpack(header)
    if fields[0] != b"PK\x03\x04":
        raise BadZipFile(f"{entry.filename}: wrong header")
    stream.seek(fields[-2] + fields[-1], 1)
    left = entry.compress_size
    while left > 0:
        chunk = stream.read(min(_CHUNK, left))
        if not chunk:
            raise BadZipFile(f"{entry.filename}: cut off")
        left -= len(chunk)
        yield chunk


def _inflated(packed: Iterator[bytes], entry: ZipInfo, budget: Budget) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in packed:
            waiting = chunk
            while waiting and not inflater.eof:
                out = inflater.decompress(waiting, _CHUNK)
                budget.spend(len(out))
                if out:
                    yield out
                waiting = inflater.unconsumed_tail
        while not inflater.eof:
            out = inflater.decompress(b"", _CHUNK)
            if not out:
                raise BadZipFile(f"{entry.filename}: cut off")
            budget.spend(len(out))
            yield out
    except zlib.error as error:
        raise BadZipFile(f"{entry.filename}: {error}") from error
