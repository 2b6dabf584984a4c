"""A figure by telephone or on paper: checked, read, and made an entry of the ledger."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_project.catalogue.rounds import Wanted
from dagster_project.decide.figure import Figure, plain_number, read_figure
from dagster_project.decide.papers import check_paper
from dagster_project.decide.places import assigned_in, of_unit, round_codes
from dagster_project.decide.problems import Problems, Remark
from dagster_project.ledger.decisions import CORRECTION, ON_BEHALF, Entry
from dagster_project.text import nearest

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.settings import Office
    from dagster_project.warehouse.lookup import SourceFigure

_TWO_WAYS = re.compile(r"([+-]?\d{1,3})[.,](\d{3})\s*%?")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A figure as an officer typed it; ``expect`` belongs to a correction, ``page`` to a paper.

    ``area`` need only be named where the unit reports for several.
    """

    kind: str
    element: str
    unit: str
    wanted: Wanted
    category: str
    value: str
    area: str | None = None
    expect: str | None = None
    reason: str
    said_by: str
    channel: str
    by: str
    paper: Path | None = None
    page: int | None = None


@dataclass(frozen=True)
class Against:
    """What an entry is checked against; ``release_file`` is None where there is no release yet."""

    catalogue: Catalogue
    office: Office
    expectations: Path
    release_file: Path | None


@dataclass(frozen=True)
class Checked:
    """An entry that may be written, and what its officer should know."""

    entry: Entry
    remarks: tuple[Remark, ...]


def check_entry(asked: Asked, against: Against, now: datetime) -> Checked:
    """The entry that ``asked`` means. Raises ``RefusedError`` with everything that is wrong with it."""
    problems = Problems()
    problems.need(reason=asked.reason, said_by=asked.said_by, by=asked.by)
    check_paper(asked.paper, against.office.read_limits, problems)
    if asked.page is not None and (asked.paper is None or asked.page < 1):
        problems.add("ledger.page_without_paper")
    place = _place(asked, against, problems)
    figure = _read(asked, asked.value, against, place)
    if figure is not None:
        problems.found.extend(figure.problems)
        if figure.state == "missing":
            problems.add("ledger.blank", option="--value")
    expect = None
    if place is not None and place["area_code"] is not None:
        source = _source(asked, against, place)
        if asked.kind == CORRECTION:
            expect = _expect(asked, against, place, source, problems)
        else:
            _check_not_sent(asked, against, place, source, problems)
    problems.finish()
    assert place is not None  # noqa: S101 - without a place there are problems
    assert figure is not None  # noqa: S101
    return Checked(_entry(asked, place, figure, expect, now), figure.remarks)


def _place(asked: Asked, against: Against, problems: Problems) -> dict[str, Any] | None:
    """The row of ``assigned_elements`` that the figure belongs to, with the area that is meant, or None if in doubt."""
    assigned = assigned_in(against.catalogue, against.office, asked.wanted, problems)
    own = of_unit(assigned, asked.unit, against.catalogue, problems)
    known = against.catalogue.table("data_elements")["data_element_code"]
    found = own.filter(pl.col("data_element_code") == asked.element)
    if asked.element not in known:
        problems.add(
            "ledger.unknown_element", element=asked.element, suggestion=nearest(asked.element, known)
        )
    elif found.is_empty() and not own.is_empty():
        problems.add(
            "ledger.not_assigned", element=asked.element, unit=asked.unit, round=round_codes(assigned)
        )
    exact = found.filter(pl.col("category_code") == asked.category)
    if exact.is_empty() and not found.is_empty():
        problems.add(
            "ledger.unknown_category",
            category=asked.category,
            element=asked.element,
            known=", ".join(found["category_code"].unique(maintain_order=True)),
        )
    if exact.is_empty():
        return None
    place = exact.row(0, named=True)
    if exact["round_code"].n_unique() > 1:
        problems.add("ledger.several_rounds", rounds=round_codes(exact))
        return place
    return {**place, "area_code": _area(asked, against, exact, problems)}


def _area(asked: Asked, against: Against, exact: pl.DataFrame, problems: Problems) -> str | None:
    """The area that is named, or the only one that the unit reports for; None, with the problem told, elsewhere.

    A unit may report for areas that the catalogue does not tell; corrected is only what was reported.
    """
    own = exact["area_code"].drop_nulls().to_list()
    reported = _areas_reported(asked, against, exact["round_code"][0])
    known: list[str] = sorted({*reported, *(own if asked.kind == ON_BEHALF or not reported else [])})
    told = (asked.area or "").strip()
    if told in known:
        return told
    if not told and len(known) == 1:
        return known[0]
    problems.add(
        "ledger.unknown_area" if told else "ledger.several_areas",
        area=told,
        unit=asked.unit,
        areas=_named(known, exact["day"][0], against.catalogue),
    )
    return None


def _areas_reported(asked: Asked, against: Against, round_code: str) -> list[str]:
    from dagster_project.warehouse.lookup import areas_reported

    if against.release_file is None:
        return []
    return areas_reported(against.release_file, round_code=round_code, reporting_unit=asked.unit)


