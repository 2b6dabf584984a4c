select
    {{ surrogate_key(['criteria_set_code', 'data_element_code'], ['valid_from']) }} as data_element_key,
    data_element_code,
    criteria_set_code,
    indicator_code,
    sort_order,
    name_vi,
    name_en,
    unit,
    value_type,
    role,
    decimals,
    unit_aggregation,
    area_aggregation,
    disaggregation_code,
    status,
    valid_from,
    valid_to
from {{ ref('stg_data_elements') }}
