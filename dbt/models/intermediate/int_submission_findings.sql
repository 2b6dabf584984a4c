-- Gate 2, rules about sending: a form that did not come, came late, or came again.
{{ config(meta={
    'slice': 'round',
    'by_round': ['int_rounds', 'int_expected_submissions', 'int_submissions'],
}) }}

with

rules as (

    select
        rounds.round_code,
        rounds.is_retrospective,
        rules.rule_code,
        rules.kind
    from {{ rules_in_force() }}

),

expected as (

    select
        *,
        {{ deadline_text('due_at') }} as due
    from {{ ref('int_expected_submissions') }}

),

submissions as (

    select
        *,
        {{ local_moment_text('received_at') }} as received,
        {{ deadline_text('due_at') }} as due
    from {{ ref('int_submissions') }}
    where not blocked

),

-- who said why nothing comes is not asked again, nor is anybody for a year from before the system
missing as (

    select
        rules.rule_code,
        case when expected.is_actual then 'pass' else 'fail' end as status,
        expected.round_code,
        expected.area_code,
        expected.reporting_unit_code,
        expected.form_code,
        expected.first_submission_id as submission_id,
        cast(null as string) as observed,
        expected.form_code as expected,
        expected.due
    from rules
    inner join expected on rules.round_code = expected.round_code
    where
        rules.kind = 'submission_missing'
        and expected.is_expected
        and (expected.is_actual or not (expected.is_not_sending or rules.is_retrospective))

),

-- only the first arrival can be late: who sent in time and mends afterwards was in time
late as (

    select
        rules.rule_code,
        case when submissions.on_time then 'pass' else 'fail' end as status,
        submissions.round_code,
        submissions.area_code,
        submissions.reporting_unit_code,
        submissions.form_code,
        submissions.submission_id,
        submissions.received as observed,
        submissions.due as expected,
        submissions.due
    from rules
    inner join submissions on rules.round_code = submissions.round_code
    where rules.kind = 'submission_late' and submissions.revision = 1 and submissions.due_at is not null

),

revised as (

    select
        rules.rule_code,
        'fail' as status,
        submissions.round_code,
        submissions.area_code,
        submissions.reporting_unit_code,
        submissions.form_code,
        submissions.submission_id,
        cast(submissions.revision as string) as observed,
        '1' as expected,
        submissions.due
    from rules
    inner join submissions on rules.round_code = submissions.round_code
    where rules.kind = 'submission_revised' and submissions.revision > 1

),

found as (

    select * from missing
    union all
    select * from late
    union all
    select * from revised

)

select
    found.rule_code,
    found.status,
    found.round_code,
    found.area_code,
    found.reporting_unit_code,
    found.form_code,
    found.submission_id,
    submissions.sha256,
    submissions.file_name,
    found.observed,
    found.expected,
    found.due,
    submissions.received,
    coalesce(submissions.is_sample, rounds.is_sample) as is_sample
from found
inner join {{ ref('int_rounds') }} as rounds on found.round_code = rounds.round_code
left join submissions on found.submission_id = submissions.submission_id
