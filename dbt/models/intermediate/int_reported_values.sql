-- Every figure of every revision, once per unit, element and category; a quarantined cell is held and has no value.
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
            when cells.disposition = 'accepted' then try_cast(cells.value_exact as decimal(38, 10))
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
        coalesce(cells.entered_how, submissions.entered_how) as entered_how,
        -- a figure given twice in one file is held where one of the two is
        row_number() over (
            partition by
                submissions.submission_id,
                cells.area_code,
                cells.data_element_code,
                cells.category_code
            order by cells.disposition desc, cells.sheet asc, cells.row_number asc, cells.col_number asc
        ) as place
    from cells
    inner join submissions on cells.submission_id = submissions.submission_id

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
where place = 1
