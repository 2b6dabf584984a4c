"""What holds between the tables of a catalogue: which words a column allows, and which codes point where.

Declarations only; ``lint`` looks whether they hold. Nothing here names a code of any criteria set.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

_VALUE_TYPES = ("count", "money", "percent", "rate", "index", "rank", "yes_no", "level", "text")
_NAME_STATUS = ("official", "paraphrased", "candidate", "unknown")
_ATTRIBUTE_STATUS = ("confirmed", "inferred", "unknown")
_OFFICE_LEVELS = ("commune", "province", "national")

WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("indicators", "node_type"): ("group", "criterion", "indicator", "component"),
    ("indicators", "value_type"): _VALUE_TYPES,
    ("indicators", "direction"): ("higher_better", "lower_better", "neutral", "unknown"),
    ("indicators", "area_aggregation"): ("sum", "ratio_of_sums", "none"),
    ("indicators", "status"): _NAME_STATUS,
    **{
        ("indicators", f"{attribute}_status"): _ATTRIBUTE_STATUS
        for attribute in ("unit", "direction", "value_type", "parent", "formula")
    },
    ("applicability", "level"): _OFFICE_LEVELS,
    ("applicability", "how"): (
        "reported",
        "computed",
        "supplied",
        "published",
        "not_applicable",
        "undetermined",
    ),
    ("data_elements", "value_type"): _VALUE_TYPES,
    ("data_elements", "role"): ("value", "numerator", "denominator", "typed", "derived"),
    ("data_elements", "unit_aggregation"): ("lead", "sum"),
    ("data_elements", "area_aggregation"): ("sum", "none"),
    ("data_elements", "status"): _NAME_STATUS,
    ("value_states", "value_state"): ("zero", "not_applicable", "not_available"),
    ("value_statuses", "value_status"): ("estimate", "preliminary", "final"),
    ("areas", "level"): ("commune", "district", "province", "national"),
    ("area_successions", "basis"): ("whole", "area", "population", "unknown"),
    ("forms", "level"): _OFFICE_LEVELS,
    ("layout_columns", "role"): (
        "area_name",
        "area_code",
        "value",
        "skip",
        "period",
        "category",
        "unit",
        "multiplier",
        "status",
    ),
    ("observation_statuses", "value_status"): ("estimate", "preliminary", "final"),
    ("observation_statuses", "value_state"): ("not_applicable", "not_available", "missing"),
    ("reporting_units", "level"): _OFFICE_LEVELS,
    ("assignments", "role"): ("lead", "contributor"),
    ("assignments", "status"): ("confirmed", "inferred"),
    ("rounds", "level"): _OFFICE_LEVELS,
    ("forms", "period_type"): ("year", "fiscal_year", "half", "quarter", "ad_hoc"),
    ("rounds", "period_type"): ("year", "fiscal_year", "half", "quarter", "ad_hoc"),
    ("round_due_dates", "level"): ("unit", *_OFFICE_LEVELS),
    ("report_recipients", "level"): _OFFICE_LEVELS,
    ("validation_rules", "stage"): ("meaning", "admission"),
    ("validation_rules", "kind"): (
        "formula",
        "peer_outlier",
        "back_series",
        "copied_from_last_year",
        "lead_contributor",
        "total_differs",
        "figure_missing",
        "submission_missing",
        "submission_late",
        "submission_revised",
        "entry_source_changed",
        "entry_unconfirmed",
        "entry_replaced",
    ),
    ("validation_rules", "operator"): ("==", "!=", "<=", "<", ">=", ">"),
    ("validation_rules", "missing_strategy"): ("skip_if_any", "skip_if_all", "skip_if_zero", "never"),
    ("validation_rules", "severity"): ("blocking", "warning", "info"),
    ("targets", "operator"): (">=", "<=", "==", "between"),
    ("targets", "status"): _ATTRIBUTE_STATUS,
    ("light_rules", "light"): ("green", "amber", "red"),
    ("light_rules", "measure"): ("achievement", "pace"),
    ("score_schemes", "normalisation"): ("min_max", "z_score", "percentile_rank", "goalposts", "borda"),
    ("score_schemes", "aggregation"): ("arithmetic", "geometric"),
}


class Pointer(NamedTuple):
    """A column whose codes must stand in another table's column."""

    table: str
    column: str
    target: str
    target_column: str


