-- Who has a figure says value or zero, who has none says why; nothing held, missing or infinite is published.
{{ config(meta={'dagster': {'ref': {'name': 'fct_indicator'}}}) }}

with

figures as (

    select
        indicator_value_key as fact_key,
        value,
        value_state
    from {{ ref('fct_indicator') }}
    union all
    select
        indicator_harmonised_key as fact_key,
        value,
        value_state
    from {{ ref('fct_indicator_harmonised') }}
    union all
    select
        reported_value_key as fact_key,
        value,
        value_state
    from {{ ref('fct_reported_value') }}

)

select
    fact_key,
    value,
    value_state
from figures
where
    (value is not null and value_state not in ('value', 'zero'))
    or (value_state = 'zero' and coalesce(value, 1) <> 0)
    or isinf(value)
    or isnan(value)
