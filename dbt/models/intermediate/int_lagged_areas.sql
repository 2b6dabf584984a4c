-- For each area that reports in a round and each lag that a formula uses: the areas and rounds that prev() looks at.
with

lags as (

    select distinct lag
    from {{ ref('stg_formula_terms') }}
    where lag > 0

),

rounds as (

    select * from {{ ref('int_rounds') }}

),

members as (

    select
        areas.round_code,
        areas.area_code,
        lags.lag,
        earlier.round_code as source_round_code,
        lineage.member_code as source_area_code,
        lineage.share,
        lineage.is_same as is_self
    from {{ ref('int_reporting_areas') }} as areas
    inner join rounds on areas.round_code = rounds.round_code
    cross join lags
    inner join rounds as earlier
        on
            rounds.round_series = earlier.round_series
            and rounds.period_number - lags.lag = earlier.period_number
    inner join {{ ref('int_area_lineage') }} as lineage
        on
            areas.area_code = lineage.area_code
            and areas.starts_on = lineage.starts_on
            and earlier.period_end between lineage.member_starts_on and lineage.member_ends_on

)

select
    *,
    count(*) over (partition by round_code, area_code, lag) as n_members
from members
