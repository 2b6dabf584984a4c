-- What is believed now: the figures of units, with corrections where their source still holds what was corrected.
{{ config(meta={
    'slice': 'area',
    'by_area': ['int_filled_values', 'int_entries'],
    'by_round': ['int_round_assignments'],
}) }}

with

filled as (

    select
        *,
        case value_state when 'zero' then 0.0 else value end as figure
    from {{ ref('int_filled_values') }}

),

corrections as (

    select * from {{ ref('int_entries') }}
    where kind = 'correction' and is_standing

),

assignments as (

    select * from {{ ref('int_round_assignments') }}
    where not is_stand_in

),

stand_ins as (

    select * from {{ ref('int_round_assignments') }}
    where is_stand_in

),

assigned_elements as (

    select distinct
        round_code,
        area_code,
        data_element_code
    from {{ ref('int_round_assignments') }}

),

-- a source that says by now what the correction says needs none
judged as (

    select
        filled.*,
        corrections.entry_id as correction_id,
        corrections.figure as new_figure,
        corrections.value as new_value,
        corrections.value_exact as new_exact,
        corrections.value_text as new_text,
        corrections.value_state as new_state,
        corrections.unit as new_unit,
        corrections.reason as new_reason,
        {{ correction_state('filled', 'corrections') }} as correction_state
    from filled
    left join corrections
        on
            filled.round_code = corrections.round_code
            and filled.area_code = corrections.area_code
            and filled.reporting_unit_code = corrections.reporting_unit_code
            and filled.data_element_code = corrections.data_element_code
            and filled.category_code = corrections.category_code

),

corrected as (

    select
        *,
        correction_state = 'applied' as is_corrected
    from judged

)

select
    corrected.reported_value_key,
    corrected.round_code,
    corrected.period_code,
    corrected.data_year,
    corrected.area_code,
    corrected.reporting_unit_code,
    corrected.form_code,
    corrected.submission_id,
    corrected.revision,
    corrected.is_current,
    corrected.received_at,
    corrected.is_sample,
    corrected.data_element_code,
    corrected.category_code,
    case when corrected.is_corrected then corrected.new_value else corrected.value end as value,
    case
        when corrected.is_corrected then {{ exact_decimal('corrected.new_exact') }}
        else corrected.value_decimal
    end as value_decimal,
    case when corrected.is_corrected then corrected.new_text else corrected.value_text end as value_text,
    case when corrected.is_corrected then corrected.new_state else corrected.value_state end as value_state,
    corrected.value_status,
    case when corrected.is_corrected then corrected.new_unit else corrected.unit end as unit,
    corrected.sha256,
    corrected.file_name,
    corrected.sheet,
    corrected.cell,
    corrected.raw_text,
    corrected.source_text,
    case
        when corrected.is_corrected then concat_ws('; ', corrected.note_text, corrected.new_reason)
        else corrected.note_text
    end as note_text,
    case when not corrected.is_corrected then corrected.unit_multiplier end as unit_multiplier,
    case when not corrected.is_corrected then corrected.obs_status end as obs_status,
    case when not corrected.is_corrected then corrected.status_text end as status_text,
    corrected.period_text,
    case when corrected.is_corrected then 'correction' else corrected.entered_how end as entered_how,
    corrected.is_retrospective,
    corrected.entry_id,
    corrected.correction_id,
    corrected.correction_state,
    -- what stood there before the correction
    corrected.figure as source_figure,
    coalesce(corrected.value_text, corrected.raw_text) as source_words,
    corrected.place_sha256,
    corrected.place_file_name,
    corrected.place_sheet,
    corrected.place_cell,
    coalesce(stand_ins.assignment_role, assignments.assignment_role) as assignment_role,
    -- where nobody of the area is assigned, whoever reports leads
    coalesce(
        stand_ins.assignment_role,
        assignments.assignment_role,
        case when assigned_elements.data_element_code is null then 'lead' end
    ) as counting_role
from corrected
left join assignments
    on
        corrected.round_code = assignments.round_code
        and corrected.form_code = assignments.form_code
        and corrected.reporting_unit_code = assignments.reporting_unit_code
        and corrected.data_element_code = assignments.data_element_code
-- a unit may report on other areas than its own; one that stands in does so for each of several by itself
left join stand_ins
    on
        corrected.round_code = stand_ins.round_code
        and corrected.form_code = stand_ins.form_code
        and corrected.reporting_unit_code = stand_ins.reporting_unit_code
        and corrected.area_code = stand_ins.area_code
        and corrected.data_element_code = stand_ins.data_element_code
left join assigned_elements
    on
        corrected.round_code = assigned_elements.round_code
        and corrected.area_code = assigned_elements.area_code
        and corrected.data_element_code = assigned_elements.data_element_code
