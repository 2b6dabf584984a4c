-- The figures that indicators are made from: what a blocking rule holds has no value, nor has anything built on it.
{{ config(materialized='view') }}

with

figures as (

    select * from {{ ref('int_admitted_reported_element_values') }}
    union all
    select * from {{ ref('int_admitted_derived_element_values') }}

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
