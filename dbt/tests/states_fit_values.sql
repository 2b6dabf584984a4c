-- Who has a figure says value or zero, who has none says why; nothing held, missing or infinite is published. What some
-- of the areas add up to is told as such, and never as the figure of the whole.
{{ config(meta={'dagster': {'ref': {'name': 'fct_indicator'}}}) }}

with

figures as (

    select
        indicator_value_key as fact_key,
        value,
        value_state
    from {{ ref('fct_indicator') }}
    union all
    -- a sum over some of the areas has a column and a state of its own
    select
        indicator_value_key as fact_key,
        partial_value as value,
        case
            when value_state = 'partial' and value is null and n_areas <= n_areas_expected and coverage < 1
                then case when partial_value = 0 then 'zero' else 'value' end
            else 'unexpected'
        end as value_state
    from {{ ref('fct_indicator') }}
    where partial_value is not null
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
