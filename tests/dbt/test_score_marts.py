"""The scores that a release holds, by the schemes that the catalogue declares."""

from __future__ import annotations

import pytest
from dbt_inputs import day
from small_office import small_office
from test_marts import Ask, asker, build


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The small office with two schemes: one over goalposts, one that ranks areas and only holds from 2025."""
    office = small_office()
    for indicator in office.tables["indicators"]:
        known = indicator["indicator_code"] in ("G", "P", "R")
        indicator["direction"] = "higher_better" if known else "neutral"
    office.tables["score_schemes"] = [
        {
            "scheme_code": code,
            "criteria_set_code": "T",
            "name_vi": f"Điểm {code}",
            "normalisation": normalisation,
            "aggregation": "arithmetic",
            **told,
        }
        for code, normalisation, told in (
            ("MOC", "goalposts", {}),
            ("HANG", "borda", {"ranks_areas": True, "valid_from": day("2025-01-01")}),
        )
    ]
    office.tables["weights"] = [
        {
            "scheme_code": scheme,
            "indicator_code": code,
            "weight": weight,
            "goalpost_low": low,
            "goalpost_high": high,
        }
        for scheme, code, weight, low, high in (
            ("MOC", "P", 1.0, 0.0, 1000.0),
            ("MOC", "R", 3.0, 50.0, 100.0),
            ("HANG", "R", 0.0, None, None),
        )
    ]
    return asker(build(tmp_path_factory.mktemp("scores"), office))


def test_indicators_are_scored_on_the_scale_of_a_declared_scheme(ask: Ask) -> None:
    columns = "indicator_code, value, normalised, weight, score, rank, reason"
    rows = ask(
        f"select {columns} from fct_indicator_score "  # noqa: S608 - the columns stand above
        "where scheme_code = 'MOC' and round_code = 'T-2025' and area_code = '001' order by all"
    )
    assert rows[0] == ("P", 683.1, pytest.approx(68.31), 1, pytest.approx(68.31), None, None)
    assert rows[1] == ("R", 75, 50, 3, 150, None, None)
    assert len(rows) == 2


def test_groups_are_scored_by_weight_and_say_where_figures_lack(ask: Ask) -> None:
    rows = ask(
        "select round_code, score, coverage, rank, reason from fct_group_score "
        "where scheme_code = 'MOC' and area_code = '004' order by all"
    )
    # (100 + 3 · 50) / 4; without the rate of 2022 and 2024 a quarter of the weight has a figure
    lacking = (None, 0.25, None, "too_little_data")
    assert rows == [("T-2022", *lacking), ("T-2024", *lacking), ("T-2025", 62.5, 1, None, None)]


def test_an_indicator_that_does_not_apply_is_left_out_of_the_group(ask: Ask) -> None:
    query = "select indicator_code, reason from fct_indicator_score where round_code = 'T-2023' and area_code = '003'"
    assert ask(f"{query} order by all") == [("P", "not_applicable"), ("R", "no_value")]
    group = "select coverage, reason from fct_group_score where round_code = 'T-2023' and area_code = '003'"
    assert ask(group) == [(0, "too_little_data")]


def test_only_a_scheme_that_ranks_gives_ranks_and_only_for_its_time(ask: Ask) -> None:
    ranks = "select round_code, area_code, score, rank from fct_group_score where scheme_code = 'HANG' order by all"
    assert ask(ranks) == [("T-2025", "001", 0, 2), ("T-2025", "004", 1, 1)]
    assert ask("select count(rank) from fct_group_score where scheme_code = 'MOC'") == [(0,)]
