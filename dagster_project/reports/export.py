"""The report set of a release: all documents written aside and put in place together.

Which documents a set has and where they lie belongs here; what they say does not. A release that already holds the
set of another round keeps it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from dagster_project import durable
from dagster_project.errors import UsageError
from dagster_project.messages import message
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
) -> list[ExportedFile]:
    """Write the report set of a round into ``out_dir/<release id>``, replacing the set of that round.

    Without a round: the quality report and the open data. ``templates``: the folder of the office's own Word
    templates. Raises ``KhoError`` where the release is not whole or lacks the round, ``UsageError`` where a template
    names unknown fields; nothing is written then. Equal releases and templates give equal bytes.
    """
    check_templates(templates)
    folder = out_dir / release_dir.name
    with open_release(release_dir) as release, durable.new_folder(folder) as aside:
        if folder.is_dir():
            shutil.copytree(folder, aside, dirs_exist_ok=True)
        written = _write_set(release, aside, round_code, lang, templates)
        kept = [file for file in exported_files(aside) if file.path not in [item.path for item in written]]
        _write_index(aside, [*written, *kept])
    return [ExportedFile(file.kind, folder / file.path.relative_to(aside), file.sha256) for file in written]


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


def _write_set(
    release: Release, folder: Path, round_code: str | None, lang: str, templates: Path | None
) -> list[ExportedFile]:
    facts = read_round(release, round_code) if round_code else None
    open_folder = folder / _OPEN_FOLDER
    shutil.rmtree(open_folder, ignore_errors=True)
    files = [] if facts is None else _write_round(release, facts, folder, lang, templates)
    if facts is not None and has_packages(release):
        package = folder / package_name(facts.round.code)
        write_package(release, facts.round.code, package, lang)
        files.append(_exported(PACKAGE, package))
    quality = folder / _quality_name(round_code)
    counted = read_quality(release, facts)
    documents = len(files) + (2 if facts is None else 3)
    write_quality_report(counted, quality, lang, documents=documents)
    manifest = write_open_data(release, open_folder, lang)
    files += [_exported(QUALITY, quality), _exported(OPEN_DATA, manifest)]
    return files if facts is None else [*files, _write_portal(release, facts, counted, folder, files, lang)]


def _write_round(
    release: Release, facts: RoundFacts, folder: Path, lang: str, templates: Path | None
) -> list[ExportedFile]:
    from dagster_project.reports.annex import write_annex
    from dagster_project.reports.filling import template_of
    from dagster_project.reports.official import write_official
    from dagster_project.reports.pdf import docx_to_pdf
    from dagster_project.reports.portal_sources import read_sources
    from dagster_project.reports.series import read_ahead
    from dagster_project.reports.summary import write_summary

    report = folder / f"bao-cao-{file_part(facts.round.code)}.docx"
    annex = folder / f"phu-luc-{file_part(facts.round.code)}.xlsx"
    write_official(facts, report, template_of("official", templates))
    docx_to_pdf(report, report.with_suffix(".pdf"))
    write_annex(facts, annex, lang, read_sources(release, facts))
    page = folder / f"tom-tat-{file_part(facts.round.code)}.pdf"
    write_summary(facts, read_ahead(release, facts), page, page.with_suffix(".png"), templates)
    return [
        _exported(OFFICIAL, report),
        _exported(OFFICIAL_PDF, report.with_suffix(".pdf")),
        _exported(ANNEX, annex),
        _exported(SUMMARY_PDF, page),
        _exported(SUMMARY_PNG, page.with_suffix(".png")),
    ]


def _write_portal(  # noqa: PLR0917
    release: Release,
    facts: RoundFacts,
    quality: QualityFacts,
    folder: Path,
    files: list[ExportedFile],
    lang: str,
) -> ExportedFile:
    """The office's own portal, with links to the other documents of the set."""
    from dagster_project.reports.portal import Beside, write_portal

    portal = folder / _PORTAL_FOLDER / file_part(facts.round.code)
    shutil.rmtree(portal, ignore_errors=True)
    names = [message(f"cli.export_{file.kind}", lang) for file in files]
    beside = [
        Beside(name, f"../../{file.path.relative_to(folder).as_posix()}")
        for name, file in zip(names, files, strict=True)
    ]
    return _exported(PORTAL, write_portal(release, facts, quality, portal, lang, beside=beside))


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
