"""The report set of a release: all documents written aside and put in place together.

Which documents a set has and where they lie belongs here; what they say does not. A release that already holds the
set of another round keeps it.
"""

from __future__ import annotations

import importlib
import json
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dagster_project import durable, side_by_side
from dagster_project.errors import UsageError
from dagster_project.messages import message
from dagster_project.reports.open_data import MANIFEST as _OPEN_DATA_MANIFEST
from dagster_project.reports.open_data import sha256_of, write_open_data
from dagster_project.reports.package import has_packages, write_package
from dagster_project.reports.quality_counts import QualityFacts, read_quality
from dagster_project.reports.quality_report import write_quality_report
from dagster_project.reports.read import RoundFacts, read_round
from dagster_project.reports.release import Release, open_release
from dagster_project.reports.safe import file_part

OFFICIAL, ANNEX, QUALITY, OPEN_DATA = "official_report", "annex", "quality_report", "open_data"
OFFICIAL_PDF, PORTAL = "official_pdf", "portal"
PACKAGE = "package"
SUMMARY_PDF, SUMMARY_PNG = "summary_pdf", "summary_png"
_INDEX = "index.json"
#: What documents are written with, and what of it is loaded where it is first used.
_LOADED = (
    *(f"dagster_project.reports.{name}" for name in ("portal", "official", "summary", "annex")),
    "typst",
    "docxtpl",
)
_OPEN_FOLDER = "du-lieu-mo"
_PORTAL_FOLDER = "cong-thong-tin"


@dataclass(frozen=True)
class ExportedFile:
    """One document; open data stand for their manifest, which names the other files, a portal for its first page."""

    kind: str
    path: Path
    sha256: str


def export_release(
    release_dir: Path,
    out_dir: Path,
    *,
    round_code: str | None,
    lang: str,
    templates: Path | None = None,
    processes: int = 1,
) -> list[ExportedFile]:
    """Write the report set of a round into ``out_dir/<release id>``, replacing the set of that round.

    Without a round: the quality report and the open data. ``templates``: the folder of the office's own Word
    templates. At most ``processes`` write documents at once. Raises ``KhoError`` where the release is not whole or
    lacks the round, ``UsageError`` where a template names unknown fields; nothing is written then. Equal releases and
    templates give equal bytes.
    """
    check_templates(templates)
    folder = out_dir / release_dir.name
    with open_release(release_dir) as release, durable.new_folder(folder) as aside:
        if folder.is_dir():
            shutil.copytree(folder, aside, dirs_exist_ok=True)
        facts = read_round(release, round_code) if round_code else None
        quality = read_quality(release, facts)
        task = _Set(release_dir, aside, lang, templates, facts, quality, _names(release, facts))
        written = _write_set(task, processes)
        kept = [file for file in exported_files(aside) if file.path not in [item.path for item in written]]
        _write_index(aside, [*written, *kept])
    return [ExportedFile(file.kind, folder / file.path.relative_to(aside), file.sha256) for file in written]


def start_early(processes: int) -> None:
    """Begin to load what documents are written with, in this process and in the one that writes beside it."""
    if processes > 1:
        side_by_side.start_early(_load)

    def load() -> None:
        # What fails here fails again where documents are written, and is told there.
        with suppress(Exception):
            _load()

    # Waited for at the end: what is not written in Python must not be cut off in the middle.
    threading.Thread(target=load).start()


def _load() -> None:
    from dagster_project.reports import charts

    charts.get_ready()
    for name in _LOADED:
        importlib.import_module(name)


def export_portal(release_dir: Path, folder: Path, *, round_code: str, lang: str, is_public: bool) -> Path:
    """Write the portal of a round into ``folder``, replacing an earlier portal there; returns its first page.

    Raises ``UsageError`` where the folder holds something else, and where the round may not be shown to the public.
    """
    from dagster_project.reports.portal import INDEX, MANIFEST, write_portal

    if folder.exists() and not (folder / MANIFEST).is_file() and (folder.is_file() or any(folder.iterdir())):
        raise UsageError("portal.out_not_empty", folder=folder)
    with open_release(release_dir) as release, durable.new_folder(folder) as aside:
        facts = read_round(release, round_code)
        write_portal(release, facts, read_quality(release, facts), aside, lang, is_public=is_public)
    return folder / INDEX


def exported_files(folder: Path) -> list[ExportedFile]:
    """The documents in one release's folder, as its index tells; none where nothing was exported."""
    index = folder / _INDEX
    if not index.is_file():
        return []
    told = json.loads(index.read_text(encoding="utf-8"))
    return [ExportedFile(item["kind"], folder / item["path"], item["sha256"]) for item in told]


def is_exported(folder: Path, round_code: str | None) -> bool:
    """Whether one release's folder holds the set of a round (or the set without a round)."""
    wanted = folder / _quality_name(round_code)
    return any(file.path == wanted for file in exported_files(folder))


def check_templates(templates: Path | None) -> None:
    """Raise ``UsageError`` with every field that the set's templates cannot be filled with."""
    from dagster_project.reports.filling import template_of
    from dagster_project.reports.template_fields import check_fields

    check_fields(*(template_of(name, templates) for name in ("official", "summary")))


