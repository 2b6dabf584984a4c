{#
    Formulas evaluated set-wise: terms joined to figures, then put together side by side.

    `terms` names a CTE with one row per term: owner_code, variant (what tells the results of one owner apart:
    a side or a category), round_code, part, term_number, combine, data_element_code (null for a constant),
    category_code, coefficient, lag. `of` says whose figures are read:
    holder     the column that names them, area_code or reporting_unit_code
    reporters  a relation with round_code, holder, is_sample: who reports in a round
    lagged     a relation like int_lagged_areas: where prev() looks
    `figures` names a relation like int_element_values with the same holder.
#}

{% macro of_areas(reporters=none) -%}
    {%- do return({
        'holder': 'area_code',
        'reporters': reporters or ref('int_reporting_areas'),
        'lagged': ref('int_lagged_areas')
    }) -%}
{%- endmacro %}

{% macro of_units(reporters) -%}
    {%- do return({
        'holder': 'reporting_unit_code',
        'reporters': reporters,
        'lagged': ref('int_lagged_units')
    }) -%}
{%- endmacro %}

{# Whether what prev() looks at was counted as it is now; a figure of another definition is no figure to compare with. #}
{% macro same_definition() -%}
    max(coalesce(definitions.definition_number, 1)) = min(coalesce(lagged_definitions.definition_number, 1))
{%- endmacro %}

{# One row per holder × term, with its figure; prev() reads the sum over predecessors where the holder is younger. #}
{% macro term_values(terms, figures, of=none) %}
    {%- set of = of or of_areas() -%}
    {%- set holder = of.holder %}
    {#- a predecessor to which it did not apply adds nothing and is not waited for #}
    {%- set not_applicable = "count(*) filter (where figures.value_state = 'not_applicable')" %}
    select
        {{ terms }}.owner_code,
        {{ terms }}.variant,
        {{ terms }}.round_code,
        reporters.{{ holder }},
        {{ terms }}.part,
        {{ terms }}.term_number,
        {{ terms }}.combine,
        {{ terms }}.coefficient,
        {{ terms }}.data_element_code is null as is_constant,
        case when {{ terms }}.data_element_code is null then 1.0 else figures.value end as value,
        case
            when {{ terms }}.data_element_code is null then 'value'
            else coalesce(figures.value_state, 'missing')
        end as value_state,
        figures.value_status,
        coalesce(figures.n_sources, 0) as n_sources,
        coalesce(figures.coverage, 0) as coverage,
        figures.round_code is not null as is_answered,
        coalesce(figures.is_sample, reporters.is_sample) as is_sample
    from {{ terms }}
    inner join {{ of.reporters }} as reporters on {{ terms }}.round_code = reporters.round_code
    left join {{ figures }} as figures
        on
            {{ terms }}.round_code = figures.round_code
            and reporters.{{ holder }} = figures.{{ holder }}
            and {{ terms }}.data_element_code = figures.data_element_code
            and {{ terms }}.category_code = figures.category_code
    where {{ terms }}.lag = 0
    union all
    select
        {{ terms }}.owner_code,
        {{ terms }}.variant,
        {{ terms }}.round_code,
        reporters.{{ holder }},
        {{ terms }}.part,
        {{ terms }}.term_number,
        {{ terms }}.combine,
        {{ terms }}.coefficient,
        false as is_constant,
        case
            when
                count(figures.value * lagged.share) > 0
                and count(figures.value * lagged.share) + {{ not_applicable }} = max(lagged.n_members)
                and {{ same_definition() }}
                and (bool_and(lagged.is_self) or max(elements.area_aggregation) = 'sum')
                then {{ ordered_sum('figures.value * lagged.share') }}
        end as value,
        case
            when not {{ same_definition() }} then 'not_available'
            when max(lagged.n_members) is null then 'missing'
            when {{ not_applicable }} = max(lagged.n_members) then 'not_applicable'
            when count(figures.value) + {{ not_applicable }} < max(lagged.n_members)
                then
                    {{ ranked_state(
                        "max(case when figures.value_state is distinct from 'not_applicable' then "
                        ~ state_rank("coalesce(figures.value_state, 'missing')") ~ ' end)',
                        '1'
                    ) }}
            when not bool_and(lagged.is_self) and coalesce(max(elements.area_aggregation), 'none') <> 'sum'
                then 'not_available'
            when count(figures.value * lagged.share) < count(figures.value) then 'not_available'
            else 'value'
        end as value_state,
        {{ ranked_status('max(' ~ status_rank('figures.value_status') ~ ')') }} as value_status,
        cast(coalesce(sum(figures.n_sources), 0) as bigint) as n_sources,
        coalesce({{ ordered_sum('figures.coverage') }}, 0)
        / greatest(coalesce(max(lagged.n_members), 1) - {{ not_applicable }}, 1) as coverage,
        count(figures.round_code) > 0 as is_answered,
        bool_or(reporters.is_sample) as is_sample
    from {{ terms }}
    inner join {{ of.reporters }} as reporters on {{ terms }}.round_code = reporters.round_code
    left join {{ of.lagged }} as lagged
        on
            {{ terms }}.round_code = lagged.round_code
            and reporters.{{ holder }} = lagged.{{ holder }}
            and {{ terms }}.lag = lagged.lag
    left join {{ figures }} as figures
        on
            lagged.source_round_code = figures.round_code
            and lagged.source_{{ holder }} = figures.{{ holder }}
            and {{ terms }}.data_element_code = figures.data_element_code
            and {{ terms }}.category_code = figures.category_code
    left join {{ ref('int_round_elements') }} as elements
        on
            {{ terms }}.round_code = elements.round_code
            and {{ terms }}.data_element_code = elements.data_element_code
    left join {{ ref('stg_series_definitions') }} as definitions
        on
            {{ terms }}.round_code = definitions.round_code
            and definitions.owner_type = 'data_element'
            and {{ terms }}.data_element_code = definitions.owner_code
    left join {{ ref('stg_series_definitions') }} as lagged_definitions
        on
            lagged.source_round_code = lagged_definitions.round_code
            and lagged_definitions.owner_type = 'data_element'
            and {{ terms }}.data_element_code = lagged_definitions.owner_code
    where {{ terms }}.lag > 0
    group by
        {{ terms }}.owner_code,
        {{ terms }}.variant,
        {{ terms }}.round_code,
        reporters.{{ holder }},
        {{ terms }}.part,
        {{ terms }}.combine,
        {{ terms }}.coefficient,
        {{ terms }}.term_number
{% endmacro %}

{# How the terms of one part come together; a term without a figure adds nothing here, its state tells of it. #}
{% macro combined(part) -%}
    {%- set total = ordered_sum("case when part = '" ~ part ~ "' then coefficient * value end") -%}
    case max(case when part = '{{ part }}' then combine end)
        when 'min' then min(case when part = '{{ part }}' then coefficient * value end)
        when 'max' then max(case when part = '{{ part }}' then coefficient * value end)
        when 'abs' then abs(coalesce({{ total }}, 0))
        when 'sum' then coalesce({{ total }}, 0)
    end
{%- endmacro %}

{#
    One row per holder × owner × variant: numerator and denominator over the terms that have figures (the
    denominator is null where the formula has none), how many terms there are and have figures, and what states
    they are in. Whoever reads it decides what a missing term means.
#}
{% macro formula_parts(term_values, holder='area_code') %}
    select
        owner_code,
        variant,
        round_code,
        {{ holder }},
        {{ combined('numerator') }} as numerator,
        {{ combined('denominator') }} as denominator,
        count(*) filter (where not is_constant) as n_terms,
        count(value) filter (where not is_constant) as n_figures,
        count(*) filter (where not is_constant and value is null and value_state = 'value') as n_texts,
        count(*) filter (where not is_constant and value_state = 'missing') as n_missing,
        count(*) filter (where not is_constant and value_state = 'held') as n_held,
        max({{ state_rank('value_state') }}) as state_rank,
        case
            when
                max({{ status_rank('value_status') }}) > 1
                or count(value_status) = count(*) filter (where not is_constant)
                then max({{ status_rank('value_status') }})
        end as status_rank,
        bool_or(is_answered) as is_answered,
        {{ ordered_sum('case when not is_constant then coverage end') }}
        / nullif(count(case when not is_constant then coverage end), 0) as coverage,
        cast(sum(n_sources) as bigint) as n_sources,
        bool_or(is_sample) as is_sample
    from {{ term_values }}
    group by owner_code, variant, round_code, {{ holder }}
{% endmacro %}

{#
    CTEs that end in `<name>`: derived elements of one level as figures, evaluated over
    `figures`. A derived element has a figure only where all that it is made from have one.
#}
{% macro derived_figures(name, terms, figures) %}
{{ name }}_term_values as (
    {{ term_values(terms, figures) }}
),

{{ name }}_parts as (
    {{ formula_parts(name ~ '_term_values') }}
),

{{ name }} as (

    select
        round_code,
        area_code,
        owner_code as data_element_code,
        variant as category_code,
        case when state_rank = 1 then numerator / nullif(coalesce(denominator, 1), 0) end as value,
        case
            when state_rank = 1 and denominator = 0 then 'not_available'
            else {{ ranked_state('state_rank', 'numerator') }}
        end as value_state,
        {{ ranked_status('status_rank') }} as value_status,
        n_sources,
        coverage,
        is_sample
    from {{ name }}_parts

)
{% endmacro %}

{#
    CTEs that end in `derived`: the derived elements on the relation `reported`, level by level; the catalogue lets
    derived elements rest on one another as deep as this.
#}
{% macro all_derived_figures(reported) %}
{%- set levels = 5 %}
derived_terms as (

    select
        rounds.round_code,
        terms.owner_code,
        '_T' as variant,
        terms.part,
        terms.term_number,
        terms.combine,
        terms.data_element_code,
        terms.category_code,
        terms.coefficient,
        terms.lag,
        max(terms.level) over (partition by rounds.round_code, terms.owner_code) as level
    from {{ ref('stg_formula_terms') }} as terms
    inner join {{ ref('int_rounds') }} as rounds
        on rounds.period_end between terms.starts_on and terms.ends_on
    inner join {{ ref('int_round_elements') }} as elements
        on rounds.round_code = elements.round_code and terms.owner_code = elements.data_element_code
    where terms.owner_type = 'data_element' and rounds.is_of_interest

),

figures_0 as (

    select * from {{ reported }}

),
{% for level in range(levels) %}
terms_{{ level }} as (

    select * from derived_terms
    where level = {{ level }}

),

{{ derived_figures('derived_' ~ level, 'terms_' ~ level, 'figures_' ~ level) }},

{% if not loop.last -%}
figures_{{ level + 1 }} as (

    select * from figures_{{ level }}
    union all
    select * from derived_{{ level }}

),
{% endif -%}
{% endfor %}
derived as (

    {% for level in range(levels) -%}
        select * from derived_{{ level }}
        {% if not loop.last -%} union all {%- endif %}
    {% endfor %}
)
{% endmacro %}
