"""The tables of a catalogue folder: one CSV each, and what every column holds.

Codes are text and keep their zeros. Dates are ISO, ``valid_from`` and ``valid_to`` inclusive, empty means open.
A table that a folder lacks is empty; a column that a file lacks is null; a column unknown here is a lint error.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_TEXT, _INT, _REAL, _DATE, _BOOL = pl.String, pl.Int64, pl.Float64, pl.Date, pl.Boolean
_VALIDITY = {"valid_from": _DATE, "valid_to": _DATE}


@dataclass(frozen=True)
class Table:
    """One table: its columns with types, and the columns that identify a row (validity left out)."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, type[pl.DataType]]
    required: tuple[str, ...] = ()

    @property
    def has_validity(self) -> bool:
        return "valid_from" in self.columns


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "criteria_sets",
            ("criteria_set_code",),
            {
                "criteria_set_code": _TEXT,
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "legal_basis_vi": _TEXT,
                "trend_min_years": _INT,  # figures a series needs for a trend test; 3 or more; empty: 5
                "forecast_min_years": _INT,  # figures a series needs for a forecast; 6 or more; empty: 8
                "forecast_horizon": _INT,  # years ahead, 0 (none) to 3; empty: 3
                "forecast_level": _REAL,  # how sure the interval is; empty: 0.8
                **_VALIDITY,
            },
            ("name_vi",),
        ),
        Table(
            "indicators",
            ("indicator_code",),
            {
                "indicator_code": _TEXT,
                "criteria_set_code": _TEXT,
                "parent_code": _TEXT,
                "node_type": _TEXT,  # group, criterion, indicator, component
                "sort_order": _INT,
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "unit": _TEXT,  # -> units_of_measure
                "value_type": _TEXT,  # count, money, percent, rate, index, rank, yes_no, level, text
                "direction": _TEXT,  # higher_better, lower_better, neutral, unknown
                "numerator": _TEXT,  # formula over data elements and indicators
                "denominator": _TEXT,  # empty means 1
                "multiplier": _REAL,  # 100 for a percentage
                "area_aggregation": _TEXT,  # sum, ratio_of_sums, none
                "decimals": _INT,  # shown
                "definition_vi": _TEXT,
                "method_vi": _TEXT,
                "source_vi": _TEXT,
                "status": _TEXT,  # of the name: official, paraphrased, candidate, unknown
                "unit_status": _TEXT,  # per attribute: confirmed, inferred, unknown
                "direction_status": _TEXT,
                "value_type_status": _TEXT,
                "parent_status": _TEXT,
                "formula_status": _TEXT,
                "confirmed_by": _TEXT,
                "confirmed_at": _DATE,
                "document_vi": _TEXT,  # number and date of the document that the row was taken from
                "printed_number": _TEXT,  # how that document numbers it
                "reporting_period_vi": _TEXT,  # as that document prints it
                "is_break": _BOOL,  # whether this version breaks the series; empty: what it changes decides
                "break_reason_vi": _TEXT,
                "source_urls": _TEXT,
                "note": _TEXT,
                **_VALIDITY,
            },
            ("criteria_set_code", "node_type", "name_vi", "status"),
        ),
        Table(
            "applicability",
            ("indicator_code", "level"),
            {
                "indicator_code": _TEXT,
                "level": _TEXT,  # commune, province, national
                "how": _TEXT,  # reported, computed, supplied, published, not_applicable, undetermined
                "note_vi": _TEXT,
                **_VALIDITY,
            },
            ("how",),
        ),
        Table(
            "data_elements",
            ("data_element_code",),
            {
                "data_element_code": _TEXT,
                "criteria_set_code": _TEXT,
                "indicator_code": _TEXT,  # the indicator under which a form prints it
                "sort_order": _INT,
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "unit": _TEXT,
                "value_type": _TEXT,
                "role": _TEXT,  # value, numerator, denominator, typed (typed by hand beside its parts), derived
                "formula": _TEXT,  # for derived elements
                "decimals": _INT,
                "min_value": _REAL,
                "max_value": _REAL,
                "unit_aggregation": _TEXT,  # lead (the lead's figure stands), sum (each unit reports its part)
                "area_aggregation": _TEXT,  # sum, none
                "disaggregation_code": _TEXT,
                "definition_vi": _TEXT,
                "status": _TEXT,
                "is_break": _BOOL,  # as in indicators
                "break_reason_vi": _TEXT,
                **_VALIDITY,
            },
            ("criteria_set_code", "name_vi", "value_type"),
        ),
        Table(
            "disaggregations",
            ("disaggregation_code",),
            {"disaggregation_code": _TEXT, "name_vi": _TEXT, "name_en": _TEXT},
            ("name_vi",),
        ),
        Table(
            "categories",
            ("disaggregation_code", "category_code"),
            {
                "disaggregation_code": _TEXT,
                "category_code": _TEXT,
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "sort_order": _INT,
            },
            ("name_vi",),
        ),
        Table(
            "disaggregation_dimensions",  # a disaggregation by several dimensions at once
            ("disaggregation_code", "position"),
            {
                "disaggregation_code": _TEXT,
                "position": _INT,  # place of the dimension's code in a category code, from 1
                "dimension_code": _TEXT,  # -> disaggregations, one of a single dimension
            },
            ("dimension_code",),
        ),
        Table(
            "units_of_measure",
            ("unit",),
            {
                "unit": _TEXT,
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "dimension": _TEXT,  # units of one dimension convert into one another
                "factor": _REAL,  # 1 of this unit = factor of the dimension's base unit
                "aliases": _TEXT,  # other spellings, separated by "|"
            },
            ("name_vi", "dimension", "factor"),
        ),
        Table(
            "value_states",
            ("value_state", "word"),
            {
                "value_state": _TEXT,  # zero, not_applicable, not_available
                "word": _TEXT,
                "is_label": _BOOL,  # the word that forms offer and documents print
            },
        ),
        Table(
            "value_statuses",
            ("value_status", "word"),
            {"value_status": _TEXT, "word": _TEXT, "is_label": _BOOL},  # estimate, preliminary, final
        ),
        Table(
            "observation_statuses",
            ("word",),
            {
                "word": _TEXT,
                "obs_status": _TEXT,  # SDMX code list CL_OBS_STATUS
                "value_status": _TEXT,  # estimate, preliminary, final, where the word says so
                "value_state": _TEXT,  # what a blank figure is beside the word
            },
            ("obs_status",),
        ),
        Table("unit_multipliers", ("word",), {"word": _TEXT, "factor": _REAL}, ("factor",)),
        Table(
            "areas",
            ("area_code",),
            {
                "area_code": _TEXT,
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "area_type": _TEXT,
                "level": _TEXT,  # commune, district, province, national
                "parent_code": _TEXT,
                "area_km2": _REAL,
                **_VALIDITY,
            },
            ("name_vi", "level"),
        ),
        Table(
            "area_aliases",
            ("area_code", "alias"),
            {"area_code": _TEXT, "alias": _TEXT, **_VALIDITY},
        ),
        Table(
            "area_successions",
            ("old_code", "new_code", "date"),
            {
                "old_code": _TEXT,
                "new_code": _TEXT,
                "date": _DATE,  # the first day of the new area
                "share": _REAL,  # of the old area that went into the new one; empty: not published
                "basis": _TEXT,  # whole, area, population, unknown
                "note": _TEXT,  # what the source says of it, in its words
            },
            ("basis",),
        ),
        Table(
            "forms",
            ("form_code", "form_version"),
            {
                "form_code": _TEXT,
                "form_version": _TEXT,
                "criteria_set_code": _TEXT,
                "level": _TEXT,
                "period_type": _TEXT,  # kind of rounds that the form is for; empty: every kind
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "legal_basis_vi": _TEXT,
                **_VALIDITY,
            },
            ("criteria_set_code", "name_vi"),
        ),
        Table(
            "layout_maps",
            ("layout_code", "sheet"),
            {
                "layout_code": _TEXT,
                "form_code": _TEXT,
                "reporting_unit_code": _TEXT,
                "file_pattern": _TEXT,  # glob over the file's name
                "sheet": _TEXT,  # sheet name, "*" for every other sheet, empty for a CSV
                "skip": _BOOL,  # the sheet is read and ignored, on purpose
                "period_code": _TEXT,  # of all cells; empty where columns give it
                "area_code": _TEXT,  # of the rows of a long table that name none
                "header_first_row": _INT,
                "header_last_row": _INT,
                "first_row": _INT,
                "last_row": _INT,  # empty: to the end
                "skip_rows": _TEXT,  # labels of rows to ignore, separated by "|"
                "note": _TEXT,
            },
        ),
        Table(
            "layout_columns",
            ("layout_code", "sheet", "column"),
            {
                "layout_code": _TEXT,
                "sheet": _TEXT,
                "column": _TEXT,  # letter
                "header": _TEXT,  # what stands in the header rows, joined by " | ", compared folded
                "role": _TEXT,  # area_name, area_code, value, skip; in a long table also period, category, unit, …
                "area_column": _TEXT,  # letter of the column that names the area of this value
                "data_element_code": _TEXT,
                "category_code": _TEXT,
                "period_code": _TEXT,
                "disaggregation_code": _TEXT,  # the dimension whose categories the column names
            },
            ("role",),
        ),
        Table(
            "reporting_units",
            ("reporting_unit_code",),
            {
                "reporting_unit_code": _TEXT,
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "level": _TEXT,
                "area_code": _TEXT,
                "unit_type": _TEXT,
                "is_focal": _BOOL,
                "contact_name": _TEXT,
                "email": _TEXT,
                "phone": _TEXT,
                **_VALIDITY,
            },
            ("name_vi", "level"),
        ),
        Table(
            "unit_aliases",
            ("reporting_unit_code", "alias"),
            {"reporting_unit_code": _TEXT, "alias": _TEXT, **_VALIDITY},
        ),
        Table(
            "reporting_unit_successions",
            ("old_code", "new_code", "date"),
            {"old_code": _TEXT, "new_code": _TEXT, "date": _DATE},
        ),
        Table(
            "assignments",
            ("reporting_unit_code", "unit_type", "data_element_code", "form_code"),
            {
                "reporting_unit_code": _TEXT,  # or the type of which every unit at the form's level is asked
                "unit_type": _TEXT,
                "data_element_code": _TEXT,
                "form_code": _TEXT,
                "role": _TEXT,  # lead, contributor
                "status": _TEXT,  # confirmed, inferred
                **_VALIDITY,
            },
            ("role",),
        ),
        Table(
            "rounds",
            ("round_code",),
            {
                "round_code": _TEXT,
                "criteria_set_code": _TEXT,
                "level": _TEXT,
                "period_code": _TEXT,
                "data_year": _INT,
                "period_type": _TEXT,  # year, fiscal_year, half, quarter, ad_hoc
                "request_number": _INT,
                "period_start": _DATE,
                "period_end": _DATE,
                "cut_off": _DATE,
                "opens_on": _DATE,
                # when forms go out (else when the round opens), and on which working days before the units' due date
                # ("10 5 1") who has not sent is reminded (else nobody is)
                "forms_on": _DATE,
                "remind_before": _TEXT,
                "is_break": _BOOL,  # the period's figures do not compare with the earlier ones
                "break_reason_vi": _TEXT,
                "break_reason_en": _TEXT,
                # from before the office had the system: back-series forms fill it, nothing in it is late or overdue
                "is_retrospective": _BOOL,
                "name_vi": _TEXT,
                "name_en": _TEXT,
            },
            ("criteria_set_code", "period_code", "data_year", "period_start", "period_end"),
        ),
        Table(
            "period_aliases",  # other labels of a period, in the tables of others
            ("criteria_set_code", "alias"),
            {"criteria_set_code": _TEXT, "alias": _TEXT, "period_code": _TEXT},
            ("period_code",),
        ),
        Table(
            "round_due_dates",
            ("round_code", "level"),
            {
                "round_code": _TEXT,
                "level": _TEXT,  # unit, commune, province: who must have sent
                "due_date": _DATE,
                "inclusive": _BOOL,  # true: by the end of that day; false: strictly before it begins
            },
            ("due_date", "inclusive"),
        ),
        Table(
            "holidays",
            ("date",),
            {
                "date": _DATE,
                "name_vi": _TEXT,
                "is_working_day": _BOOL,
            },  # true: a weekend day worked in exchange
        ),
        Table(
            "validation_rules",
            ("rule_code",),
            {
                "rule_code": _TEXT,
                "criteria_set_code": _TEXT,
                "stage": _TEXT,  # meaning (evaluated in dbt) or admission (carried by a suite)
                "kind": _TEXT,
                "left": _TEXT,
                "operator": _TEXT,  # ==, !=, <=, <, >=, >
                "right": _TEXT,
                "missing_strategy": _TEXT,  # skip_if_any, skip_if_all, skip_if_zero (as any, or a side is 0), never
                # formula: absolute difference that still passes; peer_outlier: how many robust standard deviations
                # from the median pass (empty: 3.5), a quarter of the median at least; copied_from_last_year: which
                # part of a unit's figures other than 0 must be the same (empty: 1)
                "tolerance": _REAL,
                # formula: no finding where both sides are at most this; peer_outlier: how many peers are enough
                # (empty: 8); copied_from_last_year: how many figures at least must be the same (empty: 5)
                "absolute_floor": _REAL,
                "holds_element": _TEXT,  # the data element whose value a blocking failure holds out
                "severity": _TEXT,
                "message_vi": _TEXT,
                "message_en": _TEXT,
                "advice_vi": _TEXT,
                "advice_en": _TEXT,
                **_VALIDITY,
            },
            ("stage", "kind", "severity", "message_vi"),
        ),
        Table(
            "targets",
            ("indicator_code", "area_code", "period_code"),
            {
                "indicator_code": _TEXT,
                "area_code": _TEXT,
                "period_code": _TEXT,  # a year, or the period of a round; a later year has a yearly pace
                "operator": _TEXT,  # >=, <=, ==, between; empty: by the indicator's direction
                "target": _REAL,  # in the indicator's unit; of between: the least
                "target_high": _REAL,  # of between: the greatest
                "baseline_year": _INT,  # where the pace begins; empty: at the first comparable figure
                "baseline_value": _REAL,
                "source_vi": _TEXT,  # the document that assigns it
                "status": _TEXT,  # confirmed, inferred, unknown
                **_VALIDITY,
            },
            ("target", "source_vi", "status"),
        ),
        Table(
            "report_recipients",
            ("criteria_set_code", "level"),
            {
                "criteria_set_code": _TEXT,
                "level": _TEXT,  # of the office that reports
                "addressee_vi": _TEXT,  # {parent} stands for the area above
                "recipients_vi": _TEXT,  # separated by |
                **_VALIDITY,
            },
            ("addressee_vi",),
        ),
        Table(
            "light_rules",
            ("criteria_set_code", "light"),
            {
                "criteria_set_code": _TEXT,
                "light": _TEXT,  # green, amber, red
                "sort_order": _INT,  # the first rule that holds gives the light
                "measure": _TEXT,  # achievement (of the target), pace (of what is due by this year)
                "at_least": _REAL,  # percent; empty: everything that is left
                "name_vi": _TEXT,
                "name_en": _TEXT,
                **_VALIDITY,
            },
            ("sort_order", "measure", "name_vi"),
        ),
        Table(
            "score_schemes",
            ("scheme_code",),
            {
                "scheme_code": _TEXT,
                "criteria_set_code": _TEXT,
                "name_vi": _TEXT,
                "name_en": _TEXT,
                "normalisation": _TEXT,  # min_max, z_score, percentile_rank, goalposts, borda
                "aggregation": _TEXT,  # arithmetic, geometric
                "scale_low": _REAL,  # min_max and goalposts; empty: 0
                "scale_high": _REAL,  # empty: 100
                "scale_mean": _REAL,  # z_score; empty: 0
                "scale_deviation": _REAL,  # empty: 1
                "min_coverage": _REAL,  # share of its weight that a group needs to be scored; empty: 1, all of it
                "ranks_areas": _BOOL,  # empty: areas are not ranked
                **_VALIDITY,
            },
            ("criteria_set_code", "name_vi", "normalisation", "aggregation"),
        ),
        Table(
            "weights",
            ("scheme_code", "indicator_code"),
            {
                "scheme_code": _TEXT,
                "indicator_code": _TEXT,  # of an indicator or a group; what has no row weighs 1
                "weight": _REAL,  # among what stands below the same parent; 0 leaves it out; empty: 1
                "goalpost_low": _REAL,
                "goalpost_high": _REAL,
                **_VALIDITY,
            },
        ),
    )
}

#: Compiled from formulas and rules; written beside the tables for dbt, never edited.
#: A side's value is sum(numerator terms) / sum(denominator terms); a term without a code is a constant.
FORMULA_TERMS = pl.Schema(
    {
        "owner_type": pl.String,  # indicator, data_element, rule
        "owner_code": pl.String,
        "side": pl.String,  # value for indicators and elements; left or right for rules
        "part": pl.String,  # numerator, denominator
        "term_number": pl.Int32,
        "combine": pl.String,  # sum, min, max, abs: how the terms of one part come together
        "data_element_code": pl.String,
        "category_code": pl.String,  # _T unless the formula names one
        "coefficient": pl.Float64,
        "lag": pl.Int32,  # periods back: prev(x, n)
        "level": pl.Int32,  # 0 for reported elements only; derived elements build on lower levels
        "valid_from": pl.Date,
        "valid_to": pl.Date,
    }
)
