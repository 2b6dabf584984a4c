"""Figures of earlier periods on the areas and units of today, whatever became of them in between.

One build by dbt; every example runs the compiled SQL of the models again on areas and units of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from compiled_models import CompiledModels
from dbt_inputs import Inputs, day
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_office import small_office
from test_marts import build

from dagster_project.paths import DataFolder

CHANGING = (
    "stg_areas",
    "stg_area_successions",
    "stg_reporting_units",
    "stg_reporting_unit_successions",
    "stg_assignments",
    "stg_rounds",
    "stg_submissions",
    "stg_cells",
)
WANTED = ("fct_indicator", "fct_indicator_harmonised", "fct_reported_value_harmonised", "int_lagged_units")
#: A period in each of three times, and the days between them.
FIRST, SECOND, LAST = 2022, 2024, 2025
REFORMS = (day("2023-07-01"), day("2025-07-01"))

TEMPLATE = (
    "create table template as select * from intermediate.int_indicator_values "
    "where round_code = 'T-2022' and area_code = '004' and indicator_code in ('P', 'R') and category_code = '_T'"
)
#: The figure over itself twice and one; what is made of several areas never reads the rate that stood there.
FIGURES = """
    create or replace table intermediate.int_indicator_values as
    select template.* replace (
        figures.code as area_code,
        figures.figure as numerator,
        case indicator_code when 'R' then 2 * figures.figure + 1 end as denominator,
        figures.figure as value,
        case when figures.figure = 0 then 'zero' else 'value' end as value_state
    )
    from template
    cross join (select unnest(?::varchar[]) as code, unnest(?::double[]) as figure) as figures
"""

Relation = tuple[str, str, date, float | None]


@dataclass(frozen=True)
class Area:
    code: str
    since: date | None = None
    until: date | None = None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return build(tmp_path_factory.mktemp("areas"), small_office())


@pytest.fixture(scope="module")
def models(folder: DataFolder) -> CompiledModels:
    return CompiledModels(folder, CHANGING, WANTED)


@pytest.fixture(scope="module")
def harmonising(folder: DataFolder) -> CompiledModels:
    """Only what stands between areas and the harmonised view, for the figures of ``TEMPLATE`` on other areas."""
    few = CompiledModels(
        folder, ("stg_areas", "stg_area_successions", "int_indicator_values"), ("fct_indicator_harmonised",)
    )
    few.folder = DataFolder(folder.root, build_name="few")
    few.folder.build.mkdir()
    for file in (folder.build_file, folder.build_work):
        shutil.copy(file, few.folder.build)
    few.execute(TEMPLATE)
    return few


def office_of(areas: Iterable[Area], relations: Iterable[Relation]) -> Inputs:
    """The small office's criteria on areas of its own; one unit per code reports for it, and no round is a break."""
    base = small_office()
    areas = list(areas)
    tables: dict[str, list[Mapping[str, Any]]] = {
        **base.tables,
        "areas": [
            {
                "area_code": area.code,
                "name_vi": f"Xã {area.code} từ {area.since or 'đầu'}",
                "level": "commune",
                "valid_from": area.since,
                "valid_to": area.until,
            }
            for area in areas
        ],
        "area_successions": [
            {"old_code": old, "new_code": new, "date": on, "share": share, "basis": "unknown"}
            for old, new, on, share in relations
        ],
        "reporting_units": [
            {"reporting_unit_code": f"K{code}", "name_vi": code, "level": "commune", "area_code": code}
            for code in sorted({area.code for area in areas})
        ],
        "reporting_unit_successions": [],
        "assignments": [],
        "rounds": [{**row, "is_break": False} for row in base.tables["rounds"]],
    }
    return Inputs(tables=tables, terms=base.terms)


def report(office: Inputs, year: int, figures: Mapping[str, float]) -> None:
    """One file per area, with its count and its index, which are the same number here."""
    for code, figure in figures.items():
        office.submit(f"K{code}", code, year, {"P.GT": figure, "X.GT": figure})


def harmonised(models: CompiledModels, indicator: str, year: int) -> dict[str, tuple[Any, ...]]:
    """Value, method, coverage and number of areas by today's area."""
    rows = models.ask(
        "select area_code, value, method, coverage, n_areas from fct_indicator_harmonised "
        "where indicator_code = ? and data_year = ? and category_code = '_T'",
        indicator,
        year,
    )
    return {code: tuple(rest) for code, *rest in rows}


