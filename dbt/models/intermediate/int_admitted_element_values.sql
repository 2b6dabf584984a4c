-- The figures that indicators are made from: what a blocking rule holds has no value, nor has anything built on it.
with

held as (

    select * from {{ ref('int_held_elements') }}

),

reported as (

    select
        reported_values.round_code,
        reported_values.area_code,
        reported_values.data_element_code,
        reported_values.category_code,
        case when held.data_element_code is null then reported_values.value end as value,
        case when held.data_element_code is null then reported_values.value_state else 'held' end as value_state,
        reported_values.value_status,
        reported_values.n_sources,
        case when held.data_element_code is null then reported_values.coverage else 0.0 end as coverage,
        reported_values.is_sample
    from {{ ref('int_reported_element_values') }} as reported_values
    left join held
        on
            reported_values.round_code = held.round_code
            and reported_values.area_code = held.area_code
            and reported_values.data_element_code = held.data_element_code
            and coalesce(held.category_code, reported_values.category_code) = reported_values.category_code

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
