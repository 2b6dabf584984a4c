-- What the rules over figures found, each at one cell: that of the element which the rule names, else the left side's
-- first.
{{ config(materialized='view', meta={
    'by_area': ['int_skipped_findings', 'int_rule_results', 'int_current_values'],
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

leads as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        reporting_unit_code,
        submission_id,
        place_sha256,
        place_file_name,
        place_sheet,
        place_cell,
        row_number() over (
            partition by round_code, area_code, data_element_code, category_code
            order by counting_role desc nulls last, reporting_unit_code asc
        ) as place
    from {{ ref('int_current_values') }}

),

-- of a rule over the area, which names no unit: the cell of the unit that leads
cells as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        reporting_unit_code as asked_unit_code,
        reporting_unit_code,
        submission_id,
        place_sha256 as sha256,
        place_file_name as file_name,
        place_sheet as sheet,
        place_cell as cell
    from {{ ref('int_current_values') }}
    union all
    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        '' as asked_unit_code,
        reporting_unit_code,
        submission_id,
        place_sha256 as sha256,
        place_file_name as file_name,
        place_sheet as sheet,
        place_cell as cell
    from leads
    where place = 1

),

-- a join on equality, for one on a condition would compare every result with every cell
placed as (

    select
        subjects.*,
        coalesce(subjects.reporting_unit_code, cells.reporting_unit_code) as told_unit_code,
        cells.submission_id,
        cells.sha256,
        cells.file_name,
        cells.sheet,
        cells.cell
    from subjects
    left join cells
        on
            subjects.round_code = cells.round_code
            and subjects.area_code = cells.area_code
            and subjects.data_element_code = cells.data_element_code
            and subjects.category_code = cells.category_code
            and coalesce(subjects.reporting_unit_code, '') = cells.asked_unit_code

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
