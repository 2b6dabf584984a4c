-- What files say now: of all current submissions of a unit, whatever their form, the figure that came last.
with

ranked as (

    select
        *,
        row_number() over (partition by reported_value_key order by received_at desc, submission_id asc) as place
    from {{ ref('int_reported_values') }}
    where is_current

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
    entered_how
from ranked
where place = 1