# ---- any succession of areas -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """Areas of three times, by code, with what part of each went where; codes are used again."""

    layers: tuple[Sequence[str], ...]
    moves: tuple[Mapping[tuple[str, str], float], ...]
    figures: Mapping[str, int]
    unknown: frozenset[tuple[int, str]]

    def office(self) -> Inputs:
        edges = (None, *REFORMS, None)
        areas = [
            Area(code, edges[number], None if edges[number + 1] is None else edges[number + 1] - timedelta(1))
            for number, layer in enumerate(self.layers)
            for code in layer
        ]
        relations = [
            (old, new, REFORMS[number], None if (number, old) in self.unknown else share)
            for number, moves in enumerate(self.moves)
            for (old, new), share in moves.items()
        ]
        return office_of(areas, relations)

    def touched(self) -> set[str]:
        """Areas of today that somebody's unknown part may have come to."""
        reached: dict[str, bool] = dict.fromkeys(self.layers[0], False)
        for number, moves in enumerate(self.moves):
            after: dict[str, bool] = {}
            for old, new in moves:
                if old in reached:
                    after[new] = after.get(new, False) or reached[old] or (number, old) in self.unknown
            reached = after
        return {code for code, is_touched in reached.items() if is_touched}


CODES = ("001", "002", "003", "004")


@st.composite
def worlds(draw: Callable[..., Any]) -> World:
    layers = tuple(
        draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=4, unique=True)) for _ in range(3)
    )
    moves = []
    for before, after in pairwise(layers):
        shares: dict[tuple[str, str], float] = {}
        for old in before:
            parts = draw(st.dictionaries(st.sampled_from(after), st.integers(1, 9), min_size=1, max_size=3))
            shares |= {(old, new): part / sum(parts.values()) for new, part in parts.items()}
        moves.append(shares)
    figures = draw(st.fixed_dictionaries({code: st.integers(0, 10_000) for code in layers[0]}))
    places = [(number, code) for number in (0, 1) for code in layers[number]]
    unknown = draw(st.sampled_from((frozenset(), frozenset({draw(st.sampled_from(places))}))))
    return World(layers, tuple(moves), figures, unknown)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds())
def test_shares_conserve_totals_and_nothing_is_made_of_an_unknown_share(
    harmonising: CompiledModels, world: World
) -> None:
    harmonising.execute(FIGURES, list(world.figures), list(map(float, world.figures.values())))
    harmonising.run(world.office())
    counts, rates = harmonised(harmonising, "P", FIRST), harmonised(harmonising, "R", FIRST)
    touched = world.touched()
    for rows in (counts, rates):
        for code, (value, method, coverage, _) in rows.items():
            if code in touched:
                assert (value, method) == (None, "not_harmonised")
                assert coverage < 1
            else:
                assert value is not None
                assert (method in ("reported", "summed", "weighted"), coverage) == (True, 1)
    total = sum(world.figures.values())
    known = sum(value for value, *_ in counts.values() if value is not None)
    if world.unknown:
        assert known <= total + 1e-6
    else:
        assert known == pytest.approx(total, abs=1e-6)
        parts = harmonising.ask(
            "select sum(numerator), sum(denominator) from fct_indicator_harmonised "
            "where indicator_code = 'R' and data_year = ?",
            FIRST,
        )
        assert parts == [(pytest.approx(total, abs=1e-6), pytest.approx(2 * total + len(world.figures)))]


# ---- what happens to areas -------------------------------------------------------------------------------------


ONE, TWO = REFORMS
BEFORE_ONE, BEFORE_TWO = day("2023-06-30"), day("2025-06-30")


def test_one_area_dissolves_into_several_and_its_code_is_used_for_another_place(
    models: CompiledModels,
) -> None:
    areas = [Area("001", until=BEFORE_TWO), Area("002", until=BEFORE_TWO), Area("001", TWO), Area("003", TWO)]
    # the old 001 went to 003 and to the new 001, which is the ground of the old 002 and a part
    moves = [("001", "003", TWO, 0.75), ("001", "001", TWO, 0.25), ("002", "001", TWO, 1.0)]
    office = office_of(areas, moves)
    report(office, SECOND, {"001": 400, "002": 50})
    models.run(office)
    assert harmonised(models, "P", SECOND) == {"001": (150, "summed", 1, 2), "003": (300, "summed", 1, 1)}


def test_of_a_partly_known_split_only_the_known_part_is_summed(models: CompiledModels) -> None:
    areas = [Area("001", until=BEFORE_TWO), Area("002", until=BEFORE_TWO)]
    areas += [Area("003", TWO), Area("004", TWO)]
    moves = [("001", "003", TWO, 0.6), ("001", "004", TWO, None), ("002", "004", TWO, 1.0)]
    office = office_of(areas, moves)
    report(office, SECOND, {"001": 100, "002": 7})
    models.run(office)
    assert harmonised(models, "P", SECOND) == {
        "003": (60, "summed", 1, 1),
        "004": (None, "not_harmonised", 0.5, 2),
    }


