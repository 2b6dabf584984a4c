-- How each yearly series moved. Years count, not positions: a gap is no step, and a break ends what compares.
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
        facts.break_in_series as is_break,
        facts.comparable_from,
        facts.is_sample
    from {{ ref('fct_indicator_harmonised') }} as facts
    inner join {{ ref('int_rounds') }} as rounds on facts.round_code = rounds.round_code
    where rounds.period_type = 'year' and facts.value is not null

),

figures as (

    select * from as_reported
    union all
    select * from harmonised

),

indicators as (

    select
        round_code,
        indicator_code,
        name_vi,
        unit,
        is_confirmed,
        coalesce(value_type not in ('rank', 'level', 'yes_no', 'text'), true) as is_quantity
    from {{ ref('int_round_indicators') }}

),

-- as reported, only the years since the last break compare; the harmonised view is made to compare across it
last_years as (

    select
        *,
        max(data_year) over series as last_year,
        max(comparable_from) over series as last_comparable_from
    from figures
    window series as (partition by basis, area_code, area_starts_on, indicator_code, category_code)

),

series as (

    select
        basis,
        area_code,
        max(area_name) as area_name,
        area_starts_on,
        criteria_set_code,
        indicator_code,
        category_code,
        min(data_year) as first_year,
        max(data_year) as last_year,
        count(*) as n,
        min_by(value, data_year) as first_value,
        max_by(value, data_year) as last_value,
        max(case when data_year = last_year - 1 then value end) as previous_value,
        max_by(round_code, data_year) as last_round_code,
        bool_or(is_break) as break_in_series,
        bool_or(is_sample) as is_sample
    from last_years
    where basis = 'harmonised' or data_year >= coalesce(last_comparable_from, data_year)
    group by basis, area_code, area_starts_on, criteria_set_code, indicator_code, category_code

)

select
    {{ surrogate_key(
        ['series.basis', 'series.area_code', 'series.indicator_code', 'series.category_code'],
        ['series.area_starts_on'],
    ) }} as indicator_trend_key,
    series.criteria_set_code,
    series.area_code,
    series.area_name,
    series.indicator_code,
    series.category_code,
    indicators.name_vi,
    indicators.unit,
    series.basis,
    series.first_year,
    series.last_year,
    series.n,
    series.first_value,
    series.last_value,
    series.previous_value,
    series.last_value - series.previous_value as change,
    case
        when indicators.is_quantity
            then 100 * (series.last_value - series.previous_value) / nullif(abs(series.previous_value), 0)
    end as yoy_pct,
    case
        when
            indicators.is_quantity
            and series.last_year > series.first_year
            and series.first_value > 0
            and series.last_value >= 0
            then
                100 * (
                    power(series.last_value / series.first_value, 1.0 / (series.last_year - series.first_year)) - 1
                )
    end as cagr_pct,
    case
        when series.last_year = series.first_year then 'too_short'
        when not indicators.is_quantity then 'not_a_quantity'
        when series.previous_value is null then 'no_previous_year'
        when series.previous_value = 0 then 'previous_is_zero'
        when series.first_value <= 0 or series.last_value < 0 then 'not_positive'
    end as reason,
    series.break_in_series,
    indicators.is_confirmed,
    series.is_sample
from series
inner join indicators
    on series.last_round_code = indicators.round_code and series.indicator_code = indicators.indicator_code
