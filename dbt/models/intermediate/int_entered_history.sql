-- What was believed when, of every figure that an officer ever entered: at each moment at which something came, was
-- entered or was withdrawn, what stood then is judged as int_filled_values and int_current_values judge the present.
{%- set of_figure = [
    'reported_value_key',
    'round_code',
    'period_code',
    'data_year',
    'area_code',
    'reporting_unit_code',
    'data_element_code',
    'category_code',
] %}
with

entries as (

    select
        entries.*,
        rounds.period_code as round_period_code,
        rounds.data_year,
        rounds.is_retrospective,
        {{ surrogate_key([
            'entries.round_code',
            'rounds.period_code',
            'entries.area_code',
            'entries.reporting_unit_code',
            'entries.data_element_code',
            'entries.category_code',
        ]) }} as reported_value_key
    from {{ ref('int_entries') }} as entries
    inner join {{ ref('int_rounds') }} as rounds on entries.round_code = rounds.round_code

),

empty_forms as (

    select
        empty_forms.*,
        rounds.period_code as round_period_code,
        rounds.data_year,
        rounds.is_retrospective,
        {{ surrogate_key([
            'empty_forms.round_code',
            'rounds.period_code',
            'empty_forms.area_code',
            'empty_forms.reporting_unit_code',
            'empty_forms.data_element_code',
            'empty_forms.category_code',
        ]) }} as reported_value_key
    from {{ ref('int_empty_forms') }} as empty_forms
    inner join {{ ref('int_rounds') }} as rounds on empty_forms.round_code = rounds.round_code

),

exemptions as (

    select * from {{ ref('stg_exemptions') }}

),

-- what was entered, and the forms on which it stands or would stand
figures as (

    select
        reported_value_key,
        round_code,
        round_period_code as period_code,
        data_year,
        area_code,
        reporting_unit_code,
        data_element_code,
        category_code,
        form_code,
        is_retrospective
    from entries
    union
    select
        reported_value_key,
        round_code,
        round_period_code as period_code,
        data_year,
        area_code,
        reporting_unit_code,
        data_element_code,
        category_code,
        form_code,
        is_retrospective
    from empty_forms

),

sources as (

    select
        *,
        bool_or(is_retrospective) over (partition by reported_value_key) as has_back_series
    from {{ ref('int_reported_values') }}
    where reported_value_key in (select figures.reported_value_key from figures)

),

-- the files of those forms, whether the figure stands in them or not
sent as (

    select
        figures.reported_value_key,
        figures.form_code,
        submissions.submission_id,
        submissions.sha256,
        submissions.file_name,
        submissions.revision,
        submissions.counts_from,
        coalesce(submissions.replaced_at, cast('9999-12-31 00:00:00+00' as {{ instant() }})) as counts_until,
        -- a back series only where there is no form of the round
        rank() over (
            partition by figures.reported_value_key, figures.form_code
            order by submissions.is_retrospective
        ) as place
    from figures
    inner join {{ ref('int_submissions') }} as submissions
        on
            figures.round_code = submissions.round_code
            and figures.area_code = submissions.area_code
            and figures.reporting_unit_code = submissions.reporting_unit_code
            and figures.form_code = submissions.form_code
    where not submissions.blocked and submissions.entered_how <> 'on_behalf'

),

excuses as (

    select
        figures.reported_value_key,
        figures.form_code,
        exemptions.exemption_id,
        exemptions.kind,
        exemptions.decided_at,
        exemptions.withdrawn_at
    from figures
    inner join exemptions
        on
            figures.round_code = exemptions.round_code
            and figures.area_code = exemptions.area_code
            and figures.reporting_unit_code = exemptions.reporting_unit_code
            and figures.form_code = exemptions.form_code

),

moments as (

    {% for relation, column in [
        ('sources', 'counts_from'),
        ('sources', 'replaced_at'),
        ('sent', 'counts_from'),
        ('entries', 'entered_at'),
        ('entries', 'withdrawn_at'),
        ('excuses', 'decided_at'),
        ('excuses', 'withdrawn_at'),
    ] -%}
        select
            reported_value_key,
            {{ column }} as known_from
        from {{ relation }}
        where {{ column }} is not null
        {% if not loop.last -%} union {%- endif %}
    {% endfor %}

),

spans as (

    select
        reported_value_key,
        known_from,
        lead(known_from) over (partition by reported_value_key order by known_from) as known_to
    from moments

),