def test_an_area_with_a_new_name_alone_keeps_its_index_and_one_that_gained_ground_does_not(
    models: CompiledModels,
) -> None:
    areas = [Area(code, until=BEFORE_TWO) for code in ("001", "002", "003")]
    areas += [Area("001", TWO), Area("002", TWO)]
    moves = [("001", "001", TWO, 1.0), ("002", "002", TWO, 1.0), ("003", "002", TWO, 1.0)]
    office = office_of(areas, moves)
    report(office, SECOND, {"001": 5, "002": 7, "003": 9})
    report(office, LAST, {"001": 6, "002": 8})
    models.run(office)
    assert harmonised(models, "X", SECOND) == {
        "001": (5, "reported", 1, 1),
        "002": (None, "not_harmonised", 1, 2),
    }
    assert harmonised(models, "P", SECOND) == {"001": (5, "reported", 1, 1), "002": (16, "summed", 1, 2)}
    # only the series of the area that gained ground breaks
    for mart in ("fct_indicator", "fct_indicator_harmonised"):
        assert models.ask(
            f"select area_code, data_year, break_in_series, comparable_from from {mart} "  # noqa: S608
            "where indicator_code = 'X' and area_code <> '003' order by all"
        ) == [
            ("001", 2024, False, None),
            ("001", 2025, False, None),
            ("002", 2024, False, None),
            ("002", 2025, True, 2025),
        ]


def test_successions_one_after_the_other_multiply_their_shares(models: CompiledModels) -> None:
    areas = [Area("001", until=BEFORE_ONE), Area("002", ONE, BEFORE_TWO), Area("003", ONE)]
    areas += [Area("004", TWO), Area("005", TWO)]
    moves = [("001", "002", ONE, 0.5), ("001", "003", ONE, 0.5)]
    moves += [("002", "004", TWO, 0.2), ("002", "005", TWO, 0.8)]
    office = office_of(areas, moves)
    report(office, FIRST, {"001": 1000})
    report(office, SECOND, {"002": 600, "003": 400})
    models.run(office)
    assert {code: value for code, (value, *_) in harmonised(models, "P", FIRST).items()} == {
        "003": 500,
        "004": 100,
        "005": 400,
    }
    assert {code: value for code, (value, *_) in harmonised(models, "P", SECOND).items()} == {
        "003": 400,
        "004": 120,
        "005": 480,
    }


def test_parts_that_came_together_again_are_one_area_not_two(models: CompiledModels) -> None:
    areas = [Area("001", until=BEFORE_ONE), Area("002", ONE, BEFORE_TWO), Area("003", ONE, BEFORE_TWO)]
    areas += [Area("004", TWO)]
    moves = [("001", "002", ONE, 0.4), ("001", "003", ONE, 0.6)]
    moves += [("002", "004", TWO, 1.0), ("003", "004", TWO, 1.0)]
    office = office_of(areas, moves)
    report(office, FIRST, {"001": 10})
    models.run(office)
    assert harmonised(models, "P", FIRST) == {"004": (10, "summed", 1, 1)}


# ---- what happens to units -------------------------------------------------------------------------------------


def units_office(
    units: Sequence[tuple[str, str, date | None, date | None]],
    moves: Sequence[tuple[str, str, date]],
    roles: Mapping[str, str] | None = None,
) -> Inputs:
    """Units (code, area, from, to) of areas that stay, and who took over from whom."""
    codes = sorted({area for _, area, *_ in units})
    office = office_of([Area(code) for code in codes], [])
    office.tables["reporting_units"] = [
        {
            "reporting_unit_code": code,
            "name_vi": f"Phòng {code}",
            "level": "commune",
            "area_code": area,
            "valid_from": since,
            "valid_to": until,
        }
        for code, area, since, until in units
    ]
    office.tables["reporting_unit_successions"] = [
        {"old_code": old, "new_code": new, "date": on} for old, new, on in moves
    ]
    office.tables["assignments"] = [
        {"reporting_unit_code": unit, "data_element_code": element, "form_code": "F1", "role": role}
        for unit, role in (roles or {}).items()
        for element in ("P.GT", "X.GT", "S.GT")
    ]
    return office


def of_units(models: CompiledModels, element: str, year: int) -> dict[str, tuple[Any, ...]]:
    rows = models.ask(
        "select reporting_unit_code, value, value_state, method, coverage, n_units "
        "from fct_reported_value_harmonised where data_element_code = ? and data_year = ?",
        element,
        year,
    )
    return {code: tuple(rest) for code, *rest in rows}


