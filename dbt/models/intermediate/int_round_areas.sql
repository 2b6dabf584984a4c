-- Every area as it was at the end of each round's period; an expired one keeps its last name, marked not valid.
{{ config(meta={'slice': 'round', 'by_round': ['int_rounds']}) }}

with

rounds as (

    select * from {{ ref('int_rounds') }}

),

areas as (

    select * from {{ ref('stg_areas') }}

),

versions as (

    select
        rounds.round_code,
        areas.area_code,
        areas.name_vi as area_name,
        areas.level as area_level,
        areas.parent_code,
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
    round_code,
    area_code,
    area_name,
    area_level,
    parent_code,
    starts_on,
    is_valid
from versions
where version_rank = 1
