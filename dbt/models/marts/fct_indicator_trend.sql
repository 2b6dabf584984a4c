-- How each yearly series moved. Years count, not positions: a gap is no step, and a break ends what compares.
{{ config(meta={'slice': 'series'}) }}

with

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

series as (

    select
        indicator_trend_key,
        basis,
        area_code,
        max(area_name) as area_name,
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
        bool_or(is_preliminary) as has_preliminary,
        bool_or(is_sample) as is_sample
    from {{ ref('int_trend_points') }}
    group by indicator_trend_key, basis, area_code, criteria_set_code, indicator_code, category_code

)

select
    series.indicator_trend_key,
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
    case when indicators.is_quantity then trends.slope end as slope,
    case when indicators.is_quantity then trends.slope_low end as slope_low,
    case when indicators.is_quantity then trends.slope_high end as slope_high,
    trends.tau,
    trends.p_value,
    case
        when series.last_year = series.first_year then 'too_short'
        when not indicators.is_quantity then 'not_a_quantity'
        when series.previous_value is null then 'no_previous_year'
        when series.previous_value = 0 then 'previous_is_zero'
        when series.first_value <= 0 or series.last_value < 0 then 'not_positive'
    end as reason,
    trends.trend_reason,
    series.break_in_series,
    series.has_preliminary,
    indicators.is_confirmed,
    series.is_sample
from series
inner join indicators
    on series.last_round_code = indicators.round_code and series.indicator_code = indicators.indicator_code
left join {{ ref('int_trends') }} as trends on series.indicator_trend_key = trends.series
