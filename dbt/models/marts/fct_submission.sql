{{ config(meta={
    'slice': 'round',
    'by_round': [
        'int_submissions',
        'stg_cells',
        'int_round_areas',
        'int_round_units',
    ],
}) }}

with

submissions as (

    select * from {{ ref('int_submissions') }}

),

cells as (

    select
        submission_id,
        bool_or(disposition = 'quarantined') as has_quarantined
    from {{ ref('stg_cells') }}
    where submission_id is not null
    group by submission_id

),

findings as (

    select
        submission_id,
        count(*) filter (where severity = 'blocking') as n_blocking,
        count(*) filter (where severity = 'warning') as n_warning,
        count(*) filter (where severity = 'info') as n_info
    from {{ ref('fct_finding') }}
    where is_open and submission_id is not null
    group by submission_id

)

select
    submissions.submission_id,
    submissions.round_code,
    submissions.period_code,
    submissions.data_year,
    submissions.area_code,
    areas.area_name,
    submissions.reporting_unit_code,
    units.reporting_unit_name,
    submissions.form_code,
    submissions.form_version,
    submissions.sha256,
    submissions.file_name,
    submissions.revision,
    submissions.is_current,
    submissions.received_at,
    submissions.due_at,
    submissions.on_time,
    submissions.signed_copy,
    case
        when submissions.blocked then 'refused'
        when not submissions.is_current then 'superseded'
        when cells.has_quarantined then 'quarantined'
        when findings.n_blocking + findings.n_warning > 0 then 'accepted_with_warnings'
        else 'accepted'
    end as status,
    submissions.entered_how,
    submissions.is_retrospective,
    coalesce(findings.n_blocking, 0) as n_blocking,
    coalesce(findings.n_warning, 0) as n_warning,
    coalesce(findings.n_info, 0) as n_info,
    submissions.is_sample
from submissions
left join cells on submissions.submission_id = cells.submission_id
left join findings on submissions.submission_id = findings.submission_id
left join {{ ref('int_round_areas') }} as areas
    on submissions.round_code = areas.round_code and submissions.area_code = areas.area_code
left join {{ ref('int_round_units') }} as units
    on
        submissions.round_code = units.round_code
        and submissions.reporting_unit_code = units.reporting_unit_code
