-- what the tables say of the figures beneath, where they all say the same
{{ config(meta={'slice': 'area', 'by_area': ['int_indicator_values']}) }}

with

said as (

    select
        sources.indicator_value_key,
        case when min(figures.unit) = max(figures.unit) then max(figures.unit) end as unit,
        case
            when count(distinct coalesce(figures.unit_multiplier, 1)) = 1 then max(figures.unit_multiplier)
        end as unit_multiplier,
        case when min(figures.obs_status) = max(figures.obs_status) then max(figures.obs_status) end as obs_status
    from {{ ref('bridge_indicator_source') }} as sources
    inner join {{ ref('int_current_values') }} as figures
        on sources.reported_value_key = figures.reported_value_key
    where figures.period_text is not null
    group by sources.indicator_value_key

)

select
    indicator_values.indicator_value_key,
    indicator_values.round_code,
    indicator_values.period_code,
    indicator_values.data_year,
    indicator_values.criteria_set_code,
    indicator_values.area_code,
    indicator_values.area_name,
    indicator_values.area_level,
    indicator_values.indicator_code,
    indicator_values.category_code,
    indicator_values.name_vi,
    indicator_values.category_name,
    coalesce(indicator_values.unit, said.unit) as unit,
    indicator_values.decimals,
    indicator_values.numerator,
    indicator_values.denominator,
    indicator_values.value,
    indicator_values.partial_value,
    indicator_values.value_state,
    indicator_values.value_status,
    said.unit_multiplier,
    said.obs_status,
    indicator_values.applicability,
    indicator_values.is_break as break_in_series,
    indicator_values.comparable_from,
    indicator_values.break_reason_vi,
    indicator_values.break_reason_en,
    indicator_values.definition_note_vi,
    indicator_values.definition_note_en,
    indicator_values.n_sources,
    retrospective.indicator_value_key is not null as is_retrospective,
    indicator_values.coverage,
    indicator_values.n_areas,
    indicator_values.n_areas_expected,
    indicator_values.origin,
    indicator_values.status,
    indicator_values.is_confirmed,
    indicator_values.is_sample
from {{ ref('int_indicator_values') }} as indicator_values
left join {{ ref('int_retrospective_indicators') }} as retrospective
    on indicator_values.indicator_value_key = retrospective.indicator_value_key
left join said on indicator_values.indicator_value_key = said.indicator_value_key
