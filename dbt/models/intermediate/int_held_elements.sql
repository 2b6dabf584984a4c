-- Figures that a blocking rule holds out of the indicators: the whole element, or the category that the rule names.
select distinct
    round_code,
    area_code,
    split_part(holds_element, ':', 1) as data_element_code,
    nullif(split_part(holds_element, ':', 2), '') as category_code
from {{ ref('int_rule_results') }}
where status = 'fail' and severity = 'blocking' and holds_element is not null
