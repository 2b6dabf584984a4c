-- Reported and derived figures, before anything is held out: what the rules look at.
with

reported as (

    select * from {{ ref('int_reported_element_values') }}

),

{{ all_figures('reported') }}

select
    round_code,
    area_code,
    data_element_code,
    category_code,
    value,
    value_state,
    value_status,
    n_sources,
    coverage,
    is_sample
from figures
