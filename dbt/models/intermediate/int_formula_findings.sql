-- What the rules over figures found, each at one cell: that of the element which the rule names, else the left side's
-- first.
{{ config(materialized='view', meta={
    'by_area': ['int_skipped_findings', 'int_rule_results', 'int_leading_units', 'int_current_values'],
    'by_round': ['int_rule_subjects'],
}) }}

with

skipped as (

    select distinct
        round_code,
        rule_code,
        area_code
    from {{ ref('int_skipped_findings') }}

),

subjects as (

    select
        results.*,
        subjects.data_element_code,
        subjects.category_code
    from {{ ref('int_rule_results') }} as results
    inner join {{ ref('int_rule_subjects') }} as subjects
        on results.round_code = subjects.round_code and results.rule_code = subjects.rule_code
    -- where a refused file is why there are no figures, that is told once, of the file
    left join skipped
        on
            results.round_code = skipped.round_code
            and results.rule_code = skipped.rule_code
            and results.area_code = skipped.area_code
    where skipped.rule_code is null or results.status <> 'no_data'

),

-- where a rule over the area names no unit, the cell is that of the unit that speaks for it
told as (

    select
        subjects.*,
        coalesce(subjects.reporting_unit_code, speakers.reporting_unit_code) as told_unit_code
    from subjects
    left join {{ ref('int_leading_units') }} as speakers
        on
            subjects.round_code = speakers.round_code
            and subjects.area_code = speakers.area_code
            and subjects.data_element_code = speakers.data_element_code
            and subjects.category_code = speakers.category_code

),

placed as (

    select
        told.*,
        cells.submission_id,
        cells.place_sha256 as sha256,
        cells.place_file_name as file_name,
        cells.place_sheet as sheet,
        cells.place_cell as cell
    from told
    left join {{ ref('int_current_values') }} as cells
        on
            told.round_code = cells.round_code
            and told.area_code = cells.area_code
            and told.told_unit_code = cells.reporting_unit_code
            and told.data_element_code = cells.data_element_code
            and told.category_code = cells.category_code

)

select
    rule_code,
    status,
    round_code,
    area_code,
    told_unit_code as reporting_unit_code,
    data_element_code,
    category_code,
    submission_id,
    sha256,
    file_name,
    sheet,
    cell,
    {{ number_text('left_value') }} as observed,
    {{ expected_text('vi') }} as expected,
    -- only the words of what failed are told in English
    case when status = 'fail' then {{ number_text('left_value', 'en') }} end as observed_en,
    case when status = 'fail' then {{ expected_text('en') }} end as expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    cast(null as string) as reason,
    cast(null as string) as said_by,
    severity,
    holds_element,
    is_sample
from placed
