-- What files say now: of all current submissions of a unit, whatever their form, the figure that came last. Beside a
-- back series the form of the round comes first, and a blank cell says nothing; two different figures are a finding.
{{ config(materialized='view', meta={'by_area': ['int_reported_values']}) }}

with

-- few figures stand in several of them; ranking all would sort every figure
told_twice as (

    select
        reported_value_key,
        bool_or(is_retrospective) as has_back_series
    from {{ ref('int_reported_values') }}
    where is_current
    group by reported_value_key
    having count(*) > 1

),

ranked as (

    select
        figures.reported_value_key,
        figures.submission_id,
        row_number() over (
            partition by figures.reported_value_key
            order by
                figures.value_state = 'missing' and told_twice.has_back_series asc,
                figures.is_retrospective asc,
                figures.received_at desc,
                figures.submission_id asc
        ) as place
    from {{ ref('int_reported_values') }} as figures
    inner join told_twice on figures.reported_value_key = told_twice.reported_value_key
    where figures.is_current

),

overruled as (

    select
        reported_value_key,
        submission_id
    from ranked
    where place > 1

)

select
    figures.reported_value_key,
    figures.round_code,
    figures.period_code,
    figures.data_year,
    figures.area_code,
    figures.reporting_unit_code,
    figures.form_code,
    figures.submission_id,
    figures.revision,
    figures.is_current,
    figures.received_at,
    figures.is_sample,
    figures.data_element_code,
    figures.category_code,
    figures.value,
    figures.value_decimal,
    figures.value_text,
    figures.value_state,
    figures.value_status,
    figures.unit,
    figures.sha256,
    figures.file_name,
    figures.sheet,
    figures.cell,
    figures.raw_text,
    figures.source_text,
    figures.note_text,
    figures.unit_multiplier,
    figures.obs_status,
    figures.status_text,
    figures.period_text,
    figures.entered_how,
    figures.is_retrospective
from {{ ref('int_reported_values') }} as figures
left join overruled
    on
        figures.reported_value_key = overruled.reported_value_key
        and figures.submission_id = overruled.submission_id
where figures.is_current and overruled.reported_value_key is null
