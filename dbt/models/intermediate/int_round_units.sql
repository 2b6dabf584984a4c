-- Every reporting unit as it was at the end of each round's period; an expired one keeps its last name.
{{ config(meta={'slice': 'round', 'by_round': ['int_rounds']}) }}

with

versions as (

    select
        rounds.round_code,
        units.reporting_unit_code,
        units.name_vi as reporting_unit_name,
        units.area_code,
        units.unit_type,
        units.starts_on,
        rounds.period_end between units.starts_on and units.ends_on as is_valid,
        row_number() over (
            partition by rounds.round_code, units.reporting_unit_code
            order by rounds.period_end between units.starts_on and units.ends_on desc, units.starts_on desc
        ) as version_rank
    from {{ ref('int_rounds') }} as rounds
    cross join {{ ref('stg_reporting_units') }} as units

)

select
    round_code,
    reporting_unit_code,
    reporting_unit_name,
    area_code,
    unit_type,
    starts_on,
    is_valid
from versions
where version_rank = 1
