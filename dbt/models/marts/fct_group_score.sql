-- Groups of indicators, and the criteria set as a whole (_T), scored by each scheme that the catalogue declares.
with

scores as (

    select * from {{ ref('int_scores') }}
    where not is_leaf

),

rounds as (

    select * from {{ ref('int_rounds') }}

),

areas as (

    select
        round_code,
        area_code,
        max(area_name) as area_name,
        bool_or(is_sample) as is_sample
    from {{ ref('int_indicator_values') }}
    group by round_code, area_code

)

select
    {{ surrogate_key(
        ['scores.scheme_code', 'scores.round_code', 'scores.area_code', 'scores.indicator_code']
    ) }} as group_score_key,
    scores.scheme_code,
    scores.round_code,
    rounds.period_code,
    rounds.data_year,
    rounds.criteria_set_code,
    scores.area_code,
    areas.area_name,
    scores.area_level,
    scores.indicator_code,
    coalesce(indicators.name_vi, schemes.name_vi) as name_vi,
    scores.weight,
    scores.score,
    scores.coverage,
    scores.rank,
    scores.score_reason as reason,
    areas.is_sample
from scores
inner join rounds on scores.round_code = rounds.round_code
inner join areas on scores.round_code = areas.round_code and scores.area_code = areas.area_code
inner join {{ ref('stg_score_schemes') }} as schemes
    on scores.scheme_code = schemes.scheme_code and rounds.period_end between schemes.starts_on and schemes.ends_on
left join {{ ref('stg_indicators') }} as indicators
    on
        scores.indicator_code = indicators.indicator_code
        and rounds.criteria_set_code = indicators.criteria_set_code
        and rounds.period_end between indicators.starts_on and indicators.ends_on
