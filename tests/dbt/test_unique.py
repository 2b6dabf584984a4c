"""A row that stands twice in a mart is found by the test of its key."""

from __future__ import annotations

from pathlib import Path

import pytest
from build_files import connect_build
from small_office import small_office
from test_marts import build

from dagster_project.paths import DataFolder


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return build(tmp_path_factory.mktemp("unique"), small_office())


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


def test_a_key_that_is_missing_hides_no_double(office: DataFolder) -> None:
    (compiled,) = (office.build / "dbt" / "compiled").rglob("unique_fct_element_value_element_value_key.sql")
    query = compiled.read_text(encoding="utf-8").replace('"kho"."marts"."fct_element_value"', "keys")
    with connect_build(office) as connection:
        connection.execute(
            "create temp table keys as from (values ('a'), ('a'), (null)) as t (element_value_key)"
        )
        assert connection.execute(query).fetchall() == [("a", 2)]
