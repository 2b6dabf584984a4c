"""Look whether what a catalogue says can be carried out: who reports, until when, rules, layouts, words, successions.

Each check takes all tables, numbered as their files number them, and gives every problem. Keys, codes, trees and
formulas are ``lint``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

from dagster_project.catalogue.assignments import unit_assignments
from dagster_project.catalogue.constraints import HELD, PLACEHOLDERS, POINTERS
from dagster_project.catalogue.lint_targets import check_targets
from dagster_project.catalogue.load import Problem
from dagster_project.catalogue.tables import TABLES
from dagster_project.text import fold

Tables = Mapping[str, pl.DataFrame]
_FIRST, _LAST = date.min, date.max
_TOTAL = "_T"


def check_use(tables: Tables) -> Iterator[Problem]:
    """All problems of carrying out what ``tables`` say."""
    yield from _check_time(tables)
    yield from _check_successions(tables)
    yield from _check_area_versions(tables)
    yield from _check_form_versions(tables["forms"])
    yield from _check_asked(tables)
    yield from _check_derived(tables)
    yield from _check_leads(tables)
    yield from _check_one_lead(tables)
    yield from _check_due_dates(tables)
    yield from _check_reminders(tables["rounds"])
    yield from _check_rules(tables["validation_rules"])
    yield from _check_dimensions(tables)
    yield from _check_layouts(tables)
    yield from _check_spellings(tables)
    yield from check_targets(tables)


def _begins(suffix: str = "") -> pl.Expr:
    return pl.col(f"valid_from{suffix}").fill_null(_FIRST)


def _ends(suffix: str = "") -> pl.Expr:
    return pl.col(f"valid_to{suffix}").fill_null(_LAST)


def _check_time(tables: Tables) -> Iterator[Problem]:
    """A row that is valid for a while names something that is valid then: codes are used again for other things."""
    for table, column, target, target_column in (*POINTERS, HELD):
        if not (TABLES[table].has_validity and TABLES[target].has_validity):
            continue
        versions = tables[target].select(target_column, "valid_from", "valid_to")
        named = tables[table].with_columns(pl.col(column).str.split(":").list.first().alias("named"))
        pairs = named.join(versions, left_on="named", right_on=target_column, suffix="_of")
        meets = (_begins() <= _ends("_of")) & (_begins("_of") <= _ends())
        never = pairs.group_by("row", column).agg(meets.any().alias("meets")).filter(~pl.col("meets"))
        for row, observed, _ in never.iter_rows():
            told = {"observed": observed, "target": target}
            yield Problem(table, row, column, "catalogue.code_out_of_time", told)


def _check_successions(tables: Tables) -> Iterator[Problem]:
    """The old thing is valid until the day before, the new one from the day itself."""
    for table, target, code in (
        ("area_successions", "areas", "area_code"),
        ("reporting_unit_successions", "reporting_units", "reporting_unit_code"),
    ):
        versions = tables[target].select(code, "valid_from", "valid_to")
        for column, day in (("old_code", pl.col("date").dt.offset_by("-1d")), ("new_code", pl.col("date"))):
            pairs = tables[table].join(versions, left_on=column, right_on=code)
            valid = ((_begins() <= day) & (day <= _ends())).any().alias("valid")
            wrong = pairs.group_by("row", column, "date").agg(valid).filter(~pl.col("valid"))
            for row, observed, moment, _ in wrong.iter_rows():
                told = {"observed": observed, "day": str(moment)}
                yield Problem(table, row, column, "catalogue.succession_date", told)


def _check_area_versions(tables: Tables) -> Iterator[Problem]:
    """An area that merges, splits or changes its name has one row until the day before, and a new one from that day."""
    for column, edge, day in (
        ("old_code", "valid_to", pl.col("date").dt.offset_by("-1d")),
        ("new_code", "valid_from", pl.col("date")),
    ):
        valid = (_begins() <= day) & (day <= _ends())
        pairs = tables["area_successions"].join(
            tables["areas"].select("area_code", "valid_from", "valid_to"),
            left_on=column,
            right_on="area_code",
        )
        within = pairs.filter(valid & pl.col(edge).ne_missing(day))
        for row, observed, moment in within.select("row", column, "date").iter_rows():
            told = {"observed": observed, "day": str(moment)}
            yield Problem("area_successions", row, column, "areas.one_version", told)


def _check_asked(tables: Tables) -> Iterator[Problem]:
    """Who is asked is a unit, or a type that some unit at the form's level has."""
    assignments = tables["assignments"]
    both = pl.col("reporting_unit_code").is_null() == pl.col("unit_type").is_null()
    for row in assignments.filter(both)["row"]:
        yield Problem("assignments", row, "reporting_unit_code", "catalogue.unit_or_type")
    types = tables["reporting_units"].join(tables["forms"], on="level").select("unit_type", "form_code")
    lost = assignments.filter(pl.col("unit_type").is_not_null()).join(
        types.unique(), on=["unit_type", "form_code"], how="anti"
    )
    for row, observed in lost.select("row", "unit_type").iter_rows():
        yield Problem("assignments", row, "unit_type", "catalogue.type_without_units", {"observed": observed})


