with

rounds as (

    select * from {{ ref('stg_rounds') }}

),

due_dates as (

    select
        round_code,
        max(case when level = 'unit' then due_date end) as due_unit,
        max(case when level = 'commune' then due_date end) as due_commune,
        max(case when level = 'province' then due_date end) as due_province,
        max(case when level = 'unit' then due_date + case when inclusive then 1 else 0 end end) as unit_late_from,
        min(due_date + case when inclusive then 1 else 0 end) as first_late_from
    from {{ ref('stg_round_due_dates') }}
    group by round_code

),

-- what was told by telephone or on paper counts as sent
arrivals as (

    select
        round_code,
        is_sample
    from {{ ref('stg_submissions') }}
    where not blocked
    union all
    select
        round_code,
        is_sample
    from {{ ref('stg_entries') }}
    where kind = 'on_behalf' and is_standing
    union all
    select
        round_code,
        is_sample
    from {{ ref('stg_exemptions') }}
    where kind = 'nothing_to_report' and is_standing

),

submissions as (

    select
        round_code,
        bool_or(is_sample) as is_sample
    from arrivals
    group by round_code

),

-- prev(x) counts in periods of the same series: by years, halves or quarters, never by rows
final as (

    select
        rounds.round_code,
        rounds.criteria_set_code,
        rounds.level,
        rounds.period_code,
        rounds.data_year,
        rounds.period_type,
        rounds.request_number,
        rounds.period_start,
        rounds.period_end,
        rounds.cut_off,
        rounds.opens_on,
        rounds.is_break,
        case when rounds.is_break then rounds.break_reason_vi end as break_reason_vi,
        case when rounds.is_break then rounds.break_reason_en end as break_reason_en,
        rounds.is_retrospective,
        rounds.name_vi,
        rounds.name_en,
        due_dates.due_unit,
        due_dates.due_commune,
        due_dates.due_province,
        {{ local_midnight('coalesce(due_dates.unit_late_from, due_dates.first_late_from)') }} as due_at,
        concat_ws(
            '|',
            rounds.criteria_set_code,
            coalesce(rounds.level, ''),
            rounds.period_type,
            cast(coalesce(rounds.request_number, 1) as string)
        ) as round_series,
        case rounds.period_type
            when 'year' then rounds.data_year
            when 'fiscal_year' then rounds.data_year
            when 'half'
                then rounds.data_year * 2 + case when extract(quarter from rounds.period_end) > 2 then 1 else 0 end
            when 'quarter' then rounds.data_year * 4 + extract(quarter from rounds.period_end) - 1
        end as period_number,
        submissions.round_code is not null as is_of_interest,
        coalesce(submissions.is_sample, false) as is_sample
    from rounds
    left join due_dates on rounds.round_code = due_dates.round_code
    left join submissions on rounds.round_code = submissions.round_code

)

select
    *,
    max(case when is_break then data_year end) over (
        partition by round_series
        order by period_end
        rows between unbounded preceding and current row
    ) as comparable_from,
    lag(period_end) over (partition by round_series order by period_end) as previous_period_end
from final
