-- What officers entered, with the form that it belongs to and when its paper came.
with

forms as (

    select
        round_code,
        reporting_unit_code,
        data_element_code,
        min(form_code) as form_code
    from {{ ref('int_round_assignments') }}
    group by round_code, reporting_unit_code, data_element_code

),

papers as (

    select
        sha256,
        min(received_at) as received_at
    from {{ ref('stg_receipts') }}
    group by sha256

)

select
    entries.entry_id,
    entries.kind,
    entries.round_code,
    entries.period_code,
    entries.area_code,
    entries.reporting_unit_code,
    entries.data_element_code,
    entries.category_code,
    entries.value,
    entries.value_exact,
    entries.value_text,
    entries.value_state,
    entries.unit,
    entries.expect,
    entries.reason,
    entries.said_by,
    entries.channel,
    entries.entered_at,
    entries.entered_by,
    entries.paper_sha256,
    entries.paper_name,
    entries.page,
    entries.confirmed_at,
    entries.withdrawn_at,
    entries.is_standing,
    entries.is_sample,
    forms.form_code,
    least(entries.entered_at, coalesce(papers.received_at, entries.entered_at)) as came_at,
    case entries.value_state when 'zero' then 0.0 else entries.value end as figure
from {{ ref('stg_entries') }} as entries
left join forms
    on
        entries.round_code = forms.round_code
        and entries.reporting_unit_code = forms.reporting_unit_code
        and entries.data_element_code = forms.data_element_code
left join papers on entries.paper_sha256 = papers.sha256
