-- What the rules over figures found, each at one cell: that of the element which the rule names, else the left side's
-- first.
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
            and results.status = 'no_data'
    where skipped.rule_code is null

),

cells as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        reporting_unit_code,
        submission_id,
        place_sha256 as sha256,
        place_file_name as file_name,
        place_sheet as sheet,
        place_cell as cell,
        row_number() over (
            partition by round_code, area_code, data_element_code, category_code
            order by counting_role desc nulls last, reporting_unit_code asc
        ) as place
    from {{ ref('int_current_values') }}

),

-- of a rule over the area: the cell of the unit that leads
leading_cells as (

    select * from cells
    where place = 1

),

-- two joins on equality, for one join on a condition would compare every result with every cell
placed as (

    select
        subjects.*,
        subjects.reporting_unit_code as told_unit_code,
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
            and subjects.reporting_unit_code = cells.reporting_unit_code
            and subjects.data_element_code = cells.data_element_code
            and subjects.category_code = cells.category_code
    where subjects.reporting_unit_code is not null
    union all
    select
        subjects.*,
        leading_cells.reporting_unit_code as told_unit_code,
        leading_cells.submission_id,
        leading_cells.sha256,
        leading_cells.file_name,
        leading_cells.sheet,
        leading_cells.cell
    from subjects
    left join leading_cells
        on
            subjects.round_code = leading_cells.round_code
            and subjects.area_code = leading_cells.area_code
            and subjects.data_element_code = leading_cells.data_element_code
            and subjects.category_code = leading_cells.category_code
    where subjects.reporting_unit_code is null

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
    {{ number_text('left_value', 'en') }} as observed_en,
    {{ expected_text('en') }} as expected_en,
    cast(null as string) as due,
    cast(null as string) as received,
    cast(null as string) as reason,
    cast(null as string) as said_by,
    severity,
    holds_element,
    is_sample
from placed
