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
    coalesce(states.state, 'draft') as state,
    states.state_since
from {{ ref('int_rounds') }} as rounds
left join states on rounds.round_code = states.round_code
