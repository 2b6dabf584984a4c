-- One figure per area, element and category: the lead's, or the sum over units where each reports its part.
{{ config(meta={
    'slice': 'area',
    'by_area': ['int_current_values', 'int_round_assignments'],
    'by_round': ['int_round_elements'],
}) }}

with

expected as (

    select
        round_code,
        area_code,
        data_element_code,
        count(distinct reporting_unit_code) as n_units
    from {{ ref('int_round_assignments') }}
    group by round_code, area_code, data_element_code

),

reported as (

    select
        current_values.round_code,
        current_values.area_code,
        current_values.data_element_code,
        current_values.category_code,
        coalesce(elements.unit_aggregation, 'lead') = 'sum' as is_summed,
        {{ counts('current_values', 'elements') }} as is_counted,
        case when current_values.value_state = 'zero' then 0.0 else current_values.value end as value,
        current_values.value_state,
        {{ state_rank('current_values.value_state') }} as state_rank,
        {{ status_rank('current_values.value_status') }} as status_rank,
        current_values.is_sample
    from {{ ref('int_current_values') }} as current_values
    left join {{ ref('int_round_elements') }} as elements
        on
            current_values.round_code = elements.round_code
            and current_values.data_element_code = elements.data_element_code

),

-- a part that does not apply to one unit adds nothing to a sum
counted as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        is_summed,
        count(*) as n_reported,
        count(*) filter (where value_state in ('value', 'zero')) as n_sources,
        case when is_summed then {{ ordered_sum('value') }} else min(value) end as value,
        min(value) <> max(value) and not is_summed as is_ambiguous,
        max(case when is_summed and state_rank = 2 then 0 else state_rank end) as state_rank,
        case when count(status_rank) = count(value) or max(status_rank) > 1 then max(status_rank) end as status_rank,
        bool_or(is_sample) as is_sample
    from reported
    where is_counted
    group by round_code, area_code, data_element_code, category_code, is_summed

),

not_counted as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        bool_or(is_sample) as is_sample
    from reported
    group by round_code, area_code, data_element_code, category_code
    having not bool_or(is_counted)

),

ranked as (

    select
        counted.round_code,
        counted.area_code,
        counted.data_element_code,
        counted.category_code,
        counted.value,
        counted.n_sources,
        case
            when counted.is_summed
                then counted.n_sources / cast(greatest(counted.n_reported, coalesce(expected.n_units, 0)) as double)
            else least(counted.n_sources, 1)
        end as coverage,
        counted.status_rank,
        counted.is_sample,
        case
            when counted.is_ambiguous then 5
            when counted.state_rank = 5 then 5
            when counted.is_summed and counted.n_reported < expected.n_units then 4
            when counted.state_rank = 0 then 2
            else counted.state_rank
        end as state_rank
    from counted
    left join expected
        on
            counted.round_code = expected.round_code
            and counted.area_code = expected.area_code
            and counted.data_element_code = expected.data_element_code

)

select
    round_code,
    area_code,
    data_element_code,
    category_code,
    case when state_rank = 1 then value end as value,
    {{ ranked_state('state_rank', 'value') }} as value_state,
    {{ ranked_status('status_rank') }} as value_status,
    n_sources,
    coverage,
    is_sample
from ranked
union all
select
    round_code,
    area_code,
    data_element_code,
    category_code,
    cast(null as double) as value,
    'not_available' as value_state,
    cast(null as string) as value_status,
    0 as n_sources,
    0.0 as coverage,
    is_sample
from not_counted
