-- Gate 2, total_differs: what an area says itself beside the sum of those below it, where all of them have figures.
{{ config(meta={
    'slice': 'area',
    'by_area': ['int_area_parts', 'int_current_values'],
    'by_round': ['int_rounds'],
}) }}

with

rules as (

    select
        rounds.round_code,
        rules.rule_code,
        coalesce(rules.tolerance, 0) as tolerance,
        rules.left_side as data_element_code
    from {{ rules_in_force() }}
    where rules.kind = 'total_differs'

),

-- one element may be a term of several indicators
parts as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        child_code,
        max(value) as value,
        bool_or(value is null and value_state <> 'not_applicable') as is_lacking
    from {{ ref('int_area_parts') }}
    where lag = 0
    group by round_code, area_code, data_element_code, category_code, child_code

),

sums as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        {{ ordered_sum('value') }} as total,
        bool_or(is_lacking) as is_lacking
    from parts
    group by round_code, area_code, data_element_code, category_code

),

typed as (

    select
        *,
        case value_state when 'zero' then 0.0 else value end as figure
    from {{ ref('int_current_values') }}
    where counting_role = 'lead' and value_state in ('value', 'zero')

)

select
    rules.rule_code,
    case
        when sums.is_lacking or sums.total is null then 'no_data'
        when
            abs(typed.figure - sums.total)
            <= rules.tolerance + 1e-9 * greatest(abs(typed.figure), abs(sums.total)) then 'pass'
        else 'fail'
    end as status,
    typed.round_code,
    typed.area_code,
    typed.reporting_unit_code,
    typed.data_element_code,
    typed.category_code,
    typed.submission_id,
    typed.place_sha256 as sha256,
    typed.place_file_name as file_name,
    typed.place_sheet as sheet,
    typed.place_cell as cell,
    {{ number_text('typed.figure') }} as observed,
    {{ number_text('sums.total') }} as expected,
    {{ number_text('typed.figure', 'en') }} as observed_en,
    {{ number_text('sums.total', 'en') }} as expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    cast(null as string) as reason,
    cast(null as string) as said_by,
    typed.is_sample
from typed
inner join sums
    on
        typed.round_code = sums.round_code
        and typed.area_code = sums.area_code
        and typed.data_element_code = sums.data_element_code
        and typed.category_code = sums.category_code
inner join rules
    on
        typed.round_code = rules.round_code
        and coalesce(rules.data_element_code, typed.data_element_code) = typed.data_element_code
