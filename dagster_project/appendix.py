"""An official appendix, from its file to the tables of a new catalogue version.

Reading the file in the guarded child and putting the steps of ``catalogue.appendix_*`` one after another belong here.
Nothing is written: that is ``catalogue_versions.change_catalogue``'s.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from dagster_project.catalogue.appendix_apply import Applied, Terms, Told, apply_appendix
from dagster_project.catalogue.appendix_left import left_in_old_units
from dagster_project.catalogue.appendix_match import Matched, current_indicators, match_rows
from dagster_project.catalogue.appendix_rows import Appendix, AppendixFinding, read_appendix, read_words
from dagster_project.catalogue.definitions import series_definitions
from dagster_project.catalogue.diff import diff
from dagster_project.catalogue.exchange import as_csv
from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import Catalogue, CatalogueError, Problem
from dagster_project.catalogue.tables import TABLES
from dagster_project.catalogue.versions import with_tables
from dagster_project.errors import UsageError
from dagster_project.intake.read import FileToRead, read_files
from dagster_project.messages import message
from dagster_project.paths import Project
from dagster_project.settings import Settings

_KINDS = ("docx", "xlsx", "xlsb", "xls", "ods")


@dataclass(frozen=True)
class Plan:
    """What an appendix would change: tables as CSV by name, words, findings, problems of the result."""

    sha256: str
    appendix: Appendix
    matched: Matched
    applied: Applied
    tables: Mapping[str, bytes]
    problems: Sequence[Problem]
    breaks: pl.DataFrame
    left: Sequence[Told]

    @property
    def findings(self) -> list[AppendixFinding]:
        return [*self.appendix.findings, *self.matched.findings, *self.applied.findings]

    @property
    def blocking(self) -> int:
        return sum(finding.is_blocking for finding in self.findings) + len(self.problems)

    def lines(self, lang: str) -> Iterator[str]:
        """Everything to tell: what is wrong with its place, what changes and what does not, which series break."""
        for severity in (True, False):
            yield from (found.text(lang) for found in self.findings if found.is_blocking == severity)
        yield from (problem.text(lang) for problem in self.problems)
        yield from (told.text(lang) for told in (*self.applied.told, *self.left))
        for row in self.breaks.iter_rows(named=True):
            told = {
                "code": row["owner_code"],
                "round": row["round_code"],
                "reason": row[f"break_reason_{lang}"],
            }
            yield message("appendix.breaks", lang, **told)
        yield message("appendix.counted", lang, **self.counts())

    def counts(self) -> dict[str, int]:
        """Criteria (titles and components left out) by how they were matched."""
        criteria = [m.how for m in self.matched.matches if not (m.row.is_title or m.row.is_component)]
        counted = Counter(criteria)
        same = counted["name"] + counted["code"] + counted["accepted"]
        return {
            "rows": len(criteria),
            "same": same,
            "slots": counted["slot"],
            "new": counted["new"],
            "open": counted["open"],
            "ended": sum(told.code == "ended" for told in self.applied.told),
        }


def is_appendix(file: Path, kind: str | None) -> bool:
    """Whether a file is no exported catalogue: no sheet of it is named as a table is."""
    import openpyxl

    if kind != "xlsx":
        return True
    book = openpyxl.load_workbook(file, read_only=True)
    names = set(book.sheetnames)
    book.close()
    return not names & TABLES.keys()


def read_file(settings: Settings, file: Path) -> tuple[str, Appendix]:
    """sha256 and rows of a document. Raises ``UsageError`` where it is no file that tables are read from."""
    content = hashlib.sha256(file.read_bytes()).hexdigest()
    read = read_files([FileToRead(content, file.name, file)], settings.office.read_limits)
    seen = read.inspections.get(content)
    if seen is None or seen.refusal or seen.kind not in _KINDS or not read.unread.is_empty():
        told = dict(seen.values) if seen else {}
        found = told.get("found") or (seen.kind if seen else None) or "?"
        code = (seen.refusal if seen else None) or next(iter(read.unread["rule_code"]), "FILE_NOT_WORKBOOK")
        raise UsageError(
            code, **{"file_name": file.name, "observed": found, "expected": "?", "detail": "", **told}
        )
    return content, read_appendix(read.raw, read_words(Project().appendix_words))


def plan_appendix(
    settings: Settings,
    catalogue: Catalogue,
    file: Path,
    terms: Terms,
    accepted: Mapping[str, str],
    *,
    accept_all: bool = False,
) -> Plan:
    """What the appendix in ``file`` would change in ``catalogue``.

    Raises ``UsageError`` for a file of another kind, ``CatalogueError`` where the catalogue itself has problems.
    """
    if known := check(catalogue):
        raise CatalogueError(known)
    content, appendix = read_file(settings, file)
    indicators = catalogue.table("indicators").iter_rows(named=True)
    current = current_indicators(indicators, terms.criteria_set_code, terms.valid_from)
    matched = match_rows(appendix, current, accepted, accept_all=accept_all)
    applied = apply_appendix(catalogue, matched.matches, terms)
    tables = {name: as_csv(frame) for name, frame in applied.tables.items()}
    new = with_tables(catalogue.folder, tables, settings.reference_areas)
    changed = {name: tables[name] for name in {change.table for change in diff(catalogue, new)}}
    problems = check(new)
    before = series_definitions(catalogue)
    breaks = (
        (before if problems else series_definitions(new))
        .filter(pl.col("is_break") & (pl.col("owner_type") == "indicator"))
        .join(before.filter("is_break"), on=["round_code", "owner_type", "owner_code"], how="anti")
    )
    left = [] if problems else left_in_old_units(catalogue, new, terms.valid_from)
    return Plan(content, appendix, matched, applied, changed, problems, breaks, left)


def same_names(
    settings: Settings, catalogue: Catalogue, file: Path, day: date
) -> tuple[str, list[str], list[str]]:
    """sha256 of an appendix, codes of the indicators valid on a day whose names it has, and its names that none has."""
    content, appendix = read_file(settings, file)
    indicators = catalogue.table("indicators").iter_rows(named=True)
    current = current_indicators(indicators, settings.office.criteria_set_code, day)
    matches = match_rows(appendix, current, {}).matches
    codes = [match.code for match in matches if match.how == "name" and match.code]
    return content, codes, [match.row.name for match in matches if match.how != "name"]
