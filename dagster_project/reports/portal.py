"""The portal of one round: a folder of pages that opens without a server and without a network.

Which pages there are and how they are written belongs here; what they say does not. Two builds: the office's own,
and one for the public, which has no findings, no typed text, no files and no names of people, and which only a round
that was issued has. Equal releases give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dagster_project.errors import UsageError
from dagster_project.messages import message
from dagster_project.reports import portal_downloads as downloads
from dagster_project.reports import portal_pages as pages
from dagster_project.reports import portal_people as people
from dagster_project.reports.numbers import number
from dagster_project.reports.open_data import sha256_of, write_csv
from dagster_project.reports.portal_site import Site, read_site
from dagster_project.reports.quality_counts import QualityFacts
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.release import Release
from dagster_project.reports.safe import plain
from dagster_project.text import fold_plain

INDEX = "index.html"
MANIFEST = "tep.json"
_TEMPLATES = Path(__file__).parent / "templates" / "portal"
_ASSETS = ("portal.css", "portal.js")
_SEARCH = "assets/chi-muc.js"
_ISSUED = ("issued", "locked")


@dataclass(frozen=True)
class Beside:
    """A document that lies beside the portal: its name in words and its address from the site's root."""

    name: str
    href: str


@dataclass(frozen=True)
class _Page:
    path: str
    template: str
    fields: Mapping[str, Any]
    rows: pl.DataFrame | None = None

    @property
    def download(self) -> str:
        """The file with the page's figures, beside the page."""
        return "" if self.rows is None or self.rows.is_empty() else f"{self.path.removesuffix('.html')}.csv"


def write_portal(
    release: Release,
    facts: RoundFacts,
    quality: QualityFacts,
    folder: Path,
    lang: str,
    *,
    is_public: bool = False,
    beside: Sequence[Beside] = (),
) -> Path:
    """Fill the empty ``folder`` with the portal of a round; returns its first page.

    Raises ``UsageError`` where a public portal is asked of a round that was not issued.
    """
    state = facts.round.state
    if is_public and state not in _ISSUED:
        raise UsageError(
            "portal.no_public_draft", round=facts.round.code, state=message(f"portal.state.{state}", lang)
        )
    site = read_site(release, facts, quality, lang, is_public=is_public)
    (folder / "assets").mkdir(parents=True)
    for name in _ASSETS:
        (folder / "assets" / name).write_bytes((_TEMPLATES / name).read_bytes())
    (folder / _SEARCH).write_text(_search_data(site), encoding="ascii", newline="\n")
    environment = _environment()
    shared = _shared(site, beside)
    for page in _pages(site, len(beside) + 1):
        file = folder / page.path
        file.parent.mkdir(exist_ok=True)
        root = "../" * page.path.count("/")
        fields = {**shared, **page.fields, "root": root, "here": page.path}
        told = environment.get_template(page.template).render(
            fields, download=page.download.rpartition("/")[2]
        )
        file.write_text(told, encoding="utf-8", newline="\n")
        if page.rows is not None and page.download:
            write_csv(downloads.with_marks(page.rows, facts), folder / page.download)
    _write_manifest(site, folder)
    return folder / INDEX


@cache
def _environment() -> Environment:
    """Compiled once in a process: of a small portal that is half of the time."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shared(site: Site, beside: Sequence[Beside]) -> dict[str, Any]:
    stamp = site.facts.stamp
    return {
        "lang": site.lang,
        "t": partial(pages.text, site.lang),
        "r": lambda code, **values: message(f"reports.{code}", site.lang, **values),
        "n": lambda value, decimals=0: number(value, decimals, site.lang),
        "site": site,
        "stamp": stamp,
        "created": f"{stamp.created_at:%d/%m/%Y %H:%M}",
        "state": site.facts.round.state,
        "is_draft": site.facts.round.is_draft,
        "is_public": site.is_public,
        "beside": beside,
        "round_name": site.facts.round.name(site.lang),
        "reporting": people.reporting(site),
        "has_units": bool(site.facts.units) and not site.is_public,
        "has_areas": len(site.others) > 1,
    }


def _pages(site: Site, documents: int) -> Iterator[_Page]:
    own = [site.own] if site.own else []
    yield _Page(INDEX, "overview.html", pages.overview(site), downloads.figures(site, own or site.areas))
    yield _Page("chat-luong.html", "quality.html", people.quality_page(site, documents))
    if site.others:
        rows = downloads.figures(site, site.areas, last=1)
        yield _Page("so-sanh.html", "comparison.html", pages.comparison_page(site), rows)
    for line in site.head.indicators:
        rows = downloads.figures(site, site.areas, indicator=line.code)
        fields = pages.indicator_page(site, line)
        yield _Page(site.url("indicator", line.code), "indicator.html", fields, rows)
    for code in site.others:
        rows = downloads.figures(site, [code])
        yield _Page(site.url("area", code), "area.html", pages.area_page(site, code), rows)
    if not site.is_public and site.facts.units:
        yield _Page("don-vi.html", "units.html", {"units": people.unit_rows(site)})
        for code, fields in people.unit_pages(site):
            rows = downloads.reported(fields["values"], site.lang)
            yield _Page(site.url("unit", code), "unit.html", fields, rows)


def _search_data(site: Site) -> str:
    """What the search looks through: kind, name, address, and the folded text that is searched."""
    told = [
        ("indicator", f"{line.code} {line.name}", site.url("indicator", line.code))
        for line in site.head.indicators
    ]
    told += [("area", name, site.url("area", code)) for code, name in site.others.items()]
    if not site.is_public:
        units = {unit.code: unit.name for unit in site.facts.units}
        told += [("unit", name, site.url("unit", code)) for code, name in units.items()]
    rows = [
        [pages.text(site.lang, f"kind.{kind}"), plain(name), url, fold_plain(plain(name))]
        for kind, name, url in told
    ]
    # A text that would end a script element cannot, wherever the line is put.
    listed = json.dumps(rows).replace("<", "\\u003c")
    return f"window.khoIndex = {listed};\n"


def _write_manifest(site: Site, folder: Path) -> None:
    """Every file with its sha256, so that a copy elsewhere can be checked."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    told = {
        "release_id": site.facts.stamp.release_id,
        "content_hash": site.facts.stamp.content_hash,
        "round_code": site.facts.round.code,
        "is_public": site.is_public,
        "is_sample": site.facts.stamp.is_sample,
        "files": [
            {
                "path": file.relative_to(folder).as_posix(),
                "bytes": file.stat().st_size,
                "sha256": sha256_of(file),
            }
            for file in files
        ],
    }
    (folder / MANIFEST).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