def _check_form_versions(forms: pl.DataFrame) -> Iterator[Problem]:
    """A round has one version of a form: rows of two versions would be printed twice."""
    place = ["form_code", "criteria_set_code", "level"]
    kind, kind_of = pl.col("period_type"), pl.col("period_type_of")
    both = forms.join(forms, on=place, suffix="_of", nulls_equal=True).filter(
        pl.col("row_of") < pl.col("row"),
        pl.col("form_version") != pl.col("form_version_of"),
        (_begins() <= _ends("_of")) & (_begins("_of") <= _ends()),
        (kind == kind_of).fill_null(value=True),
    )
    for row in both.unique("row", keep="first", maintain_order=True).iter_rows(named=True):
        since = max(day for day in (row["valid_from"], row["valid_from_of"], _FIRST) if day)
        told = {"key": row["form_code"], "day": "…" if since == _FIRST else str(since)}
        yield Problem("forms", row["row"], "valid_from", "catalogue.validity_overlaps", told)


def _check_derived(tables: Tables) -> Iterator[Problem]:
    """What is computed is asked of nobody and read from no layout: beside the computed figure it would count twice."""
    derived = tables["data_elements"].filter(pl.col("role") == "derived")
    derived = derived.select("data_element_code", "valid_from", "valid_to")
    sheets = tables["layout_maps"].select("layout_code", "sheet", "form_code", period="period_code")
    forms = tables["forms"].select("form_code", "criteria_set_code").unique("form_code")
    periods = tables["rounds"].select("criteria_set_code", "period_code", "period_end").unique()
    read = (
        tables["layout_columns"]
        .filter(pl.col("role") == "value")
        .join(sheets, on=["layout_code", "sheet"], nulls_equal=True)
        .join(forms, on="form_code", how="left")
        .with_columns(pl.col("period_code").fill_null(pl.col("period")))
        .join(periods, on=["criteria_set_code", "period_code"], how="left")
        .with_columns(valid_from="period_end", valid_to="period_end")
    )
    # A table that names its periods row by row may be of those in which the element was still reported.
    reported = tables["data_elements"].filter(pl.col("role").ne_missing("derived"))
    always = read.join(reported, on="data_element_code", how="anti")
    read = pl.concat([read.filter(pl.col("period_end").is_not_null()), always]).unique(maintain_order=True)
    for table, rows in (("assignments", tables["assignments"]), ("layout_columns", read)):
        both = rows.join(derived, on="data_element_code", suffix="_of").filter(
            (_begins() <= _ends("_of")) & (_begins("_of") <= _ends())
        )
        yield from _told(both.unique("row"), table, "data_element_code", "catalogue.element_derived")


def _assigned(tables: Tables) -> pl.DataFrame:
    units = tables["reporting_units"].select(
        "reporting_unit_code", "level", "area_code", unit_from=_begins(), unit_to=_ends()
    )
    elements = tables["data_elements"].select("data_element_code", "criteria_set_code", "unit_aggregation")
    return (
        unit_assignments(tables)
        .join(units, on="reporting_unit_code")
        .join(elements.unique("data_element_code"), on="data_element_code")
    )


def _check_leads(tables: Tables) -> Iterator[Problem]:
    """Every element of an indicator that units report at a level has a lead at that level.

    Only for criteria sets and levels that have assignments at all: a catalogue may begin with one level.
    """
    place = ["criteria_set_code", "level"]
    assigned = _assigned(tables)
    reported = tables["applicability"].filter(pl.col("how") == "reported").select("indicator_code", "level")
    needed = (
        tables["data_elements"]
        .filter(pl.col("role").fill_null("value") != "derived")
        .join(reported.unique(), on="indicator_code")
        .join(assigned.select(place).unique(), on=place)
    )
    leads = assigned.filter(pl.col("role") == "lead").select("data_element_code", "level").unique()
    for row in needed.join(leads, on=["data_element_code", "level"], how="anti").iter_rows(named=True):
        told = {
            "observed": row["indicator_code"],
            "level": row["level"],
            "element": row["data_element_code"],
        }
        yield Problem("data_elements", row["row"], "data_element_code", "catalogue.no_lead", told)


