-- Indicators on the scale of each scoring scheme that the catalogue declares; no rows where it declares none.
with

scores as (

    select * from {{ ref('int_scores') }}
    where is_leaf

),

facts as (

    select * from {{ ref('int_indicator_values') }}
    where category_code = '_T'

)

select
    {{ surrogate_key(
        ['scores.scheme_code', 'scores.round_code', 'scores.area_code', 'scores.indicator_code']
    ) }} as indicator_score_key,
    scores.scheme_code,
    scores.round_code,
    facts.period_code,
    facts.data_year,
    facts.criteria_set_code,
    scores.area_code,
    facts.area_name,
    scores.area_level,
    scores.indicator_code,
    facts.category_code,
    facts.name_vi,
    facts.unit,
    scores.value,
    scores.normalised,
    scores.weight,
    scores.score,
    scores.rank,
    scores.score_reason as reason,
    facts.is_confirmed,
    facts.is_sample
from scores
inner join facts
    on
        scores.round_code = facts.round_code
        and scores.area_code = facts.area_code
        and scores.indicator_code = facts.indicator_code
