-- What units reported about their own area, on the units of today: by the unit itself or by those whose work it has.
{{ config(meta={
    'slice': 'area',
    'by_round': [
        'int_rounds',
        'int_round_units',
        'int_current_values',
        'int_round_elements',
        'int_round_assignments',
    ],
}) }}

with

rounds as (

    select * from {{ ref('int_rounds') }}
    where is_of_interest

),

units as (

    select * from {{ ref('int_round_units') }}

),

figures as (

    select
        current_values.round_code,
        current_values.reporting_unit_code,
        current_values.data_element_code,
        current_values.category_code,
        current_values.counting_role,
        case current_values.value_state when 'zero' then 0.0 else current_values.value end as value,
        current_values.value_state,
        current_values.value_status,
        coalesce(current_values.unit, elements.unit) as unit,
        current_values.is_sample
    from {{ ref('int_current_values') }} as current_values
    inner join units
        on
            current_values.round_code = units.round_code
            and current_values.reporting_unit_code = units.reporting_unit_code
            and current_values.area_code = units.area_code
    left join {{ ref('int_round_elements') }} as elements
        on
            current_values.round_code = elements.round_code
            and current_values.data_element_code = elements.data_element_code

),

-- who reported or was to report what
parts as (

    select
        round_code,
        reporting_unit_code,
        data_element_code,
        max(part_role) as part_role
    from (
        select
            round_code,
            reporting_unit_code,
            data_element_code,
            counting_role as part_role
        from figures
        union all
        select
            round_code,
            reporting_unit_code,
            data_element_code,
            assignment_role as part_role
        from {{ ref('int_round_assignments') }}
    ) as parts_of_forms
    group by round_code, reporting_unit_code, data_element_code

),

members as (

    select
        rounds.round_code,
        rounds.period_code,
        rounds.data_year,
        rounds.is_break,
        holders.reporting_unit_code,
        holders.name_vi as reporting_unit_name,
        holders.area_code,
        lineage.member_code,
        units.area_code as member_area_code,
        lineage.share,
        lineage.is_same,
        parts.data_element_code,
        elements.indicator_code,
        elements.name_vi,
        elements.disaggregation_code,
        coalesce(elements.unit_aggregation, 'lead') as unit_aggregation,
        coalesce(elements.area_aggregation, 'none') as area_aggregation,
        parts.part_role,
        max(parts.part_role) over (
            partition by
                rounds.round_code, holders.reporting_unit_code, units.area_code, parts.data_element_code
        ) as strongest_role
    from {{ ref('int_unit_lineage') }} as lineage
    inner join {{ ref('stg_reporting_units') }} as holders
        on lineage.reporting_unit_code = holders.reporting_unit_code and lineage.starts_on = holders.starts_on
    inner join rounds on rounds.period_end between lineage.member_starts_on and lineage.member_ends_on
    inner join units on rounds.round_code = units.round_code and lineage.member_code = units.reporting_unit_code
    inner join parts
        on rounds.round_code = parts.round_code and lineage.member_code = parts.reporting_unit_code
    inner join {{ ref('int_round_elements') }} as elements
        on rounds.round_code = elements.round_code and parts.data_element_code = elements.data_element_code
    where lineage.is_of_today

),

-- where the lead's figure stands, a contributor's beside it is no second part
counted as (

    select
        *,
        count(*) over (
            partition by round_code, reporting_unit_code, member_area_code, data_element_code
        ) as n_of_area
    from members
    where
        case unit_aggregation
            when 'sum' then part_role is not null
            else part_role is not distinct from strongest_role
        end

),

asked as (

    select distinct
        counted.round_code,
        counted.reporting_unit_code,
        counted.data_element_code,
        figures.category_code
    from counted
    inner join figures
        on
            counted.round_code = figures.round_code
            and counted.member_code = figures.reporting_unit_code
            and counted.data_element_code = figures.data_element_code

),

