-- Every indicator of every area that reports in a round, and of those above them, with the state of its figure.
{{ config(meta={
    'slice': 'area',
    'by_area': ['int_reporting_areas', 'int_area_parts', 'int_lagged_areas'],
    'by_round': ['int_round_indicators', 'int_indicator_terms', 'int_round_elements'],
}) }}

{%- set result = 'indicators.multiplier * ranked.numerator / nullif(coalesce(ranked.denominator, 1), 0)' %}
with

indicators as (

    select * from {{ ref('int_round_indicators') }}

),

rounds as (

    select * from {{ ref('int_rounds') }}

),

terms as (

    select * from {{ ref('int_indicator_terms') }}

),

variants as (

    select distinct
        round_code,
        owner_code as indicator_code,
        variant as category_code,
        category_name,
        is_owed
    from terms
    union all
    select
        indicators.round_code,
        indicators.indicator_code,
        '_T' as category_code,
        cast(null as string) as category_name,
        true as is_owed
    from indicators
    left join terms
        on indicators.round_code = terms.round_code and indicators.indicator_code = terms.owner_code
    where terms.owner_code is null

),

own_values as (
    {{ term_values('terms', ref('int_admitted_element_values')) }}
),

area_sums as (
    {{ area_sums(ref('int_area_parts')) }}
),

-- what is put together from the areas below stands instead of what the area says itself
term_values as (

    select
        own_values.owner_code,
        own_values.variant,
        own_values.round_code,
        own_values.area_code,
        own_values.part,
        own_values.combine,
        own_values.coefficient,
        own_values.is_constant,
        case when area_sums.round_code is null then own_values.value else area_sums.value end as value,
        coalesce(area_sums.value_state, own_values.value_state) as value_state,
        case when area_sums.round_code is null then own_values.value_status else area_sums.value_status end
            as value_status,
        coalesce(area_sums.n_sources, own_values.n_sources) as n_sources,
        case when area_sums.round_code is null then own_values.coverage else area_sums.coverage end as coverage,
        area_sums.n_sources > 0 or own_values.is_answered as is_answered,
        own_values.is_sample
    from own_values
    left join area_sums
        on
            own_values.round_code = area_sums.round_code
            and own_values.area_code = area_sums.area_code
            and own_values.owner_code = area_sums.owner_code
            and own_values.variant = area_sums.variant
            and own_values.part = area_sums.part
            and own_values.term_number = area_sums.term_number

),

-- all terms of one indicator that are put together are so from the same areas
gathered as (

    select
        round_code,
        area_code,
        owner_code,
        variant,
        count(distinct case when is_counted then child_code end) as n_areas,
        count(distinct case when is_expected then child_code end) as n_areas_expected,
        min(case when is_expected then case when is_counted then child_coverage else 0.0 end end) as least_coverage
    from {{ ref('int_area_parts') }}
    group by round_code, area_code, owner_code, variant

),

parts as (
    {{ formula_parts('term_values') }}
),

applicability as (

    select
        rounds.round_code,
        applicability.indicator_code,
        applicability.level as area_level,
        applicability.how
    from rounds
    inner join {{ ref('stg_applicability') }} as applicability
        on rounds.period_end between applicability.starts_on and applicability.ends_on

),

-- an area that was made between two periods of a series compares from the later one on
area_breaks as (

    select distinct
        areas.round_code,
        areas.area_code,
        broken.round_code as broken_round_code,
        broken.data_year as comparable_from
    from {{ ref('int_reporting_areas') }} as areas
    inner join rounds on areas.round_code = rounds.round_code
    inner join {{ ref('int_area_lineage') }} as lineage
        on areas.area_code = lineage.area_code and areas.starts_on = lineage.starts_on
    inner join rounds as broken
        on
            rounds.round_series = broken.round_series
            and lineage.made_on > broken.previous_period_end
            and lineage.made_on <= broken.period_end

),