def _check_one_lead(tables: Tables) -> Iterator[Problem]:
    """Where the lead's figure stands, an area has one lead at a time."""
    element = ["area_code", "level", "data_element_code"]
    leads = (
        _assigned(tables)
        .filter((pl.col("role") == "lead") & (pl.col("unit_aggregation").fill_null("lead") == "lead"))
        .with_columns(
            since=pl.max_horizontal(_begins(), "unit_from"), until=pl.min_horizontal(_ends(), "unit_to")
        )
        .filter(pl.col("since") <= pl.col("until"))
        .unique(["row", "since", "until"])
        .select(*element, "row", "reporting_unit_code", "since", "until")
    )
    both = leads.join(leads, on=element, suffix="_of", nulls_equal=True).filter(
        (pl.col("row_of") < pl.col("row"))
        & (pl.col("reporting_unit_code_of") != pl.col("reporting_unit_code"))
        & (pl.col("since_of") <= pl.col("until"))
        & (pl.col("since") <= pl.col("until_of"))
    )
    for row in both.unique("row").iter_rows(named=True):
        told = {"observed": row["data_element_code"], "other": row["reporting_unit_code_of"]}
        yield Problem("assignments", row["row"], "role", "catalogue.two_leads", told)


def _check_due_dates(tables: Tables) -> Iterator[Problem]:
    """A round that units report in says until when; a layout that others publish, or a year past, is due at no time."""
    by_form = tables["forms"].join(
        tables["layout_maps"].select("form_code").unique(), on="form_code", how="anti"
    )
    issued = by_form.select("criteria_set_code", "level").unique()
    current = tables["rounds"].filter(~pl.col("is_retrospective").fill_null(value=False))
    rounds = current.join(issued, on=["criteria_set_code", "level"])
    due = tables["round_due_dates"].filter(pl.col("level") == "unit").select("round_code")
    for row, code in rounds.join(due, on="round_code", how="anti").select("row", "round_code").iter_rows():
        yield Problem("rounds", row, "round_code", "catalogue.no_due_date", {"observed": code})


def _check_reminders(rounds: pl.DataFrame) -> Iterator[Problem]:
    """The days on which units are reminded are whole numbers, with blanks between them."""
    wrong = rounds.filter(~pl.col("remind_before").str.contains(r"^[0-9 ]*$"))
    for row, told in wrong.select("row", "remind_before").iter_rows():
        yield Problem("rounds", row, "remind_before", "catalogue.wrong_reminders", {"observed": told})


def _check_rules(rules: pl.DataFrame) -> Iterator[Problem]:
    """A rule that compares has its sides and says how; its words use placeholders that will be filled."""
    for kind, columns in (("formula", ("left", "operator", "right")), ("peer_outlier", ("left",))):
        for column in columns:
            for row in rules.filter((pl.col("kind") == kind) & pl.col(column).is_null())["row"]:
                yield Problem("validation_rules", row, column, "catalogue.required")
    for column in ("message_vi", "message_en", "advice_vi", "advice_en"):
        used = rules.select("row", pl.col(column).str.extract_all(r"\{[^{}]*\}").alias("used")).explode(
            "used"
        )
        other = used.filter(~pl.col("used").str.strip_chars("{}").is_in(PLACEHOLDERS)).drop_nulls()
        for row, observed in other.iter_rows():
            told = {"observed": observed, "allowed": ", ".join(PLACEHOLDERS)}
            yield Problem("validation_rules", row, column, "catalogue.placeholder_unknown", told)


def _check_dimensions(tables: Tables) -> Iterator[Problem]:
    """Dimensions of a disaggregation are numbered from 1, each is single, and their codes can be joined."""
    combined = tables["disaggregation_dimensions"]
    misplaced = combined.filter(
        pl.col("position") != pl.int_range(1, pl.len() + 1).over("disaggregation_code", order_by="position")
    )
    yield from _told(misplaced, "disaggregation_dimensions", "position", "catalogue.dimension_position")
    nested = combined.filter(pl.col("dimension_code").is_in(combined["disaggregation_code"].implode()))
    yield from _told(nested, "disaggregation_dimensions", "dimension_code", "catalogue.dimension_nested")
    joined = tables["categories"].filter(
        pl.col("disaggregation_code").is_in(combined["dimension_code"].implode()),
        pl.col("category_code").str.contains(".", literal=True),
    )
    yield from _told(joined, "categories", "category_code", "catalogue.dimension_category_dotted")
    listed = tables["categories"].filter(
        pl.col("disaggregation_code").is_in(combined["disaggregation_code"].implode())
    )
    yield from _told(listed, "categories", "disaggregation_code", "catalogue.dimension_categories_listed")


