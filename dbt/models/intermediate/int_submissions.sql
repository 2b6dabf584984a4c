with

submissions as (

    select * from {{ ref('stg_submissions') }}

),

-- a blocked file changes nothing, so it is no revision
revisions as (

    select
        submission_id,
        row_number() over revision_order as revision,
        lead(received_at) over revision_order as replaced_at
    from submissions
    where not blocked
    window revision_order as (
        partition by reporting_unit_code, area_code, form_code, round_code
        order by received_at, sha256, submission_id
    )

)

select
    submissions.submission_id,
    submissions.sha256,
    submissions.file_name,
    submissions.reporting_unit_code,
    submissions.area_code,
    submissions.form_code,
    submissions.form_version,
    submissions.round_code,
    coalesce(rounds.period_code, submissions.period_code) as period_code,
    rounds.data_year,
    rounds.due_at,
    submissions.received_at,
    submissions.received_at < rounds.due_at as on_time,
    submissions.signed_copy,
    submissions.entered_how,
    submissions.blocked,
    revisions.revision,
    revisions.replaced_at,
    revisions.revision is not null and revisions.replaced_at is null as is_current,
    submissions.is_sample
from submissions
left join revisions on submissions.submission_id = revisions.submission_id
left join {{ ref('int_rounds') }} as rounds on submissions.round_code = rounds.round_code
