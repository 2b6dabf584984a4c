-- Gate 2, rules over figures: sides that are compared, and figures among their peers. A rule over figures of which each
-- unit reports its part looks at every unit by itself; any other looks at the figures of the area, wherever its units
-- took them from.
{{ config(meta={
    'slice': 'round',
    'compares': true,
    'by_round': [
        'int_rounds',
        'int_round_elements',
        'int_reporting_areas',
        'int_reporting_units',
        'int_lagged_areas',
        'int_lagged_units',
        'int_round_units',
        'int_rule_subjects',
        'int_round_areas',
    ],
}) }}

with

rules as (

    select
        rounds.round_code,
        rules.rule_code,
        rules.kind,
        rules.operator,
        coalesce(rules.missing_strategy, 'skip_if_any') as missing_strategy,
        rules.tolerance,
        rules.absolute_floor,
        rules.holds_element,
        rules.severity
    from {{ ref('stg_validation_rules') }} as rules
    inner join {{ ref('int_rounds') }} as rounds
        on
            coalesce(rules.criteria_set_code, rounds.criteria_set_code) = rounds.criteria_set_code
            and rounds.period_end between rules.starts_on and rules.ends_on
    where rules.stage = 'meaning' and rules.kind in ('formula', 'peer_outlier') and rounds.is_of_interest

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
        rules.kind,
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

),

-- skip_if_all takes a figure that nobody gave for zero where another is there; what is held is no zero
compared as (

    select
        *,
        missing_strategy = 'never' and n_missing > 0 as is_owed,
        case missing_strategy
            when 'skip_if_all' then n_figures > 0 and n_held = 0
            else n_figures = n_terms
        end
        and left_value is not null
        and right_value is not null as is_comparable,
        coalesce(abs(left_value) <= absolute_floor and abs(right_value) <= absolute_floor, false) as is_below_floor,
        coalesce(tolerance, 0) as strict_tolerance,
        -- inclusive comparisons forgive what doubles cannot hold
        coalesce(tolerance, 0) + 1e-9 * greatest(abs(left_value), abs(right_value)) as wide_tolerance
    from ruled
    where kind = 'formula'

),

judged as (

    select
        *,
        case
            when not is_known then 'did_not_run'
            when is_owed then 'fail'
            when not is_comparable then 'no_data'
            when is_below_floor then 'pass'
            when
                case operator
                    when '==' then abs(left_value - right_value) <= wide_tolerance
                    when '!=' then abs(left_value - right_value) > wide_tolerance
                    when '<=' then left_value <= right_value + wide_tolerance
                    when '>=' then left_value >= right_value - wide_tolerance
                    when '<' then left_value < right_value + strict_tolerance
                    when '>' then left_value > right_value - strict_tolerance
                end then 'pass'
            else 'fail'
        end as status
    from compared

),

-- peers are areas of one level, or units of one type
peers as (

    select
        ruled.*,
        case
            when ruled.reporting_unit_code is null then coalesce(areas.area_level, '') || '|'
            else '|' || coalesce(units.unit_type, '')
        end as peer_group,
        case when ruled.n_figures = ruled.n_terms then ruled.left_value end as figure
    from ruled
    left join {{ ref('int_round_areas') }} as areas
        on ruled.round_code = areas.round_code and ruled.area_code = areas.area_code
    left join {{ ref('int_round_units') }} as units
        on ruled.round_code = units.round_code and ruled.reporting_unit_code = units.reporting_unit_code
    where ruled.kind = 'peer_outlier'

),

centres as (

    select
        rule_code,
        round_code,
        peer_group,
        count(figure) as n_peers,
        median(figure) as centre
    from peers
    group by rule_code, round_code, peer_group

),

-- 1.4826 × the median absolute deviation estimates the standard deviation without minding the outliers
spreads as (

    select
        peers.rule_code,
        peers.round_code,
        peers.peer_group,
        1.4826 * median(abs(peers.figure - centres.centre)) as spread
    from peers
    inner join centres
        on
            peers.rule_code = centres.rule_code
            and peers.round_code = centres.round_code
            and peers.peer_group = centres.peer_group
    group by peers.rule_code, peers.round_code, peers.peer_group

),

-- too few peers, or peers of which most say the same, tell nothing about one that differs; where they lie close
-- together, what is within a quarter of their middle is no outlier
among_peers as (

    select
        peers.*,
        centres.centre
        - greatest(coalesce(peers.tolerance, 3.5) * spreads.spread, 0.25 * abs(centres.centre)) as low_value,
        centres.centre
        + greatest(coalesce(peers.tolerance, 3.5) * spreads.spread, 0.25 * abs(centres.centre)) as high_value,
        centres.n_peers >= coalesce(peers.absolute_floor, 8)
        and spreads.spread > 0
        and peers.figure is not null as is_comparable
    from peers
    inner join centres
        on
            peers.rule_code = centres.rule_code
            and peers.round_code = centres.round_code
            and peers.peer_group = centres.peer_group
    inner join spreads
        on
            peers.rule_code = spreads.rule_code
            and peers.round_code = spreads.round_code
            and peers.peer_group = spreads.peer_group

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
    case when is_left_complete or (status <> 'no_data' and not is_owed) then left_value end as left_value,
    case when is_right_complete or (status <> 'no_data' and not is_owed) then right_value end as right_value,
    cast(null as double) as low_value,
    cast(null as double) as high_value,
    is_sample
from judged
union all
select
    rule_code,
    round_code,
    area_code,
    reporting_unit_code,
    operator,
    severity,
    holds_element,
    case
        when not is_known then 'did_not_run'
        when not is_comparable then 'no_data'
        when figure between low_value and high_value then 'pass'
        else 'fail'
    end as status,
    figure as left_value,
    cast(null as double) as right_value,
    case when is_comparable then low_value end as low_value,
    case when is_comparable then high_value end as high_value,
    is_sample
from among_peers
