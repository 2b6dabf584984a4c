{#
    CTEs that end in `ruled`: the rules over figures of one kind with both sides of each, by area or unit. A rule over
    figures of which each unit reports its part looks at every unit by itself; any other looks at the figures of the
    area, wherever its units took them from.
#}
{% macro rule_sides(kind) %}
rules as (

    select
        rounds.round_code,
        rules.rule_code,
        rules.operator,
        coalesce(rules.missing_strategy, 'skip_if_any') as missing_strategy,
        rules.tolerance,
        rules.absolute_floor,
        rules.holds_element,
        rules.severity
    from {{ rules_in_force() }}
    where rules.kind = '{{ kind }}'

),

terms as (

    select
        rules.round_code,
        terms.owner_code,
        terms.side as variant,
        terms.part,
        terms.term_number,
        terms.combine,
        terms.data_element_code,
        terms.category_code,
        terms.coefficient,
        terms.lag
    from rules
    inner join {{ ref('int_rounds') }} as rounds on rules.round_code = rounds.round_code
    inner join {{ ref('stg_formula_terms') }} as terms
        on
            rules.rule_code = terms.owner_code
            and terms.owner_type = 'rule'
            and rounds.period_end between terms.starts_on and terms.ends_on

),

unit_rules as (

    select
        terms.round_code,
        terms.owner_code
    from terms
    left join {{ ref('int_round_elements') }} as elements
        on terms.round_code = elements.round_code and terms.data_element_code = elements.data_element_code
    where terms.data_element_code is not null
    group by terms.round_code, terms.owner_code
    having min(case when elements.unit_aggregation = 'sum' then 1 else 0 end) = 1

),

unit_terms as (

    select terms.*
    from terms
    inner join unit_rules on terms.round_code = unit_rules.round_code and terms.owner_code = unit_rules.owner_code

),

area_terms as (

    select terms.*
    from terms
    left join unit_rules on terms.round_code = unit_rules.round_code and terms.owner_code = unit_rules.owner_code
    where unit_rules.owner_code is null

),

units_with_parts as (

    select reporters.*
    from {{ ref('int_reporting_units') }} as reporters
    inner join {{ ref('int_round_units') }} as units
        on
            reporters.round_code = units.round_code
            and reporters.reporting_unit_code = units.reporting_unit_code

),

unit_term_values as (
    {{ term_values('unit_terms', ref('int_unit_element_values'), of_units('units_with_parts')) }}
),

unit_parts as (
    {{ formula_parts('unit_term_values', 'reporting_unit_code') }}
),

-- what is only put together from other areas was looked at there
areas_with_figures as (

    select * from {{ ref('int_reporting_areas') }}
    where is_entered

),

area_term_values as (
    {{ term_values('area_terms', ref('int_element_values'), of_areas('areas_with_figures')) }}
),

area_parts as (
    {{ formula_parts('area_term_values') }}
),

parts as (

    select
        owner_code,
        round_code,
        area_code,
        cast(null as string) as reporting_unit_code,
        variant,
        numerator,
        denominator,
        n_terms,
        n_figures,
        n_missing,
        n_held,
        is_answered,
        is_sample
    from area_parts
    union all
    select
        unit_parts.owner_code,
        unit_parts.round_code,
        units.area_code,
        unit_parts.reporting_unit_code,
        unit_parts.variant,
        unit_parts.numerator,
        unit_parts.denominator,
        unit_parts.n_terms,
        unit_parts.n_figures,
        unit_parts.n_missing,
        unit_parts.n_held,
        unit_parts.is_answered,
        unit_parts.is_sample
    from unit_parts
    inner join {{ ref('int_round_units') }} as units
        on
            unit_parts.round_code = units.round_code
            and unit_parts.reporting_unit_code = units.reporting_unit_code

),

sides as (

    select
        owner_code as rule_code,
        round_code,
        area_code,
        reporting_unit_code,
        max(case when variant = 'left' then numerator / nullif(coalesce(denominator, 1), 0) end) as left_value,
        max(case when variant = 'right' then numerator / nullif(coalesce(denominator, 1), 0) end) as right_value,
        bool_and(n_figures = n_terms) filter (where variant = 'left') as is_left_complete,
        bool_and(n_figures = n_terms) filter (where variant = 'right') as is_right_complete,
        sum(n_terms) as n_terms,
        sum(n_figures) as n_figures,
        sum(n_missing) as n_missing,
        sum(n_held) as n_held,
        bool_or(is_sample) as is_sample
    from parts
    group by owner_code, round_code, area_code, reporting_unit_code
    -- a unit that was never asked for these figures is no subject of the rule
    having reporting_unit_code is null or bool_or(is_answered)

),

ruled as (

    select
        sides.*,
        rules.operator,
        rules.missing_strategy,
        rules.tolerance,
        rules.absolute_floor,
        rules.holds_element,
        rules.severity,
        subjects.is_known
    from sides
    inner join rules on sides.rule_code = rules.rule_code and sides.round_code = rules.round_code
    inner join {{ ref('int_rule_subjects') }} as subjects
        on sides.rule_code = subjects.rule_code and sides.round_code = subjects.round_code

)
{% endmacro %}