gathered as (

    select
        counted.round_code,
        counted.period_code,
        counted.data_year,
        counted.is_break,
        counted.area_code,
        counted.reporting_unit_code,
        counted.reporting_unit_name,
        counted.indicator_code,
        counted.data_element_code,
        asked.category_code,
        counted.name_vi,
        counted.disaggregation_code,
        max(figures.unit) as unit,
        count(*) as n_units,
        bool_and(counted.is_same) as is_reported,
        counted.area_aggregation = 'sum'
        and (counted.unit_aggregation = 'sum' or max(counted.n_of_area) = 1)
        and count(distinct figures.unit) <= 1
        and count(*) filter (
            where counted.share is null and figures.value_state is distinct from 'not_applicable'
        ) = 0 as is_summable,
        {{ ordered_sum('figures.value * counted.share') }} as value_sum,
        max(figures.value) as value_itself,
        count(figures.value) as n_figures,
        count(figures.value) filter (where counted.share is not null) as n_figures_shared,
        count(*) filter (where figures.value_state = 'not_applicable') as n_not_applicable,
        max({{ state_rank("coalesce(figures.value_state, 'missing')") }}) as state_rank,
        max(
            case
                when figures.value_state is distinct from 'not_applicable'
                    then {{ state_rank("coalesce(figures.value_state, 'missing')") }}
            end
        ) as applicable_rank,
        max({{ status_rank('figures.value_status') }}) as status_rank,
        count(figures.value_status) as n_statuses,
        bool_or(figures.is_sample) as is_sample
    from counted
    inner join asked
        on
            counted.round_code = asked.round_code
            and counted.reporting_unit_code = asked.reporting_unit_code
            and counted.data_element_code = asked.data_element_code
    left join figures
        on
            counted.round_code = figures.round_code
            and counted.member_code = figures.reporting_unit_code
            and counted.data_element_code = figures.data_element_code
            and asked.category_code = figures.category_code
    group by
        counted.round_code,
        counted.period_code,
        counted.data_year,
        counted.is_break,
        counted.area_code,
        counted.reporting_unit_code,
        counted.reporting_unit_name,
        counted.indicator_code,
        counted.data_element_code,
        asked.category_code,
        counted.name_vi,
        counted.disaggregation_code,
        counted.area_aggregation,
        counted.unit_aggregation

),

valued as (

    select
        *,
        case when is_reported then 'reported' when is_summable then 'summed' else 'not_harmonised' end as method,
        case
            when is_reported then value_itself
            when is_summable and n_figures > 0 and n_figures + n_not_applicable = n_units then value_sum
        end as value
    from gathered

)

select
    {{ surrogate_key([
        'valued.round_code', 'valued.reporting_unit_code', 'valued.data_element_code', 'valued.category_code'
    ]) }} as reported_value_harmonised_key,
    valued.round_code,
    valued.period_code,
    valued.data_year,
    valued.area_code,
    areas.name_vi as area_name,
    valued.reporting_unit_code,
    valued.reporting_unit_name,
    valued.indicator_code,
    valued.data_element_code,
    valued.category_code,
    valued.name_vi,
    categories.name_vi as category_name,
    valued.value,
    case
        when valued.method = 'reported' or valued.n_not_applicable = valued.n_units
            then {{ ranked_state('valued.state_rank', "coalesce(valued.value_itself, 1)") }}
        when valued.method = 'not_harmonised' then 'not_available'
        when valued.value is not null then {{ ranked_state('1', 'valued.value') }}
        when valued.applicable_rank > 1 then {{ ranked_state('valued.applicable_rank', '1') }}
        else 'not_available'
    end as value_state,
    case
        when
            valued.value is not null
            and (valued.status_rank > 1 or valued.n_statuses = valued.n_figures)
            then {{ ranked_status('valued.status_rank') }}
    end as value_status,
    valued.unit,
    valued.is_break as break_in_series,
    valued.n_figures_shared / cast(valued.n_units as double) as coverage,
    valued.method,
    valued.n_units,
    valued.is_sample
from valued
left join {{ ref('stg_areas') }} as areas
    on valued.area_code = areas.area_code and areas.ends_on = cast('9999-12-31' as date)
left join {{ ref('stg_categories') }} as categories
    on
        valued.disaggregation_code = categories.disaggregation_code
        and valued.category_code = categories.category_code
