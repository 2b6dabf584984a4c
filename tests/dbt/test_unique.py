"""A row that stands twice in a mart is found by the test of its key."""

from __future__ import annotations

from pathlib import Path

import pytest
from build_files import connect_build
from dbt_inputs import LATE_2025
from small_office import small_office
from test_marts import build

from dagster_project.paths import DataFolder, Project
from dagster_project.warehouse.build import run_dbt


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return build(tmp_path_factory.mktemp("unique"), small_office())


@pytest.fixture(scope="module")
def gone_on(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """A build that goes on from one of the same office without the last form of area 002."""
    folder, office = DataFolder(tmp_path_factory.mktemp("gone-on")), small_office()
    folder.make()
    for _ in range(2):
        office.write(folder.build_inputs)
        run_dbt(Project(), folder, code_version="1")
        office.submit("O2", "002", 2025, {"P.GT": 900}, received_at=LATE_2025)
    return folder


@pytest.mark.parametrize(
    ("mart", "key", "named"),
    [
        ("fct_element_value", "element_value_key", "unique_fct_element_value_element_value_key"),
        (
            "bridge_indicator_source",
            "indicator_value_key, reported_value_key, part",
            "unique_combination_bridge_*",
        ),
    ],
)
def test_a_row_that_stands_twice_is_found(office: DataFolder, mart: str, key: str, named: str) -> None:
    (compiled,) = (office.build / "dbt" / "compiled").rglob(f"{named}.sql")
    query = Path(compiled).read_text(encoding="utf-8")
    with connect_build(office, read_only=False) as connection:
        assert connection.execute(query).fetchall() == []
        (doubled,) = connection.execute(f"select {key} from {mart} order by all limit 1").fetchall()  # noqa: S608
        connection.execute("begin")
        connection.execute(f"insert into {mart} from {mart} order by {key} limit 1")
        found = connection.execute(query).fetchall()
        connection.execute("rollback")
    assert found == [(*doubled, 2)]


@pytest.mark.parametrize(
    ("mart", "key", "last"),
    [
        ("fct_element_value", "element_value_key", "data_year"),
        ("fct_indicator_trend", "indicator_trend_key", "last_year"),
    ],
)
def test_a_build_that_goes_on_finds_what_it_made_twice(
    gone_on: DataFolder, mart: str, key: str, last: str
) -> None:
    """Beside a row of the area that came, and not beside one that was looked at before."""
    (compiled,) = (gone_on.build / "dbt" / "compiled").rglob(f"unique_{mart}_{key}.sql")
    query = compiled.read_text(encoding="utf-8")
    found = {}
    with connect_build(gone_on, read_only=False) as connection:
        assert connection.execute(query).fetchall() == []
        for area in ("002", "005"):
            of_area = f"from {mart} where area_code = '{area}' order by {last} desc, {key} limit 1"
            ((doubled,),) = connection.execute(f"select {key} {of_area}").fetchall()
            connection.execute("begin")
            connection.execute(f"insert into {mart} {of_area}")
            found[area] = connection.execute(query).fetchall() == [(doubled, 2)]
            connection.execute("rollback")
    assert found == {"002": True, "005": False}


def test_a_key_that_is_missing_hides_no_double(office: DataFolder) -> None:
    (compiled,) = (office.build / "dbt" / "compiled").rglob("unique_fct_element_value_element_value_key.sql")
    query = compiled.read_text(encoding="utf-8").replace('"kho"."marts"."fct_element_value"', "keys")
    with connect_build(office) as connection:
        connection.execute(
            "create temp table keys as from (values ('a'), ('a'), (null)) as t (element_value_key)"
        )
        assert connection.execute(query).fetchall() == [("a", 2)]


def test_what_a_later_set_of_criteria_counts_under_the_same_code_is_a_series_of_its_own(
    office: DataFolder,
) -> None:
    (compiled,) = (office.build / "dbt" / "compiled").rglob("int_trend_points.sql")
    points = compiled.read_text(encoding="utf-8")
    of_two = "select {} from (" + points + ") group by all having count(distinct criteria_set_code) > 1"  # noqa: S608
    with connect_build(office, read_only=False) as connection:
        connection.execute("begin")
        connection.execute(
            "update intermediate.int_indicator_values set criteria_set_code = 'T2' where data_year > 2023"
        )
        same_code = connection.execute(of_two.format("basis, area_code, indicator_code")).fetchall()
        same_key = connection.execute(of_two.format("indicator_trend_key")).fetchall()
        connection.execute("rollback")
    assert ("as_reported", "001", "P") in same_code
    assert same_key == []
