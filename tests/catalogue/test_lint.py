"""A catalogue is used only when it makes sense, and everything that does not is told at once, with its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from dagster_project.catalogue.lint import check
from dagster_project.catalogue.load import CatalogueError, Problem, load_catalogue
from dagster_project.errors import UsageError
from dagster_project.paths import Project

Edit = Callable[[str, pl.Expr], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Project().reference, tmp_path / "catalogue"))


def edit(folder: Path, table: str, where: pl.Expr, **values: str | None) -> None:
    file = folder / f"{table}.csv"
    rows = pl.read_csv(file, infer_schema=False)
    assert rows.filter(where).height
    rows.with_columns(
        pl.when(where).then(pl.lit(value, dtype=pl.String)).otherwise(name).alias(name)
        for name, value in values.items()
    ).write_csv(file)


def append(folder: Path, table: str, like: pl.Expr, **values: str | None) -> None:
    file = folder / f"{table}.csv"
    rows = pl.read_csv(file, infer_schema=False)
    new = (
        rows.filter(like)
        .head(1)
        .with_columns(pl.lit(value, dtype=pl.String).alias(name) for name, value in values.items())
    )
    pl.concat([rows, new]).write_csv(file)


def problems(folder: Path) -> list[Problem]:
    return check(load_catalogue(folder))


def test_the_catalogue_that_ships_is_in_order() -> None:
    assert problems(Project().reference) == []


@pytest.mark.parametrize(
    ("table", "where", "values", "code"),
    [
        ("indicators", pl.col("indicator_code") == "I.1", {"unit": "cái"}, "catalogue.code_unresolved"),
        ("indicators", pl.col("indicator_code") == "I.1", {"status": "sure"}, "catalogue.word_unknown"),
        ("indicators", pl.col("indicator_code") == "I.1", {"name_vi": None}, "catalogue.required"),
        ("indicators", pl.col("indicator_code") == "I", {"parent_code": "I.1"}, "catalogue.tree_cycle"),
        (
            "indicators",
            pl.col("indicator_code") == "I.1",
            {"numerator": "I.1.XX"},
            "catalogue.formula_element_unknown",
        ),
        (
            "indicators",
            pl.col("indicator_code") == "I.1",
            {"numerator": "I.1.GT:XX"},
            "catalogue.formula_element_unknown",
        ),
        (
            "indicators",
            pl.col("indicator_code") == "I.1",
            {"numerator": "I.1.GT +"},
            "catalogue.formula_unreadable",
        ),
        ("area_successions", pl.col("old_code") == "03412", {"share": "0.7"}, "catalogue.shares_do_not_sum"),
        (
            "area_successions",
            pl.col("old_code") == "03412",
            {"new_code": "99999"},
            "catalogue.code_unresolved",
        ),
        (
            "areas",
            pl.col("name_vi") == "Thị trấn Tam Đường",
            {"valid_to": "2025-07-01"},
            "catalogue.validity_overlaps",
        ),
        (
            "reporting_units",
            pl.col("reporting_unit_code") == "BL-KT",
            {"valid_to": "2020-01-01"},
            "catalogue.validity_reversed",
        ),
        (
            "assignments",
            pl.col("data_element_code") == "I.2.GT",
            {"role": "contributor"},
            "catalogue.no_lead",
        ),
        (
            "criteria_sets",
            pl.col("criteria_set_code") == "2244",
            {"trend_min_years": "2"},
            "catalogue.out_of_range",
        ),
        (
            "round_due_dates",
            (pl.col("round_code") == "2244-X-2025") & (pl.col("level") == "unit"),
            {"level": "commune"},
            "catalogue.no_due_date",
        ),
        (
            "rounds",
            pl.col("round_code") == "2244-X-2025",
            {"remind_before": "10;5"},
            "catalogue.wrong_reminders",
        ),
    ],
)
def test_what_does_not_hold_is_named(
    folder: Path, table: str, where: pl.Expr, values: dict[str, str | None], code: str
) -> None:
    edit(folder, table, where, **values)
    found = problems(folder)
    assert code in {problem.code for problem in found}
    for problem in found:
        assert problem.text("vi") != problem.text("en")


@pytest.mark.parametrize(
    ("table", "where", "values", "told"),
    [
        # A rule without an operator would never be evaluated, and nobody would know.
        ("validation_rules", pl.col("operator") == "==", {"operator": None}, ("operator", "required")),
        ("validation_rules", pl.col("operator") == "==", {"left": None}, ("left", "required")),
        (
            "validation_rules",
            pl.col("operator") == "==",
            {"message_vi": "Giá trị {gia_tri} của {area_name}"},
            ("message_vi", "placeholder_unknown"),
        ),
        # Today's Trạm Y tế cannot report for an area that ended in June 2025.
        (
            "reporting_units",
            pl.col("reporting_unit_code") == "BL-YT",
            {"area_code": "03412"},
            ("area_code", "code_out_of_time"),
        ),
        (
            "area_successions",
            pl.col("old_code") == "03412",
            {"date": "2025-07-02"},
            ("old_code", "succession_date"),
        ),
        (
            "value_states",
            pl.col("value_state") == "not_applicable",
            {"word": "Không phát sinh"},
            ("word", "word_ambiguous"),
        ),
        (
            "area_successions",
            pl.col("old_code") == "03412",
            {"share": "1.5"},
            ("share", "shares_do_not_sum"),
        ),
    ],
)
def test_what_could_not_be_carried_out_is_told_at_its_column(
    folder: Path, table: str, where: pl.Expr, values: dict[str, str | None], told: tuple[str, str]
) -> None:
    edit(folder, table, where, **values)
    found = {(problem.table, problem.column, problem.code) for problem in problems(folder)}
    assert (table, told[0], f"catalogue.{told[1]}") in found


def test_two_leads_for_one_figure_of_an_area_are_a_problem_and_leads_of_other_times_are_not(
    folder: Path,
) -> None:
    lead = (pl.col("reporting_unit_code") == "BL-KT") & (pl.col("role") == "lead")
    append(folder, "assignments", lead, reporting_unit_code="BL-VP", valid_from=None)
    assert "catalogue.two_leads" in {problem.code for problem in problems(folder)}


@pytest.mark.parametrize(
    ("table", "values", "code"),
    [
        ("layout_columns", {"sheet": "Khác"}, "sheet_unresolved"),
        ("layout_columns", {"column": "3"}, "column_letter"),
        ("layout_columns", {"area_column": "Z"}, "area_column_lost"),
        ("layout_columns", {"data_element_code": None}, "required"),
        ("layout_columns", {"category_code": "NU"}, "category_unknown"),
        ("layout_maps", {"first_row": "2"}, "layout_rows"),
    ],
)
def test_a_layout_that_would_bind_nothing_or_the_wrong_thing_is_told(
    tmp_path: Path, catalogues: Path, table: str, values: dict[str, str | None], code: str
) -> None:
    copy = Path(shutil.copytree(catalogues / "pci", tmp_path / "pci"))
    assert problems(copy) == []
    file = copy / f"{table}.csv"
    rows = pl.read_csv(file, infer_schema=False)
    rows.with_columns(
        pl.lit(None, dtype=pl.String).alias(name) for name in values if name not in rows.columns
    ).write_csv(file)
    where = (pl.col("role") == "value") if table == "layout_columns" else pl.col("sheet") == "PCI Tóm tắt"
    edit(copy, table, where, **values)
    assert f"catalogue.{code}" in {problem.code for problem in problems(copy)}


def test_a_second_row_for_one_key_is_named_with_its_row(folder: Path) -> None:
    append(folder, "categories", pl.col("category_code") == "NU")
    height = pl.read_csv(folder / "categories.csv").height
    assert [(p.code, p.row) for p in problems(folder)] == [("catalogue.key_twice", height + 1)]


def test_a_derived_element_that_looks_back_is_a_problem(folder: Path) -> None:
    derived = {"role": "derived", "disaggregation_code": None, "formula": "I.2.GT - prev(I.2.GT)"}
    append(folder, "data_elements", pl.col("data_element_code") == "I.2.GT", data_element_code="Y", **derived)
    assert [problem.code for problem in problems(folder)] == ["catalogue.formula_prev_derived"]
    edit(folder, "data_elements", pl.col("data_element_code") == "Y", formula="2 * I.2.GT")
    assert problems(folder) == []


def test_an_element_has_a_formula_if_and_only_if_it_is_derived(folder: Path) -> None:
    edit(folder, "data_elements", pl.col("data_element_code") == "I.2.GT", formula="2 * I.1.GT")
    assert [(p.column, p.code) for p in problems(folder)] == [("role", "catalogue.formula_not_derived")]
    edit(folder, "data_elements", pl.col("data_element_code") == "I.2.GT", role="derived", formula=None)
    assert ("formula", "catalogue.required") in {(p.column, p.code) for p in problems(folder)}


def test_an_element_is_assigned_while_it_is_reported_and_not_while_it_is_derived(folder: Path) -> None:
    derived = {"role": "derived", "disaggregation_code": None, "formula": "2 * I.1.GT"}
    edit(folder, "data_elements", pl.col("data_element_code") == "I.2.GT", valid_to="2025-12-31")
    like = pl.col("data_element_code") == "I.2.GT"
    append(folder, "data_elements", like, **derived, valid_from="2026-01-01", valid_to=None)
    is_open = like & pl.col("valid_to").is_null()
    height = pl.read_csv(folder / "assignments.csv", infer_schema=False).filter(is_open).height
    assert [(p.table, p.column, p.code) for p in problems(folder)] == [
        ("assignments", "data_element_code", "catalogue.element_derived")
    ] * height
    edit(folder, "assignments", is_open, valid_to="2025-12-31")
    assert problems(folder) == []


def test_a_layout_gives_an_element_in_the_years_in_which_it_is_reported(
    tmp_path: Path, catalogues: Path
) -> None:
    copy = Path(shutil.copytree(catalogues / "pci", tmp_path / "pci"))
    for table, columns in (("data_elements", ("formula",)), ("assignments", ("valid_from", "valid_to"))):
        rows = pl.read_csv(copy / f"{table}.csv", infer_schema=False)
        lacking = [column for column in columns if column not in rows.columns]
        rows.with_columns(pl.lit(None, pl.String).alias(column) for column in lacking).write_csv(
            copy / f"{table}.csv"
        )
    like = pl.col("data_element_code") == "PCI.GNTT.GT"
    edit(copy, "data_elements", like, valid_to="2011-12-31")
    edit(copy, "assignments", like, valid_to="2011-12-31")
    derived = {"role": "derived", "formula": "2 * PCI.DD.GT", "valid_from": "2012-01-01", "valid_to": None}
    append(copy, "data_elements", like, **derived)
    layouts = pl.read_csv(copy / "layout_columns.csv", infer_schema=False).filter(like)
    late = layouts.filter(pl.col("layout_code").str.tail(4).cast(pl.Int64) >= 2012)
    assert 0 < late.height < layouts.height
    found = [(p.table, p.code) for p in problems(copy)]
    assert found == [("layout_columns", "catalogue.element_derived")] * late.height
    # a table that names its years row by row may be of those in which the element was reported
    edit(copy, "layout_maps", pl.lit(value=True), period_code=None)
    assert "catalogue.element_derived" not in {p.code for p in problems(copy)}


def test_a_round_has_one_version_of_a_form(folder: Path) -> None:
    form = pl.col("form_code") == "B01-X"
    append(folder, "forms", form, form_version="2", valid_from="2026-01-01")
    assert [(p.table, p.row, p.code) for p in problems(folder)] == [
        ("forms", pl.read_csv(folder / "forms.csv").height + 1, "catalogue.validity_overlaps")
    ]
    edit(folder, "forms", form & (pl.col("form_version") == "1"), valid_to="2025-12-31")
    assert problems(folder) == []
    edit(folder, "forms", form & (pl.col("form_version") == "1"), valid_to=None, period_type="year")
    edit(folder, "forms", form & (pl.col("form_version") == "2"), period_type="quarter")
    assert problems(folder) == []


@pytest.mark.parametrize(
    ("held", "known"),
    [("I.1.GT", True), ("I.1.GT:NU", True), ("I.1.GT:_T", True), ("I.1.GT:XX", False), ("I.9.GT:NU", False)],
)
def test_a_rule_holds_out_an_element_or_a_category_of_it(folder: Path, held: str, known: bool) -> None:
    edit(folder, "validation_rules", pl.col("rule_code") == "SLIP_UP_I_2_GT", holds_element=held)
    assert [(p.column, p.code) for p in problems(folder)] == (
        [] if known else [("holds_element", "catalogue.code_unresolved")]
    )


def test_a_circle_of_derived_elements_in_earlier_years_is_a_problem(folder: Path) -> None:
    def derive(code: str, formula: str, **validity: str) -> None:
        values = {"role": "derived", "disaggregation_code": None, "formula": formula, **validity}
        like = pl.col("data_element_code") == "I.2.GT"
        append(folder, "data_elements", like, data_element_code=code, **values)

    derive("Z", "Y + I.2.GT")
    derive("Y", "Z", valid_to="2024-12-31")
    derive("Y", "2 * I.2.GT", valid_from="2025-01-01")
    assert [problem.code for problem in problems(folder)] == ["catalogue.formula_cycle"]
    edit(folder, "data_elements", pl.col("formula") == "Z", formula="3 * I.2.GT")
    assert problems(folder) == []


def test_an_area_whose_shares_are_not_published_is_no_problem(folder: Path) -> None:
    edit(folder, "area_successions", pl.col("old_code") == "03412", share=None, basis="unknown")
    assert problems(folder) == []


def test_cells_of_a_wrong_type_and_unknown_columns_are_told_together(folder: Path) -> None:
    edit(
        folder,
        "rounds",
        pl.col("round_code") == "2244-X-2025",
        period_end="31/12/2025",
        data_year="hai nghìn",
    )
    holidays = folder / "holidays.csv"
    holidays.write_text("date,name_vi,colour\n2026-01-01,Tết Dương lịch,red\n", encoding="utf-8")
    with pytest.raises(CatalogueError) as error:
        load_catalogue(folder)
    told = {(problem.table, problem.column) for problem in error.value.problems}
    assert told == {("rounds", "period_end"), ("rounds", "data_year"), ("holidays", "colour")}
    assert "31/12/2025" in error.value.text("vi")


def test_codes_keep_their_zeros_and_the_hash_does_not_depend_on_the_order_of_rows(folder: Path) -> None:
    before = load_catalogue(folder)
    assert "03390" in before.table("areas")["area_code"]
    file = folder / "areas.csv"
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\r\n".join([header, *reversed(lines)]) + "\r\n", encoding="utf-8")
    assert load_catalogue(folder).content_hash == before.content_hash
    edit(folder, "areas", pl.col("area_code") == "03412", name_en="Another")
    assert load_catalogue(folder).content_hash != before.content_hash


def test_a_row_that_lost_a_comma_and_a_share_that_is_no_number_are_told_and_never_filled_up(
    folder: Path,
) -> None:
    (folder / "holidays.csv").write_text("date,name_vi,is_working_day\n2026-01-01,Tết\n", encoding="utf-8")
    edit(folder, "area_successions", pl.col("old_code") == "03412", share="nan")
    with pytest.raises(CatalogueError) as error:
        load_catalogue(folder)
    told = {(problem.code, problem.table) for problem in error.value.problems}
    assert told == {
        ("catalogue.row_width", "holidays"),
        ("catalogue.wrong_type", "area_successions"),
    }


def test_a_folder_without_any_table_is_no_catalogue(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "not there"):
        with pytest.raises(UsageError):
            load_catalogue(folder)


def test_the_hash_sees_no_difference_between_line_ends_inside_a_cell(tmp_path: Path) -> None:
    hashes = set()
    for end in ("\n", "\r\n"):
        text = f'criteria_set_code,name_vi{end}S,"Hai{end}dòng"{end}{end}'
        (tmp_path / "criteria_sets.csv").write_bytes(text.encode())
        hashes.add(load_catalogue(tmp_path).content_hash)
    assert len(hashes) == 1


def test_a_folder_with_one_table_is_a_catalogue_of_one_table(tmp_path: Path) -> None:
    (tmp_path / "units_of_measure.csv").write_text(
        "unit,name_vi,dimension,factor\n%,%,share,1\n", encoding="utf-8"
    )
    catalogue = load_catalogue(tmp_path)
    assert catalogue.table("areas").is_empty()
    assert check(catalogue) == []


def test_numbers_of_a_scoring_scheme_that_cannot_be_are_told_at_their_column(folder: Path) -> None:
    (folder / "score_schemes.csv").write_text(
        "scheme_code,criteria_set_code,name_vi,normalisation,aggregation,scale_low,scale_high,scale_deviation,"
        "min_coverage\n"
        "S,2244,Điểm,min_max,arithmetic,100,0,1,80\n"
        "T,2244,Điểm,best,arithmetic,1,100,0,0.5\n",
        encoding="utf-8",
    )
    (folder / "weights.csv").write_text(
        "scheme_code,indicator_code,weight,goalpost_low,goalpost_high\n"
        "S,I.1,-1,0,10\n"
        "S,I.2,0,10,10\n"
        "U,I.2,,,\n",
        encoding="utf-8",
    )
    found = problems(folder)
    assert [(problem.table, problem.row, problem.column, problem.code) for problem in found] == [
        ("score_schemes", 2, "min_coverage", "catalogue.out_of_range"),
        ("score_schemes", 2, "scale_low", "catalogue.bounds_reversed"),
        ("score_schemes", 3, "normalisation", "catalogue.word_unknown"),
        ("score_schemes", 3, "scale_deviation", "catalogue.out_of_range"),
        ("weights", 2, "weight", "catalogue.out_of_range"),
        ("weights", 3, "goalpost_low", "catalogue.bounds_reversed"),
        ("weights", 4, "scheme_code", "catalogue.code_unresolved"),
    ]
    assert all("{" not in problem.text(language) for problem in found for language in ("vi", "en"))


@pytest.mark.parametrize("code", ["../BL-QS", "BL/QS", ".BL", "BL QS", "B" * 41])
def test_a_code_that_no_file_could_be_named_by_is_told(folder: Path, code: str) -> None:
    append(folder, "reporting_units", pl.col("reporting_unit_code") == "BL-QS", reporting_unit_code=code)
    assert ("reporting_unit_code", "catalogue.code_no_file_name") in {
        (problem.column, problem.code) for problem in problems(folder)
    }
