-- Every area as it was at the end of each round's period; an expired one keeps its last name, marked not valid.
with

rounds as (

    select * from {{ ref('int_rounds') }}

),

areas as (

    select * from {{ ref('stg_areas') }}

),

figures as (

    select distinct
        submission_id,
        area_code
    from {{ ref('stg_cells') }}
    where role = 'value' and area_code is not null

),

-- a publisher reports for the areas that its table names, every other unit for its own
reporting as (

    select
        submissions.round_code,
        coalesce(figures.area_code, submissions.area_code) as area_code,
        bool_or(submissions.is_sample) as is_sample
    from {{ ref('stg_submissions') }} as submissions
    left join figures on submissions.submission_id = figures.submission_id
    where not submissions.blocked
    group by submissions.round_code, coalesce(figures.area_code, submissions.area_code)

),

versions as (

    select
        rounds.round_code,
        areas.area_code,
        areas.name_vi as area_name,
        areas.level as area_level,
        areas.starts_on,
        rounds.period_end between areas.starts_on and areas.ends_on as is_valid,
        row_number() over (
            partition by rounds.round_code, areas.area_code
            order by rounds.period_end between areas.starts_on and areas.ends_on desc, areas.starts_on desc
        ) as version_rank
    from rounds
    cross join areas

)

select
    versions.round_code,
    versions.area_code,
    versions.area_name,
    versions.area_level,
    versions.starts_on,
    versions.is_valid,
    reporting.area_code is not null as is_reporting,
    coalesce(reporting.is_sample, false) as is_sample
from versions
left join reporting
    on versions.round_code = reporting.round_code and versions.area_code = reporting.area_code
where versions.version_rank = 1