-- nobody owes a figure that comes from above or is published elsewhere: until somebody enters it, it is not available
ranked as (

    select
        areas.round_code,
        areas.area_code,
        areas.area_name,
        areas.area_level,
        areas.starts_on as area_starts_on,
        variants.indicator_code,
        variants.category_code,
        variants.category_name,
        coalesce(applicability.how, 'undetermined') as applicability,
        case when parts.state_rank = 1 and parts.n_texts = 0 then parts.numerator end as numerator,
        case when parts.state_rank = 1 and parts.n_texts = 0 then parts.denominator end as denominator,
        case
            when applicability.how = 'not_applicable' then 2
            when applicability.how in ('supplied', 'published') and not coalesce(parts.is_answered, false) then 3
            when parts.state_rank = 1 and parts.denominator = 0 then 3
            else coalesce(parts.state_rank, 4)
        end as state_rank,
        coalesce(parts.state_rank = 1 and gathered.least_coverage < 1, false) as is_partial,
        gathered.n_areas,
        gathered.n_areas_expected,
        coalesce(parts.n_texts, 0) > 0 as is_text,
        parts.status_rank,
        coalesce(parts.n_sources, 0) as n_sources,
        parts.coverage,
        coalesce(parts.is_sample, areas.is_sample) as is_sample
    from {{ ref('int_reporting_areas') }} as areas
    inner join variants on areas.round_code = variants.round_code
    left join parts
        on
            areas.round_code = parts.round_code
            and areas.area_code = parts.area_code
            and variants.indicator_code = parts.owner_code
            and variants.category_code = parts.variant
    left join gathered
        on
            areas.round_code = gathered.round_code
            and areas.area_code = gathered.area_code
            and variants.indicator_code = gathered.owner_code
            and variants.category_code = gathered.variant
    left join applicability
        on
            areas.round_code = applicability.round_code
            and areas.area_level = applicability.area_level
            and variants.indicator_code = applicability.indicator_code
    where variants.is_owed or parts.is_answered

)

select
    {{ surrogate_key(['ranked.round_code', 'ranked.area_code', 'ranked.indicator_code', 'ranked.category_code']) }}
        as indicator_value_key,
    ranked.round_code,
    rounds.period_code,
    rounds.data_year,
    rounds.period_type,
    rounds.is_break
    or coalesce(definitions.is_break, false)
    or coalesce(area_breaks.broken_round_code = ranked.round_code, false) as is_break,
    greatest(rounds.comparable_from, definitions.comparable_from, area_breaks.comparable_from) as comparable_from,
    nullif(concat_ws(' ', rounds.break_reason_vi, definitions.break_reason_vi), '') as break_reason_vi,
    nullif(concat_ws(' ', rounds.break_reason_en, definitions.break_reason_en), '') as break_reason_en,
    definitions.note_vi as definition_note_vi,
    definitions.note_en as definition_note_en,
    ranked.area_code,
    ranked.area_name,
    ranked.area_level,
    ranked.area_starts_on,
    indicators.criteria_set_code,
    ranked.indicator_code,
    ranked.category_code,
    indicators.name_vi,
    ranked.category_name,
    indicators.unit,
    indicators.value_type,
    indicators.area_aggregation,
    indicators.decimals,
    indicators.multiplier,
    indicators.status,
    indicators.is_confirmed,
    ranked.applicability,
    -- a sum over some of the areas is no figure of the whole: it stands beside, and nothing takes it for one
    case when not ranked.is_partial then ranked.numerator end as numerator,
    case when not ranked.is_partial then ranked.denominator end as denominator,
    case when ranked.state_rank = 1 and not ranked.is_partial then {{ result }} end as value,
    case when ranked.state_rank in (1, 3) and ranked.is_partial then {{ result }} end as partial_value,
    case
        when ranked.is_partial and ranked.state_rank in (1, 3) then 'partial'
        when ranked.is_text and ranked.state_rank = 1 then 'value'
        else {{ ranked_state('ranked.state_rank', 'ranked.numerator') }}
    end as value_state,
    case when ranked.state_rank = 1 then {{ ranked_status('ranked.status_rank') }} end as value_status,
    case when ranked.n_areas_expected is null then 'entered' else 'aggregated' end as origin,
    ranked.n_areas,
    ranked.n_areas_expected,
    ranked.n_sources,
    ranked.coverage,
    ranked.is_sample
from ranked
inner join indicators
    on ranked.round_code = indicators.round_code and ranked.indicator_code = indicators.indicator_code
inner join rounds on ranked.round_code = rounds.round_code
left join area_breaks on ranked.round_code = area_breaks.round_code and ranked.area_code = area_breaks.area_code
left join {{ ref('stg_series_definitions') }} as definitions
    on
        ranked.round_code = definitions.round_code
        and definitions.owner_type = 'indicator'
        and ranked.indicator_code = definitions.owner_code