@dataclass(frozen=True)
class _Set:
    """What the documents of one set are written from, where, and under which names by their kind."""

    release_dir: Path
    folder: Path
    lang: str
    templates: Path | None
    facts: RoundFacts | None
    quality: QualityFacts
    names: Mapping[str, str]

    def path(self, kind: str) -> Path:
        return self.folder / self.names[kind]


def _names(release: Release, facts: RoundFacts | None) -> dict[str, str]:
    """The documents of a set, in the order in which they are shown."""
    from dagster_project.reports.portal import INDEX

    always = {
        QUALITY: _quality_name(facts.round.code if facts else None),
        OPEN_DATA: f"{_OPEN_FOLDER}/{_OPEN_DATA_MANIFEST}",
    }
    if facts is None:
        return always
    part = file_part(facts.round.code)
    names = {
        OFFICIAL: f"bao-cao-{part}.docx",
        OFFICIAL_PDF: f"bao-cao-{part}.pdf",
        ANNEX: f"phu-luc-{part}.xlsx",
        SUMMARY_PDF: f"tom-tat-{part}.pdf",
        SUMMARY_PNG: f"tom-tat-{part}.png",
    }
    if has_packages(release):
        names[PACKAGE] = package_name(facts.round.code)
    return {**names, **always, PORTAL: f"{_PORTAL_FOLDER}/{part}/{INDEX}"}


def _write_set(task: _Set, processes: int) -> list[ExportedFile]:
    """Write every document; those that take longest are begun first."""
    parts = [_write_portal, _write_official, _write_summary, _write_package, _write_annex]
    wanted = (
        []
        if task.facts is None
        else [part for part in parts if part != _write_package or PACKAGE in task.names]
    )
    items = [(part, task) for part in (*wanted, _write_quality, _write_open_data)]
    side_by_side.side_by_side(_write, items, processes, at_least=2)
    return [_exported(kind, task.path(kind)) for kind in task.names]


def _write(item: tuple[Callable[[_Set, Release], None], _Set]) -> None:
    write, task = item
    with open_release(task.release_dir) as release:
        write(task, release)


def _write_official(task: _Set, _release: Release) -> None:
    from dagster_project.reports.filling import template_of
    from dagster_project.reports.official import write_official
    from dagster_project.reports.pdf import docx_to_pdf

    write_official(_round_of(task), task.path(OFFICIAL), template_of("official", task.templates))
    docx_to_pdf(task.path(OFFICIAL), task.path(OFFICIAL_PDF))


def _write_annex(task: _Set, release: Release) -> None:
    from dagster_project.reports.annex import write_annex
    from dagster_project.reports.portal_sources import read_sources

    facts = _round_of(task)
    write_annex(facts, task.path(ANNEX), task.lang, read_sources(release, facts))


def _write_summary(task: _Set, release: Release) -> None:
    from dagster_project.reports.series import read_ahead
    from dagster_project.reports.summary import write_summary

    facts = _round_of(task)
    page, picture = task.path(SUMMARY_PDF), task.path(SUMMARY_PNG)
    write_summary(facts, read_ahead(release, facts), page, picture, task.templates)


def _write_package(task: _Set, release: Release) -> None:
    write_package(release, _round_of(task).round.code, task.path(PACKAGE), task.lang)


def _write_quality(task: _Set, _release: Release) -> None:
    write_quality_report(task.quality, task.path(QUALITY), task.lang, documents=len(task.names))


def _write_open_data(task: _Set, release: Release) -> None:
    folder = task.path(OPEN_DATA).parent
    shutil.rmtree(folder, ignore_errors=True)
    write_open_data(release, folder, task.lang)


def _write_portal(task: _Set, release: Release) -> None:
    """The office's own portal, with links to the other documents of the set."""
    from dagster_project.reports.portal import Beside, write_portal

    portal = task.path(PORTAL).parent
    shutil.rmtree(portal, ignore_errors=True)
    beside = [
        Beside(message(f"cli.export_{kind}", task.lang), f"../../{name}")
        for kind, name in task.names.items()
        if kind != PORTAL
    ]
    write_portal(release, _round_of(task), task.quality, portal, task.lang, beside=beside)


def _round_of(task: _Set) -> RoundFacts:
    if task.facts is None:
        raise ValueError("the set of no round")
    return task.facts


def package_name(round_code: str, *, sdmx: bool = False) -> str:
    """The name of a round's machine package, of the one with SDMX where it is asked for."""
    return f"goi-so-lieu-{file_part(round_code)}{'-sdmx' if sdmx else ''}.zip"


def _quality_name(round_code: str | None) -> str:
    return f"bao-cao-chat-luong-{file_part(round_code)}.html" if round_code else "bao-cao-chat-luong.html"


def _exported(kind: str, path: Path) -> ExportedFile:
    return ExportedFile(kind, path, sha256_of(path))


def _write_index(folder: Path, files: list[ExportedFile]) -> None:
    rows = [{**asdict(file), "path": file.path.relative_to(folder).as_posix()} for file in files]
    rows.sort(key=lambda row: row["path"])
    (folder / _INDEX).write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
