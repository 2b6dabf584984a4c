-- The indicators of each round of interest that can have a figure: with a formula of their own, or the leaves.
with

rounds as (

    select * from {{ ref('int_rounds') }}
    where is_of_interest

),

versions as (

    select
        rounds.round_code,
        indicators.*
    from rounds
    inner join {{ ref('stg_indicators') }} as indicators
        on
            rounds.criteria_set_code = indicators.criteria_set_code
            and rounds.period_end between indicators.starts_on and indicators.ends_on

),

parents as (

    select distinct
        round_code,
        parent_code
    from versions
    where parent_code is not null

)

select
    versions.round_code,
    versions.criteria_set_code,
    versions.indicator_code,
    versions.name_vi,
    versions.unit,
    versions.value_type,
    versions.direction,
    versions.area_aggregation,
    versions.decimals,
    coalesce(versions.multiplier, 1) as multiplier,
    versions.status,
    versions.status = 'official' or versions.confirmed_by is not null as is_confirmed
from versions
left join parents
    on versions.round_code = parents.round_code and versions.indicator_code = parents.parent_code
where
    versions.numerator is not null
    or (parents.parent_code is null and versions.node_type <> 'group')
