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

members as (

    select
        reporters.round_code,
        reporters.reporting_unit_code,
        earlier_rounds.lag,
        earlier_rounds.source_round_code,
        lineage.member_code as source_reporting_unit_code,
        lineage.share,
        lineage.is_same as is_self
    from {{ ref('int_reporting_units') }} as reporters
    inner join earlier_rounds on reporters.round_code = earlier_rounds.round_code
    inner join {{ ref('int_round_units') }} as itself
        on
            reporters.round_code = itself.round_code
            and reporters.reporting_unit_code = itself.reporting_unit_code
    inner join {{ ref('int_unit_lineage') }} as lineage
        on
            itself.reporting_unit_code = lineage.reporting_unit_code
            and itself.starts_on = lineage.starts_on
            and earlier_rounds.source_period_end between lineage.member_starts_on and lineage.member_ends_on
    where coalesce(lineage.joined_on <= earlier_rounds.period_end, true)

)

select
    *,
    count(*) over (partition by round_code, reporting_unit_code, lag) as n_members
from members
