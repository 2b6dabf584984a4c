-- The yearly figures that compare with one another, series by series: as reported since the last break, and harmonised.
-- A later criteria set may use a code again for something else.
{{ config(meta={'slice': 'series'}) }}

with

as_reported as (

    select
        'as_reported' as basis,
        area_code,
        area_name,
        area_starts_on,
        criteria_set_code,
        indicator_code,
        category_code,
        round_code,
        data_year,
        value,
        value_status,
        is_break,
        comparable_from,
        is_sample
    from {{ ref('int_indicator_values') }}
    where period_type = 'year' and value is not null

),

harmonised as (

    select
        'harmonised' as basis,
        facts.area_code,
        facts.area_name,
        cast(null as date) as area_starts_on,
        facts.criteria_set_code,
        facts.indicator_code,
        facts.category_code,
        facts.round_code,
        facts.data_year,
        facts.value,
        facts.value_status,
        facts.break_in_series as is_break,
        definitions.comparable_from,
        facts.is_sample
    from {{ ref('fct_indicator_harmonised') }} as facts
    inner join {{ ref('int_rounds') }} as rounds on facts.round_code = rounds.round_code
    left join {{ ref('stg_series_definitions') }} as definitions
        on
            facts.round_code = definitions.round_code
            and definitions.owner_type = 'indicator'
            and facts.indicator_code = definitions.owner_code
    where rounds.period_type = 'year' and facts.value is not null

),

figures as (

    select * from as_reported
    union all
    select * from harmonised

),

-- a second request for the same year replaces the first
numbered as (

    select
        figures.*,
        row_number() over (
            partition by
                figures.basis,
                figures.area_code,
                figures.area_starts_on,
                figures.criteria_set_code,
                figures.indicator_code,
                figures.category_code,
                figures.data_year
            order by rounds.request_number desc, figures.round_code desc
        ) as place
    from figures
    inner join {{ ref('int_rounds') }} as rounds on figures.round_code = rounds.round_code

),

-- as reported, only the years since the last break compare; the harmonised view is made to compare across breaks of
-- areas, but not across those of definitions
last_years as (

    select
        *,
        min(data_year) over series as first_known_year,
        max(data_year) over series as last_year,
        max(comparable_from) over series as last_comparable_from
    from numbered
    where place = 1
    window series as (
        partition by basis, area_code, area_starts_on, criteria_set_code, indicator_code, category_code
    )

)

select
    {{ surrogate_key(
        ['basis', 'area_code', 'criteria_set_code', 'indicator_code', 'category_code'], ['area_starts_on']
    ) }} as indicator_trend_key,
    basis,
    area_code,
    area_name,
    criteria_set_code,
    indicator_code,
    category_code,
    round_code,
    data_year,
    last_year,
    value,
    coalesce(value_status in ('estimate', 'preliminary'), false) as is_preliminary,
    is_break,
    coalesce(first_known_year < last_comparable_from, false) as is_cut,
    is_sample
from last_years
where data_year >= coalesce(last_comparable_from, data_year)
