{{ config(meta={
    'slice': 'area',
    'by_area': ['int_reported_element_values', 'int_current_values', 'int_round_areas'],
    'by_round': ['int_rounds', 'int_round_elements'],
}) }}

with

figures as (

    select * from {{ ref('int_reported_element_values') }}

),

-- what counts towards a figure: the lead's, or every unit's where each reports its part
parts as (

    select
        current_values.round_code,
        current_values.area_code,
        current_values.data_element_code,
        current_values.category_code,
        current_values.value,
        case current_values.value_state
            when 'zero' then coalesce(current_values.value_decimal, 0)
            else current_values.value_decimal
        end as value_decimal,
        current_values.value_state in ('value', 'zero') as has_value,
        current_values.value_text,
        current_values.unit,
        current_values.note_text,
        coalesce(elements.unit_aggregation, 'lead') = 'sum' as is_summed,
        concat_ws(' · ', current_values.file_name, nullif(current_values.sheet, ''), current_values.cell) as place
    from {{ ref('int_current_values') }} as current_values
    left join {{ ref('int_round_elements') }} as elements
        on
            current_values.round_code = elements.round_code
            and current_values.data_element_code = elements.data_element_code
    where {{ counts('current_values', 'elements') }}

),

told as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        count(*) as n_parts,
        case
            when count(value_decimal) = count(*) filter (where has_value)
                then case when bool_or(is_summed) then sum(value_decimal) else min(value_decimal) end
        end as value_decimal,
        case when count(distinct value_text) = 1 then min(value_text) end as value_text,
        case when count(distinct unit) = 1 then min(unit) end as unit,
        min(place) as source_places,
        min(note_text) as note_text
    from parts
    group by round_code, area_code, data_element_code, category_code

),

-- most figures have one part, and putting texts in order is what costs
put_together as (

    select
        parts.round_code,
        parts.area_code,
        parts.data_element_code,
        parts.category_code,
        {{ distinct_texts('parts.place', '; ') }} as source_places,
        {{ distinct_texts('parts.note_text', '; ') }} as note_text
    from parts
    inner join told
        on
            parts.round_code = told.round_code
            and parts.area_code = told.area_code
            and parts.data_element_code = told.data_element_code
            and parts.category_code = told.category_code
    where told.n_parts > 1
    group by parts.round_code, parts.area_code, parts.data_element_code, parts.category_code

)

select
    {{ surrogate_key([
        'figures.round_code',
        'figures.area_code',
        'figures.data_element_code',
        'figures.category_code',
    ]) }} as element_value_key,
    figures.round_code,
    rounds.period_code,
    rounds.data_year,
    figures.area_code,
    areas.area_name,
    elements.indicator_code,
    figures.data_element_code,
    figures.category_code,
    elements.name_vi,
    categories.name_vi as category_name,
    figures.value,
    case when figures.value is not null then cast(told.value_decimal as decimal(38, 10)) end as value_decimal,
    case when figures.value_state = 'value' then told.value_text end as value_text,
    figures.value_state,
    figures.value_status,
    coalesce(told.unit, elements.unit) as unit,
    cast(figures.n_sources as bigint) as n_sources,
    figures.coverage,
    coalesce(put_together.source_places, told.source_places) as source_places,
    coalesce(put_together.note_text, told.note_text) as note_text,
    figures.is_sample
from figures
inner join {{ ref('int_rounds') }} as rounds on figures.round_code = rounds.round_code
left join told
    on
        figures.round_code = told.round_code
        and figures.area_code = told.area_code
        and figures.data_element_code = told.data_element_code
        and figures.category_code = told.category_code
left join put_together
    on
        figures.round_code = put_together.round_code
        and figures.area_code = put_together.area_code
        and figures.data_element_code = put_together.data_element_code
        and figures.category_code = put_together.category_code
left join {{ ref('int_round_areas') }} as areas
    on figures.round_code = areas.round_code and figures.area_code = areas.area_code
left join {{ ref('int_round_elements') }} as elements
    on
        figures.round_code = elements.round_code
        and figures.data_element_code = elements.data_element_code
left join {{ ref('stg_categories') }} as categories
    on
        elements.disaggregation_code = categories.disaggregation_code
        and figures.category_code = categories.category_code
