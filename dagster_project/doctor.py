"""What an office can have wrong with its folder, its ledger, its releases and this machine: looked at, never mended.

Each look gives findings; what a finding is called and what to do about it stand in the message table under
``doctor.<look>_<what>``. Printing belongs to the command.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import islice
from pathlib import Path

from packaging.requirements import Requirement
from sqlalchemy.exc import SQLAlchemyError

from dagster_project import durable
from dagster_project.catalogue.calendar import OFFICE_TIME
from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import CatalogueError, load_catalogue
from dagster_project.errors import KhoError, LockedError
from dagster_project.ledger.append_only import missing_guards
from dagster_project.ledger.rounds import read_rounds
from dagster_project.ledger.store import find_damage, last_act_at, list_receipts, look_into_ledger
from dagster_project.locks import build_lock
from dagster_project.pipeline import Desk
from dagster_project.reports.charts import FONTS
from dagster_project.warehouse.releases import RELEASE_FILE, current_manifest, is_whole, list_releases

OK, NOTE, WRONG = "ok", "note", "wrong"
_DISTRIBUTION = "kho-chi-tieu"
_FREE_BYTES = 1_000_000_000
_SHOWN = 5
_FONT_FACES = ("Tinos-Regular", "Tinos-Bold", "Tinos-Italic", "Tinos-BoldItalic")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)")


@dataclass(frozen=True)
class Finding:
    """What one look found; ``status``: ok, note (nothing to do at once) or wrong (do what the message says)."""

    look: str
    status: str
    what: str
    values: dict[str, object] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Its row in the message table."""
        return f"doctor.{self.look}_{self.what}"


def examine(desk: Desk) -> list[Finding]:
    """Every look, whatever the one before found. Writes nothing; a look that fails is a finding itself."""
    looks: dict[str, Callable[[Desk], Iterable[Finding]]] = {
        "rights": _rights,
        "space": _space,
        "lock": _lock,
        "ledger": _ledger,
        "clock": _clock,
        "landing": _landing,
        "releases": _releases,
        "leftovers": _leftovers,
        "catalogue": _catalogue,
        "libraries": _libraries,
        "fonts": _fonts,
    }
    found: list[Finding] = []
    for look, examined in looks.items():
        try:
            found += list(examined(desk)) or [Finding(look, OK, "ok")]
        except (OSError, KhoError, SQLAlchemyError) as error:
            # the driver's own words may repeat an address
            detail = error.text(desk.settings.lang) if isinstance(error, KhoError) else type(error).__name__
            found.append(Finding(look, WRONG, "failed", {"detail": detail}))
    return found


def _rights(desk: Desk) -> Iterable[Finding]:
    folder = desk.folder
    tops = [folder.root, *sorted(path for path in folder.root.iterdir() if path.is_dir())]
    closed = [path for path in tops if not os.access(path, os.R_OK | os.W_OK | os.X_OK)]
    if closed:
        yield Finding("rights", WRONG, "closed", {"folders": _named(closed)})
    mode = stat.S_IMODE(folder.root.stat().st_mode)
    if mode & 0o007:
        yield Finding("rights", NOTE, "open", {"folder": folder.root, "mode": f"{mode:o}"})


