-- Of each figure of an area the unit that speaks for it: who leads, else who contributes, else whoever reports it.
{{ config(meta={'slice': 'area', 'by_area': ['int_current_values']}) }}

select
    round_code,
    area_code,
    data_element_code,
    category_code,
    coalesce(
        min(reporting_unit_code) filter (where counting_role = 'lead'),
        min(reporting_unit_code) filter (where counting_role is not null),
        min(reporting_unit_code)
    ) as reporting_unit_code
from {{ ref('int_current_values') }}
group by round_code, area_code, data_element_code, category_code
