-- Files, and what was entered for units that sent none, with their revisions and the moment until which each was due.
{{ config(meta={
    'slice': 'round',
    'by_round': ['stg_submissions', 'stg_exemptions', 'int_entries', 'int_rounds'],
}) }}

with

files as (

    select
        *,
        entered_how = 'back_series' as is_retrospective
    from {{ ref('stg_submissions') }}

),

-- a blocked file changes nothing, so it is no revision; a back series is a form of its own beside that of the round
revisions as (

    select
        submission_id,
        cast(row_number() over revision_order as bigint) as revision,
        case
            when lead(counts_from) over revision_order is not null
                then greatest(counts_from, lead(counts_from) over revision_order)
        end as replaced_at
    from files
    where not blocked
    window revision_order as (
        partition by reporting_unit_code, area_code, form_code, round_code, is_retrospective
        order by received_at, sha256, submission_id
    )

),

told as (

    select
        round_code,
        area_code,
        reporting_unit_code,
        form_code,
        came_at,
        entered_at,
        paper_sha256,
        paper_name,
        is_sample
    from {{ ref('int_entries') }}
    where kind = 'on_behalf' and is_standing
    union all
    select
        round_code,
        area_code,
        reporting_unit_code,
        form_code,
        decided_at as came_at,
        decided_at as entered_at,
        cast(null as string) as paper_sha256,
        cast(null as string) as paper_name,
        is_sample
    from {{ ref('stg_exemptions') }}
    where kind = 'nothing_to_report' and is_standing

),

on_behalf as (

    select
        {{ surrogate_key([
            "'on_behalf'",
            'told.round_code',
            'told.area_code',
            'told.reporting_unit_code',
            'told.form_code',
        ]) }} as submission_id,
        max_by(told.paper_sha256, told.entered_at) filter (where told.paper_sha256 is not null) as sha256,
        max_by(told.paper_name, told.entered_at) filter (where told.paper_name is not null) as file_name,
        told.reporting_unit_code,
        told.area_code,
        told.form_code,
        cast(null as string) as form_version,
        told.round_code,
        cast(null as string) as period_code,
        min(told.came_at) as received_at,
        min(told.entered_at) as counts_from,
        false as signed_copy,
        false as blocked,
        'on_behalf' as entered_how,
        bool_or(told.is_sample) as is_sample,
        false as is_retrospective
    from told
    left join files
        on
            told.round_code = files.round_code
            and told.area_code = files.area_code
            and told.reporting_unit_code = files.reporting_unit_code
            and told.form_code = files.form_code
            and not files.blocked
    where files.submission_id is null
    group by told.round_code, told.area_code, told.reporting_unit_code, told.form_code

),

submissions as (

    select
        files.*,
        revisions.revision,
        revisions.replaced_at,
        revisions.revision is not null and revisions.replaced_at is null as is_current
    from files
    left join revisions on files.submission_id = revisions.submission_id
    union all
    select
        *,
        1 as revision,
        cast(null as {{ instant() }}) as replaced_at,
        true as is_current
    from on_behalf

),

-- what an officer enters belongs to the form of the round, and to a back series only where that is all there is
ranked as (

    select
        *,
        row_number() over (
            partition by reporting_unit_code, area_code, form_code, round_code, is_current
            order by is_retrospective, received_at, submission_id
        ) as place,
        lead(submission_id) over (
            partition by reporting_unit_code, area_code, form_code, round_code
            order by received_at nulls last, revision nulls last, sha256 nulls last, submission_id
        ) is not null as was_followed
    from submissions

),

extensions as (

    select
        round_code,
        reporting_unit_code,
        form_code,
        {{ local_midnight('max(until) + 1') }} as due_at
    from {{ ref('stg_exemptions') }}
    where kind = 'extension' and is_standing
    group by round_code, reporting_unit_code, form_code

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
    case when not submissions.is_retrospective then coalesce(extensions.due_at, rounds.due_at) end as due_at,
    submissions.received_at,
    case
        when not submissions.is_retrospective
            then submissions.received_at < coalesce(extensions.due_at, rounds.due_at)
    end as on_time,
    submissions.counts_from,
    submissions.signed_copy,
    submissions.entered_how,
    submissions.blocked,
    submissions.revision,
    submissions.replaced_at,
    submissions.is_current,
    submissions.is_current and submissions.place = 1 as takes_entries,
    -- a file of which one of these is not known may be anybody's: none that came later need be in its place
    submissions.was_followed
    and not submissions.is_current
    and submissions.reporting_unit_code is not null
    and submissions.area_code is not null
    and submissions.form_code is not null
    and submissions.round_code is not null as is_replaced,
    submissions.is_retrospective,
    submissions.is_sample
from ranked as submissions
left join {{ ref('int_rounds') }} as rounds on submissions.round_code = rounds.round_code
left join extensions
    on
        submissions.round_code = extensions.round_code
        and submissions.reporting_unit_code = extensions.reporting_unit_code
        and submissions.form_code = extensions.form_code
