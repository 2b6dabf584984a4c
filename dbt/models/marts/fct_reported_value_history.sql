select
    reported.reported_value_key,
    reported.round_code,
    reported.period_code,
    reported.data_year,
    reported.area_code,
    areas.area_name,
    reported.reporting_unit_code,
    units.reporting_unit_name,
    assignments.assignment_role,
    elements.indicator_code,
    reported.data_element_code,
    reported.category_code,
    elements.name_vi,
    categories.name_vi as category_name,
    reported.value,
    reported.value_decimal,
    reported.value_text,
    reported.value_state,
    reported.value_status,
    coalesce(reported.unit, elements.unit) as unit,
    reported.submission_id,
    reported.sha256,
    reported.file_name,
    reported.sheet,
    reported.cell,
    reported.raw_text,
    reported.source_text,
    reported.note_text,
    reported.revision,
    reported.received_at,
    reported.entered_how,
    reported.is_sample,
    reported.received_at as known_from,
    reported.replaced_at as known_to,
    reported.is_current
from {{ ref('int_reported_values') }} as reported
left join {{ ref('int_round_areas') }} as areas
    on reported.round_code = areas.round_code and reported.area_code = areas.area_code
left join {{ ref('int_round_units') }} as units
    on
        reported.round_code = units.round_code
        and reported.reporting_unit_code = units.reporting_unit_code
left join {{ ref('int_round_elements') }} as elements
    on
        reported.round_code = elements.round_code
        and reported.data_element_code = elements.data_element_code
left join {{ ref('stg_categories') }} as categories
    on
        elements.disaggregation_code = categories.disaggregation_code
        and reported.category_code = categories.category_code
left join {{ ref('int_round_assignments') }} as assignments
    on
        reported.round_code = assignments.round_code
        and reported.form_code = assignments.form_code
        and reported.reporting_unit_code = assignments.reporting_unit_code
        and reported.data_element_code = assignments.data_element_code
