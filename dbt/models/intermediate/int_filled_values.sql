-- What files say, and where they say nothing what was entered on the unit's behalf; blank is nothing.
{{ config(materialized='view', meta={
    'by_area': ['int_source_values', 'int_entries', 'int_empty_forms', 'int_submissions'],
    'by_round': ['int_rounds'],
}) }}

with

sources as (

    select * from {{ ref('int_source_values') }}

),

told as (

    select
        round_code,
        area_code,
        reporting_unit_code,
        form_code,
        data_element_code,
        category_code,
        entry_id,
        figure as value,
        value_exact,
        value_text,
        value_state,
        unit,
        paper_sha256,
        paper_name,
        page,
        said_by,
        reason,
        entered_at,
        is_sample
    from {{ ref('int_entries') }}
    where kind = 'on_behalf' and is_standing
    union all
    select
        empty_forms.round_code,
        empty_forms.area_code,
        empty_forms.reporting_unit_code,
        empty_forms.form_code,
        empty_forms.data_element_code,
        empty_forms.category_code,
        cast(null as string) as entry_id,
        case empty_forms.value_state when 'zero' then 0.0 end as value,
        case empty_forms.value_state when 'zero' then '0' end as value_exact,
        cast(null as string) as value_text,
        empty_forms.value_state,
        cast(null as string) as unit,
        cast(null as string) as paper_sha256,
        cast(null as string) as paper_name,
        cast(null as integer) as page,
        empty_forms.decided_by as said_by,
        empty_forms.reason,
        empty_forms.decided_at as entered_at,
        empty_forms.is_sample
    from {{ ref('int_empty_forms') }} as empty_forms
    where empty_forms.is_standing

),

-- a figure of its own comes before the word that there was nothing at all
ranked as (

    select
        *,
        row_number() over (
            partition by round_code, area_code, reporting_unit_code, data_element_code, category_code
            order by entry_id asc nulls last, form_code asc
        ) as place
    from told

),

fills as (

    select
        ranked.*,
        rounds.period_code,
        rounds.data_year,
        rounds.is_retrospective,
        submissions.submission_id,
        submissions.sha256 as submission_sha256,
        submissions.file_name as submission_file_name,
        submissions.revision,
        submissions.entered_how = 'on_behalf' as is_alone,
        'tr. ' || ranked.page as page_text
    from ranked
    inner join {{ ref('int_rounds') }} as rounds on ranked.round_code = rounds.round_code
    inner join {{ ref('int_submissions') }} as submissions
        on
            ranked.round_code = submissions.round_code
            and ranked.area_code = submissions.area_code
            and ranked.reporting_unit_code = submissions.reporting_unit_code
            and ranked.form_code = submissions.form_code
            and submissions.takes_entries
    where ranked.place = 1

),

keyed as (

    select
        *,
        {{ surrogate_key([
            'round_code',
            'period_code',
            'area_code',
            'reporting_unit_code',
            'data_element_code',
            'category_code',
        ]) }} as reported_value_key
    from fills

),

-- the place is where a unit finds the figure in what it sent
final as (

    select
        reported_value_key,
        round_code,
        period_code,
        data_year,
        area_code,
        reporting_unit_code,
        form_code,
        submission_id,
        revision,
        is_current,
        received_at,
        is_sample,
        data_element_code,
        category_code,
        value,
        value_decimal,
        value_text,
        value_state,
        value_status,
        unit,
        sha256,
        file_name,
        sheet,
        cell,
        raw_text,
        source_text,
        note_text,
        unit_multiplier,
        obs_status,
        status_text,
        period_text,
        entered_how,
        is_retrospective,
        cast(null as string) as entry_id,
        sha256 as place_sha256,
        file_name as place_file_name,
        sheet as place_sheet,
        cell as place_cell
    from sources
    where
        value_state <> 'missing'
        or reported_value_key not in (select keyed.reported_value_key from keyed)
    union all
    select
        keyed.reported_value_key,
        keyed.round_code,
        keyed.period_code,
        keyed.data_year,
        keyed.area_code,
        keyed.reporting_unit_code,
        keyed.form_code,
        keyed.submission_id,
        keyed.revision,
        true as is_current,
        keyed.entered_at as received_at,
        keyed.is_sample,
        keyed.data_element_code,
        keyed.category_code,
        keyed.value,
        {{ exact_decimal('keyed.value_exact') }} as value_decimal,
        keyed.value_text,
        keyed.value_state,
        cast(null as string) as value_status,
        keyed.unit,
        keyed.paper_sha256 as sha256,
        keyed.paper_name as file_name,
        cast(null as string) as sheet,
        keyed.page_text as cell,
        coalesce(keyed.value_exact, keyed.value_text) as raw_text,
        keyed.said_by as source_text,
        keyed.reason as note_text,
        cast(null as double) as unit_multiplier,
        cast(null as string) as obs_status,
        cast(null as string) as status_text,
        cast(null as string) as period_text,
        'on_behalf' as entered_how,
        keyed.is_retrospective,
        keyed.entry_id,
        coalesce(sources.sha256, keyed.submission_sha256) as place_sha256,
        coalesce(sources.file_name, keyed.submission_file_name) as place_file_name,
        sources.sheet as place_sheet,
        coalesce(sources.cell, case when keyed.is_alone then keyed.page_text end) as place_cell
    from keyed
    left join {{ ref('int_source_values') }} as sources on keyed.reported_value_key = sources.reported_value_key
    where sources.reported_value_key is null or sources.value_state = 'missing'

)

select * from final