def _check_long_layouts(tables: Tables) -> Iterator[Problem]:
    """What a column of a long table tells apart is a dimension of the figures in its rows."""
    columns = tables["layout_columns"]
    blank = columns.filter((pl.col("role") == "category") & pl.col("disaggregation_code").is_null())
    yield from _told(blank, "layout_columns", "disaggregation_code", "catalogue.required")
    combined = tables["disaggregation_dimensions"].select("disaggregation_code", "dimension_code")
    elements = tables["data_elements"].select("data_element_code", "disaggregation_code")
    split = pl.concat(
        [
            elements.join(combined, on="disaggregation_code"),
            elements.with_columns(pl.col("disaggregation_code").alias("dimension_code")),
        ]
    )
    place = ["layout_code", "sheet"]
    told = columns.filter(pl.col("role") == "value").select(*place, "data_element_code")
    known = told.join(split, on="data_element_code").select(
        *place, pl.col("dimension_code").alias("disaggregation_code")
    )
    lost = columns.drop_nulls("disaggregation_code").join(
        known, on=[*place, "disaggregation_code"], how="anti", nulls_equal=True
    )
    yield from _told(lost, "layout_columns", "disaggregation_code", "catalogue.dimension_lost")


def _check_layouts(tables: Tables) -> Iterator[Problem]:
    """Columns of a layout stand in one of its sheets, have a letter, and bind what exists."""
    columns = tables["layout_columns"]
    sheets = tables["layout_maps"].select("layout_code", "sheet")
    lost = columns.join(sheets, on=["layout_code", "sheet"], how="anti", nulls_equal=True)
    yield from _told(lost, "layout_columns", "sheet", "catalogue.sheet_unresolved")
    for column in ("column", "area_column"):
        odd = columns.filter(~pl.col(column).str.contains("^[A-Z]{1,3}$"))
        yield from _told(odd, "layout_columns", column, "catalogue.column_letter")
    named = columns.select("layout_code", "sheet", pl.col("column").alias("area_column"))
    unnamed = columns.filter(pl.col("area_column").is_not_null()).join(
        named, on=["layout_code", "sheet", "area_column"], how="anti", nulls_equal=True
    )
    yield from _told(unnamed, "layout_columns", "area_column", "catalogue.area_column_lost")
    blank = columns.filter((pl.col("role") == "value") & pl.col("data_element_code").is_null())
    yield from _told(blank, "layout_columns", "data_element_code", "catalogue.required")
    parts = tables["data_elements"].join(tables["categories"], on="disaggregation_code")
    unknown = columns.filter(pl.col("category_code") != _TOTAL).join(
        parts, on=["data_element_code", "category_code"], how="anti"
    )
    yield from _told(unknown, "layout_columns", "category_code", "catalogue.category_unknown")
    yield from _check_long_layouts(tables)
    yield from _check_layout_rows(tables["layout_maps"])


def _check_layout_rows(maps: pl.DataFrame) -> Iterator[Problem]:
    for before, after in (
        ("header_first_row", "header_last_row"),
        ("header_last_row", "first_row"),
        ("first_row", "last_row"),
    ):
        apart = int(after == "first_row")
        wrong = maps.filter((pl.col(before) < 1) | (pl.col(after) < pl.col(before) + apart))
        yield from _told(wrong, "layout_maps", after, "catalogue.layout_rows")


def _told(rows: pl.DataFrame, table: str, column: str, code: str) -> Iterator[Problem]:
    for row, observed in rows.select("row", column).iter_rows():
        told = {} if code == "catalogue.required" else {"observed": "" if observed is None else str(observed)}
        yield Problem(table, row, column, code, told)


def _check_spellings(tables: Tables) -> Iterator[Problem]:
    """A word that people write means one state, one status, one unit of measure."""
    measures = tables["units_of_measure"]
    spelled = [
        ("value_states", "word", tables["value_states"].select("row", meant="value_state", word="word")),
        ("value_statuses", "word", tables["value_statuses"].select("row", meant="value_status", word="word")),
        (
            "units_of_measure",
            "aliases",
            pl.concat(
                [
                    measures.select("row", meant="unit", word="unit"),
                    measures.select("row", meant="unit", word="name_vi"),
                    measures.select("row", pl.col("unit").alias("meant"), pl.col("aliases").str.split("|"))
                    .explode("aliases")
                    .rename({"aliases": "word"}),
                ]
            ),
        ),
    ]
    for table, column, words in spelled:
        meant: dict[str, str] = {}
        for row, meaning, word in words.drop_nulls().sort("row", maintain_order=True).iter_rows():
            first = meant.setdefault(fold(word), meaning)
            if first != meaning:
                told = {"observed": word, "first": first, "second": meaning}
                yield Problem(table, row, column, "catalogue.word_ambiguous", told)
