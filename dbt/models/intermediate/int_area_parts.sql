-- What the figures of an area are made from where it stands above others: one row per area, indicator, category, term
-- and area directly below. An area below counts where it has a figure for every term that is put together, so that a
-- ratio's parts are summed over the same areas. Level by level from the bottom, as deep as administrations go.
{{ config(meta={
    'slice': 'area',
    'by_round': [
        'int_reporting_areas',
        'int_rounds',
        'int_round_areas',
        'int_indicator_terms',
        'int_round_indicators',
        'int_round_elements',
        'int_lagged_areas',
    ],
}) }}

{%- set levels = ['district', 'province', 'national'] %}
with

children as (

    select
        areas.round_code,
        areas.area_code,
        areas.area_level,
        below.area_code as child_code,
        below.area_level as child_level,
        areas.is_sample
    from {{ ref('int_reporting_areas') }} as areas
    inner join {{ ref('int_rounds') }} as rounds on areas.round_code = rounds.round_code
    inner join {{ ref('int_round_areas') }} as below
        on areas.round_code = below.round_code and areas.area_code = below.parent_code
    where
        below.is_valid
        and {{ level_rank('below.area_level') }} < {{ level_rank('areas.area_level') }}
        and {{ level_rank('areas.area_level') }} <= {{ level_rank('rounds.level') }}

),

levelled as (

    select distinct round_code
    from children

),

-- only what its own rules allow to be added up
terms as (

    select terms.*
    from {{ ref('int_indicator_terms') }} as terms
    inner join levelled on terms.round_code = levelled.round_code
    inner join {{ ref('int_round_indicators') }} as indicators
        on terms.round_code = indicators.round_code and terms.owner_code = indicators.indicator_code
    inner join {{ ref('int_round_elements') }} as elements
        on terms.round_code = elements.round_code and terms.data_element_code = elements.data_element_code
    where indicators.area_aggregation in ('sum', 'ratio_of_sums') and elements.area_aggregation = 'sum'

),

applicability as (

    select
        rounds.round_code,
        applicability.indicator_code,
        applicability.level as area_level,
        applicability.how
    from {{ ref('int_rounds') }} as rounds
    inner join {{ ref('stg_applicability') }} as applicability
        on rounds.period_end between applicability.starts_on and applicability.ends_on

),

asked as (

    select
        children.round_code,
        children.area_code,
        children.area_level,
        children.child_code,
        terms.owner_code,
        terms.variant,
        terms.part,
        terms.term_number,
        terms.data_element_code,
        terms.category_code,
        terms.lag,
        children.is_sample
    from children
    inner join terms on children.round_code = terms.round_code
    left join applicability
        on
            children.round_code = applicability.round_code
            and terms.owner_code = applicability.indicator_code
            and children.area_level = applicability.area_level
    left join applicability as applicability_below
        on
            children.round_code = applicability_below.round_code
            and terms.owner_code = applicability_below.indicator_code
            and children.child_level = applicability_below.area_level
    where
        coalesce(applicability.how, 'undetermined') in ('computed', 'undetermined')
        and coalesce(applicability_below.how, 'undetermined') <> 'not_applicable'

),

own_values as (
    {{ term_values('terms', ref('int_admitted_element_values')) }}
),

figures_0 as (

    select
        round_code,
        area_code,
        owner_code,
        variant,
        part,
        term_number,
        value,
        value_state,
        value_status,
        n_sources,
        case when value is null then 0.0 else 1.0 end as coverage
    from own_values

){% for level in levels %},

-- what an area says itself stands where none of those below it says anything
asked_{{ level }} as (

    select
        asked.*,
        own.value as own_value,
        figures.value,
        coalesce(figures.value_state, 'missing') as value_state,
        figures.value_status,
        figures.n_sources,
        coalesce(figures.coverage, 0.0) as coverage,
        count(figures.value) over (
            partition by
                asked.round_code, asked.area_code, asked.owner_code, asked.variant, asked.part, asked.term_number
        ) as n_figures
    from asked
    left join figures_{{ loop.index0 }} as figures
        on
            asked.round_code = figures.round_code
            and asked.child_code = figures.area_code
            and asked.owner_code = figures.owner_code
            and asked.variant = figures.variant
            and asked.part = figures.part
            and asked.term_number = figures.term_number
    left join figures_0 as own
        on
            asked.round_code = own.round_code
            and asked.area_code = own.area_code
            and asked.owner_code = own.owner_code
            and asked.variant = own.variant
            and asked.part = own.part
            and asked.term_number = own.term_number
    where asked.area_level = '{{ level }}'

),

judged_{{ level }} as (

    select
        *,
        bool_and(value is not null) over child as is_counted,
        max({{ state_rank('value_state') }}) over child as state_rank,
        min(coverage) over child as child_coverage
    from asked_{{ level }}
    where n_figures > 0 or own_value is null
    window child as (partition by round_code, area_code, owner_code, variant, child_code)

),

-- who says that it does not apply there is not waited for
parts_{{ level }} as (

    select
        *,
        is_counted or state_rank <> 2 as is_expected
    from judged_{{ level }}

),

sums_{{ level }} as (
    {{ area_sums('parts_' ~ level) }}
),

figures_{{ loop.index }} as (

    select figures.*
    from figures_{{ loop.index0 }} as figures
    left join sums_{{ level }} as sums
        on
            figures.round_code = sums.round_code
            and figures.area_code = sums.area_code
            and figures.owner_code = sums.owner_code
            and figures.variant = sums.variant
            and figures.part = sums.part
            and figures.term_number = sums.term_number
    where sums.round_code is null
    union all
    select * from sums_{{ level }}

){% endfor %},

parts as (

    select * from parts_{{ levels[0] }}
    {% for level in levels[1:] %}
        union all
        select * from parts_{{ level }}
    {% endfor %}

)

select
    round_code,
    area_code,
    owner_code,
    variant,
    part,
    term_number,
    data_element_code,
    category_code,
    lag,
    child_code,
    value,
    value_state,
    value_status,
    coalesce(n_sources, 0) as n_sources,
    child_coverage,
    is_counted,
    is_expected,
    state_rank,
    is_sample
from parts
