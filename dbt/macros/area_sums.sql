{#
    Figures of areas put together from those directly below, term by term: only areas that are counted add up, and
    what is not counted tells of itself in the coverage. `parts` names a relation like int_area_parts.
#}
{% macro area_sums(parts) %}
    select
        round_code,
        area_code,
        owner_code,
        variant,
        part,
        term_number,
        {{ ordered_sum('case when is_counted then value end') }} as value,
        case
            when bool_or(is_counted) then 'value'
            else {{ ranked_state('coalesce(max(case when is_expected then greatest(state_rank, 3) end), 2)', '1') }}
        end as value_state,
        case
            when
                max(case when is_counted then {{ status_rank('value_status') }} end) > 1
                or count(case when is_counted then value_status end) = count(case when is_counted then 1 end)
                then {{ ranked_status('max(case when is_counted then ' ~ status_rank('value_status') ~ ' end)') }}
        end as value_status,
        cast(sum(case when is_counted then n_sources else 0 end) as bigint) as n_sources,
        {{ ordered_sum('case when is_counted then child_coverage else 0.0 end') }}
        / nullif(cast(count(case when is_expected then 1 end) as double), 0) as coverage
    from {{ parts }}
    group by round_code, area_code, owner_code, variant, part, term_number
{% endmacro %}