filed as (

    select
        spans.known_from,
        sources.*,
        row_number() over (
            partition by spans.reported_value_key, spans.known_from
            order by
                sources.value_state = 'missing' and sources.has_back_series asc,
                sources.is_retrospective asc,
                sources.received_at desc,
                sources.submission_id asc
        ) as place
    from spans
    inner join sources
        on
            spans.reported_value_key = sources.reported_value_key
            and spans.known_from >= sources.counts_from
            and (sources.replaced_at is null or spans.known_from < sources.replaced_at)

),

entered as (

    select
        spans.known_from,
        entries.*,
        row_number() over (
            partition by spans.reported_value_key, spans.known_from, entries.kind
            order by entries.entered_at desc, length(entries.entry_id) desc, entries.entry_id desc
        ) as place
    from spans
    inner join entries
        on
            spans.reported_value_key = entries.reported_value_key
            and spans.known_from >= entries.entered_at
            and (entries.withdrawn_at is null or spans.known_from < entries.withdrawn_at)

),

excused as (

    select
        spans.known_from,
        excuses.*,
        row_number() over (
            partition by spans.reported_value_key, spans.known_from, excuses.form_code
            order by excuses.decided_at desc, length(excuses.exemption_id) desc, excuses.exemption_id desc
        ) as place
    from spans
    inner join excuses
        on
            spans.reported_value_key = excuses.reported_value_key
            and spans.known_from >= excuses.decided_at
            and (excuses.withdrawn_at is null or spans.known_from < excuses.withdrawn_at)

),

told as (

    select
        reported_value_key,
        known_from,
        entry_id,
        cast(null as string) as exemption_id,
        form_code,
        figure,
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
    from entered
    where kind = 'on_behalf' and place = 1 and form_code is not null
    union all
    select
        empty_forms.reported_value_key,
        excused.known_from,
        cast(null as string) as entry_id,
        empty_forms.exemption_id,
        empty_forms.form_code,
        case empty_forms.value_state when 'zero' then 0.0 end as figure,
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
    from empty_forms
    inner join excused
        on
            empty_forms.reported_value_key = excused.reported_value_key
            and empty_forms.exemption_id = excused.exemption_id
    where excused.place = 1

),

ranked as (

    select
        *,
        row_number() over (
            partition by reported_value_key, known_from
            order by entry_id asc nulls last, form_code asc
        ) as place
    from told

),

fills as (

    select
        ranked.*,
        coalesce(
            sent.submission_id,
            {{ surrogate_key([
                "'on_behalf'",
                'figures.round_code',
                'figures.area_code',
                'figures.reporting_unit_code',
                'figures.form_code',
            ]) }}
        ) as submission_id,
        coalesce(sent.revision, 1) as revision,
        figures.is_retrospective,
        'tr. ' || ranked.page as page_text
    from ranked
    inner join figures
        on
            ranked.reported_value_key = figures.reported_value_key
            and ranked.form_code = figures.form_code
    left join sent
        on
            ranked.reported_value_key = sent.reported_value_key
            and ranked.form_code = sent.form_code
            and sent.place = 1
            and ranked.known_from >= sent.counts_from
            and ranked.known_from < sent.counts_until
    where ranked.place = 1

),

filled as (

    select
        filed.reported_value_key,
        filed.known_from,
        filed.form_code,
        filed.submission_id,
        filed.revision,
        filed.received_at,
        filed.value,
        filed.value_decimal,
        filed.value_text,
        filed.value_state,
        filed.value_status,
        filed.unit,
        filed.sha256,
        filed.file_name,
        filed.sheet,
        filed.cell,
        filed.raw_text,
        filed.source_text,
        filed.note_text,
        filed.unit_multiplier,
        filed.obs_status,
        filed.status_text,
        filed.period_text,
        filed.entered_how,
        filed.is_retrospective,
        cast(null as string) as told_id,
        filed.is_sample,
        case filed.value_state when 'zero' then 0.0 else filed.value end as figure
    from filed
    left join fills
        on
            filed.reported_value_key = fills.reported_value_key
            and filed.known_from = fills.known_from
    where filed.place = 1 and (filed.value_state <> 'missing' or fills.reported_value_key is null)
    union all
    select
        fills.reported_value_key,
        fills.known_from,
        fills.form_code,
        fills.submission_id,
        fills.revision,
        fills.entered_at as received_at,
        fills.figure as value,
        {{ exact_decimal('fills.value_exact') }} as value_decimal,
        fills.value_text,
        fills.value_state,
        cast(null as string) as value_status,
        fills.unit,
        fills.paper_sha256 as sha256,
        fills.paper_name as file_name,
        cast(null as string) as sheet,
        fills.page_text as cell,
        coalesce(fills.value_exact, fills.value_text) as raw_text,
        fills.said_by as source_text,
        fills.reason as note_text,
        cast(null as double) as unit_multiplier,
        cast(null as string) as obs_status,
        cast(null as string) as status_text,
        cast(null as string) as period_text,
        'on_behalf' as entered_how,
        fills.is_retrospective,
        coalesce(fills.entry_id, fills.exemption_id) as told_id,
        fills.is_sample,
        fills.figure
    from fills
    left join filed
        on
            fills.reported_value_key = filed.reported_value_key
            and fills.known_from = filed.known_from
            and filed.place = 1
    where filed.reported_value_key is null or filed.value_state = 'missing'

),

