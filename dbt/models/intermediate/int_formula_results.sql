-- Gate 2, rules over figures whose sides are compared: what an area or a unit says is looked at by itself.
{{ config(meta={
    'slice': 'area',
    'by_area': ['int_reporting_areas', 'int_lagged_areas', 'int_round_units'],
    'by_round': [
        'int_rounds',
        'int_round_elements',
        'int_reporting_units',
        'int_lagged_units',
        'int_rule_subjects',
    ],
}) }}

with

{{ rule_sides('formula') }},

-- skip_if_all takes a figure that nobody gave for zero where another is there; what is held is no zero. skip_if_zero is
-- for sides that are compared by their ratio, which one with zero does not have
compared as (

    select
        *,
        missing_strategy = 'never' and n_missing > 0 as is_owed,
        case missing_strategy
            when 'skip_if_all' then n_figures > 0 and n_held = 0
            when 'skip_if_zero' then n_figures = n_terms and left_value <> 0 and right_value <> 0
            else n_figures = n_terms
        end
        and left_value is not null
        and right_value is not null as is_comparable,
        coalesce(abs(left_value) <= absolute_floor and abs(right_value) <= absolute_floor, false) as is_below_floor,
        coalesce(tolerance, 0) as strict_tolerance,
        -- inclusive comparisons forgive what doubles cannot hold
        coalesce(tolerance, 0) + 1e-9 * greatest(abs(left_value), abs(right_value)) as wide_tolerance
    from ruled

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
