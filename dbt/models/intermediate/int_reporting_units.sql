-- The units that report their own part of a sum in each round.
select
    round_code,
    reporting_unit_code,
    bool_or(is_sample) as is_sample
from {{ ref('int_unit_element_values') }}
group by round_code, reporting_unit_code
