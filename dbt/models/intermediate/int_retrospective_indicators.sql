-- Indicator values that rest on figures of their own period given after the fact, in a back series.
select distinct sources.indicator_value_key
from {{ ref('bridge_indicator_source') }} as sources
inner join {{ ref('int_current_values') }} as figures on sources.reported_value_key = figures.reported_value_key
inner join {{ ref('int_indicator_values') }} as indicator_values
    on
        sources.indicator_value_key = indicator_values.indicator_value_key
        and figures.period_code = indicator_values.period_code
where figures.is_retrospective
