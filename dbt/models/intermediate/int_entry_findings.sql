-- What became of each figure that an officer entered, where somebody must know of it.
with

rules as (

    select
        rounds.round_code,
        rules.rule_code,
        rules.kind
    from {{ rules_in_force() }}
    where rules.kind like 'entry!_%' escape '!'

),

judged as (

    select
        entries.*,
        figures.submission_id,
        figures.place_sha256,
        figures.place_file_name,
        figures.place_sheet,
        figures.place_cell,
        figures.source_figure,
        figures.source_words,
        case
            when entries.kind = 'on_behalf' and coalesce(figures.entry_id, '') <> entries.entry_id then 'entry_replaced'
            when entries.kind = 'correction' and coalesce(figures.correction_state, 'source_changed') = 'source_changed'
                then 'entry_source_changed'
            when entries.kind = 'correction' and figures.correction_state = 'settled' then 'settled'
            -- of a figure that was corrected since, only the correction is left to be confirmed
            when entries.kind = 'on_behalf' and figures.correction_state = 'applied' then 'corrected'
            when entries.confirmed_at is null then 'entry_unconfirmed'
        end as outcome
    from {{ ref('int_entries') }} as entries
    left join {{ ref('int_current_values') }} as figures
        on
            entries.round_code = figures.round_code
            and entries.area_code = figures.area_code
            and entries.reporting_unit_code = figures.reporting_unit_code
            and entries.data_element_code = figures.data_element_code
            and entries.category_code = figures.category_code
    where entries.is_standing

),

-- of an unconfirmed figure the figure itself is what was observed, of the others what the unit sent
told as (

    select
        judged.*,
        rules.rule_code,
        judged.outcome = 'entry_unconfirmed' as is_observed,
        coalesce(judged.value_text, judged.value_exact) as words
    from judged
    inner join rules on judged.round_code = rules.round_code and judged.outcome = rules.kind

)

select
    rule_code,
    'fail' as status,
    round_code,
    area_code,
    reporting_unit_code,
    data_element_code,
    category_code,
    submission_id,
    place_sha256 as sha256,
    place_file_name as file_name,
    place_sheet as sheet,
    place_cell as cell,
    case when is_observed then {{ entered_text('vi') }} else {{ source_text('vi') }} end as observed,
    case
        when not is_observed then {{ entered_text('vi') }}
        when kind = 'correction' then {{ source_text('vi') }}
    end as expected,
    case when is_observed then {{ entered_text('en') }} else {{ source_text('en') }} end as observed_en,
    case
        when not is_observed then {{ entered_text('en') }}
        when kind = 'correction' then {{ source_text('en') }}
    end as expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    reason,
    said_by,
    is_sample
from told