POINTERS = tuple(
    Pointer(*names)
    for names in (
        ("indicators", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("indicators", "parent_code", "indicators", "indicator_code"),
        ("indicators", "unit", "units_of_measure", "unit"),
        ("applicability", "indicator_code", "indicators", "indicator_code"),
        ("data_elements", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("data_elements", "indicator_code", "indicators", "indicator_code"),
        ("data_elements", "unit", "units_of_measure", "unit"),
        ("data_elements", "disaggregation_code", "disaggregations", "disaggregation_code"),
        ("categories", "disaggregation_code", "disaggregations", "disaggregation_code"),
        ("disaggregation_dimensions", "disaggregation_code", "disaggregations", "disaggregation_code"),
        ("disaggregation_dimensions", "dimension_code", "disaggregations", "disaggregation_code"),
        ("layout_columns", "disaggregation_code", "disaggregations", "disaggregation_code"),
        ("layout_maps", "area_code", "areas", "area_code"),
        ("period_aliases", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("period_aliases", "period_code", "rounds", "period_code"),
        ("areas", "parent_code", "areas", "area_code"),
        ("area_aliases", "area_code", "areas", "area_code"),
        ("area_successions", "old_code", "areas", "area_code"),
        ("area_successions", "new_code", "areas", "area_code"),
        ("forms", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("layout_maps", "form_code", "forms", "form_code"),
        ("layout_maps", "reporting_unit_code", "reporting_units", "reporting_unit_code"),
        ("layout_columns", "layout_code", "layout_maps", "layout_code"),
        ("layout_columns", "data_element_code", "data_elements", "data_element_code"),
        ("reporting_units", "area_code", "areas", "area_code"),
        ("unit_aliases", "reporting_unit_code", "reporting_units", "reporting_unit_code"),
        ("reporting_unit_successions", "old_code", "reporting_units", "reporting_unit_code"),
        ("reporting_unit_successions", "new_code", "reporting_units", "reporting_unit_code"),
        ("assignments", "reporting_unit_code", "reporting_units", "reporting_unit_code"),
        ("assignments", "data_element_code", "data_elements", "data_element_code"),
        ("assignments", "form_code", "forms", "form_code"),
        ("rounds", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("round_due_dates", "round_code", "rounds", "round_code"),
        ("validation_rules", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("targets", "indicator_code", "indicators", "indicator_code"),
        ("targets", "area_code", "areas", "area_code"),
        ("light_rules", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("report_recipients", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("score_schemes", "criteria_set_code", "criteria_sets", "criteria_set_code"),
        ("weights", "scheme_code", "score_schemes", "scheme_code"),
        ("weights", "indicator_code", "indicators", "indicator_code"),
    )
)

#: What a failing rule holds out: a data element, or one category of it as formulas write it (I.1.GT:NU).
HELD = Pointer("validation_rules", "holds_element", "data_elements", "data_element_code")

#: Columns that hold a formula.
FORMULAS = (
    ("indicators", "numerator"),
    ("indicators", "denominator"),
    ("data_elements", "formula"),
    ("validation_rules", "left"),
    ("validation_rules", "right"),
)

#: The least and the greatest that a number may be.
RANGES: dict[tuple[str, str], tuple[float, float]] = {
    ("criteria_sets", "trend_min_years"): (3, inf),
    ("criteria_sets", "forecast_min_years"): (6, inf),
    ("criteria_sets", "forecast_horizon"): (0, 3),
    ("criteria_sets", "forecast_level"): (0.5, 0.99),
    ("score_schemes", "scale_deviation"): (1e-12, inf),
    ("score_schemes", "min_coverage"): (0, 1),
    ("weights", "weight"): (0, inf),
}

#: Column pairs of which the first is below the second.
ASCENDING = (
    ("targets", "target", "target_high"),
    ("score_schemes", "scale_low", "scale_high"),
    ("weights", "goalpost_low", "goalpost_high"),
)

#: Column pairs that form a tree.
TREES = (("indicators", "indicator_code", "parent_code"), ("areas", "area_code", "parent_code"))

#: What the words of a rule may leave open for the models to fill in, in braces.
PLACEHOLDERS = (
    "data_element_code",
    "element_name",
    "indicator_code",
    "reporting_unit_name",
    "area_name",
    "period_code",
    "observed",
    "expected",
    "due",
    "received",
    "said_by",
    "reason",
)

#: Codes that stand in the names of forms, reports and folders.
IN_FILE_NAMES = (
    ("forms", "form_code"),
    ("reporting_units", "reporting_unit_code"),
    ("rounds", "round_code"),
)
