-- Provenance leads from a published figure to reported ones that are there, and every figure has some.
{{ config(meta={'dagster': {'ref': {'name': 'bridge_indicator_source'}}}) }}

select
    facts.indicator_value_key,
    sources.reported_value_key
from {{ ref('fct_indicator') }} as facts
full outer join {{ ref('bridge_indicator_source') }} as sources
    on facts.indicator_value_key = sources.indicator_value_key
left join {{ ref('fct_reported_value') }} as reported_values
    on sources.reported_value_key = reported_values.reported_value_key
where
    facts.indicator_value_key is null
    or (sources.reported_value_key is not null and reported_values.reported_value_key is null)
    or (facts.n_sources > 0 and sources.reported_value_key is null)