judged as (

    select
        filled.*,
        spans.known_to,
        corrections.value as new_value,
        corrections.value_exact as new_exact,
        corrections.value_text as new_text,
        corrections.value_state as new_state,
        corrections.unit as new_unit,
        corrections.reason as new_reason,
        corrections.entry_id as correction_id,
        {{ correction_state('filled', 'corrections') }} = 'applied' as is_corrected
    from filled
    inner join spans
        on
            filled.reported_value_key = spans.reported_value_key
            and filled.known_from = spans.known_from
    left join entered as corrections
        on
            filled.reported_value_key = corrections.reported_value_key
            and filled.known_from = corrections.known_from
            and corrections.kind = 'correction'
            and corrections.place = 1

),

named as (

    select
        *,
        concat_ws('|', submission_id, told_id, case when is_corrected then correction_id end) as believed
    from judged

),

-- a moment that changed nothing about a figure begins no span
begun as (

    select
        *,
        case
            when
                believed = lag(believed) over figure_order
                and known_from = lag(known_to) over figure_order
                then 0
            else 1
        end as begins
    from named
    window figure_order as (partition by reported_value_key order by known_from)

),

numbered as (

    select
        *,
        sum(begins) over (partition by reported_value_key order by known_from) as span_number
    from begun

),

merged as (

    select
        reported_value_key,
        span_number,
        case when count(known_to) = count(*) then max(known_to) end as known_to
    from numbered
    group by reported_value_key, span_number

),

keys as (

    select distinct
        {{ of_figure | join(',\n        ') }}
    from figures

)

select
    keys.reported_value_key,
    keys.round_code,
    keys.period_code,
    keys.data_year,
    keys.area_code,
    keys.reporting_unit_code,
    numbered.form_code,
    keys.data_element_code,
    keys.category_code,
    case when numbered.is_corrected then numbered.new_value else numbered.value end as value,
    case
        when numbered.is_corrected then {{ exact_decimal('numbered.new_exact') }}
        else numbered.value_decimal
    end as value_decimal,
    case when numbered.is_corrected then numbered.new_text else numbered.value_text end as value_text,
    case when numbered.is_corrected then numbered.new_state else numbered.value_state end as value_state,
    numbered.value_status,
    case when numbered.is_corrected then numbered.new_unit else numbered.unit end as unit,
    numbered.submission_id,
    numbered.sha256,
    numbered.file_name,
    numbered.sheet,
    numbered.cell,
    numbered.raw_text,
    numbered.source_text,
    case
        when numbered.is_corrected then concat_ws('; ', numbered.note_text, numbered.new_reason)
        else numbered.note_text
    end as note_text,
    case when not numbered.is_corrected then numbered.unit_multiplier end as unit_multiplier,
    case when not numbered.is_corrected then numbered.obs_status end as obs_status,
    case when not numbered.is_corrected then numbered.status_text end as status_text,
    numbered.period_text,
    numbered.revision,
    numbered.received_at,
    case when numbered.is_corrected then 'correction' else numbered.entered_how end as entered_how,
    numbered.is_retrospective,
    numbered.is_sample,
    numbered.known_from,
    merged.known_to
from numbered
inner join merged
    on
        numbered.reported_value_key = merged.reported_value_key
        and numbered.span_number = merged.span_number
inner join keys on numbered.reported_value_key = keys.reported_value_key
where numbered.begins = 1
