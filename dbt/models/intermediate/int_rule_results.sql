-- Gate 2, formula rules. A rule over figures of which each unit reports its part looks at every unit by itself; any
-- other looks at the figures of the area, wherever its units took them from.
with

rules as (

    select
        rounds.round_code,
        rules.rule_code,
        rules.operator,
        coalesce(rules.missing_strategy, 'skip_if_any') as missing_strategy,
        coalesce(rules.tolerance, 0) as tolerance,
        rules.absolute_floor,
        rules.holds_element,
        rules.severity
    from {{ ref('stg_validation_rules') }} as rules
    inner join {{ ref('int_rounds') }} as rounds
        on
            coalesce(rules.criteria_set_code, rounds.criteria_set_code) = rounds.criteria_set_code
            and rounds.period_end between rules.starts_on and rules.ends_on
    where rules.stage = 'meaning' and rules.kind = 'formula' and rounds.is_of_interest

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

unit_term_values as (
    {{ term_values('unit_terms', ref('int_unit_element_values'), of_units()) }}
),

unit_parts as (
    {{ formula_parts('unit_term_values', 'reporting_unit_code') }}
),

area_term_values as (
    {{ term_values('area_terms', ref('int_element_values')) }}
),

area_parts as (
    {{ formula_parts('area_term_values') }}
),

parts as (

    select
        owner_code,
        round_code,
        area_code,
        cast(null as varchar) as reporting_unit_code,
        variant,
        numerator,
        denominator,
        n_terms,
        n_figures,
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
        unit_parts.is_answered,
        unit_parts.is_sample
    from unit_parts
    inner join {{ ref('int_round_units') }} as units
        on
            unit_parts.round_code = units.round_code
            and unit_parts.reporting_unit_code = units.reporting_unit_code

),

-- skip_if_all and never take a figure that is not there for zero
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
        bool_or(is_sample) as is_sample
    from parts
    group by owner_code, round_code, area_code, reporting_unit_code
    -- a unit that was never asked for these figures is no subject of the rule
    having reporting_unit_code is null or bool_or(is_answered)

),

-- inclusive comparisons forgive what doubles cannot hold
compared as (

    select
        sides.*,
        rules.operator,
        rules.holds_element,
        rules.severity,
        case rules.missing_strategy
            when 'never' then true
            when 'skip_if_all' then sides.n_figures > 0
            else sides.n_figures = sides.n_terms
        end
        and sides.left_value is not null
        and sides.right_value is not null as is_comparable,
        coalesce(
            abs(sides.left_value) <= rules.absolute_floor and abs(sides.right_value) <= rules.absolute_floor, false
        ) as is_below_floor,
        rules.tolerance as strict_tolerance,
        rules.tolerance + 1e-9 * greatest(abs(sides.left_value), abs(sides.right_value)) as tolerance
    from sides
    inner join rules on sides.rule_code = rules.rule_code and sides.round_code = rules.round_code

),

judged as (

    select
        *,
        case
            when not is_comparable then 'no_data'
            when is_below_floor then 'pass'
            when
                case operator
                    when '==' then abs(left_value - right_value) <= tolerance
                    when '!=' then abs(left_value - right_value) > tolerance
                    when '<=' then left_value <= right_value + tolerance
                    when '>=' then left_value >= right_value - tolerance
                    when '<' then left_value < right_value + strict_tolerance
                    when '>' then left_value > right_value - strict_tolerance
                end then 'pass'
            else 'fail'
        end as status
    from compared

)

select
    rule_code,
    round_code,
    area_code,
    reporting_unit_code,
    operator,
    severity,
    holds_element,
    status,
    -- a side that was not compared shows no figure made from half its terms
    case when status <> 'no_data' or is_left_complete then left_value end as left_value,
    case when status <> 'no_data' or is_right_complete then right_value end as right_value,
    is_sample
from judged
