-- Reported and derived figures, before anything is held out: what the rules look at.
{{ config(materialized='view') }}

with

figures as (

    select * from {{ ref('int_reported_element_values') }}
    union all
    select * from {{ ref('int_derived_element_values') }}

)

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
