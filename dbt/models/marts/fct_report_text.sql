select
    texts.text_id,
    texts.round_code,
    rounds.criteria_set_code,
    rounds.level,
    rounds.period_code,
    rounds.data_year,
    rounds.name_vi,
    texts.section,
    texts.text,
    texts.written_by,
    texts.written_at,
    row_number() over (
        partition by texts.round_code, texts.section
        order by texts.written_at desc, texts.text_id desc
    ) = 1 as is_current,
    texts.is_sample
from {{ ref('stg_report_texts') }} as texts
left join {{ ref('int_rounds') }} as rounds on texts.round_code = rounds.round_code
