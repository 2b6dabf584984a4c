select
    {{ surrogate_key(['round_code']) }} as round_key,
    round_code,
    criteria_set_code,
    level,
    period_code,
    data_year,
    period_start,
    period_end,
    cut_off,
    opens_on,
    request_number,
    name_vi,
    name_en,
    due_unit,
    due_commune,
    due_province
from {{ ref('int_rounds') }}
