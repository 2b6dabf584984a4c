-- What files say now: of all current submissions of a unit, whatever their form, the figure that came last. Beside a
-- back series the form of the round comes first, and a blank cell says nothing; two different figures are a finding.
with

marked as (

    select
        *,
        value_state = 'missing' and bool_or(is_retrospective) over (partition by reported_value_key) as is_overruled
    from {{ ref('int_reported_values') }}
    where is_current

),

ranked as (

    select
        *,
        row_number() over (
            partition by reported_value_key
            order by is_overruled asc, is_retrospective asc, received_at desc, submission_id asc
        ) as place
    from marked

)

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
    is_retrospective
from ranked
where place = 1
