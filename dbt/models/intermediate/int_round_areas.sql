-- Every area as it was at the end of each round's period; an expired one keeps its last name, marked not valid.
with

rounds as (

    select * from {{ ref('int_rounds') }}

),

areas as (

    select * from {{ ref('stg_areas') }}

),

reporting as (

    select
        round_code,
        area_code,
        bool_or(is_sample) as is_sample
    from {{ ref('stg_submissions') }}
    where not blocked
    group by round_code, area_code

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
