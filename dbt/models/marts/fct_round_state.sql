select
    {{ surrogate_key(['cast(states.act_number as string)']) }} as round_state_key,
    states.round_code,
    rounds.criteria_set_code,
    rounds.level,
    rounds.period_code,
    rounds.data_year,
    rounds.name_vi,
    states.act_number,
    states.act,
    states.state,
    states.amendment,
    states.returned_by,
    states.reason,
    states.paper_sha256,
    states.paper_name,
    states.release_id,
    states.set_by,
    states.set_at,
    states.act_number = max(states.act_number) over (partition by states.round_code) as is_current,
    states.is_sample
from {{ ref('stg_round_states') }} as states
left join {{ ref('int_rounds') }} as rounds on states.round_code = rounds.round_code
