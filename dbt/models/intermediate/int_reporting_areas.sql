-- The areas that report in each round.
select
    round_code,
    area_code,
    is_sample
from {{ ref('int_round_areas') }}
where is_reporting
