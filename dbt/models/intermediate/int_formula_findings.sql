-- What the formula rules found, each at one cell: that of the element which the rule names, else the left side's first.
with

results as (

    select * from {{ ref('int_rule_results') }}

),

left_terms as (

    select
        owner_code,
        data_element_code,
        category_code,
        row_number() over (partition by owner_code order by part desc, term_number asc) as place
    from {{ ref('stg_formula_terms') }}
    where owner_type = 'rule' and side = 'left' and data_element_code is not null

),

subjects as (

    select
        results.*,
        coalesce(split_part(results.holds_element, ':', 1), left_terms.data_element_code) as data_element_code,
        case
            when results.holds_element is null then left_terms.category_code
            else coalesce(nullif(split_part(results.holds_element, ':', 2), ''), '_T')
        end as category_code
    from results
    left join left_terms on results.rule_code = left_terms.owner_code and left_terms.place = 1

),

cells as (

    select
        round_code,
        area_code,
        data_element_code,
        category_code,
        reporting_unit_code,
        submission_id,
        sha256,
        file_name,
        sheet,
        cell,
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
        subjects.reporting_unit_code,
        subjects.rule_code,
        subjects.status,
        subjects.round_code,
        subjects.area_code,
        subjects.data_element_code,
        subjects.category_code,
        subjects.operator,
        subjects.left_value,
        subjects.right_value,
        subjects.is_sample,
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
        leading_cells.reporting_unit_code,
        subjects.rule_code,
        subjects.status,
        subjects.round_code,
        subjects.area_code,
        subjects.data_element_code,
        subjects.category_code,
        subjects.operator,
        subjects.left_value,
        subjects.right_value,
        subjects.is_sample,
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
    reporting_unit_code,
    data_element_code,
    category_code,
    submission_id,
    sha256,
    file_name,
    sheet,
    cell,
    {{ number_text('left_value') }} as observed,
    case operator
        when '==' then ''
        when '!=' then '≠ '
        when '<=' then '≤ '
        when '>=' then '≥ '
        else operator || ' '
    end || {{ number_text('right_value') }} as expected,
    cast(null as varchar) as due,
    cast(null as varchar) as received,
    is_sample
from placed
