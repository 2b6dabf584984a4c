-- A published figure is its numerator over its denominator, never a rate that somebody typed.
{{ config(meta={'dagster': {'ref': {'name': 'fct_indicator'}}}) }}

select
    facts.indicator_value_key,
    facts.numerator,
    facts.denominator,
    facts.value
from {{ ref('fct_indicator') }} as facts
inner join {{ ref('dim_round') }} as rounds on facts.round_code = rounds.round_code
inner join {{ ref('dim_indicator') }} as indicators
    on
        facts.criteria_set_code = indicators.criteria_set_code
        and facts.indicator_code = indicators.indicator_code
        and rounds.period_end >= coalesce(indicators.valid_from, rounds.period_end)
        and rounds.period_end <= coalesce(indicators.valid_to, rounds.period_end)
where
    facts.value is not null
    and (
        facts.numerator is null
        or facts.denominator = 0
        or abs(
            facts.value * coalesce(facts.denominator, 1) - coalesce(indicators.multiplier, 1) * facts.numerator
        ) > 1e-9 * greatest(1, abs(coalesce(indicators.multiplier, 1) * facts.numerator))
    )
