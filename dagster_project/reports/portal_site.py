"""What all pages of the portal share: the facts, one table and its series per area, and the names of the pages.

Pages take their figures from here, so that two of them never disagree; what each page says is ``portal_pages`` and
``portal_people``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dagster_project.messages import message
from dagster_project.reports.changes import changes_by_code
from dagster_project.reports.charts import Series
from dagster_project.reports.portal_charts import Drawer
from dagster_project.reports.portal_sources import INSIDE, read_sources
from dagster_project.reports.quality_counts import QualityFacts
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.release import Release, valid_at
from dagster_project.reports.safe import file_part, plain
from dagster_project.reports.series import Ahead, area_series, read_ahead
from dagster_project.reports.table import Figure, IndicatorTable, Line, indicator_table


@dataclass(frozen=True)
class Site:
    """Everything that the pages show. ``own`` is ``RoundFacts.own``, null where no area stands for all.

    ``tables`` and ``series`` are by area: of the own one first, then of the others that report. ``head`` is the
    table of the whole: of the own area, else how many areas have a figure.
    """

    facts: RoundFacts
    ahead: Ahead
    quality: QualityFacts
    lang: str
    is_public: bool
    own: str | None
    head: IndicatorTable
    areas: Mapping[str, str]
    tables: Mapping[str, IndicatorTable]
    series: Mapping[str, Mapping[str, Series]]
    sources: Mapping[str, list[dict[str, Any]]]
    nodes: Mapping[str, dict[str, Any]]
    urls: Mapping[tuple[str, str], str]
    drawer: Drawer = field(compare=False)

    @cached_property
    def changes(self) -> Mapping[str, Mapping[str, float | None]]:
        """Per indicator, how it changed (``changes``)."""
        return changes_by_code(self.facts)

    @property
    def others(self) -> dict[str, str]:
        """Names of the areas beside the own one, by code."""
        return {code: name for code, name in self.areas.items() if code != self.own}

    @property
    def place(self) -> str:
        area = self.facts.area
        return plain(area.name) if area else message("reports.areas", self.lang, count=len(self.areas))

    def code(self, area: str) -> str:
        """The code of one of ``areas``."""
        return self.facts.area.code if self.facts.area and area == self.own else area

    def words(self, figure: Figure) -> str:
        """A figure's digits or words; the public is not told which unit owes or mends what."""
        if self.is_public and figure.state in INSIDE:
            return message("portal.not_published", self.lang)
        return figure.digits or figure.words

    def url(self, kind: str, code: str) -> str:
        """The address of a page from the site's root; empty where there is none."""
        return self.urls.get((kind, code), "")


def read_site(
    release: Release, facts: RoundFacts, quality: QualityFacts, lang: str, *, is_public: bool
) -> Site:
    """Put together what the pages share."""
    ahead = read_ahead(release, facts)
    own = facts.own
    areas = _areas(facts)
    tables = {code: indicator_table(facts, lang, area=code) for code in areas}
    head = tables[own] if own else indicator_table(facts, lang)
    nodes = {row["indicator_code"]: row for row in facts.nodes.iter_rows(named=True)}
    return Site(
        facts=facts,
        ahead=ahead,
        quality=quality,
        lang=lang,
        is_public=is_public,
        own=own,
        head=head,
        areas=areas,
        tables=tables,
        series={code: area_series(table, ahead, code) for code, table in tables.items()},
        sources=read_sources(release, facts, is_public=is_public),
        nodes=nodes,
        urls=_urls(head.indicators, areas, facts, own, is_public=is_public),
        drawer=Drawer(lang),
    )


def _areas(facts: RoundFacts) -> dict[str, str]:
    """Names of the areas that report in the round, as they were then, the own one first."""
    names = dict(
        valid_at(facts.dim_area, facts.round.period_end)
        .sort("valid_from", nulls_last=False)
        .select("area_code", "name_vi")
        .iter_rows()
    )
    own = {facts.own: plain(facts.area.name)} if facts.own and facts.area else {}
    return {**own, **{code: plain(names.get(code) or code) for code in facts.areas if code not in own}}


def _urls(
    lines: Iterable[Line], areas: Iterable[str], facts: RoundFacts, own: str | None, *, is_public: bool
) -> dict[tuple[str, str], str]:
    listed = [("indicator", line.code) for line in lines]
    listed += [("area", code) for code in areas if code != own]
    if not is_public:
        listed += [("unit", unit.code) for unit in facts.units]
    folders = {"indicator": "chi-tieu", "area": "dia-ban", "unit": "don-vi"}
    urls: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for kind, code in dict.fromkeys(listed):
        name = wanted = f"{folders[kind]}/{file_part(code)}"
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{wanted}-{number}"
        taken.add(name.casefold())
        urls[kind, code] = f"{name}.html"
    return urls
