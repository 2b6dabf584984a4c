"""Files that are put where people work: written over, or removed, only while they are as the program wrote them.

Which files there are and what they hold is told by who calls. An index in the folder names the hashes of what was
written into it; whatever else lies there is somebody's and is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_project import durable

INDEX = "index.json"


@dataclass(frozen=True)
class Put:
    """Names of files that stay as somebody left them, and of those that were removed."""

    edited: frozenset[str]
    removed: Sequence[str]


def put(folder: Path, made: Mapping[str, Path], is_outdated: Callable[[str], bool]) -> Put:
    """Put the files ``made`` in place under their names in ``folder``; remove earlier ones that no longer hold.

    ``is_outdated`` tells so of the name of a file that was written once and not now. A PDF stays with its document.
    The index is written before the files, so that a crash between never makes one of them look edited.
    """
    index_file = folder / INDEX
    index = read_index(folder) or {}
    outdated = [name for name in index if name not in made and is_outdated(name)]
    if not made and not outdated:
        return Put(frozenset(), ())
    hashes = {name: durable.file_hash(file) for name, file in made.items()}
    ours = {**index, **{name: [*index.get(name, []), sha256] for name, sha256 in hashes.items()}}
    _write_index(index_file, ours)
    there = {
        name: durable.file_hash(folder / name) for name in (*made, *outdated) if (folder / name).is_file()
    }
    edited = {name for name, sha256 in there.items() if sha256 not in ours[name]}
    edited |= {name for name in made if Path(name).with_suffix(".docx").as_posix() in edited}
    for name, file in made.items():
        if name not in edited and there.get(name) != hashes[name]:
            durable.write_bytes(folder / name, file.read_bytes())
    gone = [name for name in outdated if name not in edited]
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    _write_index(
        index_file,
        {
            name: index.get(name, []) if name in edited else written[-1:]
            for name, written in ours.items()
            if name not in gone
        },
    )
    return Put(frozenset(edited), gone)


def read_index(folder: Path) -> dict[str, list[str]] | None:
    """Hashes of what was written into ``folder``, by name; None where no index tells, or it is damaged."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return {str(name): [str(sha256) for sha256 in written] for name, written in index.items()}
    except (FileNotFoundError, ValueError, AttributeError, TypeError):
        return None


def _write_index(file: Path, index: Mapping[str, Sequence[str]]) -> None:
    durable.write_text(file, json.dumps(dict(sorted(index.items())), indent=2) + "\n")
