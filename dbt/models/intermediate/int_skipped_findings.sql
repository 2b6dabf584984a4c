-- Rules that did not run because all that a unit sent for a form was refused: those over figures that it was to report
-- there, told of the last file.
with

ranked as (

    select
        *,
        bool_and(blocked) over (partition by round_code, area_code, reporting_unit_code, form_code) as is_all_blocked,
        row_number() over (
            partition by round_code, area_code, reporting_unit_code, form_code
            order by received_at desc, submission_id desc
        ) as place
    from {{ ref('int_submissions') }}
    where reporting_unit_code is not null

)

select distinct
    subjects.rule_code,
    'did_not_run' as status,
    submissions.round_code,
    submissions.area_code,
    submissions.reporting_unit_code,
    subjects.data_element_code,
    subjects.category_code,
    submissions.submission_id,
    submissions.sha256,
    submissions.file_name,
    cast(null as string) as sheet,
    cast(null as string) as cell,
    cast(null as string) as observed,
    cast(null as string) as expected,
    cast(null as string) as observed_en,
    cast(null as string) as expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    cast(null as string) as reason,
    cast(null as string) as said_by,
    submissions.is_sample
from ranked as submissions
inner join {{ ref('int_round_assignments') }} as assignments
    on
        submissions.round_code = assignments.round_code
        and submissions.reporting_unit_code = assignments.reporting_unit_code
        and submissions.form_code = assignments.form_code
inner join {{ ref('int_rule_subjects') }} as subjects
    on
        assignments.round_code = subjects.round_code
        and assignments.data_element_code = subjects.data_element_code
where submissions.is_all_blocked and submissions.place = 1
