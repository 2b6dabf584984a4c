-- Which form each unit owed or sent, per round of interest and area, with its first and its current submission.
{{ config(meta={'slice': 'round', 'by_round': ['int_round_assignments', 'int_rounds', 'int_submissions']}) }}

with

owed as (

    select distinct
        assignments.round_code,
        assignments.form_code,
        assignments.reporting_unit_code,
        assignments.area_code,
        rounds.is_retrospective,
        bool_or(assignments.is_stand_in) over (
            partition by assignments.round_code, assignments.form_code, assignments.reporting_unit_code
        ) as is_by_area
    from {{ ref('int_round_assignments') }} as assignments
    inner join {{ ref('int_rounds') }} as rounds on assignments.round_code = rounds.round_code
    where rounds.is_of_interest

),

-- why a unit sends nothing, or later
excuses as (

    select
        round_code,
        reporting_unit_code,
        form_code,
        max(case when kind = 'extension' then until end) as last_day,
        bool_or(kind = 'exempt') as is_exempt,
        bool_or(kind = 'not_sending') as is_not_sending,
        {{ joined_texts('reason', '; ', 'decided_at, reason') }} as reason
    from {{ ref('stg_exemptions') }}
    where is_standing
    group by round_code, reporting_unit_code, form_code

),

sent as (

    select
        round_code,
        form_code,
        reporting_unit_code,
        area_code,
        coalesce(
            max(case when revision = 1 and not is_retrospective then submission_id end),
            max(case when revision = 1 then submission_id end)
        ) as first_submission_id,
        -- nobody was ever asked to send a back series by a certain day
        bool_or(case when not is_retrospective then revision = 1 and coalesce(on_time, true) end) as first_on_time,
        bool_and(is_retrospective) as is_retrospective,
        bool_or(is_sample) as is_sample
    from {{ ref('int_submissions') }}
    where not blocked and form_code is not null
    group by round_code, form_code, reporting_unit_code, area_code

),

by_area as (

    select distinct
        round_code,
        form_code,
        reporting_unit_code
    from owed
    where is_by_area

),

-- a join on equality alone, for one on a condition would compare every form with every form
placed_owed as (

    select
        *,
        case when is_by_area then area_code else '' end as place
    from owed

),

placed_sent as (

    select
        sent.*,
        case when by_area.round_code is null then '' else sent.area_code end as place
    from sent
    left join by_area
        on
            sent.round_code = by_area.round_code
            and sent.form_code = by_area.form_code
            and sent.reporting_unit_code = by_area.reporting_unit_code

)

-- a unit may report for areas other than its own: then each of them is a row
select
    coalesce(owed.round_code, sent.round_code) as round_code,
    coalesce(owed.form_code, sent.form_code) as form_code,
    coalesce(owed.reporting_unit_code, sent.reporting_unit_code) as reporting_unit_code,
    coalesce(sent.area_code, owed.area_code) as area_code,
    owed.round_code is not null and not coalesce(excuses.is_exempt, false) as is_expected,
    sent.round_code is not null as is_actual,
    case
        when not coalesce(sent.is_retrospective, owed.is_retrospective) then coalesce(sent.first_on_time, false)
    end as is_on_time,
    owed.round_code is not null and coalesce(excuses.is_exempt, false) as is_exempt,
    coalesce(excuses.is_not_sending, false) as is_not_sending,
    case
        when not coalesce(sent.is_retrospective, owed.is_retrospective)
            then coalesce({{ local_midnight('excuses.last_day + 1') }}, rounds.due_at)
    end as due_at,
    excuses.reason,
    sent.first_submission_id,
    sent.is_sample
from placed_owed as owed
full outer join placed_sent as sent
    on
        owed.round_code = sent.round_code
        and owed.form_code = sent.form_code
        and owed.reporting_unit_code = sent.reporting_unit_code
        and owed.place = sent.place
left join {{ ref('int_rounds') }} as rounds on coalesce(owed.round_code, sent.round_code) = rounds.round_code
left join excuses
    on
        coalesce(owed.round_code, sent.round_code) = excuses.round_code
        and coalesce(owed.reporting_unit_code, sent.reporting_unit_code) = excuses.reporting_unit_code
        and coalesce(owed.form_code, sent.form_code) = excuses.form_code
