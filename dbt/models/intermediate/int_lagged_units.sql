-- For each unit that reports a part of a sum and each lag: the units and rounds that prev() looks at.
with

lags as (

    select distinct lag
    from {{ ref('stg_formula_terms') }}
    where lag > 0

),

rounds as (

    select * from {{ ref('int_rounds') }}

),

earlier_rounds as (

    select
        rounds.round_code,
        rounds.period_end,
        lags.lag,
        earlier.round_code as source_round_code,
        earlier.period_end as source_period_end
    from rounds
    cross join lags
    inner join rounds as earlier
        on
            rounds.round_series = earlier.round_series
            and rounds.period_number - lags.lag = earlier.period_number

),

units as (

    select
        reporters.round_code,
        reporters.reporting_unit_code,
        earlier_rounds.lag,
        earlier_rounds.period_end,
        earlier_rounds.source_round_code,
        earlier_rounds.source_period_end,
        coalesce(itself.is_valid, false) as existed
    from {{ ref('int_reporting_units') }} as reporters
    inner join earlier_rounds on reporters.round_code = earlier_rounds.round_code
    left join {{ ref('int_round_units') }} as itself
        on
            earlier_rounds.source_round_code = itself.round_code
            and reporters.reporting_unit_code = itself.reporting_unit_code

),

members as (

    select
        round_code,
        reporting_unit_code,
        lag,
        source_round_code,
        reporting_unit_code as source_reporting_unit_code,
        cast(1.0 as double) as share,
        true as is_self
    from units
    where existed
    union all
    select
        units.round_code,
        units.reporting_unit_code,
        units.lag,
        units.source_round_code,
        successions.old_code as source_reporting_unit_code,
        cast(1.0 as double) as share,
        false as is_self
    from units
    inner join {{ ref('stg_reporting_unit_successions') }} as successions
        on
            units.reporting_unit_code = successions.new_code
            and units.source_period_end < successions.succession_date
            and units.period_end >= successions.succession_date
    where not units.existed

)

select
    *,
    count(*) over (partition by round_code, reporting_unit_code, lag) as n_members
from members
