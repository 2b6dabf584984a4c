-- Gate 2, formula rules: both sides of every rule for every area that reports in a round.
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

term_values as (
    {{ term_values('terms', ref('int_element_values')) }}
),

parts as (
    {{ formula_parts('term_values') }}
),

-- skip_if_all and never take a figure that is not there for zero
sides as (

    select
        owner_code as rule_code,
        round_code,
        area_code,
        max(case when variant = 'left' then numerator / nullif(coalesce(denominator, 1), 0) end) as left_value,
        max(case when variant = 'right' then numerator / nullif(coalesce(denominator, 1), 0) end) as right_value,
        sum(n_terms) as n_terms,
        sum(n_figures) as n_figures,
        bool_or(is_sample) as is_sample
    from parts
    group by owner_code, round_code, area_code

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

)

select
    rule_code,
    round_code,
    area_code,
    operator,
    severity,
    holds_element,
    left_value,
    right_value,
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
    end as status,
    is_sample
from compared
