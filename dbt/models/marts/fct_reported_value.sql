{{ config(meta={
    'slice': 'area',
    'by_area': ['int_current_values', 'int_round_areas'],
    'by_round': ['int_round_units', 'int_round_elements'],
}) }}

select
    current_values.reported_value_key,
    current_values.round_code,
    current_values.period_code,
    current_values.data_year,
    current_values.area_code,
    areas.area_name,
    current_values.reporting_unit_code,
    units.reporting_unit_name,
    current_values.assignment_role,
    elements.indicator_code,
    current_values.data_element_code,
    current_values.category_code,
    elements.name_vi,
    categories.name_vi as category_name,
    current_values.value,
    current_values.value_decimal,
    current_values.value_text,
    current_values.value_state,
    current_values.value_status,
    coalesce(current_values.unit, elements.unit) as unit,
    current_values.submission_id,
    current_values.sha256,
    current_values.file_name,
    current_values.sheet,
    current_values.cell,
    current_values.raw_text,
    current_values.source_text,
    current_values.note_text,
    current_values.unit_multiplier,
    current_values.obs_status,
    current_values.status_text,
    current_values.period_text,
    current_values.revision,
    current_values.received_at,
    current_values.entered_how,
    current_values.is_retrospective,
    current_values.is_sample
from {{ ref('int_current_values') }} as current_values
left join {{ ref('int_round_areas') }} as areas
    on current_values.round_code = areas.round_code and current_values.area_code = areas.area_code
left join {{ ref('int_round_units') }} as units
    on
        current_values.round_code = units.round_code
        and current_values.reporting_unit_code = units.reporting_unit_code
left join {{ ref('int_round_elements') }} as elements
    on
        current_values.round_code = elements.round_code
        and current_values.data_element_code = elements.data_element_code
left join {{ ref('int_categories') }} as categories
    on
        elements.disaggregation_code = categories.disaggregation_code
        and current_values.category_code = categories.category_code
