"""Files that are either there whole or not at all: write aside, fsync, rename.

Used by every room that leaves something behind. What the files hold is not its business.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(file: Path) -> None:
    """Make the bytes of ``file`` durable."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Make everything durable that was written to the file system of ``folder``: one wait for any number of files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
    finally:
        os.close(descriptor)


def file_hash(file: Path) -> str:
    """The sha256 of a file's bytes in hexadecimal, read piece by piece."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_bytes(file: Path, content: bytes) -> None:
    """Replace ``file`` by ``content`` in one step."""
    with replaced(file) as aside:
        aside.write_bytes(content)


def write_text(file: Path, content: str) -> None:
    """Replace ``file`` by ``content`` (UTF-8) in one step."""
    write_bytes(file, content.encode("utf-8"))


@contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """A name beside ``file`` to write to; it takes the place of ``file`` when the block ends well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        yield aside
        sync_file(aside)
        aside.replace(file)
        sync_folder(file.parent)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill; it becomes ``folder`` when the block ends well, replacing what stood there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    aside.mkdir()
    try:
        yield aside
        for path in aside.rglob("*"):
            (sync_folder if path.is_dir() else sync_file)(path)
        sync_folder(aside)
        _take_place(aside, folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _take_place(aside: Path, folder: Path) -> None:
    """Let ``aside`` be ``folder``; what stood there takes the name of ``aside``, in one step."""
    if not folder.exists():
        aside.rename(folder)
        return
    here = -100  # AT_FDCWD
    exchange = 2  # RENAME_EXCHANGE
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(here, bytes(aside), here, bytes(folder), exchange) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))


def link(source: Path, target: Path) -> None:
    """Give a file that is never written to again a second name."""
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copyfile(source, target)


def copy_aside(file: Path) -> Path:
    """A durable copy beside a file, under a name that ``sweep`` removes; the caller gives it the name it is for."""
    aside = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        shutil.copyfile(file, aside)
        sync_file(aside)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    return aside


def has_second_name(file: Path) -> bool:
    """Whether what is written to a file changes another one, too."""
    return file.stat().st_nlink > 1


def sweep(folder: Path, is_leftover: Callable[[str], bool] = lambda name: name.startswith(".")) -> None:
    """Remove what an interrupted write left aside in ``folder``; only the holder of the build lock may call."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if is_leftover(path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
