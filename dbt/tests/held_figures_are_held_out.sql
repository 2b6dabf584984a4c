-- No indicator shows a figure that a blocking rule or a quarantined cell holds out.
{{ config(meta={'dagster': {'ref': {'name': 'fct_indicator'}}}) }}

with

held as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code
    from {{ ref('int_admitted_element_values') }}
    where value_state = 'held'

)

select
    facts.indicator_value_key,
    facts.value,
    facts.value_state
from {{ ref('fct_indicator') }} as facts
inner join {{ ref('int_indicator_terms') }} as terms
    on
        facts.round_code = terms.round_code
        and facts.indicator_code = terms.owner_code
        and facts.category_code = terms.variant
        and terms.lag = 0
inner join held
    on
        facts.round_code = held.round_code
        and facts.area_code = held.area_code
        and terms.data_element_code = held.data_element_code
        and terms.category_code = held.category_code
where
    facts.origin = 'entered'
    and (facts.value is not null or facts.value_state not in ('held', 'not_applicable'))
