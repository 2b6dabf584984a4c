"""The areas of the whole country that ship: complete, resolved, and behind what an office's own catalogue says.

The totals are those of the resolutions of 2025 as the press printed them: 10,035 communes became 3,321 (2,621 xã, 687
phường, 13 đặc khu), 63 provinces became 34 (28 tỉnh, 6 thành phố), 696 districts ended.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.reference_areas import commune_counts
from dagster_project.intake.layout_areas import resolve_areas
from dagster_project.paths import Project
from tests.command import kho

REFORM = date(2025, 7, 1)
#: Island districts that had no communes.
WITHOUT_PREDECESSOR = {"11948", "19742", "20333", "21548", "26732"}
#: Printed code beside the name of another commune, and that commune's own code.
MISPRINTED = {("00553", "00556"), ("01615", "01651"), ("02485", "02482")}


@pytest.fixture(scope="module")
def both() -> Catalogue:
    return load_catalogue(Project().reference, Project().national)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The national list alone, behind an office that has no areas of its own."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "criteria_sets.csv").write_text("criteria_set_code,name_vi\nT,Thử\n", encoding="utf-8")
    return load_catalogue(folder, Project().national)


def test_the_country_before_and_after_has_as_many_units_as_the_resolutions_say(shipped: Catalogue) -> None:
    areas = shipped.table("areas")
    today = areas.filter(pl.col("valid_to").is_null())
    before = areas.filter(pl.col("valid_from").is_null())
    assert dict(today.filter(level="commune")["area_type"].value_counts().iter_rows()) == {
        "xã": 2621,
        "phường": 687,
        "đặc khu": 13,
    }
    assert Counter(today.filter(level="province")["area_type"]) == {"tỉnh": 28, "thành phố": 6}
    assert Counter(before["level"]) == {"commune": 10_035, "district": 696, "province": 63}
    parents = today.filter(level="commune")["parent_code"]
    assert set(parents) == set(today.filter(level="province")["area_code"])
    assert check(shipped) == []


def test_every_relation_is_there_and_resolves_to_two_units_of_its_date(shipped: Catalogue) -> None:
    assert commune_counts(shipped.tables) == {
        "n_communes": 3_321,
        "n_relations": 10_565,
        "n_old": 10_035,
        "n_split": 440,
        "n_unknown": 970,
    }
    assert {note.values["observed"] for note in shipped.notes} == WITHOUT_PREDECESSOR
    assert {note.code for note in shipped.notes} == {"areas.no_predecessor"}


def test_with_the_codes_as_printed_441_units_went_to_several(shipped: Catalogue) -> None:
    relations = shipped.table("area_successions").filter(pl.col("old_code").str.len_chars() == 5)
    printed = pl.col("note").str.extract(r"mã cũ (\d{5})")
    misprinted = relations.filter(printed.is_not_null()).select(printed.alias("printed"), "old_code")
    assert set(misprinted.iter_rows()) == MISPRINTED
    as_printed = relations.group_by(pl.coalesce(printed, "old_code")).agg(pl.col("new_code").n_unique())
    assert as_printed.filter(pl.col("new_code") > 1).height == 441


def test_a_share_is_1_where_all_of_a_unit_went_to_one_place_and_else_empty(shipped: Catalogue) -> None:
    relations = shipped.table("area_successions")
    one = pl.len().over("old_code", "date") == 1
    assert relations.filter(one).select("share", "basis").unique().rows() == [(1.0, "whole")]
    assert relations.filter(~one).select("share", "basis").unique().rows() == [(None, "unknown")]
    partly = {note for note in relations.filter(one)["note"].drop_nulls() if re.search("một phần", note)}
    assert partly == set()


def test_the_national_rows_of_a_province_say_what_the_office_has_itself(
    shipped: Catalogue, both: Catalogue
) -> None:
    own = both.own("area_successions").select("old_code", "new_code", "date", "share", "basis")
    assert own.height == 106
    assert own.join(shipped.table("area_successions"), on=own.columns, how="anti").height == 0
    named = both.own("areas").select("area_code", "valid_from", "valid_to")
    assert named.join(shipped.table("areas"), on=named.columns, how="anti", nulls_equal=True).height == 0


def test_rows_of_the_office_win_and_count_once(both: Catalogue) -> None:
    counts = commune_counts(both.tables)
    assert (counts["n_communes"], counts["n_relations"], counts["n_old"]) == (3_321, 10_565, 10_035)
    areas = both.table("areas")
    assert areas.head(both.own("areas").height).equals(load_catalogue(Project().reference).table("areas"))
    assert areas.filter(area_code="03390")["parent_code"].to_list() == ["12", "12"]
    assert check(both) == []


def test_the_hash_tells_a_catalogue_with_the_country_from_one_without(both: Catalogue) -> None:
    assert both.content_hash != load_catalogue(Project().reference).content_hash
    assert both.content_hash == load_catalogue(Project().reference, Project().national).content_hash


def test_a_share_that_the_office_knows_replaces_the_unknown_one(tmp_path: Path) -> None:
    office = tmp_path / "office"
    office.mkdir()
    (office / "area_successions.csv").write_text(
        "old_code,new_code,date,share,basis\n"
        "00553,00136,2025-07-01,0.2,population\n00553,00541,2025-07-01,0.3,population\n"
        "00553,00565,2025-07-01,0.5,population\n",
        encoding="utf-8",
    )
    merged = load_catalogue(office, Project().national)
    rows = merged.table("area_successions").filter(old_code="00553")
    assert dict(rows.select("new_code", "share").iter_rows()) == {"00136": 0.2, "00541": 0.3, "00565": 0.5}
    assert commune_counts(merged.tables)["n_relations"] == 10_565
    assert check(merged) == []


def test_relations_to_an_area_that_the_office_knows_otherwise_are_told_and_not_used(tmp_path: Path) -> None:
    office = tmp_path / "office"
    office.mkdir()
    (office / "areas.csv").write_text(
        "area_code,name_vi,level,valid_from\n03390,Xã Bình Lư,commune,2025-01-01\n", encoding="utf-8"
    )
    merged = load_catalogue(office, Project().national)
    told = {
        (note.column, note.values["observed"])
        for note in merged.notes
        if note.code == "areas.succession_unresolved"
    }
    # Thị trấn Tam Đường is gone, and the three relations to the new Bình Lư find no beginning on the day
    assert told == {("old_code", "03390"), ("new_code", "03390")}
    assert merged.table("area_successions").filter(new_code="03390").height == 0
    assert check(merged) == []


def test_a_name_means_the_offices_own_area_though_others_in_the_country_bear_it(both: Catalogue) -> None:
    labels = ("Xã Bình Lư", "Xã Tân Lập", "Phường Ba Đình")
    asked = pl.DataFrame(
        [("area_name", label, date(2025, 12, 31)) for label in labels],
        schema=["area_role", "area_text", "period_end"],
        orient="row",
    )
    found = dict(resolve_areas(asked, both).select("area_text", "area_code").iter_rows())
    assert (found["Xã Bình Lư"], found["Phường Ba Đình"]) == ("03390", "00004")
    # several communes of the country have this name, none of the office's own
    assert found["Xã Tân Lập"] is None


def test_init_takes_the_country_and_check_counts_it_and_lists_who_has_no_predecessor(tmp_path: Path) -> None:
    data = tmp_path / "data"
    wrong = kho(data, "init", "--reference-areas", "world")
    assert (wrong.code, "own, national" in wrong.err) == (2, True)
    assert kho(data, "init", "--reference-areas", "national", "--area", "00004").code == 0
    assert 'reference_areas = "national"' in (data / "settings.toml").read_text(encoding="utf-8")
    printed = kho(data, "catalogue", "check")
    assert printed.code == 0
    for word in ("3321", "10565", "10035", "440", *WITHOUT_PREDECESSOR):
        assert word in printed.out
    told = kho(data, "catalogue", "check", "--json").json
    assert {(row["severity"], row["values"]["observed"]) for row in told} == {
        ("info", code) for code in WITHOUT_PREDECESSOR
    }
