select
    {{ surrogate_key(['period_code']) }} as period_key,
    period_code,
    min(data_year) as data_year,
    min(period_type) as period_type,
    min(period_start) as period_start,
    max(period_end) as period_end,
    bool_or(is_break) as is_break,
    min(case when is_break then break_reason_vi end) as break_reason_vi
from {{ ref('stg_rounds') }}
group by period_code
