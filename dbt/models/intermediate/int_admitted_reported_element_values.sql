-- Reported figures as indicators are made from them: what a blocking rule holds has no value.
{{ config(materialized='view') }}

with

held as (

    select * from {{ ref('int_held_elements') }}

),

held_categories as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code
    from held
    where category_code is not null

),

held_elements as (

    select
        round_code,
        area_code,
        data_element_code
    from held
    where category_code is null

)

select
    figures.round_code,
    figures.area_code,
    figures.data_element_code,
    figures.category_code,
    case when coalesce(held_elements.round_code, held_categories.round_code) is null then figures.value end
        as value,
    case
        when coalesce(held_elements.round_code, held_categories.round_code) is null then figures.value_state
        else 'held'
    end as value_state,
    figures.value_status,
    figures.n_sources,
    case
        when coalesce(held_elements.round_code, held_categories.round_code) is null then figures.coverage
        else 0.0
    end as coverage,
    figures.is_sample
from {{ ref('int_reported_element_values') }} as figures
left join held_elements
    on
        figures.round_code = held_elements.round_code
        and figures.area_code = held_elements.area_code
        and figures.data_element_code = held_elements.data_element_code
left join held_categories
    on
        figures.round_code = held_categories.round_code
        and figures.area_code = held_categories.area_code
        and figures.data_element_code = held_categories.data_element_code
        and figures.category_code = held_categories.category_code
