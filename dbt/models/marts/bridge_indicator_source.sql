-- From a published figure to the reported ones it is made from, those of earlier periods, of predecessors and of areas
-- below included.
{{ config(meta={
    'slice': 'area',
    'rows_of': {'relation': 'fct_indicator', 'key': 'indicator_value_key'},
    'by_area': ['int_reporting_areas'],
    'by_round': ['int_indicator_terms', 'int_area_parts', 'int_lagged_areas'],
}) }}

with recursive

terms as (

    select * from {{ ref('int_indicator_terms') }}
    where data_element_code is not null

),

areas as (

    select * from {{ ref('int_reporting_areas') }}

),

parts as (

    select * from {{ ref('int_area_parts') }}
    where is_counted

),

below as (

    select
        parts.round_code,
        parts.area_code,
        parts.owner_code,
        parts.variant,
        parts.part,
        parts.term_number,
        parts.child_code as member_code
    from parts
    inner join areas on parts.round_code = areas.round_code and parts.area_code = areas.area_code
    union all
    select
        below.round_code,
        below.area_code,
        below.owner_code,
        below.variant,
        below.part,
        below.term_number,
        parts.child_code as member_code
    from below
    inner join parts
        on
            below.round_code = parts.round_code
            and below.member_code = parts.area_code
            and below.owner_code = parts.owner_code
            and below.variant = parts.variant
            and below.part = parts.part
            and below.term_number = parts.term_number

),

put_together as (

    select distinct
        round_code,
        area_code,
        owner_code,
        variant,
        part,
        term_number
    from {{ ref('int_area_parts') }}

),

areas_of_terms as (

    select
        terms.*,
        areas.area_code,
        areas.area_code as member_code
    from terms
    inner join areas on terms.round_code = areas.round_code
    union all
    select
        terms.*,
        below.area_code,
        below.member_code
    from terms
    inner join below
        on
            terms.round_code = below.round_code
            and terms.owner_code = below.owner_code
            and terms.variant = below.variant
            and terms.part = below.part
            and terms.term_number = below.term_number

),

-- what an area says itself is no source where its figure is put together from those below
speaking as (

    select areas_of_terms.*
    from areas_of_terms
    left join put_together
        on
            areas_of_terms.round_code = put_together.round_code
            and areas_of_terms.member_code = put_together.area_code
            and areas_of_terms.owner_code = put_together.owner_code
            and areas_of_terms.variant = put_together.variant
            and areas_of_terms.part = put_together.part
            and areas_of_terms.term_number = put_together.term_number
    where put_together.round_code is null

),

-- one row per indicator value × term × area and round that the term reads
places as (

    select
        *,
        round_code as source_round_code,
        member_code as source_area_code,
        1.0 as share
    from speaking
    where lag = 0
    union all
    select
        speaking.*,
        lagged.source_round_code,
        lagged.source_area_code,
        lagged.share
    from speaking
    inner join {{ ref('int_lagged_areas') }} as lagged
        on
            speaking.round_code = lagged.round_code
            and speaking.member_code = lagged.area_code
            and speaking.lag = lagged.lag

)

select
    {{ surrogate_key(['places.round_code', 'places.area_code', 'places.owner_code', 'places.variant']) }}
        as indicator_value_key,
    sources.reported_value_key,
    places.part,
    {{ ordered_sum('places.coefficient * places.share * sources.coefficient') }} as coefficient,
    bool_or(sources.is_sample) as is_sample
from places
inner join {{ ref('int_element_sources') }} as sources
    on
        places.source_round_code = sources.round_code
        and places.source_area_code = sources.area_code
        and places.data_element_code = sources.data_element_code
        and places.category_code = sources.category_code
group by places.round_code, places.area_code, places.owner_code, places.variant, sources.reported_value_key, places.part
