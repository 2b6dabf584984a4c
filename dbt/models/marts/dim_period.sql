select
    {{ surrogate_key(['period_code']) }} as period_key,
    period_code,
    min(data_year) as data_year,
    -- a request out of turn asks about a period that has a kind of its own
    coalesce(min(case when period_type <> 'ad_hoc' then period_type end), 'ad_hoc') as period_type,
    min(period_start) as period_start,
    max(period_end) as period_end,
    bool_or(is_break) as is_break,
    min(case when is_break then break_reason_vi end) as break_reason_vi
from {{ ref('stg_rounds') }}
group by period_code
