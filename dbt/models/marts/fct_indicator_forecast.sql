-- What yearly series may come to, beside what the method would have missed in years known; no row is a figure.
{{ config(meta={'slice': 'series'}) }}

with

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
        max_by(value, data_year) as last_value,
        max_by(round_code, data_year) as last_round_code,
        bool_or(is_preliminary) as has_preliminary,
        bool_or(is_break) as break_in_series,
        bool_or(is_cut) as is_cut,
        bool_or(is_sample) as is_sample
    from {{ ref('int_trend_points') }}
    group by indicator_trend_key, basis, area_code, criteria_set_code, indicator_code, category_code

)

select
    md5(series.indicator_trend_key || '|' || cast(forecasts.horizon as string)) as indicator_forecast_key,
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
    series.last_value,
    forecasts.n_used,
    series.last_year + forecasts.horizon as forecast_year,
    forecasts.forecast,
    forecasts.low as forecast_low,
    forecasts.high as forecast_high,
    forecasts.interval_level,
    forecasts.method,
    forecasts.is_bounded,
    forecasts.backtest_n,
    forecasts.backtest_mae,
    forecasts.naive_mae,
    case
        when forecasts.forecast_reason = 'too_short' and series.is_cut then 'broken'
        else forecasts.forecast_reason
    end as reason,
    series.has_preliminary,
    series.break_in_series,
    indicators.is_confirmed,
    series.is_sample
from series
inner join {{ ref('int_forecasts') }} as forecasts on series.indicator_trend_key = forecasts.series
inner join {{ ref('int_round_indicators') }} as indicators
    on series.last_round_code = indicators.round_code and series.indicator_code = indicators.indicator_code
