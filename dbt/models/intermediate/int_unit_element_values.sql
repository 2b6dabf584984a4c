-- Figures of which each unit reports its part, unit by unit: what rules about one form look at.
{{ config(meta={
    'slice': 'area',
    'by_area': ['int_current_values'],
    'by_round': ['int_round_elements', 'int_round_units'],
}) }}

select
    current_values.round_code,
    current_values.area_code,
    current_values.reporting_unit_code,
    current_values.data_element_code,
    current_values.category_code,
    case when current_values.value_state = 'zero' then 0.0 else current_values.value end as value,
    current_values.value_state,
    current_values.value_status,
    1 as n_sources,
    case when current_values.value_state in ('value', 'zero') then 1.0 else 0.0 end as coverage,
    current_values.is_sample
from {{ ref('int_current_values') }} as current_values
inner join {{ ref('int_round_elements') }} as elements
    on
        current_values.round_code = elements.round_code
        and current_values.data_element_code = elements.data_element_code
inner join {{ ref('int_round_units') }} as units
    on
        current_values.round_code = units.round_code
        and current_values.reporting_unit_code = units.reporting_unit_code
        and current_values.area_code = units.area_code
where elements.unit_aggregation = 'sum'