def test_units_of_three_areas_that_merged_are_summed_on_the_unit_of_today(models: CompiledModels) -> None:
    office = units_office(
        [("A", "001", None, BEFORE_TWO), ("B", "002", None, BEFORE_TWO), ("N", "003", TWO, None)],
        [("A", "N", TWO), ("B", "N", TWO)],
    )
    office.submit("A", "001", SECOND, {"P.GT": 100, "X.GT": 3, "S.GT": "zero"})
    office.submit("B", "002", SECOND, {"P.GT": 20, "X.GT": 5, "S.GT": "zero"})
    office.submit("N", "003", LAST, {"P.GT": 130, "X.GT": 4})
    models.run(office)
    assert of_units(models, "P.GT", SECOND) == {"N": (120, "value", "summed", 1, 2)}
    assert of_units(models, "S.GT", SECOND) == {"N": (0, "zero", "summed", 1, 2)}
    assert of_units(models, "X.GT", SECOND) == {"N": (None, "not_available", "not_harmonised", 1, 2)}
    assert of_units(models, "P.GT", LAST) == {"N": (130, "value", "reported", 1, 1)}


def test_a_predecessor_that_sent_nothing_is_missed_and_not_counted_as_zero(models: CompiledModels) -> None:
    office = units_office(
        [("A", "001", None, BEFORE_TWO), ("B", "002", None, BEFORE_TWO), ("N", "003", TWO, None)],
        [("A", "N", TWO), ("B", "N", TWO)],
        {"A": "lead", "B": "lead"},
    )
    office.submit("A", "001", SECOND, {"P.GT": 100})
    models.run(office)
    assert of_units(models, "P.GT", SECOND) == {"N": (None, "missing", "summed", 0.5, 2)}


def test_what_a_unit_handed_to_several_belongs_to_none_of_them(models: CompiledModels) -> None:
    office = units_office(
        [("A", "001", None, BEFORE_TWO), ("M", "001", TWO, None), ("N", "001", TWO, None)],
        [("A", "M", TWO), ("A", "N", TWO)],
    )
    office.submit("A", "001", SECOND, {"P.GT": 100})
    models.run(office)
    nothing = (None, "not_available", "not_harmonised", 0, 1)
    assert of_units(models, "P.GT", SECOND) == {"M": nothing, "N": nothing}


def test_a_unit_that_took_over_another_had_figures_of_its_own_before(models: CompiledModels) -> None:
    office = units_office([("A", "001", None, BEFORE_TWO), ("N", "002", None, None)], [("A", "N", TWO)])
    for year, own in ((FIRST, 5), (SECOND, 6)):
        office.submit("A", "001", year, {"S.GT": 1})
        office.submit("N", "002", year, {"S.GT": own})
    office.submit("N", "002", LAST, {"S.GT": 9})
    models.run(office)
    assert of_units(models, "S.GT", SECOND) == {"N": (7, "value", "summed", 1, 2)}
    # so does the figure of the year before that a rule compares it with
    assert models.ask(
        "select source_reporting_unit_code, n_members from intermediate.int_lagged_units "
        "where round_code = 'T-2025' and reporting_unit_code = 'N' and lag = 1 order by 1"
    ) == [("A", 2), ("N", 2)]


def test_a_contributors_figure_is_no_second_part_of_the_leads(models: CompiledModels) -> None:
    office = units_office(
        [("A", "001", None, BEFORE_TWO), ("B", "001", None, BEFORE_TWO), ("N", "001", TWO, None)],
        [("A", "N", TWO), ("B", "N", TWO)],
        {"A": "lead", "B": "contributor"},
    )
    office.submit("A", "001", SECOND, {"P.GT": 100, "S.GT": 4})
    office.submit("B", "001", SECOND, {"P.GT": 99, "S.GT": 6})
    models.run(office)
    assert of_units(models, "P.GT", SECOND) == {"N": (100, "value", "summed", 1, 1)}
    assert of_units(models, "S.GT", SECOND) == {"N": (10, "value", "summed", 1, 2)}


def test_a_unit_with_a_new_code_alone_is_the_same_unit(models: CompiledModels) -> None:
    office = units_office(
        [("A", "001", None, BEFORE_ONE), ("B", "001", ONE, BEFORE_TWO), ("N", "001", TWO, None)],
        [("A", "B", ONE), ("B", "N", TWO)],
    )
    office.submit("A", "001", FIRST, {"X.GT": 3})
    office.submit("B", "001", SECOND, {"X.GT": 4})
    models.run(office)
    assert of_units(models, "X.GT", FIRST) == {"N": (3, "value", "reported", 1, 1)}
    assert of_units(models, "X.GT", SECOND) == {"N": (4, "value", "reported", 1, 1)}
