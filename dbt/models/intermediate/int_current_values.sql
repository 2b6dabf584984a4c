-- What is believed now: of all current submissions of a unit, whatever their form, the figure that came last.
with

assignments as (

    select * from {{ ref('int_round_assignments') }}

),

assigned_elements as (

    select distinct
        round_code,
        area_code,
        data_element_code
    from assignments

),

ranked as (

    select
        *,
        row_number() over (partition by reported_value_key order by received_at desc, submission_id asc) as place
    from {{ ref('int_reported_values') }}
    where is_current

)

select
    ranked.reported_value_key,
    ranked.round_code,
    ranked.period_code,
    ranked.data_year,
    ranked.area_code,
    ranked.reporting_unit_code,
    ranked.form_code,
    ranked.submission_id,
    ranked.revision,
    ranked.is_current,
    ranked.received_at,
    ranked.is_sample,
    ranked.data_element_code,
    ranked.category_code,
    ranked.value,
    ranked.value_decimal,
    ranked.value_text,
    ranked.value_state,
    ranked.value_status,
    ranked.unit,
    ranked.sha256,
    ranked.file_name,
    ranked.sheet,
    ranked.cell,
    ranked.raw_text,
    ranked.source_text,
    ranked.note_text,
    ranked.entered_how,
    assignments.assignment_role,
    -- where nobody of the area is assigned, whoever reports leads
    coalesce(
        assignments.assignment_role,
        case when assigned_elements.data_element_code is null then 'lead' end
    ) as counting_role
from ranked
left join assignments
    on
        ranked.round_code = assignments.round_code
        and ranked.form_code = assignments.form_code
        and ranked.reporting_unit_code = assignments.reporting_unit_code
        and ranked.data_element_code = assignments.data_element_code
left join assigned_elements
    on
        ranked.round_code = assigned_elements.round_code
        and ranked.area_code = assigned_elements.area_code
        and ranked.data_element_code = assigned_elements.data_element_code
where ranked.place = 1