def _named(codes: Sequence[str], day: date, catalogue: Catalogue) -> str:
    """Codes of areas, each with its name of that ``day``."""
    areas = catalogue.table("areas").filter(
        pl.lit(day).is_between(pl.col("valid_from").fill_null(day), pl.col("valid_to").fill_null(day))
    )
    names = dict(areas.select("area_code", "name_vi").iter_rows())
    return "; ".join(f"{code} {names.get(code) or ''}".rstrip() for code in codes)


def _read(asked: Asked, text: str, against: Against, place: dict[str, Any] | None) -> Figure | None:
    if place is None:
        return None
    return read_figure(
        text,
        data_element=asked.element,
        category=asked.category,
        round_code=place["round_code"],
        catalogue=against.catalogue,
        expectations=against.expectations,
    )


def _source(asked: Asked, against: Against, place: dict[str, Any]) -> SourceFigure | None:
    """What the unit's file says in the current release; None where it says nothing, or nothing is released."""
    from dagster_project.warehouse.lookup import source_figure

    if against.release_file is None:
        return None
    return source_figure(
        against.release_file,
        round_code=place["round_code"],
        reporting_unit=asked.unit,
        area=place["area_code"],
        data_element=asked.element,
        category=asked.category,
    )


def _check_not_sent(
    asked: Asked,
    against: Against,
    place: dict[str, Any],
    source: SourceFigure | None,
    problems: Problems,
) -> None:
    """A figure of the unit's own comes before one on its behalf, which would then say nothing."""
    if source is None or source.value_state == "missing" or source.entered_how == ON_BEHALF:
        return
    holds = _shown(source, _plain(source.raw_text, asked, against, place), place["unit"])
    problems.add("ledger.sent_already", element=asked.element, unit=asked.unit, holds=holds)


def _expect(
    asked: Asked,
    against: Against,
    place: dict[str, Any],
    source: SourceFigure | None,
    problems: Problems,
) -> str | None:
    """What the source must hold for the correction to apply: plain digits in the catalogue's unit.

    Words, and a figure that was held out, have only the text of their cell to compare with.
    """
    told = (asked.expect or "").strip()
    plain = _plain(told, asked, against, place)
    if against.release_file is None:
        return plain or told
    if source is None:
        problems.add("ledger.no_source", element=asked.element, unit=asked.unit, round=place["round_code"])
        return None
    source_plain = _plain(source.raw_text, asked, against, place)
    if not _agree(told, plain, source, source_plain):
        holds = _shown(source, source_plain, place["unit"])
        problems.add("ledger.source_differs", expect=told or "–", holds=holds)
    return source.raw_text if source.value is None else plain or _digits(source.value)


def _plain(text: str, asked: Asked, against: Against, place: dict[str, Any]) -> str | None:
    return plain_number(
        text,
        data_element=asked.element,
        category=asked.category,
        round_code=place["round_code"],
        catalogue=against.catalogue,
    )


def _agree(told: str, plain: str | None, source: SourceFigure, source_plain: str | None) -> bool:
    if source.value is not None:
        readings = [plain] if plain else _readings(told)
        return any(_is_equal(reading, source.value) for reading in readings)
    return told == source.raw_text.strip() or (plain is not None and plain == source_plain)


def _readings(told: str) -> list[str]:
    """The two numbers that a text like 4.204 may be: beside a known figure it is clear which is meant."""
    found = _TWO_WAYS.fullmatch(told)
    return ["".join(found.groups()), ".".join(found.groups())] if found else []


def _digits(value: float) -> str:
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def _is_equal(plain: str | None, value: float) -> bool:
    """Whether digits give ``value``, as near as the models ask."""
    return plain is not None and math.isclose(float(plain), value, rel_tol=1e-9)


def _shown(source: SourceFigure, source_plain: str | None, unit: str | None) -> str:
    """The text of the cell, with the figure that it stands for where the text alone would be read as another."""
    text = source.raw_text.strip()
    if source.value is None or _is_equal(source_plain, source.value):
        return f'"{text or "–"}"'
    figure = " ".join(filter(None, (_digits(source.value).replace(".", ","), unit)))
    return f'"{text}" (= {figure})' if text else f'"{figure}"'


def _entry(asked: Asked, place: dict[str, Any], figure: Figure, expect: str | None, now: datetime) -> Entry:
    return Entry(
        kind=asked.kind,
        round_code=place["round_code"],
        period_code=place["period_code"],
        area_code=place["area_code"],
        reporting_unit_code=asked.unit,
        data_element_code=asked.element,
        category_code=asked.category,
        value=figure.value,
        value_exact=figure.exact,
        value_text=figure.text,
        value_state=figure.state or "",
        unit=figure.unit,
        expect=expect,
        reason=asked.reason.strip(),
        said_by=asked.said_by.strip(),
        channel=asked.channel.strip(),
        entered_at=now,
        entered_by=asked.by.strip(),
        page=asked.page,
    )
