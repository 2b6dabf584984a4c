with

-- the last act tells the state, a round that nobody touched is a draft
states as (

    select
        round_code,
        max_by(state, act_number) as state,
        max_by(set_at, act_number) as state_since
    from {{ ref('stg_round_states') }}
    group by round_code

)

select
    {{ surrogate_key(['rounds.round_code']) }} as round_key,
    rounds.round_code,
    rounds.criteria_set_code,
    rounds.level,
    rounds.period_code,
    rounds.data_year,
    rounds.period_type,
    rounds.period_start,
    rounds.period_end,
    rounds.cut_off,
    rounds.opens_on,
    rounds.request_number,
    rounds.is_retrospective,
    rounds.name_vi,
    rounds.name_en,
    rounds.due_unit,
    rounds.due_commune,
    rounds.due_province,
    criteria_sets.name_vi as criteria_set_name_vi,
    criteria_sets.legal_basis_vi,
    recipients.addressee_vi,
    recipients.recipients_vi,
    coalesce(states.state, 'draft') as state,
    states.state_since
from {{ ref('int_rounds') }} as rounds
left join states on rounds.round_code = states.round_code
left join {{ ref('stg_criteria_sets') }} as criteria_sets
    on
        rounds.criteria_set_code = criteria_sets.criteria_set_code
        and rounds.period_end between criteria_sets.starts_on and criteria_sets.ends_on
left join {{ ref('stg_report_recipients') }} as recipients
    on
        rounds.criteria_set_code = recipients.criteria_set_code
        and rounds.level = recipients.level
        and rounds.period_end between recipients.starts_on and recipients.ends_on
