-- Every figure of every revision, once per unit, element and category; a quarantined cell is held and has no value.
{{ config(meta={'slice': 'area', 'by_area': ['stg_cells'], 'by_round': ['int_submissions']}) }}

with

submissions as (

    select * from {{ ref('int_submissions') }}
    where not blocked

),

-- a figure beside no known area is nobody's: it stays a reported cell
cells as (

    select * from {{ ref('stg_cells') }}
    where
        role = 'value'
        and area_code is not null
        and data_element_code is not null
        and disposition in ('accepted', 'quarantined')

),

-- few figures are given twice in one file; ranking all of them would sort every cell
given_twice as (

    select
        submission_id,
        area_code,
        data_element_code,
        category_code
    from {{ ref('stg_cells') }}
    where
        role = 'value'
        and area_code is not null
        and data_element_code is not null
        and disposition in ('accepted', 'quarantined')
    group by submission_id, area_code, data_element_code, category_code
    having count(*) > 1

),

ranked as (

    select
        cells.sha256,
        cells.sheet,
        cells.cell,
        row_number() over (
            partition by cells.submission_id, cells.area_code, cells.data_element_code, cells.category_code
            order by cells.disposition desc, cells.sheet asc, cells.row_number asc, cells.col_number asc
        ) as place
    from {{ ref('stg_cells') }} as cells
    inner join given_twice
        on
            cells.submission_id = given_twice.submission_id
            and cells.area_code = given_twice.area_code
            and cells.data_element_code = given_twice.data_element_code
            and cells.category_code = given_twice.category_code
    where cells.role = 'value' and cells.disposition in ('accepted', 'quarantined')

),

-- such a figure is held where one of the two is
passed_over as (

    select
        sha256,
        sheet,
        cell
    from ranked
    where place > 1

),

joined as (

    select
        submissions.round_code,
        submissions.period_code,
        submissions.data_year,
        cells.area_code,
        submissions.reporting_unit_code,
        submissions.form_code,
        submissions.submission_id,
        submissions.revision,
        submissions.is_current,
        submissions.received_at,
        submissions.counts_from,
        submissions.replaced_at,
        submissions.is_retrospective,
        submissions.is_sample,
        cells.data_element_code,
        cells.category_code,
        case when cells.disposition = 'accepted' then cells.value end as value,
        case
            when cells.disposition = 'accepted' then {{ exact_decimal('cells.value_exact') }}
        end as value_decimal,
        case when cells.disposition = 'accepted' then cells.value_text end as value_text,
        case
            when cells.disposition = 'quarantined' then 'held'
            else coalesce(cells.value_state, 'missing')
        end as value_state,
        cells.value_status,
        cells.unit,
        cells.sha256,
        cells.file_name,
        cells.sheet,
        cells.cell,
        cells.raw_text,
        cells.source_text,
        cells.note_text,
        cells.unit_multiplier,
        cells.obs_status,
        cells.status_text,
        cells.period_text,
        coalesce(cells.entered_how, submissions.entered_how) as entered_how
    from cells
    inner join submissions on cells.submission_id = submissions.submission_id
    left join passed_over
        on
            cells.sha256 = passed_over.sha256
            and cells.cell = passed_over.cell
            and cells.sheet is not distinct from passed_over.sheet
    where passed_over.sha256 is null

)

select
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
    counts_from,
    replaced_at,
    is_retrospective,
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
    {{ surrogate_key([
        'round_code',
        'period_code',
        'area_code',
        'reporting_unit_code',
        'data_element_code',
        'category_code',
    ]) }} as reported_value_key
from joined
