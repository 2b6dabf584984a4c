-- Every figure on the areas of today: as reported where the ground is the same, else put together from predecessors.
{{ config(meta={'slice': 'area', 'by_round': ['int_indicator_values', 'int_rounds']}) }}

with

indicator_values as (

    select
        indicator_values.*,
        retrospective.indicator_value_key is not null as is_retrospective
    from {{ ref('int_indicator_values') }} as indicator_values
    left join {{ ref('int_retrospective_indicators') }} as retrospective
        on indicator_values.indicator_value_key = retrospective.indicator_value_key

),

rounds as (

    select * from {{ ref('int_rounds') }}
    where is_of_interest

),

members as (

    select
        rounds.round_code,
        lineage.area_code,
        lineage.area_name,
        lineage.area_level,
        lineage.member_code,
        lineage.share,
        lineage.is_same,
        count(*) over (partition by rounds.round_code, lineage.area_code) as n_members,
        count(lineage.share) over (partition by rounds.round_code, lineage.area_code) as n_shares
    from {{ ref('int_area_lineage') }} as lineage
    inner join rounds on rounds.period_end between lineage.member_starts_on and lineage.member_ends_on
    where lineage.is_of_today

),

-- a predecessor to which the indicator does not apply adds nothing and is not waited for
gathered as (

    select
        members.round_code,
        members.area_code,
        members.area_name,
        members.area_level,
        indicator_values.indicator_code,
        indicator_values.category_code,
        max(members.n_members) as n_areas,
        max(members.n_members) - max(members.n_shares) - count(*) filter (
            where members.share is null and indicator_values.value_state = 'not_applicable'
        ) as n_unknown_shares,
        bool_and(members.is_same) as is_reported,
        bool_or(indicator_values.is_break) as is_break,
        max(indicator_values.comparable_from) as comparable_from,
        max(indicator_values.break_reason_vi) as break_reason_vi,
        max(indicator_values.break_reason_en) as break_reason_en,
        count(*) as n_answers,
        count(*) filter (where indicator_values.value_state = 'not_applicable') as n_not_applicable,
        count(indicator_values.value) as n_figures,
        count(indicator_values.value) filter (where members.share is not null) as n_figures_shared,
        {{ ordered_sum('indicator_values.numerator * members.share') }} as numerator,
        {{ ordered_sum('indicator_values.denominator * members.share') }} as denominator,
        {{ ordered_sum('indicator_values.value * members.share') }} as value_sum,
        max(indicator_values.value) as value_itself,
        max({{ state_rank('indicator_values.value_state') }}) as state_rank,
        max(
            case
                when indicator_values.value_state <> 'not_applicable'
                    then {{ state_rank('indicator_values.value_state') }}
            end
        ) as applicable_rank,
        max({{ status_rank('indicator_values.value_status') }}) as status_rank,
        count(indicator_values.value_status) as n_statuses,
        cast(sum(indicator_values.n_sources) as bigint) as n_sources,
        max(indicator_values.applicability) as applicability,
        bool_or(indicator_values.is_retrospective) as is_retrospective,
        bool_or(indicator_values.is_sample) as is_sample
    from members
    inner join indicator_values
        on members.round_code = indicator_values.round_code and members.member_code = indicator_values.area_code
    group by
        members.round_code,
        members.area_code,
        members.area_name,
        members.area_level,
        indicator_values.indicator_code,
        indicator_values.category_code

),

facts_of_indicator as (

    select distinct
        round_code,
        period_code,
        data_year,
        criteria_set_code,
        indicator_code,
        category_code,
        name_vi,
        category_name,
        unit,
        value_type,
        area_aggregation,
        decimals,
        multiplier,
        status,
        is_confirmed
    from indicator_values

),

methods as (

    select
        gathered.*,
        facts_of_indicator.period_code,
        facts_of_indicator.data_year,
        facts_of_indicator.criteria_set_code,
        facts_of_indicator.name_vi,
        facts_of_indicator.category_name,
        facts_of_indicator.unit,
        facts_of_indicator.decimals,
        facts_of_indicator.multiplier,
        facts_of_indicator.status,
        facts_of_indicator.is_confirmed,
        case
            when gathered.is_reported then 'reported'
            when gathered.n_unknown_shares > 0 then 'not_harmonised'
            when facts_of_indicator.value_type in ('index', 'rank', 'level', 'yes_no', 'text') then 'not_harmonised'
            when facts_of_indicator.area_aggregation = 'sum' then 'summed'
            when facts_of_indicator.area_aggregation = 'ratio_of_sums' then 'weighted'
            else 'not_harmonised'
        end as method,
        gathered.n_figures + gathered.n_not_applicable = gathered.n_areas
        and gathered.n_figures > 0 as is_complete
    from gathered
    inner join facts_of_indicator
        on
            gathered.round_code = facts_of_indicator.round_code
            and gathered.indicator_code = facts_of_indicator.indicator_code
            and gathered.category_code = facts_of_indicator.category_code

),

valued as (

    select
        *,
        case
            when method = 'reported' then value_itself
            when not is_complete then null
            when method = 'summed' then value_sum
            when method = 'weighted' then multiplier * numerator / nullif(coalesce(denominator, 1), 0)
        end as value
    from methods

)

select
    {{ surrogate_key(['round_code', 'area_code', 'indicator_code', 'category_code']) }} as indicator_harmonised_key,
    round_code,
    period_code,
    data_year,
    criteria_set_code,
    area_code,
    area_name,
    area_level,
    indicator_code,
    category_code,
    name_vi,
    category_name,
    unit,
    decimals,
    case when method = 'reported' or is_complete and method <> 'not_harmonised' then numerator end as numerator,
    case when method = 'reported' or is_complete and method <> 'not_harmonised' then denominator end as denominator,
    value,
    case
        when method = 'reported' or n_not_applicable = n_areas then {{ ranked_state('state_rank', 'value_itself') }}
        when method = 'not_harmonised' then 'not_available'
        when value is not null then {{ ranked_state('1', 'value') }}
        when n_answers < n_areas then {{ ranked_state('greatest(applicable_rank, 4)', '1') }}
        when applicable_rank > 1 then {{ ranked_state('applicable_rank', '1') }}
        else 'not_available'
    end as value_state,
    case
        when value is not null and (status_rank > 1 or n_statuses = n_figures) then {{ ranked_status('status_rank') }}
    end as value_status,
    applicability,
    is_break as break_in_series,
    comparable_from,
    break_reason_vi,
    break_reason_en,
    n_sources,
    is_retrospective,
    n_figures_shared / cast(n_areas as double) as coverage,
    case when method = 'reported' then 'entered' else 'aggregated' end as origin,
    status,
    is_confirmed,
    method,
    n_areas,
    is_sample
from valued