def _space(desk: Desk) -> Iterable[Finding]:
    """A run needs room for the build and for a release beside the current one, and for documents."""
    current = current_manifest(desk.folder)
    file = desk.folder.release(current.release_id) / RELEASE_FILE if current else None
    needed = max(_FREE_BYTES, 5 * file.stat().st_size if file and file.is_file() else 0)
    free = shutil.disk_usage(desk.folder.root).free
    values: dict[str, object] = {"free": free // 1_000_000, "needed": needed // 1_000_000}
    yield Finding("space", WRONG, "short", values) if free < needed else Finding("space", OK, "ok", values)


def _lock(desk: Desk) -> Iterable[Finding]:
    if not desk.folder.build_lock.is_file():
        return
    try:
        with build_lock(desk.folder.build_lock):
            pass
    except LockedError as error:
        yield Finding("lock", NOTE, "held", {"holder": error.values["holder"]})


def _ledger(desk: Desk) -> Iterable[Finding]:
    if not desk.settings.has_ledger:
        yield Finding("ledger", OK, "none")
        return
    ledger = look_into_ledger(desk.settings.ledger)
    damage = find_damage(ledger)
    if damage:
        yield Finding("ledger", WRONG, "damaged", {"detail": damage})
        return
    missing = missing_guards(ledger)
    if missing:
        yield Finding("ledger", WRONG, "open", {"count": len(missing), "names": _named(missing)})


def _clock(desk: Desk) -> Iterable[Finding]:
    last = last_act_at(look_into_ledger(desk.settings.ledger)) if desk.settings.has_ledger else None
    now = desk.now()
    if last is not None and now < last:
        yield Finding("clock", WRONG, "back", {"now": _shown(now), "last": _shown(last)})
    else:
        yield Finding("clock", OK, "ok", {"now": _shown(now)})


def _landing(desk: Desk) -> Iterable[Finding]:
    """Every file that the ledger names is there, byte for byte."""
    if not desk.settings.has_ledger:
        return
    receipts = list_receipts(look_into_ledger(desk.settings.ledger))
    hashes = {receipt.sha256: receipt.file_name for receipt in receipts}
    gone = [name for sha256, name in hashes.items() if not desk.folder.landed(sha256).is_file()]
    altered = [
        name
        for sha256, name in hashes.items()
        if desk.folder.landed(sha256).is_file() and durable.file_hash(desk.folder.landed(sha256)) != sha256
    ]
    if gone:
        yield Finding("landing", WRONG, "gone", {"count": len(gone), "names": _named(gone)})
    if altered:
        yield Finding("landing", WRONG, "altered", {"count": len(altered), "names": _named(altered)})
    if not gone and not altered:
        yield Finding("landing", OK, "ok", {"count": len(hashes)})


def _releases(desk: Desk) -> Iterable[Finding]:
    """The pointer leads to a release, and each kept one is what its manifest says; those of signed rounds are there."""
    folder = desk.folder
    kept = {item.release_id: item for item in list_releases(folder)}
    current = current_manifest(folder)
    if current is None and (kept or folder.current_release.exists()):
        yield Finding("releases", WRONG, "no_current", {"kept": _named(kept) or "–"})
    damaged = [name for name, item in kept.items() if not is_whole(folder, item)]
    if current and current.release_id in damaged:
        yield Finding("releases", WRONG, "current_damaged", {"release": current.release_id})
    others = [name for name in damaged if current is None or name != current.release_id]
    if others:
        yield Finding("releases", WRONG, "damaged", {"names": _named(others)})
    signed: set[str] = set()
    if desk.settings.has_ledger:
        signed = set(read_rounds(look_into_ledger(desk.settings.ledger)).kept_releases())
    gone = sorted(signed - set(kept))
    if gone:
        yield Finding("releases", WRONG, "signed_gone", {"names": _named(gone)})
    if not damaged and not gone:
        shown = current.release_id if current else "–"
        yield Finding("releases", OK, "ok", {"release": shown, "count": len(kept)})


def _leftovers(desk: Desk) -> Iterable[Finding]:
    folder = desk.folder
    tops = (folder.cells, folder.releases, folder.known, folder.exports, folder.landing)
    left = [path for top in tops if top.is_dir() for path in top.iterdir() if path.name.startswith(".")]
    if left:
        yield Finding("leftovers", NOTE, "left", {"count": len(left), "names": _named(left)})


def _catalogue(desk: Desk) -> Iterable[Finding]:
    try:
        loaded = load_catalogue(desk.settings.catalogue, desk.settings.reference_areas)
        problems: Sequence[object] = check(loaded)
    except CatalogueError as error:
        problems = error.problems
    if problems:
        yield Finding("catalogue", WRONG, "problems", {"count": len(problems)})


def _libraries(desk: Desk) -> Iterable[Finding]:
    """What is installed fits what the program asks for, and is what it was tried with."""
    wanted = [Requirement(text) for text in requires(_DISTRIBUTION) or ()]
    unfit, other = [], []
    tried = _tried(desk.project.root / "constraints.txt")
    for item in wanted:
        if item.marker and not item.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(item.name)
        except PackageNotFoundError:
            unfit.append(item.name)
            continue
        if not item.specifier.contains(installed, prereleases=True):
            unfit.append(f"{item.name} {installed} ({item.specifier})")
        elif tried.get(item.name.lower(), installed) != installed:
            other.append(f"{item.name} {installed} ({tried[item.name.lower()]})")
    if unfit:
        yield Finding("libraries", WRONG, "unfit", {"names": _named(unfit)})
    if other:
        yield Finding("libraries", NOTE, "other", {"names": _named(other)})


def _tried(constraints: Path) -> dict[str, str]:
    if not constraints.is_file():
        return {}
    lines = map(_PINNED.match, constraints.read_text(encoding="utf-8").splitlines())
    return {found[1].lower(): found[2] for found in lines if found}


def _fonts(_desk: Desk) -> Iterable[Finding]:
    missing = [face for face in _FONT_FACES if not (FONTS / f"{face}.ttf").is_file()]
    if missing:
        yield Finding("fonts", WRONG, "missing", {"names": _named(missing)})


def _named(items: Iterable[object]) -> str:
    """The first few by name, and how many more there are."""
    texts = [item.name if isinstance(item, Path) else str(item) for item in items]
    more = len(texts) - _SHOWN
    return ", ".join([*islice(texts, _SHOWN), *([f"… +{more}"] if more > 0 else [])])


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(OFFICE_TIME):%d/%m/%Y %H:%M}"
