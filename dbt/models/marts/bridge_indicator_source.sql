-- From a published figure to the reported ones it is made from, those of earlier periods and predecessors included.
with

terms as (

    select * from {{ ref('int_indicator_terms') }}
    where data_element_code is not null

),

-- one row per indicator value × term × area and round that the term reads
places as (

    select
        terms.*,
        areas.area_code,
        areas.round_code as source_round_code,
        areas.area_code as source_area_code,
        1.0 as share
    from terms
    inner join {{ ref('int_reporting_areas') }} as areas on terms.round_code = areas.round_code
    where terms.lag = 0
    union all
    select
        terms.*,
        lagged.area_code,
        lagged.source_round_code,
        lagged.source_area_code,
        lagged.share
    from terms
    inner join {{ ref('int_lagged_areas') }} as lagged
        on terms.round_code = lagged.round_code and terms.lag = lagged.lag

)

select
    {{ surrogate_key(['places.round_code', 'places.area_code', 'places.owner_code', 'places.variant']) }}
        as indicator_value_key,
    sources.reported_value_key,
    places.part,
    sum(places.coefficient * places.share * sources.coefficient) as coefficient,
    bool_or(sources.is_sample) as is_sample
from places
inner join {{ ref('int_element_sources') }} as sources
    on
        places.source_round_code = sources.round_code
        and places.source_area_code = sources.area_code
        and places.data_element_code = sources.data_element_code
        and places.category_code = sources.category_code
group by places.round_code, places.area_code, places.owner_code, places.variant, sources.reported_value_key, places.part
